// SPDX-License-Identifier: Apache-2.0
#include "core/stage/stage_health.h"

#include <fmt/format.h>

namespace trucewatch {
namespace {

// RFC 8259 section 7. Bytes outside ASCII (a file name may hold any) become U+FFFD, which is always
// valid.
std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\u{:04x}", byte);
    } else if (byte >= 0x80) {
      out += "\\ufffd";
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace

const char* StageStateName(StageState state) {
  switch (state) {
    case StageState::kStarting:
      return "starting";
    case StageState::kRunning:
      return "running";
    case StageState::kWaiting:
      return "waiting";
    case StageState::kFinished:
      return "finished";
    case StageState::kStopped:
      return "stopped";
    case StageState::kFailed:
      return "failed";
  }
  return "";
}

std::string HealthJson(std::span<const StageHealth> stages) {
  std::string out = "{\"stages\": [";
  const char* separator = "";
  for (const StageHealth& stage : stages) {
    out += fmt::format(
        "{}{{\"name\": {}, \"state\": \"{}\", \"inputs\": {}, \"outputs\": {}, "
        "\"last_input_sequence\": {}, \"error\": {}}}",
        separator, Quoted(stage.name), StageStateName(stage.state), stage.inputs, stage.outputs,
        stage.last_input_sequence, Quoted(stage.error));
    separator = ", ";
  }
  return out + "]}";
}

}  // namespace trucewatch
