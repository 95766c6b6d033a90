// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>
#include <utility>

#include "core/media/demuxer.h"
#include "ingest/klv/st0601.h"
#include "ingest/recorded/event_clock.h"
#include "ingest/recorded/recorded_source.h"
#include "ingest/recorded/video_file.h"

namespace trucewatch {
namespace {

// Whole transport packets, just under 64 KiB: half a second of a 1 Mbit/s stream.
constexpr std::size_t kChunkSize = 348 * 188;
// How far the first chunks may look ahead for a time: 4 MiB.
constexpr std::size_t kMaxPending = 64;

class MpegTsFileSource final : public RecordedSource {
 public:
  MpegTsFileSource(RecordedFileOptions options, std::unique_ptr<VideoFile> file)
      : options_(std::move(options)), file_(std::move(file)), demuxer_(TsDemuxer::Create()) {}

  const SourceId& id() const override { return options_.source; }

  Result<std::optional<RawRecord>> Next() override {
    while (!finished_ && (pending_.empty() || (!first_ && pending_.size() < kMaxPending))) {
      TW_RETURN_IF_ERROR(Fill());
    }
    if (ended_) return std::optional<RawRecord>();
    RawRecord record;
    record.source = options_.source;
    record.source_sequence = ++sequence_;
    if (pending_.empty()) {
      ended_ = true;
      record.end_of_source = true;
      const std::string origin = file_->origin();
      if (!origin.empty()) record.bytes = "end of the recording; " + origin;
      record.source_offset = file_->at();
      record.receive_time = last_.value_or(options_.start);
      return record;
    }
    Chunk& chunk = pending_.front();
    // Metadata first; before the first of it, its time; without any, the mission's start plus the
    // time on the stream's own clock.
    Instant time = options_.start + chunk.elapsed;
    if (chunk.time) {
      time = *chunk.time;
    } else if (first_) {
      time = *first_;
    }
    last_ = std::max(last_.value_or(time), time);
    record.receive_time = *last_;
    record.source_offset = chunk.offset;
    record.bytes = std::move(chunk.bytes);
    pending_.pop_front();
    return record;
  }

 private:
  struct Chunk {
    std::uint64_t offset = 0;
    std::string bytes;
    std::optional<Instant> time;  // of the newest metadata up to the end of the chunk
    Duration elapsed;             // newest presentation time after the first one
  };

  Result<void> Fill() {
    Chunk chunk;
    chunk.offset = file_->at();
    TW_ASSIGN_OR_RETURN(chunk.bytes, file_->Read(kChunkSize));
    finished_ = chunk.bytes.empty();
    if (finished_) return {};
    // A demuxer that gives up costs the times, not the bytes: they are evidence.
    if (demuxer_ != nullptr) {
      const auto packets = demuxer_->Push(AsBytes(chunk.bytes));
      if (packets) {
        for (const MediaPacket& packet : *packets) ReadTimes(packet);
      } else {
        demuxer_.reset();
      }
    }
    if (!first_) first_ = clock_.now();
    chunk.time = clock_.now();
    chunk.elapsed = elapsed_;
    pending_.push_back(std::move(chunk));
    return {};
  }

  void ReadTimes(const MediaPacket& packet) {
    if (packet.pts) {
      if (!first_pts_) first_pts_ = packet.pts;
      elapsed_ = std::max(elapsed_, *packet.pts - *first_pts_);
    }
    if (packet.kind != MediaKind::kKlv) return;
    for (const KlvRecord& record : SplitKlv(AsBytes(packet.data), packet.offset)) {
      const auto* klv = std::get_if<KlvPacket>(&record);
      if (klv == nullptr || !IsSt0601(*klv)) continue;
      const auto set = DecodeSt0601(*klv);
      if (set && IsSound(set->checksum) && set->time) clock_.Read(*set->time);
    }
  }

  RecordedFileOptions options_;
  std::unique_ptr<VideoFile> file_;
  std::unique_ptr<TsDemuxer> demuxer_;
  EventClock clock_;
  std::optional<Instant> first_;  // metadata time of the file
  std::optional<Instant> last_;   // receive time given last
  std::optional<Duration> first_pts_;
  Duration elapsed_;
  std::deque<Chunk> pending_;
  std::uint64_t sequence_ = 0;
  bool finished_ = false;  // the file is read
  bool ended_ = false;     // the last record was given
};

}  // namespace

Result<std::unique_ptr<RecordedSource>> OpenMpegTsFile(Storage& storage,
                                                       const RecordedFileOptions& options) {
  TW_ASSIGN_OR_RETURN(auto file, VideoFile::Open(storage, options.path));
  return std::make_unique<MpegTsFileSource>(options, std::move(file));
}

}  // namespace trucewatch
