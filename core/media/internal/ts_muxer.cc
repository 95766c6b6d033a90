// SPDX-License-Identifier: Apache-2.0
#include "core/media/internal/ts_muxer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

extern "C" {
#include <libavutil/opt.h>
}

#include "core/media/ffmpeg_log.h"

namespace trucewatch::internal {
namespace {

constexpr AVRational kMuxerTicks = {1, 90000};
constexpr std::int64_t kSecond = 90000;
constexpr std::size_t kMaxMuxedUnit = 32 << 20;
constexpr std::size_t kMaxCell = 65535;  // 16-bit length
constexpr std::size_t kKlvCellHeader = 5;
// How long the streams may stay unknown before the first byte is written.
constexpr std::size_t kMaxHeldPackets = 256;
constexpr std::size_t kMaxHeldPacketBytes = 64 << 20;
// H.264 and H.265 hold back at most 16 pictures.
constexpr std::int64_t kMaxReordered = 16;

bool IsVideoCodec(AVCodecID codec) {
  return codec == AV_CODEC_ID_H264 || codec == AV_CODEC_ID_HEVC || codec == AV_CODEC_ID_MPEG2VIDEO;
}

tl::unexpected<Error> Failed(const char* what, int code) {
  return Fail(ErrorCode::kIo, "MPEG-TS: {}: {}", what, FfmpegErrorText(code));
}

// Fragment indication of the cell that holds [at, end) of `size` bytes.
std::uint8_t CellFlags(std::size_t at, std::size_t end, std::size_t size) {
  constexpr std::uint8_t kRandomAccess = 0x1F;  // with the reserved bits set
  const bool first = at == 0;
  const bool last = end == size;
  const unsigned fragment = first && last ? 3U : first ? 2U : last ? 1U : 0U;
  return static_cast<std::uint8_t>((fragment << 6) | kRandomAccess);
}

}  // namespace

int TsMuxer::TakeBytes(void* opaque, std::uint8_t* bytes, int size) {
  static_cast<TsMuxer*>(opaque)->out_.append(reinterpret_cast<const char*>(bytes),
                                             static_cast<std::size_t>(size));
  return size;
}

void TsMuxer::NoteStreams(const AVFormatContext& input) {
  for (std::size_t i = streams_.size(); i < input.nb_streams; ++i) {
    const AVStream& in = *input.streams[i];
    Stream& stream = streams_.emplace_back();
    const AVCodecParameters& codec = *in.codecpar;
    stream.codec = avcodec_get_name(codec.codec_id);
    const bool cover = (in.disposition & AV_DISPOSITION_ATTACHED_PIC) != 0;
    if (codec.codec_type == AVMEDIA_TYPE_VIDEO && IsVideoCodec(codec.codec_id) && !cover) {
      stream.use = Use::kVideo;
      if (options_.live) stream.units.emplace(codec.codec_id);
    } else if (codec.codec_type == AVMEDIA_TYPE_DATA) {
      stream.use = codec.codec_id == AV_CODEC_ID_SMPTE_KLV ? Use::kKlv : Use::kUndecided;
    }
  }
}

void TsMuxer::Decide(Stream& stream, const AVPacket& packet) {
  if (stream.use != Use::kUndecided || packet.size <= 0) return;
  const Bytes data(packet.data, static_cast<std::size_t>(packet.size));
  if (KlvPayloadReader::LooksLikeKlv(data)) {
    stream.use = Use::kKlv;
    stream.codec = "klv";
  } else if (!options_.live) {
    stream.use = Use::kIgnored;
  }
}

Result<void> TsMuxer::Push(const AVFormatContext& input, AVPacket& packet) {
  NoteStreams(input);
  if (packet.stream_index < 0 || static_cast<std::size_t>(packet.stream_index) >= streams_.size()) {
    return {};
  }
  Stream& stream = streams_[static_cast<std::size_t>(packet.stream_index)];
  Decide(stream, packet);
  if (stream.use == Use::kIgnored || packet.size <= 0) return {};
  if (static_cast<std::size_t>(packet.size) > kMaxMuxedUnit) {
    ++left_out_;
    return {};
  }
  const int index = packet.stream_index;
  AvOwned<AVPacket> whole;
  if (stream.units) {
    whole = stream.units->Push(packet);
    if (whole == nullptr) return {};
  } else {
    whole.reset(av_packet_alloc());
    if (whole == nullptr) return Fail(ErrorCode::kIo, "MPEG-TS: out of memory");
    av_packet_move_ref(whole.get(), &packet);
  }
  return Hold(input, index, std::move(whole));
}

Result<void> TsMuxer::Hold(const AVFormatContext& input, int index, AvOwned<AVPacket> packet) {
  held_bytes_ += static_cast<std::size_t>(packet->size);
  held_.push_back({index, std::move(packet)});
  if (muxer_ == nullptr) {
    if (!ReadyToBegin(input)) return {};
    TW_RETURN_IF_ERROR(Begin(input));
  }
  return Drain(input);
}

Result<void> TsMuxer::Finish(const AVFormatContext& input) {
  NoteStreams(input);
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    if (!streams_[i].units) continue;
    if (auto last = streams_[i].units->Finish()) {
      TW_RETURN_IF_ERROR(Hold(input, static_cast<int>(i), std::move(last)));
    }
  }
  if (muxer_ == nullptr) TW_RETURN_IF_ERROR(Begin(input));
  TW_RETURN_IF_ERROR(Drain(input));
  for (Stream& stream : streams_) {
    if (stream.use != Use::kKlv) continue;
    for (const auto& unit : stream.joiner.Finish()) {
      TW_RETURN_IF_ERROR(WriteKlv(stream, AsBytes(unit.data), stream.joined_pts));
    }
  }
  const int trailer = av_write_trailer(muxer_.get());
  if (trailer < 0) return Failed("cannot write the end", trailer);
  return {};
}

