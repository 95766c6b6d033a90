// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/case_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/crypto/sha256.h"
#include "core/note/signed_note.h"
#include "core/types/codec.h"
#include "tests/evidence/ledger_fixture.h"
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

// Support of a source with what it sent at one moment.
Support SupportBy(const std::string& source, Modality kind, const std::string& record) {
  Support support;
  support.source = {source};
  support.lineage.modality = kind;
  support.raw_digests = {Sha256(record)};
  return support;
}

TEST(AddRaw, APartyGetsNothingThatAPersonWroteAndOfScenesWhatIsNamed) {
  const Instant start = *ParseUtc("2026-03-01T12:00:00Z");
  evidence::testing::TestLog journal;
  int second = 0;
  for (const auto& [source, bytes] :
       std::vector<std::pair<std::string, std::string>>{{"radar1", "dwell 1"},
                                                        {"officers", "of another event"},
                                                        {"radar1", "dwell 2"},
                                                        {"officers", "patrol 2 saw them"},
                                                        {"passes", "scene 1"},
                                                        {"passes", "scene 2"},
                                                        {"passes", "scene 3"}}) {
    RawRecord record;
    record.source = {source};
    record.receive_time = start + Duration::Seconds(second++);
    record.bytes = bytes;
    v1::Envelope envelope;
    *envelope.mutable_raw_record() = ToProto(record);
    ASSERT_TRUE(journal.Append({{journal.last() + 1, SerializeEnvelope(envelope)}}));
  }
  CaseEntries entries;
  entries.statements.resize(1);
  Finding& f = entries.statements[0].finding;
  f.time_first = f.time_last = start;
  f.supports = {SupportBy("radar1", Modality::kRadarGmti, "dwell 1"),
                SupportBy("officers", Modality::kHuman, "patrol 2 saw them"),
                SupportBy("passes", Modality::kSatelliteOptical, "scene 1")};
  f.supports.back().raw_digests.push_back(Sha256("scene 3"));
  const auto storage = MakePosixStorage();
  for (const bool for_parties : {false, true}) {
    const testing::TempDirectory temp;
    auto folder = CaseFolder::Make(*storage, temp.path() + "/case").value();
    const auto added = AddRaw(entries, journal, {{Sha256("gone"), "x"}}, for_parties, folder);
    ASSERT_TRUE(added) << added.error().message;
    const std::string raw = temp.path() + "/case/raw/";
    const auto read = [&](const std::string& name) {
      return ReadWholeFile(*storage, raw + name, 1000).value_or("none");
    };
    EXPECT_EQ(read("radar1.bin"), "dwell 1dwell 2");
    EXPECT_EQ(read("officers.bin"), for_parties ? "none" : "of another eventpatrol 2 saw them");
    EXPECT_EQ(read("passes.bin"), for_parties ? "scene 1scene 3" : "scene 1scene 2scene 3");
  }
}

}  // namespace
}  // namespace trucewatch::tools
