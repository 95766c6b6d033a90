// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/verify/scenario_text.h"
#include "verify/snapshot_codec.h"

namespace trucewatch::testing {
namespace {

// A track that no sensor has seen for so long is lost; what is seen again later is another.
constexpr double kLostS = 10.0;

using Mover = ScenarioText::Mover;
using Sensor = ScenarioText::Sensor;

struct Seen {
  int updates = 0;
  double first_s = 0.0;
  double last_s = 0.0;
};

// What the trackers would know of one vehicle, or of one thing seen as a whole.
struct Known {
  std::uint64_t id = 0;
  double initiated_s = 0.0;
  std::map<std::string, Seen> by;  // sensor
  double last_s() const {
    double last = -1e18;
    for (const auto& [name, seen] : by) last = std::max(last, seen.last_s);
    return last;
  }
};

struct Pose {
  Eigen::Vector2d place_en_m;
  Eigen::Vector2d velocity_en_mps;
  Eigen::Vector2d along;
};

// Nothing before the first stop and after the last.
std::optional<Pose> PoseOf(const Mover& mover, double time_s) {
  if (time_s < mover.stops.front().time_s || time_s > mover.stops.back().time_s)
    return std::nullopt;
  Eigen::Vector2d along = Eigen::Vector2d::UnitY();
  for (std::size_t i = 0; i + 1 < mover.stops.size(); ++i) {
    const auto& from = mover.stops[i];
    const auto& to = mover.stops[i + 1];
    const Eigen::Vector2d velocity = (to.place_en_m - from.place_en_m) / (to.time_s - from.time_s);
    if (velocity.norm() > 1e-6) along = velocity.normalized();
    if (time_s > to.time_s || (time_s == to.time_s && i + 2 < mover.stops.size())) continue;
    return Pose{from.place_en_m + velocity * (time_s - from.time_s), velocity, along};
  }
  return std::nullopt;
}

bool Inside(const std::optional<ScenarioText::Box>& box, const Eigen::Vector2d& en_m) {
  return !box ||
         ((en_m - box->low_en_m).minCoeff() >= 0.0 && (box->high_en_m - en_m).minCoeff() >= 0.0);
}

bool Works(const Sensor& sensor, double time_s) {
  return std::none_of(sensor.out_s.begin(), sensor.out_s.end(),
                      [&](const auto& out) { return time_s >= out.first && time_s < out.second; });
}

class Observer {
 public:
  explicit Observer(const ScenarioText& scenario) : scenario_(scenario) {}

  Picture At(double time_s) {
    Picture picture;
    picture.time = testing::At(time_s);
    picture.settled = true;
    for (std::size_t m = 0; m < scenario_.movers.size(); ++m) {
      // Sensors whose clocks agree are put together; one whose clock is slow makes tracks of its
      // own, where things were.
      std::map<double, std::vector<const Sensor*>> by_clock;
      for (const auto& [name, sensor] : scenario_.sensors)
        by_clock[sensor.slow_s].push_back(&sensor);
      for (const auto& [slow_s, sensors] : by_clock) Observe(m, slow_s, sensors, time_s, picture);
    }
    std::sort(picture.tracks.begin(), picture.tracks.end(),
              [](const Track& a, const Track& b) { return a.id < b.id; });
    std::sort(picture.groups.begin(), picture.groups.end(),
              [](const Group& a, const Group& b) { return a.id < b.id; });
    return picture;
  }

 private:
  void Observe(std::size_t m, double slow_s, const std::vector<const Sensor*>& sensors,
               double time_s, Picture& picture) {
    const Mover& mover = scenario_.movers[m];
    const auto pose = PoseOf(mover, time_s - slow_s);
    const int things = mover.whole ? 1 : mover.count;
    std::vector<TrackId> members;
    for (int i = 0; i < things; ++i) {
      Known& known = known_[{m, i, slow_s}];
      Eigen::Vector2d place = Eigen::Vector2d::Zero();
      if (pose) {
        place = pose->place_en_m - pose->along * (mover.spacing_m * i);
        for (const Sensor* sensor : sensors) See(*sensor, place, time_s, known);
      }
      if (known.by.empty()) continue;
      if (time_s - known.last_s() > kLostS || !pose) {
        known = Known();
        continue;
      }
      if (mover.whole) {
        picture.groups.push_back(WholeOf(mover, known, place, time_s));
        continue;
      }
      picture.tracks.push_back(TrackOf(mover, known, place, *pose, time_s));
      members.push_back({known.id});
    }
    if (members.size() < 3) return;
    std::sort(members.begin(), members.end());
    Group group;
    group.id.value = 10 * (m + 1) + (slow_s > 0.0 ? 1 : 0);
    group.members = members;
    group.count_expected = static_cast<double>(members.size());
    group.count_min = static_cast<int>(members.size()) - 1;
    group.count_max = static_cast<int>(members.size()) + 1;
    picture.groups.push_back(std::move(group));
  }

  void See(const Sensor& sensor, const Eigen::Vector2d& place, double time_s, Known& known) {
    if (!Works(sensor, time_s) || !Inside(sensor.sees, place)) return;
    const double period_s = sensor.eye.lineage.modality == Modality::kRadarGmti ? 3.0 : 1.0;
    Seen& seen = known.by[sensor.eye.source.value];
    if (seen.updates > 0 && time_s - seen.last_s < period_s - 1e-9) return;
    if (seen.updates == 0) seen.first_s = time_s;
    if (known.id == 0) {
      known.id = ++newest_id_;
      known.initiated_s = time_s;
    }
    ++seen.updates;
    seen.last_s = time_s;
  }

