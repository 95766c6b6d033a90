// SPDX-License-Identifier: Apache-2.0
#include "ingest/asterix/scan_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace trucewatch::asterix {
namespace {

constexpr double kDegree = std::numbers::pi / 180.0;
constexpr double kMinSigmaMps = 0.05;
constexpr double kMinPositionSigmaM = 1;
// Belief in what the radar says a target is.
constexpr double kStatedVehicle = 0.9;

double Square(double value) { return value * value; }

bool IsTracker(const Record& r) { return r.category == 62 || r.category == 65 || r.category == 21; }

bool IsTargetReport(const Record& r) {
  return r.category == 48 || r.category == 1 || r.category == 62 || r.category == 21 ||
         (r.category == 10 && r.Integer("I010/000", "message_type").value_or(1) == 1);
}

bool IsMarker(const Record& r) {
  return (r.category == 34 && r.Integer("I034/000", "message_type") == 1) ||
         (r.category == 2 && r.Integer("I002/000", "message_type") == 1) ||
         (r.category == 10 && r.Integer("I010/000", "message_type") == 2);
}

// 1-sigma of an ADS-B position by its accuracy category, the 95 % radius by 2.45 (RTCA DO-260B,
// table of NACp); where there is none, a position that nobody vouches for.
double AdsbSigmaM(std::int64_t nacp) {
  constexpr double kRadiusM[] = {0, 18'520, 7408, 3704, 1852, 926, 555.6, 185.2, 92.6, 30, 10, 3};
  constexpr double kUnstatedM = 185.2;
  return (nacp >= 1 && nacp <= 11 ? kRadiusM[nacp] : kUnstatedM) / 2.45;
}

}  // namespace

ScanBuilder::ScanBuilder(ScanOptions options, const Terrain* terrain)
    : options_(std::move(options)),
      geometry_(options_.site, terrain, options_.ground_height_hae_m),
      footprint_(geometry_.Footprint()) {}

Duration ScanBuilder::period() const {
  return Duration::FromSeconds(options_.site.scan_period_s());
}

void ScanBuilder::Add(const Record& record, Instant time, const Digest& digest,
                      std::vector<ScanItem>& out) {
  CloseIfOver(time, out);
  if (IsMarker(record)) {
    if (scan_ && scan_->from_marker && time - scan_->start < period() / 2) return;  // repeated
    if (scan_ && scan_->from_marker) {
      Close(time, out);
    } else {
      DropIncomplete();  // the radar was in the middle of it when we began to listen
    }
    marks_scans_ = true;
    Open(time, true);
  } else if (!scan_) {
    Open(time, false);
  }
  scan_->last = std::max(scan_->last, time);
  if (scan_->digests.empty() || scan_->digests.back() != digest) scan_->digests.push_back(digest);
  ReadStatus(record, time, out);
  if (IsTracker(record)) {
    tracker_ = {record.sac().value_or(0), record.sic().value_or(0)};
  }
  scan_->tracker = tracker_;
  if (IsTargetReport(record)) AddTarget(record, time, out);
}

void ScanBuilder::Finish(std::vector<ScanItem>& out) {
  if (!scan_) return;
  if (scan_->last - scan_->start >= period() / 2) {
    Close(scan_->start + period(), out);
  } else {
    DropIncomplete();
  }
}

void ScanBuilder::Open(Instant time, bool from_marker) {
  scan_ = Scan();
  scan_->start = scan_->last = time;
  scan_->from_marker = from_marker;
  scan_->withdrawn = nogo_.on || time_invalid_.on;
}

void ScanBuilder::CloseIfOver(Instant time, std::vector<ScanItem>& out) {
  if (!scan_) return;
  const Duration age = time - scan_->start;
  if (marks_scans_ && scan_->from_marker) {
    // Rotations are not quite even; a marker that is this late will not come.
    if (age <= period() * 5 / 4) return;
    marks_scans_ = false;
    if (scan_->last - scan_->start >= period() / 2) {
      Close(scan_->start + period(), out);
    } else {
      DropIncomplete();
    }
    return;
  }
  // A little early: the same target comes round after one period, give or take a time step.
  if (age < period() * 19 / 20) return;
  if (marks_scans_) {
    DropIncomplete();
  } else {
    Close(scan_->start + period(), out);
  }
}

void ScanBuilder::DropIncomplete() {
  if (!scan_) return;
  kept_back_.incomplete += scan_->targets.size();
  scan_.reset();
}

void ScanBuilder::Announce(Announced& state, bool on, Instant time, std::uint64_t offset,
                           const std::string& what, std::vector<ScanItem>& out) {
  if (on == state.on) return;
  if (on) {
    out.emplace_back(ScanFault{offset, fmt::format("the radar announces: {}", what)});
    state.since = time;
  } else {
    out.emplace_back(ScanFault{offset, fmt::format("the radar takes back after {:.1f} s: {}",
                                                   (time - state.since).seconds(), what)});
  }
  state.on = on;
}

void ScanBuilder::ReadStatus(const Record& r, Instant time, std::vector<ScanItem>& out) {
  const char* id = r.category == 34 ? "I034/050" : r.category == 65 ? "I065/040" : "I010/550";
  const Item* item = r.Find(id);
  const Node* status = item == nullptr ? nullptr : item->value;
  if (status != nullptr && r.category == 34) status = status->Find("com");
  if (status != nullptr) {
    const std::int64_t nogo = status->Find("nogo")->raw;
    const bool withdrawn = r.category == 34 ? nogo == 1 : nogo == 2;
    Announce(nogo_, withdrawn, time, item->offset,
             "NOGO, its data must not be used; no looks are made of them", out);
    Announce(time_invalid_, status->Find("tsv")->raw == 1, time, item->offset,
             "time source invalid; no looks are made of its data", out);
    if (r.category != 34) {
      Announce(degraded_, nogo == 1, time, item->offset, "degraded operation", out);
    }
  }
  if (nogo_.on || time_invalid_.on) scan_->withdrawn = true;
  const auto rotation_s = r.Number(r.category == 2 ? "I002/041" : "I034/041", "rotation_period_s");
  const double period_s = options_.site.scan_period_s();
  if (rotation_s && !period_differs_ && std::abs(*rotation_s - period_s) > 0.1 * period_s) {
    period_differs_ = true;
    out.emplace_back(ScanFault{
        r.offset, fmt::format("the antenna turns once in {:.2f} s; radar_site.scan_period_s is "
                              "{:.2f}: correct the config, scans may be cut",
                              *rotation_s, period_s)});
  }
  if (r.category != 34 || scan_->strobe) return;
  const std::int64_t type = r.Integer("I034/000", "message_type").value_or(0);
  if (type != 4 && type != 5) return;
  scan_->strobe = true;  // one statement a scan is enough
  std::string where;
  if (const Item* window = r.Find("I034/100")) {
    where = fmt::format(" between {:.1f} and {:.1f} deg",
                        window->value->Find("theta_start_deg")->number,
                        window->value->Find("theta_end_deg")->number);
  }
  out.emplace_back(
      ScanFault{r.offset, fmt::format("the radar reports {}{}; targets there may be missing",
                                      type == 4 ? "jamming" : "a solar storm", where)});
}

void ScanBuilder::AddTarget(const Record& r, Instant time, std::vector<ScanItem>& out) {
  simulated_ = IsSimulated(r) || (scan_->reported && simulated_);
  scan_->simulated = scan_->simulated || simulated_;
  scan_->reported = true;
  const TargetFate fate = FateOfReport(r);
  if (fate != TargetFate::kKeep) {
    ++kept_back_.by_fate[static_cast<std::size_t>(fate)];
    return;
  }
  auto target = ReadTarget(r, time);
  if (!target) {
    ++kept_back_.no_position;
    return;
  }
  if (!geometry_.Covers(target->range_m, target->azimuth_deg)) {
    ++kept_back_.outside;
    return;
  }
  if (scan_->targets.size() == kMaxPlots) {
    out.emplace_back(
        ScanFault{r.offset, fmt::format("more than {} targets in one scan", kMaxPlots)});
    ++kept_back_.no_position;
    return;
  }
  scan_->targets.push_back(std::move(*target));
}

bool ScanBuilder::ReadPolar(const Record& r, Target& target) const {
  const bool of010 = r.category == 10;
  const char* polar = r.category == 48 ? "I048/040" : of010 ? "I010/040" : "I001/040";
  const auto range = r.Number(polar, "rho_m");
  const auto azimuth = r.Number(polar, "theta_deg");
  target.range_step_m = r.category == 48 ? 1852.0 / 256 : of010 ? 1.0 : 1852.0 / 128;
  if (range && azimuth) {
    target.range_m = *range;
    target.azimuth_deg = *azimuth;
  } else {
    // Cartesian, in the plane, so that the slant does not matter to its step.
    const char* plane = of010 ? "I010/042" : "I001/042";
    const auto x = r.Number(plane, "x_m");
    const auto y = r.Number(plane, "y_m");
    if (!x || !y) return false;
    target.range_m = std::hypot(*x, *y);
    target.azimuth_deg = std::atan2(*x, *y) / kDegree;
    if (!of010) target.range_step_m *= 2;  // 1/64 NM
  }
  return target.range_m > 0;
}

// Where a tracker says that it is, and how well it knows. Range and azimuth only to see whether the
// config's sector holds it.
bool ScanBuilder::ReadPosition(const Record& r, Target& target) const {
  const char* best = r.category == 62 ? "I062/105" : "I021/131";
  auto lat = r.Number(best, "lat_deg");
  auto lon = r.Number(best, "lon_deg");
  if (r.category == 21 && !lat) {
    lat = r.Number("I021/130", "lat_deg");
    lon = r.Number("I021/130", "lon_deg");
  }
  if (!lat || !lon || std::abs(*lat) > 90 || std::abs(*lon) > 180) return false;
  target.position = Geodetic::FromDegrees(*lat, *lon, 0);
  target.position->height_hae_m = geometry_.GroundHeightM(*target.position);
  const Eigen::Vector3d enu = LocalFrame(geometry_.site()).EnuFromGeodetic(*target.position);
  target.range_m = enu.norm();
  target.azimuth_deg = std::atan2(enu.x(), enu.y()) / kDegree;
  target.position_sigma_m = options_.site.sigma_range_m();
  if (r.category == 21) {
    target.position_sigma_m = AdsbSigmaM(r.Integer("I021/090", "nacp").value_or(0));
  } else if (const Item* accuracies = r.Find("I062/500")) {
    if (const Node* apc = accuracies->value->Find("apc")) {
      target.position_sigma_m = std::max(apc->Find("x_m")->number, apc->Find("y_m")->number);
    }
  }
  target.position_sigma_m = std::max(target.position_sigma_m, kMinPositionSigmaM);
  return target.range_m > 0;
}

std::optional<ScanBuilder::Target> ScanBuilder::ReadTarget(const Record& r, Instant time) const {
  Target target;
  target.time = time;
  if (IsVehicle(r)) target.classes[ObjectClass::kUnknownVehicle] = kStatedVehicle;
  if (!(IsTracker(r) ? ReadPosition(r, target) : ReadPolar(r, target))) return std::nullopt;
  if (r.category == 48) {
    const Item* doppler = r.Find("I048/120");
    const Node* cal = doppler == nullptr ? nullptr : doppler->value->Find("cal");
    if (cal != nullptr && cal->Find("d")->raw == 0) {
      target.radial_mps = cal->Find("speed_mps")->number;
    }
    return target;
  }
  // Of CAT001 the velocity is that of a smoothed track; it is not used, like I048/200.
  const bool of062 = r.category == 62;
  const char* cartesian = of062 ? "I062/185" : "I010/202";
  const char* polar = r.category == 21 ? "I021/160" : "I010/200";
  const auto vx = r.Number(cartesian, "vx_mps");
  const auto vy = r.Number(cartesian, "vy_mps");
  const auto speed = r.Number(polar, "ground_speed_mps");
  const auto track = r.Number(polar, "track_angle_deg");
  if (vx && vy) {
    target.velocity_en_mps = Eigen::Vector2d(*vx, *vy);
  } else if (speed && track) {
    target.velocity_en_mps =
        Eigen::Vector2d(*speed * std::sin(*track * kDegree), *speed * std::cos(*track * kDegree));
  }
  return target;
}

std::optional<Plot> ScanBuilder::MakePlot(const Target& target, Instant middle) const {
  auto place = geometry_.Place(target.range_m, target.azimuth_deg, target.range_step_m);
  if (target.position) {
    const double azimuth = target.azimuth_deg * kDegree;
    place = GroundPlace{.position = *target.position,
                        .away_en = {std::sin(azimuth), std::cos(azimuth)},
                        .ground_range_m = target.range_m,
                        .slant_per_ground = 1,
                        .cov_en_m2 = Eigen::Matrix2d::Identity() * Square(target.position_sigma_m)};
  }
  if (!place) return std::nullopt;
  Plot plot;
  plot.classes = target.classes;
  plot.cov_en_m2 = place->cov_en_m2;
  const double sigma_mps = options_.site.sigma_speed_mps();
  const double later_s = (middle - target.time).seconds();
  const Eigen::Vector2d& away = place->away_en;
  Eigen::Vector2d velocity = Eigen::Vector2d::Zero();
  Eigen::Matrix2d velocity_cov = Eigen::Matrix2d::Identity() * Square(kUnknownSpeedSigmaMps);
  if (target.velocity_en_mps) {
    velocity = *target.velocity_en_mps;
    velocity_cov = Eigen::Matrix2d::Identity() * Square(sigma_mps);
    plot.range_rate_mps = velocity.dot(away);
    plot.range_rate_sigma_mps = std::max(kMinSigmaMps, sigma_mps);
  } else if (target.radial_mps) {
    // A Doppler speed lies along the line of sight; on the ground it is larger. Its step is 1 m/s.
    plot.range_rate_mps = *target.radial_mps * place->slant_per_ground;
    plot.range_rate_sigma_mps =
        std::sqrt(Square(std::max(kMinSigmaMps, sigma_mps)) + 1.0 / 12.0) * place->slant_per_ground;
    velocity = *plot.range_rate_mps * away;
    const Eigen::Vector2d across(away.y(), -away.x());
    velocity_cov = Square(plot.range_rate_sigma_mps) * away * away.transpose() +
                   Square(kUnknownSpeedSigmaMps) * across * across.transpose();
  }
  const Eigen::Vector2d moved = velocity * later_s;
  plot.cov_en_m2 += velocity_cov * Square(later_s);
  plot.position = LocalFrame(place->position).GeodeticFromEnu({moved.x(), moved.y(), 0});
  plot.position.height_hae_m = geometry_.GroundHeightM(plot.position);
  return plot;
}

void ScanBuilder::Close(Instant end, std::vector<ScanItem>& out) {
  const Scan scan = std::move(*scan_);
  scan_.reset();
  if (scan.withdrawn) {
    ++withdrawn_scans_;
    kept_back_.not_usable += scan.targets.size();
    return;
  }
  RadarDwell dwell;
  dwell.source = options_.source;
  dwell.lineage = options_.lineage;
  // Tracks of another system are what its sensors saw: with the modality of surveillance radars, as
  // these have, never independent of them, and of one another when they come from one tracker.
  if (scan.tracker) {
    dwell.lineage.derived_from =
        fmt::format("ASTERIX tracker {}/{}", scan.tracker->first, scan.tracker->second);
  }
  dwell.time = scan.start + (end - scan.start) / 2;
  dwell.sensor = geometry_.site();
  dwell.footprint = footprint_;
  dwell.detection_probability = options_.detection_probability;
  dwell.min_detectable_speed_mps = options_.site.min_detectable_speed_mps();
  dwell.false_alarms_per_km2 = options_.false_alarms_per_km2;
  // An empty scan says nothing about it; the radar has not become a real one since.
  dwell.exercise = scan.reported ? scan.simulated : simulated_;
  dwell.raw_digests = scan.digests;
  for (const Target& target : scan.targets) {
    if (auto plot = MakePlot(target, dwell.time)) {
      dwell.plots.push_back(std::move(*plot));
    } else {
      ++kept_back_.no_position;
    }
  }
  out.emplace_back(std::move(dwell));
}

}  // namespace trucewatch::asterix
