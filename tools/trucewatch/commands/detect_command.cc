// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <filesystem>
#include <optional>

#include "core/crypto/sha256.h"
#include "detect/report.h"
#include "detect/segment.h"
#include "ingest/feed.h"
#include "ingest/recorded/recorded_source.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/commands/detect_scene.h"
#include "tools/trucewatch/single_file.h"
#include "tools/trucewatch/stage_factory.h"

namespace trucewatch::tools {
namespace {

// What a person reads when no JSON is asked for.
struct Tally {
  int frames = 0;
  std::uint64_t detections = 0;
  void Count(const std::string& line) {
    ++frames;
    for (std::size_t at = 0; (at = line.find("\"score\"", at)) != std::string::npos; ++at)
      ++detections;
  }
};

Result<void> DetectInScene(const DetectCommand& command, const std::string& file) {
  std::optional<Instant> time;
  if (!command.time.empty()) {
    TW_ASSIGN_OR_RETURN(time, ParseUtc(command.time));
  }
  TW_ASSIGN_OR_RETURN(const SceneLook look, DetectScene(file, time, command.min_score));
  if (command.json) {
    std::printf("%s\n", look.line.c_str());
  } else {
    std::printf("%s: %zu detections of standing things of vehicle size%s%s\n", file.c_str(),
                look.detections,
                look.degraded.empty() ? "" : "; degraded: ", look.degraded.c_str());
  }
  return {};
}

Result<void> DetectFile(const DetectCommand& command, const std::string& file,
                        const std::string& scratch) {
  TW_ASSIGN_OR_RETURN(const SensorFormat format, RecogniseFile(file));
  if (format == SensorFormat::kUnknown) return tl::unexpected<Error>(NotASensorFile(file));
  if (format == SensorFormat::kRaster) return DetectInScene(command, file);
  if (!IsVideo(format)) {
    return Fail(ErrorCode::kBadInput,
                "{}: holds no pictures; expected an MPEG transport stream, an MP4, MOV or MKV "
                "file, or a satellite image",
                file);
  }
  TW_ASSIGN_OR_RETURN(const MissionFile mission, MissionForSingleFile(file, scratch));
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<Terrain> terrain, LoadTerrain(mission));
  const std::unique_ptr<Storage> storage = MakePosixStorage();
  const auto& config = mission.config.source(0);
  TW_ASSIGN_OR_RETURN(const auto source, OpenRecordedSource(*storage, mission, config));
  TW_ASSIGN_OR_RETURN(const auto feed,
                      MakeFeed({.source = &config,
                                .terrain_config = &mission.config.terrain(),
                                .terrain = terrain.get(),
                                .ground_height_hae_m = mission.config.origin_height_hae_m()}));
  ReportOptions options;
  options.file = file;
  auto detect = mission.config.detect();
  if (command.gsd_m > 0) detect.set_working_gsd_m(command.gsd_m);
  options.motion = MotionOptionsFrom(detect);
  options.people = PeopleOptionsFrom(detect);
  options.min_score = command.min_score;
  options.draw_directory = command.draw;
  options.draw_every = command.draw_every;
  Tally tally;
  const LineSink sink = [&](const std::string& line) {
    tally.Count(line);
    if (command.json) std::printf("%s\n", line.c_str());
  };
  int next_frame = 0;
  while (true) {
    TW_ASSIGN_OR_RETURN(const auto record, source->Next());
    if (!record) break;
    TW_ASSIGN_OR_RETURN(const auto items, feed->Push(*record, Sha256(record->bytes)));
    for (const FeedItem& item : items) {
      if (const auto* fault = std::get_if<DataFault>(&item)) {
        std::fprintf(stderr, "trucewatch: %s: byte %llu: %s\n", file.c_str(),
                     static_cast<unsigned long long>(fault->source_offset), fault->reason.c_str());
      }
      const auto* segment = std::get_if<VideoSegment>(&item);
      if (segment == nullptr) continue;
      const auto next = ReportSegment(*segment, options, *terrain, next_frame, sink);
      if (next) {
        next_frame = *next;
      } else {
        std::fprintf(stderr, "trucewatch: %s: %s\n", file.c_str(), next.error().message.c_str());
      }
    }
  }
  if (tally.frames == 0) return Fail(ErrorCode::kBadInput, "{}: no picture could be decoded", file);
  if (!command.json) {
    std::printf("%s: %d frames, %llu detections of moving objects\n", file.c_str(), tally.frames,
                static_cast<unsigned long long>(tally.detections));
  }
  return {};
}

}  // namespace

Result<int> RunDetect(const DetectCommand& command) {
  std::error_code error;
  if (!command.draw.empty()) {
    std::filesystem::create_directories(command.draw, error);
    if (error)
      return Fail(ErrorCode::kIo, "{}: the folder cannot be made: {}", command.draw,
                  error.message());
  }
  std::string scratch =
      (std::filesystem::temp_directory_path() / "trucewatch-detect-XXXXXX").string();
  if (mkdtemp(scratch.data()) == nullptr)
    return Fail(ErrorCode::kIo, "no temporary folder can be made");
  int code = 0;
  for (const std::string& file : command.files) {
    const Result<void> result = DetectFile(command, file, scratch);
    if (result) continue;
    // One bad file costs that file.
    std::fprintf(stderr, "trucewatch: %s\n", result.error().message.c_str());
    code = ExitCode(result.error());
  }
  std::filesystem::remove_all(scratch, error);
  return code;
}

}  // namespace trucewatch::tools
