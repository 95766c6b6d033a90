// SPDX-License-Identifier: Apache-2.0
#include "tests/support/rtsp_server.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace trucewatch::testing {
namespace {

constexpr std::size_t kMaxPayload = 1200;

std::string HeaderOf(const std::string& request, const std::string& name) {
  const std::size_t at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const std::size_t value = at + name.size() + 4;
  return request.substr(value, request.find("\r\n", value) - value);
}

bool SendAll(int to, const std::string& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t sent = send(to, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    at += static_cast<std::size_t>(sent);
  }
  return true;
}

void Append16(std::string& out, std::size_t value) {
  out.push_back(static_cast<char>(value >> 8));
  out.push_back(static_cast<char>(value & 0xFF));
}

}  // namespace

RtspServer::RtspServer(Script script) : script_(std::move(script)) {
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      listen(listener_, 1) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no port for the RTSP server");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

RtspServer::~RtspServer() { Requests(); }

const std::vector<std::string>& RtspServer::Requests() {
  if (thread_.joinable()) {
    shutdown(listener_, SHUT_RDWR);  // ends a wait for a client that never came
    thread_.join();
    close(listener_);
  }
  return requests_;
}

std::string RtspServer::Answer(const std::string& request, bool* play) const {
  const std::string method = request.substr(0, request.find(' '));
  std::string answer = "RTSP/1.0 200 OK\r\nCSeq: " + HeaderOf(request, "CSeq") + "\r\n";
  if (method != "OPTIONS" && !script_.authorization.empty() &&
      HeaderOf(request, "Authorization") != script_.authorization) {
    answer.replace(9, 6, "401 Unauthorized");
    return answer + "WWW-Authenticate: Basic realm=\"camera\"\r\n\r\n";
  }
  if (method == "OPTIONS") answer += "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n";
  if (method == "SETUP") {
    answer += "Session: 4711\r\nTransport: " + HeaderOf(request, "Transport") + "\r\n";
  }
  if (method == "PLAY") {
    *play = true;
    answer += "Session: 4711\r\nRTP-Info: " + script_.rtp_info + "\r\n";
  }
  if (method != "DESCRIBE") return answer + "\r\n";
  return answer +
         "Content-Type: application/sdp\r\nContent-Length: " + std::to_string(script_.sdp.size()) +
         "\r\n\r\n" + script_.sdp;
}

void RtspServer::Serve() {
  const int client = accept(listener_, nullptr, nullptr);
  if (client < 0) return;
  std::string received;
  char buffer[4096];
  bool play = false;
  while (!play) {
    const ssize_t size = recv(client, buffer, sizeof buffer, 0);
    if (size <= 0) break;
    received.append(buffer, static_cast<std::size_t>(size));
    for (std::size_t end = received.find("\r\n\r\n"); end != std::string::npos && !play;
         end = received.find("\r\n\r\n")) {
      requests_.push_back(received.substr(0, end + 4));
      received.erase(0, end + 4);
      if (!SendAll(client, Answer(requests_.back(), &play))) break;
    }
  }
  if (play) {
    for (const std::string& packet : script_.packets) {
      if (!SendAll(client, packet)) break;
    }
  }
  shutdown(client, SHUT_WR);
  while (recv(client, buffer, sizeof buffer, 0) > 0) {  // until the client has read all of it
  }
  close(client);
}

std::string RtpChannel::Packet(std::uint32_t timestamp, bool marker, const std::string& payload) {
  std::string packet = "$";
  packet.push_back(static_cast<char>(channel_));
  Append16(packet, payload.size() + 12);
  packet.push_back('\x80');
  packet.push_back(static_cast<char>((marker ? 0x80 : 0) | type_));
  Append16(packet, sequence_++);
  Append16(packet, timestamp >> 16);
  Append16(packet, timestamp & 0xFFFF);
  packet += std::string(3, '\0') + static_cast<char>(channel_);  // its source
  return packet + payload;
}

std::vector<std::string> RtpChannel::H264(std::uint32_t timestamp, const std::string& access_unit) {
  const std::string start("\0\0\1", 3);
  std::vector<std::string> packets;
  for (std::size_t at = access_unit.find(start); at != std::string::npos;) {
    at += 3;
    const std::size_t next = access_unit.find(start, at);
    std::string nal = access_unit.substr(at, next == std::string::npos ? next : next - at);
    while (next != std::string::npos && !nal.empty() && nal.back() == '\0') nal.pop_back();
    const bool last = next == std::string::npos;
    at = next;
    if (nal.size() <= kMaxPayload) {
      packets.push_back(Packet(timestamp, last, nal));
      continue;
    }
    for (std::size_t from = 1; from < nal.size(); from += kMaxPayload) {
      const std::size_t to = std::min(from + kMaxPayload, nal.size());
      std::string piece;
      piece.push_back(static_cast<char>((nal[0] & 0xE0) | 28));  // FU-A
      piece.push_back(static_cast<char>((from == 1 ? 0x80 : 0) | (to == nal.size() ? 0x40 : 0) |
                                        (nal[0] & 0x1F)));
      packets.push_back(
          Packet(timestamp, last && to == nal.size(), piece + nal.substr(from, to - from)));
    }
  }
  return packets;
}

std::vector<std::string> RtpChannel::Klv(std::uint32_t timestamp, const std::string& unit) {
  std::vector<std::string> packets;
  for (std::size_t from = 0; from < unit.size(); from += kMaxPayload) {
    const bool last = from + kMaxPayload >= unit.size();
    packets.push_back(Packet(timestamp, last, unit.substr(from, kMaxPayload)));
  }
  return packets;
}

}  // namespace trucewatch::testing
