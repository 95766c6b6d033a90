// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "evidence/ledger/merkle.h"
#include "evidence/signer/run_signer.h"
#include "evidence/signer/signer_process.h"
#include "tests/evidence/ledger_fixture.h"
#include "tests/support/temp_directory.h"

namespace trucewatch::evidence {
namespace {

using testing::kOrigin;
using testing::PrepareSigner;
using testing::TestKey;

MerkleTree TreeOf(int leaves, const std::string& what = "leaf") {
  MerkleTree tree;
  for (int i = 0; i < leaves; ++i) tree.Append(LeafHash(AsBytes(what + std::to_string(i))));
  return tree;
}

v1::SignRequest Request(const MerkleTree& tree, std::uint64_t old_size, std::uint64_t size) {
  v1::SignRequest request;
  request.set_size(size);
  request.set_root(std::string(AsText(tree.Root(size))));
  for (const Digest& hash : tree.ConsistencyProof(old_size, size)) {
    request.add_consistency_proof(std::string(AsText(hash)));
  }
  return request;
}

class SignerTest : public ::testing::Test {
 protected:
  std::unique_ptr<InProcessSigner> Open() {
    auto signer = InProcessSigner::Open(storage_, options_);
    EXPECT_TRUE(signer) << signer.error().message;
    return std::move(*signer);
  }
  FaultyStorage storage_;
  SignerOptions options_ = PrepareSigner(storage_);
  MerkleTree tree_ = TreeOf(20);
};

TEST_F(SignerTest, SignsExtensionsAndRemembersThemAcrossARestart) {
  EXPECT_EQ(Open()->Sign(Request(tree_, 0, 3))->error(), "");
  const auto reply = Open()->Sign(Request(tree_, 3, 11));
  ASSERT_EQ(reply->error(), "");
  EXPECT_EQ(reply->last_size(), 11U);
  const NoteKey key = TestKey().public_key();
  const auto note = ParseNote(reply->checkpoint());
  EXPECT_EQ(VerifyNote(*note, {&key, 1})->size(), 1U);
  EXPECT_EQ(ParseCheckpoint(note->text)->root, tree_.Root(11));
}

TEST_F(SignerTest, TheSameSizeAndRootAreSignedAgain) {
  const std::string first = Open()->Sign(Request(tree_, 0, 7))->checkpoint();
  EXPECT_EQ(Open()->Sign(Request(tree_, 7, 7))->checkpoint(), first);
  EXPECT_EQ(Open()->Sign(Request(tree_, 3, 7))->checkpoint(), first);
}

TEST_F(SignerTest, RollbackForkAndBadProofsAreRefusedBeforeAndAfterARestart) {
  ASSERT_EQ(Open()->Sign(Request(tree_, 0, 7))->error(), "");
  const MerkleTree fork = TreeOf(20, "fork");
  auto flipped = Request(tree_, 7, 9);
  (*flipped.mutable_consistency_proof(0))[0] ^= 1;
  auto without = Request(tree_, 7, 9);
  without.clear_consistency_proof();
  auto short_hash = Request(tree_, 7, 9);
  short_hash.mutable_consistency_proof(0)->pop_back();
  auto short_root = Request(tree_, 7, 9);
  short_root.mutable_root()->pop_back();
  auto huge = Request(tree_, 7, 9);
  huge.set_size(UINT64_MAX);
  const std::unique_ptr<InProcessSigner> one = Open();
  for (const v1::SignRequest& request :
       {Request(tree_, 0, 6), Request(tree_, 0, 0), Request(fork, 7, 7), Request(fork, 7, 9),
        Request(tree_, 6, 9), flipped, without, short_hash, short_root, huge}) {
    const auto restarted = Open();
    for (InProcessSigner* signer : {one.get(), restarted.get()}) {
      const auto reply = signer->Sign(request);
      ASSERT_TRUE(reply);
      EXPECT_NE(reply->error(), "");
      EXPECT_EQ(reply->checkpoint(), "");
      EXPECT_EQ(reply->last_size(), 7U);
      EXPECT_EQ(reply->last_root(), AsText(tree_.Root(7)));
    }
  }
  EXPECT_EQ(one->Sign(Request(tree_, 7, 9))->error(), "");
}

// Whatever call to the disk fails, and whatever the power cut left: a signature that was given is
// remembered. The first one makes the state's file, later ones overwrite it.
TEST_F(SignerTest, NeverForgetsWhatItSignedWhateverFails) {
  const std::vector<std::uint64_t> sizes = {4, 9, 14};
  int failures = 0;
  for (std::uint64_t n = 1; n < 100; ++n) {
    bool any_failed = false;
    for (std::uint64_t seed = 1; seed <= 24; ++seed) {
      FaultyStorage disk;
      const SignerOptions options = PrepareSigner(disk);
      auto signer = *InProcessSigner::Open(disk, options);
      disk.FailCall(n, true);
      std::uint64_t signed_size = 0;
      for (const std::uint64_t size : sizes) {
        const auto reply = signer->Sign(Request(tree_, signed_size, size));
        ASSERT_EQ(reply.has_value(), !disk.failed());
        if (!reply) break;
        signed_size = size;
      }
      const bool failed = disk.failed();
      failures += failed ? 1 : 0;
      any_failed = any_failed || failed;
      disk.Crash(seed);
      signer = *InProcessSigner::Open(disk, options);
      const std::uint64_t held = signer->Sign(Request(tree_, 0, 1))->last_size();
      EXPECT_TRUE(failed ? held >= signed_size : held == signed_size) << held;
    }
    if (any_failed) continue;
    // Exists, open, truncate, append, sync, rename, sync of the folder; twice open, write, sync.
    EXPECT_GE(failures, 24 * 12);
    return;
  }
  FAIL() << "the calls to fail never ended";
}

TEST_F(SignerTest, AKilledSignersStateIsMadeDurableBeforeItIsReliedOn) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    FaultyStorage disk;
    const SignerOptions options = PrepareSigner(disk);
    const auto first = *InProcessSigner::Open(disk, options);
    ASSERT_EQ(first->Sign(Request(tree_, 0, 4))->error(), "");
    disk.FailCall(2);  // it is killed while it writes: half of that is there, and is not synced
    ASSERT_FALSE(first->Sign(Request(tree_, 4, 9)));
    const auto second = *InProcessSigner::Open(disk, options);
    ASSERT_EQ(second->Sign(Request(tree_, 4, 9))->error(), "");
    disk.Crash(seed);
    EXPECT_EQ((*InProcessSigner::Open(disk, options))->Sign(Request(tree_, 0, 1))->last_size(), 9U);
  }
}