// A recording: as soon as it is known of each data stream what it holds. Live: at the first
// picture, for its tables were sent before it.
bool TsMuxer::ReadyToBegin(const AVFormatContext&) const {
  if (held_.size() >= kMaxHeldPackets || held_bytes_ >= kMaxHeldPacketBytes) return true;
  if (options_.live)
    return streams_[static_cast<std::size_t>(held_.back().index)].use == Use::kVideo;
  return std::none_of(streams_.begin(), streams_.end(),
                      [](const Stream& stream) { return stream.use == Use::kUndecided; });
}

Result<void> TsMuxer::Begin(const AVFormatContext& input) {
  const auto begun = TryToBegin(input);
  if (begun) return {};
  for (Stream& stream : streams_) stream.out = nullptr;
  muxer_.reset();
  return begun;
}

Result<void> TsMuxer::TryToBegin(const AVFormatContext& input) {
  AVFormatContext* muxer = nullptr;
  const int made = avformat_alloc_output_context2(&muxer, nullptr, "mpegts", nullptr);
  if (made < 0) return Failed("no writer", made);
  muxer_.reset(muxer);
  constexpr int kBuffer = 64 << 10;
  auto* buffer = static_cast<unsigned char*>(av_malloc(kBuffer));
  if (buffer == nullptr) return Fail(ErrorCode::kIo, "MPEG-TS: out of memory");
  io_.reset(avio_alloc_context(buffer, kBuffer, 1, this, nullptr, &TsMuxer::TakeBytes, nullptr));
  if (io_ == nullptr) return Fail(ErrorCode::kIo, "MPEG-TS: out of memory");
  muxer_->pb = io_.get();
  muxer_->flags |= AVFMT_FLAG_BITEXACT;
  muxer_->max_delay = 0;          // adds nothing to the time stamps
  muxer_->avoid_negative_ts = 0;  // MoveClock does it
  std::string others;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    Stream& stream = streams_[i];
    if (stream.use == Use::kUndecided) {
      stream.use = options_.live ? Use::kKlv : Use::kIgnored;
      if (options_.live) stream.codec = "klv";
    }
    if (stream.use != Use::kIgnored) TW_RETURN_IF_ERROR(AddStream(*input.streams[i], stream));
    if (stream.use == Use::kVideo && first_video_ == nullptr) first_video_ = &stream;
    others += (others.empty() ? "" : ", ") + stream.codec;
  }
  if (first_video_ == nullptr) {
    return Fail(ErrorCode::kBadInput, "no video of H.264, H.265 or MPEG-2; found: {}",
                others.empty() ? "nothing" : others);
  }
  const int header = avformat_write_header(muxer_.get(), nullptr);
  if (header < 0) return Failed("cannot write the header", header);
  MoveClock(input);
  return {};
}

