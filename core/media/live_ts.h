// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/time/instant.h"

namespace trucewatch {

struct LiveTsOptions {
  // How long OpenLiveTs may take to reach the other side.
  Duration open_timeout = Duration::Seconds(5);
  // A growing file has ended when it has not grown for so long; zero: never.
  Duration quiet_end = Duration();
};

// A live video feed as MPEG-TS bytes, whatever it comes by:
//   udp://239.1.1.1:5000        TS in datagrams, bare or in RTP (RFC 2250); a multicast group is
//   udp://0.0.0.0:5000          joined, any other address is one of this machine's
//   file+grow:/path/feed.ts     an MPEG-TS file that somebody is still writing
//   srt://10.0.0.5:7000         SRT in live mode; keys after ?: mode=listener (this side waits for
//                               a caller), passphrase, pbkeylen, streamid, latency_ms
//   tcp://10.0.0.5:7000         TS over a TCP connection; ?mode=listener
//   rtsp://user:pw@10.0.0.5/cam RTSP, RTP interleaved in its TCP connection: H.264, H.265, MPEG-2
//                               and KLV (RFC 6597), or TS, made into one transport stream;
//                               ?mode=listener takes the feed of one that pushes (ANNOUNCE, RECORD)
// IPv4; names are not looked up, so that opening takes no longer than it may. Each scheme can reach
// its own protocol and nothing else. TS bytes are passed on as they came. A listener is open at
// once, and silent until its sender comes.
// Threads: one caller at a time; srt, tcp and rtsp have one inside that reads, and hold at most
// 16 MiB that nobody has fetched: beyond it a sender is held back (tcp, rtsp), or loses what comes
// too late (srt).
class LiveTs {
 public:
  virtual ~LiveTs() = default;

  // The bytes that have come, at most kMaxBytes at a time; waits for the first of them, no longer
  // than `wait`. Nothing when none came: the feed is silent, or has ended(). An Error means that
  // the connection is gone: drop the object, and open again after a while. It names the feed.
  virtual Result<std::optional<std::string>> Receive(Duration wait) = 0;

  // The feed has come to its regular end (a growing file); never true of a network.
  virtual bool ended() const { return false; }
  // Pieces (datagrams, RTP packets) known to have been lost on the way since it was opened.
  virtual std::uint64_t lost() const { return 0; }
  // What was done to the feed on the way in, for the record: empty when nothing was.
  virtual std::string note() const { return {}; }
  // The port that is listened on (udp; others have it in their URL); 0 when there is none.
  virtual std::uint16_t port() const { return 0; }

  static constexpr std::size_t kMaxBytes = 64 << 10;
};

// kBadInput when the URL is none of those above, kNotFound (a file), kUnavailable when the other
// side cannot be reached or the port cannot be had: try again later.
Result<std::unique_ptr<LiveTs>> OpenLiveTs(const std::string& url,
                                           const LiveTsOptions& options = {});

// The URL as it may be logged and put on record: without user, password and pass phrase.
std::string WithoutCredentials(const std::string& url);

}  // namespace trucewatch