  std::vector<TrackSupport> SupportsOf(const Known& known) const {
    std::vector<TrackSupport> out;
    for (const auto& [name, sensor] : scenario_.sensors) {
      const auto seen = known.by.find(sensor.eye.source.value);
      if (seen == known.by.end()) continue;
      TrackSupport support;
      support.source = sensor.eye.source;
      support.lineage = sensor.eye.lineage;
      support.updates = seen->second.updates;
      support.first = testing::At(seen->second.first_s);
      support.last = testing::At(seen->second.last_s);
      out.push_back(std::move(support));
    }
    std::sort(out.begin(), out.end(),
              [](const TrackSupport& a, const TrackSupport& b) { return a.source < b.source; });
    return out;
  }

  Track TrackOf(const Mover& mover, const Known& known, const Eigen::Vector2d& place,
                const Pose& pose, double time_s) const {
    Track track;
    track.id.value = known.id;
    track.position = Place(place.x(), place.y());
    track.velocity_en_mps = pose.velocity_en_mps;
    const double sigma_m = scenario_.sigma_m + 5.0 * (time_s - known.last_s());
    track.cov = Eigen::Matrix4d::Identity();
    track.cov.topLeftCorner<2, 2>() *= sigma_m * sigma_m;
    track.existence_probability = 0.98;
    track.initiated = testing::At(known.initiated_s);
    track.last_update = testing::At(known.last_s());
    if (mover.object_class != ObjectClass::kUnknownVehicle)
      track.classes = {{mover.object_class, 0.96}, {ObjectClass::kUnknownVehicle, 0.04}};
    track.supports = SupportsOf(known);
    return track;
  }

  Group WholeOf(const Mover& mover, const Known& known, const Eigen::Vector2d& place,
                double time_s) const {
    Group group;
    group.id.value = 1000 + known.id;
    group.object_class = mover.object_class;
    group.position = Place(place.x(), place.y());
    group.cov_en_m2 = Eigen::Matrix2d::Identity() * 100.0;
    group.count_expected = mover.count;
    group.count_min = mover.count - 1;
    group.count_max = mover.count + 1;
    group.extent_m = 15.0;
    group.existence_probability = 0.99;
    group.first = testing::At(known.initiated_s);
    group.last = testing::At(time_s);
    group.supports = SupportsOf(known);
    return group;
  }

  const ScenarioText& scenario_;
  std::map<std::tuple<std::size_t, int, double>, Known> known_;
  std::uint64_t newest_id_ = 0;
};

}  // namespace

std::vector<Finding> RunScenario(const ScenarioText& scenario, int restart_every) {
  auto agreement = ParseAgreement(scenario.agreement_text, "scenario");
  EXPECT_TRUE(agreement.has_value()) << agreement.error().message << "\n"
                                     << scenario.agreement_text;
  if (!agreement) return {};
  Runner run(std::move(*agreement));
  Observer observer(scenario);
  std::size_t look = 0;
  std::size_t record = 0;
  int pictures = 0;
  for (double time_s = scenario.from_s; time_s <= scenario.to_s; time_s += scenario.step_s) {
    for (; look < scenario.looks.size() && scenario.looks[look].time <= At(time_s); ++look)
      run.Look(scenario.looks[look]);
    run.Feed(observer.At(time_s));
    for (; record < scenario.records.size() && scenario.records[record].reported <= At(time_s);
         ++record)
      run.Record(scenario.records[record]);
    if (restart_every == 0 || ++pictures % restart_every != 0) continue;
    const std::string bytes = ToProto(run.engine.state()).SerializeAsString();
    v1::VerifySnapshot::EngineState message;
    EXPECT_TRUE(message.ParseFromString(bytes));
    auto state = FromProto(message, run.engine.agreement());
    EXPECT_TRUE(state.has_value()) << state.error().message;
    if (!state) return {};
    run.engine = RuleEngine(run.engine.agreement(), Duration::Seconds(30));
    run.engine.SetState(std::move(*state));
  }
  return run.findings;
}

std::string ExpectScenario(const std::string& text) {
  const auto scenario = ParseScenario(text);
  EXPECT_TRUE(scenario.has_value()) << scenario.error().message;
  if (!scenario) return "";
  std::vector<EventState> states;
  std::vector<std::string> notified;
  std::string said;
  std::string all;
  std::string heartbeats;
  const std::vector<Finding> findings = RunScenario(*scenario);
  const std::vector<Finding> restarted = RunScenario(*scenario, 7);
  EXPECT_EQ(restarted.size(), findings.size());
  for (std::size_t i = 0; i < std::min(findings.size(), restarted.size()); ++i) {
    EXPECT_EQ(restarted[i].event_id, findings[i].event_id);
    EXPECT_EQ(restarted[i].reason, findings[i].reason);
  }
  for (const Finding& finding : findings) {
    if (finding.kind == FindingKind::kEventTransition) {
      states.push_back(finding.state);
      said = finding.reason;
    }
    if (finding.kind == FindingKind::kNotifiedMovement) notified.push_back(finding.notification);
    (finding.kind == FindingKind::kHeartbeat ? heartbeats : all) +=
        fmt::format("{} {}\n", FormatUtc(finding.time), finding.reason);
  }
  EXPECT_EQ(states, scenario->expected) << all;
  EXPECT_EQ(notified, scenario->expected_notified) << all;
  for (const std::string& words : scenario->expected_words)
    EXPECT_THAT(said, ::testing::HasSubstr(words)) << all;
  for (const std::string& words : scenario->expected_heartbeats)
    EXPECT_THAT(heartbeats, ::testing::HasSubstr(words));
  return said;
}

}  // namespace trucewatch::testing
