// SPDX-License-Identifier: Apache-2.0
#include "evidence/key_leaves.h"

#include <algorithm>

#include "evidence/leaf.h"

namespace trucewatch::evidence {

Result<Instant> FollowKeyLeaves(LogReader& leaves, std::uint64_t count, Instant start,
                                KeyBook& keys) {
  constexpr std::uint64_t kMaxBytes = 1024 * 1024;
  Instant newest = start;
  for (std::uint64_t after = 0; after < count;) {
    TW_ASSIGN_OR_RETURN(const LogBatch batch, leaves.ReadAfter(after, kMaxBytes, Duration()));
    if (batch.records.empty()) break;
    for (const LogRecord& record : batch.records) {
      if (record.sequence > count) break;
      const auto leaf = ParseLeaf(record.payload);
      if (!leaf) return Prefix(fmt::format("leaf {}", record.sequence), leaf.error());
      newest = std::max(newest, Instant::FromMicros(FindingOf(*leaf).time_us()));
      const v1::Finding& finding = leaf->envelope.finding();
      if (finding.kind() != v1::FINDING_KIND_KEY_SET || !finding.has_human_record()) continue;
      auto next = keys.Check(finding.human_record().key_set());
      if (!next) return Prefix(fmt::format("leaf {}", record.sequence), next.error());
      keys.Take(std::move(*next));
    }
    after = batch.records.back().sequence;
  }
  return newest;
}

}  // namespace trucewatch::evidence
