// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/simulate.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tools/simulate/radar_recording.h"
#include "tools/simulate/scenario.h"
#include "tools/simulate/truth.h"
#include "tools/simulate/video_recording.h"
#include "tools/simulate/world.h"

namespace trucewatch::simulate {
namespace {

Result<void> WriteFile(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) return Fail(ErrorCode::kIo, "{}: cannot be written", path.string());
  return {};
}

}  // namespace

Result<SimulateSummary> Simulate(const SimulateOptions& options) {
  TW_ASSIGN_OR_RETURN(const Scenario scenario, LoadScenario(options.scenario_file, options.seed));
  const std::filesystem::path directory(options.out_dir);
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return Fail(ErrorCode::kIo, "{}: cannot be made: {}", options.out_dir, error.message());
  }
  const World world = MakeWorld(scenario);
  const unsigned threads =
      options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  SimulateSummary summary;
  summary.seed = scenario.seed;
  summary.duration_s = scenario.duration_s();
  summary.movers = static_cast<int>(world.movers.size());
  const auto write = [&](const std::string& name, const std::string& bytes) {
    summary.files.push_back(name);
    return WriteFile(directory / name, bytes);
  };

  TW_RETURN_IF_ERROR(write("mission.txtpb", MissionText(scenario)));
  if (!scenario.config.agreement_file().empty()) {
    TW_RETURN_IF_ERROR(write("agreement.txtpb", scenario.agreement_text));
  }
  TW_RETURN_IF_ERROR(write("truth.csv", TruthCsv(scenario, world)));
  TW_RETURN_IF_ERROR(write("truth.json", TruthJson(scenario, world)));

  const std::vector<SimulatedScan> scans = SimulateScans(scenario, world);
  summary.scans = static_cast<int>(scans.size());
  for (const SimulatedScan& scan : scans) summary.plots += static_cast<int>(scan.plots.size());
  TW_ASSIGN_OR_RETURN(const std::string radar_bytes, EncodeScans(scenario, scans));
  TW_RETURN_IF_ERROR(write(scenario.config.radar().source_id() + ".4607", radar_bytes));

  const std::string video = scenario.config.drone().source_id() + ".ts";
  const auto progress = [&](double fraction) {
    if (options.progress) options.progress(fraction, video);
  };
  progress(0);
  TW_RETURN_IF_ERROR(RecordVideo(scenario, world, (directory / video).string(), threads, progress));
  summary.files.push_back(video);
  summary.frames = FrameCount(scenario);
  progress(1);
  return summary;
}

}  // namespace trucewatch::simulate
