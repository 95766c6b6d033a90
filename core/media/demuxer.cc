// SPDX-License-Identifier: Apache-2.0
#include "core/media/demuxer.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <utility>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

#include "core/base/check.h"
#include "core/media/access_unit_splitter.h"
#include "core/media/ffmpeg_log.h"
#include "core/media/internal/coroutine.h"
#include "core/media/klv_payload.h"
#include "core/media/pes_head_tap.h"
#include "core/media/ts_sync.h"

namespace trucewatch {
namespace {

// FFmpeg looks at this much after the programme table before it gives its first packet.
constexpr std::size_t kProbeBytes = 32 << 10;
constexpr std::size_t kMaxHeldBytes = 1 << 20;

// Hands bytes from Push to FFmpeg, which runs on a stack of its own, strictly in turn: what FFmpeg
// has seen when Push returns depends on the calls alone.
class Turnstile {
 public:
  // False when there is no memory for it.
  bool Start(std::function<void()> reader) {
    reader_ = internal::Coroutine::Create([reader = std::move(reader)](auto&) { reader(); });
    return reader_ != nullptr;
  }
  bool started() const { return reader_ != nullptr; }
  // Caller's side: lets the reader run until it wants more than there is, or has ended.
  void Feed(Bytes bytes) {
    left_ = bytes;
    reader_->Resume();
    left_ = {};
  }
  void End() {
    closed_ = true;
    while (!reader_->done()) reader_->Resume();
  }
  // Reader's side: fills `to` whole, unless the input ends. Whole, so that what FFmpeg sees in one
  // read does not depend on how the bytes were cut into Push calls.
  std::size_t Read(std::span<std::uint8_t> to) {
    std::size_t got = 0;
    while (true) {
      const std::size_t take = std::min(left_.size(), to.size() - got);
      if (take > 0) std::memcpy(to.data() + got, left_.data(), take);
      left_ = left_.subspan(take);
      got += take;
      if (got == to.size() || closed_) return got;
      reader_->Yield();
    }
  }

 private:
  std::unique_ptr<internal::Coroutine> reader_;
  Bytes left_;
  bool closed_ = false;
};

struct FormatDeleter {
  void operator()(AVFormatContext* p) const { avformat_close_input(&p); }
};
struct IoDeleter {
  void operator()(AVIOContext* p) const {
    av_freep(&p->buffer);
    avio_context_free(&p);
  }
};
struct PacketDeleter {
  void operator()(AVPacket* p) const { av_packet_free(&p); }
};

class TsDemuxerImpl final : public TsDemuxer {
 public:
  TsDemuxerImpl() { SilenceFfmpeg(); }
  ~TsDemuxerImpl() override { Stop(); }

  Result<std::vector<MediaPacket>> Push(Bytes bytes) override {
    TW_CHECK(!finished_);
    if (failed_) return tl::unexpected<Error>(*failed_);
    if (turnstile_.started()) {
      turnstile_.Feed(bytes);
      return TakePackets();
    }
    head_ += AsText(bytes);
    TW_RETURN_IF_ERROR(Begin(false));
    return TakePackets();
  }

  Result<std::vector<MediaPacket>> Finish() override {
    TW_CHECK(!finished_);
    finished_ = true;
    if (failed_) return tl::unexpected<Error>(*failed_);
    if (!turnstile_.started()) TW_RETURN_IF_ERROR(Begin(true));
    Stop();
    return TakePackets();
  }

  const std::vector<MediaStream>& streams() const override { return streams_; }
  std::uint64_t corrupt_packets() const override {
    std::uint64_t count = corrupt_;
    for (const auto& [index, splitter] : splitters_) {
      if (splitter != nullptr) count += splitter->discarded();
    }
    return count;
  }

 private:
  // Starts FFmpeg once it is known that this is a transport stream and where its programme table
  // is.
  Result<void> Begin(bool final) {
    const auto sync = FindTsSync(AsBytes(head_), final);
    if (!sync) {
      failed_ = sync.error();
      head_.clear();
      return tl::unexpected<Error>(*failed_);
    }
    if (!*sync) return {};
    const auto table = FindProgrammeTable(AsBytes(head_), **sync);
    if (!table && head_.size() < kMaxHeldBytes && !final) return {};
    base_offset_ = (*sync)->offset;
    packet_size_ = (*sync)->packet_size;
    tap_.emplace(packet_size_);
    probe_bytes_ = table.value_or(head_.size()) - base_offset_ + kProbeBytes;
    if (!turnstile_.Start([this] { Demux(); })) {
      failed_ = Error{ErrorCode::kIo, "no memory for a demuxer"};
      return tl::unexpected<Error>(*failed_);
    }
    turnstile_.Feed(AsBytes(head_).subspan(base_offset_));
    head_.clear();
    head_.shrink_to_fit();
    return {};
  }

