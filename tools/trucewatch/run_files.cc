// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/run_files.h"

#include <filesystem>

#include "core/config/text_config.h"
#include "tools/audit/policy.h"
#include "tools/score/event_score.h"
#include "tools/trucewatch/coverage_json.h"
#include "tools/trucewatch/event_json.h"
#include "tools/trucewatch/event_picture.h"
#include "tools/trucewatch/stage_factory.h"

namespace trucewatch::tools {
namespace {

Result<std::vector<ScoreLine>> ScoreLines(const MissionFile& mission,
                                          const std::string& event_lines) {
  std::vector<ScoreLine> score;
  std::error_code ignored;
  if (!std::filesystem::exists(mission.directory + "/truth.json", ignored)) return score;
  TW_ASSIGN_OR_RETURN(const EventTruth truth, LoadEventTruth(mission.directory));
  TW_ASSIGN_OR_RETURN(const auto lines, ParseEventLines(event_lines, "events.jsonl"));
  for (const Expected& e : ScoreEvents(truth, lines).expectations) {
    score.push_back({e.sentence, e.met, e.found});
  }
  return score;
}

}  // namespace

Result<void> WriteRunFiles(Storage& storage, const MissionFile& mission, const Pipeline& pipeline,
                           const RunFiles& files) {
  const auto write = [&](const std::string& name, const std::string& text) {
    return WriteFileAtomically(storage, files.directory + "/" + name, AsBytes(text));
  };
  TW_ASSIGN_OR_RETURN(const MissionRecord record,
                      GatherMissionRecord(mission, {.detect = *pipeline.log("detect"),
                                                    .fusion = *pipeline.log("fusion"),
                                                    .published = *pipeline.log("published")}));
  TW_RETURN_IF_ERROR(write("events.jsonl", files.event_lines));
  TW_RETURN_IF_ERROR(write("coverage.jsonl", CoverageLines(record)));
  TW_RETURN_IF_ERROR(write("mission.geojson", MissionGeoJson(record)));

  const std::string key_file = mission.Resolve(mission.config.evidence().log_key_file());
  TW_ASSIGN_OR_RETURN(std::string vkey, ReadTextFile(key_file + ".vkey"));
  while (!vkey.empty() && vkey.back() == '\n') vkey.pop_back();
  TW_RETURN_IF_ERROR(write("policy.txt", audit::PolicyForLog(vkey)));
  TW_ASSIGN_OR_RETURN(const std::string checkpoint,
                      ReadTextFile(files.ledger_directory + "/checkpoint"));

  PageExtras extras;
  TW_ASSIGN_OR_RETURN(extras.score, ScoreLines(mission, files.event_lines));
  TW_ASSIGN_OR_RETURN(extras.pictures, EventPictures(mission, record, *pipeline.log("ingest")));
  extras.evidence = {{"Ledger", files.ledger_directory},
                     {"Checkpoint", checkpoint},
                     {"Log key", vkey},
                     {"Build", BuildId()},
                     {"Check it", "trucewatch audit " + files.ledger_directory + " --policy " +
                                      files.directory + "/policy.txt"}};
  return write("mission.html", MissionPage(record, extras));
}

}  // namespace trucewatch::tools
