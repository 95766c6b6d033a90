// SPDX-License-Identifier: Apache-2.0
#include "core/media/internal/av_owned.h"

#include <mutex>

extern "C" {
#include <libavutil/mem.h>
}

#include "core/media/ffmpeg_log.h"

namespace trucewatch::internal {
namespace {

constexpr int kMaxStreams = 16;
// No picture and no index of a recording comes near; a length written by somebody else may.
constexpr std::size_t kMaxAllocation = 256 << 20;

}  // namespace

int RefuseToOpen(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
  return AVERROR(EPERM);
}

void LimitInput(AVFormatContext& context, AVDictionary*& options) {
  static std::once_flag once;
  std::call_once(once, [] {
    SilenceFfmpeg();
    av_max_alloc(kMaxAllocation);
  });
  context.max_streams = kMaxStreams;
  context.max_probe_packets = 64;
  context.probesize = 1 << 20;
  av_dict_set(&options, "codec_whitelist", "h264,hevc,mpeg2video", 0);
}

}  // namespace trucewatch::internal
