// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
}

namespace trucewatch::internal {

// FFmpeg's objects, freed as FFmpeg wants each of them freed.
struct AvDeleter {
  void operator()(AVPacket* p) const { av_packet_free(&p); }
  void operator()(AVBSFContext* p) const { av_bsf_free(&p); }
  void operator()(AVDictionary* p) const { av_dict_free(&p); }
  // With the buffer it was made with.
  void operator()(AVIOContext* p) const {
    av_freep(&p->buffer);
    avio_context_free(&p);
  }
};
struct AvInputDeleter {
  void operator()(AVFormatContext* p) const { avformat_close_input(&p); }
};
struct AvOutputDeleter {
  void operator()(AVFormatContext* p) const { avformat_free_context(p); }
};
template <typename T>
using AvOwned = std::unique_ptr<T, AvDeleter>;
using AvInput = std::unique_ptr<AVFormatContext, AvInputDeleter>;
using AvOutput = std::unique_ptr<AVFormatContext, AvOutputDeleter>;

// Opening is refused, whatever for: for contexts whose bytes come from us alone.
int RefuseToOpen(AVFormatContext* context, AVIOContext** io, const char* url, int flags,
                 AVDictionary** options);

// What no context that reads foreign bytes goes beyond: streams, probing, codecs, allocations.
void LimitInput(AVFormatContext& context, AVDictionary*& options);

}  // namespace trucewatch::internal
