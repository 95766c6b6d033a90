// SPDX-License-Identifier: Apache-2.0
#include "core/media/pes_head_tap.h"

#include <algorithm>

namespace trucewatch {
namespace {

constexpr std::uint8_t kTapSyncByte = 0x47;
constexpr std::uint8_t kMetadataStream = 0xFC;
constexpr std::size_t kTapPacket = 188;
constexpr std::size_t kMaxPids = 64;
constexpr std::size_t kMaxBegins = 1024;
// FFmpeg's positions differ by the time code or error correction bytes of 192 and 204 byte packets.
constexpr std::uint64_t kTolerance = 64;

}  // namespace

// ISO/IEC 13818-1 2.4.3.2 (transport packet), 2.4.3.6 (PES packet).
void PesHeadTap::Look(Bytes packet, std::uint64_t position) {
  const bool starts_unit = (packet[1] & 0x40) != 0;
  const bool has_payload = (packet[3] & 0x10) != 0;
  if (!starts_unit || !has_payload) return;
  std::size_t at = 4;
  if ((packet[3] & 0x20) != 0) at += 1U + packet[4];
  if (at + 9 > packet.size()) return;
  const Bytes pes = packet.subspan(at);
  if (pes[0] != 0 || pes[1] != 0 || pes[2] != 1 || pes[3] != kMetadataStream) return;
  const std::size_t payload = 9U + pes[8];
  if (payload + kHead > pes.size()) return;
  const unsigned pid = ((packet[1] & 0x1FU) << 8) | packet[2];
  if (begins_.size() == kMaxPids && begins_.count(pid) == 0) return;
  std::deque<Begin>& begins = begins_[pid];
  if (begins.size() == kMaxBegins) begins.pop_front();
  Begin begin{position, {}};
  std::copy_n(pes.begin() + static_cast<std::ptrdiff_t>(payload), kHead, begin.head.begin());
  begins.push_back(begin);
}

// True when a packet starts here; one that cannot be compared with its neighbour is believed.
bool PesHeadTap::InStep(Bytes rest) {
  return rest[0] == kTapSyncByte &&
         (rest.size() <= packet_size_ || rest[packet_size_] == kTapSyncByte);
}

void PesHeadTap::Push(Bytes bytes) {
  std::string joined;
  Bytes rest = bytes;
  if (!held_.empty()) {
    joined = std::move(held_);
    joined += AsText(bytes);
    rest = AsBytes(joined);
  }
  while (rest.size() >= packet_size_) {
    const bool in_step = InStep(rest);
    if (in_step) Look(rest.first(kTapPacket), position_);
    const std::size_t step = in_step ? packet_size_ : 1;
    rest = rest.subspan(step);
    position_ += step;
  }
  held_ = AsText(rest);
}

std::optional<PesHeadTap::Head> PesHeadTap::Take(unsigned pid, std::uint64_t position) {
  const auto found = begins_.find(pid);
  if (found == begins_.end()) return std::nullopt;
  std::deque<Begin>& begins = found->second;
  while (!begins.empty() && begins.front().position + kTolerance < position) begins.pop_front();
  if (begins.empty() || begins.front().position > position + kTolerance) return std::nullopt;
  const Head head = begins.front().head;
  begins.pop_front();
  return head;
}

}  // namespace trucewatch
