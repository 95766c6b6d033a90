// SPDX-License-Identifier: Apache-2.0
#include "tools/score/detection_files.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "trucewatch/v1/config/score.pb.h"

namespace trucewatch::tools {
namespace {

using v1::config::CocoFile;
using v1::config::DetectLine;

constexpr std::uintmax_t kMaxBytes = std::uintmax_t{1} << 30U;

// One picture of either side. Boxes in shares of the picture where its size is known, else pixels.
struct Entry {
  std::string file;
  std::int64_t frame = 0;
  double width_px = 0, height_px = 0;  // 0: not known
  bool in_shares = false;
  bool failed = false;
  std::vector<LabelledBox> boxes;
};

Result<std::string> ReadWhole(const std::string& path) {
  std::error_code none;
  if (!std::filesystem::is_regular_file(path, none)) {
    return Fail(ErrorCode::kNotFound, "{}: no such file", path);
  }
  const std::uintmax_t size = std::filesystem::file_size(path, none);
  if (none || size > kMaxBytes) {
    return Fail(ErrorCode::kBadInput, "{}: {} bytes; at most {} MiB are read", path, size,
                kMaxBytes >> 20U);
  }
  std::ifstream in(path, std::ios::binary);
  std::string text(static_cast<std::size_t>(size), '\0');
  in.read(text.data(), static_cast<std::streamsize>(size));
  if (static_cast<std::uintmax_t>(in.gcount()) != size) {
    return Fail(ErrorCode::kIo, "{}: cannot be read", path);
  }
  return text;
}

Result<void> ReadJson(const std::string& text, const std::string& where,
                      google::protobuf::Message* message) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto status = google::protobuf::util::JsonStringToMessage(text, message, options);
  if (!status.ok()) return Fail(ErrorCode::kBadInput, "{}: {}", where, status.ToString());
  return {};
}

std::string LowerCase(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

Result<LabelledBox> BoxOf(const google::protobuf::RepeatedField<double>& box,
                          const std::string& where) {
  if (box.size() != 4 ||
      !std::all_of(box.begin(), box.end(), [](double v) { return std::isfinite(v); }) ||
      box[2] < 0 || box[3] < 0) {
    return Fail(ErrorCode::kBadInput, "{}: a box is no [x, y, width, height]", where);
  }
  LabelledBox out;
  out.x = box[0];
  out.y = box[1];
  out.width = box[2];
  out.height = box[3];
  return out;
}

// Ids are numbers in most sets and texts in some.
std::string IdText(const google::protobuf::Value& id) {
  if (id.has_string_value()) return id.string_value();
  return fmt::format("{}", id.number_value());
}

bool IsSet(const google::protobuf::Value& flag) {
  return flag.bool_value() || flag.number_value() != 0;
}

struct Coco {
  std::vector<Entry> entries;
  std::map<std::string, std::size_t> entry_of_id;
  std::map<std::int64_t, std::string> names;
};

Result<Coco> ReadCoco(const std::string& text, const std::string& file) {
  CocoFile message;
  TW_RETURN_IF_ERROR(ReadJson(text, file, &message));
  if (message.images().empty()) {
    return Fail(ErrorCode::kBadInput, "{}: names no images; expected a COCO file", file);
  }
  Coco coco;
  for (const auto& category : message.categories()) coco.names[category.id()] = category.name();
  for (const auto& image : message.images()) {
    Entry entry;
    entry.file = image.file_name().empty() ? image.spelt_otherwise() : image.file_name();
    entry.width_px = image.width();
    entry.height_px = image.height();
    const std::string id = IdText(image.id());
    if (entry.file.empty()) {
      return Fail(ErrorCode::kBadInput, "{}: image {} has no file_name", file, id);
    }
    if (!coco.entry_of_id.emplace(id, coco.entries.size()).second) {
      return Fail(ErrorCode::kBadInput, "{}: image id {} is used twice", file, id);
    }
    coco.entries.push_back(std::move(entry));
  }
  for (const auto* list : {&message.annotations(), &message.annotation()}) {
    for (int i = 0; i < list->size(); ++i) {
      const auto& annotation = list->Get(i);
      const std::string where = fmt::format("{}: annotation {}", file, i);
      const auto entry = coco.entry_of_id.find(IdText(annotation.image_id()));
      const auto name = coco.names.find(annotation.category_id());
      if (entry == coco.entry_of_id.end() || name == coco.names.end()) {
        return Fail(ErrorCode::kBadInput, "{}: its image_id or category_id is not in the file",
                    where);
      }
      TW_ASSIGN_OR_RETURN(LabelledBox box, BoxOf(annotation.bbox(), where));
      box.object_class = name->second;
      box.ignored = IsSet(annotation.iscrowd()) || IsSet(annotation.ignore());
      coco.entries[entry->second].boxes.push_back(std::move(box));
    }
  }
  return coco;
}

Result<std::vector<Entry>> ReadDetectLines(const std::string& text, const std::string& file) {
  std::vector<Entry> entries;
  std::istringstream in(text);
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string where = fmt::format("{}:{}", file, number);
    DetectLine message;
    TW_RETURN_IF_ERROR(ReadJson(line, where, &message));
    if (message.file().empty()) {
      return Fail(ErrorCode::kBadInput, "{}: names no file; expected a line of `detect --json`",
                  where);
    }
    Entry entry;
    entry.file = message.file();
    entry.frame = message.frame();
    entry.width_px = message.width_px();
    entry.height_px = message.height_px();
    entry.failed = !message.error().empty();
    for (const auto& detection : message.detections()) {
      TW_ASSIGN_OR_RETURN(LabelledBox box, BoxOf(detection.box_px(), where));
      box.object_class = detection.class_();
      box.score = detection.score();
      box.ignored = detection.ignore();
      entry.boxes.push_back(std::move(box));
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

Result<std::vector<std::string>> YoloNames(const std::string& folder, const DetectionFiles& files) {
  if (!files.yolo_names.empty()) return files.yolo_names;
  std::error_code none;
  for (const std::string name : {"/classes.txt", "/obj.names", "/../classes.txt"}) {
    if (!std::filesystem::is_regular_file(folder + name, none)) continue;
    TW_ASSIGN_OR_RETURN(const std::string text, ReadWhole(folder + name));
    std::vector<std::string> names;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
      while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())) != 0) {
        line.pop_back();
      }
      names.push_back(line);
    }
    return names;
  }
  return Fail(ErrorCode::kUsage,
              "{}: YOLO files have numbers for classes, and there is no classes.txt; say "
              "--names car,truck,...",
              folder);
}

