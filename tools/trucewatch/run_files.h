// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/storage/storage.h"
#include "tools/trucewatch/mission_page.h"
#include "tools/trucewatch/mission_record.h"
#include "tools/trucewatch/pipeline.h"

namespace trucewatch::tools {

// What a finished run leaves in its folder for people: events.jsonl, coverage.jsonl,
// mission.geojson, mission.html, policy.txt.
struct RunFiles {
  std::string directory;
  std::string ledger_directory;
  std::string event_lines;  // events.jsonl
};
Result<void> WriteRunFiles(Storage& storage, const MissionFile& mission, const Pipeline& pipeline,
                           const RunFiles& files);
// The part of it a live run leaves in its state folder, from the log of published findings alone:
// events.jsonl, coverage.jsonl, policy.txt.
Result<void> WriteRecordFiles(Storage& storage, const MissionFile& mission, LogReader& published,
                              const RunFiles& files);

}  // namespace trucewatch::tools
