// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/simulate.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tools/simulate/ground_radar_recording.h"
#include "tools/simulate/hub_layout.h"
#include "tools/simulate/human_recording.h"
#include "tools/simulate/mission_layout.h"
#include "tools/simulate/radar_recording.h"
#include "tools/simulate/satellite_recording.h"
#include "tools/simulate/scenario.h"
#include "tools/simulate/truth.h"
#include "tools/simulate/video_recording.h"
#include "tools/simulate/world.h"

namespace trucewatch::simulate {
namespace {

Result<void> MakeFolder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return Fail(ErrorCode::kIo, "{}: cannot be made: {}", folder.string(), error.message());
  }
  return {};
}

// The folder of the recording and what has been written into it.
class Recording {
 public:
  Recording(std::filesystem::path directory, SimulateSummary& summary)
      : directory_(std::move(directory)), summary_(summary) {}

  // `name` may lie in a folder of its own.
  Result<void> Write(const std::string& name, const std::string& bytes) {
    const std::filesystem::path path = directory_ / name;
    TW_RETURN_IF_ERROR(MakeFolder(path.parent_path()));
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out) return Fail(ErrorCode::kIo, "{}: cannot be written", path.string());
    summary_.files.push_back(name);
    return {};
  }
  // Where something else writes `name`.
  std::string Place(const std::string& name) {
    summary_.files.push_back(name);
    return (directory_ / name).string();
  }

 private:
  std::filesystem::path directory_;
  SimulateSummary& summary_;
};

Result<void> WriteTexts(const Scenario& scenario, const World& world, Recording& recording) {
  TW_RETURN_IF_ERROR(recording.Write("mission.txtpb", ConfigText(scenario, FileMission(scenario))));
  if (!scenario.config.agreement_file().empty()) {
    TW_RETURN_IF_ERROR(recording.Write(kAgreementFile, scenario.agreement_text));
  }
  TW_RETURN_IF_ERROR(recording.Write("truth.csv", TruthCsv(scenario, world)));
  return recording.Write("truth.json", TruthJson(scenario, world));
}

Result<void> WriteHubs(const Scenario& scenario, Recording& recording) {
  for (const HubSetup& setup : HubSetups(scenario)) {
    for (const TextFile& file : setup.texts) {
      TW_RETURN_IF_ERROR(recording.Write(file.name, file.text));
    }
    for (const KeyFile& key : setup.keys) {
      const std::string path = recording.Place(key.name);
      std::error_code ignored;  // what was simulated here before
      std::filesystem::remove(path, ignored);
      std::filesystem::remove(recording.Place(key.name + ".pub"), ignored);
      TW_RETURN_IF_ERROR(key.write(path));
    }
  }
  return {};
}

Result<void> WriteRadars(const Scenario& scenario, const World& world, Recording& recording,
                         SimulateSummary& summary) {
  const std::vector<SimulatedScan> scans = SimulateScans(scenario, world);
  summary.scans = static_cast<int>(scans.size());
  for (const SimulatedScan& scan : scans) summary.plots += static_cast<int>(scan.plots.size());
  TW_ASSIGN_OR_RETURN(const std::string gmti, EncodeScans(scenario, scans));
  TW_RETURN_IF_ERROR(recording.Write(GmtiFile(scenario), gmti));
  if (!scenario.config.has_ground_radar()) return {};
  return recording.Write(GroundRadarFile(scenario),
                         EncodeTurns(scenario, SimulateTurns(scenario, world)));
}

Result<void> WriteHuman(const Scenario& scenario, const World& world, Recording& recording) {
  TW_ASSIGN_OR_RETURN(const auto notes, WriteNotes(scenario, world));
  for (const NoteFile& note : notes) {
    TW_RETURN_IF_ERROR(recording.Write(std::string(kHumanFolder) + "/" + note.name, note.bytes));
  }
  return {};
}

Result<void> WriteSatellite(const Scenario& scenario, const World& world, unsigned threads,
                            Recording& recording) {
  TW_ASSIGN_OR_RETURN(const auto files, RenderPasses(scenario, world, threads));
  for (const SceneFile& file : files) {
    TW_RETURN_IF_ERROR(
        recording.Write(std::string(kSatelliteFolder) + "/" + file.name, file.bytes));
  }
  return {};
}

}  // namespace

Result<SimulateSummary> Simulate(const SimulateOptions& options) {
  TW_ASSIGN_OR_RETURN(const Scenario scenario, LoadScenario(options.scenario_file, options.seed));
  TW_RETURN_IF_ERROR(MakeFolder(options.out_dir));
  const World world = MakeWorld(scenario);
  const unsigned threads =
      options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  SimulateSummary summary;
  summary.seed = scenario.seed;
  summary.duration_s = scenario.duration_s();
  summary.movers = static_cast<int>(world.movers.size());
  Recording recording(options.out_dir, summary);
  TW_RETURN_IF_ERROR(WriteTexts(scenario, world, recording));
  if (scenario.config.has_hub()) TW_RETURN_IF_ERROR(WriteHubs(scenario, recording));
  TW_RETURN_IF_ERROR(WriteRadars(scenario, world, recording, summary));
  if (scenario.config.has_human()) TW_RETURN_IF_ERROR(WriteHuman(scenario, world, recording));
  if (scenario.config.has_satellite()) {
    TW_RETURN_IF_ERROR(WriteSatellite(scenario, world, threads, recording));
  }

  int all_frames = 0;
  for (int i = 0; i < scenario.config.drone_size(); ++i) all_frames += FrameCount(scenario, i);
  for (int i = 0; i < scenario.config.drone_size(); ++i) {
    const std::string video = VideoFile(scenario, i);
    const int own = FrameCount(scenario, i);
    const auto progress = [&](double fraction) {
      if (options.progress) options.progress((summary.frames + fraction * own) / all_frames, video);
    };
    progress(0);
    TW_RETURN_IF_ERROR(RecordVideo(scenario, world, i, recording.Place(video), threads, progress));
    progress(1);
    summary.frames += own;
  }
  return summary;
}

}  // namespace trucewatch::simulate