Result<LabelledBox> YoloBox(const std::string& line, const std::vector<std::string>& names,
                            const std::string& where) {
  std::istringstream in(line);
  int number = -1;
  double x = 0, y = 0, width = 0, height = 0;
  if (!(in >> number >> x >> y >> width >> height) || !(width >= 0 && height >= 0)) {
    return Fail(ErrorCode::kBadInput, "{}: expected \"class x y width height\"", where);
  }
  if (number < 0 || number >= static_cast<int>(names.size())) {
    return Fail(ErrorCode::kBadInput, "{}: class {} of {} names", where, number, names.size());
  }
  LabelledBox box;
  box.object_class = names[static_cast<std::size_t>(number)];
  box.x = x - width / 2;
  box.y = y - height / 2;
  box.width = width;
  box.height = height;
  return box;
}

Result<std::vector<Entry>> ReadYolo(const std::string& folder, const DetectionFiles& files) {
  TW_ASSIGN_OR_RETURN(const std::vector<std::string> names, YoloNames(folder, files));
  std::vector<std::string> paths;
  std::error_code none;
  for (auto entry = std::filesystem::recursive_directory_iterator(folder, none);
       !none && entry != std::filesystem::recursive_directory_iterator(); entry.increment(none)) {
    const std::string name = entry->path().filename().string();
    if (entry->path().extension() == ".txt" && name != "classes.txt" && name != "train.txt" &&
        name != "val.txt" && name != "test.txt") {
      paths.push_back(entry->path().string());
    }
  }
  std::sort(paths.begin(), paths.end());
  if (paths.empty()) {
    return Fail(ErrorCode::kBadInput, "{}: holds no .txt files; expected YOLO labels", folder);
  }
  std::vector<Entry> entries;
  for (const std::string& path : paths) {
    TW_ASSIGN_OR_RETURN(const std::string text, ReadWhole(path));
    Entry entry;
    entry.file = path;
    entry.in_shares = true;
    std::istringstream in(text);
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      TW_ASSIGN_OR_RETURN(LabelledBox box,
                          YoloBox(line, names, fmt::format("{}:{}", path, number)));
      entry.boxes.push_back(std::move(box));
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

// A COCO file is one object with "images"; lines are objects with "file".
bool IsCoco(const std::string& text) {
  const std::string start = text.substr(0, text.find('\n'));
  if (start.find("\"file\"") != std::string::npos &&
      start.find("\"images\"") == std::string::npos) {
    return false;
  }
  return text.find("\"images\"") != std::string::npos;
}

bool IsCocoResults(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string::npos && text[first] == '[';
}

// The usual words for our classes.
std::optional<std::string> UsualClass(const std::string& name) {
  static const std::map<std::string, std::string> kUsual = {{"person", "person"},
                                                            {"pedestrian", "person"},
                                                            {"people", "person"},
                                                            {"car", "light_vehicle"},
                                                            {"van", "light_vehicle"},
                                                            {"light_vehicle", "light_vehicle"},
                                                            {"truck", "truck"},
                                                            {"bus", "truck"},
                                                            {"minibus", "truck"},
                                                            {"othervehicle", "vehicle"},
                                                            {"tracked_vehicle", "tracked_vehicle"},
                                                            {"tank", "tracked_vehicle"},
                                                            {"vehicle", "vehicle"}};
  const auto found = kUsual.find(LowerCase(name));
  if (found == kUsual.end()) return std::nullopt;
  return found->second;
}

bool IsVehicleClass(const std::string& name) {
  return name == "vehicle" || name == "light_vehicle" || name == "truck" ||
         name == "tracked_vehicle";
}

// The truth's boxes in our words; those of classes that are not scored are left out and counted.
void MapClasses(const DetectionFiles& files, Entry* entry,
                std::map<std::string, std::size_t>* unmapped) {
  std::vector<LabelledBox> kept;
  for (LabelledBox& box : entry->boxes) {
    std::optional<std::string> ours;
    if (const auto found = files.class_map.find(box.object_class); found != files.class_map.end()) {
      ours = found->second;
    } else {
      ours = UsualClass(box.object_class);
    }
    const bool region = files.ignored.count(box.object_class) > 0 ||
                        LowerCase(box.object_class) == "dontcare" ||
                        LowerCase(box.object_class) == "ignored";
    box.ignored = box.ignored || region;
    if (!ours && !box.ignored) {
      ++(*unmapped)[box.object_class];
      continue;
    }
    box.object_class = ours.value_or("");
    if (files.vehicles_as_one && IsVehicleClass(box.object_class)) box.object_class = "vehicle";
    kept.push_back(std::move(box));
  }
  entry->boxes = std::move(kept);
}

std::vector<std::string> PathParts(const std::string& file) {
  std::vector<std::string> parts;
  for (const auto& part : std::filesystem::path(file)) parts.push_back(part.string());
  if (!parts.empty()) parts.back() = std::filesystem::path(file).stem().string();
  std::reverse(parts.begin(), parts.end());
  return parts;
}

// Which picture of the truth a file is: that whose path agrees longest, from the end.
class PictureIndex {
 public:
  explicit PictureIndex(const std::vector<Entry>& truth) {
    for (std::size_t i = 0; i < truth.size(); ++i) {
      parts_.push_back(PathParts(truth[i].file));
      by_name_[{parts_.back().empty() ? "" : parts_.back()[0], truth[i].frame}].push_back(i);
    }
  }

  Result<std::optional<std::size_t>> Find(const Entry& entry) const {
    const std::vector<std::string> parts = PathParts(entry.file);
    const auto found = by_name_.find({parts.empty() ? "" : parts[0], entry.frame});
    if (found == by_name_.end()) return std::nullopt;
    std::optional<std::size_t> best;
    std::size_t agreed = 0;
    bool twice = false;
    for (const std::size_t i : found->second) {
      std::size_t n = 0;
      while (n < parts.size() && n < parts_[i].size() && parts[n] == parts_[i][n]) ++n;
      twice = best && n == agreed;
      if (!best || n > agreed) {
        best = i;
        agreed = n;
      }
    }
    if (twice) {
      return Fail(ErrorCode::kBadInput, "{}: the truth has several pictures of that name",
                  entry.file);
    }
    return best;
  }

 private:
  std::vector<std::vector<std::string>> parts_;
  std::map<std::pair<std::string, std::int64_t>, std::vector<std::size_t>> by_name_;
};

void ToShares(double width_px, double height_px, std::vector<LabelledBox>* boxes) {
  for (LabelledBox& box : *boxes) {
    box.x /= width_px;
    box.width /= width_px;
    box.y /= height_px;
    box.height /= height_px;
  }
}

// Both sides in the same units.
Result<void> Align(const Entry& truth, Entry* detected, std::vector<LabelledBox>* truths) {
  const bool truth_size = truth.width_px > 0 && truth.height_px > 0;
  const bool detected_size = detected->width_px > 0 && detected->height_px > 0;
  if (detected->boxes.empty()) return {};
  if (truth.in_shares) {
    if (!detected_size) {
      return Fail(ErrorCode::kBadInput,
                  "{}: the truth is in shares of the picture, whose size the detections do not say",
                  truth.file);
    }
    ToShares(detected->width_px, detected->height_px, &detected->boxes);
  } else if (truth_size && detected_size &&
             (truth.width_px != detected->width_px || truth.height_px != detected->height_px)) {
    // Looked at in another size than it was labelled in.
    ToShares(detected->width_px, detected->height_px, &detected->boxes);
    ToShares(truth.width_px, truth.height_px, truths);
  }
  return {};
}

Result<std::vector<Entry>> ReadDetections(const DetectionFiles& files, const Coco* coco) {
  TW_ASSIGN_OR_RETURN(const std::string text, ReadWhole(files.detections));
  if (!IsCocoResults(text)) return ReadDetectLines(text, files.detections);
  if (coco == nullptr) {
    return Fail(ErrorCode::kBadInput, "{}: is a list of COCO results, which need one COCO truth",
                files.detections);
  }
  CocoFile message;
  TW_RETURN_IF_ERROR(ReadJson("{\"results\":" + text + "}", files.detections, &message));
  std::vector<Entry> entries;
  for (const Entry& entry : coco->entries) {
    entries.push_back(entry);
    entries.back().boxes.clear();
  }
  for (int i = 0; i < message.results_size(); ++i) {
    const auto& result = message.results(i);
    const std::string where = fmt::format("{}: result {}", files.detections, i);
    const auto entry = coco->entry_of_id.find(IdText(result.image_id()));
    const auto name = coco->names.find(result.category_id());
    if (entry == coco->entry_of_id.end() || name == coco->names.end()) {
      return Fail(ErrorCode::kBadInput, "{}: its image_id or category_id is not in the truth",
                  where);
    }
    TW_ASSIGN_OR_RETURN(LabelledBox box, BoxOf(result.bbox(), where));
    box.score = result.score();
    const auto mapped = files.class_map.find(name->second);
    box.object_class = mapped != files.class_map.end()
                           ? mapped->second
                           : UsualClass(name->second).value_or(name->second);
    entries[entry->second].boxes.push_back(std::move(box));
  }
  return entries;
}

}  // namespace

Result<LoadedDetections> LoadDetections(const DetectionFiles& files) {
  std::vector<Entry> truth;
  std::optional<Coco> coco;
  for (const std::string& path : files.truth) {
    std::error_code none;
    std::vector<Entry> entries;
    if (std::filesystem::is_directory(path, none)) {
      TW_ASSIGN_OR_RETURN(entries, ReadYolo(path, files));
    } else {
      TW_ASSIGN_OR_RETURN(const std::string text, ReadWhole(path));
      if (IsCoco(text)) {
        TW_ASSIGN_OR_RETURN(coco, ReadCoco(text, path));
        entries = coco->entries;
      } else {
        TW_ASSIGN_OR_RETURN(entries, ReadDetectLines(text, path));
      }
    }
    truth.insert(truth.end(), entries.begin(), entries.end());
  }
  TW_ASSIGN_OR_RETURN(std::vector<Entry> detected,
                      ReadDetections(files, files.truth.size() == 1 && coco ? &*coco : nullptr));
  LoadedDetections loaded;
  for (Entry& entry : truth) {
    MapClasses(files, &entry, &loaded.unmapped);
    loaded.pictures.push_back({entry.file, entry.boxes, {}});
  }
  const PictureIndex index(truth);
  std::vector<bool> seen(truth.size(), false);
  for (Entry& entry : detected) {
    TW_ASSIGN_OR_RETURN(const std::optional<std::size_t> at, index.Find(entry));
    if (!at) {
      ++loaded.beside_truth;
      continue;
    }
    if (seen[*at]) {
      return Fail(ErrorCode::kBadInput, "{}: {} (frame {}) occurs twice", files.detections,
                  entry.file, entry.frame);
    }
    seen[*at] = true;
    if (entry.failed) ++loaded.failed;
    ScoredPicture& picture = loaded.pictures[*at];
    TW_RETURN_IF_ERROR(Align(truth[*at], &entry, &picture.truths));
    if (files.vehicles_as_one) {
      for (LabelledBox& box : entry.boxes) {
        if (IsVehicleClass(box.object_class)) box.object_class = "vehicle";
      }
    }
    picture.detections = std::move(entry.boxes);
  }
  loaded.without_line = static_cast<std::size_t>(std::count(seen.begin(), seen.end(), false));
  if (!truth.empty() && loaded.without_line == truth.size()) {
    return Fail(ErrorCode::kBadInput, "{}: names none of the {} pictures of the truth",
                files.detections, truth.size());
  }
  return loaded;
}

}  // namespace trucewatch::tools
