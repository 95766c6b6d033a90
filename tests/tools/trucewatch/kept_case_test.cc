// SPDX-License-Identifier: Apache-2.0
// Case bundles of a run whose raw evidence was trimmed, and of one whose checkpoint was stamped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/core/crypto/time_authority.h"
#include "tests/support/process.h"
#include "tests/tools/trucewatch/retention_run.h"
#include "tools/audit/bundle.h"
#include "tools/trucewatch/checkpoint_stamper.h"
#include "tools/trucewatch/commands/commands.h"

namespace trucewatch::tools {
namespace {

using retention_test::Moment;
using retention_test::OfficersKey;
using retention_test::RetentionRun;
using retention_test::TransitionOf;
using ::testing::HasSubstr;

std::string PayloadOf(int record) { return "payload " + std::to_string(record); }

class KeptCaseTest : public ::testing::Test {
 protected:
  KeptCaseTest() {
    for (int i = 1; i <= 40; ++i) run_.Raw(i % 2 == 0 ? "drone1" : "radar1", PayloadOf(i));
    Say("aa", EventState::kVerified, 100, 130, {10, 12});
    Say("bb", EventState::kVerified, 250, 270, {26, 27});
    Say("bb", EventState::kNotConfirmed, 250, 270, {});
    run_.End();
    std::ofstream(File("officer.key")) << OfficersKey().Format();
  }
  void Say(const std::string& event, EventState state, double from, double to,
           const std::vector<int>& records) {
    std::vector<Digest> raw;
    for (const int record : records) raw.push_back(Sha256(PayloadOf(record)));
    Finding f = TransitionOf(std::string(30, '0') + event, state, from, to, raw);
    f.agreement_hash = HexEncode(Sha256(""));
    f.rule = "no_convoys";
    f.zone = "buffer";
    run_.Say(f);
  }
  std::string File(const std::string& name) const { return temp_.File(name); }
  void Export(const std::string& event, const std::string& out) {
    const auto done = RunExportBundle({.run = run_.state(),
                                       .event = std::string(30, '0') + event,
                                       .audience = "officers",
                                       .out = File(out),
                                       .key = File("officer.key"),
                                       .parties = "",
                                       .salts = ""});
    ASSERT_TRUE(done) << done.error().message;
  }
  Result<audit::BundleReport> Audit(const std::string& out, std::optional<std::string> ca = {},
                                    std::string logs = {}) {
    if (logs.empty()) logs = "log " + FormatVkey(run_.log_key()) + "\n";
    return audit::AuditBundle({.folder = File(out),
                               .policy = logs + "quorum none\n",
                               .signers = FormatVkey(OfficersKey().public_key()) + "\n",
                               .ca_pem = std::move(ca)});
  }
  std::map<std::string, std::string> FilesBelow(const std::string& folder) {
    std::map<std::string, std::string> out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(File(folder))) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      out[entry.path().lexically_relative(File(folder)).string()] =
          std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    return out;
  }

