// SPDX-License-Identifier: Apache-2.0
#include "evidence/witness/witness_cosigner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evidence/ledger_publisher.h"
#include "tests/evidence/ledger_fixture.h"
#include "tests/evidence/witness_fixture.h"

namespace trucewatch::evidence {
namespace {

using testing::AddBody;
using testing::CountingSeed;
using testing::FilesOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kLedger;
using testing::kOrigin;
using testing::MissionLeaves;
using testing::NumberedTree;
using testing::PrepareSigner;
using testing::SignedCheckpoint;
using ::testing::SizeIs;
using testing::TestKey;
using testing::TestLog;
using testing::TestWitnesses;
using testing::WitnessKey;

// A log with witnesses w0, w1, w2, of which two are needed, and w3, a party's.
class CosignerTest : public ::testing::Test {
 protected:
  static std::unique_ptr<TestWitnesses> FourWitnesses() {
    return std::make_unique<TestWitnesses>(4, std::vector{TestKey().public_key()});
  }
  static std::string PolicyText(const TestWitnesses& witnesses) {
    return "log " + FormatVkey(TestKey().public_key()) + "\n" + witnesses.PolicyLines() +
           "group neutral 2 w0 w1 w2\nquorum neutral\n";
  }
  WitnessCosigner MakeCosigner() {
    return WitnessCosigner({TestKey().public_key(), *ParseWitnessPolicy(PolicyText(*witnesses_))},
                           *witnesses_);
  }

  // One life of the evidence process. `steps` at most; true when it came to the end.
  Result<bool> Live(Storage& disk, TestLog& leaves, TestLog& published, int steps = 10'000) {
    SignerOptions options = signer_;
    options.asks_witnesses = true;
    TW_ASSIGN_OR_RETURN(const auto signer, InProcessSigner::Open(disk, options));
    TW_ASSIGN_OR_RETURN(const auto ledger,
                        Ledger::Open(disk, {kLedger, TestKey().public_key(), {}}));
    WitnessCosigner cosigner = MakeCosigner();
    LedgerPublisher publisher(*ledger, *signer, leaves, published);
    TW_RETURN_IF_ERROR(publisher.UseCosigner(&cosigner, {operations_, operations_}));
    for (int i = 0; i < steps; ++i) {
      TW_ASSIGN_OR_RETURN(const bool more, publisher.Step(Duration()));
      waited_for_ = publisher.waiting_for();
      if (!more) return true;
    }
    return false;
  }

  static void Fill(TestLog& log, const std::vector<std::string>& leaves, bool close = true) {
    for (const std::string& leaf : leaves) ASSERT_TRUE(log.Append({{log.last() + 1, leaf}}));
    if (close) {
      ASSERT_TRUE(log.Close());
    }
  }

  static std::vector<std::string> LeavesFrom(std::size_t first, int count) {
    std::vector<std::string> leaves = MissionLeaves(count);
    leaves.erase(leaves.begin(), leaves.begin() + static_cast<std::ptrdiff_t>(first));
    return leaves;
  }

  // Names of the policy whose cosignature is in the checkpoint file.
  std::vector<std::string> Cosigned(Storage& disk) {
    const auto note =
        ParseNote(*ReadWholeFile(disk, std::string(kLedger) + "/checkpoint", kMaxNoteSize));
    std::vector<std::string> names;
    for (int i = 0; i < 4; ++i) {
      const NoteKey key = WitnessKey(i).public_key();
      if (!VerifyNote(*note, {&key, 1})->empty()) names.push_back("w" + std::to_string(i));
    }
    return names;
  }

  std::vector<std::string> Statements() const {
    std::vector<std::string> all;
    for (const LogRecord& record : operations_.records()) {
      const auto leaf = ParseLeaf(record.payload);
      EXPECT_EQ(leaf->kind, LeafKind::kOperation);
      EXPECT_EQ(leaf->envelope.data_fault().format(), "witness");
      EXPECT_EQ(leaf->envelope.data_fault().source_offset(), record.origin);
      all.push_back(leaf->envelope.data_fault().reason());
    }
    return all;
  }

