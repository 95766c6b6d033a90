// SPDX-License-Identifier: Apache-2.0
#include "evidence/witness/witness.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "evidence/witness/policy.h"
#include "tests/evidence/ledger_fixture.h"
#include "tests/evidence/witness_fixture.h"

namespace trucewatch::evidence {
namespace {

using testing::AddBody;
using testing::CountingSeed;
using testing::NumberedTree;
using testing::SignedCheckpoint;
using testing::TestKey;
using testing::TestWitnesses;
using testing::WitnessKey;

class WitnessTest : public ::testing::Test {
 protected:
  WitnessReply Add(std::uint64_t old_size, std::uint64_t size) {
    return witness().AddCheckpoint(AddBody(tree_, old_size, size, key_));
  }
  Witness& witness() { return witnesses_.witness(0); }

  LogKey key_ = TestKey();
  MerkleTree tree_ = NumberedTree(600);
  TestWitnesses witnesses_{1, {TestKey().public_key()}};
};

// The checkpoint and key of RELIABILITY 2.A's own vector, whose cosignature has the time
// 1700000000; only the origin's key may sign, so the root is taken as the vector has it.
TEST(WitnessVector, CosignatureIsTheOneOfThePublishedVector) {
  const LogKey log = *LogKey::Make("trucewatch.example/log1", CountingSeed(0));
  const LogKey key = *LogKey::Make("witness.example/w1", CountingSeed(0x20), kNoteCosignature);
  EXPECT_EQ(FormatVkey(key.public_key()),
            "witness.example/w1+20324abe+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X");
  FaultyStorage storage;
  ASSERT_TRUE(WriteFileAtomically(storage, "/k", AsBytes(key.Format())));
  ManualClock clock(Instant::FromMicros(1'700'000'000'000'000));
  const auto witness = *Witness::Open(storage, clock, {"/k", {log.public_key()}, "/s"});
  const std::string checkpoint =
      "trucewatch.example/log1\n70000\ny2wNxBh56AbfiUbZZIqfJXjUkUiRPhOkjjx4lEEDb2U=\n\n"
      "\xE2\x80\x94 trucewatch.example/log1 "
      "kDNyKeg3XMMIxEvB6SfKjGlDhaxbhFo9QBXRtbR5SJOGPkD/QM9Y+"
      "tzTw8YrRdS22CbBIxLNXPHmOuSz2/pAMT4aMQI=\n";
  const WitnessReply reply = witness->AddCheckpoint("old 0\n\n" + checkpoint);
  EXPECT_EQ(reply.status, 200) << reply.body;
  const std::string line =
      "\xE2\x80\x94 witness.example/w1 "
      "IDJKvgAAAABlU/EAeLqgMu2JDllBLvsl0g8FLqwAFX5ajjcdTq6KlrJC+"
      "WHsYOafIpsbCTI3LlH2qHJpzcaPkY/IBymnGaima5B/AQ==\n";
  EXPECT_EQ(reply.body, line);
  EXPECT_EQ(witness->Get(LatestCheckpointPath("trucewatch.example/log1")).body, checkpoint + line);
}

TEST_F(WitnessTest, ExtensionsAreCosignedAndRememberedAcrossARestart) {
  for (const auto& [old_size, size] :
       std::vector<std::pair<int, int>>{{0, 1}, {1, 255}, {255, 256}, {256, 256}, {256, 600}}) {
    const WitnessReply reply =
        Add(static_cast<std::uint64_t>(old_size), static_cast<std::uint64_t>(size));
    ASSERT_EQ(reply.status, 200) << reply.body;
    const std::string checkpoint = SignedCheckpoint(tree_, static_cast<std::uint64_t>(size), key_);
    const auto note = ParseNote(checkpoint + reply.body);
    ASSERT_TRUE(note) << note.error().message;
    const NoteKey key = WitnessKey(0).public_key();
    EXPECT_EQ(VerifyNote(*note, {&key, 1})->size(), 1U);
    EXPECT_EQ(witness().Get(LatestCheckpointPath(key_.name())).body, checkpoint + reply.body);
    witnesses_.Reopen(0);
    EXPECT_EQ(witness().Get(LatestCheckpointPath(key_.name())).body, checkpoint + reply.body);
  }
}

TEST_F(WitnessTest, AnotherOldSizeIsAnsweredWithTheSizeHeld) {
  EXPECT_EQ(Add(3, 7).body, "0\n");
  ASSERT_EQ(Add(0, 7).status, 200);
  for (const auto& [old_size, size] :
       std::vector<std::pair<int, int>>{{0, 9}, {6, 9}, {8, 9}, {0, 6}, {6, 6}, {9, 9}}) {
    const WitnessReply reply =
        Add(static_cast<std::uint64_t>(old_size), static_cast<std::uint64_t>(size));
    EXPECT_EQ(reply.status, 409);
    EXPECT_EQ(reply.content_type, "text/x.tlog.size");
    EXPECT_EQ(reply.body, "7\n");
  }
}

TEST_F(WitnessTest, ASecondRootIsNeverCosigned) {
  ASSERT_EQ(Add(0, 7).status, 200);
  const std::string held = witness().Get(LatestCheckpointPath(key_.name())).body;
  const MerkleTree fork = NumberedTree(600, "fork");
  EXPECT_EQ(witness().AddCheckpoint(AddBody(fork, 7, 7, key_)).status, 409);
  EXPECT_EQ(witness().AddCheckpoint(AddBody(fork, 7, 9, key_)).status, 422);
  EXPECT_EQ(witness().AddCheckpoint(AddBody(fork, 0, 9, key_)).status, 409);
  // The fork's checkpoint with the true tree's proof, and the true one with a proof too much.
  EXPECT_EQ(witness()
                .AddCheckpoint(FormatAddCheckpoint(
                    {7, tree_.ConsistencyProof(7, 9), SignedCheckpoint(fork, 9, key_)}))
                .status,
            422);
  EXPECT_EQ(witness()
                .AddCheckpoint(FormatAddCheckpoint(
                    {7, tree_.ConsistencyProof(6, 7), SignedCheckpoint(tree_, 7, key_)}))
                .status,
            422);
  EXPECT_EQ(witness()
                .AddCheckpoint(FormatAddCheckpoint({7, {}, SignedCheckpoint(tree_, 9, key_)}))
                .status,
            422);
  EXPECT_EQ(witness().Get(LatestCheckpointPath(key_.name())).body, held);
  EXPECT_EQ(Add(7, 9).status, 200);
}

TEST_F(WitnessTest, AProofFromTheEmptyTreeMustBeEmpty) {
  EXPECT_EQ(witness()
                .AddCheckpoint(FormatAddCheckpoint(
                    {0, tree_.ConsistencyProof(3, 7), SignedCheckpoint(tree_, 7, key_)}))
                .status,
            422);
  EXPECT_EQ(Add(0, 0).status, 200);
  Checkpoint wrong{key_.name(), 0, tree_.Root(1)};
  const std::string text = FormatCheckpoint(wrong);
  EXPECT_EQ(witness()
                .AddCheckpoint(FormatAddCheckpoint({0, {}, FormatNote({text, {key_.Sign(text)}})}))
                .status,
            409);
}

TEST_F(WitnessTest, StrangersAreRefused) {
  const LogKey other_log = TestKey("exercise.other");
  EXPECT_EQ(witness().AddCheckpoint(AddBody(tree_, 0, 7, other_log)).status, 404);
  // The right origin, signed by another key of that name.
  const LogKey thief = *LogKey::Make(key_.name(), CountingSeed(9));
  EXPECT_EQ(witness().AddCheckpoint(AddBody(tree_, 0, 7, thief)).status, 403);
  std::string changed = AddBody(tree_, 0, 7, key_);
  changed.replace(changed.find("\n7\n") + 1, 1, "8");
  EXPECT_EQ(witness().AddCheckpoint(changed).status, 403);
  EXPECT_EQ(witness().Get(LatestCheckpointPath(key_.name())).status, 404);
}

TEST_F(WitnessTest, SignaturesOfOthersAreIgnoredAndNotKept) {
  const std::string text = FormatCheckpoint({key_.name(), 7, tree_.Root(7)});
  const LogKey other = TestKey("exercise.other");
  const std::string note = FormatNote({text, {other.Sign(text), key_.Sign(text)}});
  const WitnessReply reply = witness().AddCheckpoint(FormatAddCheckpoint({0, {}, note}));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(witness().Get(LatestCheckpointPath(key_.name())).body,
            SignedCheckpoint(tree_, 7, key_) + reply.body);
}

TEST_F(WitnessTest, AfterAChangeOfTheLogsKeyBothAreKnown) {
  const LogKey next = *LogKey::Make(key_.name(), CountingSeed(9));
  TestWitnesses two(1, {key_.public_key(), next.public_key()});
  EXPECT_EQ(two.witness(0).AddCheckpoint(AddBody(tree_, 0, 7, key_)).status, 200);
  EXPECT_EQ(two.witness(0).AddCheckpoint(AddBody(tree_, 7, 9, next)).status, 200);
}

TEST_F(WitnessTest, HostileBodiesAreRefusedWithASentence) {
  const std::string good = AddBody(tree_, 3, 600, key_);
  const std::string note = SignedCheckpoint(tree_, 600, key_);
  std::string many = "old 3\n";
  for (int i = 0; i < 64; ++i) many += Base64Encode(tree_.Root(1)) + "\n";
  const std::vector<std::string> bodies = {"",
                                           "\n",
                                           "old",
                                           "old 3",
                                           "old \n\n" + note,
                                           "old 03\n\n" + note,
                                           "old -1\n\n" + note,
                                           "old 9223372036854775808\n\n" + note,
                                           "old 99999999999999999999\n\n" + note,
                                           "old 3 \n\n" + note,
                                           "old 3\r\n\n" + note,
                                           "OLD 3\n\n" + note,
                                           "old 3\nAAAA\n\n" + note,
                                           "old 3\n====\n\n" + note,
                                           "old 3\n" + note,
                                           many + "\n" + note,
                                           "old 3\n\n",
                                           "old 601\n\n" + note,
                                           std::string(kMaxAddCheckpointBody + 1, 'o'),
                                           "old 3\n\n" + std::string(100'000, '\n'),
                                           "old 3\n\n\xFF\xFE\n\n" + note};
  for (const std::string& body : bodies) {
    const WitnessReply reply = witness().AddCheckpoint(body);
    EXPECT_EQ(reply.status, 400) << body.substr(0, 60);
    EXPECT_GT(reply.body.size(), 10U);
    EXPECT_LT(reply.body.size(), 400U);
  }
  // Cut anywhere it is not cosigned.
  for (std::size_t n = 0; n < good.size(); ++n) {
    EXPECT_NE(witness().AddCheckpoint(good.substr(0, n)).status, 200) << n;
  }
  EXPECT_EQ(witness().Get(LatestCheckpointPath(key_.name())).status, 404);
}

TEST_F(WitnessTest, NoFlippedBitOfARequestIsCosigned) {
  ASSERT_EQ(Add(0, 5).status, 200);
  const std::string good = AddBody(tree_, 5, 21, key_);
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      EXPECT_NE(witness().AddCheckpoint(bad).status, 200) << i << " bit " << bit;
    }
  }
  EXPECT_EQ(witness().AddCheckpoint(good).status, 200);
}

TEST_F(WitnessTest, TimeNeverGoesBack) {
  const auto time_of = [](const WitnessReply& reply) {
    const auto note = ParseNote("x\n\n" + reply.body);
    return ReadBe64(AsBytes(note->signatures.at(0).bytes));
  };
  const std::uint64_t first = time_of(Add(0, 3));
  EXPECT_EQ(first, 1'700'000'000U);
  witnesses_.clock.SleepFor(Duration::Seconds(-3600));
  EXPECT_EQ(time_of(Add(3, 4)), first);
  witnesses_.Reopen(0);
  EXPECT_EQ(time_of(Add(4, 5)), first);
  witnesses_.clock.SleepFor(Duration::Seconds(3601));
  EXPECT_EQ(time_of(Add(5, 6)), first + 1);
}

// Whatever call to the disk fails and whatever a power cut leaves: what was cosigned is remembered.
TEST_F(WitnessTest, NeverForgetsWhatItCosignedWhateverFails) {
  int failures = 0;
  for (std::uint64_t n = 1; n < 100; ++n) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
      TestWitnesses one(1, {key_.public_key()});
      ASSERT_EQ(one.witness(0).AddCheckpoint(AddBody(tree_, 0, 4, key_)).status, 200);
      one.disk(0).FailCall(n, true);
      const WitnessReply reply = one.witness(0).AddCheckpoint(AddBody(tree_, 4, 9, key_));
      const bool failed = one.disk(0).failed();
      failures += failed ? 1 : 0;
      ASSERT_EQ(reply.status, failed ? 500 : 200);
      EXPECT_EQ(one.witness(0).failed(), failed);
      if (failed) {
        EXPECT_EQ(one.witness(0).AddCheckpoint(AddBody(tree_, 4, 9, key_)).status, 500);
      }
      one.disk(0).Crash(seed);
      one.disk(0).FailCall(0);
      one.Reopen(0);
      const std::string held = one.witness(0).AddCheckpoint(AddBody(tree_, 0, 1, key_)).body;
      ASSERT_TRUE(held == "9\n" || (held == "4\n" && failed)) << held;
      if (!failed && seed == 8) {
        EXPECT_GE(failures, 8 * 4);  // open, append, sync, rename, sync of the folder
        return;
      }
    }
  }
  FAIL() << "the calls to fail never ended";
}

// The race of the specification: two extensions at once; only one may follow from the same size.
TEST_F(WitnessTest, OfTwoRequestsAtOnceOneIsToldTheNewSize) {
  std::uint64_t size = 0;
  for (int round = 0; round < 40; ++round) {
    std::atomic<int> cosigned = 0;
    std::atomic<int> conflicts = 0;
    std::vector<std::jthread> threads;
    for (const std::uint64_t step : {1, 2, 3, 5}) {
      threads.emplace_back([&, step] {
        const int status = Add(size, size + step).status;
        ++(status == 200 ? cosigned : conflicts);
        EXPECT_TRUE(status == 200 || status == 409);
      });
    }
    threads.clear();
    EXPECT_EQ(cosigned, 1);
    EXPECT_EQ(conflicts, 3);
    size = *ParseTreeSize([&] {
      std::string held = Add(599, 599).body;
      held.pop_back();
      return held;
    }());
  }
}

TEST_F(WitnessTest, StateOfAnotherWitnessAndKeysOfLogsAreRefused) {
  ASSERT_EQ(Add(0, 3).status, 200);
  FaultyStorage& disk = witnesses_.disk(0);
  ASSERT_TRUE(WriteFileAtomically(disk, "/w/other", AsBytes(WitnessKey(1).Format())));
  const auto other =
      Witness::Open(disk, witnesses_.clock, {"/w/other", {key_.public_key()}, "/w/state"});
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().message.find("another witness's state"), std::string::npos);
  ASSERT_TRUE(WriteFileAtomically(disk, "/w/log", AsBytes(key_.Format())));
  const auto log_key =
      Witness::Open(disk, witnesses_.clock, {"/w/log", {key_.public_key()}, "/w/none"});
  ASSERT_FALSE(log_key);
  EXPECT_NE(log_key.error().message.find("no witness's key"), std::string::npos);
  EXPECT_FALSE(Witness::Open(disk, witnesses_.clock, {"/w/key", {}, "/w/state"}));
  EXPECT_FALSE(
      Witness::Open(disk, witnesses_.clock, {"/w/key", {WitnessKey(1).public_key()}, "/w/state"}));
  const std::string path = "/w/state/" + LatestCheckpointPath(key_.name());
  const std::size_t size = ReadWholeFile(disk, path, 4096)->size();
  for (std::size_t i = 0; i < size; ++i) {
    disk.CorruptByte(path, i);
    const auto opened =
        Witness::Open(disk, witnesses_.clock, {"/w/key", {key_.public_key()}, "/w/state"});
    // The log's own line is no part of what we cosigned.
    const std::string text = *ReadWholeFile(disk, path, 4096);
    const bool in_log_line = i > text.find("\n\n") && i < text.rfind("\xE2\x80\x94");
    if (!in_log_line) {
      EXPECT_FALSE(opened) << i;
    }
    disk.CorruptByte(path, i);
  }
}

TEST(WitnessPolicy, QuorumOfNeutralWitnessesNeedsNoParty) {
  std::string text = "# the mission's\nlog " + FormatVkey(TestKey().public_key()) + " http://l\n\n";
  for (int i = 0; i < 5; ++i) {
    text +=
        fmt::format("witness\tw{} {} http://w{}\n", i, FormatVkey(WitnessKey(i).public_key()), i);
  }
  const auto policy = ParseWitnessPolicy(
      text + "group neutral 2 w0 w1 w2\ngroup parties all w3 w4\nquorum neutral");
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_EQ(policy->witnesses.at("w3").url, "http://w3");
  EXPECT_EQ(policy->logs.size(), 1U);
  EXPECT_TRUE(policy->IsSatisfied({"w0", "w2"}));
  EXPECT_TRUE(policy->IsSatisfied({"w0", "w1", "w2", "w3", "w4"}));
  EXPECT_FALSE(policy->IsSatisfied({"w0", "w3", "w4"}));
  EXPECT_FALSE(policy->IsSatisfied({}));
  const auto nested = ParseWitnessPolicy(
      text + "group a 2 w0 w1 w2\ngroup b any w3 w4\ngroup both all a b\nquorum both\n");
  ASSERT_TRUE(nested) << nested.error().message;
  EXPECT_TRUE(nested->IsSatisfied({"w1", "w2", "w4"}));
  EXPECT_FALSE(nested->IsSatisfied({"w0", "w1", "w2"}));
  EXPECT_TRUE(ParseWitnessPolicy(text + "quorum none\n")->IsSatisfied({}));

  const std::string w0 = FormatVkey(WitnessKey(0).public_key());
  for (const std::string& bad :
       {std::string(""), std::string("quorum w9\n"), "quorum none\nquorum none\n" + std::string(),
        "witness x " + w0 + "\nquorum none\n", std::string("group g 0 w0\nquorum g\n"),
        std::string("group g 3 w0 w1\nquorum g\n"), std::string("group g all w0 w0\nquorum g\n"),
        std::string("group g all w0\ngroup h all w0\nquorum h\n"),
        std::string("group w0 all w1\nquorum w0\n"),
        std::string("group none all w1\nquorum none\n"), "log " + w0 + "\nquorum none\n",
        std::string("noise\nquorum none\n")}) {
    EXPECT_FALSE(ParseWitnessPolicy(text + bad)) << bad;
  }
}

}  // namespace
}  // namespace trucewatch::evidence
