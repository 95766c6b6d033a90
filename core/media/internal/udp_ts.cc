// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "core/media/internal/live_inputs.h"
#include "core/net/udp_receiver.h"

namespace trucewatch::internal {
namespace {

constexpr std::size_t kRtpHeader = 12;
constexpr std::size_t kTsPacket = 188;
constexpr std::uint8_t kSyncByte = 0x47;
// A packet this far behind is an old one; further away, the sender has begun anew.
constexpr std::uint16_t kMaxBehind = 1000;

class UdpTs final : public LiveTs {
 public:
  UdpTs(std::unique_ptr<UdpReceiver> receiver, std::string name)
      : receiver_(std::move(receiver)), name_(std::move(name)) {}

  Result<std::optional<std::string>> Receive(Duration wait) override {
    std::string bytes = std::exchange(held_, {});
    while (true) {
      auto datagram = receiver_->Receive(bytes.empty() ? wait : Duration());
      if (!datagram) return Prefix(name_, datagram.error());
      if (!*datagram) break;
      Take(AsBytes(**datagram), bytes);
      if (bytes.size() > kMaxBytes) break;
      // Only datagrams with nothing in them so far: they must not make the wait longer.
      if (bytes.empty()) wait = Duration();
    }
    if (bytes.empty()) return std::optional<std::string>();
    if (bytes.size() > kMaxBytes) {
      held_ = bytes.substr(kMaxBytes);
      bytes.resize(kMaxBytes);
    }
    return std::optional<std::string>(std::move(bytes));
  }

  std::uint64_t lost() const override { return receiver_->lost() + rtp_lost_; }
  std::string note() const override { return rtp_ ? "RTP headers taken off" : ""; }
  std::uint16_t port() const override { return receiver_->port(); }

 private:
  // What is neither transport packets nor RTP goes on as it is: the demuxer finds its way, and the
  // bytes stay on record.
  void Take(Bytes datagram, std::string& out) {
    const auto rtp = ParseRtpTs(datagram);
    if (!rtp) {
      out += AsText(datagram);
      return;
    }
    rtp_ = true;
    if (next_sequence_) {
      const auto ahead = static_cast<std::uint16_t>(rtp->sequence - *next_sequence_);
      const auto behind = static_cast<std::uint16_t>(*next_sequence_ - rtp->sequence);
      if (ahead < 0x8000) rtp_lost_ += ahead;
      // One that overtakes on the way had been counted as lost. It is still passed on, late: the
      // continuity counters inside tell the demuxer.
      if (ahead >= 0x8000 && behind <= kMaxBehind) {
        if (rtp_lost_ > 0) --rtp_lost_;
        out += AsText(rtp->payload);
        return;
      }
    }
    next_sequence_ = static_cast<std::uint16_t>(rtp->sequence + 1);
    out += AsText(rtp->payload);
  }

  std::unique_ptr<UdpReceiver> receiver_;
  std::string name_;
  std::string held_;  // beyond kMaxBytes
  bool rtp_ = false;
  std::optional<std::uint16_t> next_sequence_;
  std::uint64_t rtp_lost_ = 0;
};

}  // namespace

std::optional<RtpTs> ParseRtpTs(Bytes datagram) {
  if (datagram.size() < kRtpHeader + kTsPacket || (datagram[0] >> 6) != 2) return std::nullopt;
  std::size_t header = kRtpHeader + std::size_t{4} * (datagram[0] & 0x0FU);
  if ((datagram[0] & 0x10) != 0) {  // an extension: two bytes of profile, its length in words
    if (header + 4 > datagram.size()) return std::nullopt;
    const std::size_t words = ReadBe16(datagram.subspan(header + 2));
    header += 4 + 4 * words;
  }
  std::size_t end = datagram.size();
  if ((datagram[0] & 0x20) != 0) {  // padding: its last byte counts it
    if (datagram.back() > end) return std::nullopt;
    end -= datagram.back();
  }
  if (header + kTsPacket > end || (end - header) % kTsPacket != 0) return std::nullopt;
  for (std::size_t at = header; at < end; at += kTsPacket) {
    if (datagram[at] != kSyncByte) return std::nullopt;
  }
  return RtpTs{datagram.subspan(header, end - header), ReadBe16(datagram.subspan(2))};
}

Result<std::unique_ptr<LiveTs>> OpenUdpTs(const LiveUrl& url, const std::string& name) {
  if (url.host.empty() || url.port.empty() || !url.query.empty() || !url.user.empty() ||
      url.path.size() > 1) {
    return Fail(ErrorCode::kBadInput,
                "{}: expected udp://IPv4:port, e.g. udp://239.1.1.1:5000 or udp://0.0.0.0:5000",
                name);
  }
  auto receiver = UdpReceiver::Open(url.host + ":" + url.port);
  if (!receiver) return Prefix(name, receiver.error());
  return std::make_unique<UdpTs>(std::move(*receiver), name);
}

}  // namespace trucewatch::internal
