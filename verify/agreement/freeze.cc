// SPDX-License-Identifier: Apache-2.0
#include "verify/agreement/freeze.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "verify/agreement/internal/fields.h"

namespace trucewatch {
namespace {

namespace config = v1::config;
using google::protobuf::RepeatedPtrField;

// Of the points in the text and those of the file; the text has 1e-9 degrees.
constexpr double kSamePlaceM = 0.01;

bool LiesBeside(const std::string& file) {
  return !file.empty() && file[0] != '/' && file.find("..") == std::string::npos &&
         file.find(':') == std::string::npos && file.find('\\') == std::string::npos;
}

// Something that may be drawn: where it stands in the text and what it is made of.
struct Place {
  std::string path;  // "zone[2]"
  std::string id;
  const config::DrawnFeature* drawn = nullptr;
  const char* point;  // name of the field that holds its points
  bool area = false;
  const RepeatedPtrField<config::Point>* points = nullptr;
};

std::vector<Place> PlacesOf(const config::Agreement& message) {
  std::vector<Place> out;
  const auto add = [&](const char* list, int i, const auto& item, const char* point, bool area,
                       const RepeatedPtrField<config::Point>& points) {
    if (item.has_drawn())
      out.push_back({internal::At(list, i), item.id(), &item.drawn(), point, area, &points});
  };
  for (int i = 0; i < message.zone_size(); ++i)
    add("zone", i, message.zone(i), "vertex", true, message.zone(i).vertex());
  for (int i = 0; i < message.line_size(); ++i)
    add("line", i, message.line(i), "point", false, message.line(i).point());
  for (int i = 0; i < message.notified_movement_size(); ++i)
    add("notified_movement", i, message.notified_movement(i), "route", false,
        message.notified_movement(i).route());
  for (int i = 0; i < message.permitted_corridor_size(); ++i)
    add("permitted_corridor", i, message.permitted_corridor(i), "route", false,
        message.permitted_corridor(i).route());
  return out;
}

std::string Known(const std::set<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out.empty() ? "none" : out;
}

// The feature that a reference means; says so when there is not exactly one.
const MapFeature* Find(const Place& place, const MapFile& file, internal::Findings& findings) {
  const std::string path = place.path + ".drawn";
  const std::string wanted = place.drawn->feature().empty() ? place.id : place.drawn->feature();
  std::set<std::string> layers, ids;
  std::vector<const MapFeature*> found;
  for (const MapFeature& feature : file.features) {
    layers.insert(feature.layer);
    if (!place.drawn->layer().empty() && feature.layer != place.drawn->layer()) continue;
    const std::string number = fmt::format("#{}", feature.number);
    ids.insert(feature.id.empty() ? number : feature.id);
    if (feature.id == wanted || number == wanted) found.push_back(&feature);
  }
  if (place.drawn->layer().empty() && layers.size() > 1) {
    findings.Error(path + ".layer",
                   fmt::format("is missing; the file has several layers: {}", Known(layers)));
    return nullptr;
  }
  if (!place.drawn->layer().empty() && !layers.contains(place.drawn->layer())) {
    findings.Error(path + ".layer", fmt::format("there is no layer \"{}\"; expected one of: {}",
                                                place.drawn->layer(), Known(layers)));
    return nullptr;
  }
  if (found.size() != 1) {
    findings.Error(path,
                   found.empty()
                       ? fmt::format("there is no feature \"{}\" in the file; expected one of: {}",
                                     wanted, Known(ids))
                       : fmt::format("there are {} features \"{}\" in the file; expected one",
                                     found.size(), wanted));
    return nullptr;
  }
  if (!found[0]->problem.empty()) {
    findings.Error(
        path, fmt::format("the feature \"{}\" cannot be used: it {}", wanted, found[0]->problem));
    return nullptr;
  }
  if (found[0]->area != place.area) {
    findings.Error(path, fmt::format("the feature \"{}\" is {}; expected {}", wanted,
                                     found[0]->area ? "an area" : "no area",
                                     place.area ? "an area (a polygon)" : "a line"));
    return nullptr;
  }
  return found[0];
}

void CheckSame(const Place& place, const MapFeature& feature, internal::Findings& findings) {
  const auto& points = *place.points;
  if (points.size() != static_cast<int>(feature.points.size())) {
    findings.Error(place.path,
                   fmt::format("has {} points, and in the file it was drawn in it has {}; expected "
                               "the same. Take them out and freeze again if the file is right",
                               points.size(), feature.points.size()));
    return;
  }
  for (int i = 0; i < points.size(); ++i) {
    if (!(std::abs(points[i].lat_deg()) <= 90.0) || !(std::abs(points[i].lon_deg()) <= 360.0))
      continue;  // said elsewhere
    const double off_m =
        GeodesicDistanceM(Geodetic::FromDegrees(points[i].lat_deg(), points[i].lon_deg(), 0.0),
                          feature.points[static_cast<std::size_t>(i)]);
    if (off_m <= kSamePlaceM) continue;
    findings.Error(fmt::format("{}.{}[{}]", place.path, place.point, i),
                   fmt::format("is {:.2f} m from where it was drawn in the file; expected the same "
                               "place. Take the points out and freeze again if the file is right",
                               off_m));
    return;
  }
}

// The position of a line and column, both from 1, as the text parser counts them: a tab goes on to
// the next multiple of eight.
std::size_t Offset(const std::string& text, int line, int column) {
  constexpr int kTabWidth = 8;
  std::size_t at = 0;
  for (int i = 1; i < line; ++i) at = text.find('\n', at) + 1;
  for (int i = 1; i < column && at < text.size(); ++at)
    i += text[at] == '\t' ? kTabWidth - (i - 1) % kTabWidth : 1;
  return at;
}

}  // namespace

std::vector<std::string> MapFilesOf(const std::string& text) {
  config::Agreement message;
  if (!ParseTextConfig(text, "agreement", &message)) return {};
  std::vector<std::string> out;
  for (const config::GeometryFile& file : message.geometry_file())
    if (LiesBeside(file.file())) out.push_back(file.file());
  return out;
}

Frozen FreezeAgreement(const std::string& text, const std::string& file_name,
                       const std::map<std::string, MapFile>& files, bool one_line) {
  Frozen out{text, {}, 0};
  config::Agreement message;
  FieldLines lines;
  // A text that cannot be read is LintAgreement's to explain.
  if (!ParseTextConfig(text, file_name, &message, &lines)) return out;
  internal::Findings findings(lines, message);
  std::map<std::string, const MapFile*> by_id;
  for (int i = 0; i < message.geometry_file_size(); ++i) {
    const config::GeometryFile& named = message.geometry_file(i);
    const std::string path = internal::At("geometry_file", i);
    const auto found = files.find(named.file());
    by_id[named.id()] = nullptr;
    if (!LiesBeside(named.file())) {
      findings.Error(path + ".file",
                     fmt::format("\"{}\" does not lie beside the agreement; expected a file name "
                                 "like \"annex1.gpkg\", without \"..\"",
                                 named.file()));
    } else if (found == files.end() || !found->second.problem.empty()) {
      findings.Error(path + ".file",
                     fmt::format("\"{}\" cannot be read: {}", named.file(),
                                 found == files.end() ? "it is not there" : found->second.problem));
    } else if (found->second.sha256 != named.sha256()) {
      findings.Error(
          path + ".sha256",
          fmt::format("the agreement was written for another file: \"{}\" has the SHA-256 "
                      "{}; expected {}",
                      named.file(), found->second.sha256,
                      named.sha256().empty() ? "it to be written here" : named.sha256()));
    } else {
      by_id[named.id()] = &found->second;
    }
  }
  struct Insertion {
    std::size_t at;
    std::string text;
  };
  std::vector<Insertion> insertions;
  for (const Place& place : PlacesOf(message)) {
    const auto file = by_id.find(place.drawn->file());
    if (file == by_id.end()) {
      findings.Error(place.path + ".drawn.file",
                     fmt::format("there is no geometry_file \"{}\"", place.drawn->file()));
      continue;
    }
    if (file->second == nullptr) continue;
    const MapFeature* feature = Find(place, *file->second, findings);
    if (feature == nullptr) continue;
    if (!place.points->empty()) {
      CheckSame(place, *feature, findings);
      continue;
    }
    const int column = lines.ColumnOf(place.path + ".drawn");
    Insertion insertion{Offset(text, lines.Of(place.path + ".drawn"), column), ""};
    for (const Geodetic& point : feature->points)
      insertion.text += fmt::format(
          "{} {{ lat_deg: {:.9f} lon_deg: {:.9f} }}{}", place.point, point.latitude.deg(),
          point.longitude.deg(),
          one_line ? " " : "\n" + std::string(static_cast<std::size_t>(column - 1), ' '));
    insertions.push_back(std::move(insertion));
    ++out.drawn;
  }
  std::sort(insertions.begin(), insertions.end(),
            [](const Insertion& a, const Insertion& b) { return a.at > b.at; });
  for (const Insertion& insertion : insertions) out.text.insert(insertion.at, insertion.text);
  out.messages = findings.messages();
  return out;
}

}  // namespace trucewatch
