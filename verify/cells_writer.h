// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "verify/agreement/agreement.h"
#include "verify/coverage/coverage_book.h"

namespace trucewatch {

// The messages by which cells go to the archive (coverage_cells.proto), of one agreement's zones.
// Determinism: a function of agreement, terms and cells.
class CellsWriter {
 public:
  CellsWriter(const CoverageBook& book, const Agreement& agreement);
  // One record for each zone; before any cells of it.
  const std::vector<std::string>& grids() const { return grids_; }
  std::string Cells(const std::string& zone, std::string record) const;

 private:
  std::vector<std::string> grids_;
  std::map<std::string, std::uint64_t> numbers_;  // by zone
};

}  // namespace trucewatch
