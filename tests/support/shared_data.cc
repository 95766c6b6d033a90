// SPDX-License-Identifier: Apache-2.0
#include "tests/support/shared_data.h"

#include <cstdlib>
#include <filesystem>

namespace trucewatch::testing {

std::optional<std::string> SharedData(const std::string& name) {
  const char* folder = std::getenv("TRUCEWATCH_SAMPLES");
  const std::filesystem::path path =
      std::filesystem::path(folder != nullptr ? folder : "../shared/data") / name;
  if (!std::filesystem::exists(path)) return std::nullopt;
  return path.string();
}

bool SharedDataRequired() {
  const char* ci = std::getenv("CI");
  return ci != nullptr && std::string(ci) == "true";
}

}  // namespace trucewatch::testing
