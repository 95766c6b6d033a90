// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/time/instant.h"
#include "core/types/observation.h"

namespace trucewatch::evidence {

// One segment of a log that holds raw evidence, as retention sees it.
struct StoredSegment {
  std::string log;                    // "journal", "ingest", "received"
  std::uint64_t first = 0, last = 0;  // sequences
  std::uint64_t bytes = 0;
  Instant time_first = {};  // of what it holds
  Instant time_last = {};
  std::string kept_because = {};  // what needs it, or why it may not go at all; empty: nothing
};

struct RetentionRule {
  Duration keep = {};             // older goes; zero: age is no reason
  std::uint64_t quota_bytes = 0;  // of all segments together; zero: no quota
  Duration margin = {};           // what is younger stays
  Instant now = {};
};

struct RetentionPlan {
  struct Trim {
    std::size_t segment = 0;  // of what was planned for
    std::string rule;         // in words
  };
  std::vector<Trim> trims;  // oldest first
  std::uint64_t bytes_before = 0, bytes_after = 0;
  bool quota_met = true;
};

// What goes: every segment older than `keep`, and then the oldest ones until the quota holds; never
// one that is needed. Determinism: of segments that end at the same time the one whose log and
// sequence come first goes first.
RetentionPlan PlanRetention(std::span<const StoredSegment> segments, const RetentionRule& rule);

}  // namespace trucewatch::evidence
