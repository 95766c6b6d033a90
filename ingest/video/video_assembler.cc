// SPDX-License-Identifier: Apache-2.0
#include "ingest/video/video_assembler.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "core/media/demuxer.h"
#include "ingest/video/metadata_reader.h"
#include "ingest/video/metadata_track.h"
#include "ingest/video/misp_time.h"

namespace trucewatch {
namespace {

constexpr std::size_t kMaxGroupBytes = 32 << 20;
constexpr std::size_t kMaxGroupPictures = 10'000;
constexpr Duration kMinSegment = Duration::Seconds(2);
constexpr std::size_t kMaxClosedGroups = 8;
constexpr std::size_t kMaxWaitingSamples = 4096;
constexpr Duration kMetadataWait = Duration::Seconds(1);
// A step of the programme's clock beyond this between pictures is another time line.
constexpr Duration kMaxClockStep = Duration::Seconds(10);
// Metadata arrives this near its pictures; stamps further off are on another scale (TAI, leap
// seconds).
constexpr Duration kMaxStampDifference = Duration::Seconds(5);
constexpr Duration kKeepMetadata = Duration::Seconds(3);

struct Picture {
  Duration pts;
  std::string data;
  bool key = false;
  std::optional<Instant> misp_time;
};

// Groups of pictures under way: from a key frame up to the first one kMinSegment later.
struct PictureGroup {
  std::uint64_t begin = 0;  // in the demuxer's stream; end: of the next group
  std::uint64_t end = 0;
  std::size_t bytes = 0;
  std::vector<Picture> pictures;
  Duration first_pts, last_pts;  // smallest and largest
  bool refused = false;          // too large; told
};

class VideoAssemblerImpl final : public VideoAssembler {
 public:
  explicit VideoAssemblerImpl(const VideoAssemblerOptions& options)
      : options_(options),
        demuxer_(TsDemuxer::Create()),
        metadata_({options.geoid_undulation_m, options.sigma}) {
    if (options_.lineage.sensor.empty()) options_.lineage.sensor = options_.source.value;
  }

  Result<std::vector<Output>> Push(const RawRecord& record, const Digest& digest) override {
    if (ended_) {
      return Fail(ErrorCode::kUsage, "source '{}': a record after its end", options_.source.value);
    }
    if (record.source != options_.source) {
      return Fail(ErrorCode::kUsage, "a record of source '{}' given to the assembler of '{}'",
                  record.source.value, options_.source.value);
    }
    receive_time_ = record.receive_time;
    if (!record.bytes.empty()) {
      records_.push_back(
          {stream_end_, stream_end_ + record.bytes.size(), record.source_offset, digest});
      stream_end_ += record.bytes.size();
      if (!refused_) Take(demuxer_->Push(AsBytes(record.bytes)));
    }
    if (record.end_of_source) {
      ended_ = true;
      if (!refused_) Take(demuxer_->Finish());
      if (!refused_) End();
    }
    DropOldRecords();
    return std::exchange(outputs_, {});
  }

 private:
  struct Record {
    std::uint64_t begin = 0;  // in the demuxer's stream
    std::uint64_t end = 0;
    std::uint64_t source_offset = 0;
    Digest digest{};
  };

  void Take(Result<std::vector<MediaPacket>> packets) {
    if (!packets) {
      // Told once; the source gives nothing.
      refused_ = true;
      AddFault("mpegts", 0, packets.error().message);
      return;
    }
    for (MediaPacket& packet : *packets) {
      if (packet.kind == MediaKind::kKlv) {
        TakeMetadata(packet);
      } else if (packet.kind == MediaKind::kVideo) {
        TakePicture(std::move(packet));
      }
      EmitReady(false);
    }
    const std::uint64_t corrupt = demuxer_->corrupt_packets();
    if (corrupt > corrupt_told_) {
      AddFault("mpegts", stream_end_,
               fmt::format("{} damaged or missing transport packets before this byte",
                           corrupt - corrupt_told_));
      corrupt_told_ = corrupt;
    }
  }

  void TakeMetadata(const MediaPacket& packet) {
    MetadataReader::Output got = metadata_.Push(packet);
    for (MetadataReader::Fault& fault : got.faults) {
      AddFault("st0601", fault.offset, std::move(fault.reason));
    }
    if (got.restart) {
      track_.Clear();
      waiting_.clear();
    }
    for (MetadataSample& sample : got.samples) {
      if (sample.own_pts) {
        track_.Add(std::move(sample));
      } else if (waiting_.size() < kMaxWaitingSamples) {
        waiting_.push_back({packet.offset, std::move(sample)});
      }
    }
  }

  // Metadata without a time stamp is taken to belong to the picture it follows in the stream.
  void PlaceWaitingSamples(std::uint64_t before_offset, Duration pts) {
    while (!waiting_.empty() && waiting_.front().first <= before_offset) {
      MetadataSample sample = std::move(waiting_.front().second);
      waiting_.pop_front();
      sample.pts = pts;
      track_.Add(std::move(sample));
    }
  }

