// SPDX-License-Identifier: Apache-2.0
// Power cuts at random disk calls of the evidence process, its signer and its witnesses: what is
// not synced is lost, torn, garbled or reordered, and the next life starts from what is left.
// TRUCEWATCH_POWER_CUTS=100000 for the full count (docs/benchmarks.md).
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "evidence/ledger_publisher.h"
#include "evidence/witness/witness_cosigner.h"
#include "tests/evidence/ledger_fixture.h"
#include "tests/evidence/witness_fixture.h"

namespace trucewatch::evidence {
namespace {

using testing::kLedger;
using testing::MissionLeaves;
using testing::PrepareSigner;
using testing::TestKey;
using testing::TestLog;
using testing::TestWitnesses;

// Every root that left the signer, by size.
class RecordingSigner final : public LogSigner {
 public:
  RecordingSigner(LogSigner& inner, std::map<std::uint64_t, Digest>& roots)
      : inner_(inner), roots_(roots) {}
  Result<v1::SignReply> Sign(const v1::SignRequest& request) override {
    auto reply = inner_.Sign(request);
    if (!reply || reply->checkpoint().empty()) return reply;
    const Checkpoint checkpoint = *ParseCheckpoint(ParseNote(reply->checkpoint())->text);
    const auto [at, is_new] = roots_.emplace(checkpoint.size, checkpoint.root);
    EXPECT_EQ(at->second, checkpoint.root) << "a second root of size " << checkpoint.size;
    return reply;
  }

 private:
  LogSigner& inner_;
  std::map<std::uint64_t, Digest>& roots_;
};

// One mission's disk from its first leaf to its last, with as many power cuts as come.
class Mission {
 public:
  Mission(int leaves, bool witnessed) : witnessed_(witnessed) {
    for (const std::string& leaf : MissionLeaves(leaves)) {
      EXPECT_TRUE(leaves_.Append({{leaves_.last() + 1, leaf}}));
    }
    EXPECT_TRUE(leaves_.Close());
    signer_options_.asks_witnesses = witnessed;
    if (witnessed_) witnesses_.Pretend(2, {403, "", "no"});
  }

  // True when the mission came to its end before disk call `n` of the evidence process, or of
  // witness 0 when `of_witness`.
  bool LiveUntil(std::uint64_t n, bool of_witness) {
    (of_witness ? witnesses_.disk(0) : disk_).FailCall(n, /*all_after=*/true);
    const Result<void> life = Live();
    const bool cut = disk_.failed() || witnesses_.disk(0).failed();
    EXPECT_TRUE(life || cut) << life.error().message;
    return life.has_value() && !cut;
  }

  void CutPower(std::mt19937_64& random) {
    disk_.Crash(random());
    if (!witnessed_) return;
    for (int i = 0; i < 2; ++i) {
      witnesses_.disk(i).Crash(random());
      witnesses_.Reopen(i);
    }
  }

  // What subscribers were given is in the ledger, under a checkpoint as large as they were told.
  void CheckWhatWasAcknowledged() {
    const auto ledger = Ledger::Open(disk_, {kLedger, TestKey().public_key(), {}});
    ASSERT_TRUE(ledger) << ledger.error().message;
    for (std::size_t i = 0; i < published_.records().size(); ++i) {
      v1::Envelope envelope;
      ASSERT_TRUE(envelope.ParseFromString(published_.records()[i].payload));
      const auto& published = envelope.published();
      ASSERT_LE(published.checkpoint_size(), (*ledger)->published_size());
      ASSERT_EQ((*ledger)->tree().leaf_hash(published.ledger_index()),
                LeafHash(AsBytes(leaves_.records()[i].payload)))
          << "acknowledged finding " << i;
    }
    for (const auto& [size, root] : roots_) {
      if (size > (*ledger)->published_size()) break;
      ASSERT_EQ((*ledger)->tree().Root(size), root) << size;
    }
  }

  std::uint64_t acknowledged() const { return published_.last(); }
  std::uint64_t leaves() const { return leaves_.last(); }

 private:
  Result<void> Live() {
    TW_ASSIGN_OR_RETURN(const auto signer, InProcessSigner::Open(disk_, signer_options_));
    RecordingSigner recording(*signer, roots_);
    TW_ASSIGN_OR_RETURN(const auto ledger,
                        Ledger::Open(disk_, {kLedger, TestKey().public_key(), {}}));
    WitnessCosigner cosigner({TestKey().public_key(), policy_}, witnesses_);
    LedgerPublisher publisher(*ledger, recording, leaves_, published_);
    TW_RETURN_IF_ERROR(
        publisher.UseCosigner(witnessed_ ? &cosigner : nullptr, {operations_, operations_}));
    for (int steps = 0; steps < 1000; ++steps) {
      TW_ASSIGN_OR_RETURN(const bool more, publisher.Step(Duration()));
      if (!more) return {};
      if (witnesses_.disk(0).failed()) return Fail(ErrorCode::kIo, "the witness has no power");
    }
    return Fail(ErrorCode::kTimeout, "never ended: {}", publisher.waiting_for());
  }

  const bool witnessed_;
  FaultyStorage disk_;
  SignerOptions signer_options_ = PrepareSigner(disk_);
  TestWitnesses witnesses_{3, {TestKey().public_key()}};
  WitnessPolicy policy_ =
      *ParseWitnessPolicy("log " + FormatVkey(TestKey().public_key()) + "\n" +
                          witnesses_.PolicyLines() + "group both all w0 w1\nquorum both\n");
  TestLog leaves_, published_, operations_;
  std::map<std::uint64_t, Digest> roots_;
};

TEST(PowerCut, NoAcknowledgedFindingIsLostAndNoSizeHasTwoRoots) {
  const char* count = std::getenv("TRUCEWATCH_POWER_CUTS");
  const int wanted = count == nullptr ? 250 : std::atoi(count);
  ASSERT_GT(wanted, 0);
  std::mt19937_64 random(20261130);
  int cuts = 0;
  int missions = 0;
  int with_acknowledged = 0;
  for (; cuts < wanted; ++missions) {
    // Most are short; one in forty fills a tile.
    const bool long_one = missions % 40 == 39;
    const bool witnessed = missions % 4 == 1;
    Mission mission(long_one ? 262 : 3 + static_cast<int>(random() % 30), witnessed);
    while (cuts < wanted) {
      const bool of_witness = witnessed && random() % 3 == 0;
      const std::uint64_t n = 1 + random() % (of_witness ? 20 : long_one ? 900 : 120);
      if (mission.LiveUntil(n, of_witness)) break;
      ++cuts;
      with_acknowledged += mission.acknowledged() > 0 ? 1 : 0;
      mission.CutPower(random);
      mission.CheckWhatWasAcknowledged();
      if (HasFatalFailure() || HasNonfatalFailure()) {
        FAIL() << "mission " << missions << ", power cut " << cuts << ", disk call " << n;
      }
    }
    if (cuts < wanted) {
      EXPECT_EQ(mission.acknowledged(), mission.leaves());
    }
  }
  EXPECT_GT(with_acknowledged, cuts / 4);
  std::printf(
      "%d power cuts in %d missions, %d of them after something was acknowledged: 0 "
      "acknowledged findings lost, 0 sizes with two roots\n",
      cuts, missions, with_acknowledged);
}

}  // namespace
}  // namespace trucewatch::evidence
