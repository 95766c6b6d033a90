// SPDX-License-Identifier: Apache-2.0
#include "ingest/video/inspect_ts.h"

#include <algorithm>
#include <map>
#include <span>
#include <vector>

#include "core/json/json_writer.h"
#include "core/media/demuxer.h"
#include "core/types/observation.h"
#include "ingest/video/alignment.h"
#include "ingest/video/metadata_streams.h"
#include "ingest/video/misp_time.h"

namespace trucewatch {
namespace {

constexpr std::size_t kTsChunk = 256 << 10;
constexpr Duration kStretch = Duration::Seconds(3);
constexpr std::size_t kMaxPictures = 20'000;

class TsInspector {
 public:
  TsInspector(const std::string& file, const EmitLine& emit)
      : file_(file), emit_(emit), demuxer_(TsDemuxer::Create()) {}

  Result<void> Run(const ReadChunk& read) {
    while (true) {
      TW_ASSIGN_OR_RETURN(const std::string chunk, read(kTsChunk));
      size_ += chunk.size();
      auto packets = chunk.empty() ? demuxer_->Finish() : demuxer_->Push(AsBytes(chunk));
      if (!packets) return Prefix(file_, packets.error());
      for (const MediaPacket& packet : *packets) Take(packet);
      TellDamage();
      if (chunk.empty()) break;
    }
    Measure(times_);
    if (metadata_.followed()) TellAlignment();
    return {};
  }

 private:
  void Take(const MediaPacket& packet) {
    if (packet.kind == MediaKind::kVideo) {
      const MediaStream& stream =
          demuxer_->streams()[static_cast<std::size_t>(packet.stream_index)];
      if (video_width_px_ == 0) video_width_px_ = static_cast<std::uint64_t>(stream.width_px);
      TellPicture(packet, stream);
      TimePicture(packet);
    } else if (packet.kind == MediaKind::kKlv) {
      KlvLineContext context;
      context.file = file_;
      context.offset = packet.offset;
      context.stream = packet.stream_index;
      if (packet.pts) context.pts_s = packet.pts->seconds();
      context.video_width_px = video_width_px_;
      context.repaired = packet.repaired;
      if (packet.lost_cells > 0) TellLostCells(packet);
      for (const KlvRecord& record : SplitKlv(AsBytes(packet.data)))
        emit_(KlvRecordLine(context, record));
      TimeMetadata(packet);
    }
  }

  void TimeMetadata(const MediaPacket& packet) {
    lost_cells_[packet.stream_index] += packet.lost_cells;
    // What is wrong in it stands in the lines of its records.
    (void)metadata_.Push(packet, static_cast<int>(video_width_px_));
  }

  // Of the first picture stream.
  void TimePicture(const MediaPacket& packet) {
    if (!video_stream_) video_stream_ = packet.stream_index;
    if (packet.stream_index != *video_stream_ || !packet.pts) return;
    metadata_.PlaceWaiting(packet.offset, last_pts_.value_or(*packet.pts));
    last_pts_ = packet.pts;
    const auto stamp = ReadMispTime(packet.data);
    times_.push_back({*packet.pts, stamp ? std::optional(stamp->time) : std::nullopt});
    if (times_.back().pts - times_.front().pts < kStretch * 2 && times_.size() < kMaxPictures)
      return;
    // The metadata of the older half has come.
    const auto half = times_.begin() + static_cast<std::ptrdiff_t>(times_.size() / 2);
    const std::vector<PictureTime> older(times_.begin(), half);
    times_.erase(times_.begin(), half);
    Measure(older);
    metadata_.DropBefore(times_.front().pts - kStretch);
  }

  void Measure(std::span<const PictureTime> pictures) {
    if (pictures.empty()) return;
    (void)metadata_.Choose(pictures.front().pts, pictures.back().pts);
    const auto tie = TieClock(metadata_.track(), pictures);
    for (const PictureTime& picture : pictures) {
      ++pictures_;
      const auto pose = tie ? AlignedPose(metadata_.track(), *tie, picture.pts) : std::nullopt;
      if (!pose) continue;
      ++with_pose_;
      largest_skew_ = std::max(largest_skew_, pose->skew);
      if (pose->skew > VideoSegment::kMaxMetadataSkew) ++skewed_;
    }
  }

