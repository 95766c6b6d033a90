// SPDX-License-Identifier: Apache-2.0
#include "core/media/ts_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <utility>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
}

#include "core/media/ffmpeg_log.h"

namespace trucewatch {
namespace {

constexpr std::size_t kMaxAccessUnitCell = 65535;  // 16-bit length, ISO/IEC 13818-1 table 2-97
constexpr AVRational kTicks = {1, 90000};

struct WriterDeleter {
  void operator()(AVCodecContext* p) const { avcodec_free_context(&p); }
  void operator()(AVFrame* p) const { av_frame_free(&p); }
  void operator()(AVPacket* p) const { av_packet_free(&p); }
  void operator()(AVFormatContext* p) const {
    if (p->pb != nullptr) avio_closep(&p->pb);
    avformat_free_context(p);
  }
};
template <typename T>
using OwnedByWriter = std::unique_ptr<T, WriterDeleter>;

class TsWriterImpl final : public TsWriter {
 public:
  TsWriterImpl(std::string path, const TsWriterOptions& options)
      : path_(std::move(path)), options_(options) {}
  ~TsWriterImpl() override = default;

  Result<void> Open() {
    SilenceFfmpeg();
    TW_RETURN_IF_ERROR(OpenEncoder());
    return OpenMuxer();
  }

  Result<void> Write(Bytes luma, Bytes chroma_u, Bytes chroma_v, Bytes klv_packet) override {
    const std::size_t width = static_cast<std::size_t>(options_.width_px);
    const std::size_t height = static_cast<std::size_t>(options_.height_px);
    const std::size_t quarter = (width / 2) * (height / 2);
    if (finished_) return Fail(ErrorCode::kUsage, "{}: written to after Finish", path_);
    if (luma.size() != width * height || chroma_u.size() != quarter || chroma_v.size() != quarter) {
      return Fail(ErrorCode::kUsage,
                  "{}: planes of {}, {} and {} bytes do not make a {}x{} picture", path_,
                  luma.size(), chroma_u.size(), chroma_v.size(), width, height);
    }
    if (klv_packet.size() > kMaxAccessUnitCell) {
      return Fail(ErrorCode::kUsage,
                  "{}: a KLV packet of {} bytes is longer than an access unit cell, {}", path_,
                  klv_packet.size(), kMaxAccessUnitCell);
    }
    const int made_writable = av_frame_make_writable(frame_.get());
    if (made_writable < 0) return Failed("cannot take the picture", made_writable);
    CopyPlane(luma, 0, options_.width_px, options_.height_px);
    CopyPlane(chroma_u, 1, options_.width_px / 2, options_.height_px / 2);
    CopyPlane(chroma_v, 2, options_.width_px / 2, options_.height_px / 2);
    frame_->pts = next_picture_++;
    klv_waiting_.emplace_back(klv_packet.begin(), klv_packet.end());
    return Encode(frame_.get());
  }

  Result<void> Finish() override {
    if (finished_) return {};
    finished_ = true;
    TW_RETURN_IF_ERROR(Encode(nullptr));
    const int trailer = av_write_trailer(muxer_.get());
    if (trailer < 0) return Failed("cannot write the end", trailer);
    const int closed = avio_closep(&muxer_->pb);
    if (closed < 0) return Failed("cannot close", closed);
    return {};
  }

 private:
  tl::unexpected<Error> Failed(const char* what, int code) const {
    return Fail(ErrorCode::kIo, "{}: {}: {}", path_, what, FfmpegErrorText(code));
  }

