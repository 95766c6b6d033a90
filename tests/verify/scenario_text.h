// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "tests/verify/scene.h"

namespace trucewatch::testing {

// A scenario of verify as a small text that shows the situation. One statement a line; "//" begins
// a comment; north is up; the middle of the map is the middle of the demo's plain.
//
// clang-format off
//   map 500 m                       // a letter is 500 m; rows follow until an empty line
//     . . a . . .
//     Z Z Z Z Z Z                   // capitals: a zone, the box round them; small letters: places
//     = = = = = =                   // the line, from west to east
//     . . b . . .
//
//   zone Z "Buffer zone"
//   line "Line of separation" behind north
//   rule GROUP_IN_ZONE zone: "Z" object_class: ANY_VEHICLE min_count: 5   // fields as in the schema
//   thresholds 0.8 3 0.95 10        // of the rules: candidate and verified, probability and seconds
//   agreement notified_movement { ... @a ... }   // any text of the schema; @a: place a as a point
//   convoy 8 tracked: 12:00:00 a, 12:03:00 b     // name, number, what; then when and where
//   park 6 vehicles parked: 12:00:00 b, 12:05:00 b           // seen as a whole, not one by one
//   drone sees Z; radar sees all    // sensors: drone, drone2, radar
//   drone out 12:01:00 12:02:00
//   radar shares clock drone        // ancestors: platform, station, clock, georeference
//   copy drone as drone9            // the same footage once more, under another name
//   radar clock 90 slow             // what it saw 90 s ago it gives as now
//   look 11:00:00 Z 0.9             // the satellite looks at all of Z: a standing vehicle is seen so
//   look2 11:00:00 Z 0.9            // ... another, radar satellite
//   pass 11:00:00 12:10:00: a vanished 0.9       // two passes and what differs
//   record 12:02:00 b 8             // a patrol saw 8 vehicles there
//   run 12:00:00 12:04:00 every 1
//   expect candidate corroborated verified       // transitions in order; or: expect nothing
//   expect says "together"          // in the last transition's sentence
//   expect heartbeat "near line"    // in some heartbeat
//   expect notified N1
// clang-format on
//
// Times are of 2026-03-01 UTC; "2d12:00:00" is two days later. A place in a statement may be
// written "a+200,-50": 200 m east and 50 m south of it. Determinism: no chance in it; places are
// exact, their stated errors 15 m.
struct ScenarioText {
  struct Stop {
    double time_s = 0.0;  // as for At()
    Eigen::Vector2d place_en_m = Eigen::Vector2d::Zero();
  };
  struct Mover {
    std::string name;
    int count = 0;
    ObjectClass object_class = ObjectClass::kUnknownVehicle;
    bool whole = false;
    double spacing_m = 40.0;
    std::vector<Stop> stops;
  };
  struct Box {
    Eigen::Vector2d low_en_m = Eigen::Vector2d::Zero();
    Eigen::Vector2d high_en_m = Eigen::Vector2d::Zero();
  };
  struct Sensor {
    Eye eye;
    std::optional<Box> sees;  // nothing: everything
    std::vector<std::pair<double, double>> out_s;
    double slow_s = 0.0;
    std::string copy_of;  // whatever that one sees
  };

  double cell_m = 0.0;
  std::map<char, Box> zones;
  std::map<char, Eigen::Vector2d> places;
  std::vector<Eigen::Vector2d> line;  // west to east
  std::string agreement_text;
  std::vector<Mover> movers;
  std::map<std::string, Sensor> sensors;
  std::vector<SettledLook> looks;  // in order of time
  std::vector<HumanRecord> records;
  double sigma_m = 15.0;
  double from_s = 0.0;
  double to_s = 0.0;
  double step_s = 1.0;
  std::vector<EventState> expected;
  std::vector<std::string> expected_words;
  std::vector<std::string> expected_heartbeats;
  std::vector<std::string> expected_notified;
};

// Fails with the line and what was expected there.
Result<ScenarioText> ParseScenario(const std::string& text);

// All that comes out of the engine; with restart_every, out of one that is stopped after every so
// many pictures and started again from its snapshot.
std::vector<Finding> RunScenario(const ScenarioText& scenario, int restart_every = 0);

// Reads and runs a scenario and expects what it expects: exactly these transitions, exactly these
// notified movements; and the same findings when the engine is restarted all the time. Gives the
// last transition's sentence.
std::string ExpectScenario(const std::string& text);

}  // namespace trucewatch::testing
