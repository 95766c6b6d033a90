// SPDX-License-Identifier: Apache-2.0
#include "verify/agreement/lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config/text_config.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// Three zones from south to north that share their borders, a site and a line behind which it lies.
constexpr const char* kWhole = R"(title: "Truce of the plain" edition: "1"
party { side: A name: "North" }
party { side: B name: "South" }
day_zero_utc: "2026-02-20T00:00:00Z"
phase { id: "stop" start_utc: "D+0 00:00:00" end_utc: "D+3 00:00:00" }
phase { id: "apart" start_utc: "D+3 00:00:00" end_utc: "D+30 00:00:00" }
zone { id: "buffer" name: "Buffer zone" side: NEITHER
  vertex { lat_deg: 29.99 lon_deg: -40.1 }
  vertex { lat_deg: 29.99 lon_deg: -39.9 }
  vertex { lat_deg: 30.01 lon_deg: -39.9 }
  vertex { lat_deg: 30.01 lon_deg: -40.1 } }
zone { id: "north" name: "Area of the North" side: A
  vertex { lat_deg: 30.01 lon_deg: -40.1 }
  vertex { lat_deg: 30.01 lon_deg: -39.9 }
  vertex { lat_deg: 30.10 lon_deg: -39.9 }
  vertex { lat_deg: 30.10 lon_deg: -40.1 } }
zone { id: "south" name: "Area of the South" side: B account_only: true
  vertex { lat_deg: 29.99 lon_deg: -40.1 }
  vertex { lat_deg: 29.99 lon_deg: -39.9 }
  vertex { lat_deg: 29.90 lon_deg: -39.9 }
  vertex { lat_deg: 29.90 lon_deg: -40.1 } }
zone { id: "depot" name: "Depot 1" side: A
  vertex { lat_deg: 30.05 lon_deg: -40.000 }
  vertex { lat_deg: 30.05 lon_deg: -39.998 }
  vertex { lat_deg: 30.052 lon_deg: -39.998 }
  vertex { lat_deg: 30.052 lon_deg: -40.000 } }
weapon_class { id: "tanks" name: "tanks" object_class: TRACKED_VEHICLE }
line { id: "back" name: "Withdrawal line of the North" side: A behind: LEFT weapon_class: "tanks"
  point { lat_deg: 30.03 lon_deg: -40.1 }
  point { lat_deg: 30.03 lon_deg: -39.9 } }
storage_site { zone: "depot" clause: "Article 4" inventory { weapon_class: "tanks" count: 12 } }
ceiling { id: "few" clause: "Article 5" zone: "north" weapon_class: "tanks" max_count: 20 }
withdrawal { id: "pull" clause: "Article 3" side: A weapon_class: "tanks" line: "back"
  start_utc: "D+3 00:00:00" deadline_utc: "D+18 00:00:00" }
release { audience: PARTIES clause: "Article 9" delay_s: 86400 grid_m: 5000 }
coverage_floor: 0.9
map_sigma_m: 5
min_group_size: 4
notified_movement { id: "N1" reference: "letter 1" side: B
  window_start_utc: "D+5 06:00:00" window_end_utc: "D+5 18:00:00"
  route { lat_deg: 29.95 lon_deg: -40 } route { lat_deg: 30.05 lon_deg: -40 }
  width_m: 300 min_count: 4 max_count: 8 object_class: TRUCK }
rule { id: "convoys" clause: "Article 1" kind: GROUP_IN_ZONE zone: "buffer" object_class: ANY_VEHICLE min_count: 5
  candidate { min_probability: 0.8 min_duration_s: 3 }
  verified { min_probability: 0.95 min_duration_s: 10 } }
rule { id: "crowds" clause: "Article 2" kind: CONCENTRATION zone: "buffer" object_class: PEOPLE min_count: 20
  radius_m: 30
  candidate { min_probability: 0.8 min_duration_s: 3 }
  verified { min_probability: 0.95 min_duration_s: 10 } }
