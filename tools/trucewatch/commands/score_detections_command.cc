// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "core/json/json_writer.h"
#include "tools/score/detection_files.h"
#include "tools/score/detection_score.h"
#include "tools/trucewatch/commands/commands.h"

namespace trucewatch::tools {
namespace {

void AddPoint(const char* key, const OperatingPoint& point, JsonWriter& json) {
  json.Key(key).BeginObject().Field("score", point.score);
  json.Field("precision", point.precision).Field("recall", point.recall);
  json.Field("found", point.found).Field("false_alarms", point.false_alarms);
  json.Field("missed", point.missed).EndObject();
}

void AddInterval(const char* key, const std::optional<Interval95>& interval, JsonWriter& json) {
  if (!interval) return;
  json.Key(key).BeginArray().Number(interval->low).Number(interval->high).EndArray();
}

void PrintDetectionsJson(const ScoreDetectionsCommand& command, const LoadedDetections& loaded,
                         const DetectionScore& score) {
  JsonWriter json;
  json.BeginObject().Field("pictures", score.pictures);
  json.Field("pictures_without_line", loaded.without_line);
  json.Field("pictures_failed", loaded.failed).Field("pictures_beside_truth", loaded.beside_truth);
  json.Field("map50", score.map50).Field("map50_95", score.map50_95);
  json.Field("recall_points", 101).Field("max_detections", 100);
  json.Field("bootstrap", command.bootstrap).Field("seed", command.seed);
  json.Key("classes").BeginArray();
  for (const ClassScore& c : score.classes) {
    json.BeginObject().Field("class", c.object_class);
    json.Field("truths", c.truths).Field("detections", c.detections);
    json.Field("ap50", c.ap50).Field("ap50_95", c.ap50_95);
    AddInterval("ap50_interval", c.ap50_interval, json);
    AddInterval("ap50_95_interval", c.ap50_95_interval, json);
    AddPoint("at_score", c.at_score, json);
    AddPoint("best_f1", c.best, json);
    json.EndObject();
  }
  json.EndArray().Field("detections_of_other_classes", score.other_detections);
  json.Key("truth_classes_not_scored").BeginObject();
  for (const auto& [name, count] : loaded.unmapped) json.Field(name, count);
  json.EndObject().EndObject();
  std::puts(json.text().c_str());
}

void PrintDetectionsTable(const LoadedDetections& loaded, const DetectionScore& score) {
  std::printf("%zu pictures", score.pictures);
  if (loaded.without_line > 0) std::printf(", %zu of them not looked at", loaded.without_line);
  if (loaded.failed > 0) std::printf(", %zu could not be", loaded.failed);
  std::printf("\n%-16s %7s  %-22s %-22s %s\n", "class", "truths", "AP50 (95 %)", "AP50-95 (95 %)",
              "precision, recall at score");
  for (const ClassScore& c : score.classes) {
    const auto with = [](double value, const std::optional<Interval95>& interval) {
      if (!interval) return fmt::format("{:.3f}", value);
      return fmt::format("{:.3f} ({:.3f}..{:.3f})", value, interval->low, interval->high);
    };
    std::printf("%-16s %7zu  %-22s %-22s %.3f, %.3f at %.2f; best %.3f, %.3f at %.2f\n",
                c.object_class.c_str(), c.truths, with(c.ap50, c.ap50_interval).c_str(),
                with(c.ap50_95, c.ap50_95_interval).c_str(), c.at_score.precision,
                c.at_score.recall, c.at_score.score, c.best.precision, c.best.recall, c.best.score);
  }
  std::printf("mean AP50 %.3f, AP50-95 %.3f\n", score.map50, score.map50_95);
  for (const auto& [name, count] : loaded.unmapped) {
    std::printf("not scored: %zu '%s' of the truth (--map '%s=CLASS' scores them)\n", count,
                name.c_str(), name.c_str());
  }
}

}  // namespace

Result<int> RunScoreDetections(const ScoreDetectionsCommand& command) {
  DetectionFiles files;
  files.truth = command.truth;
  files.detections = command.detections;
  files.ignored = {command.ignore.begin(), command.ignore.end()};
  files.yolo_names = command.names;
  files.vehicles_as_one = command.vehicles_as_one;
  for (const std::string& pair : command.map) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == pair.size()) {
      return Fail(ErrorCode::kUsage, "--map '{}': expected TRUTH=DETECTED, e.g. Car=light_vehicle",
                  pair);
    }
    files.class_map[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  TW_ASSIGN_OR_RETURN(const LoadedDetections loaded, LoadDetections(files));
  const DetectionScore score = ScoreDetections(
      loaded.pictures,
      {.at_score = command.at_score, .bootstrap = command.bootstrap, .seed = command.seed});
  if (score.classes.empty()) {
    return Fail(ErrorCode::kBadInput,
                "the truth has nothing to score: none of its classes is one of ours; say which is "
                "which with --map TRUTH=DETECTED");
  }
  if (command.json) {
    PrintDetectionsJson(command, loaded, score);
  } else {
    PrintDetectionsTable(loaded, score);
  }
  return 0;
}

}  // namespace trucewatch::tools