  void TakePicture(MediaPacket packet) {
    if (!video_stream_) video_stream_ = packet.stream_index;
    if (packet.stream_index != *video_stream_) return;  // one picture stream a source
    const Duration pts = packet.pts.value_or(last_pts_.value_or(Duration()) + step_);
    if (last_pts_) {
      const Duration step = pts - *last_pts_;
      if (step > kMaxClockStep || step < -kMaxClockStep) StartNewTimeLine(packet.offset, step);
      if (step > Duration() && step < Duration::Seconds(1)) step_ = step;
    }
    PlaceWaitingSamples(packet.offset, last_pts_.value_or(pts));
    last_pts_ = pts;
    newest_pts_ = newest_pts_ ? std::max(*newest_pts_, pts) : pts;
    if (packet.key && !Continues(pts)) {
      CloseGroup(packet.offset);
      open_ = PictureGroup{};
      open_->begin = packet.offset;
      open_->first_pts = open_->last_pts = pts;
      if (pictures_before_key_ > 0) TellPicturesBeforeKey();
    }
    if (!open_) {
      if (pictures_before_key_++ == 0) first_before_key_ = packet.offset;
      return;
    }
    AddToGroup(std::move(packet), pts);
  }

  // Streams with a key frame every third of a second are common; what moves shows only over a
  // second or two, so short groups are kept together.
  bool Continues(Duration pts) const {
    return open_ && !open_->refused && pts > open_->first_pts &&
           pts - open_->first_pts < kMinSegment;
  }

  void AddToGroup(MediaPacket packet, Duration pts) {
    if (open_->refused) return;
    open_->bytes += packet.data.size();
    if (open_->bytes > kMaxGroupBytes || open_->pictures.size() == kMaxGroupPictures) {
      AddFault(StreamOf().codec, open_->begin,
               fmt::format("a group of pictures of more than {} MiB or {} pictures is refused, up "
                           "to the next key frame",
                           kMaxGroupBytes >> 20, kMaxGroupPictures));
      open_->refused = true;
      open_->pictures.clear();
      return;
    }
    open_->first_pts = std::min(open_->first_pts, pts);
    open_->last_pts = std::max(open_->last_pts, pts);
    const auto misp_time = ReadMispTime(packet.data);
    open_->pictures.push_back({pts, std::move(packet.data), packet.key, misp_time});
  }

  void TellPicturesBeforeKey() {
    AddFault(
        StreamOf().codec, first_before_key_,
        fmt::format("{} pictures before the first key frame cannot be decoded and are left out",
                    pictures_before_key_));
    pictures_before_key_ = 0;
  }

  void StartNewTimeLine(std::uint64_t offset, Duration step) {
    CloseGroup(offset);
    EmitReady(true);
    track_ = MetadataTrack();
    newest_pts_.reset();
    AddFault("mpegts", offset,
             fmt::format("the programme's clock steps by {:.3f} s", step.seconds()));
  }

  void CloseGroup(std::uint64_t end) {
    if (!open_) return;
    open_->end = end;
    if (!open_->refused && !open_->pictures.empty()) closed_.push_back(std::move(*open_));
    open_.reset();
  }

  void End() {
    if (last_pts_) PlaceWaitingSamples(stream_end_, *last_pts_);
    CloseGroup(stream_end_);
    EmitReady(true);
    if (pictures_before_key_ > 0) TellPicturesBeforeKey();
    if (!video_stream_)
      AddFault("mpegts", 0, "no video of a known codec (h264, hevc, mpeg2video) in the stream");
  }

  void EmitReady(bool all) {
    while (!closed_.empty()) {
      const Duration last = closed_.front().last_pts;
      const bool metadata_passed = track_.newest_pts() && *track_.newest_pts() >= last;
      const bool waited = newest_pts_ && *newest_pts_ - last > kMetadataWait;
      if (!all && !metadata_passed && !waited && closed_.size() <= kMaxClosedGroups) return;
      const PictureGroup group = std::move(closed_.front());
      closed_.pop_front();
      Emit(group);
      track_.DropBefore(group.first_pts - kKeepMetadata);
    }
  }