  // The last line of a stream with metadata.
  void TellAlignment() {
    JsonWriter json;
    json.BeginObject().Field("file", file_).Field("offset", size_).Field("length", 0);
    json.Field("format", std::string_view("alignment")).Field("ok", true);
    json.Field("stream", *metadata_.followed());
    json.Key("klv_streams").BeginArray();
    for (const MediaStream& stream : demuxer_->streams()) {
      if (stream.kind != MediaKind::kKlv) continue;
      const MetadataStreams::Totals totals = metadata_.TotalsOf(stream.index);
      json.BeginObject().Field("stream", stream.index).Field("synchronous", stream.synchronous);
      json.Field("st0601_with_time", totals.packets).Field("st0601_with_pose", totals.poses);
      json.Field("lost_cells", lost_cells_[stream.index]);
      json.EndObject();
    }
    json.EndArray();
    json.Field("pictures", pictures_).Field("pictures_with_pose", with_pose_);
    json.Field("largest_skew_s", largest_skew_.seconds());
    json.Field("skewed_pictures", skewed_).Field("skewed", skewed_ > 0);
    emit_(json.EndObject().text());
  }

  void TellLostCells(const MediaPacket& packet) {
    JsonWriter json;
    json.BeginObject().Field("file", file_).Field("offset", packet.offset).Field("length", 0);
    json.Field("format", std::string_view("klv")).Field("ok", false);
    json.Field("stream", packet.stream_index);
    json.Field("error", fmt::format("{} metadata access unit cells are missing before this byte: "
                                    "their sequence number jumps",
                                    packet.lost_cells));
    emit_(json.EndObject().text());
  }

  void TellPicture(const MediaPacket& packet, const MediaStream& stream) {
    JsonWriter json;
    json.BeginObject().Field("file", file_).Field("offset", packet.offset);
    json.Field("length", std::uint64_t{packet.data.size()})
        .Field("format", std::string_view("video"));
    json.Field("ok", true).Field("stream", packet.stream_index).Field("codec", stream.codec);
    if (packet.pts) json.Field("pts_s", packet.pts->seconds());
    if (const auto stamp = ReadMispTime(packet.data)) {
      json.Field("time_utc", FormatUtc(stamp->time));
      json.Field("time_locked", stamp->locked());
      json.Field("time_discontinuity", stamp->discontinuity());
      if (stamp->discontinuity()) json.Field("time_reverse", stamp->reverse());
      json.Field("time_status", HexEncode(Bytes(&stamp->status, 1)));
      json.Field("time_unit", std::string_view(stamp->nanoseconds ? "ns" : "us"));
    }
    json.Field("key", packet.key);
    json.Field("width_px", stream.width_px).Field("height_px", stream.height_px);
    emit_(json.EndObject().text());
  }

  void TellDamage() {
    const std::uint64_t corrupt = demuxer_->corrupt_packets();
    if (corrupt == corrupt_told_) return;
    JsonWriter json;
    json.BeginObject().Field("file", file_).Field("offset", size_).Field("length", 0);
    json.Field("format", std::string_view("video")).Field("ok", false);
    json.Field("error", fmt::format("{} damaged or missing transport packets before this byte",
                                    corrupt - corrupt_told_));
    emit_(json.EndObject().text());
    corrupt_told_ = corrupt;
  }

  const std::string& file_;
  const EmitLine& emit_;
  std::unique_ptr<TsDemuxer> demuxer_;
  std::uint64_t size_ = 0;
  std::uint64_t corrupt_told_ = 0;
  std::uint64_t video_width_px_ = 0;

  std::map<int, std::uint64_t> lost_cells_;  // by stream
  MetadataStreams metadata_{PlatformStateOptions{}};
  std::vector<PictureTime> times_;  // not measured yet
  std::optional<int> video_stream_;
  std::optional<Duration> last_pts_;
  std::uint64_t pictures_ = 0, with_pose_ = 0, skewed_ = 0;
  Duration largest_skew_;
};

}  // namespace

Result<void> InspectTs(const std::string& file, const ReadChunk& read, const EmitLine& emit) {
  return TsInspector(file, emit).Run(read);
}

}  // namespace trucewatch