rule { id: "stores" clause: "Article 4" kind: SITE_CHANGED zone: "depot" object_class: TRACKED_VEHICLE min_count: 1
  candidate { min_probability: 0.6 }
  verified { min_probability: 0.95 } }
rule { id: "many" clause: "Article 5" kind: CEILING ceiling: "few"
  candidate { min_probability: 0.8 min_duration_s: 20 }
  verified { min_probability: 0.95 min_duration_s: 20 } }
rule { id: "pulled" clause: "Article 3" kind: WITHDRAWAL_MISSING zone: "north" withdrawal: "pull" min_count: 1
  candidate { min_probability: 0.8 min_duration_s: 30 }
  verified { min_probability: 0.95 min_duration_s: 30 } }
rule { id: "came" clause: "Article 4" kind: WITHDRAWAL_MISSING zone: "depot" withdrawal: "pull" arrival: true min_count: 2
  candidate { min_probability: 0.8 min_duration_s: 40 }
  verified { min_probability: 0.95 min_duration_s: 40 } }
corroboration { breaking_ancestor: SENSOR min_updates: 3 recent_s: 10 human_radius_m: 400 human_recent_s: 120
  member_share_ratio: 0.5 }
event_identity { distance_m: 500 velocity_mps: 5 acceleration_mps2: 0.2 reopen_s: 300 }
notification { min_probability: 0.7 recognise_s: 5 leave_s: 10 }
)";

// A zone beside the line, and rules about crossing it.
constexpr const char* kCrossing =
    R"(rule { id: "cross" clause: "Article 3" kind: LINE_CROSSED zone: "depot" line: "back"
  object_class: ANY_VEHICLE min_count: 1
  candidate { min_probability: 0.8 min_duration_s: 3 }
  verified { min_probability: 0.95 min_duration_s: 50 } }
corroboration {)";
constexpr const char* kTowards =
    R"(rule { id: "towards" clause: "Article 3" kind: CONVOY_TOWARDS zone: "depot" line: "back"
  object_class: ANY_VEHICLE min_count: 5 direction: BACKWARD within_s: 600
  candidate { min_probability: 0.8 min_duration_s: 3 }
  verified { min_probability: 0.95 min_duration_s: 50 } }
corroboration {)";
constexpr const char* kManyRule =
    R"(rule { id: "many" clause: "Article 5" kind: CEILING ceiling: "few"
  candidate { min_probability: 0.8 min_duration_s: 20 }
  verified { min_probability: 0.95 min_duration_s: 20 } }
)";
constexpr const char* kPulledRule =
    R"(rule { id: "pulled" clause: "Article 3" kind: WITHDRAWAL_MISSING zone: "north" withdrawal: "pull" min_count: 1
  candidate { min_probability: 0.8 min_duration_s: 30 }
  verified { min_probability: 0.95 min_duration_s: 30 } }
)";
constexpr const char* kCameRule =
    R"(rule { id: "came" clause: "Article 4" kind: WITHDRAWAL_MISSING zone: "depot" withdrawal: "pull" arrival: true min_count: 2
  candidate { min_probability: 0.8 min_duration_s: 40 }
  verified { min_probability: 0.95 min_duration_s: 40 } }
)";

// The text with pieces replaced, the first one that fits.
std::string Changed(std::initializer_list<std::pair<std::string, std::string>> pieces) {
  std::string text = kWhole;
  for (const auto& [from, to] : pieces) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    if (at != std::string::npos) text.replace(at, from.size(), to);
  }
  return text;
}

TEST(Lint, SaysNothingOfAnAgreementThatIsWhole) {
  for (const LintMessage& message : LintAgreement(kWhole, "a.txtpb"))
    ADD_FAILURE() << FormatLintMessage(message, "a.txtpb");
}

struct Case {
  std::initializer_list<std::pair<std::string, std::string>> changes;
  const char* at;    // the line begins here
  const char* says;  // a piece of the sentence
};

