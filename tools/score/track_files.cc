// SPDX-License-Identifier: Apache-2.0
#include "tools/score/track_files.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string_view>
#include <unordered_map>

#include "core/archive/gzip.h"
#include "core/storage/storage.h"
#include "tools/score/csv_rows.h"

namespace trucewatch::tools {
namespace {

constexpr std::uint64_t kMaxTrackFileBytes = std::uint64_t{512} << 20;

std::int64_t Milliseconds(double time_s) { return std::llround(time_s * 1000); }

Result<std::string> ReadPerhapsPacked(Storage& storage, const std::string& path) {
  TW_ASSIGN_OR_RETURN(std::string bytes, ReadWholeFile(storage, path, kMaxTrackFileBytes));
  if (IsGzip(bytes)) return Gunzip(bytes, path, kMaxTrackFileBytes);
  return bytes;
}

// Numbers names in the order they come.
class NameTable {
 public:
  // Second: the name is new.
  std::pair<std::size_t, bool> Of(std::string_view name) {
    const auto [entry, is_new] = numbers_.try_emplace(std::string(name), numbers_.size());
    return {entry->second, is_new};
  }

 private:
  std::unordered_map<std::string, std::size_t> numbers_;
};

using EpochsByTime = std::map<std::int64_t, ScoredEpoch>;

Result<EpochsByTime> ReadTruth(const TrackFiles& files, const std::string& text,
                               TrackedScenario& scenario) {
  TW_ASSIGN_OR_RETURN(CsvRows rows,
                      CsvRows::Open(text, files.truth, {"time", "truth_id", "x", "y", "vx", "vy"}));
  std::array<std::size_t, 5> places{};
  for (std::size_t k = 0; k < places.size(); ++k) {
    places[k] = *rows.PlaceOf(std::array{"time", "x", "y", "vx", "vy"}[k]);
  }
  const std::size_t id = *rows.PlaceOf("truth_id");
  const auto group = rows.PlaceOf("group_id"), kind = rows.PlaceOf("kind");
  EpochsByTime epochs;
  NameTable names;
  std::vector<std::int64_t> latest;  // of each target
  while (true) {
    TW_ASSIGN_OR_RETURN(const bool more, rows.Next());
    if (!more) break;
    std::array<double, 5> v{};
    for (std::size_t k = 0; k < v.size(); ++k) {
      TW_ASSIGN_OR_RETURN(v[k], rows.Number(places[k]));
    }
    const auto [target, is_new] = names.Of(rows.Text(id));
    const std::int64_t at_ms = Milliseconds(v[0]);
    if (is_new) {
      scenario.targets.push_back({std::string(rows.Text(id)),
                                  kind ? std::string(rows.Text(*kind)) : std::string(),
                                  group ? std::string(rows.Text(*group)) : "-1"});
      latest.push_back(at_ms);
    } else if (at_ms <= latest[target]) {
      return rows.Wrong(
          fmt::format("target {} at {:g} s, after a row at {:g} s; expected its rows "
                      "in order of time",
                      rows.Text(id), v[0], static_cast<double>(latest[target]) / 1000));
    }
    latest[target] = at_ms;
    ScoredEpoch& epoch = epochs[at_ms];
    epoch.time_s = static_cast<double>(at_ms) / 1000;
    epoch.truths.push_back({target, {v[1], v[2]}, {v[3], v[4]}});
  }
  if (epochs.empty()) return Fail(ErrorCode::kBadInput, "{}: no rows", files.truth);
  return epochs;
}

// Three columns of a covariance; nothing when the row has none.
Result<std::optional<Eigen::Matrix2d>> ReadCovariance(
    const CsvRows& rows, const std::optional<std::array<std::size_t, 3>>& places) {
  if (!places) return std::optional<Eigen::Matrix2d>();
  std::array<std::optional<double>, 3> p;
  for (std::size_t k = 0; k < p.size(); ++k) {
    TW_ASSIGN_OR_RETURN(p[k], rows.Optional((*places)[k]));
  }
  if (!p[0] && !p[1] && !p[2]) return std::optional<Eigen::Matrix2d>();
  if (!p[0] || !p[1] || !p[2]) return rows.Wrong("one part of a covariance is missing");
  if (!(*p[0] > 0 && *p[2] > 0 && *p[0] * *p[2] > *p[1] * *p[1])) {
    return rows.Wrong(fmt::format("the covariance {:g}, {:g}, {:g} is not positive definite", *p[0],
                                  *p[1], *p[2]));
  }
  Eigen::Matrix2d covariance;
  covariance << *p[0], *p[1], *p[1], *p[2];
  return std::optional<Eigen::Matrix2d>(covariance);
}

std::optional<std::array<std::size_t, 3>> CovariancePlaces(
    const CsvRows& rows, const std::array<std::string_view, 3>& columns) {
  std::array<std::size_t, 3> places{};
  for (std::size_t k = 0; k < places.size(); ++k) {
    const auto place = rows.PlaceOf(columns[k]);
    if (!place) return std::nullopt;
    places[k] = *place;
  }
  return places;
}

Result<void> ReadTracks(const TrackFiles& files, const std::string& text, EpochsByTime& epochs,
                        TrackedScenario& scenario) {
  TW_ASSIGN_OR_RETURN(
      CsvRows rows, CsvRows::Open(text, files.tracks, {"time", "track_id", "x", "y", "vx", "vy"}));
  const std::size_t time = *rows.PlaceOf("time"), id = *rows.PlaceOf("track_id");
  const std::size_t x = *rows.PlaceOf("x"), y = *rows.PlaceOf("y");
  const std::size_t vx = *rows.PlaceOf("vx"), vy = *rows.PlaceOf("vy");
  const auto existence = rows.PlaceOf("existence_prob");
  const auto cov_p = CovariancePlaces(rows, {"p_xx", "p_xy", "p_yy"});
  const auto cov_v = CovariancePlaces(rows, {"p_vxvx", "p_vxvy", "p_vyvy"});
  NameTable names;
  std::vector<double> newest_s;  // of each track's rows so far
  while (true) {
    TW_ASSIGN_OR_RETURN(const bool more, rows.Next());
    if (!more) return {};
    TW_ASSIGN_OR_RETURN(const double time_s, rows.Number(time));
    TrackPoint point;
    TW_ASSIGN_OR_RETURN(const std::optional<double> at_x, rows.Optional(x));
    TW_ASSIGN_OR_RETURN(const std::optional<double> at_y, rows.Optional(y));
    TW_ASSIGN_OR_RETURN(const std::optional<double> v_x, rows.Optional(vx));
    TW_ASSIGN_OR_RETURN(const std::optional<double> v_y, rows.Optional(vy));
    TW_ASSIGN_OR_RETURN(point.cov_p_m2, ReadCovariance(rows, cov_p));
    TW_ASSIGN_OR_RETURN(point.cov_v_m2ps2, ReadCovariance(rows, cov_v));
    double exists = 1;
    if (existence) {
      TW_ASSIGN_OR_RETURN(const std::optional<double> stated, rows.Optional(*existence));
      exists = stated.value_or(1.0);
      if (exists < 0 || exists > 1) return rows.Wrong("existence_prob is not within 0..1");
    }
    if (exists < files.min_existence) {
      ++scenario.rows_below_existence;
      continue;
    }
    if (!at_x || !at_y) {
      ++scenario.rows_without_position;
      continue;
    }
    const auto epoch = epochs.find(Milliseconds(time_s));
    if (epoch == epochs.end()) {
      ++scenario.rows_beside_grid;
      continue;
    }
    point.p_en_m = {*at_x, *at_y};
    if (v_x && v_y) point.v_en_mps = Eigen::Vector2d(*v_x, *v_y);
    const auto [track, is_new] = names.Of(rows.Text(id));
    point.track = track;
    std::vector<TrackPoint>& points = epoch->second.tracks;
    if (is_new) {
      scenario.tracks.emplace_back(rows.Text(id));
      newest_s.push_back(epoch->second.time_s);
    } else if (epoch->second.time_s > newest_s[track]) {
      newest_s[track] = epoch->second.time_s;
    } else if (const auto seat = std::ranges::find(points, track, &TrackPoint::track);
               seat != points.end()) {
      *seat = point;
      continue;
    }
    points.push_back(point);
  }
}

// The footprint that holds at an epoch: the newest of a camera, measured at most a second before.
Result<void> ReadFootprints(const TrackFiles& files, const std::string& text,
                            TrackedScenario& scenario) {
  constexpr double kMaxAge_s = 1.0, kSameTime_s = 1e-9;
  TW_ASSIGN_OR_RETURN(CsvRows rows, CsvRows::Open(text, files.scans,
                                                  {"measure_time", "sensor_type", "fov_xmin",
                                                   "fov_xmax", "fov_ymin", "fov_ymax"}));
  const std::array columns = {"measure_time", "fov_xmin", "fov_xmax", "fov_ymin", "fov_ymax"};
  const std::size_t type = *rows.PlaceOf("sensor_type");
  std::vector<std::array<double, 5>> frames;
  while (true) {
    TW_ASSIGN_OR_RETURN(const bool more, rows.Next());
    if (!more) break;
    if (rows.Text(type) != "eo") continue;
    std::array<double, 5> frame{};
    for (std::size_t k = 0; k < frame.size(); ++k) {
      TW_ASSIGN_OR_RETURN(frame[k], rows.Number(*rows.PlaceOf(columns[k])));
    }
    frames.push_back(frame);
  }
  std::sort(frames.begin(), frames.end());
  std::size_t next = 0;
  for (ScoredEpoch& epoch : scenario.epochs) {
    while (next < frames.size() && frames[next][0] < epoch.time_s + kSameTime_s) ++next;
    if (next == 0 || epoch.time_s - frames[next - 1][0] > kMaxAge_s) continue;
    const auto& f = frames[next - 1];
    epoch.camera = CameraFootprint{{f[1], f[3]}, {f[2], f[4]}};
  }
  scenario.has_cameras = true;
  return {};
}

void MarkManoeuvreOnsets(TrackedScenario& scenario) {
  struct Past {
    double time_s = 0;
    Eigen::Vector2d v_en_mps{0, 0};
    double manoeuvre_s = -1e300;  // when it last was above the limit
  };
  std::vector<std::optional<Past>> past(scenario.targets.size());
  for (ScoredEpoch& epoch : scenario.epochs) {
    for (TruthPoint& truth : epoch.truths) {
      std::optional<Past>& before = past[truth.target];
      Past now{epoch.time_s, truth.v_en_mps};
      if (before) {
        const double acceleration_mps2 =
            (truth.v_en_mps - before->v_en_mps).norm() / (epoch.time_s - before->time_s);
        now.manoeuvre_s =
            acceleration_mps2 > kOnsetAcceleration_mps2 ? epoch.time_s : before->manoeuvre_s;
      }
      truth.manoeuvre_onset = epoch.time_s - now.manoeuvre_s <= kOnset_s;
      before = now;
    }
  }
}

}  // namespace

std::array<bool, kTruthKindCount> TruthKindsOf(const TrackedScenario& scenario,
                                               const TruthPoint& truth,
                                               const std::optional<CameraFootprint>& camera) {
  constexpr double kStoppedBelow_mps = 1.5;
  const bool convoy = scenario.targets[truth.target].InConvoy();
  const bool stopped = truth.v_en_mps.norm() < kStoppedBelow_mps;
  return {convoy, !convoy, !stopped, stopped, camera && camera->Contains(truth.p_en_m)};
}

Result<TrackedScenario> ParseTrackedScenario(const TrackFiles& files, const TrackTexts& texts) {
  TrackedScenario scenario;
  TW_ASSIGN_OR_RETURN(EpochsByTime epochs, ReadTruth(files, texts.truth, scenario));
  TW_RETURN_IF_ERROR(ReadTracks(files, texts.tracks, epochs, scenario));
  for (auto& [time_ms, epoch] : epochs) scenario.epochs.push_back(std::move(epoch));
  if (!files.scans.empty()) TW_RETURN_IF_ERROR(ReadFootprints(files, texts.scans, scenario));
  MarkManoeuvreOnsets(scenario);
  return scenario;
}

Result<TrackedScenario> LoadTrackedScenario(const TrackFiles& files) {
  const std::unique_ptr<Storage> storage = MakePosixStorage();
  TrackTexts texts;
  TW_ASSIGN_OR_RETURN(texts.truth, ReadPerhapsPacked(*storage, files.truth));
  TW_ASSIGN_OR_RETURN(texts.tracks, ReadPerhapsPacked(*storage, files.tracks));
  if (!files.scans.empty()) {
    TW_ASSIGN_OR_RETURN(texts.scans, ReadPerhapsPacked(*storage, files.scans));
  }
  return ParseTrackedScenario(files, texts);
}

}  // namespace trucewatch::tools
