// SPDX-License-Identifier: Apache-2.0
#include "verify/agreement/agreement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config/text_config.h"
#include "core/crypto/sha256.h"
#include "verify/agreement/lint.h"

namespace trucewatch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::string Demo() { return ReadTextFile("tests/verify/data/agreement.txtpb").value_or(""); }

// The demo agreement with one piece of text replaced; fails the test when it is not there.
std::string Edited(const std::string& from, const std::string& to) {
  std::string text = Demo();
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

// Line (from 1) of the first place where a piece of text stands.
int LineOf(const std::string& text, const std::string& piece) {
  const auto at = text.find(piece);
  EXPECT_NE(at, std::string::npos) << piece;
  return 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<long>(at), '\n'));
}

// The only message about a text, with the line it must stand at.
void ExpectOne(const std::string& text, LintMessage::Severity severity, int line,
               const std::string& piece) {
  const auto messages = LintAgreement(text, "a.txtpb");
  ASSERT_THAT(messages, SizeIs(1)) << (messages.empty() ? "" : messages[0].text);
  EXPECT_EQ(messages[0].severity, severity) << messages[0].text;
  EXPECT_EQ(messages[0].line, line) << messages[0].text;
  EXPECT_THAT(messages[0].text, HasSubstr(piece));
  const auto parsed = ParseAgreement(text, "a.txtpb");
  EXPECT_EQ(parsed.has_value(), severity == LintMessage::Severity::kWarning);
  if (!parsed) {
    EXPECT_EQ(parsed.error().code, ErrorCode::kBadInput);
    EXPECT_THAT(parsed.error().message, StartsWith(fmt::format("a.txtpb:{}:", line)));
  }
}
void ExpectError(const std::string& text, int line, const std::string& piece) {
  ExpectOne(text, LintMessage::Severity::kError, line, piece);
}
void ExpectWarning(const std::string& text, int line, const std::string& piece) {
  ExpectOne(text, LintMessage::Severity::kWarning, line, piece);
}

TEST(Agreement, DemoFilesHaveNothingToComplainAbout) {
  for (const char* name : {"agreement.txtpb", "agreement_short.txtpb"}) {
    const auto text = ReadTextFile(std::string("configs/demo/") + name);
    ASSERT_TRUE(text) << text.error().message;
    for (const LintMessage& message : LintAgreement(*text, name))
      ADD_FAILURE() << FormatLintMessage(message, name);
  }
}

TEST(Agreement, DemoFileSaysWhatItSays) {
  const auto agreement = ParseAgreement(Demo(), "a.txtpb");
  ASSERT_TRUE(agreement) << agreement.error().message;
  EXPECT_EQ(agreement->side_a_name, "North");
  ASSERT_THAT(agreement->rules, SizeIs(1));
  EXPECT_EQ(agreement->zones[agreement->rules[0].zone].id, "buffer");
  EXPECT_EQ(agreement->rules[0].min_count, 5);
  EXPECT_EQ(agreement->rules[0].verified.min_duration, Duration::Seconds(10));
  // 12 km by 2 km at 400 m above the ellipsoid; on it, 0.013 % less.
  EXPECT_NEAR(agreement->zones[0].shape.AreaM2(), 23.997e6, 500);
  EXPECT_NEAR(agreement->zones[0].shape.Distance(Geodetic::FromDegrees(30, -40, 400)).inside_m,
              1000.0, 0.1);
  ASSERT_THAT(agreement->notified, SizeIs(1));
  EXPECT_EQ(FormatUtc(agreement->notified[0].window_start), "2026-03-01T11:55:00Z");
  EXPECT_EQ(agreement->hash, HexEncode(Sha256(Demo())));
}