  void Stop() {
    if (turnstile_.started()) turnstile_.End();
  }

  Result<std::vector<MediaPacket>> TakePackets() {
    if (!open_error_.empty()) {
      failed_ = Error{ErrorCode::kBadInput, "MPEG transport stream does not open: " + open_error_};
      return tl::unexpected<Error>(*failed_);
    }
    return std::exchange(packets_, {});
  }

  // ---- on the inner stack ----

  static int Read(void* opaque, std::uint8_t* buffer, int size) {
    auto* self = static_cast<TsDemuxerImpl*>(opaque);
    const std::size_t got = self->turnstile_.Read({buffer, static_cast<std::size_t>(size)});
    self->tap_->Push(Bytes(buffer, got));
    return got == 0 ? AVERROR_EOF : static_cast<int>(got);
  }

  void Demux() {
    // Buffers of one transport packet: nothing is read ahead, so packets come as early as they can.
    auto* buffer = static_cast<unsigned char*>(av_malloc(packet_size_));
    if (buffer == nullptr) return;
    std::unique_ptr<AVIOContext, IoDeleter> io(avio_alloc_context(
        buffer, static_cast<int>(packet_size_), 0, this, &Read, nullptr, nullptr));
    if (io == nullptr) return;
    io->seekable = 0;
    AVFormatContext* context = avformat_alloc_context();
    if (context == nullptr) return;
    context->pb = io.get();
    // What is stored in the stream and nothing inferred; pictures are cut out by our own splitters.
    context->flags |= AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN;
    context->probesize = static_cast<std::int64_t>(probe_bytes_);
    context->max_probe_packets = 16;
    context->correct_ts_overflow = 0;
    AVDictionary* settings = nullptr;
    av_dict_set_int(&settings, "resync_size", 16 << 20, 0);
    const int opened = avformat_open_input(&context, "", av_find_input_format("mpegts"), &settings);
    av_dict_free(&settings);
    if (opened < 0) {  // context is freed
      open_error_ = FfmpegErrorText(opened);
      return;
    }
    const std::unique_ptr<AVFormatContext, FormatDeleter> format(context);
    const std::unique_ptr<AVPacket, PacketDeleter> packet(av_packet_alloc());
    std::int64_t last_error_at = -1;
    while (packet != nullptr) {
      const int read = av_read_frame(format.get(), packet.get());
      if (read < 0) {
        // Damage is passed over, as long as there is progress.
        const std::int64_t at = avio_tell(io.get());
        if (read == AVERROR_EOF || at == last_error_at) break;
        if (read != AVERROR(EAGAIN)) ++corrupt_;
        last_error_at = at;
        continue;
      }
      TakePacket(*format, *packet);
      av_packet_unref(packet.get());
    }
    Flush();
  }

  void TakePacket(const AVFormatContext& format, const AVPacket& packet) {
    const std::size_t index = static_cast<std::size_t>(packet.stream_index);
    if ((packet.flags & AV_PKT_FLAG_CORRUPT) != 0) ++corrupt_;
    NoteStreams(format);
    MediaStream& stream = streams_[index];
    Bytes data(packet.data, static_cast<std::size_t>(std::max(packet.size, 0)));
    std::string with_head;
    if (stream.kind != MediaKind::kVideo) data = WithHead(format, packet, data, with_head);
    if (data.empty()) return;
    const std::uint64_t offset =
        base_offset_ + static_cast<std::uint64_t>(std::max<std::int64_t>(packet.pos, 0));
    std::optional<std::int64_t> pts;
    if (packet.pts != AV_NOPTS_VALUE) pts = packet.pts;
    if (stream.kind == MediaKind::kOther &&
        format.streams[index]->codecpar->codec_type != AVMEDIA_TYPE_AUDIO &&
        KlvPayloadReader::LooksLikeKlv(data)) {
      stream.kind = MediaKind::kKlv;
      stream.codec = "klv";
    }
    if (stream.kind == MediaKind::kVideo) {
      auto& splitter = splitters_[packet.stream_index];
      if (splitter == nullptr) splitter = AccessUnitSplitter::Create(stream.codec);
      EmitPictures(stream, splitter->Push(data, pts, offset));
    } else if (stream.kind == MediaKind::kKlv) {
      KlvState& state = klv_[packet.stream_index];
      EmitKlv(stream, state, state.reader.Push(data), offset, Unwrap(pts));
      stream.synchronous = stream.synchronous || state.reader.cells();
    } else {
      Emit({stream.index, stream.kind, Unwrap(pts), false, offset, false, 0,
            std::string(AsText(data))});
    }
  }

