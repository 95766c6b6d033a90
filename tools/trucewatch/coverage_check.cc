// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/coverage_check.h"

#include <cstdio>
#include <map>

#include "core/crypto/sha256.h"
#include "tools/trucewatch/ledger_record.h"

namespace trucewatch::tools {
namespace {

// How the account's sentence names its record (verify).
constexpr std::string_view kRecordPhrase = "By cell: record with SHA-256 ";
constexpr std::size_t kMostNamed = 10;

std::string RecordDigest(const std::string& reason) {
  const std::size_t at = reason.find(kRecordPhrase);
  return at == std::string::npos ? "" : reason.substr(at + kRecordPhrase.size(), 64);
}

}  // namespace

Result<std::string> CoverageFolderOf(Storage& storage, const std::string& run) {
  for (const std::string folder : {"/coverage", "/state/coverage"}) {
    TW_ASSIGN_OR_RETURN(const bool exists, storage.Exists(run + folder + "/sealed"));
    if (exists) return run + folder;
  }
  return Fail(ErrorCode::kNotFound,
              "{}: no coverage archive (coverage/ or state/coverage/); it is written where the "
              "mission has verify {{ coverage {{ }} }}",
              run);
}

Result<int> CheckCoverage(Storage& storage, const std::string& run, const CoverageReader& reader) {
  TW_ASSIGN_OR_RETURN(const LedgerRecord ledger, ReadLedgerRecord(storage, run, std::nullopt));
  std::map<std::pair<std::string, Instant>, std::string> digests;
  for (const auto& [key, account] : ledger.record.coverage) {
    const std::string digest = RecordDigest(account.finding.reason);
    if (!digest.empty()) digests[key] = digest;
  }
  std::size_t periods = 0, wrong = 0;
  const auto named = [&](const std::string& what) {
    if (++wrong <= kMostNamed) std::fprintf(stderr, "%s\n", what.c_str());
  };
  for (std::size_t g = 0; g < reader.grids().size(); ++g) {
    const auto extent = reader.ExtentOf(g);
    if (!extent) continue;
    const auto check = [&](const PeriodCells& cells) -> Result<void> {
      ++periods;
      const auto found = digests.find({cells.zone, cells.start});
      const std::string digest = HexEncode(Sha256(EncodePeriodCells(cells)));
      const std::string which =
          fmt::format("zone '{}', period from {}", cells.zone, FormatUtc(cells.start));
      if (found == digests.end()) {
        named(which + ": the ledger has no account of these cells");
        return {};
      }
      if (found->second != digest)
        named(fmt::format("{}: the cells have SHA-256 {}, the ledger says {}", which, digest,
                          found->second));
      digests.erase(found);
      return {};
    };
    TW_RETURN_IF_ERROR(reader.EachPeriod(g, extent->start, extent->end, check));
  }
  for (const auto& [key, digest] : digests)
    named(fmt::format("zone '{}', period from {}: the archive does not have it", key.first,
                      FormatUtc(key.second)));
  if (wrong > 0) {
    std::fprintf(stderr, "%zu of %zu periods do not fit the ledger\n", wrong, periods);
    return 4;
  }
  std::printf("%zu periods, each as the ledger's account of it says (%s)\n", periods,
              ledger.ledger_path.c_str());
  return 0;
}

}  // namespace trucewatch::tools
