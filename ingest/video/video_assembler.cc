// SPDX-License-Identifier: Apache-2.0
#include "ingest/video/video_assembler.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "core/base/check.h"
#include "core/media/demuxer.h"
#include "ingest/video/alignment.h"
#include "ingest/video/metadata_streams.h"
#include "ingest/video/misp_time.h"
#include "ingest/video/vmti_looks.h"

namespace trucewatch {
namespace {

constexpr std::size_t kMaxGroupBytes = 32 << 20;
constexpr std::size_t kMaxGroupPictures = 10'000;
constexpr Duration kMinSegment = Duration::Seconds(2);
constexpr std::size_t kMaxClosedGroups = 8;
constexpr std::size_t kMaxWaitingTargetSets = 1024;
constexpr std::size_t kMaxSidecarDigests = 64;
constexpr Duration kTieRounding = Duration::Millis(1);
constexpr Duration kMetadataWait = Duration::Seconds(1);
// A step of the programme's clock beyond this between pictures is another time line.
constexpr Duration kMaxClockStep = Duration::Seconds(10);
constexpr Duration kKeepMetadata = Duration::Seconds(3);

struct Picture {
  std::string data;
  bool key = false;
};

// Groups of pictures under way: from a key frame up to the first one kMinSegment later.
struct PictureGroup {
  std::uint64_t begin = 0;  // in the demuxer's stream; end: of the next group
  std::uint64_t end = 0;
  std::size_t bytes = 0;
  std::vector<Picture> pictures;
  std::vector<PictureTime> times;  // of the same
  Duration first_pts, last_pts;    // smallest and largest
  bool refused = false;            // too large; told
};

class VideoAssemblerImpl final : public VideoAssembler {
 public:
  explicit VideoAssemblerImpl(const VideoAssemblerOptions& options)
      : options_(options),
        demuxer_(TsDemuxer::Create()),
        metadata_({options.geoid_undulation_m, options.sigma}, options.use_vmti) {
    TW_CHECK(!options.use_vmti || options.terrain != nullptr);
    if (options.dji_sidecar) sidecar_.emplace(*options.dji_sidecar);
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
    metadata_.TakeLastTime();
    if (sidecar_ && TakeSidecar(record, digest)) return std::exchange(outputs_, {});
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

  const VmtiCounts& vmti_counts() const override { return vmti_counts_; }
  std::optional<Instant> last_metadata_time() const override { return metadata_.last_time(); }

 private:
  struct Record {
    std::uint64_t begin = 0;  // in the demuxer's stream
    std::uint64_t end = 0;
    std::uint64_t source_offset = 0;
    Digest digest{};
  };

  // True when the record is of the sidecar.
  bool TakeSidecar(const RawRecord& record, const Digest& digest) {
    if (sidecar_read_) return false;
    const bool begins = record.source_offset == 0 && sidecar_size_ == 0;
    if (!record.end_of_source && (begins || record.source_offset > 0)) {
      sidecar_->Push(AsBytes(record.bytes));
      sidecar_size_ += record.bytes.size();
      sidecar_digests_.push_back(digest);
      return true;
    }
    sidecar_read_ = true;
    for (DjiSidecar::Fault& fault : sidecar_->Finish()) {
      outputs_.emplace_back(DataFault{options_.source, receive_time_, "dji_srt", fault.offset,
                                      std::move(fault.reason)});
    }
    return false;
  }

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
    for (MetadataReader::Fault& fault : metadata_.Push(packet, StreamOf().width_px)) {
      AddFault("st0601", fault.offset, std::move(fault.reason));
    }
    // Without pictures there is no segment to come before.
    if (metadata_.target_sets() >= kMaxWaitingTargetSets) EmitTargets(std::nullopt);
  }

  void TakePicture(MediaPacket packet) {
    if (!video_stream_) video_stream_ = packet.stream_index;
    if (packet.stream_index != *video_stream_) return;  // one picture stream a source
    const Duration pts = packet.pts.value_or(last_pts_.value_or(Duration()) + step_);
    if (last_pts_) {
      const Duration step = pts - *last_pts_;
      if (step > kMaxClockStep || step < -kMaxClockStep) {
        metadata_.PlaceWaiting(packet.offset, *last_pts_);
        StartNewTimeLine(packet.offset, step);
      }
      if (step > Duration() && step < Duration::Seconds(1)) step_ = step;
    }
    metadata_.PlaceWaiting(packet.offset, last_pts_.value_or(pts));
    last_pts_ = pts;
    newest_pts_ = newest_pts_ ? std::max(*newest_pts_, pts) : pts;
    if (sidecar_) {
      if (!sidecar_origin_) sidecar_origin_ = pts;
      metadata_.AddBeside(sidecar_->SamplesUpTo(pts - *sidecar_origin_ + kMetadataWait,
                                                *sidecar_origin_, StreamOf().width_px,
                                                StreamOf().height_px));
    }
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
      open_->times.clear();
      return;
    }
    open_->first_pts = std::min(open_->first_pts, pts);
    open_->last_pts = std::max(open_->last_pts, pts);
    const auto stamp = ReadMispTime(packet.data);
    if (stamp) TellLock(packet.offset, *stamp);
    open_->times.push_back({pts, stamp ? std::optional(stamp->time) : std::nullopt});
    open_->pictures.push_back({std::move(packet.data), packet.key});
  }

