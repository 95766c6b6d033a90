// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/case_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/crypto/sha256.h"
#include "core/note/signed_note.h"
#include "tests/support/temp_directory.h"

namespace trucewatch::tools {
namespace {

using ::testing::HasSubstr;

TEST(CaseFolder, TheSignedListNamesEveryFileAndOfRawOnesTheLengthAlone) {
  const testing::TempDirectory temp;
  const auto storage = MakePosixStorage();
  auto folder = CaseFolder::Make(*storage, temp.path() + "/case");
  ASSERT_TRUE(folder) << folder.error().message;
  ASSERT_TRUE(folder->Add("events.jsonl", "{}\n"));
  ASSERT_TRUE(folder->Append("raw/drone1.bin", "abc"));
  ASSERT_TRUE(folder->Append("raw/drone1.bin", "def"));
  Ed25519Seed seed{};
  seed[0] = 9;
  const auto key = evidence::LogKey::Make("exercise-chief", seed);
  ASSERT_TRUE(key);
  ASSERT_TRUE(folder->Sign({.event = std::string(32, 'e'),
                            .audience = "officers",
                            .origin = "exercise.log",
                            .exercise = true,
                            .ledger_size = 12},
                           *key));
  const auto text = ReadWholeFile(*storage, temp.path() + "/case/case.txt", 1U << 16U);
  ASSERT_TRUE(text);
  const auto note = ParseNote(*text);
  ASSERT_TRUE(note) << note.error().message;
  const NoteKey signer = key->public_key();
  EXPECT_EQ(VerifyNote(*note, std::span(&signer, 1)).value().size(), 1U);
  EXPECT_EQ(note->text, "trucewatch case bundle v1\nevent " + std::string(32, 'e') +
                            "\nstatus EXERCISE\naudience officers\nledger exercise.log 12\nfile " +
                            HexEncode(Sha256("{}\n")) + " 3 events.jsonl\nfile " +
                            std::string("-") + " 6 raw/drone1.bin\n");
}

TEST(CaseFolder, ABundleIsNeverAddedTo) {
  const testing::TempDirectory temp;
  const auto storage = MakePosixStorage();
  auto folder = CaseFolder::Make(*storage, temp.path() + "/case");
  ASSERT_TRUE(folder->Add("index.html", "x"));
  const auto again = CaseFolder::Make(*storage, temp.path() + "/case");
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message, HasSubstr("not empty"));
}

}  // namespace
}  // namespace trucewatch::tools
