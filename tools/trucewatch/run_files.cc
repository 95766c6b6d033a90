// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/run_files.h"

#include <filesystem>

#include "core/config/text_config.h"
#include "tools/audit/policy.h"
#include "tools/score/event_score.h"
#include "tools/trucewatch/build_id.h"
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

Result<std::string> LogKey(const MissionFile& mission) {
  const std::string key_file = mission.Resolve(mission.config.evidence().log_key_file());
  TW_ASSIGN_OR_RETURN(std::string vkey, ReadTextFile(key_file + ".vkey"));
  while (!vkey.empty() && vkey.back() == '\n') vkey.pop_back();
  return vkey;
}

Result<void> Write(Storage& storage, const RunFiles& files, const std::string& name,
                   const std::string& text) {
  return WriteFileAtomically(storage, files.directory + "/" + name, AsBytes(text));
}

Result<void> WriteLines(Storage& storage, const MissionFile& mission, const MissionRecord& record,
                        const RunFiles& files) {
  TW_RETURN_IF_ERROR(Write(storage, files, "events.jsonl", files.event_lines));
  TW_RETURN_IF_ERROR(Write(storage, files, "coverage.jsonl", CoverageLines(record)));
  TW_ASSIGN_OR_RETURN(const std::string vkey, LogKey(mission));
  return Write(storage, files, "policy.txt", audit::PolicyForLog(vkey));
}

}  // namespace

Result<void> WriteRecordFiles(Storage& storage, const MissionFile& mission, LogReader& published,
                              const RunFiles& files) {
  MissionRecord record = RecordOf(mission.config, {});
  TW_RETURN_IF_ERROR(GatherFindings(published, &record));
  return WriteLines(storage, mission, record, files);
}

Result<void> WriteRunFiles(Storage& storage, const MissionFile& mission, const Pipeline& pipeline,
                           const RunFiles& files) {
  TW_ASSIGN_OR_RETURN(const MissionRecord record,
                      GatherMissionRecord(mission, {.detect = *pipeline.log("detect"),
                                                    .fusion = *pipeline.log("fusion"),
                                                    .published = *pipeline.log("published")}));
  TW_RETURN_IF_ERROR(WriteLines(storage, mission, record, files));
  TW_RETURN_IF_ERROR(Write(storage, files, "mission.geojson", MissionGeoJson(record)));
  TW_ASSIGN_OR_RETURN(const std::string vkey, LogKey(mission));
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
  return Write(storage, files, "mission.html", MissionPage(record, extras));
}

}  // namespace trucewatch::tools
