// SPDX-License-Identifier: Apache-2.0
#include "tools/audit/audit.h"

#include "evidence/leaf.h"
#include "tests/tools/audit/audited_ledger.h"
#include "tools/audit/ledger_files.h"

namespace trucewatch::audit {
namespace {

using AuditTest = AuditedLedger;

TEST_F(AuditTest, AGoodLedgerIsReported) {
  Publish(et::MissionLeaves(23), {1, 6, 11, 16, 21, 23});
  const auto report = AuditLedger(Options());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->origin, et::kOrigin);
  EXPECT_TRUE(report->exercise);
  EXPECT_EQ(report->size, 23U);
  EXPECT_EQ(report->last_time_us, 1'772'398'822'000'000);
  EXPECT_EQ(report->files, 1U + 2 * 6);
  const std::map<std::string, std::uint64_t> counts = {
      {"event_transition", 2}, {"heartbeat", 2}, {"mission_header", 1}, {"source_status", 18}};
  EXPECT_EQ(report->counts, counts);
  ASSERT_EQ(report->events.size(), 2U);
  EXPECT_EQ(report->events[1].ledger_index, 20U);
  EXPECT_EQ(report->events[1].state, "verified");
  const std::string text = FormatReport(*report);
  EXPECT_NE(text.find("latest known: size 23, time 2026-03-01T21:00:22Z"), std::string::npos)
      << text;
  EXPECT_NE(text.find("entry 20: 2026-03-01T21:00:20Z event_transition verified line event e1"),
            std::string::npos)
      << text;
}

TEST_F(AuditTest, AnEmptyLedgerIsGood) {
  Publish({}, {0});
  const auto report = AuditLedger(Options());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->size, 0U);
  EXPECT_FALSE(report->last_time_us);
}

// RELIABILITY.md's vector; entries of another log say nothing to us, so leaves are not read.
TEST_F(AuditTest, SeventyThousandEntriesAreGoodAndOneChangedByteIsNamed) {
  std::vector<std::string> leaves;
  for (int i = 0; i < 70'000; ++i) leaves.push_back("event-" + std::to_string(i));
  // Written in memory and copied: 552 fsyncs would say nothing about the audit.
  FaultyStorage memory;
  Publish(memory, et::PrepareSigner(memory, "trucewatch.example/log1"), et::kLedger, leaves,
          {70'000});
  for (const auto& [name, bytes] : et::FilesOf(memory, 274)) {
    std::filesystem::create_directories(std::filesystem::path(File(name)).parent_path());
    WriteText(File(name), bytes);
  }
  AuditOptions options = Options("trucewatch.example/log1");
  options.parse_leaves = false;
  const auto report = AuditLedger(options);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(Base64Encode(report->root), "y2wNxBh56AbfiUbZZIqfJXjUkUiRPhOkjjx4lEEDb2U=");
  EXPECT_EQ(report->files, 552U);
  std::string bundle = ReadText(File("tile/entries/200"));
  bundle[bundle.find("event-51234") + 7] = '2';
  WriteText(File("tile/entries/200"), bundle);
  ExpectRefused(options, "tile/entries/200: entry 51234");
}

TEST_F(AuditTest, WithoutALedgerOrAPolicyItSaysSo) {
  EXPECT_EQ(AuditLedger(Options()).error().code, ErrorCode::kNotFound);
  Publish(et::MissionLeaves(2), {2});
  AuditOptions options = Options();
  options.policy = "log nonsense\nquorum none\n";
  const auto report = AuditLedger(options);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kBadInput);
  EXPECT_NE(report.error().message.find("policy line 1"), std::string::npos);
}

TEST_F(AuditTest, ACheckpointOfAnotherKeyOrOriginIsRefused) {
  Publish(et::MissionLeaves(2), {2});
  ExpectRefused(Options("exercise.other"), "checkpoint: line 5: no signature of a log");
}

TEST_F(AuditTest, TruncationIsFoundWithASeenCheckpointAndReportedWithoutOne) {
  Publish(et::MissionLeaves(10), {6});
  const std::string old_checkpoint = ReadText(File("checkpoint"));
  Publish(et::MissionLeaves(10), {10});
  const std::string new_checkpoint = ReadText(File("checkpoint"));
  AuditOptions options = Options();
  options.seen = old_checkpoint;
  EXPECT_TRUE(AuditLedger(options));
  options.seen = new_checkpoint;
  EXPECT_TRUE(AuditLedger(options));
  // Rolled back, with and without the later files.
  WriteText(File("checkpoint"), old_checkpoint);
  for (const bool remove : {false, true}) {
    if (remove) {
      std::filesystem::remove(File("tile/0/000.p/10"));
      std::filesystem::remove(File("tile/entries/000.p/10"));
    }
    ExpectRefused(options, "size 6, but size 10 was seen");
    const auto report = AuditLedger(Options());
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->size, 6U);
    EXPECT_EQ(report->unsigned_files.size(), remove ? 0U : 2U);
  }
}

TEST_F(AuditTest, ReplacedHistoryIsFoundWithASeenCheckpoint) {
  Publish(et::MissionLeaves(6), {6});
  const std::string seen = ReadText(File("checkpoint"));
  std::filesystem::remove_all(path());
  std::filesystem::remove(folder_.File("signer.state"));
  auto other = et::MissionLeaves(10);
  std::swap(other[3], other[5]);
  Publish(other, {6, 10});
  EXPECT_TRUE(AuditLedger(Options()));
  AuditOptions options = Options();
  options.seen = seen;
  ExpectRefused(options, "history was replaced");
  options.seen = seen.substr(1);
  ExpectRefused(options, "seen checkpoint: line");
}

TEST_F(AuditTest, MissingAndAddedFilesAreNamed) {
  Publish(et::MissionLeaves(300), {100, 300});
  const std::vector<std::string> needed = {"checkpoint",       "tile/0/000",
                                           "tile/0/001.p/44",  "tile/1/000.p/1",
                                           "tile/entries/000", "tile/entries/001.p/44"};
  for (const std::string& name : needed) {
    const std::string bytes = ReadText(File(name));
    std::filesystem::remove(File(name));
    ExpectRefused(name + ": is missing");
    WriteText(File(name), bytes);
  }
  for (const char* name : {"tile/0/00", "tile/0/000.p/256", "tile/0/000.p/07", "tile/x",
                           "notes.txt", "tile/entries/x000/001", "tile/8/000", "tile/0/0000"}) {
    const std::string path = File(name);
    std::filesystem::create_directories(path.substr(0, path.rfind('/')));
    WriteText(path, "x");
    ExpectRefused(std::string(name) + ": a ledger has no such file");
    std::filesystem::remove(path);
  }
  std::filesystem::create_symlink("/etc/passwd", File("tile/0/002"));
  ExpectRefused("tile/0/002: is no plain file");
  std::filesystem::remove(File("tile/0/002"));
  EXPECT_TRUE(AuditLedger(Options()));
}

TEST_F(AuditTest, FilesBeyondTheCheckpointAreListedAsUnsigned) {
  Publish(et::MissionLeaves(6), {6});
  WriteText(File("tile/0/000.p/7"), "torn");
  WriteText(File("checkpoint.tmp"), "torn");
  const auto report = AuditLedger(Options());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->unsigned_files, (std::vector<std::string>{"checkpoint.tmp", "tile/0/000.p/7"}));
}

TEST_F(AuditTest, LeavesThatSayWhatALedgerMayNotSayAreNamed) {
  auto leaves = et::MissionLeaves(4);
  leaves[2] = et::LeafOf(et::FindingEnvelope(v1::FINDING_KIND_HEARTBEAT, 2, /*exercise=*/false));
  Publish(leaves, {4});
  ExpectRefused("entry 2: exercise=false in the ledger 'exercise.");
}

TEST_F(AuditTest, TextOfALeafCannotSteerATerminal) {
  auto finding = et::FindingEnvelope(v1::FINDING_KIND_EVENT_TRANSITION, 1);
  finding.mutable_finding()->set_rule("\x1B[2Jline\nlatest known: size 999");
  Publish({et::LeafOf(finding)}, {1});
  const auto report = AuditLedger(Options());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->events[0].rule, "?[2Jline?latest known: size 999");
}

TEST_F(AuditTest, AnEntryThatIsNoLeafIsNamed) {
  auto leaves = et::MissionLeaves(4);
  leaves[3] = "something";
  Publish(leaves, {4});
  ExpectRefused("entry 3: does not start with 'trucewatch/leaf/v1'");
}

TEST(TilePath, IsReadOnlyInItsOneRightForm) {
  for (const char* path :
       {"tile/0/000", "tile/entries/273.p/112", "tile/1/x001/x234/067", "tile/2/x001/000.p/7"}) {
    const auto tile = ReadTilePath(path);
    ASSERT_TRUE(tile) << path;
    EXPECT_EQ(WriteTilePath(*tile), path);
  }
  EXPECT_EQ(ReadTilePath("tile/1/x001/x234/067")->index, 1'234'067U);
  for (const char* path : {"", "tile", "tile/0", "tile/0/", "tile/0/x001", "tile/0/001/000",
                           "tile/0/x000/000", "tile/0/000.p", "tile/0/000.p/0", "tile/0/000/",
                           "tile/00/000", "tile/0/000.p/1/2", "other/0/000"}) {
    EXPECT_FALSE(ReadTilePath(path)) << path;
  }
}

}  // namespace
}  // namespace trucewatch::audit
