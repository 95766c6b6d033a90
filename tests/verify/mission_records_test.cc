// SPDX-License-Identifier: Apache-2.0
// What is on record about the mission itself: its keys, and who has what.
#include "verify/mission_records.h"

#include <gtest/gtest.h>

#include "core/types/codec.h"
#include "tests/support/test_keys.h"
#include "tests/verify/scene.h"
#include "verify/verify_stage.h"

namespace trucewatch {
namespace {

using testing::At;

TEST(MissionRecords, TheKeySetThatAMissionBeginsWithIsOnRecordRightAfterItsHeader) {
  KeySet first = testing::TestKeySet("exercise.trucewatch.example/demo");
  testing::AddKey(first, "officer", "chief", 1);
  KeySet second = testing::TestSetAfter(first);
  testing::AddKey(second, "officer", "deputy", 2);
  v1::Envelope envelope;
  v1::MissionHeader& header = *envelope.mutable_mission_header();
  header.set_exercise(true);
  header.set_start_time_us(At(0).micros());
  header.set_agreement_text(testing::DemoAgreementText());
  for (const KeySet* set : {&first, &second}) header.add_key_set_note(testing::SignedKeySet(*set));
  VerifyStage stage(testing::DemoAgreement(), Duration::Seconds(30));
  const LogRecord record = {1, 1, SerializeEnvelope(envelope)};
  const auto outputs = stage.Handle(std::span(&record, 1));
  ASSERT_TRUE(outputs) << outputs.error().message;
  ASSERT_GE(outputs->at(0).size(), 3U);  // the header, its finding, the key set's
  const auto written = ParseEnvelope(outputs->at(0)[2]);
  ASSERT_TRUE(written);
  const auto finding = FromProto(written->finding());
  ASSERT_TRUE(finding) << finding.error().message;
  EXPECT_EQ(finding->kind, FindingKind::kKeySet);
  EXPECT_TRUE(finding->exercise);
  EXPECT_EQ(finding->time, At(0));
  EXPECT_EQ(finding->reason,
            "The mission begins with key set version 2: 3 keys, good until 2027-03-01T00:00:00Z "
            "(SHA-256 " +
                testing::KeySetDigest(second) + ").");
  EXPECT_FALSE(KeySetAtStart(v1::MissionHeader()));
}

TEST(MissionRecords, AHandOverSaysWhoHadItAndWhoHasIt) {
  HumanRecord record;
  record.record_id = "chief-0014";
  record.kind = HumanRecordKind::kCustody;
  record.exercise = true;
  record.author = "chief";
  record.reported = At(20);
  record.time_first = record.time_last = At(5);
  record.text = "weekly collection";
  record.item = "medium";
  record.item_name = "disk 7";
  record.item_sha256 = std::string(64, 'c');
  record.handed_by = "patrol-2";
  record.handed_to = "archive";
  const Finding finding = AboutMission(record);
  EXPECT_EQ(finding.kind, FindingKind::kCustody);
  EXPECT_TRUE(finding.exercise);
  EXPECT_EQ(finding.time, At(20));
  EXPECT_EQ(finding.record_id, "chief-0014");
  EXPECT_EQ(finding.reason, "Custody: the medium \"disk 7\" (SHA-256 " + std::string(64, 'c') +
                                ") went from patrol-2 to archive at " + FormatUtc(At(5)) +
                                ". Signed by chief: \"weekly collection\".");
}

}  // namespace
}  // namespace trucewatch
