// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/types/track.h"
#include "tools/month/observers.h"
#include "tools/month/world.h"

namespace trucewatch::tools::month {

// A true vehicle or gathering at one moment, with who covered it; what grades are given by.
struct TrueThing {
  const Movement* movement = nullptr;
  int vehicle = 0;
  State state;
  std::uint32_t covered = 0;  // bit i: observer number i
  // Cameras of two kinds have it in view for twenty seconds, and what they can tell of its kind
  // suffices for 0.95.
  bool classified = false;
};

// What fusion would say of the world through these observers: settled pictures with tracks, groups
// and gatherings, at the rates of rates.h. Steps of two seconds. Deterministic for a seed.
class SceneFusion {
 public:
  SceneFusion(std::uint64_t seed, const World& world, Observers& observers,
              const Mistakes& mistakes);

  // The picture of this time; times ascend by `step_s`.
  Picture At(double time_s, double step_s);
  // Of the same time.
  const std::vector<TrueThing>& truth() const { return truth_; }

 private:
  struct Seen {  // by one observer
    bool drawn = false, found = false;
    double since_s = 0;  // in view
    double ready_s = 0;  // when it is found
    double first_s = -1, last_s = -1;
    double gone_s = -1;
    int updates = 0;
    Eigen::Vector3d evidence = Eigen::Vector3d::Zero();  // of classes, this camera's own noise
  };
  struct Vehicle {
    const Movement* movement = nullptr;
    int number = 0;
    std::vector<Seen> seen;
    Eigen::Vector2d noise = Eigen::Vector2d::Zero();  // unit variance
    TrackId track{0};
    double initiated_s = 0;
  };
  struct Ghost {
    TrackId track;
    std::size_t observer = 0;
    double until_s = 0, since_s = 0;
    int updates = 0;
    Eigen::Vector2d en_m, velocity;
    double existence = 0.7;
  };

  void Enter(double time_s);
  void LookAt(Vehicle& vehicle, const State& state, double time_s, double step_s, TrueThing& thing);
  void SwapNeighbours(double step_s);
  void AddTrack(Vehicle& vehicle, const State& state, double time_s, double step_s,
                Picture& picture);
  void AddMisplaced(Vehicle& vehicle, const State& state, double time_s, Picture& picture);
  void AddGhosts(double time_s, double step_s, Picture& picture);
  void AddReplayed(double time_s, Picture& picture);
  void AddGathering(Vehicle& gathering, double time_s, Picture& picture);
  void AddGroups(double step_s, Picture& picture);
  Track NewTrack(TrackId id, const Eigen::Vector2d& en_m, const Eigen::Vector2d& velocity,
                 double sigma_m) const;
  TrackSupport Support(std::size_t observer, int updates, double first_s, double last_s) const;
  ClassProbabilities ClassesOf(const Vehicle& vehicle) const;

  simulate::Random random_;
  const World& world_;
  Observers& observers_;
  Mistakes mistakes_;
  std::size_t next_ = 0;  // movement
  std::vector<Vehicle> active_;
  std::vector<Ghost> ghosts_;
  std::vector<TrueThing> truth_;
  std::map<std::uint64_t, std::uint64_t> group_of_track_;
  std::uint64_t next_id_ = 1, next_group_ = 1;
};

}  // namespace trucewatch::tools::month
