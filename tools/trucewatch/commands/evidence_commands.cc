// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstdio>

#include "core/config/text_config.h"
#include "core/storage/storage.h"
#include "evidence/signer/run_signer.h"
#include "tools/audit/audit.h"
#include "tools/audit/bundle.h"
#include "tools/audit/proof.h"
#include "tools/audit/timestamps.h"
#include "tools/trucewatch/commands/audit_bundle_command.h"
#include "tools/trucewatch/commands/commands.h"

namespace trucewatch::tools {

namespace {

Result<int> RunProofAudit(const AuditCommand& command) {
  const std::unique_ptr<Storage> storage = MakePosixStorage();
  audit::ProofOptions options;
  TW_ASSIGN_OR_RETURN(options.policy, ReadTextFile(command.policy));
  TW_ASSIGN_OR_RETURN(options.proof, ReadTextFile(command.proof));
  TW_ASSIGN_OR_RETURN(options.leaf, ReadWholeFile(*storage, command.leaf, 65535));
  TW_ASSIGN_OR_RETURN(const audit::ProofReport report, audit::AuditProof(options));
  std::fputs(audit::FormatProofReport(report).c_str(), stdout);
  std::printf("verdict: good; the leaf is entry %llu of the ledger\n",
              static_cast<unsigned long long>(report.index));
  return 0;
}

}  // namespace

Result<int> RunAuditBundle(const AuditBundleCommand& command) {
  audit::BundleOptions options;
  options.folder = command.folder;
  TW_ASSIGN_OR_RETURN(options.policy, ReadTextFile(command.policy));
  TW_ASSIGN_OR_RETURN(options.signers, ReadTextFile(command.signer));
  if (!command.ca.empty()) {
    TW_ASSIGN_OR_RETURN(options.ca_pem, ReadTextFile(command.ca));
  }
  TW_ASSIGN_OR_RETURN(const audit::BundleReport report, audit::AuditBundle(options));
  std::fputs(audit::FormatBundleReport(report).c_str(), stdout);
  std::printf(
      "verdict: good; all that the officer signed is there and unchanged, and its statements are "
      "in the ledger\n");
  return 0;
}

Result<int> RunAudit(const AuditCommand& command) {
  if (!command.proof.empty()) return RunProofAudit(command);
  if (command.ledger.empty()) {
    return Fail(ErrorCode::kUsage,
                "a ledger folder, or --proof and --leaf, or --bundle and --signer, expected");
  }
  audit::AuditOptions options;
  options.ledger = command.ledger;
  TW_ASSIGN_OR_RETURN(options.policy, ReadTextFile(command.policy));
  if (!command.seen.empty()) {
    TW_ASSIGN_OR_RETURN(options.seen, ReadTextFile(command.seen));
  }
  std::vector<audit::StampedCheckpoint> stamps;
  if (!command.timestamps.empty()) {
    TW_ASSIGN_OR_RETURN(const std::string ca, ReadTextFile(command.ca));
    TW_ASSIGN_OR_RETURN(stamps, audit::CheckTimestamps(command.timestamps, ca));
    for (const audit::StampedCheckpoint& one : stamps)
      options.stamped[fmt::format("{}.checkpoint", one.size)] = one.checkpoint;
  }
  TW_ASSIGN_OR_RETURN(const audit::AuditReport report, audit::AuditLedger(options));
  std::fputs(audit::FormatReport(report).c_str(), stdout);
  for (const audit::StampedCheckpoint& one : stamps)
    std::fputs(audit::FormatStamp(one.size, one.stamp).c_str(), stdout);
  std::printf("verdict: good; every byte the checkpoint commits to is there and unchanged\n");
  return 0;
}

Result<int> RunSignerCommand(const SignerCommand& command) {
  const std::unique_ptr<Storage> storage = MakePosixStorage();
  TW_RETURN_IF_ERROR(evidence::RunSigner(*storage,
                                         {.key_file = command.key,
                                          .state_file = command.state,
                                          .origin = command.origin,
                                          .asks_witnesses = command.asks_witnesses},
                                         STDIN_FILENO, STDOUT_FILENO));
  return 0;
}

}  // namespace trucewatch::tools
