// SPDX-License-Identifier: Apache-2.0
// trucewatch: what people type. Questions about the record are answered here; for everything else
// the process becomes trucewatch-mission, which lies beside. That one needs OpenCV, GDAL and
// FFmpeg, and loading their 240 libraries takes longer than most answers (docs/decisions/0016).
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

#include "tools/trucewatch/options.h"

namespace {

bool IsAnsweredHere(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word.starts_with('-')) continue;
    return word == "events" || word == "coverage";
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (IsAnsweredHere(argc, argv))
    return trucewatch::tools::RunProgram(argc, argv, {trucewatch::tools::AddReadingCommands});
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::string mission = self.parent_path() / "trucewatch-mission";
  execv(mission.c_str(), argv);
  std::fprintf(stderr, "trucewatch: %s cannot be started: install it beside this program\n",
               mission.c_str());
  return 3;
}