  // The payload with the cell header that FFmpeg has taken off, if it has.
  Bytes WithHead(const AVFormatContext& format, const AVPacket& packet, Bytes data,
                 std::string& with_head) {
    const int pid = format.streams[packet.stream_index]->id;
    const auto head = tap_->Take(static_cast<unsigned>(pid),
                                 static_cast<std::uint64_t>(std::max<std::int64_t>(packet.pos, 0)));
    if (!head ||
        (data.size() >= head->size() && std::equal(head->begin(), head->end(), data.begin())))
      return data;
    with_head = AsText(*head);
    with_head += AsText(data);
    return AsBytes(with_head);
  }

  // What FFmpeg knows of the streams by now.
  void NoteStreams(const AVFormatContext& format) {
    for (std::size_t i = 0; i < format.nb_streams; ++i) {
      if (i == streams_.size()) {
        streams_.emplace_back();
        streams_.back().index = static_cast<int>(i);
      }
      MediaStream& stream = streams_[i];
      if (stream.kind != MediaKind::kOther) continue;
      const AVCodecParameters& parameters = *format.streams[i]->codecpar;
      stream.codec = avcodec_get_name(parameters.codec_id);
      if (AccessUnitSplitter::Create(stream.codec) != nullptr) {
        stream.kind = MediaKind::kVideo;
      } else if (parameters.codec_id == AV_CODEC_ID_SMPTE_KLV) {
        stream.kind = MediaKind::kKlv;
      }
    }
  }

  void EmitPictures(MediaStream& stream, std::vector<AccessUnit> units) {
    const auto& splitter = splitters_[stream.index];
    stream.width_px = splitter->width_px();
    stream.height_px = splitter->height_px();
    for (AccessUnit& unit : units) {
      Emit({stream.index, MediaKind::kVideo, Unwrap(unit.pts_ticks), unit.key, unit.offset, false,
            0, std::move(unit.data)});
    }
  }

  struct KlvState {
    KlvPayloadReader reader;
    bool holding = false;      // something began in an earlier payload
    std::uint64_t offset = 0;  // of the payload it began in, and its time stamp
    std::optional<Duration> pts;
  };

  void EmitKlv(const MediaStream& stream, KlvState& state,
               std::vector<KlvPayloadReader::Unit> units, std::uint64_t offset,
               std::optional<Duration> pts) {
    for (KlvPayloadReader::Unit& unit : units) {
      // What was held back belongs to the payload it began in.
      Emit({stream.index, MediaKind::kKlv, unit.earlier ? state.pts : pts, true,
            unit.earlier ? state.offset : offset, unit.repaired, unit.lost_cells,
            std::move(unit.data)});
    }
    // A payload that only continues what is held does not move its beginning.
    if (units.empty() && state.holding) return;
    state.holding = state.reader.holding();
    state.offset = offset;
    state.pts = pts;
  }

  void Flush() {
    for (auto& [index, splitter] : splitters_) {
      if (splitter == nullptr) continue;
      EmitPictures(streams_[static_cast<std::size_t>(index)], splitter->Finish());
    }
    for (auto& [index, state] : klv_) {
      EmitKlv(streams_[static_cast<std::size_t>(index)], state, state.reader.Finish(), state.offset,
              state.pts);
    }
  }

  void Emit(MediaPacket packet) { packets_.push_back(std::move(packet)); }

  // 33-bit time stamps of 90 kHz, continued past their roll-over: the nearest to the one before, of
  // any stream.
  std::optional<Duration> Unwrap(std::optional<std::int64_t> ticks) {
    if (!ticks) return std::nullopt;
    constexpr std::int64_t kRollOver = std::int64_t{1} << 33;
    if (!last_ticks_) last_ticks_ = *ticks;
    std::int64_t step = (*ticks - *last_ticks_) % kRollOver;
    if (step >= kRollOver / 2) step -= kRollOver;
    if (step < -kRollOver / 2) step += kRollOver;
    last_ticks_ = *last_ticks_ + step;
    // 90 ticks are exactly 1000 us; rounded to the nearest.
    const std::int64_t scaled = *last_ticks_ * 100;
    return Duration::Micros((scaled >= 0 ? scaled + 4 : scaled - 4) / 9);
  }

  Turnstile turnstile_;
  std::optional<PesHeadTap> tap_;
  std::string head_;  // until it is known what this is
  std::size_t base_offset_ = 0;
  std::size_t packet_size_ = 188;
  std::size_t probe_bytes_ = kProbeBytes;
  bool finished_ = false;
  std::optional<Error> failed_;
  std::string open_error_;
  std::vector<MediaStream> streams_;
  std::map<int, std::unique_ptr<AccessUnitSplitter>> splitters_;
  std::map<int, KlvState> klv_;
  std::vector<MediaPacket> packets_;
  std::optional<std::int64_t> last_ticks_;
  std::uint64_t corrupt_ = 0;
};

}  // namespace

std::unique_ptr<TsDemuxer> TsDemuxer::Create() { return std::make_unique<TsDemuxerImpl>(); }

}  // namespace trucewatch
