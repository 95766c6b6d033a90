// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/ledger_entries.h"
#include "tools/trucewatch/output_file.h"

namespace trucewatch::tools {

Result<int> RunExportProof(const ExportProofCommand& command) {
  const std::unique_ptr<Storage> storage = MakePosixStorage();
  // A proof is only made of a ledger that holds: all of it is recomputed.
  TW_ASSIGN_OR_RETURN(const LedgerEntries ledger,
                      LedgerEntries::Open(*storage, command.run + "/ledger"));
  if (command.index >= ledger.size()) {
    return Fail(ErrorCode::kUsage, "entry {}: the ledger has {} entries, 0 to {}", command.index,
                ledger.size(), static_cast<std::int64_t>(ledger.size()) - 1);
  }
  std::string leaf;
  TW_RETURN_IF_ERROR(
      ledger.ForEach([&](std::uint64_t index, std::string_view bytes) -> Result<void> {
        if (index == command.index) leaf = bytes;
        return {};
      }));
  const std::string proof = ledger.ProofOf(command.index);
  TW_RETURN_IF_ERROR(WriteOutputFile(*storage, command.out, AsBytes(proof)));
  std::fprintf(stderr, "%s: entry %llu of %llu, %zu bytes\n", command.out.c_str(),
               static_cast<unsigned long long>(command.index),
               static_cast<unsigned long long>(ledger.size()), proof.size());
  if (!command.leaf.empty()) {
    TW_RETURN_IF_ERROR(WriteOutputFile(*storage, command.leaf, AsBytes(leaf)));
    std::fprintf(stderr, "%s: %zu bytes\n", command.leaf.c_str(), leaf.size());
  }
  return 0;
}

}  // namespace trucewatch::tools
