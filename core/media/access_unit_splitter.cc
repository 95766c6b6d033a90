// SPDX-License-Identifier: Apache-2.0
#include "core/media/access_unit_splitter.h"

extern "C" {
#include <libavcodec/avcodec.h>
}

namespace trucewatch {
namespace {

constexpr std::size_t kMaxAccessUnit = 16 << 20;

struct Deleter {
  void operator()(AVCodecContext* p) const { avcodec_free_context(&p); }
  void operator()(AVCodecParserContext* p) const { av_parser_close(p); }
};

AVCodecID IdOf(const std::string& codec) {
  if (codec == "h264") return AV_CODEC_ID_H264;
  if (codec == "hevc") return AV_CODEC_ID_HEVC;
  if (codec == "mpeg2video") return AV_CODEC_ID_MPEG2VIDEO;
  return AV_CODEC_ID_NONE;
}

class SplitterImpl final : public AccessUnitSplitter {
 public:
  explicit SplitterImpl(AVCodecID id) : id_(id) { Reset(); }

  std::vector<AccessUnit> Push(Bytes padded, std::optional<std::int64_t> pts_ticks,
                               std::uint64_t offset) override {
    std::vector<AccessUnit> units;
    std::int64_t pts = pts_ticks.value_or(AV_NOPTS_VALUE);
    std::int64_t position = static_cast<std::int64_t>(offset);
    const std::uint8_t* data = padded.data();
    int left = static_cast<int>(padded.size());
    while (left > 0) {
      const int used = Parse(data, left, pts, position, units);
      if (used < 0) break;
      data += used;
      left -= used;
      pts = AV_NOPTS_VALUE;  // belongs to the first picture that starts here
      position = -1;
    }
    if (inside_ > kMaxAccessUnit) {
      ++discarded_;
      Reset();
    }
    return units;
  }

  std::vector<AccessUnit> Finish() override {
    std::vector<AccessUnit> units;
    static constexpr std::uint8_t kNothing[AV_INPUT_BUFFER_PADDING_SIZE] = {};
    // The parser gives at most one picture a call; two are the most it can hold.
    for (int i = 0; i < 2; ++i) {
      if (Parse(kNothing, 0, AV_NOPTS_VALUE, -1, units) < 0) break;
    }
    return units;
  }

  int width_px() const override { return width_px_; }
  int height_px() const override { return height_px_; }
  std::uint64_t discarded() const override { return discarded_; }

 private:
  void Reset() {
    parser_.reset(av_parser_init(id_));
    // FFmpeg's default is I, which would make a key picture of the rest of one that began before.
    if (parser_ != nullptr) parser_->pict_type = AV_PICTURE_TYPE_NONE;
    context_.reset(avcodec_alloc_context3(nullptr));
    if (context_ != nullptr) {
      context_->codec_type = AVMEDIA_TYPE_VIDEO;
      context_->codec_id = id_;
    }
    inside_ = 0;
  }

  // Bytes used, negative when nothing can be done.
  int Parse(const std::uint8_t* data, int size, std::int64_t pts, std::int64_t position,
            std::vector<AccessUnit>& units) {
    if (parser_ == nullptr || context_ == nullptr) return -1;
    std::uint8_t* out = nullptr;
    int out_size = 0;
    const int used = av_parser_parse2(parser_.get(), context_.get(), &out, &out_size, data, size,
                                      pts, AV_NOPTS_VALUE, position);
    if (used < 0) return used;
    inside_ += static_cast<std::size_t>(used);
    if (out_size > 0) {
      inside_ = 0;
      AccessUnit unit;
      if (parser_->pts != AV_NOPTS_VALUE) unit.pts_ticks = parser_->pts;
      if (parser_->pos >= 0) last_position_ = static_cast<std::uint64_t>(parser_->pos);
      unit.offset = last_position_;
      unit.key = parser_->key_frame == 1 ||
                 (parser_->key_frame == -1 && parser_->pict_type == AV_PICTURE_TYPE_I);
      unit.data.assign(reinterpret_cast<const char*>(out), static_cast<std::size_t>(out_size));
      if (parser_->width > 0 && parser_->height > 0) {
        width_px_ = parser_->width;
        height_px_ = parser_->height;
      }
      units.push_back(std::move(unit));
    }
    // A parser that neither takes nor gives would loop for ever.
    return used == 0 && out_size == 0 && size > 0 ? -1 : used;
  }

  AVCodecID id_;
  std::unique_ptr<AVCodecParserContext, Deleter> parser_;
  std::unique_ptr<AVCodecContext, Deleter> context_;
  std::size_t inside_ = 0;  // bytes taken since the last picture
  std::uint64_t last_position_ = 0;
  std::uint64_t discarded_ = 0;
  int width_px_ = 0;
  int height_px_ = 0;
};

}  // namespace

std::unique_ptr<AccessUnitSplitter> AccessUnitSplitter::Create(const std::string& codec) {
  const AVCodecID id = IdOf(codec);
  if (id == AV_CODEC_ID_NONE) return nullptr;
  return std::make_unique<SplitterImpl>(id);
}

}  // namespace trucewatch
