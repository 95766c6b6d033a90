// SPDX-License-Identifier: Apache-2.0
// What leaves the mission while it runs, beside a ledger whose checkpoint file may be ahead of what
// a power cut would leave.
#include "tools/trucewatch/release_follower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "core/types/codec.h"
#include "evidence/leaf.h"
#include "tests/evidence/ledger_fixture.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch::tools {
namespace {

using evidence::testing::LeafOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ReleaseFollowerTest : public ::testing::Test {
 protected:
  ReleaseFollowerTest() {
    signer_ = evidence::testing::PrepareSigner(*storage_, evidence::testing::kOrigin, temp_.path());
    ledger_ = evidence::Ledger::Open(*storage_,
                                     {LedgerFolder(), evidence::testing::TestKey().public_key()})
                  .value();
    std::ofstream(temp_.File("parties.key"))
        << evidence::LogKey::Make("exercise.trucewatch.example/parties", Ed25519Seed{})->Format();
    v1::Envelope header;
    header.mutable_mission_header()->set_exercise(true);
    header.mutable_mission_header()->set_start_time_us(kStart.micros());
    header.mutable_mission_header()->set_agreement_text(
        "title: \"t\" release { audience: PARTIES delay_s: 1800 grid_m: 1000 automatic: true }");
    Append(header);
    Open();
  }
  std::string LedgerFolder() const { return temp_.File("ledger"); }
  void Open() {
    released_ = Journal::Open(*storage_, temp_.File("released")).value();
    open_ = Journal::Open(*storage_, temp_.File("open")).value();
    auto follower = ReleaseFollower::Open(*storage_, LedgerFolder(),
                                          {.directory = temp_.File("parties"),
                                           .key_file = temp_.File("parties.key"),
                                           .salt_file = temp_.File("salts.key"),
                                           .make_salts = true,
                                           .officers_origin = evidence::testing::kOrigin,
                                           .signer_program = testing::TrucewatchProgram()},
                                          {published_, *released_, *open_});
    ASSERT_TRUE(follower) << follower.error().message;
    follower_ = std::move(*follower);
  }
  void Reopen() {
    follower_.reset();
    released_.reset();
    open_.reset();
    Open();
  }
  void Append(const v1::Envelope& envelope) { ASSERT_TRUE(ledger_->Append(LeafOf(envelope))); }
  void SayAt(double hours) {
    Finding finding;
    finding.kind = FindingKind::kHeartbeat;
    finding.exercise = true;
    finding.time = finding.time_first = finding.time_last =
        kStart + Duration::Seconds(static_cast<std::int64_t>(3600 * hours));
    finding.reason = "on watch";
    v1::Envelope envelope;
    *envelope.mutable_finding() = ToProto(finding);
    Append(envelope);
  }
  // The checkpoint file, which nobody has been told of yet.
  void Sign() {
    const auto signer = *evidence::InProcessSigner::Open(*storage_, signer_);
    ASSERT_TRUE(ledger_->Publish(*signer));
  }
  // A finding under the checkpoint of this size is published.
  void PublishUnder(std::uint64_t size) {
    v1::Envelope envelope;
    envelope.mutable_published()->set_ledger_index(size - 1);
    envelope.mutable_published()->set_checkpoint_size(size);
    ASSERT_TRUE(published_.Append({{published_.last() + 1, SerializeEnvelope(envelope)}}));
  }
  void Step() {
    const auto more = follower_->Step(Duration());
    ASSERT_TRUE(more) << more.error().message;
  }
  std::vector<std::string> Released() {
    std::vector<std::string> leaves;
    const auto batch = released_->ReadAfter(0, 1 << 24, Duration());
    EXPECT_TRUE(batch);
    for (const LogRecord& record : batch->records) leaves.push_back(record.payload);
    return leaves;
  }

  static const inline Instant kStart = *ParseUtc("2026-03-01T12:00:00Z");
  const std::unique_ptr<Storage> storage_ = MakePosixStorage();
  const testing::TempDirectory temp_;
  evidence::SignerOptions signer_;
  std::unique_ptr<evidence::Ledger> ledger_;
  evidence::testing::TestLog published_;
  std::unique_ptr<Journal> released_, open_;
  std::unique_ptr<ReleaseFollower> follower_;
};

TEST_F(ReleaseFollowerTest, NothingIsReleasedOfWhatIsNotPublishedThoughItIsSigned) {
  SayAt(0.2);
  Sign();
  SayAt(4);  // by then the first hours might be shown
  Sign();
  PublishUnder(2);
  Step();
  EXPECT_THAT(Released(), IsEmpty());
  PublishUnder(3);
  Step();
  EXPECT_FALSE(Released().empty());
}

TEST_F(ReleaseFollowerTest, PartialTilesThatWereOutgrownMeanwhileAreReadFromTheFullOnes) {
  SayAt(0.2);
  Sign();
  PublishUnder(2);
  for (int i = 0; i < 300; ++i) SayAt(2 + 0.001 * i);
  Sign();
  Step();
  EXPECT_THAT(Released(), IsEmpty());
  PublishUnder(302);
  Step();
  EXPECT_EQ(Released().size(), 64U);  // the first hour
}

TEST_F(ReleaseFollowerTest, ARestartGoesOnWhereTheLogsEndAndADifferentLedgerIsRefused) {
  SayAt(0.2);
  SayAt(4);
  Sign();
  PublishUnder(3);
  Step();
  const auto before = Released();
  Reopen();
  Step();
  EXPECT_EQ(Released(), before);
  SayAt(6);
  Sign();
  PublishUnder(4);
  Step();
  EXPECT_GT(Released().size(), before.size());

  // Another disk is put there.
  std::filesystem::remove_all(LedgerFolder());
  std::filesystem::remove(signer_.state_file);
  ledger_ =
      evidence::Ledger::Open(*storage_, {LedgerFolder(), evidence::testing::TestKey().public_key()})
          .value();
  v1::Envelope header;
  header.mutable_mission_header()->set_exercise(true);
  header.mutable_mission_header()->set_start_time_us(kStart.micros());
  Append(header);
  for (const double hours : {0.3, 4.0, 6.0}) SayAt(hours);
  Sign();
  Reopen();
  const auto refused = follower_->Step(Duration());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kCheckFailed);
  EXPECT_THAT(refused.error().message, HasSubstr("was made from another ledger"));
}

