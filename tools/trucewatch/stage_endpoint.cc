// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/stage_endpoint.h"

#include <filesystem>

namespace trucewatch::tools {

Result<std::string> StageEndpoint(const MissionFile& mission, const std::string& state_directory,
                                  const std::string& stage) {
  for (const auto& endpoint : mission.config.bus().endpoint()) {
    if (endpoint.stage() == stage) return endpoint.endpoint();
  }
  const std::string& pattern = mission.config.bus().ipc_pattern();
  const std::size_t at = pattern.find("%s");
  if (pattern.rfind("ipc://", 0) != 0 || at == std::string::npos) {
    return Fail(ErrorCode::kBadInput,
                "{}: bus: stage '{}' has no endpoint; expected endpoint {{ stage: \"{}\" endpoint: "
                "\"tcp://...\" }} or "
                "ipc_pattern: \"ipc://%s.sock\"",
                mission.path, stage, stage);
  }
  std::string path = pattern.substr(6);
  path.replace(path.find("%s"), 2, stage);
  if (!std::filesystem::path(path).is_absolute()) path = state_directory + "/" + path;
  constexpr std::size_t kMaxSocketPath = 107;  // sun_path of unix(7), less its final zero
  path = std::filesystem::absolute(path).string();
  if (path.size() > kMaxSocketPath) {
    return Fail(ErrorCode::kBadInput,
                "{}: a socket's path may have {} characters; use a shorter state folder", path,
                kMaxSocketPath);
  }
  return "ipc://" + path;
}

}  // namespace trucewatch::tools
