// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/config/mission_config.h"
#include "core/journal/journal.h"
#include "core/keys/key_book.h"
#include "core/storage/storage.h"
#include "evidence/ledger/ledger.h"
#include "evidence/ledger_publisher.h"
#include "evidence/signer/signer_process.h"
#include "evidence/witness/policy.h"
#include "evidence/witness/witness_cosigner.h"
#include "tools/trucewatch/http/witness_http.h"

namespace trucewatch::tools {

struct MissionLedgerOptions {
  std::string state_directory;
  std::string ledger_directory;
  std::string signer_program = "/proc/self/exe";
  bool with_operations = false;      // statements will be added to it
  std::optional<KeyBook> keys = {};  // as BeginKeyBook gives it; newer ones are in the leaves
};

// What writes into a mission's ledger: its files, the process that signs, the witnesses that are
// asked, and the publisher that has all of them.
class MissionLedger {
 public:
  using OpenLog = std::function<Result<Journal*>(const std::string& name)>;
  // Opens the logs "published" and, where needed, "operations" through `open_log`. Everything
  // passed outlives it. Fails when the key or the policy are not this mission's, with the fix.
  static Result<std::unique_ptr<MissionLedger>> Open(const MissionFile& mission,
                                                     MissionLedgerOptions options, Storage& storage,
                                                     Journal& leaves, const OpenLog& open_log);

  evidence::LedgerPublisher& publisher() { return *publisher_; }
  evidence::Ledger& ledger() { return *ledger_; }

 private:
  MissionLedger() = default;
  std::unique_ptr<evidence::Ledger> ledger_;
  std::optional<evidence::SignerProcess> signer_;
  std::optional<HttpWitnessLink> witness_link_;
  std::optional<evidence::WitnessCosigner> cosigner_;
  std::optional<evidence::LedgerPublisher> publisher_;
};

}  // namespace trucewatch::tools
