// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/media/internal/av_owned.h"

namespace trucewatch::internal {

// Puts the access units of a video together that came over RTP in pieces: all that carries one time
// stamp is one picture (RFC 6184 section 5.1, RFC 7798 section 4.1), in Annex B form. It is whole
// when the next one begins. Threads: one caller at a time.
class UnitJoiner {
 public:
  explicit UnitJoiner(AVCodecID codec) : codec_(codec) {}

  // Takes the packet's content; a finished unit, or nothing. Bounded: what is longer than any
  // picture is thrown away and counted.
  AvOwned<AVPacket> Push(AVPacket& packet);
  // What is held, whole or not.
  AvOwned<AVPacket> Finish();
  std::uint64_t discarded() const { return discarded_; }

 private:
  AVCodecID codec_;
  AvOwned<AVPacket> unit_;
  std::uint64_t discarded_ = 0;
};

// True when decoding can begin with these bytes: an IDR or IRAP picture, for MPEG-2 a sequence
// header.
bool StartsDecoding(AVCodecID codec, const std::uint8_t* data, int size);

}  // namespace trucewatch::internal
