// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/commands/detect_images.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include "core/raster/scene_reader.h"
#include "detect/image_report.h"
#include "tools/trucewatch/model_files.h"

namespace trucewatch::tools {
namespace {

constexpr std::uintmax_t kMaxImageBytes = std::uintmax_t{512} << 20U;
using v1::config::ModelCard;

std::string LowerExtension(const std::string& file) {
  std::string extension = std::filesystem::path(file).extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension;
}

bool IsOneOf(const std::string& extension, std::initializer_list<const char*> some) {
  return std::any_of(some.begin(), some.end(), [&](const char* e) { return extension == e; });
}

bool HasImageName(const std::string& file) {
  return IsOneOf(LowerExtension(file), {".jpg", ".jpeg", ".png", ".bmp", ".webp"});
}

bool HasNameToDetectIn(const std::string& file) {
  return HasImageName(file) ||
         IsOneOf(LowerExtension(file), {".tif", ".tiff", ".jp2", ".ntf", ".nitf", ".ts", ".mpg",
                                        ".mpeg", ".mp4", ".mov", ".mkv"});
}

Result<std::string> ReadImageFile(const std::string& file) {
  std::error_code none;
  const std::uintmax_t size = std::filesystem::file_size(file, none);
  if (none) return Fail(ErrorCode::kNotFound, "{}: no such file", file);
  if (size > kMaxImageBytes) {
    return Fail(ErrorCode::kBadInput, "{}: {} bytes; a picture has at most {} MiB here", file, size,
                kMaxImageBytes >> 20U);
  }
  std::ifstream in(file, std::ios::binary);
  std::string bytes(static_cast<std::size_t>(size), '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  if (bytes.empty() && size > 0) return Fail(ErrorCode::kIo, "{}: cannot be read", file);
  return bytes;
}

double ThreadCpuS() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Drawings lie in one folder whatever folders the pictures came from: names that occur twice are
// numbered.
std::vector<std::string> DrawingNames(const std::string& folder,
                                      std::span<const std::string> files) {
  std::vector<std::string> names;
  std::set<std::string> used;
  for (const std::string& file : files) {
    const std::string stem = std::filesystem::path(file).stem().string();
    std::string name = stem;
    for (int n = 2; !used.insert(name).second; ++n) name = fmt::format("{}-{}", stem, n);
    names.push_back(folder + "/" + name + ".jpg");
  }
  return names;
}

// A TIFF with a place on earth gives its detections one; null: another picture.
std::unique_ptr<SceneReader> Placed(const std::string& file, ImageReportOptions* options) {
  if (!IsTiff(file)) return nullptr;
  auto reader = SceneReader::OpenFile(file);
  if (!reader) return nullptr;
  const SceneReader* scene = reader->get();
  if (!options->gsd_m && scene->info().resolution_m > 0) {
    options->gsd_m = scene->info().resolution_m;
  }
  options->place = [scene](double x_px, double y_px) -> std::optional<ImagePlace> {
    const auto position = scene->GroundFromPixel({x_px, y_px});
    if (!position) return std::nullopt;
    return ImagePlace{*position, scene->info().position_sigma_m};
  };
  return std::move(*reader);
}

// What became of one picture.
struct Looked {
  bool done = false;
  std::string line;
  std::size_t detections = 0, groups = 0;
  bool failed = false;
  std::optional<Error> fatal;  // ends the command
};

}  // namespace

Result<std::vector<std::string>> ExpandFolders(const std::vector<std::string>& files) {
  std::vector<std::string> expanded;
  for (const std::string& file : files) {
    std::error_code none;
    const bool product = std::filesystem::exists(file + "/manifest.safe", none) ||
                         std::filesystem::exists(file + "/MTD_MSIL2A.xml", none);
    if (!std::filesystem::is_directory(file, none) || product) {
      expanded.push_back(file);
      continue;
    }
    std::vector<std::string> inside;
    for (auto entry = std::filesystem::recursive_directory_iterator(
             file, std::filesystem::directory_options::skip_permission_denied, none);
         !none && entry != std::filesystem::recursive_directory_iterator(); entry.increment(none)) {
      std::error_code ignored;
      if (entry->is_regular_file(ignored) && HasNameToDetectIn(entry->path().string())) {
        inside.push_back(entry->path().string());
      }
    }
    if (inside.empty()) {
      return Fail(ErrorCode::kBadInput,
                  "{}: holds no pictures, rasters or videos (.jpg .png .bmp .webp .tif .jp2 .ntf "
                  ".ts .mpg .mp4 .mov .mkv)",
                  file);
    }
    std::sort(inside.begin(), inside.end());
    expanded.insert(expanded.end(), inside.begin(), inside.end());
  }
  return expanded;
}

bool IsStillPicture(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string start(16, '\0');
  in.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(in.gcount()));
  if (start.rfind("\xFF\xD8\xFF", 0) == 0 || start.rfind("\x89PNG", 0) == 0) return true;
  if (start.rfind("RIFF", 0) == 0 && start.find("WEBP") == 8) return true;
  // Two letters are too few to know it by, in a file of another name.
  return HasImageName(file);
}

bool IsTiff(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string start(4, '\0');
  in.read(start.data(), 4);
  return start == std::string("II*\0", 4) || start == std::string("MM\0*", 4);
}

Result<const appearance::ImageDetector*> Detectors::Load(const std::string& model) {
  if (const auto found = loaded_.find(model); found != loaded_.end()) return found->second.get();
  if (const auto found = failed_.find(model); found != failed_.end()) {
    return tl::unexpected<Error>(found->second);
  }
  const auto load = [&]() -> Result<std::unique_ptr<appearance::ImageDetector>> {
    TW_ASSIGN_OR_RETURN(ModelFile file, FindModel(model));
    return appearance::ImageDetector::Create(std::move(file));
  };
  auto detector = load();
  if (!detector) {
    failed_.emplace(model, detector.error());
    return tl::unexpected<Error>(detector.error());
  }
  return (loaded_[model] = std::move(*detector)).get();
}

Result<const appearance::ImageDetector*> Detectors::Asked() {
  if (!command_.model.empty()) return Load(command_.model);
  if (command_.modality == "sar") {
    return Fail(ErrorCode::kUsage,
                "radar pictures are not searched without a network for them: name its card with "
                "--model");
  }
  return Load(DefaultModelName(command_.modality == "ir" ? ModelCard::INFRARED : ModelCard::RGB));
}

Result<const appearance::ImageDetector*> Detectors::For(Bytes image) {
  if (!command_.model.empty() || !command_.modality.empty()) return Asked();
  const auto grey = IsGreyImage(image);
  // A picture that does not decode says so when it is looked at, by whichever network.
  const bool infrared = grey.value_or(false);
  return Load(DefaultModelName(infrared ? ModelCard::INFRARED : ModelCard::RGB));
}

Result<ImagesSeen> DetectInImages(const DetectCommand& command, std::span<const std::string> files,
                                  Detectors& detectors,
                                  const std::function<void(const std::string& line)>& sink,
                                  const std::function<void(std::size_t done)>& progress) {
  std::vector<Looked> looked(files.size());
  std::vector<std::string> drawings;
  if (!command.draw.empty()) drawings = DrawingNames(command.draw, files);
  std::mutex mutex;  // of looked, detectors, cpu_s
  std::condition_variable changed;
  std::atomic<std::size_t> next{0};
  std::atomic<bool> stop{false};
  double cpu_s = 0;

  const auto look_at = [&](std::size_t i) {
    Looked result;
    ImageReportOptions options;
    options.file = files[i];
    options.min_score = command.min_score;
    options.evaluate = command.evaluate;
    if (command.gsd_m > 0) options.gsd_m = command.gsd_m;
    if (!drawings.empty()) options.draw_file = drawings[i];
    const std::unique_ptr<SceneReader> placed = Placed(files[i], &options);
    const auto fail = [&](const Error& error) {
      result.failed = true;
      result.line = ImageErrorLine(files[i], error.message);
    };
    const auto bytes = ReadImageFile(files[i]);
    if (!bytes) {
      fail(bytes.error());
      return result;
    }
    Result<const appearance::ImageDetector*> detector = [&] {
      const std::lock_guard lock(mutex);
      return detectors.For(AsBytes(*bytes));
    }();
    if (!detector) {
      result.fatal = detector.error();
      return result;
    }
    const auto report = ReportImage(AsBytes(*bytes), **detector, options);
    if (!report) {
      if (report.error().code == ErrorCode::kIo) result.fatal = report.error();
      fail(report.error());
      return result;
    }
    result.line = report->line;
    result.detections = report->detections;
    result.groups = report->groups;
    return result;
  };
  const auto work = [&] {
    for (std::size_t i = next++; i < files.size() && !stop; i = next++) {
      Looked result = look_at(i);
      result.done = true;
      const std::lock_guard lock(mutex);
      looked[i] = std::move(result);
      changed.notify_one();
    }
    const std::lock_guard lock(mutex);
    cpu_s += ThreadCpuS();
  };

  ImagesSeen seen;
  std::optional<Error> fatal;
  {
    const std::size_t threads = std::clamp<std::size_t>(command.threads, 1, 64);
    std::vector<std::jthread> workers;
    for (std::size_t i = 0; i < std::min(threads, files.size()); ++i) workers.emplace_back(work);
    for (std::size_t i = 0; i < files.size() && !fatal; ++i) {
      Looked result;
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return looked[i].done; });
        result = std::move(looked[i]);
      }
      fatal = result.fatal;
      if (fatal) break;
      ++seen.pictures;
      if (result.failed) ++seen.failed;
      seen.detections += result.detections;
      seen.groups += result.groups;
      sink(result.line);
      progress(i + 1);
    }
    stop = true;
  }
  if (fatal) return tl::unexpected<Error>(*fatal);
  seen.cpu_s = cpu_s;
  return seen;
}

}  // namespace trucewatch::tools
