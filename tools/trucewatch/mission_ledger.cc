// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/mission_ledger.h"

#include <algorithm>

#include "core/config/text_config.h"
#include "evidence/key_leaves.h"

namespace trucewatch::tools {
namespace {

// Nothing when the config names none: no witness is asked.
Result<std::optional<evidence::WitnessPolicy>> ReadWitnessPolicy(const MissionFile& mission,
                                                                 const NoteKey& key) {
  const std::string& file = mission.config.evidence().policy_file();
  if (file.empty()) return std::nullopt;
  const std::string path = mission.Resolve(file);
  TW_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  auto policy = evidence::ParseWitnessPolicy(text);
  if (!policy) return Prefix(path, policy.error());
  if (std::none_of(policy->logs.begin(), policy->logs.end(), [&](const NoteKey& log) {
        return log.name == key.name && log.id() == key.id();
      })) {
    return Fail(ErrorCode::kBadInput, "{}: does not name this log: 'log {}' expected", path,
                FormatVkey(key));
  }
  return std::optional(std::move(*policy));
}

Result<NoteKey> ReadLogVkey(const MissionFile& mission) {
  const auto& config = mission.config.evidence();
  const std::string key_file = mission.Resolve(config.log_key_file());
  auto vkey = ReadTextFile(key_file + ".vkey");
  if (!vkey) {
    return Fail(vkey.error().code, "{}; make the log's key with: trucewatch keygen {} --out {}",
                vkey.error().message, config.ledger_origin(), key_file);
  }
  while (!vkey->empty() && vkey->back() == '\n') vkey->pop_back();
  TW_ASSIGN_OR_RETURN(const NoteKey key, ParseVkey(*vkey));
  if (key.name != config.ledger_origin()) {
    return Fail(ErrorCode::kBadInput,
                "{}.vkey: is the key of '{}'; expected '{}' (evidence.ledger_origin)", key_file,
                key.name, config.ledger_origin());
  }
  return key;
}

}  // namespace

Result<std::unique_ptr<MissionLedger>> MissionLedger::Open(const MissionFile& mission,
                                                           MissionLedgerOptions options,
                                                           Storage& storage, Journal& leaves,
                                                           const OpenLog& open_log) {
  const auto& config = mission.config.evidence();
  TW_ASSIGN_OR_RETURN(const NoteKey key, ReadLogVkey(mission));
  TW_ASSIGN_OR_RETURN(std::optional<evidence::WitnessPolicy> policy,
                      ReadWitnessPolicy(mission, key));
  std::unique_ptr<MissionLedger> out(new MissionLedger());
  evidence::LedgerOptions ledger{.directory = options.ledger_directory, .log_key = key};
  if (policy) ledger.former_keys = evidence::FormerKeys(*policy, key);
  Instant newest = mission.start();
  if (options.keys) {
    TW_ASSIGN_OR_RETURN(
        newest, evidence::FollowKeyLeaves(leaves, UINT64_MAX, mission.start(), *options.keys));
    const auto counts = options.keys->Admit(key, kRoleLog, newest, newest);
    if (!counts) {
      return Fail(counts.error().code,
                  "{}: {}; put the key that follows it there, with its .vkey, and start again",
                  mission.Resolve(config.log_key_file()), counts.error().message);
    }
    // What is there was signed by them, and is good.
    for (const NoteKey& former : options.keys->KeysOf(kRoleLog)) {
      if (former.public_key != key.public_key) ledger.former_keys.push_back(former);
    }
  }
  TW_ASSIGN_OR_RETURN(out->ledger_, evidence::Ledger::Open(storage, ledger));
  evidence::SignerProcessOptions signer{.argv = {options.signer_program, "signer", "--key",
                                                 mission.Resolve(config.log_key_file()), "--state",
                                                 options.state_directory + "/signer.state",
                                                 "--origin", config.ledger_origin()}};
  if (policy) signer.argv.push_back("--asks-witnesses");
  out->signer_.emplace(std::move(signer));
  TW_ASSIGN_OR_RETURN(Journal * published, open_log("published"));
  out->publisher_.emplace(*out->ledger_, *out->signer_, leaves, *published);
  if (options.keys) out->publisher_->UseKeys(std::move(*options.keys), key, newest);
  if (policy) {
    out->witness_link_.emplace(Duration::FromSeconds(config.witness_timeout_s()));
    out->cosigner_.emplace(
        evidence::WitnessCosignerOptions{.log_key = key, .policy = std::move(*policy)},
        *out->witness_link_);
  }
  // Where operations once came into the ledger, they belong to it for good.
  TW_ASSIGN_OR_RETURN(const bool has_operations,
                      storage.Exists(options.state_directory + "/operations"));
  if (!out->cosigner_ && !has_operations && !options.with_operations) return out;
  TW_ASSIGN_OR_RETURN(Journal * operations, open_log("operations"));
  TW_RETURN_IF_ERROR(out->publisher_->UseCosigner(out->cosigner_ ? &*out->cosigner_ : nullptr,
                                                  {*operations, *operations}));
  return out;
}

}  // namespace trucewatch::tools