TEST(Agreement, PhaseHoldsFromItsFirstMicrosecondToItsLast) {
  const auto agreement = ParseAgreement(Demo(), "a.txtpb");
  ASSERT_TRUE(agreement);
  const Rule& rule = agreement->rules[0];
  const Instant start = *ParseUtc("2026-02-20T00:00:00Z");
  const Instant end = *ParseUtc("2026-03-22T00:00:00Z");
  EXPECT_FALSE(RuleApplies(*agreement, rule, start - Duration::Micros(1)));
  EXPECT_TRUE(RuleApplies(*agreement, rule, start));
  EXPECT_TRUE(RuleApplies(*agreement, rule, end - Duration::Micros(1)));
  EXPECT_FALSE(RuleApplies(*agreement, rule, end));
}

TEST(Agreement, ClassesAreSharesOfBelief) {
  const ClassProbabilities truck = {{ObjectClass::kTruck, 0.7}, {ObjectClass::kPersonGroup, 0.3}};
  EXPECT_DOUBLE_EQ(ShareOfClasses(truck, {ObjectClass::kTruck}), 0.7);
  EXPECT_DOUBLE_EQ(ShareOfClasses(truck, {ObjectClass::kUnknownVehicle}), 0.7);
  EXPECT_DOUBLE_EQ(ShareOfClasses(truck, {ObjectClass::kTrackedVehicle}), 0.0);
  EXPECT_DOUBLE_EQ(ShareOfClasses({}, {ObjectClass::kUnknownVehicle}), 1.0);
  EXPECT_DOUBLE_EQ(ShareOfClasses({}, {ObjectClass::kTruck}), 0.0);
}

TEST(AgreementErrors, UnknownClassNamesLineColumnAndWhatIsKnown) {
  const std::string text = Edited("object_class: ANY_VEHICLE", "object_class: TANK");
  const int line = LineOf(text, "TANK");
  const auto parsed = ParseAgreement(text, "a.txtpb");
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().message, AllOf(StartsWith(fmt::format("a.txtpb:{}:17:", line)),
                                            HasSubstr("TANK"), HasSubstr("TRACKED_VEHICLE")));
  const auto messages = LintAgreement(text, "a.txtpb");
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_EQ(messages[0].line, line);
  EXPECT_TRUE(HasErrors(messages));
}

TEST(AgreementErrors, MisspeltFieldIsRefused) {
  const std::string text = Edited("map_sigma_m: 5", "map_sigma: 5");
  const auto messages = LintAgreement(text, "a.txtpb");
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_EQ(messages[0].line, LineOf(text, "map_sigma: 5"));
  EXPECT_THAT(messages[0].text, HasSubstr("map_sigma"));
}

TEST(AgreementErrors, UnknownZone) {
  const std::string text = Edited("zone: \"buffer\"", "zone: \"bufer\"");
  ExpectError(text, LineOf(text, "bufer\""), "there is no zone \"bufer\"; expected one of: buffer");
}

TEST(AgreementErrors, SelfCrossingZone) {
  // The first two corners exchanged.
  const std::string text = Edited(
      "vertex { lat_deg: 29.9909649 lon_deg: -40.0621755 }\n"
      "  vertex { lat_deg: 29.9909649 lon_deg: -39.9378245 }",
      "vertex { lat_deg: 29.9909649 lon_deg: -39.9378245 }\n"
      "  vertex { lat_deg: 29.9909649 lon_deg: -40.0621755 }");
  ExpectError(text, LineOf(text, "vertex { lat_deg: 30.0090057 lon_deg: -40"), "crosses itself");
}

TEST(AgreementErrors, OverlappingPhases) {
  const std::string text =
      Edited("# Clause 4",
             "phase { id: \"later\" start_utc: \"2026-03-21T12:00:00Z\" end_utc: "
             "\"2026-04-01T00:00:00Z\" }\n# Clause 4");
  ExpectError(text, LineOf(text, "\"later\""),
              "overlap from 2026-03-21T12:00:00Z to 2026-03-22T00:00:00Z");
}

TEST(AgreementErrors, UndatedPhase) {
  const std::string text = Edited(" end_utc: \"2026-03-22T00:00:00Z\"", "");
  ExpectError(text, LineOf(text, "phase {"), "expected a date and time in UTC");
}