  std::unique_ptr<TestWitnesses> witnesses_ = FourWitnesses();
  FaultyStorage disk_;
  SignerOptions signer_ = PrepareSigner(disk_);
  TestLog leaves_, published_, operations_;
  std::string waited_for_;
};

TEST_F(CosignerTest, EveryCheckpointCarriesAllCosignaturesThatCouldBeHad) {
  Fill(leaves_, MissionLeaves(23));
  const auto run = Live(disk_, leaves_, published_);
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(published_.last(), 23U);
  EXPECT_THAT(Cosigned(disk_), ::testing::ElementsAre("w0", "w1", "w2", "w3"));
  EXPECT_THAT(Statements(), IsEmpty());
  // Once asked what they hold; then one question a witness and checkpoint.
  EXPECT_EQ(witnesses_->asked(), 4 + 4 * 6);
}

TEST_F(CosignerTest, APartysWitnessNeitherDelaysNorStopsPublicationAndItsRefusalIsOnRecord) {
  for (const WitnessReply& reply :
       {WitnessReply{0, "", ""}, WitnessReply{403, "", "we do not like\x01 this"},
        WitnessReply{409, "", "99999\n"}, WitnessReply{409, "", "3\n"}, WitnessReply{422, "", ""},
        WitnessReply{200, "", "nothing\n"}, WitnessReply{200, "", ""}, WitnessReply{500, "", ""},
        WitnessReply{409, "", std::string(60'000, '9')}}) {
    witnesses_ = FourWitnesses();
    FaultyStorage disk;
    signer_ = PrepareSigner(disk);
    TestLog leaves, published;
    operations_ = TestLog();
    Fill(leaves, MissionLeaves(23));
    witnesses_->Pretend(3, reply);
    const auto run = Live(disk, leaves, published);
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_TRUE(*run);
    EXPECT_EQ(published.last(), 23U);
    EXPECT_THAT(Cosigned(disk), ::testing::ElementsAre("w0", "w1", "w2"));
    const auto statements = Statements();
    ASSERT_THAT(statements, SizeIs(1));
    EXPECT_THAT(statements[0], HasSubstr("witness w3 (witness.example/w3+"));
    EXPECT_LT(statements[0].size(), 400U);
  }
  EXPECT_EQ(Statements()[0].substr(Statements()[0].find("checkpoint")),
            "checkpoint size 1: refused: 409 '" + std::string(100, '9') + "'");
}

TEST_F(CosignerTest, ARefusalIsAnOperationLeafAndFindingsKeepTheirOrderAndNumbers) {
  Fill(leaves_, MissionLeaves(23), /*close=*/false);
  ASSERT_TRUE(Live(disk_, leaves_, published_, 3));
  const std::uint64_t before = published_.last();
  EXPECT_EQ(before, 21U);
  witnesses_->Pretend(1, {403, "", "no"});
  Fill(leaves_, LeavesFrom(23, 26), false);
  ASSERT_TRUE(Live(disk_, leaves_, published_, 3));
  EXPECT_EQ(published_.last(), 26U);
  witnesses_->StopPretending(1);
  Fill(leaves_, LeavesFrom(26, 40));
  const auto run = Live(disk_, leaves_, published_);
  ASSERT_TRUE(run) << run.error().message;
  const auto statements = Statements();
  ASSERT_THAT(statements, SizeIs(1));  // the new life found it cosigning
  EXPECT_THAT(statements[0], HasSubstr("checkpoint size 26: refused: 403 'no'"));
  // Findings 0 to 25, the operation, findings 26 to 39.
  const auto ledger = *Ledger::Open(disk_, {kLedger, TestKey().public_key(), {}});
  ASSERT_EQ(ledger->size(), 41U);
  for (std::uint64_t i = 0; i < 40; ++i) {
    const std::uint64_t index = i < 26 ? i : i + 1;
    EXPECT_EQ(ledger->tree().leaf_hash(index),
              LeafHash(AsBytes(leaves_.records()[static_cast<std::size_t>(i)].payload)));
    v1::Envelope envelope;
    ASSERT_TRUE(
        envelope.ParseFromString(published_.records()[static_cast<std::size_t>(i)].payload));
    EXPECT_EQ(envelope.published().ledger_index(), index);
    EXPECT_EQ(published_.records()[static_cast<std::size_t>(i)].origin, i + 1);
  }
  EXPECT_EQ(ledger->tree().leaf_hash(26), LeafHash(AsBytes(operations_.records()[0].payload)));
  // Published once more to a new subscribers' log: the same numbers.
  TestLog again;
  ASSERT_TRUE(Live(disk_, leaves_, again));
  for (std::size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(again.records()[i].payload.substr(0, 8),
              published_.records()[i].payload.substr(0, 8));
  }
  // Without the log of operations the ledger is not continued.
  operations_ = TestLog();
  TestLog third;
  EXPECT_FALSE(Live(disk_, leaves_, third));
}

TEST_F(CosignerTest, WhatIsSaidOfTheLastCheckpointIsCoveredByOneMore) {
  Fill(leaves_, MissionLeaves(3));
  witnesses_->Pretend(3, {403, "", "no"});
  ASSERT_TRUE(*Live(disk_, leaves_, published_));
  EXPECT_EQ((*Ledger::Open(disk_, {kLedger, TestKey().public_key(), {}}))->size(), 4U);
}

TEST_F(CosignerTest, WithoutTheQuorumNothingIsPublishedAndItSaysWhoIsMissing) {
  Fill(leaves_, MissionLeaves(23));
  ASSERT_TRUE(Live(disk_, leaves_, published_, 0));
  witnesses_->Pretend(0, {0, "", ""});
  witnesses_->Pretend(2, {0, "", ""});
  auto run = Live(disk_, leaves_, published_, 5);
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_FALSE(*run);
  EXPECT_EQ(published_.last(), 0U);
  EXPECT_THAT(waited_for_, HasSubstr("before anything is signed: the quorum 'neutral' is not "
                                     "there (2 of 4 witnesses, without w0, w2)"));
  // They say what they hold, but do not cosign.
  witnesses_->Pretend(0, {404, "", ""});
  witnesses_->Pretend(2, {404, "", ""});
  run = Live(disk_, leaves_, published_, 5);
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_FALSE(*run);
  EXPECT_EQ(published_.last(), 0U);
  EXPECT_FALSE(*disk_.Exists(std::string(kLedger) + "/checkpoint"));
  EXPECT_THAT(waited_for_, HasSubstr("checkpoint of size 1: the quorum 'neutral' is not there"));
  witnesses_->StopPretending(0);
  run = Live(disk_, leaves_, published_);
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_TRUE(*run);
  EXPECT_EQ(published_.last(), 23U);
  EXPECT_EQ(waited_for_, "");
}

// The disk is put back to an earlier day, with ledger, signer's state and subscribers' log.
TEST_F(CosignerTest, ARestoredOldDiskSignsNothingAndSaysWhatToDo) {
  Fill(leaves_, MissionLeaves(12), false);
  ASSERT_TRUE(Live(disk_, leaves_, published_, 3));
  std::map<std::string, std::string> backup;
  for (const std::string file : {"/m/signer.state", "/m/ledger/checkpoint"}) {
    backup[file] = *ReadWholeFile(disk_, file, 1 << 20);
  }
  const TestLog old_published = published_;
  Fill(leaves_, LeavesFrom(12, 23));
  ASSERT_TRUE(*Live(disk_, leaves_, published_));
  for (const auto& [file, bytes] : backup) {
    ASSERT_TRUE(WriteFileAtomically(disk_, file, AsBytes(bytes)));
  }
  // Other findings follow this time.
  TestLog other;
  Fill(other, MissionLeaves(12), false);
  for (int i = 100; i < 106; ++i) {
    ASSERT_TRUE(other.Append({{other.last() + 1, testing::LeafOf(testing::FindingEnvelope(
                                                     v1::FINDING_KIND_HEARTBEAT, i))}}));
  }
  TestLog restored = old_published;
  const std::string held = witnesses_->witness(0).Get(LatestCheckpointPath(kOrigin)).body;
  const auto run = Live(disk_, other, restored);
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().code, ErrorCode::kCheckFailed);
  EXPECT_THAT(run.error().message, HasSubstr("holds size 23"));
  EXPECT_THAT(run.error().message, HasSubstr("Restore the entries up to 23"));
  EXPECT_EQ(*ReadWholeFile(disk_, "/m/signer.state", 1 << 20), backup["/m/signer.state"]);
  EXPECT_EQ(*ReadWholeFile(disk_, "/m/ledger/checkpoint", 4096), backup["/m/ledger/checkpoint"]);
  EXPECT_EQ(witnesses_->witness(0).Get(LatestCheckpointPath(kOrigin)).body, held);
}

// Two sequencers with one key, each with a signer of its own: the one that comes second to a size
// gets no cosignature for its root, is shown what the other one signed, and stops.
TEST_F(CosignerTest, OfTwoSequencersWithOneKeyOneIsStoppedAndNoSecondRootIsCosigned) {
  FaultyStorage other_disk;
  PrepareSigner(other_disk);
  auto first_signer = *InProcessSigner::Open(disk_, signer_);
  auto second_signer = *InProcessSigner::Open(other_disk, signer_);
  auto first = *Ledger::Open(disk_, {kLedger, TestKey().public_key(), {}});
  auto second = *Ledger::Open(other_disk, {kLedger, TestKey().public_key(), {}});
  WitnessCosigner first_cosigner = MakeCosigner();
  WitnessCosigner second_cosigner = MakeCosigner();
  ASSERT_TRUE(first->Append("same"));
  ASSERT_TRUE(second->Append("same"));
  ASSERT_TRUE(*first->Publish(*first_signer, &first_cosigner));
  ASSERT_TRUE(*second->Publish(*second_signer, &second_cosigner));
  ASSERT_TRUE(first->Append("one"));
  ASSERT_TRUE(second->Append("other"));
  ASSERT_TRUE(*first->Publish(*first_signer, &first_cosigner));
  const auto run = second->Publish(*second_signer, &second_cosigner);
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().code, ErrorCode::kCheckFailed);
  EXPECT_THAT(run.error().message, HasSubstr("two histories exist"));
  EXPECT_EQ(second->published_size(), 1U);
  // A smaller and a larger tree of the second one fare no better.
  ASSERT_TRUE(first->Append("one more"));
  ASSERT_TRUE(*first->Publish(*first_signer, &first_cosigner));
  const auto smaller = second->Publish(*second_signer, &second_cosigner);
  EXPECT_THAT(smaller.error().message, HasSubstr("holds size 3"));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(second->Append("x"));
  const auto larger = second->Publish(*second_signer, &second_cosigner);
  EXPECT_THAT(larger.error().message, HasSubstr("two histories exist"));
  for (int i = 0; i < 4; ++i) {
    const auto note = ParseNote(witnesses_->witness(i).Get(LatestCheckpointPath(kOrigin)).body);
    EXPECT_EQ(ParseCheckpoint(note->text)->root, first->tree().Root(3)) << i;
  }
}

TEST_F(CosignerTest, AClaimWithoutOurSignatureStopsNobody) {
  const MerkleTree fork = NumberedTree(50, "fork");
  const LogKey thief = *LogKey::Make(kOrigin, CountingSeed(77));
  for (const std::string& body : {SignedCheckpoint(fork, 40, thief), std::string("no note")}) {
    for (const int status : {200, 409}) {
      witnesses_ = FourWitnesses();
      witnesses_->Pretend(0, {status, "", body});
      FaultyStorage disk;
      signer_ = PrepareSigner(disk);
      TestLog leaves, published;
      operations_ = TestLog();
      Fill(leaves, MissionLeaves(13));
      const auto run = Live(disk, leaves, published);
      ASSERT_TRUE(run) << run.error().message;
      EXPECT_EQ(published.last(), 13U);
    }
  }
}

TEST_F(CosignerTest, ASignerThatAsksSignsNothingBeforeTheAnswersAndLearnsFromThem) {
  const MerkleTree tree = NumberedTree(20);
  const auto request = [&](std::uint64_t from, std::uint64_t size) {
    v1::SignRequest r;
    r.set_size(size);
    r.set_root(std::string(AsText(tree.Root(size))));
    for (const Digest& hash : tree.ConsistencyProof(from, size)) {
      r.add_consistency_proof(std::string(AsText(hash)));
    }
    return r;
  };
  signer_.asks_witnesses = true;
  auto signer = *InProcessSigner::Open(disk_, signer_);
  EXPECT_THAT(signer->Sign(request(0, 3))->error(), HasSubstr("what they hold"));
  auto shown = request(0, 3);
  shown.set_witnesses_answered(true);
  shown.add_seen_checkpoint("nonsense");
  shown.add_seen_checkpoint(SignedCheckpoint(tree, 15, *LogKey::Make(kOrigin, CountingSeed(77))));
  EXPECT_EQ(signer->Sign(shown)->error(), "");
  // The state was restored: a witness shows what was signed since.
  shown = request(3, 5);
  shown.set_witnesses_answered(true);
  shown.add_seen_checkpoint(SignedCheckpoint(tree, 9, TestKey()));
  auto reply = signer->Sign(shown);
  EXPECT_THAT(reply->error(), HasSubstr("smaller than the 9 signed before"));
  EXPECT_EQ(reply->last_size(), 9U);
  signer = *InProcessSigner::Open(disk_, signer_);
  shown = request(9, 12);
  shown.set_witnesses_answered(true);
  EXPECT_EQ(signer->Sign(shown)->error(), "");
  shown = request(12, 14);
  shown.add_seen_checkpoint(SignedCheckpoint(NumberedTree(20, "fork"), 12, TestKey()));
  EXPECT_THAT(signer->Sign(shown)->error(), HasSubstr("two histories"));
  EXPECT_THAT(signer->Sign(request(12, 14))->error(), HasSubstr("two histories"));
}

TEST_F(CosignerTest, ALedgerGoesOnAfterItsKeyWasChanged) {
  const LogKey next = *LogKey::Make(kOrigin, CountingSeed(9));
  witnesses_ =
      std::make_unique<TestWitnesses>(4, std::vector{TestKey().public_key(), next.public_key()});
  Fill(leaves_, MissionLeaves(12), false);
  ASSERT_TRUE(Live(disk_, leaves_, published_, 3));
  ASSERT_TRUE(WriteFileAtomically(disk_, "/m/next.key", AsBytes(next.Format())));
  EXPECT_FALSE(Ledger::Open(disk_, {kLedger, next.public_key(), {}}));
  const auto policy =
      ParseWitnessPolicy(PolicyText(*witnesses_) + "log " + FormatVkey(next.public_key()) + "\n");
  ASSERT_TRUE(policy) << policy.error().message;
  auto ledger =
      Ledger::Open(disk_, {kLedger, next.public_key(), FormerKeys(*policy, next.public_key())});
  ASSERT_TRUE(ledger) << ledger.error().message;
  auto signer = *InProcessSigner::Open(disk_, {"/m/next.key", "/m/signer.state", kOrigin, true});
  WitnessCosigner cosigner({next.public_key(), *policy}, *witnesses_);
  ASSERT_TRUE((*ledger)->Append("under the new key"));
  const auto published = (*ledger)->Publish(*signer, &cosigner);
  ASSERT_TRUE(published) << published.error().message;
  EXPECT_TRUE(*published);
  EXPECT_THAT(Cosigned(disk_), SizeIs(4));
}

// Every disk call fails once, as by a kill, with a witness that refuses at odd checkpoints, so that
// operations come in: each life goes on where the last one ended and no root is signed twice.
TEST_F(CosignerTest, KilledBetweenAnyTwoDiskCallsItGoesOnWithTheSameOperations) {
  const auto leaves = MissionLeaves(16);
  std::uint64_t n = 1;
  for (; n < 5000; ++n) {
    witnesses_ = FourWitnesses();
    witnesses_->Pretend(3, {403, "", "no"});
    FaultyStorage disk;
    signer_ = PrepareSigner(disk);
    TestLog log, published;
    operations_ = TestLog();
    Fill(log, leaves);
    disk.FailCall(n, /*all_after=*/true);
    const auto first = Live(disk, log, published);
    if (!disk.failed()) break;
    ASSERT_FALSE(first) << n;
    if (n % 2 == 0) disk.Crash(n);
    disk.FailCall(0);
    witnesses_->Pretend(3, {422, "", "no"});
    const auto second = Live(disk, log, published);
    ASSERT_TRUE(second) << "call " << n << ": " << second.error().message;
    ASSERT_EQ(published.last(), 16U) << n;
  }
  EXPECT_GT(n, 80U);
}

}  // namespace
}  // namespace trucewatch::evidence
