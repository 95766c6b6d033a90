// SPDX-License-Identifier: Apache-2.0
#include "verify/coverage/cells/period_cells.h"

#include <algorithm>

#include "core/base/bytes.h"
#include "core/base/check.h"
#include "verify/coverage/cells/varint.h"

namespace trucewatch {
namespace {

constexpr std::string_view kRecordTag = "trucewatch/coverage cells/v1\n";
constexpr double kLevelTolerance = 1e-9;  // 1 - (1 - 0.9) is 0.9
constexpr std::uint64_t kMostTexts = 1 << 16;
constexpr std::uint64_t kLastState = static_cast<std::uint64_t>(CoverageState::kNotObserved);

tl::unexpected<Error> BadRecord(const char* what) {
  return Fail(ErrorCode::kBadInput, "a record of coverage cells does not fit: {}", what);
}

Result<PeriodHead> ReadHead(VarintReader& in) {
  if (in.Take(kRecordTag.size()) != kRecordTag) return BadRecord("its tag");
  PeriodHead head;
  head.zone = in.Text();
  const std::string_view times = in.Take(16);
  if (!in.ok()) return BadRecord("its head");
  head.start = Instant::FromMicros(static_cast<std::int64_t>(ReadBe64(AsBytes(times))));
  head.end = Instant::FromMicros(static_cast<std::int64_t>(ReadBe64(AsBytes(times.substr(8)))));
  head.cells = static_cast<std::uint32_t>(in.NumberUpTo(kMaxCells));
  if (!in.ok() || head.cells == 0 || head.end < head.start) return BadRecord("its head");
  return head;
}

}  // namespace

std::uint8_t DetectionLevel(double probability) {
  const auto above = std::upper_bound(kDetectionLevels.begin(), kDetectionLevels.end(),
                                      probability + kLevelTolerance);
  return static_cast<std::uint8_t>(std::max<std::ptrdiff_t>(above - kDetectionLevels.begin(), 1) -
                                   1);
}

PeriodCellsBuilder::PeriodCellsBuilder(std::string zone, Instant start, Instant end,
                                       std::uint32_t cells) {
  out_.zone = std::move(zone);
  out_.start = start;
  out_.end = end;
  out_.cells = cells;
  texts_.emplace("", 0);
}

void PeriodCellsBuilder::Add(std::size_t coverage_class, CoverageState state, std::uint8_t level,
                             CoverageReason reason, std::string_view text) {
  std::vector<CellRun>& runs = out_.classes[coverage_class];
  if (!runs.empty()) {
    const CellEntry& last = out_.entries[runs.back().entry];
    if (last.state == state && last.level == level && last.reason == reason &&
        out_.texts[last.text] == text) {
      ++runs.back().length;
      return;
    }
  }
  auto found = texts_.find(text);
  if (found == texts_.end()) {
    found = texts_.emplace(std::string(text), static_cast<std::uint32_t>(out_.texts.size())).first;
    out_.texts.emplace_back(text);
  }
  const CellEntry entry{state, level, reason, found->second};
  const auto [at, added] = entries_.emplace(entry, static_cast<std::uint32_t>(out_.entries.size()));
  if (added) out_.entries.push_back(entry);
  runs.push_back({at->second, 1});
}

std::string EncodePeriodCells(const PeriodCells& period) {
  std::string out(kRecordTag);
  AppendText(out, period.zone);
  AppendBe64(out, static_cast<std::uint64_t>(period.start.micros()));
  AppendBe64(out, static_cast<std::uint64_t>(period.end.micros()));
  AppendVarint(out, period.cells);
  AppendVarint(out, period.texts.size() - 1);
  for (std::size_t i = 1; i < period.texts.size(); ++i) AppendText(out, period.texts[i]);
  AppendVarint(out, period.entries.size());
  for (const CellEntry& entry : period.entries) {
    AppendVarint(out, static_cast<std::uint64_t>(entry.state));
    AppendVarint(out, entry.level);
    AppendVarint(out, static_cast<std::uint64_t>(entry.reason));
    AppendVarint(out, entry.text);
  }
  for (const std::vector<CellRun>& runs : period.classes) {
    for (const CellRun& run : runs) {
      AppendVarint(out, run.entry);
      AppendVarint(out, run.length - 1);
    }
  }
  return out;
}

Result<PeriodHead> DecodePeriodHead(std::string_view bytes) {
  VarintReader in(bytes);
  return ReadHead(in);
}

Result<PeriodCells> DecodePeriodCells(std::string_view bytes) {
  VarintReader in(bytes);
  TW_ASSIGN_OR_RETURN(PeriodHead head, ReadHead(in));
  PeriodCells out;
  out.zone = std::move(head.zone);
  out.start = head.start;
  out.end = head.end;
  out.cells = head.cells;
  const std::uint64_t texts = in.NumberUpTo(kMostTexts);
  for (std::uint64_t i = 0; i < texts && in.ok(); ++i) out.texts.emplace_back(in.Text());
  const std::uint64_t entries = in.NumberUpTo(bytes.size());
  for (std::uint64_t i = 0; i < entries && in.ok(); ++i) {
    CellEntry entry;
    entry.state = static_cast<CoverageState>(in.NumberUpTo(kLastState));
    entry.level = static_cast<std::uint8_t>(in.NumberUpTo(kDetectionLevels.size() - 1));
    entry.reason = static_cast<CoverageReason>(in.NumberUpTo(kCoverageReasons - 1));
    entry.text = static_cast<std::uint32_t>(in.NumberUpTo(out.texts.size() - 1));
    if (entry.state == CoverageState::kUnspecified) return BadRecord("a state");
    out.entries.push_back(entry);
  }
  if (!in.ok() || out.entries.empty()) return BadRecord("its entries");
  for (std::vector<CellRun>& runs : out.classes) {
    for (std::uint64_t cells = 0; cells < out.cells;) {
      CellRun run;
      run.entry = static_cast<std::uint32_t>(in.NumberUpTo(out.entries.size() - 1));
      run.length = static_cast<std::uint32_t>(in.NumberUpTo(out.cells - cells - 1) + 1);
      if (!in.ok()) return BadRecord("a run of cells");
      cells += run.length;
      runs.push_back(run);
    }
  }
  if (!in.at_end()) return BadRecord("bytes after its end");
  return out;
}

}  // namespace trucewatch
