// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/storage/faulty_storage.h"
#include "core/time/clock.h"
#include "evidence/ledger/merkle.h"
#include "evidence/witness/witness.h"
#include "evidence/witness/witness_link.h"

namespace trucewatch::evidence::testing {

// Key of a witness; `number` tells several apart.
LogKey WitnessKey(int number = 0);

// A tree of the leaves "<what>0", "<what>1", ...
MerkleTree NumberedTree(int leaves, const std::string& what = "leaf");

// A checkpoint of a tree, signed by the log's key.
std::string SignedCheckpoint(const MerkleTree& tree, std::uint64_t size, const LogKey& key);

// A well-formed request: from old_size to size.
std::string AddBody(const MerkleTree& tree, std::uint64_t old_size, std::uint64_t size,
                    const LogKey& key);

// Witnesses in this process, each on its own disk; reached by "w0", "w1", ...
class TestWitnesses final : public WitnessLink {
 public:
  explicit TestWitnesses(int count, std::vector<NoteKey> logs);
  std::vector<Result<WitnessReply>> Ask(const std::vector<WitnessCall>& calls) override;

  Witness& witness(int i) { return *witnesses_[static_cast<std::size_t>(i)]; }
  FaultyStorage& disk(int i) { return *disks_[static_cast<std::size_t>(i)]; }
  void Reopen(int i);
  // Instead of the witness's own answers, until cleared. Status 0: silence.
  void Pretend(int i, WitnessReply reply) { pretended_["w" + std::to_string(i)] = reply; }
  void StopPretending(int i) { pretended_.erase("w" + std::to_string(i)); }
  // "witness w0 <vkey> w0" and so on, for a policy.
  std::string PolicyLines() const;
  int asked() const { return asked_; }

  ManualClock clock{Instant::FromMicros(1'700'000'000'000'000)};

 private:
  std::vector<NoteKey> logs_;
  std::vector<std::unique_ptr<FaultyStorage>> disks_;
  std::vector<std::unique_ptr<Witness>> witnesses_;
  std::map<std::string, WitnessReply> pretended_;
  int asked_ = 0;
};

}  // namespace trucewatch::evidence::testing