  Result<void> OpenEncoder() {
    const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
    if (codec == nullptr) {
      return Fail(ErrorCode::kUnavailable,
                  "this FFmpeg has no libx264 encoder: install Debian's libavcodec");
    }
    encoder_.reset(avcodec_alloc_context3(codec));
    encoder_->width = options_.width_px;
    encoder_->height = options_.height_px;
    encoder_->pix_fmt = AV_PIX_FMT_YUV420P;
    encoder_->time_base = {1, options_.frames_per_second};
    encoder_->framerate = {options_.frames_per_second, 1};
    encoder_->gop_size = options_.key_frame_interval;
    encoder_->keyint_min = options_.key_frame_interval;
    encoder_->max_b_frames = 0;  // decoding order is showing order, as in a live drone feed
    encoder_->thread_count = options_.threads;
    encoder_->flags |= AV_CODEC_FLAG_CLOSED_GOP | AV_CODEC_FLAG_BITEXACT;
    AVDictionary* settings = nullptr;
    av_dict_set(&settings, "preset", options_.preset.c_str(), 0);
    if (options_.bitrate_bps > 0) {
      // At most this over each second, as a link carries it.
      encoder_->bit_rate = encoder_->rc_max_rate = options_.bitrate_bps;
      encoder_->rc_buffer_size = static_cast<int>(options_.bitrate_bps);
    } else {
      av_dict_set_int(&settings, "crf", options_.crf, 0);
    }
    // x264's macroblock tree makes choices from memory it has not written: now and then the same
    // pictures became other bytes (15 of 520 runs on a heap of changing content; without it none).
    av_dict_set(&settings, "mbtree", "0", 0);
    av_dict_set(&settings, "sc_threshold", "0", 0);  // key frames at the interval and nowhere else
    const int opened = avcodec_open2(encoder_.get(), codec, &settings);
    av_dict_free(&settings);
    if (opened < 0) {
      return Fail(ErrorCode::kUsage, "{}: libx264 refuses {}x{} at {} fps, preset '{}': {}", path_,
                  options_.width_px, options_.height_px, options_.frames_per_second,
                  options_.preset, FfmpegErrorText(opened));
    }
    frame_.reset(av_frame_alloc());
    frame_->width = options_.width_px;
    frame_->height = options_.height_px;
    frame_->format = AV_PIX_FMT_YUV420P;
    const int allocated = av_frame_get_buffer(frame_.get(), 0);
    if (allocated < 0) return Failed("cannot allocate a picture", allocated);
    packet_.reset(av_packet_alloc());
    return {};
  }

  Result<void> OpenMuxer() {
    AVFormatContext* muxer = nullptr;
    const int made = avformat_alloc_output_context2(&muxer, nullptr, "mpegts", path_.c_str());
    if (made < 0) return Failed("cannot make an MPEG-TS writer", made);
    muxer_.reset(muxer);
    muxer_->flags |= AVFMT_FLAG_BITEXACT;
    muxer_->max_delay = 100'000;  // microseconds between the clock reference and the first picture
    video_ = avformat_new_stream(muxer_.get(), nullptr);
    klv_ = avformat_new_stream(muxer_.get(), nullptr);
    if (video_ == nullptr || klv_ == nullptr)
      return Fail(ErrorCode::kIo, "{}: out of memory", path_);
    const int copied = avcodec_parameters_from_context(video_->codecpar, encoder_.get());
    if (copied < 0) return Failed("cannot describe the video", copied);
    video_->time_base = kTicks;
    klv_->time_base = kTicks;
    klv_->codecpar->codec_type = AVMEDIA_TYPE_DATA;
    klv_->codecpar->codec_id = AV_CODEC_ID_SMPTE_KLV;
    klv_->codecpar->profile = FF_PROFILE_KLVA_SYNC;  // stream type 0x15
    const int opened = avio_open(&muxer_->pb, path_.c_str(), AVIO_FLAG_WRITE);
    if (opened < 0) return Failed("cannot open for writing", opened);
    const int header = avformat_write_header(muxer_.get(), nullptr);
    if (header < 0) return Failed("cannot write the header", header);
    return {};
  }

  void CopyPlane(Bytes from, int plane, int width, int height) {
    for (int y = 0; y < height; ++y) {
      std::memcpy(frame_->data[plane] + static_cast<std::ptrdiff_t>(y) * frame_->linesize[plane],
                  from.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width),
                  static_cast<std::size_t>(width));
    }
  }

  // Gives one picture to the encoder (null: no more), and writes what comes out.
  Result<void> Encode(const AVFrame* frame) {
    const int sent = avcodec_send_frame(encoder_.get(), frame);
    if (sent < 0) return Failed("cannot encode", sent);
    while (true) {
      const int received = avcodec_receive_packet(encoder_.get(), packet_.get());
      if (received == AVERROR(EAGAIN) || received == AVERROR_EOF) return {};
      if (received < 0) return Failed("cannot encode", received);
      TW_RETURN_IF_ERROR(WriteOut());
    }
  }

