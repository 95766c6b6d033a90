// SPDX-License-Identifier: Apache-2.0
#include "evidence/evidence_stage.h"

#include <gtest/gtest.h>

#include "core/crypto/sha256.h"
#include "evidence/leaf.h"
#include "tests/evidence/ledger_fixture.h"

namespace trucewatch::evidence {
namespace {

using testing::FindingEnvelope;
using testing::HeaderEnvelope;
using testing::kOrigin;

std::unique_ptr<EvidenceStage> Exercise() { return *EvidenceStage::Create({kOrigin, true}); }

std::vector<LogRecord> Records(const std::vector<std::string>& payloads) {
  std::vector<LogRecord> records;
  for (const std::string& payload : payloads) {
    records.push_back({records.size() + 1, 0, payload});
  }
  return records;
}

TEST(EvidenceStage, EachStatementIsOneLeafThatHoldsTheBytesAsReceived) {
  // An unknown field and a field order that no serialiser of ours would write.
  const std::string finding = FindingEnvelope(v1::FINDING_KIND_HEARTBEAT, 4).SerializeAsString();
  const std::string odd = finding + std::string("\xF8\x7F\x01", 3);
  const auto outputs = Exercise()->Handle(Records({HeaderEnvelope().SerializeAsString(), odd}));
  ASSERT_TRUE(outputs) << outputs.error().message;
  ASSERT_EQ(outputs->size(), 2U);
  ASSERT_EQ((*outputs)[1].size(), 1U);
  EXPECT_EQ((*outputs)[1][0], "trucewatch/leaf/v1\n\x01" + odd);
  EXPECT_EQ(ParseLeaf((*outputs)[1][0])->envelope.finding().kind(), v1::FINDING_KIND_HEARTBEAT);
}

TEST(EvidenceStage, OtherKindsGiveNoLeaf) {
  v1::Envelope picture;
  picture.mutable_picture()->set_time_us(5);
  v1::Envelope watermark;
  watermark.mutable_watermark()->set_time_us(5);
  const auto outputs =
      Exercise()->Handle(Records({picture.SerializeAsString(), watermark.SerializeAsString()}));
  ASSERT_TRUE(outputs);
  EXPECT_TRUE((*outputs)[0].empty());
  EXPECT_TRUE((*outputs)[1].empty());
}

TEST(EvidenceStage, StatusMustStandInTheOriginAndInTheHeader) {
  EXPECT_FALSE(EvidenceStage::Create({kOrigin, false}));
  EXPECT_FALSE(EvidenceStage::Create({"trucewatch.example/m", true}));
  EXPECT_FALSE(Exercise()->Handle(Records({HeaderEnvelope(false).SerializeAsString()})));
}

TEST(EvidenceStage, AnOperationalLedgerRefusesExerciseFindingsOnRecord) {
  const auto stage = *EvidenceStage::Create({"trucewatch.example/m", false});
  const std::string input =
      FindingEnvelope(v1::FINDING_KIND_EVENT_TRANSITION, 3, true).SerializeAsString();
  const auto outputs = stage->Handle(Records({input}));
  ASSERT_TRUE(outputs);
  ASSERT_EQ((*outputs)[0].size(), 1U);
  const auto leaf = ParseLeaf((*outputs)[0][0]);
  ASSERT_TRUE(leaf);
  ASSERT_TRUE(leaf->envelope.has_data_fault());
  EXPECT_NE(leaf->envelope.data_fault().reason().find("exercise finding in an OPERATIONAL"),
            std::string::npos);
  EXPECT_NE(leaf->envelope.data_fault().reason().find(HexEncode(Sha256(input))), std::string::npos);
}

TEST(EvidenceStage, GarbageAndTooLongInputBecomeFaultLeavesWithTheLastTime) {
  auto huge = FindingEnvelope(v1::FINDING_KIND_HEARTBEAT, 7);
  huge.mutable_finding()->set_reason(std::string(65'535, 'x'));
  const auto outputs = Exercise()->Handle(
      Records({FindingEnvelope(v1::FINDING_KIND_HEARTBEAT, 6).SerializeAsString(), "\xFF\xFF",
               huge.SerializeAsString()}));
  ASSERT_TRUE(outputs);
  const auto garbage = ParseLeaf((*outputs)[1][0]);
  EXPECT_EQ(garbage->envelope.data_fault().time_us(), 1'772'398'806'000'000);
  EXPECT_NE(garbage->envelope.data_fault().reason().find("no Envelope"), std::string::npos);
  const auto too_long = ParseLeaf((*outputs)[2][0]);
  EXPECT_NE(too_long->envelope.data_fault().reason().find("too long"), std::string::npos);
}

TEST(EvidenceStage, RestoredStageGivesTheSameLeavesAsOneThatNeverStopped) {
  std::vector<std::string> inputs = {HeaderEnvelope().SerializeAsString()};
  for (int i = 1; i < 12; ++i) {
    inputs.push_back(
        i % 3 == 0 ? "\xFF" : FindingEnvelope(v1::FINDING_KIND_HEARTBEAT, i).SerializeAsString());
  }
  const auto records = Records(inputs);
  const auto whole = *Exercise()->Handle(records);
  for (std::size_t cut = 0; cut <= records.size(); ++cut) {
    auto first = Exercise();
    auto outputs = *first->Handle(std::span(records).first(cut));
    auto second = Exercise();
    ASSERT_TRUE(second->Restore(*first->Snapshot()));
    const auto rest = *second->Handle(std::span(records).subspan(cut));
    outputs.insert(outputs.end(), rest.begin(), rest.end());
    EXPECT_EQ(outputs, whole) << cut;
  }
  EXPECT_FALSE(Exercise()->Restore("short"));
}

TEST(Leaf, AnythingElseIsRefused) {
  const std::string leaf = testing::LeafOf(HeaderEnvelope());
  EXPECT_TRUE(ParseLeaf(leaf));
  for (std::size_t i = 0; i <= kLeafTag.size(); ++i) {
    EXPECT_FALSE(ParseLeaf(leaf.substr(0, i))) << i;
  }
  std::string kind = leaf;
  kind[kLeafTag.size()] = 3;
  EXPECT_FALSE(ParseLeaf(kind));
  v1::Envelope picture;
  picture.mutable_picture()->set_time_us(1);
  EXPECT_FALSE(ParseLeaf(testing::LeafOf(picture)));
  EXPECT_FALSE(ParseLeaf(leaf + "\xFF"));
}

TEST(Leaf, CheckpointsFollowDecisionsAndEvery256thLeaf) {
  const auto after = [](v1::FindingKind kind, std::uint64_t index) {
    return CheckpointAfter(*ParseLeaf(testing::LeafOf(FindingEnvelope(kind, 1))), index);
  };
  EXPECT_TRUE(after(v1::FINDING_KIND_EVENT_TRANSITION, 3));
  EXPECT_TRUE(after(v1::FINDING_KIND_NOTIFIED_MOVEMENT, 3));
  EXPECT_TRUE(after(v1::FINDING_KIND_HEARTBEAT, 3));
  EXPECT_TRUE(after(v1::FINDING_KIND_MISSION_HEADER, 3));
  EXPECT_FALSE(after(v1::FINDING_KIND_SOURCE_STATUS, 3));
  EXPECT_FALSE(after(v1::FINDING_KIND_DATA_FAULT, 254));
  EXPECT_TRUE(after(v1::FINDING_KIND_DATA_FAULT, 255));
  EXPECT_TRUE(CheckpointAfter(*ParseLeaf(testing::LeafOf(HeaderEnvelope())), 0));
}

}  // namespace
}  // namespace trucewatch::evidence
