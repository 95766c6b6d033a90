// SPDX-License-Identifier: Apache-2.0
#include "tools/audit/proof.h"

#include "evidence/ledger/merkle.h"
#include "evidence/ledger/proof_file.h"
#include "tests/tools/audit/audited_ledger.h"
#include "tools/audit/hash_tree.h"

namespace trucewatch::audit {
namespace {

// The writer's proofs against the auditor's own reading of RFC 9162, each entry of each tree.
TEST(Proof, EveryEntryOfEveryTreeUpTo70GivesTheRootByItsPathAloneAndAtItsIndexAlone) {
  evidence::MerkleTree tree;
  std::vector<Digest> leaves;
  for (std::uint64_t size = 1; size <= 70; ++size) {
    leaves.push_back(HashEntry(AsBytes(std::to_string(size))));
    tree.Append(leaves.back());
    const Digest root = HashTree(leaves);
    for (std::uint64_t index = 0; index < size; ++index) {
      auto path = tree.InclusionProof(index, size);
      ASSERT_EQ(RootByPath(leaves[index], index, size, path), root) << index << " of " << size;
      if (size > 1) {
        ASSERT_NE(RootByPath(leaves[index], (index + 1) % size, size, path), root);
      }
      path.push_back(root);
      ASSERT_NE(RootByPath(leaves[index], index, size, path), root);
    }
  }
  EXPECT_EQ(RootByPath(leaves[0], 70, 70, {}), std::nullopt);
  EXPECT_EQ(RootByPath(leaves[0], 0, 0, {}), std::nullopt);
}

class ProofFile : public AuditedLedger {};

TEST_F(ProofFile, IsReadBesideItsLeafAndSaysWhereItStands) {
  const auto leaves = et::MissionLeaves(31);
  Publish(leaves, {31});
  evidence::MerkleTree tree;
  for (const std::string& leaf : leaves) tree.Append(evidence::LeafHash(AsBytes(leaf)));
  ProofOptions options{.proof = evidence::FormatProofFile(30, tree.InclusionProof(30, 31),
                                                          ReadText(File("checkpoint"))),
                       .leaf = leaves[30],
                       .policy = Options().policy};
  const auto report = AuditProof(options);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->index, 30U);
  EXPECT_EQ(report->ledger.size, 31U);
  ASSERT_EQ(report->ledger.events.size(), 1U);
  EXPECT_EQ(report->ledger.events[0].ledger_index, 30U);
  const std::string text = FormatProofReport(*report);
  EXPECT_NE(text.find("latest known: size 31"), text.npos);
  EXPECT_NE(text.find("entry 30: "), text.npos);
  EXPECT_EQ(text.find("files checked"), text.npos);
  options.leaf = leaves[29];
  const auto other = AuditProof(options);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kCheckFailed);
  EXPECT_NE(other.error().message.find("is not entry 30"), std::string::npos);
}

}  // namespace
}  // namespace trucewatch::audit
