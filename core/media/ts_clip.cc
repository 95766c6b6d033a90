// SPDX-License-Identifier: Apache-2.0
#include "core/media/ts_clip.h"

#include <algorithm>

namespace trucewatch {
namespace {

constexpr std::uint8_t kClipSyncByte = 0x47;
constexpr std::size_t kClipPacket = 188;
constexpr std::uint16_t kAssociation = 0;  // pid of the programme association table
constexpr std::uint16_t kStuffing = 0x1FFF;

// MPEG-1, MPEG-2, MPEG-4, H.264 and H.265 video: table 2-34.
bool IsVideoType(std::uint8_t stream_type) {
  return stream_type == 0x01 || stream_type == 0x02 || stream_type == 0x10 || stream_type == 0x1B ||
         stream_type == 0x24;
}

std::uint16_t PidAt(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>(((bytes[at] & 0x1FU) << 8) | bytes[at + 1]);
}

// What lies behind the section's header up to its checksum, as far as it is in this packet. Both
// tables are far shorter than one in every stream of a sensor; a longer one loses its tail.
Bytes BodyOf(Bytes packet) {
  std::size_t at = 4;
  if ((packet[3] & 0x10) == 0) return {};
  if ((packet[3] & 0x20) != 0) at += 1U + packet[4];
  if (at >= kClipPacket) return {};
  at += 1U + packet[at];  // pointer_field, 2.4.4.2
  if (at + 8 > kClipPacket) return {};
  const std::size_t length = ((packet[at + 1] & 0x0FU) << 8) | packet[at + 2];
  if (length < 9) return {};
  const std::size_t end = std::min(kClipPacket, at + 3 + length - 4);
  return packet.subspan(at + 8, end - std::min(end, at + 8));
}

}  // namespace

Result<void> TsClipFinder::Push(Bytes bytes) {
  TW_ASSIGN_OR_RETURN(const auto packets, demuxer_->Push(bytes));
  TakeKeys(packets);
  Walk(bytes);
  return {};
}

Result<void> TsClipFinder::Finish() {
  TW_ASSIGN_OR_RETURN(const auto packets, demuxer_->Finish());
  TakeKeys(packets);
  std::sort(keys_.begin(), keys_.end());
  return {};
}

void TsClipFinder::TakeKeys(const std::vector<MediaPacket>& packets) {
  for (const MediaPacket& packet : packets) {
    if (packet.kind == MediaKind::kVideo && packet.key) keys_.push_back(packet.offset);
  }
}

void TsClipFinder::Walk(Bytes bytes) {
  held_ += AsText(bytes);
  if (!sync_) {
    const auto found = FindTsSync(AsBytes(held_), false);
    if (!found || !*found) return;
    sync_ = **found;
    held_.erase(0, sync_->offset);
    walked_ = sync_->offset;
  }
  const std::size_t size = sync_->packet_size;
  std::size_t at = 0;
  while (held_.size() - at >= size) {
    const Bytes rest = AsBytes(held_).subspan(at);
    const bool in_step =
        rest[0] == kClipSyncByte && (rest.size() <= size || rest[size] == kClipSyncByte);
    if (in_step) Look(rest.first(kClipPacket), walked_ + at);
    at += in_step ? size : 1;
  }
  held_.erase(0, at);
  walked_ += at;
}

void TsClipFinder::Look(Bytes packet, std::uint64_t offset) {
  const bool starts = (packet[1] & 0x40) != 0;
  const std::uint16_t pid = PidAt(packet, 1);
  if (pid == kStuffing) return;
  if (pid == kAssociation && starts) ReadProgrammes(BodyOf(packet));
  if (tables_ && pid == *tables_ && starts) ReadStreams(BodyOf(packet));
  if (video_.contains(pid)) {
    if (starts) last_picture_ = offset;
  } else {
    packets_.push_back({offset, pid, starts});
  }
}

// Programme association, table 2-30: the first programme that is no network.
void TsClipFinder::ReadProgrammes(Bytes section) {
  for (std::size_t at = 0; at + 4 <= section.size() && !tables_; at += 4) {
    if (section[at] != 0 || section[at + 1] != 0) tables_ = PidAt(section, at + 2);
  }
}

// Programme map, table 2-33.
void TsClipFinder::ReadStreams(Bytes section) {
  if (section.size() < 4) return;
  std::size_t at = 4U + (((section[2] & 0x0FU) << 8) | section[3]);
  while (at + 5 <= section.size()) {
    if (IsVideoType(section[at])) video_.insert(PidAt(section, at + 1));
    at += 5U + (((section[at + 3] & 0x0FU) << 8) | section[at + 4]);
  }
}

std::optional<std::vector<TsPiece>> TsClipFinder::ClipFrom(std::uint64_t offset) const {
  if (keys_.empty() || !sync_ || !tables_ || !last_picture_) return std::nullopt;
  auto after = std::upper_bound(keys_.begin(), keys_.end(), offset);
  const std::uint64_t key = after == keys_.begin() ? *after : *std::prev(after);
  if (key >= *last_picture_) return std::nullopt;
  // Of each stream that is not video the packets since something began in it, up to the key
  // picture.
  std::map<std::uint16_t, std::vector<std::uint64_t>> in_force;
  for (const Packet& packet : packets_) {
    if (video_.contains(packet.pid)) continue;  // from before the tables were seen
    const bool table = packet.pid == kAssociation || packet.pid == *tables_;
    // Tables that come later do as well.
    if (packet.offset > key && !(table && in_force[packet.pid].empty())) continue;
    std::vector<std::uint64_t>& offsets = in_force[packet.pid];
    if (packet.starts) offsets.clear();
    if (packet.starts || !offsets.empty()) offsets.push_back(packet.offset);
  }
  if (in_force[kAssociation].empty() || in_force[*tables_].empty()) return std::nullopt;
  // The tables first, wherever they lay.
  std::vector<TsPiece> pieces;
  for (const std::uint16_t table : {kAssociation, *tables_}) {
    for (const std::uint64_t at : in_force[table]) pieces.push_back({at, sync_->packet_size});
    in_force.erase(table);
  }
  std::vector<std::uint64_t> metadata;
  for (const auto& [pid, offsets] : in_force)
    metadata.insert(metadata.end(), offsets.begin(), offsets.end());
  std::sort(metadata.begin(), metadata.end());
  for (const std::uint64_t at : metadata) pieces.push_back({at, sync_->packet_size});
  pieces.push_back({key, *last_picture_ - key});
  // Neighbours become one piece.
  std::vector<TsPiece> joined;
  for (const TsPiece& piece : pieces) {
    if (!joined.empty() && joined.back().offset + joined.back().length == piece.offset) {
      joined.back().length += piece.length;
    } else {
      joined.push_back(piece);
    }
  }
  return joined;
}

}  // namespace trucewatch