void ExpectOnly(const Case& c, LintMessage::Severity severity) {
  const std::string text = Changed(c.changes);
  const auto messages = LintAgreement(text, "a.txtpb");
  std::string all;
  for (const LintMessage& message : messages) all += FormatLintMessage(message, "a.txtpb") + "\n";
  ASSERT_THAT(messages, SizeIs(1)) << c.says << "\n" << all;
  const LintMessage& m = messages[0];
  EXPECT_EQ(m.severity, severity) << all;
  EXPECT_THAT(m.text, HasSubstr(c.says));
  const auto place = text.find(c.at);
  ASSERT_NE(place, std::string::npos) << c.at;
  const auto line_start = text.rfind('\n', place) + 1;
  const int line =
      1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<long>(place), '\n'));
  EXPECT_EQ(m.line, line) << all;
  EXPECT_EQ(m.column, 1 + static_cast<int>(place - line_start)) << all;
  if (severity == LintMessage::Severity::kError) return;
  // Whole sentences, with what it means for the truce; no path that only programmers read.
  EXPECT_TRUE(m.subject.empty());
  EXPECT_FALSE(m.meaning.empty()) << m.text;
  for (const std::string* words : {&m.text, &m.meaning, &m.advice}) {
    if (words->empty()) continue;
    EXPECT_TRUE(words->back() == '.' || words->back() == '?') << *words;
    EXPECT_TRUE(std::isupper(static_cast<unsigned char>((*words)[0])) ||
                std::isdigit(static_cast<unsigned char>((*words)[0])))
        << *words;
    EXPECT_EQ(words->find('['), std::string::npos) << *words;
  }
}

TEST(Lint, DoubtsAboutTheMap) {
  const std::string north_edge =
      "vertex { lat_deg: 30.01 lon_deg: -40.1 }\n  vertex { lat_deg: 30.01 lon_deg: -39.9 }\n  "
      "vertex { lat_deg: 30.10";
  const auto moved = [&](const char* lat) {
    return fmt::format(
        "vertex {{ lat_deg: {} lon_deg: -40.1 }}\n  vertex {{ lat_deg: {} lon_deg: -39.9 }}\n  "
        "vertex {{ lat_deg: 30.10",
        lat, lat);
  };
  for (const Case& c : {
           Case{{{north_edge, moved("30.0102")}}, "zone { id: \"north\"", "lies in neither"},
           Case{{{north_edge, moved("30.0098")}}, "zone { id: \"north\"", "run over one another"},
           Case{{{north_edge, moved("30.005")}}, "zone { id: \"north\"", "overlap: "},
           Case{
               {{"route { lat_deg: 30.05", "route { lat_deg: 29.96"},
                {"route { lat_deg: 29.95 lon_deg: -40 }", "route { lat_deg: 29.7 lon_deg: -40.5 }"},
                {"route { lat_deg: 29.96 lon_deg: -40 }",
                 "route { lat_deg: 29.8 lon_deg: -40.5 }"}},
               "notified_movement {",
               "touches no zone"},
           Case{{{"point { lat_deg: 30.03 lon_deg: -40.1 }",
                  "point { lat_deg: 30.23 lon_deg: -40.1 }"},
                 {"point { lat_deg: 30.03 lon_deg: -39.9 }",
                  "point { lat_deg: 30.23 lon_deg: -39.9 }"},
                 {"behind: LEFT", "behind: RIGHT"},
                 {"start_utc: \"D+3 00:00:00\" deadline",
                  "distance_m: 90000 start_utc: \"D+3 00:00:00\" deadline"}},
                "line {",
                "neither crosses nor touches"},
           Case{{{"map_sigma_m: 5", "map_sigma_m: 70"}},
                "verified { min_probability: 0.95 } }",
                "Even in the middle"},
       })
    ExpectOnly(c, LintMessage::Severity::kWarning);
}

