// SPDX-License-Identifier: Apache-2.0
// The parties' ledger, made from the officers': what leaves the mission, and when.
#include <algorithm>
#include <cstdio>

#include "core/storage/storage.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/ledger_entries.h"
#include "tools/trucewatch/party_release.h"
#include "tools/trucewatch/salt_key_file.h"

namespace trucewatch::tools {
namespace {

Result<Instant> AsOf(const PartyRelease& release, const ReleaseCommand& command) {
  if (command.as_of.empty()) return command.ended ? release.all_shown() : release.newest();
  TW_ASSIGN_OR_RETURN(const Instant as_of, ParseUtc(command.as_of));
  // What comes later could still belong into a window that had been given.
  if (as_of > release.newest() && !command.ended)
    return Fail(ErrorCode::kUsage,
                "--as-of {}: the ledger's newest entry is of {}; a later time needs --ended",
                command.as_of, FormatUtc(release.newest()));
  return as_of;
}

}  // namespace

Result<int> RunRelease(const ReleaseCommand& command) {
  const auto storage = MakePosixStorage();
  if (command.new_salts) {
    // Never overwritten: without the old one nothing that was committed can be opened.
    TW_RETURN_IF_ERROR(WriteSaltKey(command.salts));
  }
  TW_ASSIGN_OR_RETURN(const LedgerEntries officers,
                      LedgerEntries::Open(*storage, command.run + "/ledger"));
  TW_ASSIGN_OR_RETURN(const auto release,
                      PartyRelease::Open(*storage, {.directory = command.out,
                                                    .key_file = command.key,
                                                    .salt_file = command.salts,
                                                    .officers_origin = officers.origin()}));
  TW_RETURN_IF_ERROR(
      officers.ForEach([&](std::uint64_t, std::string_view leaf) { return release->Add(leaf); }));
  TW_ASSIGN_OR_RETURN(const Instant as_of, AsOf(*release, command));
  const std::uint64_t before = release->ledger_size();
  TW_RETURN_IF_ERROR(release->Release(as_of));
  const std::vector<std::string>& leaves = release->leaves();
  if (release->ledger_size() > leaves.size())
    return Fail(ErrorCode::kCheckFailed,
                "{}/ledger: holds {} entries already, more than may be shown by now", command.out,
                release->ledger_size());
  const auto statements = std::count_if(leaves.begin(), leaves.end(), [](const std::string& leaf) {
    const auto parsed = evidence::ParsePartyLeaf(leaf);
    return parsed && parsed->kind == evidence::PartyLeafKind::kStatement;
  });
  std::printf("%s: %llu entries, %llu of them new; %lld statements both parties may read\n",
              command.out.c_str(), static_cast<unsigned long long>(leaves.size()),
              static_cast<unsigned long long>(leaves.size() - before),
              static_cast<long long>(statements));
  return 0;
}

}  // namespace trucewatch::tools
