// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <filesystem>

#include "tools/simulate/simulate.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/progress_bar.h"

namespace trucewatch::tools {

Result<int> RunSimulate(const SimulateCommand& command) {
  ProgressBar bar(!command.quiet);
  TW_ASSIGN_OR_RETURN(
      const simulate::SimulateSummary summary,
      simulate::Simulate({.scenario_file = command.scenario,
                          .out_dir = command.out,
                          .seed = command.seed,
                          .threads = command.threads,
                          .progress = [&](double fraction, const std::string& what) {
                            bar.Show(fraction, what);
                          }}));
  bar.Clear();
  std::printf(
      "recorded mission of %.0f s, seed %llu, EXERCISE: %d things that move, %d frames, %d radar "
      "scans, %d plots\n",
      summary.duration_s, static_cast<unsigned long long>(summary.seed), summary.movers,
      summary.frames, summary.scans, summary.plots);
  for (const std::string& file : summary.files) {
    std::error_code ignored;
    const auto size = std::filesystem::file_size(command.out + "/" + file, ignored);
    std::printf("  %s/%s  %.1f kB\n", command.out.c_str(), file.c_str(),
                static_cast<double>(size) / 1000.0);
  }
  std::printf("next: trucewatch replay %s --out %s-run\n", command.out.c_str(),
              command.out.c_str());
  return 0;
}

}  // namespace trucewatch::tools