TEST(Lint, DoubtsAboutTimesAndRules) {
  for (const Case& c : {
           Case{{{"start_utc: \"D+3 00:00:00\" end_utc", "start_utc: \"D+3 00:00:01\" end_utc"}},
                "phase { id: \"apart\"",
                "there is a gap"},
           Case{{{"start_utc: \"D+5 06", "start_utc: \"D+45 06"},
                 {"end_utc: \"D+5 18", "end_utc: \"D+45 18"}},
                "notified_movement {",
                "outside all phases"},
           Case{{{"deadline_utc: \"D+18", "deadline_utc: \"D+38"}},
                "deadline_utc",
                "lies outside all phases"},
           Case{{{"side: NEITHER\n", "side: NEITHER phase: \"stop\"\n"},
                 {"rule { id: \"convoys\"", "rule { phase: \"apart\" id: \"convoys\""}},
                "rule { phase: \"apart\"",
                "can never apply"},
           Case{{{"verified { min_probability: 0.95 min_duration_s: 10 } }",
                  "verified { min_probability: 1 min_duration_s: 10 } }"}},
                "verified { min_probability: 1 ",
                "no doubt at all"},
           Case{{{"radius_m: 30", "radius_m: 1"}}, "min_count: 20", "there is room for 13"},
           Case{{{"verified { min_probability: 0.95 } }",
                  "verified { min_probability: 0.95 min_duration_s: 5 } }"}},
                "rule { id: \"stores\"",
                "no effect"},
           Case{{{"human_radius_m: 400 human_recent_s: 120", ""}},
                "verified { min_probability: 0.95 } }",
                "patrols support nothing"},
           Case{{{"min_count: 20\n  radius_m: 30", "min_count: 5\n"},
                 {"kind: CONCENTRATION", "kind: GROUP_IN_ZONE"},
                 {"object_class: PEOPLE", "object_class: ANY_VEHICLE"}},
                "rule { id: \"crowds\"",
                "ask for the same thing"},
           Case{{{"side: B account_only: true", "side: B"}},
                "zone { id: \"south\"",
                "used by no rule"},
       })
    ExpectOnly(c, LintMessage::Severity::kWarning);
  ExpectOnly({{{"verified { min_probability: 0.95 min_duration_s: 10 } }",
                "verified { min_probability: 0.95 min_duration_s: 80000 } }"},
               {"rule { id: \"convoys\"", "rule { phase: \"stop\" id: \"convoys\""},
               {"end_utc: \"D+3 00", "end_utc: \"D+0 12"},
               {"start_utc: \"D+5 06", "start_utc: \"D+0 06"},
               {"end_utc: \"D+5 18", "end_utc: \"D+0 11"},
               {"start_utc: \"D+3 00:00:00\" end_utc", "start_utc: \"D+0 12:00:00\" end_utc"}},
              "verified { min_probability: 0.95 min_duration_s: 80000",
              "the longest phase in which it holds has 43200 s"},
             LintMessage::Severity::kWarning);
  ExpectOnly({{{"end_utc: \"D+5 18", "end_utc: \"D+30 18"}}, "notified_movement {", "A part of"},
             LintMessage::Severity::kNote);
  ExpectOnly({{{"min_count: 4 max_count: 8", "min_count: 2 max_count: 3"}},
              "notified_movement {",
              "speaks of 3 vehicles at most"},
             LintMessage::Severity::kNote);
}

