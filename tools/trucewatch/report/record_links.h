// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tools/trucewatch/ledger_record.h"

namespace trucewatch::tools {

// Text that cannot become markup: names and sentences come from files. Bytes that are not UTF-8 and
// control characters become U+FFFD.
std::string EscapeHtml(std::string_view text);

// The figures of a report and the ledger entries they rest on: every figure is a link to its
// entry, or to a numbered list of entries, in the appendix.
class RecordLinks {
 public:
  explicit RecordLinks(const std::vector<LedgerEntry>& entries) : entries_(entries) {}

  // `text` is escaped here. One entry: a link to it; several: a link to their list; none: a link to
  // the line that says all entries were examined.
  std::string Figure(std::string_view text, std::vector<std::uint64_t> entries);
  // Where such a link goes to: "#e12", "#s3", "#all".
  std::string Target(std::vector<std::uint64_t> entries);

  // The tables those links lead to.
  std::string Appendix() const;

 private:
  const std::vector<LedgerEntry>& entries_;
  std::set<std::uint64_t> used_;
  std::map<std::vector<std::uint64_t>, std::size_t> lists_;  // -> number, from 1
  std::vector<std::vector<std::uint64_t>> in_order_;
};

}  // namespace trucewatch::tools
