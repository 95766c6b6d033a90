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
#include "tools/trucewatch/commands/detect_images.h"
#include "tools/trucewatch/commands/detect_parked.h"
#include "tools/trucewatch/commands/detect_scene.h"
#include "tools/trucewatch/progress_bar.h"
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
  TW_ASSIGN_OR_RETURN(const SceneLook look, DetectScene(file, time, command.min_score.value_or(0)));
  if (command.json) {
    std::printf("%s\n", look.line.c_str());
  } else {
    std::printf("%s: %zu detections of standing things of vehicle size%s%s\n", file.c_str(),
                look.detections,
                look.degraded.empty() ? "" : "; degraded: ", look.degraded.c_str());
  }
  return {};
}

struct Progress {
  ProgressBar* bar;
  std::size_t before;  // files done before these
  std::size_t of;
};

Result<void> DetectPictures(const DetectCommand& command, std::span<const std::string> files,
                            Detectors& detectors, const Progress& progress, int* code) {
  const auto sink = [&](const std::string& line) {
    if (!command.json) return;
    progress.bar->Clear();
    std::printf("%s\n", line.c_str());
  };
  const auto done = [&](std::size_t count) {
    progress.bar->Show(
        static_cast<double>(progress.before + count) / static_cast<double>(progress.of),
        fmt::format("{} of {}", progress.before + count, progress.of));
  };
  const auto seen = DetectInImages(command, files, detectors, sink, done);
  progress.bar->Clear();
  if (!seen) return tl::unexpected<Error>(seen.error());
  if (seen->failed > 0) *code = ExitCode(Error{ErrorCode::kBadInput, {}});
  // Beside the lines, for whoever measures; alone, for whoever looks.
  std::FILE* out = command.json ? stderr : stdout;
  if (command.json && (command.quiet || files.size() < 2)) return {};
  std::fprintf(
      out,
      "%s: %zu pictures, %zu detections, %zu groups of people; %.1f ms of one core a picture\n",
      files.size() == 1 ? files[0].c_str() : "pictures", seen->pictures, seen->detections,
      seen->groups, 1e3 * seen->cpu_s / static_cast<double>(seen->pictures));
  return {};
}

// A raster with a place on earth is looked at as a scene, unless a network is asked for; one
// without is a picture.
Result<void> DetectInRaster(const DetectCommand& command, const std::string& file,
                            Detectors& detectors, int* code) {
  if (command.model.empty() && (command.modality.empty() || command.modality == "sar")) {
    const Result<void> scene = DetectInScene(command, file);
    const bool tiff = IsTiff(file);
    if (scene || !tiff || command.modality == "sar") return scene;
  }
  ProgressBar none(false);
  return DetectPictures(command, std::span(&file, 1), detectors,
                        {.bar = &none, .before = 0, .of = 1}, code);
}

Result<void> DetectFile(const DetectCommand& command, const std::string& file,
                        const std::string& scratch, Detectors& detectors, int* code) {
  TW_ASSIGN_OR_RETURN(const SensorFormat format, RecogniseFile(file));
  if (format == SensorFormat::kUnknown) return tl::unexpected<Error>(NotASensorFile(file));
  if (format == SensorFormat::kRaster) return DetectInRaster(command, file, detectors, code);
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
  options.min_score = command.min_score.value_or(0);
  options.draw_directory = command.draw;
  options.draw_every = command.draw_every;
  options.evaluate = command.evaluate;
  if (!command.model.empty() || command.modality == "rgb" || command.modality == "ir") {
    TW_ASSIGN_OR_RETURN(options.looks, detectors.Asked());
  }
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
    std::printf("%s: %d frames, %llu detections of %s\n", file.c_str(), tally.frames,
                static_cast<unsigned long long>(tally.detections),
                options.looks == nullptr ? "moving objects" : "vehicles");
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
  TW_ASSIGN_OR_RETURN(const std::vector<std::string> files, ExpandFolders(command.files));
  if (command.parked) {
    Detectors detectors(command);
    ProgressBar bar(!command.quiet && files.size() > 1);
    auto code = DetectParked(command, files, detectors, [&](std::size_t done) {
      bar.Show(static_cast<double>(done) / static_cast<double>(files.size()),
               fmt::format("{} of {}", done, files.size()));
    });
    bar.Clear();
    return code;
  }
  std::string scratch =
      (std::filesystem::temp_directory_path() / "trucewatch-detect-XXXXXX").string();
  if (mkdtemp(scratch.data()) == nullptr)
    return Fail(ErrorCode::kIo, "no temporary folder can be made");
  int code = 0;
  Detectors detectors(command);
  ProgressBar bar(!command.quiet && files.size() > 1);
  for (std::size_t i = 0; i < files.size();) {
    std::size_t end = i;
    while (end < files.size() && IsStillPicture(files[end])) ++end;
    Result<void> result;
    if (end > i) {
      result = DetectPictures(command, std::span(files).subspan(i, end - i), detectors,
                              {.bar = &bar, .before = i, .of = files.size()}, &code);
      i = end;
    } else {
      bar.Show(static_cast<double>(i) / static_cast<double>(files.size()), files[i]);
      bar.Clear();
      result = DetectFile(command, files[i], scratch, detectors, &code);
      ++i;
    }
    if (result) continue;
    // One bad file costs that file.
    bar.Clear();
    std::fprintf(stderr, "trucewatch: %s\n", result.error().message.c_str());
    code = ExitCode(result.error());
  }
  std::filesystem::remove_all(scratch, error);
  return code;
}

}  // namespace trucewatch::tools