  // Once a change.
  void TellLock(std::uint64_t offset, const MispStamp& stamp) {
    if (stamp.locked() == locked_) return;
    locked_ = stamp.locked();
    AddFault(
        StreamOf().codec, offset,
        fmt::format("the time stamps in the pictures are {} locked to an absolute clock "
                    "(status {:02x}){}",
                    locked_ ? "again" : "not", stamp.status, locked_ ? "" : "; they are used"));
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
    metadata_.Restart();
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
    if (last_pts_) metadata_.PlaceWaiting(stream_end_, *last_pts_);
    CloseGroup(stream_end_);
    EmitReady(true);
    EmitTargets(std::nullopt);
    if (pictures_before_key_ > 0) TellPicturesBeforeKey();
    if (!video_stream_)
      AddFault("mpegts", 0, "no video of a known codec (h264, hevc, mpeg2video) in the stream");
  }

  // By its place in the stream, and, where it comes later than its pictures, by its own time.
  bool MetadataPassed(const PictureGroup& group) const {
    const MetadataTrack& track = metadata_.track();
    if (!track.newest_pts() || *track.newest_pts() < group.last_pts) return false;
    const auto tie = TieClock(track, group.times);
    const Duration last = group.last_pts + (tie ? tie->utc_minus_pts : Duration());
    return !tie || *track.newest_time() + kTieRounding >= Instant::FromMicros(last.micros());
  }

  void EmitReady(bool all) {
    while (!closed_.empty()) {
      const Duration last = closed_.front().last_pts;
      const bool metadata_passed = MetadataPassed(closed_.front());
      const bool waited = newest_pts_ && *newest_pts_ - last > kMetadataWait;
      if (!all && !metadata_passed && !waited && closed_.size() <= kMaxClosedGroups) return;
      const PictureGroup group = std::move(closed_.front());
      closed_.pop_front();
      Emit(group);
      metadata_.DropBefore(group.first_pts - kKeepMetadata);
    }
  }

  void Emit(const PictureGroup& group) {
    if (auto choice = metadata_.Choose(group.first_pts, group.last_pts)) {
      AddFault("st0601", group.begin, std::move(*choice));
    }
    const MediaStream& stream = StreamOf();
    const MetadataTrack& track = metadata_.track();
    VideoSegment segment;
    segment.source = options_.source;
    segment.lineage = LineageNow();
    segment.codec = stream.codec;
    segment.extradata = stream.extradata;
    segment.width_px = stream.width_px;
    segment.height_px = stream.height_px;
    segment.exercise = metadata_.exercise() ||
                       track.ExerciseAround(group.first_pts, group.last_pts).value_or(false);
    const auto tie = TieClock(track, group.times);
    if (!tie) {
      AddFault(stream.codec, group.begin,
               fmt::format("{} pictures have no time: no metadata with a time within 2 s of them, "
                           "and no stamp in "
                           "them; they are left out",
                           group.pictures.size()));
      return;
    }
    for (std::size_t i = 0; i < group.pictures.size(); ++i) {
      segment.frames.push_back(FrameOf(group.pictures[i], group.times[i].pts, *tie, track, stream));
      segment.metadata_skew = std::max(segment.metadata_skew, segment.frames.back().metadata_skew);
    }
    TellSkew(group, segment.metadata_skew, *tie);
    EmitTargets(Instant::FromMicros(group.last_pts.micros() + tie->utc_minus_pts.micros()));
    for (const Record& record : records_) {
      if (record.begin < group.end && record.end > group.begin)
        segment.raw_digests.push_back(record.digest);
    }
    // The whole sidecar is few records; its times and poses are in every segment.
    if (metadata_.followed() == MetadataStreams::kBeside) {
      const auto count = std::min(sidecar_digests_.size(), kMaxSidecarDigests);
      segment.raw_digests.insert(segment.raw_digests.end(), sidecar_digests_.begin(),
                                 sidecar_digests_.begin() + static_cast<std::ptrdiff_t>(count));
    }
    outputs_.emplace_back(std::move(segment));
  }

  Lineage LineageNow() const {
    Lineage lineage = options_.lineage;
    lineage.modality = metadata_.infrared() ? Modality::kVideoInfrared : Modality::kVideoRgb;
    return lineage;
  }

