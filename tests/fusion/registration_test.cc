// SPDX-License-Identifier: Apache-2.0
#include "fusion/registration.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <numbers>

#include "core/types/codec.h"
#include "fusion/fusion_stage.h"
#include "tests/fusion/simulation.h"

namespace trucewatch {
namespace {

using testing::At;
using testing::CameraLook;
using testing::CameraModel;
using testing::RadarLook;
using testing::RadarModel;
using testing::Truth;

constexpr double kDegree = std::numbers::pi / 180.0;

// Vehicles that drive, turn and now and then brake or stop, in steps of 0.1 s: nothing the filters
// assume.
class Traffic {
 public:
  Traffic(int count, unsigned seed) : random_(seed) {
    std::uniform_real_distribution<double> place(-4000, 4000), angle(0, 2 * std::numbers::pi),
        speed(10, 25), when(20, 400);
    for (int k = 0; k < count; ++k) {
      Vehicle v;
      v.p = {place(random_), place(random_)};
      v.heading = angle(random_);
      v.speed = v.cruise = speed(random_);
      v.brakes_at = when(random_);
      vehicles_.push_back(v);
    }
  }

  std::vector<Truth> AtTime(double t) {
    for (; time_ + 0.05 < t; time_ += 0.1) Step();
    std::vector<Truth> truths;
    for (const Vehicle& v : vehicles_) {
      const Eigen::Vector2d velocity =
          v.speed * Eigen::Vector2d(std::cos(v.heading), std::sin(v.heading));
      truths.push_back({v.p + (t - time_) * velocity, velocity});
    }
    return truths;
  }

 private:
  struct Vehicle {
    Eigen::Vector2d p;
    double heading = 0, speed = 0, cruise = 0, turn = 0, brakes_at = 0;
  };
  void Step() {
    std::normal_distribution<double> normal;
    for (Vehicle& v : vehicles_) {
      v.p += 0.1 * v.speed * Eigen::Vector2d(std::cos(v.heading), std::sin(v.heading));
      v.turn += 0.1 * (-0.1 * v.turn) + 0.004 * std::sqrt(0.1) * normal(random_);
      v.heading += 0.1 * v.turn;
      const bool braking = time_ > v.brakes_at && time_ < v.brakes_at + 25;
      const double wanted = braking ? 0.0 : v.cruise;
      v.speed += std::clamp(wanted - v.speed, -0.2, 0.15);
    }
  }

