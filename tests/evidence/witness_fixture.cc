// SPDX-License-Identifier: Apache-2.0
#include "tests/evidence/witness_fixture.h"

#include "core/base/check.h"
#include "tests/evidence/ledger_fixture.h"

namespace trucewatch::evidence::testing {

LogKey WitnessKey(int number) {
  return *LogKey::Make("witness.example/w" + std::to_string(number),
                       CountingSeed(static_cast<std::uint8_t>(100 + number)), kNoteCosignature);
}

MerkleTree NumberedTree(int leaves, const std::string& what) {
  MerkleTree tree;
  for (int i = 0; i < leaves; ++i) tree.Append(LeafHash(AsBytes(what + std::to_string(i))));
  return tree;
}

std::string SignedCheckpoint(const MerkleTree& tree, std::uint64_t size, const LogKey& key) {
  const std::string text = FormatCheckpoint({key.name(), size, tree.Root(size)});
  return FormatNote({text, {key.Sign(text)}});
}

std::string AddBody(const MerkleTree& tree, std::uint64_t old_size, std::uint64_t size,
                    const LogKey& key) {
  return FormatAddCheckpoint(
      {old_size, tree.ConsistencyProof(old_size, size), SignedCheckpoint(tree, size, key)});
}

TestWitnesses::TestWitnesses(int count, std::vector<NoteKey> logs) : logs_(std::move(logs)) {
  for (int i = 0; i < count; ++i) {
    disks_.push_back(std::make_unique<FaultyStorage>());
    TW_CHECK(WriteFileAtomically(disk(i), "/w/key", AsBytes(WitnessKey(i).Format())));
    witnesses_.emplace_back();
    Reopen(i);
  }
}

void TestWitnesses::Reopen(int i) {
  auto opened = Witness::Open(disk(i), clock, {"/w/key", logs_, "/w/state"});
  TW_CHECK(opened);
  witnesses_[static_cast<std::size_t>(i)] = std::move(*opened);
}

std::string TestWitnesses::PolicyLines() const {
  std::string lines;
  for (std::size_t i = 0; i < witnesses_.size(); ++i) {
    lines += fmt::format("witness w{0} {1} w{0}\n", i, FormatVkey(witnesses_[i]->public_key()));
  }
  return lines;
}

std::vector<Result<WitnessReply>> TestWitnesses::Ask(const std::vector<WitnessCall>& calls) {
  std::vector<Result<WitnessReply>> replies;
  for (const WitnessCall& call : calls) {
    ++asked_;
    const auto pretended = pretended_.find(call.url);
    if (pretended != pretended_.end()) {
      if (pretended->second.status == 0) {
        replies.push_back(Fail(ErrorCode::kTimeout, "no answer within the time"));
      } else {
        replies.push_back(pretended->second);
      }
      continue;
    }
    const int i = std::stoi(call.url.substr(1));
    replies.push_back(call.body.empty() ? witness(i).Get(call.path)
                                        : witness(i).AddCheckpoint(call.body));
  }
  return replies;
}

}  // namespace trucewatch::evidence::testing