  void Emit(const PictureGroup& group) {
    const MediaStream& stream = StreamOf();
    VideoSegment segment;
    segment.source = options_.source;
    segment.lineage = options_.lineage;
    segment.lineage.modality =
        metadata_.infrared() ? Modality::kVideoInfrared : Modality::kVideoRgb;
    segment.codec = stream.codec;
    segment.extradata = stream.extradata;
    segment.width_px = stream.width_px;
    segment.height_px = stream.height_px;
    segment.exercise = metadata_.exercise() ||
                       track_.ExerciseAround(group.first_pts, group.last_pts).value_or(false);
    const auto clock = ClockOf(group);
    if (!clock) {
      AddFault(stream.codec, group.begin,
               fmt::format("{} pictures have no time: no metadata with a time within 2 s of them, "
                           "and no stamp in "
                           "them; they are left out",
                           group.pictures.size()));
      return;
    }
    for (const Picture& picture : group.pictures) {
      VideoFrame frame;
      frame.time = Instant::FromMicros(picture.pts.micros() + clock->utc_minus_pts.micros());
      frame.access_unit = picture.data;
      frame.key = picture.key;
      frame.pose_sigma = options_.sigma;
      if (const auto pose = track_.PoseAt(frame.time)) {
        frame.pose = pose->pose;
        frame.pose->width_px = stream.width_px;
        frame.pose->height_px = stream.height_px;
        frame.metadata_skew =
            clock->certain ? pose->skew : track_.DistanceTo(frame.time).value_or(pose->skew);
      }
      segment.frames.push_back(std::move(frame));
    }
    for (const Record& record : records_) {
      if (record.begin < group.end && record.end > group.begin)
        segment.raw_digests.push_back(record.digest);
    }
    outputs_.emplace_back(std::move(segment));
  }

  struct Clock {
    Duration utc_minus_pts;  // from the UTC epoch
    bool certain = false;    // not by the order of arrival alone
  };

  // Synchronous metadata ties the clock; else the stamps in the pictures (ST 0604), when they are
  // on the scale of the metadata; else the order of arrival.
  std::optional<Clock> ClockOf(const PictureGroup& group) const {
    const auto metadata = track_.OffsetAround(group.first_pts, group.last_pts);
    if (metadata && metadata->synchronous) return Clock{metadata->utc_minus_pts, true};
    std::vector<std::int64_t> stamps;
    for (const Picture& picture : group.pictures) {
      if (picture.misp_time) stamps.push_back(picture.misp_time->micros() - picture.pts.micros());
    }
    if (!stamps.empty()) {
      const auto middle = stamps.begin() + static_cast<std::ptrdiff_t>(stamps.size() / 2);
      std::nth_element(stamps.begin(), middle, stamps.end());
      const Duration by_stamp = Duration::Micros(*middle);
      if (!metadata) return Clock{by_stamp, true};
      const Duration apart = by_stamp - metadata->utc_minus_pts;
      if (apart < kMaxStampDifference && apart > -kMaxStampDifference) return Clock{by_stamp, true};
    }
    if (!metadata) return std::nullopt;
    return Clock{metadata->utc_minus_pts, false};
  }

  const MediaStream& StreamOf() const {
    static const MediaStream kNone;
    if (!video_stream_) return kNone;
    return demuxer_->streams()[static_cast<std::size_t>(*video_stream_)];
  }

  // `offset` in the demuxer's stream; the fault names the byte of the source.
  void AddFault(std::string format, std::uint64_t offset, std::string reason) {
    DataFault fault;
    fault.source = options_.source;
    fault.time = receive_time_;
    fault.format = std::move(format);
    fault.source_offset = offset;
    for (const Record& record : records_) {
      if (offset >= record.begin && offset <= record.end) {
        fault.source_offset = record.source_offset + (offset - record.begin);
        if (offset < record.end) break;
      }
    }
    fault.reason = std::move(reason);
    outputs_.emplace_back(std::move(fault));
  }

  // Records that nothing held still comes from. What FFmpeg itself holds reaches back at most
  // kProbe bytes.
  void DropOldRecords() {
    constexpr std::uint64_t kReach = 2 << 20;
    std::uint64_t needed = stream_end_ > kReach ? stream_end_ - kReach : 0;
    if (open_) needed = std::min(needed, open_->begin);
    for (const PictureGroup& group : closed_) needed = std::min(needed, group.begin);
    while (!records_.empty() && records_.front().end <= needed) records_.pop_front();
  }

  VideoAssemblerOptions options_;
  std::unique_ptr<TsDemuxer> demuxer_;
  MetadataReader metadata_;
  MetadataTrack track_;
  std::deque<std::pair<std::uint64_t, MetadataSample>>
      waiting_;  // stream position, sample without a time stamp
  std::optional<PictureGroup> open_;
  std::deque<PictureGroup> closed_;  // wait for the metadata of their last picture
  std::deque<Record> records_;
  std::vector<Output> outputs_;
  std::optional<int> video_stream_;
  std::optional<Duration> last_pts_;    // of the picture before, in order of decoding
  std::optional<Duration> newest_pts_;  // largest so far on this time line
  Duration step_ = Duration::Millis(40);
  Instant receive_time_;
  std::uint64_t stream_end_ = 0;
  std::uint64_t corrupt_told_ = 0;
  std::uint64_t first_before_key_ = 0;
  std::uint64_t pictures_before_key_ = 0;
  bool refused_ = false;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<VideoAssembler> VideoAssembler::Create(const VideoAssemblerOptions& options) {
  return std::make_unique<VideoAssemblerImpl>(options);
}

}  // namespace trucewatch
