// SPDX-License-Identifier: Apache-2.0
// The agreements that ship as examples, as they stand in configs/agreements, in the rule engine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config/text_config.h"
#include "tests/verify/scene.h"
#include "verify/agreement/lint.h"

namespace trucewatch {
namespace {

using testing::Convoy;
using testing::Drone;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::PictureBuilder;
using testing::Radar;
using testing::Runner;
using ::testing::SizeIs;

constexpr auto kAllStates = {EventState::kCandidate, EventState::kCorroborated,
                             EventState::kVerified};

// Loads an example and expects that only notes are said of it: what no sensor can tell.
Agreement Example(const std::string& name) {
  const std::string file = "configs/agreements/" + name;
  const auto text = ReadTextFile(file);
  EXPECT_TRUE(text) << file;
  for (const LintMessage& message : LintAgreement(text.value_or(""), name)) {
    EXPECT_EQ(message.severity, LintMessage::Severity::kNote) << FormatLintMessage(message, name);
    EXPECT_THAT(message.text, ::testing::StartsWith("No sensor can tell"));
  }
  auto agreement = ParseAgreement(text.value_or(""), name);
  EXPECT_TRUE(agreement) << agreement.error().message;
  return agreement ? std::move(*agreement) : Agreement();
}

Runner Watched(const std::string& example, Convoy convoy, int seconds, int from_s = 0) {
  Runner run(Example(example));
  convoy.start_s = from_s;
  for (int t = from_s; t < from_s + seconds; ++t) run.Feed(PictureBuilder(t).Add(convoy).Build());
  return run;
}

// The rules of the events that were raised.
std::set<std::string> RulesOf(const Runner& run) {
  std::set<std::string> out;
  for (const Finding& finding : run.Of(FindingKind::kEventTransition)) out.insert(finding.rule);
  return out;
}

// A satellite looks at a kilometre round a place, and would see a standing vehicle.
SettledLook LookAt(double time_s, const Eigen::Vector2d& en, const testing::Eye& eye,
                   double reach_m = 1000.0) {
  SettledLook look = testing::Pass(time_s - 3600, time_s, {});
  look.baseline.reset();
  look.source = eye.source;
  look.lineage = eye.lineage;
  look.standing_vehicle_probability = 0.97;
  look.footprint.clear();
  for (const auto& [x, y] : {std::pair{-1, -1}, {1, -1}, {1, 1}, {-1, 1}})
    look.footprint.push_back(testing::Place(en.x() + x * reach_m, en.y() + y * reach_m));
  return look;
}

TEST(ExampleAgreements, DisengagementNamesAConvoyBetweenTheLinesAndNoneBehindThem) {
  Convoy convoy{.count = 8,
                .head_en_m = {-1200, 2400},
                .velocity_en_mps = {0, -11},
                .eyes = {Drone(), Radar()}};
  const Runner between = Watched("disengagement.txtpb", convoy, 90);
  EXPECT_THAT(between.States(), ::testing::ElementsAreArray(kAllStates));
  for (const Finding& finding : between.Of(FindingKind::kEventTransition))
    EXPECT_EQ(finding.rule, "separation_groups");
  convoy.velocity_en_mps = {11, 0};  // along line A, some 150 m behind it
  convoy.head_en_m = {-1200, 2650};
  EXPECT_THAT(Watched("disengagement.txtpb", convoy, 60).States(), IsEmpty());
  convoy.head_en_m = {-1200, 2400};  // between the lines, but seen by one kind of sensor alone
  convoy.velocity_en_mps = {0, -11};
  convoy.eyes = {Radar()};
  EXPECT_THAT(Watched("disengagement.txtpb", convoy, 90).States(),
              ElementsAre(EventState::kCandidate));
}

TEST(ExampleAgreements, WithdrawalNamesATankNearTheLineOfContactOnceItsDeadlineIsOver) {
  const Convoy tank{
      .count = 1,
      .head_en_m = {1000, 9000},
      .velocity_en_mps = {5, 0},
      .eyes = {Drone(), testing::Thermal()},
      .classes = {{ObjectClass::kTrackedVehicle, 0.99}, {ObjectClass::kUnknownVehicle, 0.01}}};
  constexpr int kAfter = 14 * 86'400;  // the deadline of tanks is over on 14 March
  const Runner near = Watched("withdrawal.txtpb", tank, 120, kAfter);
  EXPECT_THAT(near.States(), ::testing::ElementsAreArray(kAllStates));
  for (const Finding& finding : near.Of(FindingKind::kEventTransition))
    EXPECT_EQ(finding.rule, "a_15_tracked");
  EXPECT_THAT(near.Of(FindingKind::kEventTransition).back().reason,
              ::testing::HasSubstr("After the deadline of withdrawal 'a_tanks'"));
  EXPECT_THAT(Watched("withdrawal.txtpb", tank, 120).States(), IsEmpty());  // it may be there yet
  // A radar does not tell a tank from a lorry, so with it alone beside the drone it stays short of
  // that.
  Convoy by_radar = tank;
  by_radar.eyes = {Drone(), Radar()};
  EXPECT_THAT(Watched("withdrawal.txtpb", by_radar, 90, kAfter).States(),
              ElementsAre(EventState::kCandidate, EventState::kCorroborated));
  Convoy lorry = tank;  // where a tank may not be, a lorry may
  lorry.classes = {{ObjectClass::kTruck, 0.99}, {ObjectClass::kUnknownVehicle, 0.01}};
  EXPECT_THAT(Watched("withdrawal.txtpb", lorry, 60, kAfter).States(), IsEmpty());
  Convoy back = tank;  // behind fifteen kilometres single tanks may be
  back.head_en_m = {1000, 15'500};
  EXPECT_THAT(Watched("withdrawal.txtpb", back, 60, kAfter).States(), IsEmpty());
}

TEST(ExampleAgreements, ThirtyDaysTellsANotifiedMovementFromOneThatIsNot) {
  const Convoy notified{.group = 1,
                        .count = 6,
                        .head_en_m = {1560, -1000},
                        .velocity_en_mps = {0, 10},
                        .eyes = {Drone(), Radar()}};
  const Convoy other{.group = 2,
                     .first_track = 100,
                     .count = 8,
                     .head_en_m = {-9000, 2000},
                     .velocity_en_mps = {0, -11},
                     .eyes = {Drone(), Radar()}};
  Runner run(Example("thirty_days.txtpb"));
  for (int t = 0; t < 60; ++t) run.Feed(PictureBuilder(t).Add(notified).Add(other).Build());
  EXPECT_THAT(run.States(), ::testing::ElementsAreArray(kAllStates));
  EXPECT_EQ(run.Events(), 1u);
  EXPECT_THAT(run.Of(FindingKind::kNotifiedMovement), SizeIs(1));
}

TEST(ExampleAgreements, MovementsAreNamedByTheKindOfRuleThatTheirTextAsksFor) {
  // LINE_CROSSED: across the line of contact; in the buffer zone all the while.
  Convoy convoy{.count = 6,
                .head_en_m = {-9000, 1400},
                .velocity_en_mps = {0, -11},
                .eyes = {Drone(), Radar()}};
  EXPECT_THAT(RulesOf(Watched("thirty_days.txtpb", convoy, 120)),
              ElementsAre("line_crossed", "no_convoys"));
  // CONVOY_TOWARDS: four kilometres behind line A, on the way to it.
  convoy.count = 14;
  convoy.head_en_m = {-1200, 6000};
  EXPECT_THAT(RulesOf(Watched("disengagement.txtpb", convoy, 60)), ElementsAre("a_towards"));
  // NOT_NOTIFIED: far behind the strip, where such columns are announced.
  convoy.head_en_m = {-5000, 20'000};
  convoy.velocity_en_mps = {11, 0};
  const Runner column = Watched("thirty_days.txtpb", convoy, 60);
  EXPECT_THAT(RulesOf(column), ElementsAre("a_not_notified"));
  EXPECT_THAT(column.Of(FindingKind::kEventTransition).back().reason,
              ::testing::HasSubstr("notified movement 'N1'"));
}

TEST(ExampleAgreements, BehindALineThatBindsBothIsOnEachSideItsOwn) {
  Convoy tank{
      .count = 1,
      .head_en_m = {1000, -6800},
      .velocity_en_mps = {5, 0},
      .eyes = {Drone(), testing::Thermal()},
      .classes = {{ObjectClass::kTrackedVehicle, 0.99}, {ObjectClass::kUnknownVehicle, 0.01}}};
  constexpr int kAfter = 7 * 86'400;
  EXPECT_THAT(RulesOf(Watched("thirty_days.txtpb", tank, 30, kAfter)),
              ElementsAre("b_tanks_apart"));
  tank.head_en_m = {1000, 6800};
  EXPECT_THAT(RulesOf(Watched("thirty_days.txtpb", tank, 30, kAfter)),
              ElementsAre("a_tanks_apart"));
  tank.head_en_m = {1000, -7900};
  EXPECT_THAT(RulesOf(Watched("thirty_days.txtpb", tank, 30, kAfter)), IsEmpty());
}

TEST(ExampleAgreements, AnAssemblyAreaIsCountedAgainstItsCeilingAndAgainstTheDaysBefore) {
  const Eigen::Vector2d area(9000, 24'750);
  const auto day = [&](Runner& run, int from_s, int count) {
    for (int t = from_s; t < from_s + 80; t += 2) {
      PictureBuilder picture(t);
      if (count > 0)
        picture.AddWhole(900, area, ObjectClass::kUnknownVehicle, count, count - 3, count + 3,
                         {Drone(), Radar()}, 100.0);
      run.Feed(picture.Build());
    }
  };
  Runner full(Example("thirty_days.txtpb"));
  day(full, 0, 50);
  EXPECT_THAT(RulesOf(full), ElementsAre("a_assembly_full"));
  Runner grows(Example("thirty_days.txtpb"));
  grows.Look(LookAt(10, area, testing::Satellite(), 3000));
  day(grows, 20, 5);
  day(grows, 86'400, 20);
  EXPECT_THAT(RulesOf(grows), ElementsAre("a_assembly_grows"));
}

TEST(ExampleAgreements, AStorageSiteIsHeldAgainstItsInventoryAndAgainstThePassBefore) {
  const Eigen::Vector2d depot(-7710, 29'200);
  Runner empty(Example("withdrawal.txtpb"));
  empty.Look(LookAt(0, depot, testing::Satellite()));
  for (int t = 1; t < 140; t += 2) empty.Feed(PictureBuilder(t).Build());
  EXPECT_THAT(RulesOf(empty), ElementsAre("a_depot_missing"));
  Runner changed(Example("withdrawal.txtpb"));
  SettledLook pass = LookAt(0, depot, testing::Satellite());
  pass.baseline = testing::At(-3600);
  pass.standing_vehicle_probability = 0.85;  // not enough to say what is missing
  pass.changes = {testing::Change(ChangeKind::kVanished, depot, 0.9)};
  changed.Look(pass);
  EXPECT_THAT(changed.States(), IsEmpty());  // a second pass has to agree
  SettledLook again = LookAt(3600, depot, testing::Satellite());
  again.standing_vehicle_probability = 0.85;
  changed.Look(again);
  EXPECT_THAT(RulesOf(changed), ElementsAre("a_depot_changed"));
}

TEST(ExampleAgreements, RuleOfALaterPhaseBeginsWithItsSecond) {
  // The convoy has been there all the time; the rule holds from 12:00:30 on.
  std::string text = testing::DemoAgreementText();
  const auto at = text.find("phase {");
  text.replace(at, text.find('\n', at) - at,
               "day_zero_utc: \"2026-03-01T00:00:00Z\"\n"
               "phase { id: \"before\" start_utc: \"D-9 00:00:00\" end_utc: \"D+0 12:00:30\" }\n"
               "phase { id: \"after\" start_utc: \"D+0 12:00:30\" end_utc: \"D+9 00:00:00\" }");
  text.replace(text.find("  kind: GROUP"), 13, "  phase: \"after\" kind: GROUP");
  auto agreement = ParseAgreement(text, "a.txtpb");
  ASSERT_TRUE(agreement) << agreement.error().message;
  Runner run(std::move(*agreement));
  const Convoy convoy{.count = 8,
                      .head_en_m = {-1200, 500},
                      .velocity_en_mps = {0, -5},
                      .eyes = {Drone(), Radar()}};
  for (int t = 0; t < 60; ++t) run.Feed(PictureBuilder(t).Add(convoy).Build());
  ASSERT_THAT(run.States(), ::testing::ElementsAreArray(kAllStates));
  EXPECT_EQ(FormatUtc(run.Of(FindingKind::kEventTransition)[0].time_first), "2026-03-01T12:00:30Z");
}

}  // namespace
}  // namespace trucewatch
