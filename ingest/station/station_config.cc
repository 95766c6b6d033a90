// SPDX-License-Identifier: Apache-2.0
#include "ingest/station/station_config.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/base/check.h"
#include "core/config/text_config.h"
#include "ingest/station/batch_wire.h"
#include "ingest/station/live_source.h"

namespace trucewatch::station {
namespace {

using v1::config::SourceConfig;
using v1::config::StationConfig;

constexpr std::uint64_t kDefaultOutboxBytes = std::uint64_t{8} << 30;
constexpr std::uint32_t kDefaultBatchBytes = 256 << 10;

// As in the mission config: it becomes part of file names and log lines.
bool IsStationName(const std::string& text) {
  return !text.empty() && text.size() <= 64 &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
}

void ValidateSources(const StationConfig& config, ConfigProblems* problems) {
  if (config.source().empty()) problems->Add("source", "is missing; a station needs one at least");
  std::set<std::string> ids;
  for (int i = 0; i < config.source_size(); ++i) {
    const std::string at = fmt::format("source[{}]", i);
    const auto& source = config.source(i);
    if (!IsStationName(source.id()) || !ids.insert(source.id()).second) {
      problems->Add(at + ".id", fmt::format("'{}' is no name, or used twice", source.id()));
    }
    if (source.format() == SourceConfig::FORMAT_UNSPECIFIED) {
      problems->Add(at + ".format",
                    "is missing; expected MPEGTS_KLV, STANAG4607, ASTERIX, SATELLITE or HUMAN");
    }
    if (source.file().empty() == source.live().empty()) {
      problems->Add(at, "expected either file or live");
    }
    if (!source.live().empty() && source.format() != SourceConfig::FORMAT_UNSPECIFIED) {
      const auto good = CheckLiveUrl(source.live(), source.format());
      if (!good) problems->Add(at + ".live", good.error().message);
    }
    problems->Range(at + ".speed", source.speed(), 0, 1000);
    const auto range = [&](const char* field, double value, double low, double high) {
      if (value == 0) return;  // the default
      if (source.live().empty()) problems->Add(at + field, "is for live sources");
      problems->Range(at + field, value, low, high);
    };
    range(".stall_s", source.stall_s(), 0.5, 3600);
    range(".max_bytes_per_s", source.max_bytes_per_s(), 1000, 1e9);
    range(".max_records_per_s", source.max_records_per_s(), 1, 1e6);
    range(".max_queued_bytes", static_cast<double>(source.max_queued_bytes()), 65'536,
          static_cast<double>(config.max_outbox_bytes()));
  }
}

}  // namespace

std::string StationFile::Resolve(const std::string& file) const {
  if (file.empty() || std::filesystem::path(file).is_absolute()) return file;
  return (std::filesystem::path(directory) / file).string();
}

Instant StationFile::start() const {
  const auto start = ParseUtc(config.start_utc());
  TW_CHECK(start.has_value());
  return *start;
}

MissionFile StationFile::Recorded() const {
  MissionFile mission;
  mission.path = path;
  mission.directory = directory;
  mission.config.set_start_utc(config.start_utc());
  for (const auto& source : config.source()) {
    if (source.file().empty()) continue;
    auto* recorded = mission.config.add_source();
    recorded->set_id(source.id());
    recorded->set_file(source.file());
    recorded->set_format(source.format());
    recorded->set_speed(source.speed());
  }
  return mission;
}

Result<StationFile> LoadStationConfig(const std::string& path) {
  StationFile file;
  file.path = path;
  TW_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  file.directory = std::filesystem::path(path).parent_path().string();
  if (file.directory.empty()) file.directory = ".";
  FieldLines lines;
  StationConfig& config = file.config;
  TW_RETURN_IF_ERROR(ParseTextConfig(text, path, &config, &lines));
  if (config.max_outbox_bytes() == 0) config.set_max_outbox_bytes(kDefaultOutboxBytes);
  if (config.batch_s() == 0) config.set_batch_s(1);
  if (config.batch_bytes() == 0) config.set_batch_bytes(kDefaultBatchBytes);
  ConfigProblems problems(path, lines);
  if (!IsStationName(config.id())) {
    problems.Add("id", fmt::format("'{}' is no name; expected 1 to 64 letters, digits, '-', '_'",
                                   config.id()));
  }
  const auto start = ParseUtc(config.start_utc());
  if (!start) problems.Add("start_utc", start.error().message);
  ValidateSources(config, &problems);
  problems.Required("hub_endpoint", config.hub_endpoint());
  const std::string& endpoint = config.hub_endpoint();
  const std::size_t colon = endpoint.rfind(':');
  if (!endpoint.empty() &&
      (!endpoint.starts_with("tcp://") || colon < 7 || colon + 1 >= endpoint.size() ||
       endpoint.find_first_not_of("0123456789", colon + 1) != std::string::npos)) {
    problems.Add("hub_endpoint",
                 fmt::format("'{}' is no endpoint; expected tcp://HOST:PORT", endpoint));
  }
  if (config.hub_public().size() != 40) {
    problems.Add("hub_public", "expected the hub's public key, 40 characters of Z85");
  }
  problems.Required("key_file", config.key_file());
  problems.Required("outbox", config.outbox());
  problems.Range("max_outbox_bytes", static_cast<double>(config.max_outbox_bytes()), 1 << 20, 1e15);
  problems.Range("batch_s", config.batch_s(), 0.01, 60);
  problems.Range("batch_bytes", config.batch_bytes(), 1024, kDefaultBatchBytes);
  for (int i = 0; i < config.exercise_cut_size(); ++i) {
    const std::string at = fmt::format("exercise_cut[{}]", i);
    problems.Range(at + ".after_s", config.exercise_cut(i).after_s(), 0, 1e7);
    problems.Range(at + ".duration_s", config.exercise_cut(i).duration_s(), 0, 86'400);
  }
  TW_RETURN_IF_ERROR(problems.ToResult());
  return file;
}

}  // namespace trucewatch::station