  // As stated, widened by what the closure test leaves over and by the distance of the metadata.
  CameraPoseSigma SigmaOf(const MetadataTrack::PoseAtTime& pose, Instant time,
                          const MetadataTrack& track) const {
    CameraPoseSigma sigma = options_.sigma;
    sigma.sensor_angles = std::max(sigma.sensor_angles, pose.sensor_sigma);
    const auto rates = pose.skew > Duration() ? track.RatesAt(time) : std::nullopt;
    return rates ? Widened(sigma, *rates, pose.skew) : sigma;
  }

  VideoFrame FrameOf(const Picture& picture, Duration pts, const ClockTie& tie,
                     const MetadataTrack& track, const MediaStream& stream) const {
    VideoFrame frame;
    frame.time = Instant::FromMicros(pts.micros() + tie.utc_minus_pts.micros());
    frame.access_unit = picture.data;
    frame.key = picture.key;
    frame.pose_sigma = options_.sigma;
    const auto pose = AlignedPose(track, tie, pts);
    if (!pose) return frame;
    frame.pose = pose->pose;
    frame.pose->width_px = stream.width_px;
    frame.pose->height_px = stream.height_px;
    frame.metadata_skew = pose->skew;
    frame.pose_sigma = SigmaOf(*pose, frame.time, track);
    return frame;
  }

  // Those up to `last`, or all.
  void EmitTargets(std::optional<Instant> last) {
    if (!options_.use_vmti) return;
    VmtiOptions vmti;
    vmti.source = options_.source;
    vmti.lineage = LineageNow();
    vmti.terrain = options_.terrain;
    vmti.detection_probability = options_.vmti_detection_probability;
    vmti.false_alarms_per_km2 = options_.vmti_false_alarms_per_km2;
    for (const MetadataReader::Targets& targets : metadata_.TakeTargets(last)) {
      VmtiLook got = LookFromVmti(targets, CameraAt(targets.time), vmti);
      ++vmti_counts_.looks;
      vmti_counts_.detections += got.look.detections.size();
      vmti_counts_.persons += static_cast<std::uint64_t>(got.persons);
      vmti_counts_.others += static_cast<std::uint64_t>(got.others);
      vmti_counts_.unseen += static_cast<std::uint64_t>(got.unseen);
      vmti_counts_.unplaced += static_cast<std::uint64_t>(got.unplaced);
      vmti_counts_.beyond += static_cast<std::uint64_t>(got.beyond);
      got.look.exercise = got.look.exercise || metadata_.exercise();
      for (const Record& record : records_) {
        if (record.begin <= targets.offset && targets.offset < record.end)
          got.look.raw_digests.push_back(record.digest);
      }
      outputs_.emplace_back(std::move(got.look));
    }
  }

  std::optional<VmtiCamera> CameraAt(Instant time) const {
    const auto pose = metadata_.track().PoseAt(time);
    if (!pose) return std::nullopt;
    VmtiCamera camera{pose->pose, SigmaOf(*pose, time, metadata_.track())};
    camera.pose.width_px = StreamOf().width_px;
    camera.pose.height_px = StreamOf().height_px;
    return camera;
  }

  // Once a change.
  void TellSkew(const PictureGroup& group, Duration skew, const ClockTie& tie) {
    const bool skewed = skew > VideoSegment::kMaxMetadataSkew;
    if (skewed == skewed_) return;
    skewed_ = skewed;
    if (!skewed) {
      AddFault("st0601", group.begin, "the metadata is within 0.1 s of its pictures again");
      return;
    }
    std::string why = tie.certain ? "" : "; it has no time stamps and is placed by its arrival";
    if (tie.disagreement > VideoSegment::kMaxMetadataSkew) {
      why = fmt::format("; the stamps in the pictures and the metadata differ by {:.3f} s",
                        tie.disagreement.seconds());
    }
    AddFault("st0601", group.begin,
             fmt::format("the metadata is up to {:.3f} s beside its pictures, more than 0.1 s{}: "
                         "poses are widened by what the platform moves in that time",
                         skew.seconds(), why));
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
  MetadataStreams metadata_;
  std::optional<PictureGroup> open_;
  std::deque<PictureGroup> closed_;  // wait for the metadata of their last picture
  std::deque<Record> records_;
  std::optional<DjiSidecar> sidecar_;
  bool sidecar_read_ = false;
  std::uint64_t sidecar_size_ = 0;
  std::vector<Digest> sidecar_digests_;
  std::optional<Duration> sidecar_origin_;  // pts of the first picture
  std::vector<Output> outputs_;
  VmtiCounts vmti_counts_;
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
  bool locked_ = true;   // the stamps in the pictures; told
  bool skewed_ = false;  // the metadata of the last segment; told
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<VideoAssembler> VideoAssembler::Create(const VideoAssemblerOptions& options) {
  return std::make_unique<VideoAssemblerImpl>(options);
}

}  // namespace trucewatch
