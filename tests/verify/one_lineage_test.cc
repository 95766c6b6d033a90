// SPDX-License-Identifier: Apache-2.0
// Random small runs of every kind of rule, in which all sources share something that the agreement
// lists: no event may become VERIFIED. TRUCEWATCH_SMALL_RUNS sets how many (docs/benchmarks.md).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

#include "tests/verify/scene.h"

namespace trucewatch {
namespace {

using testing::At;
using testing::Change;
using testing::Convoy;
using testing::Eye;
using testing::Observation;
using testing::Pass;
using testing::PictureBuilder;
using testing::Place;
using testing::Runner;

// One rule of every kind, on the plain of the demo; short times, so that a run is short.
Agreement EveryKind() {
  std::string text = testing::WholeAgreementText();
  for (const char* slow : {"min_duration_s: 10 }", "min_duration_s: 3 }"}) {
    for (std::size_t at = text.find(slow); at != std::string::npos; at = text.find(slow, at))
      text.replace(at, std::string(slow).size(),
                   slow[16] == '1' ? "min_duration_s: 2 }" : "min_duration_s: 1 }");
  }
  // The map is exact: who confirms whom does not depend on it, and runs are many.
  text.replace(text.find("map_sigma_m: 5"), 14, "map_sigma_m: 0");
  const auto point = [](double east_m, double north_m) {
    const Geodetic place = Place(east_m, north_m);
    return fmt::format("{{ lat_deg: {:.9f} lon_deg: {:.9f} }}", place.latitude.deg(),
                       place.longitude.deg());
  };
  text += "coverage_floor: 0.8\n";
  text += "weapon_class { id: \"any\" name: \"vehicles\" object_class: ANY_VEHICLE }\n";
  text +=
      "line { id: \"l1\" name: \"Line\" side: NEITHER behind: LEFT point: " + point(-6000, -2000) +
      " point: " + point(6000, -2000) + " }\n";
  text +=
      "ceiling { id: \"c1\" clause: \"c\" zone: \"south\" weapon_class: \"any\" max_count: 4 }\n";
  text +=
      "withdrawal { id: \"w1\" clause: \"c\" side: B weapon_class: \"any\" line: \"l1\" "
      "distance_m: 4000 "
      "start_utc: \"2026-02-20T00:00:00Z\" deadline_utc: \"2026-03-01T12:00:02Z\" }\n";
  text +=
      "storage_site { zone: \"store\" clause: \"c\" inventory { weapon_class: \"any\" count: 6 } "
      "}\n";
  const auto rule = [&](const char* id, const std::string& fields) {
    text += fmt::format(
        "rule {{ id: \"{}\" clause: \"c\" {} candidate {{ min_probability: 0.6 min_duration_s: 1 "
        "}} "
        "verified {{ min_probability: 0.8 min_duration_s: 2 }} }}\n",
        id, fields);
  };
  const std::string any = " object_class: ANY_VEHICLE ";
  rule("crossed", "kind: LINE_CROSSED zone: \"south\" line: \"l1\" min_count: 1" + any);
  rule("towards",
       "kind: CONVOY_TOWARDS zone: \"buffer\" line: \"l1\" within_s: 200 min_count: 4" + any);
  rule("ceiling", "kind: CEILING ceiling: \"c1\"");
  rule("build_up", "kind: BUILD_UP zone: \"south\" days: 3 min_count: 3" + any);
  rule("still", "kind: WITHDRAWAL_MISSING zone: \"south\" withdrawal: \"w1\" min_count: 2");
  rule("arrival",
       "kind: WITHDRAWAL_MISSING zone: \"store\" withdrawal: \"w1\" arrival: true min_count: 4");
  rule("not_notified", "kind: NOT_NOTIFIED zone: \"buffer\" min_count: 4" + any);
  rule("site2", "kind: SITE_CHANGED zone: \"store\" good_looks: 2 min_count: 1" + any);
  auto agreement = ParseAgreement(text, "every_kind");
  EXPECT_TRUE(agreement.has_value()) << agreement.error().message;
  return agreement ? std::move(*agreement) : Agreement();
}

// Any number of names, any kinds of sensor, and one thing that all of them share.
class OneLineage {
 public:
  OneLineage(std::mt19937_64& random, bool shared) : random_(random), shared_(shared) {
    ancestor_ = random_() % 7;
    copies_ = random_() % 4 == 0;
  }

  Eye Next(Modality modality) {
    static constexpr Modality kKinds[] = {Modality::kVideoRgb, Modality::kVideoInfrared,
                                          Modality::kRadarGmti, Modality::kRadarSurveillance,
                                          Modality::kSatelliteOptical};
    const std::string n = std::to_string(++count_);
    if (modality == Modality::kUnspecified) modality = kKinds[random_() % 5];
    Eye eye{{"source" + n},
            {modality, "sensor" + n, "platform" + n, "station" + n, "clock" + n, "geo" + n,
             "model" + n, ""}};
    if (!shared_) return eye;
    if (copies_) {
      if (!first_) first_ = eye.lineage;
      eye.lineage = *first_;
      return eye;
    }
    std::string* const fields[] = {&eye.lineage.sensor,       &eye.lineage.platform,
                                   &eye.lineage.station,      &eye.lineage.clock,
                                   &eye.lineage.georeference, &eye.lineage.model,
                                   &eye.lineage.derived_from};
    *fields[ancestor_] = "shared";
    return eye;
  }

