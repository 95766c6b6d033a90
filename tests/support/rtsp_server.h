// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace trucewatch::testing {

// A camera that speaks RTSP (RFC 2326) to one client: describes what it has, lets it be set up with
// RTP inside the connection, sends all of it when asked to play, and closes.
class RtspServer {
 public:
  struct Script {
    std::string sdp;
    std::string rtp_info;              // of the answer to PLAY
    std::string authorization;         // expected value of that header; empty: none is asked for
    std::vector<std::string> packets;  // interleaved: '$', channel, length, packet
  };
  explicit RtspServer(Script script);
  ~RtspServer();
  RtspServer(const RtspServer&) = delete;
  RtspServer& operator=(const RtspServer&) = delete;

  std::uint16_t port() const { return port_; }
  // What the client said, once it is gone.
  const std::vector<std::string>& Requests();

 private:
  void Serve();
  std::string Answer(const std::string& request, bool* play) const;

  Script script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::vector<std::string> requests_;
  std::thread thread_;
};

// RTP packets of payload type `type` as they lie in an RTSP connection; counts its sequence.
class RtpChannel {
 public:
  RtpChannel(int channel, int type) : channel_(channel), type_(type) {}
  // One packet.
  std::string Packet(std::uint32_t timestamp, bool marker, const std::string& payload);
  // An access unit in Annex B form, in single NAL unit and FU-A packets (RFC 6184).
  std::vector<std::string> H264(std::uint32_t timestamp, const std::string& access_unit);
  // A KLV unit in pieces (RFC 6597).
  std::vector<std::string> Klv(std::uint32_t timestamp, const std::string& unit);

 private:
  int channel_;
  int type_;
  std::uint16_t sequence_ = 100;
};

}  // namespace trucewatch::testing
