// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace trucewatch {

// A decoded picture, planar YUV 4:2:0 or grey; rows are contiguous (stride == width).
struct DecodedPicture {
  int access_unit = 0;  // index, in the list given, of the access unit that is shown by it
  int width_px = 0;
  int height_px = 0;
  std::vector<std::uint8_t> luma;  // height x width
  std::vector<std::uint8_t>
      chroma_u;  // (height+1)/2 x (width+1)/2, empty when only luma was asked for
  std::vector<std::uint8_t> chroma_v;
};

struct DecodeOptions {
  std::string codec;      // FFmpeg decoder name: "h264", "hevc", "mpeg2video"; others are refused
  std::string extradata;  // may be empty
  bool chroma = false;
  std::int64_t max_pixels = 8192LL * 4320;
};

// Decodes a run of access units that starts at a key frame, with one thread, and gives the pictures
// in order of presentation. Units that do not decode are missing from the result. Fails when
// nothing decodes at all. Bit-exact for the same input on one build.
Result<std::vector<DecodedPicture>> DecodeAccessUnits(const DecodeOptions& options,
                                                      std::span<const std::string> access_units);

// The same one picture at a time, so that a long run costs the memory of one picture: the sink
// returns false when it wants no more. The number of pictures given.
using PictureSink = std::function<bool(DecodedPicture&&)>;
Result<int> DecodeAccessUnits(const DecodeOptions& options,
                              std::span<const std::string> access_units, const PictureSink& sink);

// The grey levels of a decoded picture where the decoder has them: valid until the sink returns.
struct LumaView {
  int access_unit = 0;
  int width_px = 0;
  int height_px = 0;
  const std::uint8_t* data = nullptr;  // row y begins at data + y * stride
  std::ptrdiff_t stride = 0;
};

// An H.264 access unit on which no other picture rests (every slice has nal_ref_idc 0; ITU-T H.264
// 7.4.1): what else is decoded is the same without it. False for other codecs, and where there is
// no telling.
bool IsDisposable(const std::string& codec, std::string_view access_unit);

// The same without a copy of the pixels; `options.chroma` is not looked at. Access units that are
// disposable and for which `wanted` (may be empty) is false are not decoded; `skipped` counts them.
using LumaSink = std::function<bool(const LumaView&)>;
struct LumaCount {
  int pictures = 0;  // given to the sink
  int skipped = 0;
};
Result<LumaCount> DecodeLuma(const DecodeOptions& options,
                             std::span<const std::string> access_units,
                             const std::function<bool(int access_unit)>& wanted,
                             const LumaSink& sink);

}  // namespace trucewatch
