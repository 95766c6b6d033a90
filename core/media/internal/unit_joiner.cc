// SPDX-License-Identifier: Apache-2.0
#include "core/media/internal/unit_joiner.h"

#include <cstring>
#include <utility>

namespace trucewatch::internal {
namespace {

constexpr int kMaxUnit = 32 << 20;

}  // namespace

AvOwned<AVPacket> UnitJoiner::Push(AVPacket& packet) {
  const bool same = unit_ != nullptr && (packet.pts == unit_->pts || packet.pts == AV_NOPTS_VALUE);
  if (same) {
    const int before = unit_->size;
    if (packet.size > kMaxUnit - before || av_grow_packet(unit_.get(), packet.size) < 0) {
      unit_.reset();
      ++discarded_;
      return nullptr;
    }
    std::memcpy(unit_->data + before, packet.data, static_cast<std::size_t>(packet.size));
    return nullptr;
  }
  AvOwned<AVPacket> finished = Finish();
  unit_.reset(av_packet_alloc());
  if (unit_ != nullptr) av_packet_move_ref(unit_.get(), &packet);
  return finished;
}

AvOwned<AVPacket> UnitJoiner::Finish() {
  if (unit_ != nullptr && StartsDecoding(codec_, unit_->data, unit_->size)) {
    unit_->flags |= AV_PKT_FLAG_KEY;
  }
  return std::move(unit_);
}

bool StartsDecoding(AVCodecID codec, const std::uint8_t* data, int size) {
  for (int at = 0; at + 3 < size; ++at) {
    if (data[at] != 0 || data[at + 1] != 0 || data[at + 2] != 1) continue;
    const unsigned code = data[at + 3];
    if (codec == AV_CODEC_ID_H264 && (code & 0x1FU) == 5) return true;
    const unsigned hevc = (code >> 1) & 0x3FU;
    if (codec == AV_CODEC_ID_HEVC && hevc >= 16 && hevc <= 23) return true;
    if (codec == AV_CODEC_ID_MPEG2VIDEO && code == 0xB3) return true;
    at += 2;
  }
  return false;
}

}  // namespace trucewatch::internal
