// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <filesystem>

#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/commands/detect_images.h"
#include "tools/trucewatch/commands/detect_parked.h"
#include "tools/trucewatch/commands/detect_video.h"
#include "tools/trucewatch/file_workers.h"
#include "tools/trucewatch/progress_bar.h"
#include "tools/trucewatch/single_file.h"

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

Result<void> DetectInScene(const DetectCommand& command, const std::string& file,
                           FileWorkers& workers, bool* refused) {
  v1::FileJob job = JobAbout(file, command);
  v1::FileScene& scene = *job.mutable_scene();
  if (!command.time.empty()) {
    TW_ASSIGN_OR_RETURN(const Instant time, ParseUtc(command.time));
    scene.set_time_us(time.micros());
  }
  TW_ASSIGN_OR_RETURN(std::shared_ptr<const File> bytes, MakePosixStorage()->Open(file, false));
  TW_ASSIGN_OR_RETURN(
      const FileWorkers::Done done,
      workers.Run(0, FileWorkers::Network::kNone, std::move(job), {std::move(bytes)}));
  *refused = done.refused;
  if (done.refused) return Prefix(file, *done.error);
  if (done.error) return tl::unexpected<Error>(*done.error);
  const v1::FileResult& look = done.result;
  if (command.json) {
    for (const std::string& line : look.lines()) std::printf("%s\n", line.c_str());
  } else {
    std::printf("%s: %llu detections of standing things of vehicle size%s%s\n", file.c_str(),
                static_cast<unsigned long long>(look.detections()),
                look.degraded().empty() ? "" : "; degraded: ", PlainText(look.degraded()).c_str());
  }
  return {};
}

struct Progress {
  ProgressBar* bar;
  std::size_t before;  // files done before these
  std::size_t of;
};

Result<void> DetectPictures(const DetectCommand& command, std::span<const std::string> files,
                            FileWorkers& workers, const Progress& progress, int* code) {
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
  const auto seen = DetectInImages(command, files, workers, sink, done);
  progress.bar->Clear();
  if (!seen) return tl::unexpected<Error>(seen.error());
  if (!command.json) {
    for (const std::string& error : seen->errors) {
      std::fprintf(stderr, "trucewatch: %s\n", error.c_str());
    }
  }
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
                            FileWorkers& workers, int* code) {
  if (command.model.empty() && (command.modality.empty() || command.modality == "sar")) {
    bool refused = false;
    const Result<void> scene = DetectInScene(command, file, workers, &refused);
    const bool tiff = IsTiff(file);
    if (scene || refused || !tiff || command.modality == "sar") return scene;
  }
  ProgressBar none(false);
  return DetectPictures(command, std::span(&file, 1), workers, {.bar = &none, .before = 0, .of = 1},
                        code);
}

Result<void> DetectFile(const DetectCommand& command, const std::string& file, FileWorkers& workers,
                        int* code) {
  TW_ASSIGN_OR_RETURN(const SensorFormat format, RecogniseFile(file));
  if (format == SensorFormat::kUnknown) return tl::unexpected<Error>(NotASensorFile(file));
  if (format == SensorFormat::kRaster) return DetectInRaster(command, file, workers, code);
  if (!IsVideo(format)) {
    return Fail(ErrorCode::kBadInput,
                "{}: holds no pictures; expected an MPEG transport stream, an MP4, MOV or MKV "
                "file, or a satellite image",
                file);
  }
  Tally tally;
  const auto sink = [&](const std::string& line) {
    tally.Count(line);
    if (command.json) std::printf("%s\n", line.c_str());
  };
  const auto complain = [&](const std::string& what) {
    std::fprintf(stderr, "trucewatch: %s: %s\n", file.c_str(), PlainText(what).c_str());
  };
  TW_ASSIGN_OR_RETURN(const VideoSeen seen, DetectInVideo(command, file, workers, sink, complain));
  if (seen.refused > 0) *code = ExitCode(Error{ErrorCode::kBadInput, {}});
  if (tally.frames == 0) return Fail(ErrorCode::kBadInput, "{}: no picture could be decoded", file);
  if (!command.json) {
    std::printf("%s: %d frames, %llu detections of %s\n", file.c_str(), tally.frames,
                static_cast<unsigned long long>(tally.detections),
                command.model.empty() && command.modality.empty() ? "moving objects" : "vehicles");
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
  // One more, which takes videos apart for the others.
  FileWorkers workers({.program = kSanitized ? "" : "/proc/self/exe",
                       .limits = {.cpu = Duration::Seconds(command.limit_cpu_s),
                                  .memory_bytes = std::uint64_t{command.limit_memory_mib} << 20},
                       .workers = std::max(1U, command.threads) + std::size_t{1},
                       .model = command.model,
                       .modality = command.modality});
  TW_RETURN_IF_ERROR(workers.FindNetwork());
  ProgressBar bar(!command.quiet && files.size() > 1);
  if (command.parked) {
    auto code = DetectParked(command, files, workers, [&](std::size_t done) {
      bar.Show(static_cast<double>(done) / static_cast<double>(files.size()),
               fmt::format("{} of {}", done, files.size()));
    });
    bar.Clear();
    return code;
  }
  int code = 0;
  for (std::size_t i = 0; i < files.size();) {
    std::size_t end = i;
    while (end < files.size() && IsStillPicture(files[end])) ++end;
    Result<void> result;
    if (end > i) {
      result = DetectPictures(command, std::span(files).subspan(i, end - i), workers,
                              {.bar = &bar, .before = i, .of = files.size()}, &code);
      i = end;
    } else {
      bar.Show(static_cast<double>(i) / static_cast<double>(files.size()), files[i]);
      bar.Clear();
      result = DetectFile(command, files[i], workers, &code);
      ++i;
    }
    if (result) continue;
    // One bad file costs that file.
    bar.Clear();
    std::fprintf(stderr, "trucewatch: %s\n", result.error().message.c_str());
    code = ExitCode(result.error());
  }
  return code;
}

}  // namespace trucewatch::tools
