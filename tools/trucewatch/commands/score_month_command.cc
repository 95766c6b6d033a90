// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>

#include "core/json/json_writer.h"
#include "core/storage/storage.h"
#include "tools/month/month.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/output_file.h"
#include "tools/trucewatch/progress_bar.h"

namespace trucewatch::tools {
namespace {

double Quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1,
                         static_cast<std::size_t>(share * static_cast<double>(values.size())))];
}

double Share(int part, int all) { return all == 0 ? 1.0 : static_cast<double>(part) / all; }

void Add(const month::RuleGrade& from, month::RuleGrade& to) {
  to.events += from.events;
  to.verified += from.verified;
  to.verified_true += from.verified_true;
  to.visible += from.visible;
  to.visible_verified += from.visible_verified;
  to.happened += from.happened;
  to.delays_s.insert(to.delays_s.end(), from.delays_s.begin(), from.delays_s.end());
  to.wrong.insert(to.wrong.end(), from.wrong.begin(), from.wrong.end());
  to.missed.insert(to.missed.end(), from.missed.begin(), from.missed.end());
}

void Print(const char* name, const month::RuleGrade& g) {
  std::printf("%-13s %8d %8d %7d %9d %10.4f %8.4f %8.0f %8.0f\n", name, g.happened, g.visible,
              g.events, g.verified, Share(g.verified_true, g.verified),
              Share(g.visible_verified, g.visible), Quantile(g.delays_s, 0.5),
              Quantile(g.delays_s, 0.9));
}

void WriteGrade(const std::string& name, const month::RuleGrade& g, JsonWriter& json) {
  json.BeginObject().Field("rule", name).Field("happened", g.happened).Field("visible", g.visible);
  json.Field("events", g.events).Field("verified", g.verified);
  json.Field("precision", Share(g.verified_true, g.verified));
  json.Field("recall", Share(g.visible_verified, g.visible));
  json.Field("delay_median_s", Quantile(g.delays_s, 0.5))
      .Field("delay_p90_s", Quantile(g.delays_s, 0.9));
  json.EndObject();
}

}  // namespace

Result<int> RunScoreMonth(const ScoreMonthCommand& command) {
  std::map<std::string, month::RuleGrade> rules;
  month::RuleGrade all;
  std::vector<month::Stated> stated;
  double verify_s = 0, mission_s = 0;
  std::uint64_t movements = 0, findings = 0;
  for (std::uint64_t seed = command.seed;
       seed < command.seed + static_cast<std::uint64_t>(command.missions); ++seed) {
    ProgressBar bar(!command.quiet);
    const std::string what = fmt::format("mission {}", seed);
    month::MonthOptions options;
    options.seed = seed;
    options.days = command.days;
    options.mistakes = {command.detection, command.georeference, command.correlated_outages};
    options.progress = [&](double share) { bar.Show(share, what); };
    auto result = month::RunMonth(options);
    bar.Clear();
    if (!result) return tl::unexpected(result.error());
    for (const auto& [rule, grade] : result->rules) {
      Add(grade, rules[rule]);
      Add(grade, all);
    }
    stated.insert(stated.end(), result->stated.begin(), result->stated.end());
    verify_s += result->verify_cpu_s;
    mission_s += result->mission_s;
    movements += result->movements;
    findings += result->findings;
  }
  if (!command.statements.empty()) {
    std::string lines = "probability,so\n";
    for (const month::Stated& one : stated)
      lines += fmt::format("{},{}\n", one.probability, one.so ? 1 : 0);
    TW_RETURN_IF_ERROR(WriteOutputFile(*MakePosixStorage(), command.statements, AsBytes(lines)));
  }
  const auto calibration = month::CalibrationError(stated);
  if (command.json) {
    JsonWriter json;
    json.BeginObject().Field("missions", command.missions).Field("days", command.days);
    json.Field("movements", movements).Field("findings", findings);
    json.Field("verify_cpu_s", verify_s).Field("times_real_time", mission_s / verify_s);
    json.Field("statements", stated.size()).Key("calibration_error");
    calibration ? json.Number(*calibration) : json.Null();
    json.Key("rules").BeginArray();
    for (const auto& [rule, grade] : rules) WriteGrade(rule, grade, json);
    WriteGrade("all", all, json);
    json.EndArray().EndObject();
    std::printf("%s\n", json.text().c_str());
    return 0;
  }
  std::printf(
      "rule          happened  visible  events  verified  precision   recall   median      p90  "
      "(delay, s)\n");
  for (const auto& [rule, grade] : rules) Print(rule.c_str(), grade);
  Print("all", all);
  std::printf(
      "%zu statements with a probability; calibration error %s\n", stated.size(),
      calibration ? fmt::format("{:.4f}", *calibration).c_str() : "not known (fewer than 300)");
  std::printf(
      "%llu movements, %llu findings; verify took %.0f s of processor time: %.0f times real time\n",
      static_cast<unsigned long long>(movements), static_cast<unsigned long long>(findings),
      verify_s, mission_s / verify_s);
  if (command.explain) {
    for (const std::string& line : all.wrong)
      std::printf("verified and not so: %s\n", line.c_str());
    for (const std::string& line : all.missed)
      std::printf("visible and not verified: %s\n", line.c_str());
  }
  return 0;
}

}  // namespace trucewatch::tools
