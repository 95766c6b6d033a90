// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <filesystem>

#include "core/json/json_writer.h"
#include "core/storage/storage.h"
#include "tools/score/group_score.h"
#include "tools/score/track_files.h"
#include "tools/score/track_picture.h"
#include "tools/score/track_score.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/output_file.h"

namespace trucewatch::tools {
namespace {

void AddOptional(const char* key, const std::optional<double>& value, JsonWriter& json) {
  json.Key(key);
  value ? json.Number(*value) : json.Null();
}

void AddConsistency(const char* key, const std::optional<Consistency>& consistency,
                    JsonWriter& json) {
  if (!consistency) return;
  json.Key(key).BeginObject().Field("pairs", consistency->pairs);
  json.Field("position_nees_ratio", consistency->position_nees_ratio);
  json.Field("inside_95_ratio", consistency->inside_95_ratio);
  if (consistency->velocity_pairs > 0) {
    json.Field("velocity_pairs", consistency->velocity_pairs);
    json.Field("velocity_nees_ratio", consistency->velocity_nees_ratio);
  }
  json.EndObject();
}

void AddTargets(const TrackedScenario& scenario, const TrackScore& score, JsonWriter& json) {
  json.Key("targets").BeginArray();
  for (const TargetScore& t : score.per_target) {
    const TruthTarget& target = scenario.targets[t.target];
    json.BeginObject().Field("truth_id", target.id).Field("kind", target.kind);
    json.Field("group_id", target.group).Field("first_s", t.first_s).Field("last_s", t.last_s);
    json.Field("gt", t.epochs).Field("matched", t.matched).Field("rmse", t.rmse_m);
    json.Field("id_switches", t.id_switches).Field("fragmentations", t.fragmentations);
    AddOptional("init_latency", t.latency_s, json);
    json.Field("n_tracks", t.tracks).Key("main_track");
    t.main_track ? json.String(scenario.tracks[*t.main_track]) : json.Null();
    json.Field("main_track_matched", t.main_matched).EndObject();
  }
  json.EndArray();
}

void AddGroups(const GroupScore& g, JsonWriter& json) {
  json.Key("groups").BeginObject().Field("convoys", g.convoys).Field("gt", g.convoy_epochs);
  json.Field("found", g.found_share).Field("count_error", g.count_error);
  json.Field("count_bias", g.count_bias).Field("inside_95_ratio", g.inside_ratio);
  json.Field("interval", g.interval).Field("place_m", g.place_m);
  json.Field("extent_error", g.extent_error).Field("id_changes", g.id_changes);
  json.Field("others_per_epoch", g.others_per_epoch).EndObject();
}

void PrintTracksJson(const ScoreTracksCommand& command, const TrackedScenario& scenario,
                     const TrackScore& s, const std::optional<GroupScore>& groups) {
  JsonWriter json;
  json.BeginObject().Field("gospa", s.gospa_m).Field("gospa_std_over_time", s.gospa_std_m);
  json.Field("gospa_loc", s.gospa_located_m).Field("gospa_miss", s.gospa_missed_m);
  json.Field("gospa_false", s.gospa_false_m).Field("gospa_rms", s.gospa_rms_m);
  json.Field("mean_loc_p", s.mean_located).Field("mean_miss_p", s.mean_missed);
  json.Field("mean_false_p", s.mean_false).Field("n_truth", s.truths_per_epoch);
  json.Field("n_missed", s.missed_per_epoch).Field("n_false", s.false_per_epoch);
  AddOptional("loc_rmse", s.location_rmse_m, json);
  json.Field("ospa", s.ospa_m).Field("ospa_loc", s.ospa_located_m);
  json.Field("ospa_card", s.ospa_cardinality_m);
  json.Field("idf1", s.idf1).Field("idp", s.id_precision).Field("idr", s.id_recall);
  json.Field("mota", s.mota).Field("id_switches", s.id_switches);
  json.Field("fragmentations", s.fragmentations).Field("fn", s.false_negatives);
  json.Field("fp", s.false_positives).Field("gt", s.truths).Field("motp_rmse", s.rmse_m);
  AddOptional("vel_rmse", s.velocity_rmse_mps, json);
  json.Field("purity", s.purity).Field("completeness", s.completeness);
  json.Field("n_targets", s.targets).Field("n_tracks", s.tracks);
  json.Field("never_tracked", s.never_tracked);
  AddOptional("init_latency", s.initiation_latency_s, json);
  json.Key("kinds").BeginObject();
  for (const KindScore& k : s.kinds) {
    json.Key(k.kind).BeginObject().Field("gt", k.truths).Field("matched", k.matched_share);
    json.Field("rmse", k.rmse_m).Field("idsw", k.id_switches);
    AddConsistency("consistency", k.steady, json);
    json.EndObject();
  }
  json.EndObject();
  AddConsistency("consistency", s.steady, json);
  AddConsistency("consistency_onsets", s.onsets, json);
  if (groups) AddGroups(*groups, json);
  if (command.per_target) AddTargets(scenario, s, json);
  json.Key("params").BeginObject().Field("c", command.c).Field("p", command.p);
  json.Field("alpha", 2).Field("match_dist", command.c).Field("n_times", s.epochs);
  json.Field("from_s", s.first_s).Field("to_s", s.last_s);
  json.Field("min_existence", command.min_existence).EndObject();
  json.Key("rows_left_out").BeginObject();
  json.Field("below_existence", scenario.rows_below_existence);
  json.Field("without_position", scenario.rows_without_position);
  json.Field("beside_grid", scenario.rows_beside_grid).EndObject().EndObject();
  std::puts(json.text().c_str());
}

std::string OrDash(const std::optional<double>& value, const char* unit) {
  return value ? fmt::format("{:.2f}{}", *value, unit) : "-";
}

std::string ConsistencyCells(const std::optional<Consistency>& c) {
  if (!c) return fmt::format("{:>8} {:>9} {:>8} {:>8}", "-", "-", "-", "-");
  return fmt::format("{:8} {:9.2f} {:>8} {:>8}", c->pairs, c->position_nees_ratio,
                     fmt::format("{:.1f} %", 100 * c->inside_95_ratio),
                     c->velocity_pairs > 0 ? fmt::format("{:.2f}", c->velocity_nees_ratio) : "-");
}

void PrintKinds(const TrackScore& s) {
  const bool states = s.steady || s.onsets;
  std::printf("\n  %-12s %8s %8s %8s %8s%s\n", "kind", "epochs", "matched", "RMSE m", "switches",
              states ? "    pairs  NEES/dim  in 95 %  v NEES" : "");
  for (const KindScore& k : s.kinds) {
    std::printf("  %-12s %8zu %6.1f %% %8.2f %8zu %s\n", k.kind.c_str(), k.truths,
                100 * k.matched_share, k.rmse_m, k.id_switches,
                states ? ConsistencyCells(k.steady).c_str() : "");
  }
  if (!states) return;
  std::printf("  %-48s %s\n", "all, steady", ConsistencyCells(s.steady).c_str());
  std::printf("  %-48s %s\n", "all, manoeuvre onsets", ConsistencyCells(s.onsets).c_str());
}

void PrintTargets(const TrackedScenario& scenario, const TrackScore& score) {
  std::printf("\n  %-8s %-11s %6s %8s %8s %9s %8s %8s %7s  %s\n", "target", "kind", "epochs",
              "matched", "RMSE m", "latency s", "switches", "breaks", "tracks", "main track");
  for (const TargetScore& t : score.per_target) {
    const TruthTarget& target = scenario.targets[t.target];
    std::printf("  %-8s %-11s %6zu %6.1f %% %8.1f %9s %8zu %8zu %7zu  %s\n", target.id.c_str(),
                target.InConvoy() ? ("convoy " + target.group).c_str() : target.kind.c_str(),
                t.epochs, 100.0 * static_cast<double>(t.matched) / static_cast<double>(t.epochs),
                t.rmse_m, t.latency_s ? fmt::format("{:.0f}", *t.latency_s).c_str() : "never",
                t.id_switches, t.fragmentations, t.tracks,
                t.main_track ? fmt::format("{} ({:.0f} %)", scenario.tracks[*t.main_track],
                                           100.0 * static_cast<double>(t.main_matched) /
                                               static_cast<double>(t.epochs))
                                   .c_str()
                             : "-");
  }
}

void PrintGroups(const GroupScore& g) {
  std::printf(
      "\n  convoys %zu: a group in %.1f %% of %zu epochs; count wrong by %.1f %% (bias %+.1f %%), "
      "its\n  interval of %.0f %% holds the truth in %.1f %%; place %.1f m, extent wrong by %.0f "
      "%%; %zu changes of\n  id; %.2f other groups an epoch\n",
      g.convoys, 100 * g.found_share, g.convoy_epochs, 100 * g.count_error, 100 * g.count_bias,
      100 * g.interval, 100 * g.inside_ratio, g.place_m, 100 * g.extent_error, g.id_changes,
      g.others_per_epoch);
}

void PrintTracksTable(const ScoreTracksCommand& command, const TrackedScenario& scenario,
                      const TrackScore& s, const std::optional<GroupScore>& groups) {
  std::printf("%zu targets, %zu tracks; %zu epochs from %g to %g s; c = %g m, p = %g\n\n",
              s.targets, s.tracks, s.epochs, s.first_s, s.last_s, command.c, command.p);
  std::printf("  GOSPA          %8.2f m   of it located %.2f, missed %.2f, false %.2f\n", s.gospa_m,
              s.gospa_located_m, s.gospa_missed_m, s.gospa_false_m);
  std::printf("  OSPA           %8.2f m   of it located %.2f, number %.2f\n", s.ospa_m,
              s.ospa_located_m, s.ospa_cardinality_m);
  std::printf("  IDF1           %8.3f     precision %.3f, recall %.3f\n", s.idf1, s.id_precision,
              s.id_recall);
  std::printf("  MOTA           %8.3f     of %zu: missed %zu, false %zu, switches %zu\n", s.mota,
              s.truths, s.false_negatives, s.false_positives, s.id_switches);
  std::printf("  fragmentations %8zu     targets never tracked %zu; first track after %s\n",
              s.fragmentations, s.never_tracked, OrDash(s.initiation_latency_s, " s").c_str());
  std::printf("  purity         %8.3f     completeness %.3f\n", s.purity, s.completeness);
  std::printf("  position RMSE  %8.2f m   velocity RMSE %s\n", s.rmse_m,
              OrDash(s.velocity_rmse_mps, " m/s").c_str());
  PrintKinds(s);
  if (groups) PrintGroups(*groups);
  if (command.per_target) PrintTargets(scenario, s);
  std::printf(
      "\nGOSPA, OSPA: mean over the epochs; less is better; a track counts for a target when "
      "nearer\n"
      "than c. IDF1: share of agreement of the best one-to-one map between targets and tracks "
      "over\n"
      "the whole time. MOTA: 1 - (missed + false + switches) / truth. Fragmentations: a target "
      "found\n"
      "again after a gap. Purity: share of a track's epochs with its main target; completeness: of "
      "a\n"
      "target's with its main track. Stopped: below 1.5 m/s.\n");
  if (s.steady || s.onsets) {
    std::printf(
        "NEES/dim: squared error of position (v: velocity) over the stated covariance; 1 is "
        "right,\n"
        "above it over-confident. In 95 %%: within the stated 95 %% ellipse. Over GOSPA's pairs, "
        "and those\n"
        "that drifted apart while the target stays within the track's 99.99 %% ellipse; apart\n"
        "the manoeuvre onsets, %g s after the target's acceleration was above %g m/s2.\n",
        kOnset_s, kOnsetAcceleration_mps2);
  }
  const std::size_t left_out =
      scenario.rows_below_existence + scenario.rows_without_position + scenario.rows_beside_grid;
  if (left_out > 0) {
    std::printf(
        "Rows left out: %zu below existence %g, %zu without position, %zu at no time of the "
        "truth.\n",
        scenario.rows_below_existence, command.min_existence, scenario.rows_without_position,
        scenario.rows_beside_grid);
  }
}

}  // namespace

Result<int> RunScoreTracks(const ScoreTracksCommand& command) {
  TW_ASSIGN_OR_RETURN(const TrackedScenario scenario,
                      LoadTrackedScenario({.truth = command.truth,
                                           .tracks = command.tracks,
                                           .scans = command.scans,
                                           .min_existence = command.min_existence}));
  TrackScoreOptions options{.cutoff_m = command.c, .order = command.p};
  if (command.from_s) options.from_s = *command.from_s;
  if (command.to_s) options.to_s = *command.to_s;
  TW_ASSIGN_OR_RETURN(const TrackScore score, ScoreTracks(scenario, options));
  std::optional<GroupScore> groups;
  if (!command.groups.empty()) {
    TW_ASSIGN_OR_RETURN(const GroupRows rows, LoadGroupRows(command.groups));
    groups = ScoreGroups(scenario, rows, options);
  }
  if (!command.svg.empty()) {
    const auto name = [](const std::string& path) {
      return std::filesystem::path(path).filename().string();
    };
    const std::string svg =
        DrawTracks(scenario, score,
                   {.title = name(command.tracks) + " and the truth of " + name(command.truth),
                    .cutoff_m = command.c});
    TW_RETURN_IF_ERROR(WriteOutputFile(*MakePosixStorage(), command.svg, AsBytes(svg)));
  }
  if (command.json) {
    PrintTracksJson(command, scenario, score, groups);
  } else {
    PrintTracksTable(command, scenario, score, groups);
  }
  return 0;
}

}  // namespace trucewatch::tools