  std::mt19937_64 random_;
  double time_ = 0;
  std::vector<Vehicle> vehicles_;
};

// What a radar with this bias would have reported instead: range, azimuth, time stamp.
Look BiasedRadar(Look look, double range_m, double azimuth_rad, double time_s) {
  for (LookPlot& plot : look.plots) {
    const double east = plot.p_en_m.x() - look.sensor_en_m->x();
    const double north = plot.p_en_m.y() - look.sensor_en_m->y();
    const double range = std::hypot(east, north) + range_m;
    const double azimuth = std::atan2(east, north) + azimuth_rad;
    plot.p_en_m = {look.sensor_en_m->x() + range * std::sin(azimuth),
                   look.sensor_en_m->y() + range * std::cos(azimuth)};
  }
  look.time = look.time + Duration::FromSeconds(time_s);
  return look;
}

struct Scene {
  int targets = 10;
  double until_s = 300;
  double range_m = 60, azimuth_rad = 0.5 * kDegree, time_s = 0.7;
  double false_per_km2 = 0.2;
};

RadarModel FirstRadar(const Scene& scene) {
  RadarModel radar;
  radar.false_per_km2 = scene.false_per_km2;
  return radar;
}

RadarModel SecondRadar(const Scene& scene) {
  RadarModel radar = FirstRadar(scene);
  radar.source = "radar2";
  radar.sensor_m = {-8500, 2000};
  return radar;
}

// Looks of two radars, the second one biased, by stated time.
std::vector<Look> TwoRadars(const Scene& scene, unsigned seed) {
  Traffic traffic(scene.targets, seed);
  std::mt19937_64 random(seed + 7777);
  const RadarModel first = FirstRadar(scene), second = SecondRadar(scene);
  std::vector<Look> looks;
  for (double t = 2; t <= scene.until_s; t += 3) {
    looks.push_back(RadarLook(first, t, traffic.AtTime(t), random));
    looks.push_back(BiasedRadar(RadarLook(second, t + 1.3, traffic.AtTime(t + 1.3), random),
                                scene.range_m, scene.azimuth_rad, scene.time_s));
  }
  std::stable_sort(looks.begin(), looks.end(),
                   [](const Look& a, const Look& b) { return a.time < b.time; });
  return looks;
}

RegistrationOptions OnRadar1() {
  RegistrationOptions options;
  options.reference = {"radar1"};
  return options;
}

double Nees(const Bias& bias, const Eigen::Vector3d& truth) {
  const Eigen::Vector3d error = bias.value - truth;
  return error.dot(bias.cov.inverse() * error) / 3.0;
}

Eigen::Vector3d TruthOf(const Scene& scene) {
  return {scene.range_m, scene.azimuth_rad, scene.time_s};
}

TEST(Registration, FindsRangeAzimuthAndTimeOfARadarWithinAFifthInFiveMinutes) {
  constexpr unsigned kSeeds = 10;
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    const Scene scene;
    Registration registration(OnRadar1());
    for (const Look& look : TwoRadars(scene, seed)) registration.Observe(look);
    const auto bias = registration.BiasOf({"radar2"});
    ASSERT_TRUE(bias) << seed;
    const Eigen::Vector3d truth = TruthOf(scene);
    for (int k = 0; k < 3; ++k) {
      EXPECT_NEAR(bias->value(k), truth(k), 0.2 * truth(k)) << BiasText(*bias) << ", seed " << seed;
    }
  }
}

// Over 40 runs the mean of chi-square with 3 degrees of freedom over 3 has sigma 0.13.
TEST(Registration, StatesItsErrorsHonestly) {
  double nees = 0;
  constexpr unsigned kSeeds = 40;
  for (unsigned seed = 100; seed < 100 + kSeeds; ++seed) {
    Scene scene;
    scene.until_s = 150;
    scene.range_m = seed % 2 == 0 ? -80 : 40;
    scene.azimuth_rad = seed % 3 == 0 ? 0.6 * kDegree : -0.3 * kDegree;
    scene.time_s = seed % 5 == 0 ? -1.0 : 0.5;
    Registration registration(OnRadar1());
    for (const Look& look : TwoRadars(scene, seed)) registration.Observe(look);
    const auto bias = registration.BiasOf({"radar2"});
    ASSERT_TRUE(bias) << seed;
    nees += Nees(*bias, TruthOf(scene)) / kSeeds;
  }
  RecordProperty("nees_over_3", std::to_string(nees));
  EXPECT_GT(nees, 0.65);
  EXPECT_LT(nees, 1.4);
}

TEST(Registration, FindsADronesGeoreferenceAndClock) {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    Traffic traffic(10, seed);
    std::mt19937_64 random(seed + 99);
    Scene scene;
    const RadarModel radar = FirstRadar(scene);
    CameraModel camera;
    camera.half_m = 5000;
    camera.false_per_km2 = 0.1;
    const Eigen::Vector3d truth(25, -20, 0.6);
    std::vector<Look> looks;
    for (double t = 2; t <= 300; t += 3) {
      looks.push_back(RadarLook(radar, t, traffic.AtTime(t), random));
      for (const double s : {t + 0.4, t + 1.4, t + 2.4}) {
        Look look = CameraLook(camera, s, traffic.AtTime(s), random);
        for (LookPlot& plot : look.plots) plot.p_en_m += truth.head<2>();
        look.time = look.time + Duration::FromSeconds(truth(2));
        looks.push_back(look);
      }
    }
    std::stable_sort(looks.begin(), looks.end(),
                     [](const Look& a, const Look& b) { return a.time < b.time; });
    Registration registration(OnRadar1());
    for (const Look& look : looks) registration.Observe(look);
    const auto bias = registration.BiasOf({"drone1"});
    ASSERT_TRUE(bias);
    EXPECT_FALSE(bias->polar);
    for (int k = 0; k < 3; ++k) {
      EXPECT_NEAR(bias->value(k), truth(k), 0.2 * std::abs(truth(k))) << BiasText(*bias) << seed;
    }
    // What was aligned shares what placed the reference: independent for existence only.
    EXPECT_EQ(registration.MarkedLineage({"drone1"}, looks[1].lineage).georeference, "radar1");
    EXPECT_EQ(registration.MarkedLineage({"radar1"}, {}).georeference, "radar1");
    EXPECT_EQ(registration.MarkedLineage({"radar9"}, {}).georeference, "");
  }
}

TEST(Registration, DoesNothingWithoutCommonTargets) {
  std::mt19937_64 random(5);
  Scene scene;
  Registration registration(OnRadar1());
  Traffic traffic(10, 5);
  RadarModel blind = SecondRadar(scene);
  blind.false_per_km2 = 1;
  for (double t = 2; t <= 200; t += 3) {
    registration.Observe(RadarLook(FirstRadar(scene), t, traffic.AtTime(t), random));
    registration.Observe(RadarLook(blind, t + 1, {}, random));
    EXPECT_FALSE(registration.BiasOf({"radar2"})) << t;
    EXPECT_EQ(registration.Delay(), Duration()) << t;
  }
  EXPECT_TRUE(registration.TakeNotes().empty());
  EXPECT_EQ(registration.MarkedLineage({"radar2"}, {}).georeference, "");
}