TEST_F(SignerTest, OneDamagedBlockOfTheStateIsMadeGoodByItsCopyAndGarbageIsRefused) {
  ASSERT_EQ(Open()->Sign(Request(tree_, 0, 4))->error(), "");
  ASSERT_EQ(Open()->Sign(Request(tree_, 4, 7))->error(), "");
  const std::string& path = options_.state_file;
  const std::size_t block = 4096;
  ASSERT_EQ(ReadWholeFile(storage_, path, 1 << 20)->size(), 4 * block);
  for (std::size_t at = 0; at < 4 * block; at += at % block < 300 ? 1 : 97) {
    storage_.CorruptByte(path, at);
    EXPECT_EQ(Open()->Sign(Request(tree_, 0, 1))->last_size(), 7U) << at;
    storage_.CorruptByte(path, at);
  }
  for (const std::size_t at : {0, 1, 2, 3}) storage_.CorruptByte(path, at * block + 40);
  EXPECT_FALSE(InProcessSigner::Open(storage_, options_)) << "no block is whole";
  ASSERT_TRUE(WriteFileAtomically(storage_, path, AsBytes("nonsense")));
  EXPECT_FALSE(InProcessSigner::Open(storage_, options_));
}

TEST_F(SignerTest, AStateOfTheFirstFormatIsReadAndReplaced) {
  const std::string text =
      "trucewatch/signer-state/v1\n" + FormatCheckpoint({kOrigin, 7, tree_.Root(7)});
  ASSERT_TRUE(WriteFileAtomically(storage_, options_.state_file, AsBytes(text)));
  EXPECT_NE(Open()->Sign(Request(tree_, 0, 6))->error(), "");
  ASSERT_EQ(Open()->Sign(Request(tree_, 7, 9))->error(), "");
  EXPECT_EQ(Open()->Sign(Request(tree_, 0, 6))->last_size(), 9U);
  EXPECT_FALSE(
      ReadWholeFile(storage_, options_.state_file, 1 << 20)->starts_with(text.substr(0, 27)));
}

TEST_F(SignerTest, WrongKeyOrStateFilesAreRefusedWithAReason) {
  SignerOptions other = options_;
  other.origin = "exercise.other";
  EXPECT_NE(InProcessSigner::Open(storage_, other).error().message.find("must be equal"),
            std::string::npos);
  ASSERT_EQ(Open()->Sign(Request(tree_, 0, 4))->error(), "");
  const SignerOptions of_other = PrepareSigner(storage_, "exercise.other", "/n");
  ASSERT_TRUE(WriteFileAtomically(storage_, of_other.state_file,
                                  AsBytes(*ReadWholeFile(storage_, options_.state_file, 1 << 20))));
  const auto refused = InProcessSigner::Open(storage_, of_other);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("is the state of 'exercise.trucewatch"),
            std::string::npos);
}

