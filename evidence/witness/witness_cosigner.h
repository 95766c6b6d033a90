// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "evidence/ledger/checkpoint.h"
#include "evidence/ledger/checkpoint_cosigner.h"
#include "evidence/witness/policy.h"
#include "evidence/witness/witness_link.h"

namespace trucewatch::evidence {

struct WitnessCosignerOptions {
  NoteKey log_key;       // that signs now; its name is the origin
  WitnessPolicy policy;  // its log lines of this origin are former keys of the log
};

// The log's side of tlog-witness: asks every witness of the policy that has a url, all at once and
// each one time. Only the policy's quorum is waited for; whoever is not needed for it, a party
// above all, can neither delay nor stop publication, and what he answers is put on record. The one
// thing that stops the log is proof: a checkpoint with our own signature that our tree does not
// contain, which means that the disk was restored, or that another process signs with this key.
class WitnessCosigner final : public CheckpointCosigner {
 public:
  // `link` outlives it.
  WitnessCosigner(WitnessCosignerOptions options, WitnessLink& link);

  Result<std::optional<std::vector<std::string>>> AskWhatTheyHold(const MerkleTree& tree) override;
  Result<std::optional<std::string>> Cosign(const std::string& signed_note,
                                            const MerkleTree& tree) override;
  std::string waiting_for() const override { return waiting_for_; }
  std::vector<std::string> TakeStatements() override { return std::exchange(statements_, {}); }

 private:
  enum class Manner { kCosigns, kRefuses, kSilent };
  struct Asked {
    std::uint64_t held = 0;  // what we believe it has cosigned last
    Manner manner = Manner::kCosigns;
  };
  // The checkpoint that is being cosigned.
  struct Pending {
    std::string text;
    Checkpoint checkpoint;
    std::map<std::string, NoteSignature> lines;  // by witness
  };
  struct Round {
    std::vector<std::string> names;
    std::vector<WitnessCall> calls;
  };

  std::vector<std::string> NamesWithUrl() const;
  Round AskToCosign(const std::vector<std::string>& names, const std::string& signed_note,
                    const MerkleTree& tree) const;
  // Whether the witness is to be asked once more, from the size it says that it holds; `in_doubt`
  // gets who must show what it holds.
  bool TakeReply(const std::string& name, const Result<WitnessReply>& reply,
                 std::set<std::string>* in_doubt);
  bool TakeCosignature(const std::string& name, const std::string& body);
  // Asks these for their latest checkpoint and compares; gives those that our key signed.
  Result<std::map<std::string, std::string>> FetchHeld(const std::vector<std::string>& names,
                                                       const MerkleTree& tree,
                                                       std::set<std::string>* answered);
  void Note(const std::string& name, Manner manner, const std::string& why);
  std::string Waiting(const std::set<std::string>& have, const char* what) const;

  const WitnessCosignerOptions options_;
  std::vector<NoteKey> log_keys_;
  WitnessLink& link_;
  std::map<std::string, Asked> asked_;  // by witness
  Pending pending_;
  std::string waiting_for_;
  std::vector<std::string> statements_;
};

}  // namespace trucewatch::evidence
