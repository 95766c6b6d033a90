// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/coverage_answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace trucewatch::tools {

using Verdict = AbsenceClaim::Verdict;

namespace {

// What the agreement asks for, as it says it.
std::string FloorWords(double floor) { return floor < 1.0 ? FlooredProbability(floor) : "1"; }

}  // namespace

std::string FlooredProbability(double probability) {
  if (probability < 0.001) return "less than 0.001";
  const double thousandths = std::min(std::floor(probability * 1000.0 + 1e-6), 999.0);
  std::string text = fmt::format("{:.3f}", thousandths / 1000.0);
  if (text.back() == '0') text.pop_back();
  return text;
}

AbsenceClaim ClaimOf(const std::vector<CoverageReader::Piece>& pieces,
                     std::optional<double> floor) {
  AbsenceClaim claim;
  claim.floor = floor;
  claim.least = 1.0;
  double miss = 1.0;
  double sum = 0.0;
  for (const CoverageReader::Piece& piece : pieces) {
    if (piece.entry.state == CoverageState::kObservedActivity)
      claim.seen = claim.seen + (piece.end - piece.start);
    if (piece.whole == 0) continue;
    const bool counts = CountsForAbsence(piece.entry.reason);
    const double p = counts ? piece.entry.probability() : 0.0;
    claim.periods += piece.whole;
    if (!counts) claim.void_periods += piece.whole;
    claim.least = std::min(claim.least, p);
    claim.most = std::max(claim.most, p);
    sum += p * piece.whole;
    miss *= std::pow(1.0 - p, piece.whole);
  }
  if (claim.periods == 0) claim.least = 0.0;
  claim.probability = 1.0 - miss;
  claim.mean = claim.periods > 0 ? sum / claim.periods : 0.0;
  return claim;
}

Verdict AbsenceClaim::verdict() const {
  if (seen > Duration()) return Verdict::kSeen;
  if (periods == 0) return Verdict::kNothingOnRecord;
  if (!floor) return Verdict::kNoFloor;
  return probability + 1e-9 >= *floor ? Verdict::kAbsent : Verdict::kNotEnough;
}

std::string VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kNothingOnRecord:
      return "nothing_on_record";
    case Verdict::kSeen:
      return "seen";
    case Verdict::kNoFloor:
      return "no_floor";
    case Verdict::kNotEnough:
      return "not_enough";
    case Verdict::kAbsent:
      return "absent";
  }
  return "";
}

std::string AbsenceSentence(const AbsenceClaim& claim, const std::string& one) {
  std::string would = fmt::format(
      "one {} that was here all of that time would have been detected with probability {}", one,
      FlooredProbability(claim.probability));
  if (claim.periods > 1)
    would += fmt::format(" (one that was here for a single period: {} to {}, {} on average)",
                         FlooredProbability(claim.least), FlooredProbability(claim.most),
                         FlooredProbability(claim.mean));
  if (claim.void_periods > 0)
    would += fmt::format(
        "; in {} of {} periods looks do not count, as their time or place is not "
        "known",
        claim.void_periods, claim.periods);
  switch (claim.verdict()) {
    case Verdict::kSeen:
      return fmt::format("Something was seen: activity for {:.1f} min.", claim.seen.seconds() / 60);
    case Verdict::kNothingOnRecord:
      return "No period lies wholly in that time: nothing can be said of absence.";
    case Verdict::kNoFloor:
      return fmt::format(
          "No activity is on record; {}. The agreement has no coverage_floor: it does not let "
          "anybody conclude that nothing was there.",
          would);
    case Verdict::kNotEnough:
      return fmt::format(
          "No activity is on record, which is not enough to say that nothing was there: {}; the "
          "agreement asks for {}.",
          would, FloorWords(*claim.floor));
    case Verdict::kAbsent:
      return fmt::format("Nothing was seen: {}; the agreement asks for {}.", would,
                         FloorWords(*claim.floor));
  }
  return "";
}

double ObservedSum::Of(std::size_t coverage_class, CoverageState state) const {
  double sum = 0;
  for (const auto& [key, value] : km2_min[coverage_class]) sum += key.first == state ? value : 0;
  return sum;
}

double ObservedSum::Total(std::size_t coverage_class) const {
  double sum = 0;
  for (const auto& [key, value] : km2_min[coverage_class]) sum += value;
  return sum;
}

Result<std::map<std::string, ObservedSum>> SumByZone(const CoverageReader& reader, Instant from,
                                                     Instant until) {
  std::map<std::string, ObservedSum> zones;
  for (std::size_t g = 0; g < reader.grids().size(); ++g) {
    const GridView& grid = reader.grids()[g];
    ObservedSum& zone = zones[grid.grid().zone()];
    zone.area_km2 = grid.grid().area_km2();
    TW_ASSIGN_OR_RETURN(const auto sums, reader.Sums(g, from, until));
    for (std::size_t c = 0; c < kCellClasses; ++c) {
      for (const auto& [key, us] : sums[c].cell_us)
        zone.km2_min[c][key] += static_cast<double>(us) / 60e6 * grid.area_of_cell_km2();
    }
  }
  return zones;
}

std::map<std::string, ObservedSum> SumBySide(const CoverageReader& reader,
                                             const std::map<std::string, ObservedSum>& zones) {
  std::map<std::string, std::string> side_of;
  for (const GridView& grid : reader.grids()) side_of[grid.grid().zone()] = grid.grid().side();
  std::map<std::string, ObservedSum> sides;
  for (const auto& [zone, sum] : zones) {
    ObservedSum& side = sides[side_of[zone]];
    side.area_km2 += sum.area_km2;
    for (std::size_t c = 0; c < kCellClasses; ++c) {
      for (const auto& [key, value] : sum.km2_min[c]) side.km2_min[c][key] += value;
    }
  }
  return sides;
}

std::string SideOfGrid(const v1::CoverageGrid& grid) {
  if (grid.side() == "NEITHER") return "neither side";
  return fmt::format("side {}{}", grid.side(),
                     grid.side_name().empty() ? "" : " (" + grid.side_name() + ")");
}

}  // namespace trucewatch::tools