TEST(AgreementErrors, EachBadValueIsNamedWithItsField) {
  struct Case {
    const char* from;
    const char* to;
    const char* field;
  };
  for (const Case& c :
       {Case{"lat_deg: 30.0090057 lon_deg: -40.0621867", "lat_deg: 91 lon_deg: 0",
             "zone[0].vertex[3].lat_deg"},
        Case{"width_m: 400", "width_m: nan", "notified_movement[0].width_m"},
        Case{"max_count: 8", "max_count: 3", "notified_movement[0].max_count"},
        Case{"min_probability: 0.95", "min_probability: 1.5", "rule[0].verified.min_probability"},
        Case{"  breaking_ancestor: SENSOR\n", "", "corroboration.breaking_ancestor"},
        Case{"reopen_s: 300", "reopen_s: 0", "event_identity.reopen_s"},
        Case{"min_group_size: 4", "min_group_size: 1", "min_group_size"},
        Case{"  kind: GROUP_IN_ZONE\n", "", "rule[0].kind"},
        Case{"party { side: B name: \"South\" }", "party { side: A name: \"South\" }",
             "party[1].side"},
        Case{"id: \"N1\"", "id: \"N 1\"", "notified_movement[0].id"},
        Case{"2026-03-01T12:15:00Z", "2026-03-01T11:15:00Z", "notified_movement[0].window_end_utc"},
        Case{"2026-03-01T12:15:00Z", "noon", "notified_movement[0].window_end_utc"},
        Case{"min_count: 5", "min_count: 3", "rule[0].min_count"}}) {
    const auto messages = LintAgreement(Edited(c.from, c.to), "a.txtpb");
    ASSERT_THAT(messages, SizeIs(1)) << c.to;
    EXPECT_EQ(messages[0].field, c.field);
    EXPECT_EQ(messages[0].severity, LintMessage::Severity::kError);
    EXPECT_GT(messages[0].line, 1);
  }
}

TEST(AgreementErrors, LatitudeAndLongitudeExchangedIsNoticed) {
  const std::string text = Edited("lat_deg: 29.9909649 lon_deg: -40.0621755",
                                  "lat_deg: -40.0621755 lon_deg: 29.9909649");
  const auto messages = LintAgreement(text, "a.txtpb");
  ASSERT_FALSE(messages.empty());
  EXPECT_THAT(messages[0].text, HasSubstr("right order"));
}

TEST(AgreementErrors, AllFaultsAreNamedAtOnceInOrderOfLines) {
  std::string text = Edited("min_count: 5", "min_count: 0");
  text.replace(text.find("map_sigma_m: 5"), 14, "map_sigma_m: -5");
  const auto parsed = ParseAgreement(text, "a.txtpb");
  ASSERT_FALSE(parsed);
  const auto map = parsed.error().message.find("map_sigma_m");
  const auto count = parsed.error().message.find("rule[0].min_count");
  ASSERT_NE(map, std::string::npos);
  ASSERT_NE(count, std::string::npos);
  EXPECT_LT(map, count);
}

TEST(AgreementErrors, EmptyTruncatedAndBinaryTextsAreRefused) {
  const std::string text = Demo();
  EXPECT_FALSE(ParseAgreement("", "a.txtpb"));
  EXPECT_FALSE(ParseAgreement(std::string(1000, '\xff'), "a.txtpb"));
  EXPECT_FALSE(ParseAgreement(std::string(5u << 20, ' '), "a.txtpb"));
  const std::size_t end = text.find_last_of('}');
  for (std::size_t size = 0; size < end; size += 97)
    EXPECT_FALSE(ParseAgreement(text.substr(0, size), "a.txtpb")) << size;
}

