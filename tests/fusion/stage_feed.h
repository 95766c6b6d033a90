// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fusion/fusion_stage.h"
#include "tests/fusion/simulation.h"

namespace trucewatch::testing {

// The mission's origin in these tests.
Geodetic StageOrigin();

// A measurement on its way: when it was made and its envelope.
struct Sent {
  double time_s;
  std::string payload;
};

struct StageMission {
  double seconds = 30;
  unsigned seed = 1;
  int vehicles = 8;
  double camera_period_s = 0.5;
  std::string georeference = "drone1-gps";
  int people = 0;  // standing at the roadside, counted by the camera as one group
};

// A convoy driving past the origin under a radar and a drone that keeps above it.
std::vector<Sent> MakeMission(const StageMission& mission);
// Where its vehicles are.
std::vector<Truth> MissionTruth(const StageMission& mission, double time_s);

// With the sources' starts before it and their ends behind.
std::vector<std::string> WithStatuses(const std::vector<Sent>& sent);

// What the stage makes of it, in batches.
std::vector<std::string> Feed(Stage& stage, const std::vector<std::string>& payloads,
                              std::size_t batch = 7);

std::vector<Picture> PicturesOf(const std::vector<std::string>& outputs);

}  // namespace trucewatch::testing
