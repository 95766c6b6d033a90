// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/human_recording.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/note/signed_note.h"
#include "ingest/human/human_record.h"
#include "tests/tools/simulate/demo_scenario.h"
#include "tools/simulate/flight.h"

namespace trucewatch::simulate {
namespace {

std::vector<NoteKey> KeysOf(const Scenario& scenario) {
  std::vector<NoteKey> keys;
  for (const std::string& vkey : AuthorVkeys(scenario)) keys.push_back(ParseVkey(vkey).value());
  return keys;
}

TEST(WriteNotes, EveryNoteIsSignedByItsAuthorAndMarkedAsAnExercise) {
  const Scenario scenario = testing::DemoScenario("scenario", 5);
  const World world = MakeWorld(scenario);
  const auto notes = WriteNotes(scenario, world);
  ASSERT_TRUE(notes) << notes.error().message;
  ASSERT_EQ(notes->size(), 4U);
  const auto keys = KeysOf(scenario);
  const auto strangers = KeysOf(testing::DemoScenario("scenario", 6));
  for (std::size_t i = 0; i < notes->size(); ++i) {
    const auto& config = scenario.config.human().note(static_cast<int>(i));
    const auto record = ParseHumanRecord((*notes)[i].bytes, keys);
    ASSERT_TRUE(record) << record.error().message;
    EXPECT_EQ(record->author, config.author());
    EXPECT_TRUE(record->exercise);
    EXPECT_EQ((*notes)[i].name, config.record_id() + ".note");
    // The keys are the seed's.
    EXPECT_EQ(ParseHumanRecord((*notes)[i].bytes, strangers).error().code, ErrorCode::kCheckFailed);
  }
  // The patrol's place is near the convoy it saw.
  const auto seen = ParseHumanRecord((*notes)[0].bytes, keys);
  const Geodetic convoy =
      GroundPlace(LocalFrame(scenario.origin), *world.MiddleOf("unannounced", 150));
  EXPECT_LT(GeodesicDistanceM(seen->position, convoy), 4 * 60 * 1.5);
  EXPECT_EQ(FormatUtc(seen->time_last), "2026-03-01T12:02:30Z");
}

TEST(WriteNotes, SaysWhatTheFormatDoesNotTake) {
  const Scenario scenario = testing::DemoScenario("scenario", 5, [](auto& s) {
    s.mutable_human()->mutable_note(3)->set_impediment("bad mood");
  });
  const auto notes = WriteNotes(scenario, MakeWorld(scenario));
  ASSERT_FALSE(notes);
  EXPECT_THAT(notes.error().message, ::testing::HasSubstr("human.note[3]"));
}

}  // namespace
}  // namespace trucewatch::simulate
