// SPDX-License-Identifier: Apache-2.0
#include "verify/wording.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/types/words.h"
#include "tests/verify/scene.h"

namespace trucewatch {
namespace {

using testing::At;
using testing::Convoy;
using testing::DemoAgreement;
using testing::Drone;
using testing::PictureBuilder;
using testing::Radar;
using testing::Runner;
using testing::SecondDrone;

// Words that take sides or say what a thing amounts to (DOMAIN.md): people may, software does not.
const char* const kForbidden[] = {"violat",   "hostile", "enemy",   "target", "breach", "illegal",
                                  "friendly", "threat",  "suspect", "guilty", "attack"};

void ExpectNeutral(const std::string& text) {
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  for (const char* word : kForbidden)
    EXPECT_EQ(lower.find(word), std::string::npos) << word << " in: " << text;
  EXPECT_EQ(text.find("  "), std::string::npos) << text;
  ASSERT_FALSE(text.empty());
  EXPECT_EQ(text.back(), '.') << text;
}

TEST(Wording, EverySentenceIsNeutral) {
  testing::Eye shared_clock = Radar();
  shared_clock.lineage.clock = Drone().lineage.clock;
  const std::vector<std::vector<testing::Eye>> sets = {
      {Drone()}, {Radar()}, {Drone(), SecondDrone()}, {Drone(), shared_clock}, {Drone(), Radar()}};
  int transitions = 0;
  int notified = 0;
  for (const auto& eyes : sets) {
    Runner run(DemoAgreement());
    for (int t = 0; t < 100; ++t) {
      PictureBuilder picture(t);
      picture.Add({.group = 7,
                   .first_track = 100,
                   .count = 8,
                   .head_en_m = {-1200, 300},
                   .velocity_en_mps = {0, -5},
                   .eyes = eyes});
      picture.Add({.group = 5,
                   .first_track = 500,
                   .count = 6,
                   .head_en_m = {1600, -1300},
                   .velocity_en_mps = {0, 10},
                   .eyes = eyes});
      run.Feed(picture.Build());
    }
    for (const Finding& finding : run.findings) {
      ExpectNeutral(finding.reason);
      transitions += finding.kind == FindingKind::kEventTransition ? 1 : 0;
      notified += finding.kind == FindingKind::kNotifiedMovement ? 1 : 0;
    }
  }
  EXPECT_EQ(transitions, 1 + 1 + 2 + 2 + 3);
  EXPECT_EQ(notified, 5);
  for (const Modality modality : {Modality::kUnspecified, Modality::kVideoRgb,
                                  Modality::kVideoInfrared, Modality::kRadarGmti})
    ExpectNeutral(SensorWords(modality) + ".");
  for (const SourceState state : {SourceState::kUnspecified, SourceState::kStarted,
                                  SourceState::kLate, SourceState::kResumed, SourceState::kEnded})
    ExpectNeutral(SourceStatusSentence({{"radar1"}, At(0), state, ""}));
  ExpectNeutral(DataFaultSentence({{"radar1"}, At(0), "", 0, "too short"}));
}

TEST(Wording, SentencesOfTheOtherRulesAndOfRecordsAreNeutral) {
  Runner run(testing::WholeAgreement());
  std::set<FindingKind> kinds;
  std::set<std::string> rules;
  for (int t = 0; t < 60; ++t) {
    PictureBuilder picture(t);
    picture.AddWhole(900, {500, -3000}, ObjectClass::kPersonGroup, 30, 24, 37, {Drone()});
    picture.AddWhole(901, {4500, -4000}, ObjectClass::kUnknownVehicle, 8, 7, 9, {Drone()});
    picture.Add({.group = 0,
                 .first_track = 1,
                 .count = 1,
                 .head_en_m = {-1000, -2500},
                 .eyes = {Drone()},
                 .classes = {{ObjectClass::kTrackedVehicle, 1.0}}});
    picture.Add({.group = 9,
                 .first_track = 300,
                 .count = 6,
                 .head_en_m = {-3000, -3500},
                 .velocity_en_mps = {0, 10},
                 .eyes = {Drone()}});
    run.Feed(picture.Build());
  }
  run.Look(testing::Pass(-3600, 61, {testing::Change(ChangeKind::kVanished, {3000, -2600}, 0.9)}));
  HumanRecord record = testing::Observation("r1", 50, {500, -3000}, 30, ObjectClass::kPersonGroup);
  run.Record(record);
  record.record_id = "r2";
  record.nothing_observed = true;
  record.assessed_as = "quiet";
  run.Record(record);
  record.kind = HumanRecordKind::kImpediment;
  record.impediment = "denied";
  run.Record(record);
  record.kind = HumanRecordKind::kAllegation;
  record.informant = std::string(500, 'x') + "\n";
  run.Record(record);
  for (const Finding& finding : run.findings) {
    ExpectNeutral(finding.reason);
    EXPECT_EQ(finding.reason.find('\n'), std::string::npos);
    EXPECT_LT(finding.reason.size(), 800u);
    kinds.insert(finding.kind);
    rules.insert(finding.rule);
  }
  for (const FindingKind kind :
       {FindingKind::kPermittedMovement, FindingKind::kHumanRecord, FindingKind::kCase})
    EXPECT_TRUE(kinds.contains(kind)) << static_cast<int>(kind);
  for (const char* rule : {"line", "people", "parked", "site"}) EXPECT_TRUE(rules.contains(rule));
}

TEST(Wording, AVerifiedEventReadsAsASentence) {
  Runner run(DemoAgreement());
  for (int t = 0; t < 30; ++t)
    run.Feed(PictureBuilder(t)
                 .Add({.group = 7,
                       .first_track = 100,
                       .count = 8,
                       .head_en_m = {-1200, 300},
                       .velocity_en_mps = {0, -5},
                       .existence = 1.0,
                       .eyes = {Drone(), Radar()}})
                 .Build());
  EXPECT_EQ(
      run.Of(FindingKind::kEventTransition).back().reason,
      "At least 5 vehicles moving together were inside zone 'Buffer zone' for 10 s "
      "(probability more than 0.999, estimate 8 to 9); seen by drone1 (video) and radar1 "
      "(moving-vehicle radar). drone1 (video) and radar1 (moving-vehicle radar) are of "
      "different kinds; according to the mission's configuration they share no sensor, "
      "platform, station, clock, georeference, detection model or derived product. Both "
      "measured all 8 vehicles that were told apart. This does not say whose they were or why "
      "they were there.");
}

TEST(Wording, NoProbabilityReadsAsCertainty) {
  EXPECT_EQ(ProbabilityWords(1.0), "more than 0.999");
  EXPECT_EQ(ProbabilityWords(0.9993), "more than 0.999");
  EXPECT_EQ(ProbabilityWords(0.9876), "0.988");
  EXPECT_EQ(ProbabilityWords(0.0004), "less than 0.001");
  EXPECT_EQ(ProbabilityWords(0.0), "less than 0.001");
}

TEST(Wording, ItSaysHowManyVehiclesEachOfTheTwoMeasuredAndHowManyBoth) {
  Runner run(DemoAgreement());
  const Convoy both{.group = 7,
                    .first_track = 100,
                    .count = 3,
                    .head_en_m = {-1200, 300},
                    .velocity_en_mps = {0, -5},
                    .existence = 1.0,
                    .eyes = {Drone(), Radar()}};
  Convoy video = both;  // of the same group, seen by one of them alone
  video.first_track = 200;
  video.head_en_m.y() = 400;
  video.count = 4;
  video.eyes = {Drone()};
  for (int t = 0; t < 30; ++t)
    run.Feed(PictureBuilder(t)
                 .AddTracks(both, 0, 3)
                 .AddTracks(video, 0, 4)
                 .AddGroup(7, {100, 101, 102, 200, 201, 202, 203})
                 .Build());
  EXPECT_THAT(run.Of(FindingKind::kEventTransition).back().reason,
              ::testing::HasSubstr("Of 7 vehicles that were told apart drone1 measured 7, radar1 "
                                   "measured 3, and 3 of these were measured by both."));
}

}  // namespace
}  // namespace trucewatch