TEST(LogKey, RoundTripAndRefusals) {
  const LogKey key = TestKey("trucewatch.example/log1");
  const std::string text = key.Format();
  EXPECT_EQ(text,
            "PRIVATE+KEY+trucewatch.example/log1+90337229+"
            "AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n");
  EXPECT_EQ(LogKey::Parse(text)->Format(), text);
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(LogKey::Parse(changed)) << i;
  }
  const auto refused = LogKey::Parse(text.substr(0, text.size() - 9));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message.find("AQABAg"), std::string::npos) << "the key is in the error";
}

TEST(LogKey, GeneratedKeyIsPrivateAndNeverOverwritten) {
  const trucewatch::testing::TempDirectory folder;
  const std::string path = folder.File("log.key");
  const auto vkey = GenerateKey(path, kOrigin);
  ASSERT_TRUE(vkey) << vkey.error().message;
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  const auto storage = MakePosixStorage();
  EXPECT_EQ(*ReadWholeFile(*storage, path + ".vkey", 4096), *vkey + "\n");
  const std::string text = *ReadWholeFile(*storage, path, 4096);
  EXPECT_EQ(FormatVkey(LogKey::Parse(text)->public_key()), *vkey);
  EXPECT_FALSE(GenerateKey(path, kOrigin));
  EXPECT_EQ(*ReadWholeFile(*storage, path, 4096), text);
  EXPECT_NE(*GenerateKey(folder.File("other.key"), kOrigin), *vkey);
  EXPECT_FALSE(GenerateKey(folder.File("bad.key"), "a name"));
}

class SignerProcessTest : public ::testing::Test {
 protected:
  SignerProcessOptions Options(const std::string& mode = "") {
    const SignerOptions files = PrepareSigner(*storage_, kOrigin, folder_.path());
    return {.argv = {TW_TEST_SIGNER, files.key_file, files.state_file, files.origin, mode},
            .timeout = Duration::Seconds(20)};
  }
  std::unique_ptr<Storage> storage_ = MakePosixStorage();
  trucewatch::testing::TempDirectory folder_;
  MerkleTree tree_ = TreeOf(20);
};

TEST_F(SignerProcessTest, SignsAndRefusesAcrossKillsOfTheChild) {
  SignerProcess signer(Options());
  ASSERT_EQ(signer.Sign(Request(tree_, 0, 3))->error(), "");
  const pid_t first = signer.pid();
  ASSERT_GT(first, 0);
  ASSERT_EQ(::kill(first, SIGKILL), 0);
  const auto reply = signer.Sign(Request(tree_, 3, 5));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->error(), "");
  EXPECT_NE(signer.pid(), first);
  EXPECT_NE(signer.Sign(Request(tree_, 0, 4))->error(), "");
}

TEST_F(SignerProcessTest, ASecondSignerOfTheSameStateDoesNotStart) {
  SignerProcess signer(Options());
  ASSERT_TRUE(signer.Sign(Request(tree_, 0, 3)));
  SignerProcess second(Options());
  EXPECT_FALSE(second.Sign(Request(tree_, 3, 4)));
  EXPECT_EQ(signer.Sign(Request(tree_, 3, 4))->error(), "");
}

TEST_F(SignerProcessTest, ASilentSignerIsGivenUpAfterTheTimeout) {
  SignerProcessOptions options = Options("silent");
  options.timeout = Duration::Millis(50);
  options.attempts = 2;
  SignerProcess signer(options);
  const auto reply = signer.Sign(Request(tree_, 0, 3));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kTimeout);
  EXPECT_EQ(signer.pid(), -1);
}

TEST_F(SignerProcessTest, AMissingProgramIsAnError) {
  SignerProcess signer({.argv = {folder_.File("nothing")}});
  const auto reply = signer.Sign(Request(tree_, 0, 3));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kUnavailable);
}

TEST_F(SignerProcessTest, GarbageInsteadOfARequestEndsTheSigner) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const std::string announced_too_long("\xFF\xFF\xFF\xFF", 4);
  ASSERT_EQ(::write(ends[1], announced_too_long.data(), 4), 4);
  const auto ended =
      RunSigner(*storage_, PrepareSigner(*storage_, kOrigin, folder_.path()), ends[0], ends[1]);
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, ErrorCode::kBadInput);
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace trucewatch::evidence
