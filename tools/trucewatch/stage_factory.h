// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/config/mission_config.h"
#include "core/geo/terrain.h"
#include "core/keys/key_book.h"
#include "core/stage/stage.h"
#include "core/storage/blob_store.h"
#include "detect/detect_job.h"
#include "detect/load_meter.h"
#include "verify/agreement/versions.h"

namespace trucewatch::tools {

// What a mission's stages are made from, loaded once.
struct MissionParts {
  const MissionFile* mission = nullptr;
  std::vector<AgreementFile> agreements;  // versions in order; none when the config names none
  std::vector<std::string> key_sets;  // signed versions in order; none when the config has no keys
  std::unique_ptr<Terrain> terrain;
  BlobStore* scenes = nullptr;  // of the run; null: none
  LoadMeter* load = nullptr;    // counts what detection costs; null: nobody asks
  std::string worker_program;   // that knows `worker`; empty: detection runs in this process
};
// The signed key sets that the config names, in order, exact bytes, after their steps were checked;
// none when it has no keys. Errors name the file.
Result<std::vector<std::string>> ReadKeySetFiles(const MissionFile& mission);
// Who may sign, as the mission begins; nothing when its config has no keys.
Result<std::optional<KeyBook>> BeginKeyBook(const MissionFile& mission,
                                            const std::vector<std::string>& key_sets);
Result<MissionParts> LoadMissionParts(const MissionFile& mission);

// The ground of a mission: its elevation model, or flat at the origin's height.
Result<std::unique_ptr<Terrain>> LoadTerrain(const MissionFile& mission);

// A stage by name. `parts` outlives it. `detect_threads` 0: the config's.
Result<std::unique_ptr<Stage>> MakeStage(const std::string& name, const MissionParts& parts,
                                         unsigned detect_threads);

// What a worker makes of the set-up that MakeStage sends it.
Result<DetectTools> MakeDetectTools(v1::DetectWorkerSetup setup);

// The journal's first record: the mission header as a serialised Envelope.
std::string MissionHeaderRecord(const MissionParts& parts);

// Of everything a stage's outputs depend on besides its inputs: config, agreement and build.
std::string ConfigDigest(const MissionParts& parts);

}  // namespace trucewatch::tools