 private:
  std::mt19937_64& random_;
  bool shared_;
  std::size_t ancestor_ = 0;
  bool copies_ = false;
  int count_ = 0;
  std::optional<Lineage> first_;
};

std::vector<Finding> SmallRun(const Agreement& agreement, std::uint64_t seed, bool shared) {
  std::mt19937_64 random(seed);
  const auto within = [&](double low, double high) {
    return low + (high - low) * static_cast<double>(random() % 10'000) / 10'000.0;
  };
  OneLineage lineage(random, shared);
  std::vector<Eye> eyes;
  for (std::uint64_t k = 1 + random() % 3; k > 0; --k)
    eyes.push_back(lineage.Next(Modality::kUnspecified));
  const Eye satellite = lineage.Next(Modality::kSatelliteOptical);
  const Eye second = lineage.Next(Modality::kSatelliteSar);
  const Eye patrol = lineage.Next(Modality::kHuman);

  Runner run(agreement);
  const auto look = [&](const Eye& eye, double time_s) {
    SettledLook pass = Pass(time_s - 86'400, time_s, {});
    pass.source = eye.source;
    pass.lineage = eye.lineage;
    pass.standing_vehicle_probability = 0.97;
    if (random() % 2 == 0)
      pass.changes.push_back(Change(ChangeKind::kVanished, {3000, -2600}, within(0.5, 1.0)));
    run.Look(pass);
  };
  look(satellite, -86'300);
  Convoy convoy{.group = 7, .first_track = 100, .eyes = eyes};
  convoy.count = 4 + static_cast<int>(random() % 5);
  // Every other one begins near the line.
  convoy.head_en_m = {within(-4000, 4000),
                      random() % 2 == 0 ? within(-2100, -1900) : within(-2300, 900)};
  convoy.velocity_en_mps = {within(-4, 4), within(-14, 6)};
  convoy.sigma_m = within(3, 40);
  convoy.start_s = -within(3, 60);
  const Eigen::Vector2d whole(within(-3000, 3000), within(-4500, -2100));
  for (int t = 0; t < 9; ++t) {
    if (t == 3) look(satellite, 3);
    if (t == 5) look(second, 5);
    if (random() % 10 == 0) convoy.group = random() % 100;
    PictureBuilder picture(t);
    picture.Add(convoy, static_cast<int>(random() % 2));
    picture.AddWhole(900, whole, ObjectClass::kUnknownVehicle, 6, 5, 7, eyes);
    picture.AddWhole(901, {-whole.x(), whole.y()}, ObjectClass::kPersonGroup, 30, 26, 35, eyes);
    run.Feed(picture.Build());
    if (t == 4 && random() % 2 == 0) {
      HumanRecord record = Observation("r1", t, whole);
      record.source = patrol.source;
      record.lineage = patrol.lineage;
      if (random() % 3 == 0) record.kind = HumanRecordKind::kAllegation;
      run.Record(record);
    }
    if (t == 6 && random() % 2 == 0) {
      LateLook late;
      late.source = eyes.back().source;
      late.lineage = eyes.back().lineage;
      late.time = At(t - 2);
      for (std::uint64_t i = 0; i < 8; ++i) late.matches.push_back({{100 + i}, 1.0});
      run.Late(late);
    }
  }
  return run.Of(FindingKind::kEventTransition);
}

TEST(OneLineage, NothingIsEverVerifiedOnIt) {
  const char* text = std::getenv("TRUCEWATCH_SMALL_RUNS");
  const std::uint64_t runs = text != nullptr ? std::strtoull(text, nullptr, 10) : 150;
  const Agreement agreement = EveryKind();
  std::map<std::string, std::size_t> candidates;
  for (std::uint64_t seed = 0; seed < runs; ++seed) {
    for (const Finding& finding : SmallRun(agreement, seed, true)) {
      ASSERT_NE(finding.state, EventState::kVerified) << "seed " << seed << ": " << finding.reason;
      if (finding.state == EventState::kCandidate) ++candidates[finding.rule];
    }
  }
  // Every rule was tried, and not in vain.
  std::size_t sum = 0;
  for (const Rule& rule : agreement.rules) {
    sum += candidates[rule.id];
    if (rule.id == "line") continue;  // of tracked vehicles; nobody tells any
    EXPECT_GT(candidates[rule.id], 0u) << rule.id;
  }
  fmt::print("{} runs, {} events on one lineage, 0 of them verified\n", runs, sum);
}

TEST(OneLineage, TheSameRunsAreVerifiedWhenTheSourcesAreIndependent) {
  const Agreement agreement = EveryKind();
  std::map<std::string, int> verified;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    for (const Finding& finding : SmallRun(agreement, seed, false))
      verified[finding.rule] += finding.state == EventState::kVerified ? 1 : 0;
  }
  for (const char* rule :
       {"crossed", "towards", "ceiling", "build_up", "still", "arrival", "not_notified", "site2"})
    EXPECT_GT(verified[rule], 0) << rule;
}

}  // namespace
}  // namespace trucewatch
