// SPDX-License-Identifier: Apache-2.0
#include "core/log/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace trucewatch {
namespace {

spdlog::logger& Logger() {
  // Made at first use: a static object would depend on the order of initialisation.
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>("trucewatch",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_formatter(std::make_unique<spdlog::pattern_formatter>(
        "%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc));
    made->set_level(spdlog::level::warn);
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

// A value with spaces or quotes is quoted, so that a line splits the same way for every reader.
std::string Quoted(const std::string& value) {
  if (value.find_first_of(" \"=\n") == std::string::npos && !value.empty()) return value;
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out + "\"";
}

}  // namespace

void Log(LogLevel level, std::string_view event, const std::vector<LogField>& fields) {
  spdlog::logger& logger = Logger();
  if (!logger.should_log(ToSpdlog(level))) return;
  std::string line(event);
  for (const LogField& field : fields)
    line += fmt::format(" {}={}", field.key, Quoted(field.value));
  logger.log(ToSpdlog(level), "{}", line);
}

void SetLogLevel(LogLevel lowest) { Logger().set_level(ToSpdlog(lowest)); }

}  // namespace trucewatch