TEST_F(ReleaseFollowerTest, AfterTheEndTheClockShowsTheLastHoursAndThenTheLogsEnd) {
  SayAt(0.2);
  Sign();
  PublishUnder(2);
  ASSERT_TRUE(published_.Close());
  Step();
  ASSERT_TRUE(follower_->Finish(kStart + Duration::Seconds(3600)));
  EXPECT_THAT(Released(), IsEmpty());
  EXPECT_FALSE(released_->closed());
  ASSERT_TRUE(follower_->Finish(kStart + Duration::Seconds(5 * 3600)));
  EXPECT_FALSE(Released().empty());
  EXPECT_TRUE(released_->closed());
  EXPECT_TRUE(open_->closed());
}

// A trim, say: it bears the time of the last finding, whose hour is told already.
TEST_F(ReleaseFollowerTest, WhatIsDoneAfterTheEndChangesNothingThatIsThere) {
  SayAt(0.2);
  Sign();
  PublishUnder(2);
  ASSERT_TRUE(published_.Close());
  Step();
  ASSERT_TRUE(follower_->Finish(kStart + Duration::Seconds(5 * 3600)));
  const auto before = Released();
  Finding trim;
  trim.kind = FindingKind::kDataFault;
  trim.exercise = true;
  trim.time = trim.time_first = trim.time_last = kStart + Duration::Seconds(720);
  v1::Envelope envelope;
  *envelope.mutable_finding() = ToProto(trim);
  ASSERT_TRUE(ledger_->Append(
      evidence::MakeLeaf(evidence::LeafKind::kOperation, SerializeEnvelope(envelope))));
  Sign();
  Reopen();
  Step();
  const auto finished = follower_->Finish(kStart + Duration::Seconds(9 * 3600));
  EXPECT_TRUE(finished) << finished.error().message;
  EXPECT_EQ(Released(), before);
}

}  // namespace
}  // namespace trucewatch::tools
