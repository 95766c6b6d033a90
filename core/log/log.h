// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

namespace trucewatch {

// error: a person must act; warn: degraded; info: the state changed; debug: each message.
enum class LogLevel { kDebug, kInfo, kWarn, kError };

// One key=value of a log line.
struct LogField {
  template <typename T>
  LogField(std::string_view name, const T& field_value)
      : key(name), value(fmt::format("{}", field_value)) {}
  std::string_view key;
  std::string value;
};

// Writes "2026-03-01T21:00:00.123Z info track_initiated track=12 source=radar1" to standard error,
// so that standard output stays machine-readable. Logs are not evidence. Threads: any.
void Log(LogLevel level, std::string_view event, const std::vector<LogField>& fields = {});

void SetLogLevel(LogLevel lowest);

}  // namespace trucewatch