TEST(Lint, DoubtsAboutWeaponsAndRelease) {
  for (const Case& c : {
           Case{{{"\nline {",
                  "\nweapon_class { id: \"guns\" name: \"guns\" object_class: TRUCK }\nline {"}},
                "weapon_class { id: \"guns\"",
                "Nothing in the agreement speaks of"},
           Case{{{"inventory { weapon_class: \"tanks\" count: 12 }", ""}, {kCameRule, ""}},
                "storage_site {",
                "has no inventory"},
           Case{{{"kind: SITE_CHANGED zone: \"depot\"", "kind: SITE_CHANGED zone: \"buffer\""},
                 {kCameRule, ""},
                 {"inventory { weapon_class: \"tanks\"", "inventory { weapon_class: \"guns\""},
                 {"\nline {",
                  "\nweapon_class { id: \"guns\" name: \"guns\" object_class: TRUCK }\nline {"}},
                "storage_site {",
                "No rule watches"},
           Case{{{kManyRule, ""}}, "ceiling {", "No rule holds the ceiling"},
           Case{{{kPulledRule, ""}}, "withdrawal {", "No rule asks whether the withdrawal"},
           Case{{{kCameRule, ""}}, "storage_site {", "No rule asks whether the 12"},
           Case{{{"object_class: ANY_VEHICLE min_count: 5",
                  "object_class: TRACKED_VEHICLE min_count: 5"}},
                "notified_movement {",
                "No rule speaks of what the notified movement"},
           Case{{{"deadline_utc: \"D+18 00:00:00\"", "deadline_utc: \"D+18 00:00:00\""},
                 {"arrival: true min_count: 2", "arrival: true min_count: 13"}},
                "rule { id: \"came\"",
                "asks for 13 that are missing"},
           Case{{{"zone: \"north\" withdrawal", "zone: \"depot\" withdrawal"}},
                "rule { id: \"pulled\"",
                "lies behind the line"},
           Case{{{"rule { id: \"pulled\"", "rule { phase: \"stop\" id: \"pulled\""}},
                "rule { phase: \"stop\" id: \"pulled\"",
                "in none of its phases does the time after its withdrawal's deadline hold"},
           Case{{{"corroboration {", kCrossing}}, "rule { id: \"cross\"", "does not run through"},
           Case{{{"corroboration {", kTowards}}, "rule { id: \"towards\"", "lies wholly behind"},
           Case{{{"name: \"Depot 1\" side: A", "name: \"Depot 1\" side: NEITHER"}},
                "storage_site {",
                "zone of neither side"},
           Case{{{"max_count: 20", "max_count: 10"}}, "max_count: 10", "12 weapons"},
           Case{{{"\nwithdrawal {",
                  "\nceiling { id: \"other\" clause: \"Annex\" zone: \"north\" weapon_class: "
                  "\"tanks\" max_count: 30 }\nwithdrawal {"},
                 {"corroboration {",
                  "rule { id: \"more\" clause: \"Annex\" kind: CEILING ceiling: \"other\"\n  "
                  "candidate { "
                  "min_probability: 0.8 min_duration_s: 20 }\n  verified { min_probability: 0.95 "
                  "min_duration_s: 20 } }\ncorroboration {"}},
                "max_count: 30",
                "contradict one another"},
           Case{{{"grid_m: 5000", ""}}, "release {", "told exactly"},
           Case{{{"delay_s: 86400", ""}}, "release {", "told at once"},
           Case{{{"coverage_floor",
                  "release { audience: PUBLIC clause: \"Article 9\" delay_s: 60 "
                  "grid_m: 5000 }\ncoverage_floor"}},
                "release { audience: PUBLIC",
                "The public would be told"},
       })
    ExpectOnly(c, LintMessage::Severity::kWarning);
  ExpectOnly({{{"name: \"tanks\" object_class: TRACKED_VEHICLE", "name: \"tanks\""},
               {kManyRule, ""},
               {kPulledRule, ""},
               {kCameRule, ""}},
              "weapon_class {",
              "No sensor can tell"},
             LintMessage::Severity::kNote);
}

TEST(Lint, MixedUpHandsOfALineAreSuspected) {
  const auto messages = LintAgreement(
      Changed(
          {{"behind: LEFT", "behind: RIGHT"},
           {"point { lat_deg: 30.03 lon_deg: -40.1 }", "point { lat_deg: 30.01 lon_deg: -40.2 }"},
           {"point { lat_deg: 30.03 lon_deg: -39.9 }", "point { lat_deg: 30.01 lon_deg: -39.8 }"}}),
      "a.txtpb");
  ASSERT_THAT(messages, SizeIs(2));
  EXPECT_THAT(messages[0].text, HasSubstr("lies wholly in front of it"));
  EXPECT_THAT(messages[0].advice, HasSubstr("mixed up"));
  EXPECT_THAT(messages[1].text, HasSubstr("lies in front of the line"));
}

