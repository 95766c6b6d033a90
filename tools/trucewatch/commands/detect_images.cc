// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/commands/detect_images.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include "core/storage/memory_file.h"
#include "detect/image_report.h"

namespace trucewatch::tools {
namespace {

constexpr std::uintmax_t kMaxImageBytes = std::uintmax_t{512} << 20U;

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

// What became of one picture.
struct Looked {
  bool done = false;
  std::string line, error;  // error: why nothing could be seen
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

v1::FileJob JobAbout(const std::string& file, const DetectCommand& command) {
  v1::FileJob job;
  job.set_file(file);
  if (command.min_score) job.set_min_score(*command.min_score);
  job.set_evaluate(command.evaluate);
  job.set_gsd_m(command.gsd_m);
  job.set_draw(!command.draw.empty());
  return job;
}

Result<void> WriteDrawing(const std::string& file, const std::string& bytes) {
  if (!bytes.starts_with("\xFF\xD8\xFF") && !bytes.starts_with("\x89PNG")) {
    return Fail(ErrorCode::kBadInput, "{}: its worker drew what is no picture", file);
  }
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << bytes;
  out.close();
  if (out) return {};
  return Fail(ErrorCode::kIo, "{}: cannot write the picture; does the folder exist?", file);
}

Result<ImagesSeen> DetectInImages(const DetectCommand& command, std::span<const std::string> files,
                                  FileWorkers& workers,
                                  const std::function<void(const std::string& line)>& sink,
                                  const std::function<void(std::size_t done)>& progress) {
  std::vector<Looked> looked(files.size());
  std::vector<std::string> drawings;
  if (!command.draw.empty()) drawings = DrawingNames(command.draw, files);
  std::mutex mutex;  // of looked, cpu
  std::condition_variable changed;
  std::atomic<std::size_t> next{0};
  std::atomic<bool> stop{false};
  Duration cpu;

  const auto look_at = [&](std::size_t worker, std::size_t i) {
    Looked result;
    const auto fail = [&](const Error& error) {
      result.failed = true;
      result.error = error.message;
      result.line = ImageErrorLine(files[i], error.message);
    };
    auto bytes = ReadImageFile(files[i]);
    if (!bytes) {
      fail(bytes.error());
      return result;
    }
    v1::FileJob job = JobAbout(files[i], command);
    job.mutable_picture();
    const auto done = workers.Run(worker, FileWorkers::Network::kAsPictureLooks, std::move(job),
                                  {std::make_shared<const MemoryFile>(std::move(*bytes))});
    if (!done) {
      result.fatal = done.error();
      return result;
    }
    {
      const std::lock_guard lock(mutex);
      cpu = cpu + done->cpu;
    }
    if (done->error) {
      fail(done->refused ? Prefix(files[i], *done->error).value() : *done->error);
      return result;
    }
    if (done->result.lines_size() != 1) {
      fail(Error{ErrorCode::kBadInput, files[i] + ": its worker said nothing about it"});
      return result;
    }
    result.line = done->result.lines(0);
    result.detections = done->result.detections();
    result.groups = done->result.groups();
    if (!drawings.empty()) {
      const auto drawn = done->drawings.by_frame.find(0);
      const bool any = drawn != done->drawings.by_frame.end();
      const auto written = WriteDrawing(drawings[i], any ? drawn->second : std::string());
      if (!written) result.fatal = written.error();
    }
    return result;
  };
  const auto work = [&](std::size_t worker) {
    for (std::size_t i = next++; i < files.size() && !stop; i = next++) {
      Looked result = look_at(worker, i);
      result.done = true;
      const std::lock_guard lock(mutex);
      looked[i] = std::move(result);
      changed.notify_one();
    }
  };

  ImagesSeen seen;
  std::optional<Error> fatal;
  {
    const std::size_t threads = std::clamp<std::size_t>(command.threads, 1, 64);
    std::vector<std::jthread> askers;
    for (std::size_t i = 0; i < std::min(threads, files.size()); ++i) askers.emplace_back(work, i);
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
      if (result.failed) {
        ++seen.failed;
        seen.errors.push_back(result.error);
      }
      seen.detections += result.detections;
      seen.groups += result.groups;
      sink(result.line);
      progress(i + 1);
    }
    stop = true;
  }
  if (fatal) return tl::unexpected<Error>(*fatal);
  seen.cpu_s = cpu.seconds();
  return seen;
}

}  // namespace trucewatch::tools
