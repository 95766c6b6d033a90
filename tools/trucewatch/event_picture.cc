// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/event_picture.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/types/codec.h"
#include "detect/report.h"
#include "detect/segment.h"
#include "tools/trucewatch/stage_factory.h"

namespace trucewatch::tools {
namespace {

constexpr std::uint64_t kBatchBytes = 8U << 20U;
constexpr std::size_t kMaxPictures = 6;  // a page must stay light

// The segment of a source that holds an instant, or nothing.
Result<std::optional<VideoSegment>> SegmentAt(LogReader& log, const SourceId& source,
                                              Instant time) {
  std::uint64_t after = 0;
  while (true) {
    TW_ASSIGN_OR_RETURN(const LogBatch batch, log.ReadAfter(after, kBatchBytes, Duration()));
    if (batch.records.empty()) return std::nullopt;
    for (const LogRecord& record : batch.records) {
      after = record.sequence;
      TW_ASSIGN_OR_RETURN(const v1::Envelope envelope, ParseEnvelope(record.payload));
      if (!envelope.has_video_segment()) continue;
      const auto& message = envelope.video_segment();
      if (message.source_id() != source.value || message.frames().empty() ||
          message.frames(0).time_us() > time.micros() ||
          message.frames(message.frames_size() - 1).time_us() < time.micros()) {
        continue;
      }
      TW_ASSIGN_OR_RETURN(VideoSegment segment, FromProto(message));
      return segment;
    }
  }
}

Result<std::optional<PagePicture>> Draw(const MissionFile& mission, const VideoSegment& segment,
                                        Instant time, const std::string& caption) {
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<Terrain> terrain, LoadTerrain(mission));
  ReportOptions options;
  options.file = segment.source.value;
  options.motion = MotionOptionsFrom(mission.config.detect());
  options.people = PeopleOptionsFrom(mission.config.detect());
  // Pictures are numbered in order of presentation, evenly spaced: the one nearest in time is
  // taken.
  std::vector<std::string> drawn;
  options.draw = [&](int, const std::string& png) -> Result<void> {
    drawn.push_back(png);
    return {};
  };
  TW_RETURN_IF_ERROR(ReportSegment(segment, options, *terrain, 0, [](const std::string&) {}));
  if (drawn.empty()) return std::nullopt;
  const Duration length = segment.frames.back().time - segment.frames.front().time;
  const double share =
      length > Duration() ? (time - segment.frames.front().time).seconds() / length.seconds() : 0;
  const auto index =
      static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(drawn.size() - 1));
  return PagePicture{.caption = caption, .mime = "image/png", .bytes = std::move(drawn[index])};
}

}  // namespace

Result<std::vector<PagePicture>> EventPictures(const MissionFile& mission,
                                               const MissionRecord& record, LogReader& ingest) {
  std::vector<PagePicture> pictures;
  for (const EventRecord& event : record.events) {
    const Finding& finding = event.latest();
    if (finding.state != EventState::kVerified || pictures.size() >= kMaxPictures) continue;
    if (finding.object_class == ObjectClass::kPersonGroup) continue;  // no pictures of people
    for (const Support& support : finding.supports) {
      if (support.lineage.modality == Modality::kRadarGmti) continue;
      // Tracks are settled with hindsight: a source may have seen more after the moment.
      const Instant at = std::min(support.last, finding.time_last);
      TW_ASSIGN_OR_RETURN(const auto segment, SegmentAt(ingest, support.source, at));
      if (!segment) continue;
      TW_ASSIGN_OR_RETURN(auto picture,
                          Draw(mission, *segment, at,
                               fmt::format("{} at {}: what {} saw when the event was {}. Boxes are "
                                           "moving objects, from 'motion-1'. For officers.",
                                           finding.rule, FormatUtc(at), support.source.value,
                                           StateName(finding.state))));
      if (picture) pictures.push_back(std::move(*picture));
      break;
    }
  }
  return pictures;
}

}  // namespace trucewatch::tools
