// SPDX-License-Identifier: Apache-2.0
#include "core/media/decoder.h"

#include <array>
#include <cstring>
#include <utility>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/imgutils.h>
#include <libswscale/swscale.h>
}

#include "core/media/ffmpeg_log.h"

namespace trucewatch {
namespace {

constexpr std::array<const char*, 3> kCodecs = {"h264", "hevc", "mpeg2video"};
constexpr std::size_t kMaxDecodedUnit = 32 << 20;

struct DecoderDeleter {
  void operator()(AVCodecContext* p) const { avcodec_free_context(&p); }
  void operator()(AVFrame* p) const { av_frame_free(&p); }
  void operator()(AVPacket* p) const { av_packet_free(&p); }
  void operator()(SwsContext* p) const { sws_freeContext(p); }
};
template <typename T>
using OwnedByDecoder = std::unique_ptr<T, DecoderDeleter>;

std::vector<std::uint8_t> CopyPlane(const AVFrame& frame, int plane, int width, int height) {
  std::vector<std::uint8_t> out(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  av_image_copy_plane(out.data(), width, frame.data[plane], frame.linesize[plane], width, height);
  return out;
}

bool IsPlanar420(int format) {
  return format == AV_PIX_FMT_YUV420P || format == AV_PIX_FMT_YUVJ420P;
}

class Decoder {
 public:
  explicit Decoder(const DecodeOptions& options) : options_(options) {}

  Result<void> Open() {
    const AVCodec* codec = avcodec_find_decoder_by_name(options_.codec.c_str());
    if (codec == nullptr) {
      return Fail(ErrorCode::kUnavailable, "this FFmpeg has no decoder '{}'", options_.codec);
    }
    context_.reset(avcodec_alloc_context3(codec));
    frame_.reset(av_frame_alloc());
    packet_.reset(av_packet_alloc());
    if (!context_ || !frame_ || !packet_) return Fail(ErrorCode::kIo, "video decoder: no memory");
    context_->thread_count = 1;
    context_->flags |= AV_CODEC_FLAG_BITEXACT;
    context_->max_pixels = options_.max_pixels;
    context_->pkt_timebase = {1, 1};
    // Without it the H.264 decoder guesses how far pictures are reordered and drops those it
    // guessed wrong.
    context_->strict_std_compliance = FF_COMPLIANCE_STRICT;
    if (!options_.extradata.empty()) {
      const std::size_t size = options_.extradata.size();
      context_->extradata =
          static_cast<std::uint8_t*>(av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE));
      if (context_->extradata == nullptr) return Fail(ErrorCode::kIo, "video decoder: no memory");
      std::memcpy(context_->extradata, options_.extradata.data(), size);
      context_->extradata_size = static_cast<int>(size);
    }
    const int opened = avcodec_open2(context_.get(), codec, nullptr);
    if (opened < 0) {
      return Fail(ErrorCode::kBadInput, "video decoder '{}' does not open: {}", options_.codec,
                  FfmpegErrorText(opened));
    }
    return {};
  }

  // Takes a picture, 8-bit planar 4:2:0 or grey, whose pts is the number of its access unit; false:
  // no more are wanted.
  using FrameSink = std::function<bool(const AVFrame&)>;

  // One access unit, empty for the end. Gives the pictures that come out to `sink`; false: the sink
  // wants no more.
  bool Decode(int number, std::string_view unit, const FrameSink& sink) {
    if (unit.empty()) {
      avcodec_send_packet(context_.get(), nullptr);
    } else {
      if (av_new_packet(packet_.get(), static_cast<int>(unit.size())) < 0) return true;
      std::memcpy(packet_->data, unit.data(), unit.size());
      packet_->pts = packet_->dts = number;
      const int sent = avcodec_send_packet(context_.get(), packet_.get());
      av_packet_unref(packet_.get());
      if (sent < 0) last_error_ = sent;  // this unit is lost; the next may do
    }
    while (avcodec_receive_frame(context_.get(), frame_.get()) == 0) {
      bool more = true;
      if (const AVFrame* frame = Planar()) {
        ++pictures_;
        more = sink(*frame);
      }
      av_frame_unref(frame_.get());
      if (!more) return false;
    }
    return true;
  }

  int pictures() const { return pictures_; }
  std::string LastError() const {
    return last_error_ == 0 ? "no picture came out" : FfmpegErrorText(last_error_);
  }

 private:
  // The picture that came out as the sinks want it; null when it cannot be had so.
  const AVFrame* Planar() {
    if (frame_->width <= 0 || frame_->height <= 0) return nullptr;
    if (IsPlanar420(frame_->format) || (frame_->format == AV_PIX_FMT_GRAY8 && !options_.chroma)) {
      return frame_.get();
    }
    converted_ = ToPlanar420(*frame_);
    if (converted_ != nullptr) converted_->pts = frame_->pts;
    return converted_.get();
  }

  // Other sample formats (10 bits, 4:2:2, grey): brought to 8-bit 4:2:0.
  OwnedByDecoder<AVFrame> ToPlanar420(const AVFrame& frame) {
    scaler_.reset(sws_getCachedContext(
        scaler_.release(), frame.width, frame.height, static_cast<AVPixelFormat>(frame.format),
        frame.width, frame.height, AV_PIX_FMT_YUV420P,
        SWS_BICUBIC | SWS_ACCURATE_RND | SWS_BITEXACT | SWS_FULL_CHR_H_INP, nullptr, nullptr,
        nullptr));
    OwnedByDecoder<AVFrame> out(av_frame_alloc());
    if (scaler_ == nullptr || out == nullptr) return nullptr;
    out->width = frame.width;
    out->height = frame.height;
    out->format = AV_PIX_FMT_YUV420P;
    if (av_frame_get_buffer(out.get(), 0) < 0) return nullptr;
    sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height, out->data, out->linesize);
    return out;
  }

