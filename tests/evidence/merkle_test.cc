// SPDX-License-Identifier: Apache-2.0
#include "evidence/ledger/merkle.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <regex>
#include <sstream>

#include "core/crypto/sha256.h"
#include "tests/support/shared_data.h"

namespace trucewatch::evidence {
namespace {

std::string Unhex(const std::string& hex) { return *HexDecode(hex); }

// Some vectors write "don't care" instead of a hash: another hash stands for it, the same for the
// same text.
Digest DigestOf(const std::string& raw) {
  Digest digest = Sha256("stands for " + raw);
  if (raw.size() == digest.size()) std::copy(raw.begin(), raw.end(), digest.begin());
  return digest;
}

// The eight leaves that every implementation of RFC 6962 is tested with.
MerkleTree ClassicTree() {
  MerkleTree tree;
  for (const char* leaf : {"", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                           "606162636465666768696a6b6c6d6e6f"}) {
    tree.Append(LeafHash(AsBytes(Unhex(leaf))));
  }
  return tree;
}

std::vector<std::string> Hex(const std::vector<Digest>& hashes) {
  std::vector<std::string> out;
  for (const Digest& hash : hashes) out.push_back(HexEncode(hash));
  return out;
}

// MTH of RFC 9162 section 2.1.1 from its definition, as the reference.
Digest ReferenceRoot(const std::vector<Digest>& leaves, std::size_t begin, std::size_t end) {
  if (begin == end) return Sha256(std::string_view());
  if (end - begin == 1) return leaves[begin];
  std::size_t k = 1;
  while (k * 2 < end - begin) k *= 2;
  return NodeHash(ReferenceRoot(leaves, begin, begin + k), ReferenceRoot(leaves, begin + k, end));
}

TEST(Merkle, ClassicRootsOfZeroToEightLeaves) {
  const char* const roots[] = {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                               "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                               "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                               "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                               "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                               "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                               "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                               "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                               "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  const MerkleTree tree = ClassicTree();
  for (std::uint64_t size = 0; size <= 8; ++size) {
    EXPECT_EQ(HexEncode(tree.Root(size)), roots[size]) << size;
  }
}

TEST(Merkle, ClassicProofs) {
  const MerkleTree tree = ClassicTree();
  const std::vector<std::string> inclusion_0_8 = {
      "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"};
  EXPECT_EQ(Hex(tree.InclusionProof(0, 8)), inclusion_0_8);
  EXPECT_EQ(Hex(tree.InclusionProof(5, 8)),
            (std::vector<std::string>{
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}));
  EXPECT_EQ(Hex(tree.ConsistencyProof(1, 8)), inclusion_0_8);
  EXPECT_EQ(Hex(tree.ConsistencyProof(6, 8)),
            (std::vector<std::string>{
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}));
  EXPECT_EQ(Hex(tree.ConsistencyProof(2, 5)),
            (std::vector<std::string>{
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}));
}

TEST(Merkle, ClassicLeafAndNodeHash) {
  EXPECT_EQ(HexEncode(LeafHash(AsBytes("L123456"))),
            "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
  std::string node("\x01", 1);
  EXPECT_EQ(HexEncode(Sha256(node + "N123" + "N456")),
            "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb");
  const Digest left = Sha256(std::string_view("left"));
  const Digest right = Sha256(std::string_view("right"));
  node.append(AsText(left)).append(AsText(right));
  EXPECT_EQ(NodeHash(left, right), Sha256(node));
}

TEST(Merkle, EveryRootAndProofUpTo130LeavesHoldsAndNoneWithAFlippedBit) {
  MerkleTree tree;
  std::vector<Digest> leaves;
  for (std::uint64_t i = 0; i < 130; ++i) {
    leaves.push_back(LeafHash(AsBytes("leaf " + std::to_string(i))));
    tree.Append(leaves.back());
  }
  std::mt19937_64 random(1);
  for (std::uint64_t n = 1; n <= leaves.size(); ++n) {
    ASSERT_EQ(tree.Root(n), ReferenceRoot(leaves, 0, n)) << n;
    for (std::uint64_t m = 0; m <= n; ++m) {
      ConsistencyClaim claim{m, n, tree.Root(m), tree.Root(n)};
      auto proof = tree.ConsistencyProof(m, n);
      ASSERT_EQ(VerifyConsistency(claim, proof), m > 0) << m << " " << n;
      if (!proof.empty()) {
        proof[random() % proof.size()][random() % 32] ^= 1;
        EXPECT_FALSE(VerifyConsistency(claim, proof)) << m << " " << n;
      }
      if (m == n) continue;
      const InclusionClaim leaf{m, n, leaves[m], tree.Root(n)};
      auto path = tree.InclusionProof(m, n);
      ASSERT_TRUE(VerifyInclusion(leaf, path)) << m << " " << n;
      path.push_back(Digest{});
      EXPECT_FALSE(VerifyInclusion(leaf, path)) << m << " " << n;
    }
  }
}

// The public vectors are flat JSON objects; this reads just that much of it.
class Vector {
 public:
  explicit Vector(const std::filesystem::path& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    text_ = text.str();
  }
  std::uint64_t Number(const std::string& key) const { return std::stoull(Find(key, "([0-9]+)")); }
  bool Flag(const std::string& key) const { return Find(key, "(true|false)") == "true"; }
  std::string Base64(const std::string& key) const { return *Base64Decode(Find(key, "\"(.*?)\"")); }
  bool Has(const std::string& key) const { return text_.find("\"" + key + "\"") != text_.npos; }
  std::vector<std::string> Proof() const {
    std::vector<std::string> proof;
    if (text_.find("\"proof\": null") != text_.npos) return proof;
    std::smatch list;
    if (!std::regex_search(text_, list, std::regex("\"proof\": *\\[([^\\]]*)\\]"))) {
      ADD_FAILURE() << "no proof in " << text_;
    }
    const std::string items = list[1];
    const std::regex item("\"([^\"]*)\"");
    for (std::sregex_iterator it(items.begin(), items.end(), item), end; it != end; ++it) {
      proof.push_back(*Base64Decode((*it)[1].str()));
    }
    return proof;
  }

 private:
  std::string Find(const std::string& key, const std::string& value) const {
    std::smatch match;
    if (!std::regex_search(text_, match, std::regex("\"" + key + "\": *" + value))) {
      ADD_FAILURE() << key << " missing in " << text_;
      return "0";
    }
    return match[1];
  }
  std::string text_;
};

std::vector<Digest> Digests(const std::vector<std::string>& raw) {
  std::vector<Digest> out;
  for (const std::string& hash : raw) out.push_back(DigestOf(hash));
  return out;
}

TEST(Merkle, PublicVectorsGiveTheWantedVerdict) {
  TW_SHARED_DATA_OR_SKIP(folder, "merkle");
  std::map<std::string, int> seen;
  for (const auto& item : std::filesystem::recursive_directory_iterator(folder)) {
    if (item.path().extension() != ".json") continue;
    const Vector vector(item.path());
    const bool inclusion = vector.Has("leafIdx");
    const auto proof = Digests(vector.Proof());
    bool good = false;
    if (inclusion) {
      const std::string leaf = vector.Base64("leafHash");
      const std::string root = vector.Base64("root");
      // What is no SHA-256 cannot be given to VerifyInclusion at all.
      good = leaf.size() == 32 && root.size() == 32 &&
             VerifyInclusion({vector.Number("leafIdx"), vector.Number("treeSize"), DigestOf(leaf),
                              DigestOf(root)},
                             proof);
    } else {
      good = VerifyConsistency({vector.Number("size1"), vector.Number("size2"),
                                DigestOf(vector.Base64("root1")), DigestOf(vector.Base64("root2"))},
                               proof);
    }
    EXPECT_EQ(good, !vector.Flag("wantErr")) << item.path();
    ++seen[inclusion ? "inclusion" : "consistency"];
  }
  EXPECT_EQ(seen["inclusion"], 98);
  EXPECT_EQ(seen["consistency"], 98);
}

}  // namespace
}  // namespace trucewatch::evidence
