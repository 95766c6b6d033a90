// SPDX-License-Identifier: Apache-2.0
#include "core/note/signed_note.h"

#include <gtest/gtest.h>

#include "evidence/ledger/checkpoint.h"
#include "tests/evidence/ledger_fixture.h"

namespace trucewatch::evidence {
namespace {

using testing::CountingSeed;

constexpr char kVkey[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
constexpr char kNote[] =
    "This is an example message.\n"
    "\n"
    "\u2014 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
    "\n";

// RELIABILITY.md's own end-to-end vector: 70,000 entries, seeds 00..1f and 20..3f.
constexpr char kCheckpointText[] =
    "trucewatch.example/log1\n70000\ny2wNxBh56AbfiUbZZIqfJXjUkUiRPhOkjjx4lEEDb2U=\n";
constexpr char kLogLine[] =
    "\u2014 trucewatch.example/log1 "
    "kDNyKeg3XMMIxEvB6SfKjGlDhaxbhFo9QBXRtbR5SJOGPkD/QM9Y+tzTw8YrRdS22CbBIxLNXPHmOuSz2/"
    "pAMT4aMQI=\n";
constexpr char kWitnessVkey[] =
    "witness.example/w1+20324abe+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X";
constexpr char kWitnessLine[] =
    "\u2014 witness.example/w1 "
    "IDJKvgAAAABlU/EAeLqgMu2JDllBLvsl0g8FLqwAFX5ajjcdTq6KlrJC+"
    "WHsYOafIpsbCTI3LlH2qHJpzcaPkY/IBymnGaima5B/AQ==\n";

TEST(SignedNote, PublicVectorIsAcceptedAndWrittenBackUnchanged) {
  const auto key = ParseVkey(kVkey);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->id(), 0x530d903aU);
  EXPECT_EQ(FormatVkey(*key), kVkey);
  const auto note = ParseNote(kNote);
  ASSERT_TRUE(note) << note.error().message;
  EXPECT_EQ(note->text, "This is an example message.\n");
  const auto signers = VerifyNote(*note, {&*key, 1});
  ASSERT_TRUE(signers) << signers.error().message;
  EXPECT_EQ(*signers, std::vector<std::size_t>{0});
  EXPECT_EQ(FormatNote(*note), kNote);
}

TEST(SignedNote, EveryFlippedByteIsRefusedOrLeavesTheNoteUnsigned) {
  const auto key = ParseVkey(kVkey);
  for (std::size_t i = 0; i + 1 < sizeof(kNote); ++i) {
    for (const int mask : {0x01, 0x20, 0x80}) {
      std::string changed = kNote;
      changed[i] = static_cast<char>(changed[i] ^ mask);
      const auto note = ParseNote(changed);
      if (!note) continue;
      const auto signers = VerifyNote(*note, {&*key, 1});
      EXPECT_TRUE(!signers || signers->empty()) << "byte " << i << " mask " << mask;
    }
  }
}

TEST(SignedNote, UnknownKeysAreIgnoredButABadSignatureOfAKnownOneRefusesTheNote) {
  const NoteKey key = *ParseVkey(kVkey);
  SignedNote note = *ParseNote(kNote);
  note.signatures.push_back({"other.example", 7, "anything"});
  EXPECT_EQ(VerifyNote(note, {&key, 1})->size(), 1U);
  note.signatures.push_back(note.signatures[0]);
  note.signatures.back().bytes[3] = static_cast<char>(note.signatures.back().bytes[3] ^ 1);
  const auto verdict = VerifyNote(note, {&key, 1});
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().code, ErrorCode::kCheckFailed);
}

TEST(SignedNote, LastBlankLineSeparates) {
  const auto pair = Ed25519KeyPair::FromSeed(CountingSeed(9));
  const std::string text = "first\n\nsecond\n";
  const std::string file = FormatNote({text, {SignNote(text, "k", pair)}});
  const auto note = ParseNote(file);
  ASSERT_TRUE(note);
  EXPECT_EQ(note->text, text);
}

TEST(SignedNote, MalformedNotesAreRefused) {
  const std::string line = "\u2014 k AAAAAAAA\n";
  EXPECT_TRUE(ParseNote("text\n\n" + line));
  for (const std::string& bad :
       {std::string(), std::string("text\n"), std::string("text\n\n"), "text\n" + line,
        "te\txt\n\n" + line, "text\n\n" + line.substr(0, line.size() - 1),
        std::string("text\n\n- k AAAAAAAA\n"), std::string("text\n\n\u2014 k\n"),
        std::string("text\n\n\u2014 k AAAA\n"), std::string("text\n\n\u2014 k+k AAAAAAAA\n"),
        "\xC0\xAFtext\n\n" + line, "\xED\xA0\x80\n\n" + line, "text\n\n" + line + "trailer\n"}) {
    EXPECT_FALSE(ParseNote(bad)) << bad;
  }
}

TEST(SignedNote, VkeyWithAWrongPartIsRefused) {
  for (const char* bad : {"", "name", "name+530d903a",
                          "example.com/foo+530d903b+AekyeRrm56hApGFkyQ"
                          "R4ZCbV54Id2LKaANYcrnKv3U2k",
                          "a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
                          "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U"}) {
    EXPECT_FALSE(ParseVkey(bad)) << bad;
  }
}

TEST(SignedNote, OurCheckpointAndCosignatureVectorsAreReproduced) {
  const auto log = Ed25519KeyPair::FromSeed(CountingSeed(0x00));
  const auto witness = Ed25519KeyPair::FromSeed(CountingSeed(0x20));
  EXPECT_EQ(FormatVkey({"trucewatch.example/log1", kNoteEd25519, log.public_key()}),
            "trucewatch.example/log1+90337229+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4");
  const NoteKey witness_key{"witness.example/w1", kNoteCosignature, witness.public_key()};
  EXPECT_EQ(FormatVkey(witness_key), kWitnessVkey);
  const std::string note =
      FormatNote({kCheckpointText,
                  {SignNote(kCheckpointText, "trucewatch.example/log1", log),
                   CosignNote(kCheckpointText, "witness.example/w1", witness, 1'700'000'000)}});
  EXPECT_EQ(note, std::string(kCheckpointText) + "\n" + kLogLine + kWitnessLine);
  const std::vector<NoteKey> keys = {witness_key, *ParseVkey(kVkey)};
  EXPECT_EQ(*VerifyNote(*ParseNote(note), keys), std::vector<std::size_t>{0});
  SignedNote later = *ParseNote(note);
  later.signatures[1].bytes[7] = 1;  // another time
  EXPECT_FALSE(VerifyNote(later, keys));
}

TEST(Checkpoint, ReadsWhatItWritesAndRefusesTheRest) {
  const auto checkpoint = ParseCheckpoint(kCheckpointText);
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->size, 70000U);
  EXPECT_EQ(FormatCheckpoint(*checkpoint), kCheckpointText);
  const std::string root = "y2wNxBh56AbfiUbZZIqfJXjUkUiRPhOkjjx4lEEDb2U=\n";
  for (const std::string& bad :
       {std::string(), std::string("o\n7\n"), "\n7\n" + root, "o\n07\n" + root, "o\n-7\n" + root,
        "o\n+7\n" + root, "o\n9223372036854775808\n" + root, "o\n7 \n" + root,
        std::string("o\n7\nAAAA\n"), "o\n7\n" + root + "extension\n",
        "o\n7\n" + root.substr(0, root.size() - 1)}) {
    EXPECT_FALSE(ParseCheckpoint(bad)) << bad;
  }
}

TEST(Checkpoint, OriginCarriesTheStatus) {
  EXPECT_TRUE(ValidateOrigin("exercise.trucewatch.example/demo", true));
  EXPECT_TRUE(ValidateOrigin("trucewatch.example/mission", false));
  EXPECT_FALSE(ValidateOrigin("trucewatch.example/demo", true));
  EXPECT_FALSE(ValidateOrigin("exercise.trucewatch.example/mission", false));
  EXPECT_FALSE(ValidateOrigin("", false));
  EXPECT_FALSE(ValidateOrigin("a b", false));
  EXPECT_FALSE(ValidateOrigin("a+b", false));
}

}  // namespace
}  // namespace trucewatch::evidence