  RetentionRun run_;
  const testing::TempDirectory temp_;
};

TEST_F(KeptCaseTest, ABundleOfAKeptEventIsTheSameAfterATrimAndOneOfAnotherSaysWhatIsGone) {
  Export("aa", "aa-before");
  RetentionTerms terms;
  terms.keep = Duration::Seconds(60);
  terms.margin = Duration::Seconds(10);
  const auto trimmed = run_.Trim(terms);
  ASSERT_TRUE(trimmed) << trimmed.error().message;
  ASSERT_GT(trimmed->size(), 3U);
  Export("aa", "aa-after");
  EXPECT_EQ(FilesBelow("aa-before/raw"), FilesBelow("aa-after/raw"));
  EXPECT_GT(FilesBelow("aa-after/raw").at("records.jsonl").size(), 100U);
  const auto kept = Audit("aa-after");
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(kept->raw_named, 2U);
  EXPECT_EQ(kept->raw_in_bundle, 2U);
  EXPECT_FALSE(FilesBelow("aa-after").contains("trimmed.jsonl"));

  Export("bb", "bb");
  const auto gone = Audit("bb");
  ASSERT_TRUE(gone) << gone.error().message;
  EXPECT_EQ(gone->raw_named, 2U);
  EXPECT_EQ(gone->raw_in_bundle, 0U);
  const std::string lines = FilesBelow("bb").at("trimmed.jsonl");
  for (const int record : {26, 27})
    EXPECT_THAT(lines, HasSubstr(HexEncode(Sha256(PayloadOf(record)))));
  EXPECT_THAT(lines, HasSubstr("older than 0.000694444 days (ledger entry "));
  audit::AuditOptions options;
  options.ledger = run_.ledger();
  options.policy = "log " + FormatVkey(run_.log_key()) + "\nquorum none\n";
  const auto ledger = audit::AuditLedger(options);
  ASSERT_TRUE(ledger) << ledger.error().message;
  EXPECT_EQ(ledger->operations.size(), trimmed->size());
  EXPECT_THAT(audit::FormatReport(*ledger),
              HasSubstr(" operation retention: trimmed: log=journal"));
}

// A clip that was cut out, and whose surroundings are gone, is evidence still after the log has a
// new key: the policy names both.
TEST_F(KeptCaseTest, ATrimmedClipVerifiesBeforeAndAfterTheLogsKeyIsChanged) {
  RetentionTerms terms;
  terms.keep = Duration::Seconds(60);
  terms.margin = Duration::Seconds(10);
  ASSERT_TRUE(run_.Trim(terms));
  Export("aa", "old");
  Ed25519Seed seed{};
  seed[0] = 88;
  const auto next = evidence::LogKey::Make(evidence::testing::kOrigin, seed);
  ASSERT_TRUE(next);
  const std::string path = run_.ledger() + "/checkpoint";
  const auto note = ParseNote(ReadWholeFile(run_.storage(), path, kMaxNoteSize).value());
  ASSERT_TRUE(note);
  ASSERT_TRUE(WriteFileAtomically(run_.storage(), path,
                                  AsBytes(FormatNote({note->text, {next->Sign(note->text)}}))));
  Export("aa", "new");
  EXPECT_EQ(FilesBelow("old/raw"), FilesBelow("new/raw"));
  const std::string old_line = "log " + FormatVkey(run_.log_key()) + "\n";
  const std::string new_line = "log " + FormatVkey(next->public_key()) + "\n";
  for (const char* bundle : {"old", "new"}) {
    const auto good = Audit(bundle, {}, old_line + new_line);
    ASSERT_TRUE(good) << good.error().message;
    EXPECT_EQ(good->raw_in_bundle, 2U);
  }
  EXPECT_TRUE(Audit("old", {}, old_line));
  EXPECT_FALSE(Audit("new", {}, old_line));  // signed by a key that the reader does not know
  EXPECT_FALSE(Audit("old", {}, new_line));
  // What was cut out is held against the ledger's digests, whoever signed it.
  std::ofstream(File("new/raw/drone1.bin"), std::ios::binary | std::ios::in) << 'x';
  EXPECT_THAT(Audit("new", {}, old_line + new_line).error().message,
              HasSubstr("is not the SHA-256 of its bytes"));
}

TEST_F(KeptCaseTest, ABundleForOneRecipientIsOneFileAndTheSameInside) {
  ASSERT_EQ(testing::RunProcess({"age-keygen", "-o", File("panel.key")}).code, 0);
  std::ofstream(File("panel.pub"))
      << testing::RunProcess({"age-keygen", "-y", File("panel.key")}).output;
  Export("aa", "plain");
  ExportBundleCommand command{.run = run_.state(),
                              .event = std::string(30, '0') + "aa",
                              .audience = "officers",
                              .out = File("case.age"),
                              .key = File("officer.key"),
                              .parties = "",
                              .salts = "",
                              .encrypt_to = {File("panel.pub")}};
  const auto sealed = RunExportBundle(command);
  ASSERT_TRUE(sealed) << sealed.error().message;
  ASSERT_TRUE(std::filesystem::is_regular_file(File("case.age")));
  const auto opened = RunOpenBundle(
      {.file = File("case.age"), .identities = {File("panel.key")}, .out = File("opened")});
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(FilesBelow("opened"), FilesBelow("plain"));
  EXPECT_TRUE(Audit("opened"));
  // An event that is not there leaves nothing, nor does a recipient who is none.
  command.event = "ff";
  command.out = File("none.age");
  EXPECT_FALSE(RunExportBundle(command));
  command.event = std::string(30, '0') + "aa";
  command.encrypt_to = {File("officer.key")};
  EXPECT_FALSE(RunExportBundle(command));
  for (const auto& entry : std::filesystem::directory_iterator(temp_.path()))
    EXPECT_THAT(entry.path().filename().string(), ::testing::Not(HasSubstr("none")));
}

TEST_F(KeptCaseTest, ABundleCarriesTheStampOfTheCheckpointThatItsProofsEndIn) {
  const auto storage = MakePosixStorage();
  const testing::TimeAuthority authority(
      {.now = Moment(5000), .valid_from = Moment(0), .valid_until = Moment(1e7)});
  CheckpointStamper stamper(
      *storage,
      {.ledger_directory = run_.ledger(),
       .out_directory = run_.state() + "/timestamps",
       .ca_pem = authority.ca_pem(),
       .every = Duration::Seconds(1)},
      [&](const std::string& request) -> Result<std::string> { return authority.Reply(request); });
  EXPECT_THAT(Audit("nothing", authority.ca_pem()).error().message, HasSubstr("no such folder"));
  Export("aa", "unstamped");
  EXPECT_TRUE(Audit("unstamped"));
  EXPECT_THAT(Audit("unstamped", authority.ca_pem()).error().message,
              HasSubstr("a bundle needs 'checkpoint'"));
  ASSERT_TRUE(stamper.Step(Moment(5000)));
  // The ledger goes on after it: the proofs stay those of the checkpoint that was stamped.
  RetentionTerms terms;
  terms.keep = Duration::Seconds(60);
  ASSERT_TRUE(run_.Trim(terms));
  Export("aa", "stamped");
  const auto good = Audit("stamped", authority.ca_pem());
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(good->stamp->time, Moment(5000));
  EXPECT_EQ(good->list.size, 4U);
  EXPECT_THAT(audit::FormatBundleReport(*good), HasSubstr("stamped: size 4 was there at 2026-"));
  const testing::TimeAuthority stranger(
      {.now = Moment(5000), .valid_from = Moment(0), .valid_until = Moment(1e7)});
  EXPECT_THAT(Audit("stamped", stranger.ca_pem()).error().message,
              HasSubstr("checkpoint.tsr: time-stamp: the certificates do not lead"));
  // An officer who puts another stamp in signs for it, and is found out all the same.
  const std::string other = authority.Reply(MakeTimestampRequest(Sha256("another checkpoint")).der);
  ASSERT_TRUE(WriteFileAtomically(*storage, run_.state() + "/timestamps/4.tsr", AsBytes(other)));
  Export("aa", "other");
  EXPECT_THAT(Audit("other", authority.ca_pem()).error().message,
              HasSubstr("checkpoint.tsr: time-stamp: is one of other bytes"));
}

}  // namespace
}  // namespace trucewatch::tools