TEST(Registration, HoldsAgainstFalseReports) {
  for (unsigned seed = 1; seed <= 4; ++seed) {
    Scene scene;
    scene.false_per_km2 = 1.5;  // 216 a look
    Registration registration(OnRadar1());
    for (const Look& look : TwoRadars(scene, seed)) registration.Observe(look);
    const auto bias = registration.BiasOf({"radar2"});
    ASSERT_TRUE(bias) << seed;
    EXPECT_LT(Nees(*bias, TruthOf(scene)), 4.0) << BiasText(*bias);
  }
}

TEST(Registration, CorrectsALookToWhatAnUnbiasedSensorWouldHaveSaid) {
  std::mt19937_64 random(6);
  const Scene scene;
  const Look good = RadarLook(SecondRadar(scene), 10, {{{500, 700}, {9, 3}}}, random);
  Bias bias{.polar = true, .value = TruthOf(scene)};
  bias.cov.diagonal() << 4.0, 1e-6, 0.01;
  const Look corrected =
      Corrected(BiasedRadar(good, scene.range_m, scene.azimuth_rad, scene.time_s), bias);
  EXPECT_EQ(corrected.time, good.time);
  for (std::size_t k = 0; k < good.plots.size(); ++k) {
    EXPECT_LT((corrected.plots[k].p_en_m - good.plots[k].p_en_m).norm(), 1e-6);
    EXPECT_GT(corrected.plots[k].cov_en_m2.trace(), good.plots[k].cov_en_m2.trace() + 4.0);
  }
  bias.polar = false;  // of another kind of sensor: not touched
  EXPECT_EQ(Corrected(good, bias).time, good.time);
}

// Mean over the last two minutes of GOSPA (p = 2, c = 50 m, alpha = 2); vehicles are further apart
// than 2 c, so the nearest is the best assignment.
double Gospa(const std::vector<TrackEstimate>& tracks, const std::vector<Truth>& truths) {
  constexpr double kC = 50;
  double sum = 0;
  std::size_t matched = 0;
  for (const Truth& truth : truths) {
    double nearest = kC;
    for (const TrackEstimate& track : tracks) {
      nearest = std::min(nearest, (track.state.mean.head<2>() - truth.p_m).norm());
    }
    if (nearest < kC) {
      sum += nearest * nearest;
      ++matched;
    }
  }
  const std::size_t wrong = tracks.size() + truths.size() - 2 * matched;
  return std::sqrt(sum + 0.5 * kC * kC * static_cast<double>(wrong));
}

TEST(Registration, TwoBiasedRadarsMakeOneTrackOfOneVehicle) {
  double with = 0, without = 0;
  std::size_t doubles_with = 0, doubles_without = 0;
  for (unsigned seed = 1; seed <= 3; ++seed) {
    const Scene scene;
    Registration registration(OnRadar1());
    Tracker plain(TrackerOptions{}), corrected(TrackerOptions{});
    Traffic traffic(scene.targets, seed);
    std::multimap<Instant, Look> waiting;
    for (const Look& look : TwoRadars(scene, seed)) {
      plain.Process(look);
      registration.Observe(look);
      const auto bias = registration.BiasOf(look.source);
      Look better = bias ? Corrected(look, *bias) : look;
      waiting.emplace(better.time, better);
      while (!waiting.empty() && waiting.begin()->first <= look.time - registration.Delay()) {
        corrected.Process(waiting.begin()->second);
        waiting.erase(waiting.begin());
      }
      if (look.time < At(180)) continue;
      const auto truths = traffic.AtTime(static_cast<double>(look.time.micros()) * 1e-6);
      const auto a = plain.Estimates(look.time), b = corrected.Estimates(look.time);
      without += Gospa(a, truths);
      with += Gospa(b, truths);
      doubles_without += a.size() - std::min(a.size(), truths.size());
      doubles_with += b.size() - std::min(b.size(), truths.size());
    }
  }
  RecordProperty("gospa_ratio", std::to_string(with / without));
  EXPECT_LT(with, 0.7 * without) << with << " " << without;
  EXPECT_LT(5 * doubles_with, doubles_without) << doubles_with << " " << doubles_without;
}

const Geodetic kMissionOrigin = Geodetic::FromDegrees(48.0, 37.5, 0.0);

std::unique_ptr<FusionStage> StageWith(const std::string& reference) {
  v1::config::FusionConfig config = testing::DefaultConfig();
  config.set_settled_lag_s(20);
  config.set_reference_source(reference);
  auto stage = FusionStage::Create({.config = config, .origin = kMissionOrigin});
  EXPECT_TRUE(stage);
  return std::move(*stage);
}