// Rules of every kind and a corridor, as a text to append to the demo's.
const char* const kMore = R"(
permitted_corridor {
  id: "aid"
  clause: "Clause 8"
  route { lat_deg: 29.985 lon_deg: -40.03 }
  route { lat_deg: 30.015 lon_deg: -40.03 }
  width_m: 300
  max_count: 9
  object_class: TRUCK
  phase: "ceasefire"
}
rule {
  id: "line" clause: "Clause 6" kind: VEHICLE_IN_ZONE zone: "buffer"
  object_class: TRACKED_VEHICLE
  min_count: 1
  candidate { min_probability: 0.8 }
  verified { min_probability: 0.95 }
}
rule {
  id: "people" clause: "Clause 9" kind: CONCENTRATION zone: "buffer"
  object_class: PEOPLE
  min_count: 20
  radius_m: 40
  candidate { min_probability: 0.8 }
  verified { min_probability: 0.95 }
}
rule {
  id: "site" clause: "Clause 10" kind: SITE_CHANGED zone: "buffer"
  object_class: ANY_VEHICLE
  min_count: 2
  candidate { min_probability: 0.7 }
  verified { min_probability: 0.9 }
}
)";

std::string More(const std::string& from = "", const std::string& to = "") {
  std::string text = Demo() + kMore;
  text.replace(text.find("min_updates: 3"), 14,
               "human_radius_m: 400 human_recent_s: 600 min_updates: 3");
  if (from.empty()) return text;
  const auto at = text.rfind(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

TEST(Agreement, RulesOfEveryKindCorridorAndHumanTermsAreRead) {
  EXPECT_THAT(LintAgreement(More(), "a.txtpb"), IsEmpty());
  const auto agreement = ParseAgreement(More(), "a.txtpb");
  ASSERT_TRUE(agreement) << agreement.error().message;
  ASSERT_THAT(agreement->rules, SizeIs(4));
  EXPECT_EQ(agreement->rules[1].kind, RuleKind::kVehicleInZone);
  EXPECT_EQ(agreement->rules[1].min_count, 1);  // below min_group_size: it speaks of vehicles
  EXPECT_EQ(agreement->rules[2].kind, RuleKind::kConcentration);
  EXPECT_TRUE(SpeaksOfPeople(agreement->rules[2]));
  EXPECT_EQ(agreement->rules[2].radius_m, 40.0);
  EXPECT_EQ(agreement->rules[3].kind, RuleKind::kSiteChanged);
  ASSERT_THAT(agreement->permitted, SizeIs(1));
  EXPECT_EQ(agreement->permitted[0].max_count, 9);
  EXPECT_TRUE(
      CorridorApplies(*agreement, agreement->permitted[0], *ParseUtc("2026-03-01T00:00:00Z")));
  EXPECT_FALSE(
      CorridorApplies(*agreement, agreement->permitted[0], *ParseUtc("2026-03-22T00:00:00Z")));
  EXPECT_EQ(agreement->corroboration.human_radius_m, 400.0);
  EXPECT_EQ(agreement->corroboration.human_recent, Duration::Seconds(600));
  EXPECT_THAT(Describe(*agreement, agreement->rules[2]),
              HasSubstr("at least 20 (people) are together within 40 m in \"buffer\""));
  EXPECT_THAT(Describe(agreement->permitted[0]), HasSubstr("groups of at most 9"));
}

TEST(AgreementErrors, EachBadNewPartIsNamedWithItsLineAndField) {
  struct Case {
    const char* from;
    const char* to;
    const char* field;
  };
  for (const Case& c :
       {Case{"id: \"aid\"", "id: \"N1\"", "permitted_corridor[0].id"},
        Case{"clause: \"Clause 8\"", "", "permitted_corridor[0].clause"},
        Case{"width_m: 300", "width_m: 0", "permitted_corridor[0].width_m"},
        Case{"max_count: 9", "max_count: 3", "permitted_corridor[0].max_count"},
        Case{"object_class: TRUCK\n  phase", "object_class: PEOPLE\n  phase",
             "permitted_corridor[0].object_class[0]"},
        Case{"phase: \"ceasefire\"", "phase: \"peace\"", "permitted_corridor[0].phase[0]"},
        Case{"object_class: TRACKED_VEHICLE", "object_class: PEOPLE", "rule[1].object_class[0]"},
        Case{"min_count: 20", "min_count: 3", "rule[2].min_count"},
        Case{"radius_m: 40", "radius_m: 0", "rule[2].radius_m"},
        Case{"object_class: PEOPLE", "object_class: PEOPLE object_class: TRUCK",
             "rule[2].object_class"},
        Case{"min_count: 2\n", "min_count: 2 radius_m: 5\n", "rule[3].radius_m"},
        Case{"human_radius_m: 400", "human_radius_m: -1", "corroboration.human_radius_m"},
        Case{"human_recent_s: 600", "", "corroboration.human_recent_s"}}) {
    const std::string text = More(c.from, c.to);
    const auto messages = LintAgreement(text, "a.txtpb");
    ASSERT_THAT(messages, SizeIs(1)) << c.to;
    EXPECT_EQ(messages[0].field, c.field);
    EXPECT_EQ(messages[0].severity, LintMessage::Severity::kError);
    EXPECT_GT(messages[0].line, 1);
  }
  const std::string text = More("radius_m: 40", "radius_m: 9000");
  ExpectError(text, LineOf(text, "radius_m: 9000"), "9000 is out of range; expected 1 to 5000");
}

TEST(AgreementWarnings, CorridorThatTouchesNoZoneAndDurationOfASite) {
  std::string text = More("route { lat_deg: 29.985 lon_deg: -40.03 }\n  route { lat_deg: 30.015",
                          "route { lat_deg: 30.02 lon_deg: -40.03 }\n  route { lat_deg: 30.03");
  ExpectWarning(text, LineOf(text, "permitted_corridor {"), "touches no zone");
  text = More("verified { min_probability: 0.9 }",
              "verified { min_probability: 0.9 min_duration_s: 5 }");
  ExpectWarning(text, LineOf(text, "id: \"site\"") - 1, "no effect");
}

TEST(AgreementWarnings, RuleThatCanNeverApply) {
  std::string text = Edited("# Clause 4",
                            "phase { id: \"later\" start_utc: \"2026-03-22T00:00:00Z\" end_utc: "
                            "\"2026-04-01T00:00:00Z\" }\n# Clause 4");
  text.replace(text.find("  side: NEITHER"), 15, "  side: NEITHER phase: \"later\"");
  text.replace(text.find("  kind: GROUP"), 13, "  phase: \"ceasefire\" kind: GROUP");
  ExpectWarning(text, LineOf(text, "rule {"), "can never apply");
}

TEST(AgreementWarnings, NotifiedMovementOutsideAllPhasesOrZones) {
  std::string text = Edited("2026-03-01T11:55:00Z", "2027-03-01T11:55:00Z");
  text.replace(text.find("2026-03-01T12:15:00Z"), 20, "2027-03-01T12:15:00Z");
  ExpectWarning(text, LineOf(text, "notified_movement {"), "outside all phases");

  text = Edited("width_m: 400", "width_m: 10");
  for (const char* keep : {"29.9864683", "29.9999989", "30.0135296", "30.0315704", "30.0541214"}) {
    const auto at = text.find(std::string("  route { lat_deg: ") + keep);
    text.erase(at, text.find('\n', at) + 1 - at);
  }
  ExpectWarning(text, LineOf(text, "notified_movement {"), "touches no zone");
}

TEST(AgreementWarnings, GapBetweenPhases) {
  const std::string text =
      Edited("# Clause 4",
             "phase { id: \"later\" start_utc: \"2026-03-22T00:00:01Z\" end_utc: "
             "\"2026-04-01T00:00:00Z\" }\n# Clause 4");
  const auto messages = LintAgreement(text, "a.txtpb");
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_EQ(FormatLintMessage(messages[0], "a.txtpb"),
            fmt::format(
                "a.txtpb:{}:1: warning: Between the phases \"ceasefire\" and \"later\", from "
                "2026-03-22T00:00:00Z to 2026-03-22T00:00:01Z, there is a gap. In it no rule "
                "applies: the software reports nothing then, though the agreement may still bind. "
                "Let the later phase begin at the second at which the earlier one ends, or say "
                "in the text that nothing is agreed in between.",
                LineOf(text, "\"later\"")));
}

}  // namespace
}  // namespace trucewatch
