// SPDX-License-Identifier: Apache-2.0
#include "tools/month/observers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tools/month/rates.h"

namespace trucewatch::tools::month {
namespace {

using Eigen::Vector2d;
using simulate::Random;

constexpr double kBiasLifeS = 600.0;
constexpr double kDroneSpeedMps = 28.0;

Lineage LineageOf(Modality modality, const std::string& name, const std::string& model) {
  return {modality, name, "platform-" + name, "station-" + name, "clock-" + name, "nav-" + name,
          model,    ""};
}

Observer Radar(const std::string& name, Modality modality, Vector2d en_m, double reach_m) {
  Observer radar;
  radar.source.value = name;
  radar.lineage = LineageOf(modality, name, "");
  radar.en_m = en_m;
  radar.reach_m = reach_m;
  const bool airborne = modality == Modality::kRadarGmti;
  radar.bias_m = airborne ? 15 : 6;
  radar.noise_m = airborne ? 18 : 12;
  radar.recall = rates::kRadarRecall;
  radar.report = airborne ? 0.4 : rates::kRadarReport;  // it comes round every five seconds
  radar.latency_s = airborne ? 15 : rates::kRadarLatencyS;
  radar.min_speed_mps = airborne ? 2.5 : 1.0;
  return radar;
}

Observer Drone(const std::string& name, Modality modality, double beat_m, double beat_half_m) {
  Observer drone;
  drone.source.value = name;
  drone.lineage =
      LineageOf(modality, name, modality == Modality::kVideoRgb ? "rgb-1" : "thermal-1");
  drone.camera = true;
  drone.bias_m = 9;
  drone.noise_m = 8;
  drone.recall = rates::kVideoRecall;
  drone.report = rates::kVideoReport;
  drone.latency_s = 3;
  drone.en_m = {beat_m, 0};
  drone.half_m = {900, 700};
  drone.beat_m = beat_m;
  drone.beat_half_m = beat_half_m;
  return drone;
}

void AddFaults(Random& random, double days, double a_day, double mean_s, FaultKind kind,
               Observer& observer) {
  for (double t = 0;;) {
    t += -std::log(1.0 - random.Uniform()) * kDayS / a_day;
    if (t >= days * kDayS) return;
    Fault fault;
    fault.kind = kind;
    fault.start_s = t;
    fault.end_s = t + mean_s * (0.2 - std::log(1.0 - random.Uniform()));
    const double angle = random.Uniform(0, 2 * std::numbers::pi);
    fault.offset_m = random.Uniform(500, 1'500) * Vector2d(std::cos(angle), std::sin(angle));
    fault.clock_s = (random.Uniform() < 0.5 ? -1 : 1) * random.Uniform(10, 60);
    fault.shows = random.Uniform() < rates::kShows;
    observer.faults.push_back(fault);
  }
}

}  // namespace

bool Observer::CoversPlace(const Vector2d& at) const {
  if (!working) return false;
  const Vector2d apart = at - en_m;
  if (reach_m > 0) return apart.squaredNorm() <= reach_m * reach_m;
  return std::abs(apart.x()) <= half_m.x() && std::abs(apart.y()) <= half_m.y();
}

bool Observer::Covers(const State& state) const {
  return CoversPlace(state.en_m) &&
         (min_speed_mps <= 0 || state.velocity_mps.norm() > min_speed_mps);
}

std::vector<Geodetic> Observer::Footprint() const {
  std::vector<Geodetic> out;
  if (reach_m > 0) {
    constexpr int kCorners = 24;
    for (int i = 0; i < kCorners; ++i) {
      const double angle = 2 * std::numbers::pi * i / kCorners;
      out.push_back(Place(en_m + reach_m * Vector2d(std::cos(angle), std::sin(angle))));
    }
    return out;
  }
  for (const Vector2d& corner :
       {Vector2d(-1, -1), Vector2d(1, -1), Vector2d(1, 1), Vector2d(-1, 1)})
    out.push_back(Place(en_m + half_m.cwiseProduct(corner)));
  return out;
}

Observers::Observers(std::uint64_t seed, double days, const Mistakes& mistakes)
    : random_(seed, "observers") {
  observers_.push_back(Radar("gsr1", Modality::kRadarSurveillance, {-14'000, 0}, 7'500));
  observers_.push_back(Radar("gsr2", Modality::kRadarSurveillance, {0, 0}, 7'500));
  observers_.push_back(Radar("gsr3", Modality::kRadarSurveillance, {14'000, 0}, 7'500));
  observers_.push_back(Radar("gmti1", Modality::kRadarGmti, {0, 0}, 21'000));
  for (int i = 0; i < 3; ++i)
    observers_.push_back(
        Drone(fmt::format("drone{}", i + 1), Modality::kVideoRgb, -12'000.0 + 12'000.0 * i, 7'500));
  for (int i = 0; i < 2; ++i)
    observers_.push_back(Drone(fmt::format("drone{}", i + 4), Modality::kVideoInfrared,
                               -9'000.0 + 18'000.0 * i, 11'000));
  for (Observer& observer : observers_) {
    observer.recall *= mistakes.detection;
    observer.report *= mistakes.detection;
    Random random(seed, "schedule " + observer.source.value);
    if (observer.lineage.modality == Modality::kRadarGmti) {
      for (double day = 0; day < days; ++day) {
        for (const double hour : {5.0, 16.0})
          observer.sorties.emplace_back(day * kDayS + hour * 3600 + random.Uniform(0, 1800),
                                        day * kDayS + (hour + 5) * 3600);
      }
    } else if (observer.camera) {
      // Six hours in the air, an hour on the ground.
      for (double t = random.Uniform(0, 7 * 3600.0); t < days * kDayS; t += 7 * 3600.0)
        observer.sorties.emplace_back(t, t + 6 * 3600.0);
      AddFaults(random, days, 0.3, 1'800, FaultKind::kJammed, observer);
      AddFaults(random, days, 0.2, 1'200, FaultKind::kSpoofed, observer);
      AddFaults(random, days, 0.2, 1'200, FaultKind::kClock, observer);
      AddFaults(random, days, 0.2, 600, FaultKind::kReplayed, observer);
    }
    if (!mistakes.correlated_outages)
      AddFaults(random, days, 1.0, 2'400, FaultKind::kOutage, observer);
  }
  if (mistakes.correlated_outages) {
    Random random(seed, "outages of all");
    Observer shared;
    AddFaults(random, days, 2.0, 2'400, FaultKind::kOutage, shared);
    for (Observer& observer : observers_)
      observer.faults.insert(observer.faults.end(), shared.faults.begin(), shared.faults.end());
  }
  for (Observer& observer : observers_) {
    std::stable_sort(observer.faults.begin(), observer.faults.end(),
                     [](const Fault& a, const Fault& b) { return a.start_s < b.start_s; });
  }
  Random weather(seed, "weather");
  for (double t = 0; t < days * kDayS;) {
    t += -std::log(1.0 - weather.Uniform()) * 1.5 * kDayS;
    const double length = -std::log(1.0 - weather.Uniform()) * 2 * 3600.0;
    rain_.emplace_back(t, t + length);
    t += length;
  }
}

void Observers::MoveTo(double time_s, double step_s) {
  while (next_rain_ < rain_.size() && rain_[next_rain_].second <= time_s) ++next_rain_;
  raining_ = next_rain_ < rain_.size() && rain_[next_rain_].first <= time_s;
  for (Observer& o : observers_) {
    while (o.next_sortie < o.sorties.size() && o.sorties[o.next_sortie].second <= time_s)
      ++o.next_sortie;
    const bool there = o.sorties.empty() || (o.next_sortie < o.sorties.size() &&
                                             o.sorties[o.next_sortie].first <= time_s);
    while (o.next_fault < o.faults.size() && o.faults[o.next_fault].end_s + 7'200 <= time_s)
      ++o.next_fault;
    o.fault = nullptr;
    bool out = false;
    for (std::size_t i = o.next_fault; i < o.faults.size() && o.faults[i].start_s <= time_s; ++i) {
      if (o.faults[i].end_s <= time_s) continue;
      if (o.faults[i].kind == FaultKind::kOutage) {
        out = true;
      } else if (o.fault == nullptr) {
        o.fault = &o.faults[i];
      }
    }
    const bool working = there && !out && !(o.camera && raining_);
    if (working != o.working)
      changes_.push_back({o.source.value, working,
                          working  ? "looks came again"
                          : !there ? "between two flights"
                          : out    ? "link lost"
                                   : "rain"});
    o.working = working;
    const double keep = std::exp(-step_s / kBiasLifeS);
    const double fresh = std::sqrt(1.0 - keep * keep);
    o.bias_en = keep * o.bias_en + fresh * Vector2d(random_.Normal(), random_.Normal());
    if (o.camera) Fly(o, time_s, step_s);
  }
  calls_.clear();
}

void Observers::Fly(Observer& drone, double time_s, double step_s) {
  // Without a call it goes to and fro over its part of the zone.
  const double phase = std::fmod(time_s / 900.0, 4.0);
  Vector2d goal(drone.beat_m + drone.beat_half_m * (phase < 2.0 ? phase - 1.0 : 3.0 - phase), 0.0);
  int worth = 0;
  double best = 0;
  for (const Called& call : calls_) {
    const double apart = (call.en_m - drone.en_m).norm();
    if (std::abs(call.en_m.x() - drone.beat_m) > drone.beat_half_m) continue;
    if (call.worth < worth || (call.worth == worth && apart >= best)) continue;
    worth = call.worth;
    best = apart;
    goal = call.en_m;
  }
  const Vector2d way = goal - drone.en_m;
  const double reach = kDroneSpeedMps * step_s;
  drone.en_m += way.norm() <= reach ? way : Vector2d(reach * way.normalized());
}

std::vector<Observers::Change> Observers::TakeChanges() { return std::exchange(changes_, {}); }

}  // namespace trucewatch::tools::month
