// SPDX-License-Identifier: Apache-2.0
#include "tools/audit/policy.h"

#include "tests/tools/audit/audited_ledger.h"

namespace trucewatch::audit {
namespace {

std::string WitnessVkey(int number) {
  const auto pair =
      Ed25519KeyPair::FromSeed(et::CountingSeed(static_cast<std::uint8_t>(0x20 + number)));
  return FormatVkey(
      {"witness.example/w" + std::to_string(number), kNoteCosignature, pair.public_key()});
}

std::string LogVkey() { return FormatVkey(et::TestKey().public_key()); }

// The proposal of RELIABILITY.md: a neutral quorum; parties cosign if they wish.
std::string NeutralPolicy() {
  return "# who is trusted\nlog " + LogVkey() + " https://log.example/\nwitness N1 " +
         WitnessVkey(1) + "\nwitness N2 " + WitnessVkey(2) + "\nwitness N3 " + WitnessVkey(3) +
         "\nwitness A " + WitnessVkey(4) + "\n\ngroup neutral 2 N1 N2 N3\nquorum neutral\n";
}

TEST(Policy, QuorumCountsTheGroupsMembersOnly) {
  const auto policy = ParsePolicy(NeutralPolicy());
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_FALSE(policy->IsSatisfied({}));
  EXPECT_FALSE(policy->IsSatisfied({"N1", "A"}));
  EXPECT_TRUE(policy->IsSatisfied({"N1", "N3"}));
  EXPECT_TRUE(ParsePolicy(PolicyForLog(LogVkey()))->IsSatisfied({}));
}

TEST(Policy, GroupsNest) {
  const auto policy = ParsePolicy(
      "log " + LogVkey() + "\nwitness a " + WitnessVkey(1) + "\nwitness b " + WitnessVkey(2) +
      "\nwitness c " + WitnessVkey(3) + "\ngroup ab any a b\ngroup top all ab c\nquorum top\n");
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_FALSE(policy->IsSatisfied({"a", "b"}));
  EXPECT_TRUE(policy->IsSatisfied({"b", "c"}));
}

TEST(Policy, BadLinesAreNamed) {
  const std::string log = "log " + LogVkey() + "\n";
  const std::string witness = "witness N " + WitnessVkey(1) + "\n";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"quorum none\n", "no 'log' line"},
      {log, "no 'quorum' line"},
      {log + "quorum none\nquorum none\n", "line 3"},
      {log + "quorum N\n", "line 2"},
      {log + "nonsense\n", "line 2"},
      {"log " + WitnessVkey(1) + "\n", "line 1"},
      {log + "witness N " + LogVkey() + "\n", "line 2"},
      {log + witness + witness, "line 3"},
      {log + witness + "witness M " + WitnessVkey(1) + "\n", "has the key of 'N'"},
      {log + witness + "group g 2 N\nquorum g\n", "line 3"},
      {log + witness + "group g 0 N\nquorum g\n", "line 3"},
      {log + witness + "group g all g\nquorum g\n", "line 3"},
      {log + witness + "group g all N N\nquorum g\n", "named twice"},
      {log + witness + "group none all N\n", "is taken"},
      {log + log + "quorum none\n", "there already"},
      {log + "\nquorum none\r\n", "line 3: holds a control character"},
      {log + witness + "group g 01 N\nquorum g\n", "line 3"}};
  for (const auto& [text, expected] : cases) {
    const auto policy = ParsePolicy(text);
    ASSERT_FALSE(policy) << text;
    EXPECT_EQ(policy.error().code, ErrorCode::kBadInput);
    EXPECT_NE(policy.error().message.find(expected), std::string::npos) << policy.error().message;
  }
}

class WitnessedLedger : public AuditedLedger {
 protected:
  void Cosign(const std::vector<int>& witnesses) {
    auto note = *ParseNote(ReadText(File("checkpoint")));
    for (const int number : witnesses) {
      const auto pair =
          Ed25519KeyPair::FromSeed(et::CountingSeed(static_cast<std::uint8_t>(0x20 + number)));
      note.signatures.push_back(
          CosignNote(note.text, "witness.example/w" + std::to_string(number), pair, 1'700'000'000));
    }
    WriteText(File("checkpoint"), FormatNote(note));
  }
};

TEST_F(WitnessedLedger, QuorumIsAskedForAndCosignersAreReported) {
  Publish(et::MissionLeaves(4), {4});
  AuditOptions options = Options();
  options.policy = NeutralPolicy();
  ExpectRefused(options, "quorum neutral");
  Cosign({2, 4});
  ExpectRefused(options, "quorum neutral");
  Cosign({3, 9});  // 9 is nobody the policy knows
  const auto report = AuditLedger(options);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->cosigners, (std::vector<std::string>{"A", "N2", "N3"}));
  EXPECT_TRUE(AuditLedger(Options()));  // who knows no witness ignores their lines
}

TEST_F(WitnessedLedger, ABadCosignatureOfAKnownWitnessRefusesTheCheckpoint) {
  Publish(et::MissionLeaves(4), {4});
  Cosign({1, 2});
  AuditOptions options = Options();
  options.policy = NeutralPolicy();
  ASSERT_TRUE(AuditLedger(options));
  auto note = *ParseNote(ReadText(File("checkpoint")));
  note.signatures[2].bytes[7] = static_cast<char>(note.signatures[2].bytes[7] ^ 1);
  WriteText(File("checkpoint"), FormatNote(note));
  ExpectRefused(options, "line 7: the cosignature of N2 is not good");
}

// Section 2.A: witness seed 20..3f, time 1700000000, over the 70,000-entry checkpoint.
TEST(Cosignature, PrintedVectorIsGood) {
  const std::string text =
      "trucewatch.example/log1\n70000\ny2wNxBh56AbfiUbZZIqfJXjUkUiRPhOkjjx4lEEDb2U=\n";
  const std::string file =
      text +
      "\n\u2014 witness.example/w1 IDJKvgAAAABlU/"
      "EAeLqgMu2JDllBLvsl0g8FLqwAFX5ajjcdTq6KlrJC+WHsYOafIpsbCTI3LlH2qHJpzcaPkY/"
      "IBymnGaima5B/AQ==\n";
  const auto key =
      ReadVerifierKey("witness.example/w1+20324abe+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X");
  ASSERT_TRUE(key) << key.error().message;
  const auto note = ReadNote(file);
  ASSERT_TRUE(note) << note.error().message;
  ASSERT_TRUE(IsBy(note->signatures[0], *key));
  std::uint64_t time = 0;
  EXPECT_TRUE(IsGood(note->signatures[0], *key, note->text, &time));
  EXPECT_EQ(time, 1'700'000'000U);
  EXPECT_FALSE(IsGood(note->signatures[0], *key, note->text + "x", &time));
}

}  // namespace
}  // namespace trucewatch::audit