Result<void> TsMuxer::AddStream(const AVStream& in, Stream& stream) {
  stream.out = avformat_new_stream(muxer_.get(), nullptr);
  if (stream.out == nullptr) return Fail(ErrorCode::kIo, "MPEG-TS: out of memory");
  stream.out->time_base = kMuxerTicks;
  AVCodecParameters& out = *stream.out->codecpar;
  if (stream.use == Use::kKlv) {
    out.codec_type = AVMEDIA_TYPE_DATA;
    out.codec_id = AV_CODEC_ID_SMPTE_KLV;
    out.profile = FF_PROFILE_KLVA_SYNC;  // stream type 0x15
    return {};
  }
  const double rate = in.avg_frame_rate.den > 0 ? av_q2d(in.avg_frame_rate) : 0;
  stream.lag = kSecond / 2;
  if (rate > 0.1) {
    stream.lag = std::max(
        stream.lag, static_cast<std::int64_t>(static_cast<double>(kMaxReordered * kSecond) / rate));
  }
  const char* name = in.codecpar->codec_id == AV_CODEC_ID_H264   ? "h264_mp4toannexb"
                     : in.codecpar->codec_id == AV_CODEC_ID_HEVC ? "hevc_mp4toannexb"
                                                                 : nullptr;
  const AVCodecParameters* from = in.codecpar;
  if (name != nullptr) {
    AVBSFContext* filter = nullptr;
    int made = av_bsf_alloc(av_bsf_get_by_name(name), &filter);
    if (made < 0) return Failed(name, made);
    stream.annex_b.reset(filter);
    made = avcodec_parameters_copy(filter->par_in, in.codecpar);
    if (made < 0) return Failed(name, made);
    filter->time_base_in = in.time_base;
    made = av_bsf_init(filter);
    if (made < 0) {
      return Fail(ErrorCode::kBadInput, "the parameters of its {} video are damaged: {}",
                  stream.codec, FfmpegErrorText(made));
    }
    from = filter->par_out;
  }
  const int copied = avcodec_parameters_copy(&out, from);
  if (copied < 0) return Failed("cannot describe the video", copied);
  out.codec_tag = 0;
  return {};
}

// The lowest decoding time of what is held must not lie below the lowest allowed: by how many whole
// seconds all have to be moved.
void TsMuxer::MoveClock(const AVFormatContext& input) {
  std::optional<std::int64_t> lowest;
  for (const Held& held : held_) {
    const Stream& stream = streams_[static_cast<std::size_t>(held.index)];
    const AVRational base = input.streams[held.index]->time_base;
    std::int64_t dts = held.packet->dts;
    if (dts == AV_NOPTS_VALUE) dts = held.packet->pts;
    if (dts == AV_NOPTS_VALUE || stream.out == nullptr) continue;
    dts = av_rescale_q(dts, base, kMuxerTicks);
    if (held.packet->dts == AV_NOPTS_VALUE) dts -= stream.lag;
    lowest = std::min(lowest.value_or(dts), dts);
  }
  const std::int64_t missing = options_.lowest_dts - lowest.value_or(0);
  if (missing > 0) moved_ticks_ = (missing + kSecond - 1) / kSecond * kSecond;
}

Result<void> TsMuxer::Drain(const AVFormatContext& input) {
  while (!held_.empty()) {
    Held held = std::move(held_.front());
    held_.pop_front();
    held_bytes_ -= static_cast<std::size_t>(held.packet->size);
    TW_RETURN_IF_ERROR(Write(input, held));
  }
  return {};
}

Result<void> TsMuxer::Write(const AVFormatContext& input, Held& held) {
  Stream& stream = streams_[static_cast<std::size_t>(held.index)];
  if (stream.out == nullptr) {  // turned up, or was recognised, after the tables were written
    ++left_out_;
    return {};
  }
  const AVRational base = input.streams[held.index]->time_base;
  if (stream.use == Use::kVideo) return WriteVideo(stream, *held.packet, base);
  const Bytes data(held.packet->data, static_cast<std::size_t>(held.packet->size));
  SetTimes(stream, *held.packet, base);
  return options_.live ? WriteJoined(stream, data, held.packet->pts)
                       : WriteKlv(stream, data, held.packet->pts);
}

Result<void> TsMuxer::WriteVideo(Stream& stream, AVPacket& packet, AVRational base) {
  if (stream.annex_b == nullptr) {
    SetTimes(stream, packet, base);
    return WriteOut(stream, packet);
  }
  if (av_bsf_send_packet(stream.annex_b.get(), &packet) < 0) {
    ++left_out_;
    return {};
  }
  AvOwned<AVPacket> converted(av_packet_alloc());
  if (converted == nullptr) return Fail(ErrorCode::kIo, "MPEG-TS: out of memory");
  while (true) {
    const int got = av_bsf_receive_packet(stream.annex_b.get(), converted.get());
    if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return {};
    if (got < 0) {  // lengths that do not add up: this picture is lost
      ++left_out_;
      return {};
    }
    SetTimes(stream, *converted, base);
    TW_RETURN_IF_ERROR(WriteOut(stream, *converted));
  }
}