  const DecodeOptions& options_;
  OwnedByDecoder<AVCodecContext> context_;
  OwnedByDecoder<AVFrame> frame_, converted_;
  OwnedByDecoder<AVPacket> packet_;
  OwnedByDecoder<SwsContext> scaler_;
  int pictures_ = 0;
  int last_error_ = 0;
};

Result<int> DecodeFrames(const DecodeOptions& options, std::span<const std::string> access_units,
                         const std::function<bool(int)>& left_out, const Decoder::FrameSink& sink) {
  SilenceFfmpeg();
  bool known = false;
  for (const char* codec : kCodecs) known = known || options.codec == codec;
  if (!known) {
    return Fail(ErrorCode::kBadInput, "video codec '{}': expected h264, hevc or mpeg2video",
                options.codec);
  }
  if (options.extradata.size() > kMaxDecodedUnit) {
    return Fail(ErrorCode::kBadInput, "video: codec parameters of {} bytes are too long",
                options.extradata.size());
  }
  Decoder decoder(options);
  TW_RETURN_IF_ERROR(decoder.Open());
  bool wanted = true;
  for (std::size_t i = 0; i < access_units.size() && wanted; ++i) {
    if (access_units[i].empty() || access_units[i].size() > kMaxDecodedUnit) continue;
    if (left_out && left_out(static_cast<int>(i))) continue;
    wanted = decoder.Decode(static_cast<int>(i), access_units[i], sink);
  }
  if (wanted) decoder.Decode(0, {}, sink);
  if (decoder.pictures() == 0) {
    return Fail(ErrorCode::kBadInput, "none of {} {} access units decodes: {}", access_units.size(),
                options.codec, decoder.LastError());
  }
  return decoder.pictures();
}

}  // namespace

Result<int> DecodeAccessUnits(const DecodeOptions& options,
                              std::span<const std::string> access_units, const PictureSink& sink) {
  return DecodeFrames(options, access_units, {}, [&](const AVFrame& frame) {
    DecodedPicture picture;
    picture.access_unit = static_cast<int>(frame.pts);
    picture.width_px = frame.width;
    picture.height_px = frame.height;
    picture.luma = CopyPlane(frame, 0, frame.width, frame.height);
    if (options.chroma) {
      picture.chroma_u = CopyPlane(frame, 1, (frame.width + 1) / 2, (frame.height + 1) / 2);
      picture.chroma_v = CopyPlane(frame, 2, (frame.width + 1) / 2, (frame.height + 1) / 2);
    }
    return sink(std::move(picture));
  });
}

bool IsDisposable(const std::string& codec, std::string_view unit) {
  if (codec != "h264") return false;
  bool slices = false;
  for (std::size_t i = 0; i + 3 < unit.size(); ++i) {
    if (unit[i] != 0 || unit[i + 1] != 0 || unit[i + 2] != 1) continue;
    const auto head = static_cast<unsigned char>(unit[i + 3]);
    const int type = head & 31;
    if (type < 1 || type > 5) continue;  // no slice
    if ((head >> 5 & 3) != 0) return false;
    slices = true;
    // What follows of this slice holds no start code, but more slices may come.
    i += 3;
  }
  return slices;
}

Result<LumaCount> DecodeLuma(const DecodeOptions& options,
                             std::span<const std::string> access_units,
                             const std::function<bool(int)>& wanted, const LumaSink& sink) {
  DecodeOptions grey = options;
  grey.chroma = false;
  LumaCount count;
  const auto left_out = [&](int unit) {
    const bool skip = wanted && !wanted(unit) &&
                      IsDisposable(options.codec, access_units[static_cast<std::size_t>(unit)]);
    if (skip) ++count.skipped;
    return skip;
  };
  TW_ASSIGN_OR_RETURN(count.pictures,
                      DecodeFrames(grey, access_units, left_out, [&](const AVFrame& frame) {
                        return sink({static_cast<int>(frame.pts), frame.width, frame.height,
                                     frame.data[0], frame.linesize[0]});
                      }));
  return count;
}

Result<std::vector<DecodedPicture>> DecodeAccessUnits(const DecodeOptions& options,
                                                      std::span<const std::string> access_units) {
  std::vector<DecodedPicture> pictures;
  const auto count = DecodeAccessUnits(options, access_units, [&](DecodedPicture&& picture) {
    pictures.push_back(std::move(picture));
    return true;
  });
  if (!count) return tl::unexpected<Error>(count.error());
  return pictures;
}

}  // namespace trucewatch