TEST(LintErrors, EachFaultOfTheNewPartsIsNamed) {
  using Severity = LintMessage::Severity;
  for (const Case& c : {
           Case{{{"weapon_class: \"tanks\" line", "weapon_class: \"tank\" line"}},
                "weapon_class: \"tank\" line",
                "there is no weapon class \"tank\""},
           Case{{{"line: \"back\"", "line: \"front\""}}, "line: \"front\"", "there is no line"},
           Case{{{"behind: LEFT ", ""}}, "line {", "LEFT or RIGHT"},
           Case{{{"storage_site { zone: \"depot\"", "storage_site { zone: \"depo\""}},
                "zone: \"depo\"",
                "there is no zone"},
           Case{{{"start_utc: \"D+3 00:00:00\" deadline", "start_utc: \"D+19 00:00:00\" deadline"}},
                "deadline_utc",
                "before the withdrawal begins"},
           Case{{{"day_zero_utc: \"2026-02-20T00:00:00Z\"",
                  "day_zero_utc: \"2026-02-20T06:00:00Z\""}},
                "day_zero_utc",
                "no midnight"},
           Case{{{"coverage_floor: 0.9", "coverage_floor: 9"}}, "coverage_floor", "out of range"},
           Case{{{"coverage_floor",
                  "amendment { version: 2 valid_from_utc: \"D+9 00:00:00\" replaces_sha256: \"x\" "
                  "}\ncoverage_floor"}},
                "replaces_sha256",
                "64 digits"},
           Case{{{"deadline_utc: \"D+18 00:00:00\"", "deadline_utc: \"D+18\""}},
                "deadline_utc",
                "no day and time"},
           Case{{{"audience: PARTIES", ""}}, "release {", "OFFICERS, PARTIES or PUBLIC"},
           Case{{{"audience: PARTIES", "pictures: true audience: PUBLIC"}},
                "pictures: true",
                "for parties alone"},
       }) {
    const auto messages = LintAgreement(Changed(c.changes), "a.txtpb");
    ASSERT_FALSE(messages.empty()) << c.says;
    const auto found = std::find_if(messages.begin(), messages.end(), [&](const LintMessage& m) {
      return m.text.find(c.says) != std::string::npos;
    });
    ASSERT_NE(found, messages.end()) << c.says << FormatLintMessage(messages[0], "a.txtpb");
    EXPECT_EQ(found->severity, Severity::kError);
    EXPECT_FALSE(found->subject.empty());
    EXPECT_GT(found->column, 0);
  }
}

TEST(LintErrors, SubjectIsInWordsAndAMisspeltEntryNamesThoseThatAreKnown) {
  auto messages = LintAgreement(
      Changed({{"lat_deg: 30.10 lon_deg: -39.9", "lat_deg: 99 lon_deg: -39.9"}}), "a.txtpb");
  ASSERT_THAT(messages, SizeIs(::testing::Ge(1)));
  EXPECT_EQ(messages[0].subject, "zone \"north\", vertex 3, lat_deg");
  messages = LintAgreement(Changed({{"count: 12", "count: 1000000"}, {kCameRule, ""}}), "a.txtpb");
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_EQ(messages[0].subject, "storage_site \"depot\", inventory, count");  // it has only one
  messages = LintAgreement(Changed({{"account_only: true", "acount_only: true"}}), "a.txtpb");
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_THAT(messages[0].text,
              HasSubstr("\"acount_only\" is no entry that can stand here (in Zone)"));
  EXPECT_THAT(messages[0].text, HasSubstr("account_only"));
  EXPECT_EQ(messages[0].line, 17);
  EXPECT_GT(messages[0].column, 1);
}

}  // namespace
}  // namespace trucewatch
