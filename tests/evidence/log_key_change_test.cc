// SPDX-License-Identifier: Apache-2.0
// The log's own key under a key set: what it may sign, and what its successor takes over.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evidence/key_leaves.h"
#include "evidence/ledger_publisher.h"
#include "tests/evidence/ledger_fixture.h"
#include "tests/support/test_keys.h"

namespace trucewatch::evidence {
namespace {

using testing::CountingSeed;
using testing::FindingEnvelope;
using ::testing::HasSubstr;
using testing::HeaderEnvelope;
using testing::kLedger;
using testing::kOrigin;
using testing::LeafOf;
using testing::PrepareSigner;
using testing::TestKey;
using testing::TestLog;
using trucewatch::testing::KeySetDigest;
using trucewatch::testing::SignedKeySet;
using trucewatch::testing::TestKeySet;
using trucewatch::testing::TestSetAfter;

// The second key; the first is TestKey.
LogKey NextKey() { return *LogKey::Make(kOrigin, CountingSeed(60)); }

class LogKeyChangeTest : public ::testing::Test {
 protected:
  LogKeyChangeTest() {
    first_ = TestKeySet(kOrigin);
    first_.thresholds["log"] = 1;
    first_.keys.push_back({"log", TestKey().public_key(), *ParseUtc("2026-03-01T00:00:00Z"), {}});
    second_ = TestSetAfter(first_);
    second_.keys.back().revoked_from = *ParseUtc("2026-03-01T21:00:20Z");
    second_.keys.push_back({"log", NextKey().public_key(), *ParseUtc("2026-03-01T21:00:10Z"), {}});
    Add(HeaderEnvelope());
    // The fixture's findings are of 2026-03-01T21:00:00Z and so many seconds.
    Add(FindingEnvelope(v1::FINDING_KIND_HEARTBEAT, 5));
    v1::Envelope change = FindingEnvelope(v1::FINDING_KIND_KEY_SET, 10);
    change.mutable_finding()->mutable_human_record()->set_key_set(SignedKeySet(second_));
    Add(change);
    Add(FindingEnvelope(v1::FINDING_KIND_HEARTBEAT, 19));
    signer_ = PrepareSigner(storage_);
  }
  void Add(const v1::Envelope& envelope) {
    ASSERT_TRUE(leaves_.Append({{leaves_.last() + 1, LeafOf(envelope)}}));
  }
  KeyBook Book() const {
    KeyBook book;
    EXPECT_TRUE(book.Begin(kOrigin, KeySetDigest(first_), std::vector{SignedKeySet(first_)}));
    return book;
  }
  // A life of the evidence process with this key, until there is nothing more to do.
  Result<void> RunWith(const LogKey& key, const std::vector<NoteKey>& former) {
    TW_RETURN_IF_ERROR(WriteFileAtomically(storage_, signer_.key_file, AsBytes(key.Format())));
    TW_ASSIGN_OR_RETURN(const auto signer, InProcessSigner::Open(storage_, signer_));
    TW_ASSIGN_OR_RETURN(const auto ledger, Ledger::Open(storage_, {.directory = kLedger,
                                                                   .log_key = key.public_key(),
                                                                   .former_keys = former}));
    LedgerPublisher publisher(*ledger, *signer, leaves_, published_);
    KeyBook book = Book();
    TW_ASSIGN_OR_RETURN(const Instant newest,
                        FollowKeyLeaves(leaves_, published_.last(), Instant(), book));
    publisher.UseKeys(std::move(book), key.public_key(), newest);
    for (int steps = 0; steps < 20; ++steps) {
      TW_ASSIGN_OR_RETURN(const bool more, publisher.Step(Duration()));
      if (!more) break;
    }
    checkpoint_ = ledger->checkpoint_note();
    return {};
  }
  bool SignedBy(const LogKey& key) {
    const auto note = ParseNote(checkpoint_);
    return note && VerifyNote(*note, std::vector{key.public_key()})->size() == 1;
  }

  KeySet first_, second_;
  FaultyStorage storage_;
  SignerOptions signer_;
  TestLog leaves_, published_;
  std::string checkpoint_;
};

TEST_F(LogKeyChangeTest, ARevokedKeySignsNothingOfALaterTimeAndItsSuccessorGoesOn) {
  const auto before = RunWith(TestKey(), {});
  ASSERT_TRUE(before) << before.error().message;
  EXPECT_EQ(published_.last(), 4U);
  EXPECT_TRUE(SignedBy(TestKey()));
  Add(FindingEnvelope(v1::FINDING_KIND_HEARTBEAT, 20));
  const auto stopped = RunWith(TestKey(), {});
  ASSERT_FALSE(stopped);
  EXPECT_THAT(stopped.error().message, HasSubstr("the log's key signs nothing more"));
  EXPECT_EQ(published_.last(), 4U);
  const auto after = RunWith(NextKey(), {TestKey().public_key()});
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(published_.last(), 5U);
  EXPECT_TRUE(SignedBy(NextKey()));
  EXPECT_FALSE(SignedBy(TestKey()));
  // A record of what was before the change comes after it: time does not go back.
  Add(FindingEnvelope(v1::FINDING_KIND_HEARTBEAT, 1));
  const auto late = RunWith(NextKey(), {TestKey().public_key()});
  ASSERT_TRUE(late) << late.error().message;
  EXPECT_EQ(published_.last(), 6U);
  Add(FindingEnvelope(v1::FINDING_KIND_HEARTBEAT, 1));
  EXPECT_FALSE(RunWith(TestKey(), {NextKey().public_key()}));
}

TEST_F(LogKeyChangeTest, AKeyThatNoSetNamesSignsNothing) {
  const LogKey stranger = *LogKey::Make(kOrigin, CountingSeed(90));
  const auto run = RunWith(stranger, {});
  ASSERT_FALSE(run);
  EXPECT_THAT(run.error().message, HasSubstr("of the role 'log'"));
  EXPECT_EQ(published_.last(), 0U);
}

}  // namespace
}  // namespace trucewatch::evidence
