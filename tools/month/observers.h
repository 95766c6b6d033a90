// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "core/types/lineage.h"
#include "tools/month/world.h"
#include "tools/simulate/random.h"

namespace trucewatch::tools::month {

// How well the mission's rates are met on the day; 1 everywhere: as rates.h says.
struct Mistakes {
  double detection = 1.0;           // factor on every rate of detection
  double georeference = 1.0;        // factor on errors of place that nobody states
  bool correlated_outages = false;  // one failure takes all sensors
};

enum class FaultKind { kOutage, kJammed, kSpoofed, kClock, kReplayed };

struct Fault {
  FaultKind kind = FaultKind::kOutage;
  double start_s = 0, end_s = 0;
  Eigen::Vector2d offset_m = Eigen::Vector2d::Zero();  // kSpoofed
  double clock_s = 0;                                  // kClock: its stamps are so late
  bool shows = true;  // kSpoofed, kReplayed: in a way that ingest or detection recognises
};

// One sensor of the mission, with the rates of rates.h.
struct Observer {
  SourceId source;
  Lineage lineage;
  bool camera = false;   // sees standing vehicles, people and classes
  double bias_m = 0;     // 1-sigma that all its reports share for minutes
  double noise_m = 0;    // 1-sigma of one report
  double recall = 0;     // of a vehicle that stays in view
  double report = 0;     // that a look of two seconds reports a vehicle it has found
  double latency_s = 0;  // mean until it is found
  double min_speed_mps = 0;
  Eigen::Vector2d en_m =
      Eigen::Vector2d::Zero();  // of a radar; of a drone: the middle of its picture
  double reach_m = 0;           // radar
  Eigen::Vector2d half_m = Eigen::Vector2d::Zero();  // of a drone's picture on the ground
  double beat_m = 0, beat_half_m = 0;              // of a drone: the part of the zone it flies over
  std::vector<std::pair<double, double>> sorties;  // empty: always there
  std::vector<Fault> faults;                       // in order of start

  bool working = true;                                // at the time it was last set to
  const Fault* fault = nullptr;                       // other than an outage
  Eigen::Vector2d bias_en = Eigen::Vector2d::Zero();  // unit variance
  std::size_t next_sortie = 0, next_fault = 0;

  bool Covers(const State& state) const;
  bool CoversPlace(const Eigen::Vector2d& en_m) const;
  std::vector<Geodetic> Footprint() const;
};

// All sensors, moved through time in steps.
class Observers {
 public:
  Observers(std::uint64_t seed, double days, const Mistakes& mistakes);
  // To a later time; drones fly to what they are called to.
  void MoveTo(double time_s, double step_s);
  // Where something is worth a look, the more the higher; drones without a call patrol along the
  // zone.
  void Call(const Eigen::Vector2d& en_m, int worth) { calls_.push_back({en_m, worth}); }

  std::vector<Observer>& all() { return observers_; }
  const std::vector<Observer>& all() const { return observers_; }
  bool raining() const { return raining_; }
  // Sources that fell silent or came back since the last call, with why.
  struct Change {
    std::string source;
    bool working = false;
    std::string reason;
  };
  std::vector<Change> TakeChanges();

 private:
  struct Called {
    Eigen::Vector2d en_m;
    int worth = 0;
  };
  void Fly(Observer& drone, double time_s, double step_s);

  simulate::Random random_;
  std::vector<Observer> observers_;
  std::vector<std::pair<double, double>> rain_;
  std::size_t next_rain_ = 0;
  bool raining_ = false;
  std::vector<Called> calls_;
  std::vector<Change> changes_;
};

}  // namespace trucewatch::tools::month