  // The metadata of a picture goes out just before the picture: without B-frames pictures come out
  // of the encoder in the order they went in, so the two queues stay in step and the file needs no
  // interleaving buffer.
  Result<void> WriteOut() {
    const std::int64_t ticks = av_rescale_q(packet_->pts, encoder_->time_base, kTicks);
    const bool key = (packet_->flags & AV_PKT_FLAG_KEY) != 0;
    // A receiver that joins at a key frame finds the programme tables there.
    if (key) av_opt_set(muxer_->priv_data, "mpegts_flags", "+resend_headers", 0);
    const std::string klv = std::move(klv_waiting_.front());
    klv_waiting_.pop_front();
    if (!klv.empty()) TW_RETURN_IF_ERROR(WriteKlv(klv, ticks));
    packet_->stream_index = video_->index;
    av_packet_rescale_ts(packet_.get(), encoder_->time_base, video_->time_base);
    const int written = av_write_frame(muxer_.get(), packet_.get());
    av_packet_unref(packet_.get());
    if (written < 0) return Failed("cannot write a picture", written);
    return {};
  }

  // One metadata access unit cell: service 0, sequence number, whole unit and random access, length
  // (ISO/IEC 13818-1 table 2-97). FFmpeg's muxer leaves these five bytes to its caller.
  Result<void> WriteKlv(const std::string& klv, std::int64_t ticks) {
    OwnedByWriter<AVPacket> packet(av_packet_alloc());
    const int size = static_cast<int>(klv.size()) + 5;
    const int allocated = av_new_packet(packet.get(), size);
    if (allocated < 0) return Failed("cannot allocate a metadata packet", allocated);
    std::uint8_t* out = packet->data;
    out[0] = 0x00;
    out[1] = klv_sequence_++;
    out[2] = 0xDF;
    out[3] = static_cast<std::uint8_t>(klv.size() >> 8);
    out[4] = static_cast<std::uint8_t>(klv.size() & 0xFF);
    std::memcpy(out + 5, klv.data(), klv.size());
    packet->stream_index = klv_->index;
    packet->pts = packet->dts = av_rescale_q(ticks, kTicks, klv_->time_base);
    packet->flags |= AV_PKT_FLAG_KEY;
    const int written = av_write_frame(muxer_.get(), packet.get());
    if (written < 0) return Failed("cannot write metadata", written);
    return {};
  }

  std::string path_;
  TsWriterOptions options_;
  OwnedByWriter<AVCodecContext> encoder_;
  OwnedByWriter<AVFrame> frame_;
  OwnedByWriter<AVPacket> packet_;
  OwnedByWriter<AVFormatContext> muxer_;
  AVStream* video_ = nullptr;  // owned by muxer_
  AVStream* klv_ = nullptr;
  std::deque<std::string> klv_waiting_;  // as many as pictures inside the encoder
  std::int64_t next_picture_ = 0;
  std::uint8_t klv_sequence_ = 0;
  bool finished_ = false;
};

}  // namespace

Result<std::unique_ptr<TsWriter>> TsWriter::Create(const std::string& path,
                                                   const TsWriterOptions& options) {
  if (options.width_px < 16 || options.height_px < 16 || options.width_px % 2 != 0 ||
      options.height_px % 2 != 0 || options.width_px > 8192 || options.height_px > 8192 ||
      options.frames_per_second < 1 || options.frames_per_second > 240 ||
      options.key_frame_interval < 1 || options.threads < 1 || options.threads > 64 ||
      options.crf < 0 || options.crf > 51 || options.bitrate_bps < 0 ||
      options.bitrate_bps > 1'000'000'000) {
    return Fail(
        ErrorCode::kUsage,
        "video of {}x{} at {} fps, key frame each {}, crf {}, {} bit/s, {} threads: expected an "
        "even size from 16 to 8192, 1 to 240 fps, an interval of at least 1, a crf from 0 to 51, "
        "at most 1 Gbit/s (0: by crf), 1 to 64 threads",
        options.width_px, options.height_px, options.frames_per_second, options.key_frame_interval,
        options.crf, options.bitrate_bps, options.threads);
  }
  auto writer = std::make_unique<TsWriterImpl>(path, options);
  TW_RETURN_IF_ERROR(writer->Open());
  return Result<std::unique_ptr<TsWriter>>(std::move(writer));
}

}  // namespace trucewatch
