// SPDX-License-Identifier: Apache-2.0
#include <fmt/ranges.h>

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <set>

#include "core/archive/gzip.h"
#include "core/config/text_config.h"
#include "core/json/json_writer.h"
#include "fusion/track_csv.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/output_file.h"
#include "tools/trucewatch/progress_bar.h"
#include "tools/trucewatch/radar_looks.h"

namespace trucewatch::tools {
namespace {

constexpr std::uint64_t kMaxCsvBytes = std::uint64_t{1} << 30;

bool IsCsv(const std::string& path) { return path.ends_with(".csv") || path.ends_with(".csv.gz"); }

// "NAME_meas.csv" has its scans in "NAME_scans.csv".
std::string ScansBeside(const std::string& measurements) {
  const std::size_t at = measurements.rfind("_meas.csv");
  if (at == std::string::npos) return "";
  return measurements.substr(0, at) + "_scans" + measurements.substr(at + 5);
}

Result<std::string> ReadCsv(const std::string& path) {
  TW_ASSIGN_OR_RETURN(std::string bytes, ReadTextFile(path));
  if (!IsGzip(bytes)) return bytes;
  return Gunzip(bytes, path, kMaxCsvBytes);
}

Result<std::optional<Geodetic>> ParseSite(const std::string& text) {
  if (text.empty()) return std::optional<Geodetic>();
  double latitude = 0, longitude = 0, height = 0;
  int end = -1;
  const int found =
      std::sscanf(text.c_str(), "%lf,%lf%n,%lf%n", &latitude, &longitude, &end, &height, &end);
  if (found < 2 || end != static_cast<int>(text.size()) || !(std::abs(latitude) <= 90) ||
      !(std::abs(longitude) <= 360)) {
    return Fail(ErrorCode::kUsage,
                "--site '{}': expected LAT,LON or LAT,LON,HEIGHT in degrees and metres above the "
                "ellipsoid",
                text);
  }
  return std::optional(Geodetic::FromDegrees(latitude, longitude, height));
}

struct TrackInput {
  std::vector<ReceivedLook> looks;
  std::optional<LocalFrame> frame;  // none: the plane of a measurement CSV
  std::size_t refused = 0;
};

Result<TrackInput> ReadInput(const TrackCommand& command) {
  TrackInput input;
  if (IsCsv(command.input)) {
    if (!std::filesystem::exists(command.input)) {
      return Fail(ErrorCode::kNotFound, "{}: no such file", command.input);
    }
    const std::string scans = command.scans.empty() ? ScansBeside(command.input) : command.scans;
    if (scans.empty()) {
      return Fail(ErrorCode::kUsage,
                  "{}: where a sensor looked stands in a second file: give it with --scans",
                  command.input);
    }
    TW_ASSIGN_OR_RETURN(const std::string meas_csv, ReadCsv(command.input));
    TW_ASSIGN_OR_RETURN(const std::string scans_csv, ReadCsv(scans));
    auto looks = ParseMeasurementCsv(meas_csv, scans_csv);
    if (!looks) {
      return Fail(looks.error().code, "{} and {}: {}", command.input, scans, looks.error().message);
    }
    input.looks = std::move(*looks);
    return input;
  }
  TW_ASSIGN_OR_RETURN(const auto site, ParseSite(command.site));
  TW_ASSIGN_OR_RETURN(RadarLooks radar, ReadRadarLooks(command.input, site));
  input.looks = std::move(radar.looks);
  input.frame.emplace(radar.origin);
  input.refused = radar.refused;
  return input;
}

// What the other sources are off against the reference.
void PrintBiases(const TrackCommand& command, const TrackCsvResult& result) {
  for (const auto& [source, sensor] : result.biases) {
    std::fprintf(stderr, "%s against %s: %s (%zu common targets, %llu reports)%s\n",
                 source.value.c_str(), command.reference.c_str(), BiasText(sensor.estimate).c_str(),
                 sensor.agreeing, static_cast<unsigned long long>(sensor.reports),
                 sensor.aligned ? "" : "; not known well enough, nothing was corrected at the end");
  }
}

Result<void> CheckReference(const TrackCommand& command, const std::vector<ReceivedLook>& looks) {
  if (command.reference.empty()) return {};
  std::set<std::string> sources;
  for (const ReceivedLook& look : looks) sources.insert(look.look.source.value);
  if (sources.contains(command.reference)) return {};
  return Fail(ErrorCode::kUsage, "--reference '{}': no such source in {}; there are: {}",
              command.reference, command.input, fmt::join(sources, ", "));
}

std::string TrackDiagnostics(const TrackInput& input, const TrackCsvResult& result, double cpu_s) {
  JsonWriter json;
  json.BeginObject().Field("looks", input.looks.size()).Field("reports", result.plots);
  json.Field("tracks", result.tracks).Field("late_looks", result.late_looks);
  json.Field("unusable_parts", input.refused);
  json.Field("associated", result.counts.associated).Field("initiated", result.counts.initiated);
  json.Field("merged", result.counts.merged).Field("deleted", result.counts.deleted);
  json.Field("refused", result.counts.refused);
  json.Field("cpu_s", cpu_s).EndObject();
  return json.text() + "\n";
}

}  // namespace

Result<int> RunTrack(const TrackCommand& command) {
  TW_ASSIGN_OR_RETURN(const TrackInput input, ReadInput(command));
  constexpr double kLongestS = 31 * 86'400.0;
  if (!input.looks.empty()) {
    const auto [first, last] = std::minmax_element(
        input.looks.begin(), input.looks.end(),
        [](const ReceivedLook& a, const ReceivedLook& b) { return a.look.time < b.look.time; });
    if ((last->look.time - first->look.time).seconds() > kLongestS) {
      return Fail(ErrorCode::kBadInput,
                  "{}: its looks span {:.0f} days; at most 31 are tracked at once", command.input,
                  (last->look.time - first->look.time).seconds() / 86'400.0);
    }
  }
  TrackCsvOptions options;
  options.hold_s = command.hold_s;
  options.settled_lag_s = command.settled_lag_s;
  options.max_position_sigma_m = command.max_sigma_m;
  TW_RETURN_IF_ERROR(CheckReference(command, input.looks));
  options.reference.value = command.reference;
  if (input.frame) options.frame = &*input.frame;
  if (!command.groups.empty()) options.groups = GroupOptions{};
  const std::clock_t before = std::clock();  // CPU of this process
  ProgressBar bar(!command.quiet && !command.out.empty());
  const TrackCsvResult result =
      WriteTrackCsv(input.looks, options, [&](double share) { bar.Show(share, "tracking"); });
  const double cpu_s = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
  bar.Clear();
  if (command.out.empty()) {
    std::fwrite(result.csv.data(), 1, result.csv.size(), stdout);
  } else {
    const std::unique_ptr<Storage> storage = MakePosixStorage();
    TW_RETURN_IF_ERROR(WriteOutputFile(*storage, command.out, AsBytes(result.csv)));
  }
  if (!command.groups.empty()) {
    const std::unique_ptr<Storage> storage = MakePosixStorage();
    TW_RETURN_IF_ERROR(WriteOutputFile(*storage, command.groups, AsBytes(result.groups_csv)));
  }
  if (!command.diagnostics.empty()) {
    const std::unique_ptr<Storage> storage = MakePosixStorage();
    const std::string text = TrackDiagnostics(input, result, cpu_s);
    TW_RETURN_IF_ERROR(WriteOutputFile(*storage, command.diagnostics, AsBytes(text)));
  }
  if (!command.quiet) {
    const auto number = [](std::size_t n) { return static_cast<unsigned long long>(n); };
    std::fprintf(stderr, "%llu looks, %llu reports, %llu tracks", number(input.looks.size()),
                 number(result.plots), number(result.tracks));
    if (result.late_looks > 0) {
      std::fprintf(stderr, "; %llu looks came later than the hold and were left out",
                   number(result.late_looks));
    }
    if (input.refused > 0) {
      std::fprintf(stderr, "; %llu parts of the input could not be used", number(input.refused));
    }
    std::fprintf(stderr, "\n");
    PrintBiases(command, result);
  }
  return 0;
}

}  // namespace trucewatch::tools
