// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "evidence/signer/log_key.h"
#include "ingest/human/human_record.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"
#include "tools/trucewatch/commands/commands.h"

namespace trucewatch::tools {
namespace {

TEST(ObserveCommand, WritesARecordThatAReaderTakesAndNeverChangesOne) {
  testing::TempDirectory directory;
  const auto vkey = evidence::GenerateKey(directory.File("patrol.key"), "patrol-2");
  ASSERT_TRUE(vkey.has_value());
  ObserveCommand command;
  command.kind = "allegation";
  command.key = directory.File("patrol.key");
  command.out = directory.File("records");
  command.record_id = "a-1";
  command.status = "EXERCISE";
  command.time_first = "2026-03-01T21:04:00Z";
  command.reported = "2026-03-01T21:30:00Z";
  command.lat_deg = 30.5;
  command.lon_deg = -40.25;
  command.radius_m = 500;
  command.object_class = "truck";
  command.count_min = 3;
  EXPECT_FALSE(RunObserve(command).has_value());  // whose statement is it?
  command.informant = "public";
  const auto written = RunObserve(command);
  ASSERT_TRUE(written.has_value()) << written.error().message;
  EXPECT_EQ(*written, 0);

  const std::string note = testing::ReadFile(directory.File("records/a-1.note"));
  const NoteKey key = *ParseVkey(*vkey);
  const auto record = ParseHumanRecord(note, std::span(&key, 1));
  ASSERT_TRUE(record.has_value()) << record.error().message;
  EXPECT_EQ(record->author, "patrol-2");
  EXPECT_EQ(record->kind, HumanRecordKind::kAllegation);
  EXPECT_EQ(record->time_last, record->time_first);
  EXPECT_EQ(record->count_max, 3);
  EXPECT_NEAR(record->position.latitude.deg(), 30.5, 1e-9);

  command.text = "changed";
  EXPECT_FALSE(RunObserve(command).has_value());
  EXPECT_EQ(testing::ReadFile(directory.File("records/a-1.note")), note);
}

}  // namespace
}  // namespace trucewatch::tools