// 90 kHz; decoding times rise strictly and never lie after the time of showing, or the muxer
// refuses the packet.
void TsMuxer::SetTimes(Stream& stream, AVPacket& packet, AVRational base) {
  std::int64_t pts = packet.pts;
  std::int64_t dts = packet.dts;
  if (pts != AV_NOPTS_VALUE) pts = av_rescale_q(pts, base, kMuxerTicks) + moved_ticks_;
  if (dts != AV_NOPTS_VALUE) dts = av_rescale_q(dts, base, kMuxerTicks) + moved_ticks_;
  if (pts == AV_NOPTS_VALUE) pts = dts;
  if (pts == AV_NOPTS_VALUE)
    pts = stream.last_pts == INT64_MIN ? options_.lowest_dts : stream.last_pts;
  stream.last_pts = pts;
  if (stream.use == Use::kVideo) {
    if (dts == AV_NOPTS_VALUE || dts > pts) dts = pts - stream.lag;
    if (stream.last_dts != INT64_MIN && dts <= stream.last_dts) dts = stream.last_dts + 1;
    stream.last_dts = dts;
    pts = std::max(pts, dts);
  } else {
    dts = pts;
  }
  packet.pts = pts;
  packet.dts = dts;
}

// One metadata access unit, in as many cells as it needs.
Result<void> TsMuxer::WriteKlv(Stream& stream, Bytes data, std::int64_t pts) {
  const std::size_t cells = (data.size() + kMaxCell - 1) / kMaxCell;
  AvOwned<AVPacket> packet(av_packet_alloc());
  if (packet == nullptr || cells == 0 ||
      av_new_packet(packet.get(), static_cast<int>(data.size() + cells * kKlvCellHeader)) < 0) {
    ++left_out_;
    return {};
  }
  std::uint8_t* out = packet->data;
  for (std::size_t at = 0; at < data.size();) {
    const std::size_t end = std::min(at + kMaxCell, data.size());
    *out++ = 0;  // metadata service
    *out++ = stream.cell_sequence++;
    *out++ = CellFlags(at, end, data.size());
    *out++ = static_cast<std::uint8_t>((end - at) >> 8);
    *out++ = static_cast<std::uint8_t>((end - at) & 0xFF);
    std::memcpy(out, data.data() + at, end - at);
    out += end - at;
    at = end;
  }
  packet->pts = packet->dts = pts;
  packet->flags |= AV_PKT_FLAG_KEY;
  return WriteOut(stream, *packet);
}

Result<void> TsMuxer::WriteJoined(Stream& stream, Bytes data, std::int64_t pts) {
  const bool holding = stream.joiner.holding();
  if (!holding) stream.joined_pts = pts;
  for (const auto& unit : stream.joiner.Push(data)) {
    TW_RETURN_IF_ERROR(
        WriteKlv(stream, AsBytes(unit.data), unit.earlier ? stream.joined_pts : pts));
    stream.joined_pts = pts;
  }
  return {};
}

Result<void> TsMuxer::WriteOut(Stream& stream, AVPacket& packet) {
  if (stream.use == Use::kKlv) {  // the muxer refuses times that fall
    packet.dts = packet.pts = std::max(packet.dts, stream.last_dts);
    stream.last_dts = packet.dts;
  }
  // Who joins at a key frame finds the programme tables there.
  if (&stream == first_video_ && (packet.flags & AV_PKT_FLAG_KEY) != 0) {
    av_opt_set(muxer_->priv_data, "mpegts_flags", "+resend_headers", 0);
  }
  packet.stream_index = stream.out->index;
  packet.time_base = kMuxerTicks;
  av_packet_rescale_ts(&packet, kMuxerTicks, stream.out->time_base);
  const int written = av_write_frame(muxer_.get(), &packet);
  av_packet_unref(&packet);
  if (written == AVERROR(ENOMEM)) return Failed("cannot write", written);
  if (written < 0) ++left_out_;
  return {};
}

std::string TsMuxer::Take() {
  if (io_ != nullptr) avio_flush(io_.get());
  return std::exchange(out_, {});
}

std::string TsMuxer::Describe() const {
  std::string text;
  for (const Stream& stream : streams_) {
    if (stream.out != nullptr) text += (text.empty() ? "" : " and ") + stream.codec;
  }
  if (moved_ticks_ != 0) text += fmt::format("; time stamps moved by {} s", moved_ticks_ / kSecond);
  if (left_out_ > 0) text += fmt::format("; {} damaged packets left out", left_out_);
  return text;
}

}  // namespace trucewatch::internal