std::vector<std::string> Handled(FusionStage& stage, const std::vector<std::string>& payloads,
                                 std::size_t from, std::size_t until) {
  std::vector<std::string> outputs;
  for (std::size_t k = from; k < until; ++k) {
    const LogRecord record{.sequence = k + 1, .origin = k + 1, .payload = payloads[k]};
    const auto handled = stage.Handle({&record, 1});
    EXPECT_TRUE(handled);
    for (const std::string& output : handled->front()) outputs.push_back(output);
  }
  return outputs;
}

std::vector<std::string> TwoRadarMission(double until_s) {
  Scene scene;
  scene.until_s = until_s;
  const LocalFrame frame(kMissionOrigin);
  std::vector<std::string> payloads{testing::StatusEnvelope("radar1", 0, SourceState::kStarted),
                                    testing::StatusEnvelope("radar2", 0, SourceState::kStarted)};
  for (const Look& look : TwoRadars(scene, 3)) payloads.push_back(testing::EnvelopeOf(look, frame));
  payloads.push_back(testing::StatusEnvelope("radar1", until_s + 9, SourceState::kEnded));
  payloads.push_back(testing::StatusEnvelope("radar2", until_s + 9, SourceState::kEnded));
  return payloads;
}

struct StageResult {
  Picture last;
  std::vector<SourceStatus> notes;
};

StageResult ResultOf(const std::vector<std::string>& outputs) {
  StageResult result;
  for (const std::string& output : outputs) {
    const auto envelope = ParseEnvelope(output);
    EXPECT_TRUE(envelope);
    if (envelope->has_picture()) result.last = *FromProto(envelope->picture());
    if (!envelope->has_source_status()) continue;
    const SourceStatus status = *FromProto(envelope->source_status());
    if (status.state == SourceState::kUnspecified) result.notes.push_back(status);
  }
  return result;
}

TEST(RegistrationInTheStage, CorrectsSaysSoAndRecordsTheSharedGeoreference) {
  const std::vector<std::string> payloads = TwoRadarMission(150);
  const auto plain = StageWith(""), registered = StageWith("radar1");
  const StageResult without = ResultOf(Handled(*plain, payloads, 0, payloads.size()));
  const StageResult with = ResultOf(Handled(*registered, payloads, 0, payloads.size()));
  EXPECT_TRUE(without.notes.empty());
  ASSERT_FALSE(with.notes.empty());
  EXPECT_EQ(with.notes.front().source.value, "radar2");
  EXPECT_TRUE(with.notes.front().reason.starts_with("registered on radar1 by "))
      << with.notes.front().reason;
  EXPECT_GT(without.last.tracks.size(), 15u);  // ten vehicles, most of them twice
  EXPECT_LE(with.last.tracks.size(), 11u);
  std::size_t both = 0;
  for (const Track& track : with.last.tracks) {
    both += track.supports.size() == 2 ? 1 : 0;
    for (const TrackSupport& support : track.supports) {
      EXPECT_EQ(support.lineage.georeference, "radar1") << support.source.value;
    }
  }
  EXPECT_GE(both, 8u);
}

TEST(RegistrationInTheStage, SnapshotAndRestoreAtAnyMomentChangeNoByte) {
  const std::vector<std::string> payloads = TwoRadarMission(60);
  const auto undisturbed = StageWith("radar1");
  const auto expected = Handled(*undisturbed, payloads, 0, payloads.size());
  EXPECT_FALSE(ResultOf(expected).notes.empty());  // it was corrected before the end
  for (std::size_t cut = 1; cut < payloads.size(); cut += 3) {
    const auto first = StageWith("radar1"), second = StageWith("radar1");
    auto outputs = Handled(*first, payloads, 0, cut);
    const auto snapshot = first->Snapshot();
    ASSERT_TRUE(snapshot);
    const auto restored = second->Restore(*snapshot);
    ASSERT_TRUE(restored) << restored.error().message;
    EXPECT_EQ(*second->Snapshot(), *snapshot);
    const auto rest = Handled(*second, payloads, cut, payloads.size());
    outputs.insert(outputs.end(), rest.begin(), rest.end());
    ASSERT_EQ(outputs, expected) << "cut at " << cut;
  }
}

TEST(RegistrationInTheStage, AReferenceThatIsNoSourceIsRefused) {
  v1::config::FusionConfig config = testing::DefaultConfig();
  config.set_reference_source("radar9");
  EXPECT_FALSE(FusionStage::Create(
      {.config = config, .origin = kMissionOrigin, .sources = {{.id = {"radar1"}}}}));
}

}  // namespace
}  // namespace trucewatch
