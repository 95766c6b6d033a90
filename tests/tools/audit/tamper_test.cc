// SPDX-License-Identifier: Apache-2.0
#include <random>

#include "evidence/ledger/merkle.h"
#include "evidence/ledger/tiles.h"
#include "tests/tools/audit/audited_ledger.h"
#include "tools/audit/audit.h"

namespace trucewatch::audit {
namespace {

class TamperTest : public AuditedLedger {
 protected:
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& item : std::filesystem::recursive_directory_iterator(path())) {
      if (item.is_regular_file()) names.push_back(item.path().lexically_relative(path()).string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
};

// The promise of the ledger, byte for byte: 40 entries, four sizes, partial tiles and bundles
// included.
TEST_F(TamperTest, EveryFlippedByteIsFoundAndNamed) {
  Publish(et::MissionLeaves(40), {3, 11, 40});
  const AuditOptions options = Options();
  ASSERT_TRUE(AuditLedger(options));
  std::mt19937_64 random(1);
  int flips = 0;
  int missed = 0;
  int unnamed = 0;
  for (const std::string& name : Names()) {
    const std::string bytes = ReadText(File(name));
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      PutByte(File(name), i, static_cast<char>(bytes[i] ^ (1U << (random() % 8))));
      const auto report = AuditLedger(options);
      PutByte(File(name), i, bytes[i]);
      ++flips;
      missed += report ? 1 : 0;
      if (report) ADD_FAILURE() << name << " byte " << i << " was not noticed";
      const std::string what = report ? "" : report.error().message;
      const bool named = what.find("entry ") != what.npos || what.find("tile/0/") != what.npos ||
                         (what.starts_with("checkpoint: line ") && name == "checkpoint");
      unnamed += named ? 0 : 1;
      // Where a file is to blame, it is the one that was changed.
      if (name != "checkpoint") {
        EXPECT_EQ(what.find(name + ": "), 0U) << name << ": " << what;
      }
      if (report || report.error().code != ErrorCode::kCheckFailed) ++missed;
    }
    ASSERT_EQ(ReadText(File(name)), bytes);
  }
  EXPECT_EQ(missed, 0);
  EXPECT_EQ(unnamed, 0);
  EXPECT_GT(flips, 3900);
  std::printf("flipped bytes: %d, missed: %d\n", flips, missed);
  EXPECT_TRUE(AuditLedger(Options()));
}

TEST_F(TamperTest, EveryTruncatedOrGrownFileIsFound) {
  Publish(et::MissionLeaves(12), {5, 12});
  for (const std::string& name : Names()) {
    const std::string bytes = ReadText(File(name));
    for (std::size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 61) {
      WriteText(File(name), bytes.substr(0, size));
      EXPECT_FALSE(AuditLedger(Options())) << name << " cut to " << size;
    }
    WriteText(File(name), bytes + bytes.back());
    EXPECT_FALSE(AuditLedger(Options())) << name << " grown";
    WriteText(File(name), bytes);
  }
}

// Who can write the whole folder but has no key: entry and tiles are changed so that they fit one
// another.
TEST_F(TamperTest, AConsistentRewriteWithoutTheKeyIsFound) {
  auto leaves = et::MissionLeaves(12);
  Publish(leaves, {12});
  for (const char* attack : {"edit", "swap", "delete", "repeat"}) {
    auto changed = leaves;
    if (attack == std::string("edit")) changed[7] = changed[8];
    if (attack == std::string("swap")) std::swap(changed[3], changed[4]);
    if (attack == std::string("delete")) changed.erase(changed.begin() + 5);
    if (attack == std::string("repeat")) changed.insert(changed.begin() + 5, changed[5]);
    changed.resize(12, changed[0]);
    std::string bundle;
    std::vector<Digest> hashes;
    for (const std::string& leaf : changed) {
      evidence::AppendEntry(bundle, leaf);
      hashes.push_back(evidence::LeafHash(AsBytes(leaf)));
    }
    WriteText(File("tile/entries/000.p/12"), bundle);
    WriteText(File("tile/0/000.p/12"), evidence::JoinHashes(hashes));
    ExpectRefused("checkpoint line 3: root");
  }
}

TEST_F(TamperTest, EditedSwappedAndDeletedEntriesAreNamed) {
  auto leaves = et::MissionLeaves(12);
  Publish(leaves, {12});
  const auto write = [&](const std::vector<std::string>& entries) {
    std::string bundle;
    for (const std::string& leaf : entries) evidence::AppendEntry(bundle, leaf);
    WriteText(File("tile/entries/000.p/12"), bundle);
  };
  auto changed = leaves;
  changed[7] = changed[8];
  write(changed);
  ExpectRefused("tile/entries/000.p/12: entry 7");
  changed = leaves;
  std::swap(changed[3], changed[4]);
  write(changed);
  ExpectRefused("tile/entries/000.p/12: entry 3");
  changed = leaves;
  changed.erase(changed.begin() + 5);
  write(changed);
  ExpectRefused("tile/entries/000.p/12: entry 5");
  changed = leaves;
  changed.pop_back();
  write(changed);
  ExpectRefused("tile/entries/000.p/12: entry 11");
  changed = leaves;
  changed.push_back(leaves[0]);
  write(changed);
  ExpectRefused("tile/entries/000.p/12: entry 11");
}

TEST_F(TamperTest, RandomMutationsOfAFullTileLedgerAreAllFound) {
  Publish(et::MissionLeaves(300), {101, 300});
  const auto names = Names();
  std::mt19937_64 random(7);
  for (int trial = 0; trial < 200; ++trial) {
    const std::string& name = names[random() % names.size()];
    const std::string bytes = ReadText(File(name));
    std::string changed = bytes;
    const std::size_t at = random() % bytes.size();
    const std::size_t length = std::min<std::size_t>(1 + random() % 40, bytes.size() - at);
    switch (random() % 3) {
      case 0:
        changed.erase(at, length);
        break;
      case 1:
        changed.insert(at, bytes.substr(random() % (bytes.size() - length + 1), length));
        break;
      default:
        changed[at] = static_cast<char>(changed[at] ^ (1U << (random() % 8)));
    }
    if (changed == bytes) continue;
    WriteText(File(name), changed);
    EXPECT_FALSE(AuditLedger(Options())) << name << " trial " << trial;
    WriteText(File(name), bytes);
  }
}

}  // namespace
}  // namespace trucewatch::audit
