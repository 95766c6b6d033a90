// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/base/result.h"
#include "core/time/instant.h"
#include "core/types/finding.h"
#include "verify/coverage/cells/reason.h"

namespace trucewatch {

inline constexpr std::size_t kCellClasses = 3;  // moving vehicle, standing vehicle, group
inline constexpr std::uint32_t kMaxCells = 1 << 20;

// Probabilities are kept as one of these, always rounded down: what is claimed of absence is never
// more than what was computed. Fine where agreements have their floors.
inline constexpr std::array<double, 35> kDetectionLevels = {
    0.0,  0.01, 0.02, 0.03, 0.05, 0.10, 0.15, 0.20,  0.25,  0.30,  0.35,  0.40,
    0.45, 0.50, 0.55, 0.60, 0.65, 0.70, 0.75, 0.80,  0.85,  0.90,  0.91,  0.92,
    0.93, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9999};
std::uint8_t DetectionLevel(double probability);

// What the account says of cells, of one class, that are alike.
struct CellEntry {
  CoverageState state = CoverageState::kUnspecified;
  std::uint8_t level = 0;  // of kDetectionLevels
  CoverageReason reason = CoverageReason::kNone;
  std::uint32_t text = 0;  // number in texts; 0: none
  auto operator<=>(const CellEntry&) const = default;
  double probability() const { return kDetectionLevels[level]; }
};

struct CellRun {
  std::uint32_t entry = 0;   // number in entries
  std::uint32_t length = 0;  // cells, in their order
  bool operator==(const CellRun&) const = default;
};

// One zone during one period: for each class the cells in their order, as runs.
struct PeriodCells {
  std::string zone;
  Instant start, end;
  std::uint32_t cells = 0;
  std::vector<std::string> texts = {""};
  std::vector<CellEntry> entries;
  std::array<std::vector<CellRun>, kCellClasses> classes;  // lengths add up to cells
};

// Makes PeriodCells cell by cell, entries and texts in the order they come: the same cells give the
// same bytes. Threads: thread-compatible.
class PeriodCellsBuilder {
 public:
  PeriodCellsBuilder(std::string zone, Instant start, Instant end, std::uint32_t cells);
  // The next cell of a class.
  void Add(std::size_t coverage_class, CoverageState state, std::uint8_t level,
           CoverageReason reason, std::string_view text);
  PeriodCells Take() { return std::move(out_); }

 private:
  PeriodCells out_;
  std::map<std::string, std::uint32_t, std::less<>> texts_;
  std::map<CellEntry, std::uint32_t> entries_;
};

// The bytes of docs/formats/coverage.md, and back. Reading is strict: every number in its range,
// every length what it should be, nothing left over.
std::string EncodePeriodCells(const PeriodCells& period);
Result<PeriodCells> DecodePeriodCells(std::string_view bytes);
// Of the record's head alone.
struct PeriodHead {
  std::string zone;
  Instant start, end;
  std::uint32_t cells = 0;
};
Result<PeriodHead> DecodePeriodHead(std::string_view bytes);

}  // namespace trucewatch
