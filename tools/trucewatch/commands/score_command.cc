// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "core/config/text_config.h"
#include "core/json/json_writer.h"
#include "tools/score/event_score.h"
#include "tools/trucewatch/commands/commands.h"

namespace trucewatch::tools {
namespace {

void PrintJson(const EventScore& score) {
  JsonWriter json;
  json.BeginObject().Field("all_met", score.all_met).Field("events", score.events);
  json.Field("matched", score.matched).Field("unexpected", score.unexpected);
  json.Field("missed", score.missed).Field("verified_precision", score.precision);
  json.Field("verified_recall", score.recall).Field("mean_delay_s", score.mean_delay_s);
  json.Field("mean_count_error", score.mean_count_error).Key("expectations").BeginArray();
  for (const Expected& e : score.expectations) {
    json.BeginObject().Field("expectation", e.sentence).Field("met", e.met).Field("found", e.found);
    json.EndObject();
  }
  json.EndArray().EndObject();
  std::puts(json.text().c_str());
}

}  // namespace

Result<int> RunScoreEvents(const ScoreEventsCommand& command) {
  TW_ASSIGN_OR_RETURN(const EventTruth truth, LoadEventTruth(command.truth));
  const std::string file = command.run + "/events.jsonl";
  TW_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(file));
  TW_ASSIGN_OR_RETURN(const auto lines, ParseEventLines(text, file));
  // A mission without a coverage account has none to be held against.
  const std::string coverage_file = command.run + "/coverage.jsonl";
  std::string coverage_text;
  std::error_code ignored;
  if (std::filesystem::exists(coverage_file, ignored)) {
    TW_ASSIGN_OR_RETURN(coverage_text, ReadTextFile(coverage_file));
  }
  TW_ASSIGN_OR_RETURN(const auto coverage, ParseCoverageLines(coverage_text, coverage_file));
  const EventScore score = ScoreEvents(truth, lines, coverage);
  if (command.json) {
    PrintJson(score);
  } else {
    for (const Expected& e : score.expectations) {
      std::printf("  %-7s  %s\n           found: %s\n", e.met ? "met" : "NOT MET",
                  e.sentence.c_str(), e.found.c_str());
    }
    std::printf(
        "  verified events: precision %.2f, recall %.2f; mean delay %.0f s; %d of %d expectations "
        "met\n",
        score.precision, score.recall, score.mean_delay_s,
        static_cast<int>(std::count_if(score.expectations.begin(), score.expectations.end(),
                                       [](const Expected& e) { return e.met; })),
        static_cast<int>(score.expectations.size()));
  }
  return score.all_met ? 0 : 4;
}

}  // namespace trucewatch::tools
