// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/coverage_follower.h"

#include "verify/coverage/archive/coverage_archive.h"

namespace trucewatch::tools {
namespace {

constexpr Duration kCoveragePoll = Duration::Millis(200);
constexpr std::uint64_t kCoverageBatchBytes = 8 << 20;

}  // namespace

Result<void> FollowCoverage(Storage& storage, LogReader& verify, const std::string& directory,
                            std::stop_token stop) {
  TW_ASSIGN_OR_RETURN(const auto archive, CoverageArchive::Open(storage, directory));
  std::uint64_t read = archive->last();
  while (!stop.stop_requested()) {
    const auto batch = verify.ReadAfter(read, kCoverageBatchBytes, kCoveragePoll);
    if (!batch)
      return Fail(batch.error().code,
                  "{}; the archive {} holds records up to {}: remove the folder if it is of "
                  "another run, and it is made again",
                  batch.error().message, directory, archive->last());
    for (const LogRecord& record : batch->records) {
      TW_RETURN_IF_ERROR(archive->Add(record.sequence, record.payload));
      read = record.sequence;
    }
    TW_RETURN_IF_ERROR(archive->Sync());
    if (batch->closed && batch->last == read) return {};
  }
  return {};
}

}  // namespace trucewatch::tools
