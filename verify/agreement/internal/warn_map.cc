// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "verify/agreement/internal/doubts.h"
#include "verify/agreement/internal/overlap.h"

namespace trucewatch::internal {
namespace {

// Borders nearer than this were meant to be one; farther apart they are two.
constexpr double kSameBorderM = 100.0;
// Comparing all with all costs the product of their corners, and a file of hostile size must not
// hold the linter up. Real agreements need a thousandth.
constexpr double kMaxWork = 2e7;

std::string PlaceWords(const Geodetic& place) {
  return fmt::format("near latitude {:.5f}, longitude {:.5f}", place.latitude.deg(),
                     place.longitude.deg());
}

std::string AreaWords(double area_m2) {
  return area_m2 >= 1e5 ? fmt::format("{:.2f} km2", area_m2 / 1e6)
                        : fmt::format("{:.0f} m2", area_m2);
}

std::string LengthWords(double length_m) {
  return length_m >= 1000.0 ? fmt::format("{:.1f} km", length_m / 1000.0)
                            : fmt::format("{:.0f} m", length_m);
}

std::string SideWords(const Agreement& agreement, Side side) {
  return side == Side::kA   ? agreement.side_a_name
         : side == Side::kB ? agreement.side_b_name
                            : "neither side";
}

// How far two borders may be apart and still be taken as one: the map says no better where they
// are.
double Tolerance(const Agreement& agreement) { return std::max(1.0, agreement.map_sigma_m / 2.0); }

void DoubtOverlap(const Agreement& agreement, std::size_t i, std::size_t k, Findings& findings) {
  const Zone& a = agreement.zones[i];
  const Zone& b = agreement.zones[k];
  const auto overlap = Overlap(a.shape, b.shape);
  if (!overlap || overlap->width_m <= Tolerance(agreement)) return;
  const double smaller = std::min(a.shape.AreaM2(), b.shape.AreaM2());
  const bool within = overlap->area_m2 > 0.99 * smaller;
  const std::string path = At("zone", static_cast<int>(k));
  if (within && overlap->area_m2 < 0.99 * std::max(a.shape.AreaM2(), b.shape.AreaM2())) return;
  if (within) {
    findings.Warn(path,
                  {fmt::format("The zones \"{}\" and \"{}\" are the same area.", a.name, b.name),
                   "What happens there is held against the rules of both.",
                   "If one of them was copied, give it its own vertices; if both are meant, "
                   "give them phases that do not meet."});
    return;
  }
  if (overlap->width_m < kSameBorderM) {
    findings.Warn(
        path,
        {fmt::format(
             "The borders of the zones \"{}\" and \"{}\" run over one another: a strip of {}, "
             "about {} wide, {}, lies in both.",
             a.name, b.name, AreaWords(overlap->area_m2), LengthWords(overlap->width_m),
             PlaceWords(overlap->place)),
         "In this strip the rules of both zones apply, which may not be meant.",
         "Give both zones the same vertices along the border that they share."});
  } else if (a.side != b.side) {
    findings.Warn(
        path,
        {fmt::format("The zones \"{}\" ({}) and \"{}\" ({}) overlap: {} {} lie in both.", a.name,
                     SideWords(agreement, a.side), b.name, SideWords(agreement, b.side),
                     AreaWords(overlap->area_m2), PlaceWords(overlap->place)),
         "The same ground is said to be of two sides, so it is unclear which side's duty applies "
         "there.",
         "Draw the border between them once, or give the zones phases that do not meet."});
  } else {
    findings.Note(path,
                  {fmt::format("The zones \"{}\" and \"{}\" overlap: {} {} lie in both.", a.name,
                               b.name, AreaWords(overlap->area_m2), PlaceWords(overlap->place)),
                   "What happens there is held against the rules of both.",
                   "Nothing is to be done if that is what was agreed."});
  }
}

void DoubtGap(const Agreement& agreement, std::size_t i, std::size_t k, Findings& findings) {
  const Zone& a = agreement.zones[i];
  const Zone& b = agreement.zones[k];
  const auto gap = Gap(a.shape, b.shape, Tolerance(agreement), kSameBorderM);
  if (!gap) return;
  for (const Zone& other : agreement.zones)
    if (other.shape.Distance(gap->place).inside_m > 0.0) return;  // it is a third zone's ground
  findings.Warn(
      At("zone", static_cast<int>(std::max(i, k))),
      {fmt::format(
           "Between the zones \"{}\" and \"{}\" a strip about {} long and up to {} wide, {}, "
           "lies in neither.",
           a.name, b.name, LengthWords(gap->length_m), LengthWords(gap->width_m),
           PlaceWords(gap->place)),
       "What stands in it is held against no rule.",
       "Give both zones the same vertices along the border that they share."});
}

void DoubtPairs(const Agreement& agreement, Findings& findings) {
  double work = 0.0;
  for (std::size_t k = 1; k < agreement.zones.size(); ++k) {
    for (std::size_t i = 0; i < k; ++i) {
      const Zone& a = agreement.zones[i];
      const Zone& b = agreement.zones[k];
      work += 1.0;
      if (!MayMeet(a.shape, b.shape, kSameBorderM)) continue;
      if (CommonPhases(agreement, a.phases, b.phases).empty()) continue;
      const auto corners = [](const Zone& zone) {
        return static_cast<double>(zone.shape.vertices().size());
      };
      work += (corners(a) + corners(b)) * (corners(a) + corners(b));
      if (work > kMaxWork) {
        findings.Note("zone", {"There are more zones and corners than can be compared with one "
                               "another here.",
                               "Zones that overlap or leave gaps may not be named.",
                               "Check the zones in parts."});
        return;
      }
      DoubtOverlap(agreement, i, k, findings);
      // A strip is found from the longer side of it, whichever zone has that.
      const std::size_t before = findings.messages().size();
      DoubtGap(agreement, i, k, findings);
      if (findings.messages().size() == before) DoubtGap(agreement, k, i, findings);
    }
  }
}

void DoubtRoutes(const Agreement& agreement, Findings& findings) {
  const auto touches = [&](const CorridorShape& corridor) {
    return std::any_of(agreement.zones.begin(), agreement.zones.end(),
                       [&](const Zone& zone) { return corridor.Touches(zone.shape); });
  };
  for (std::size_t i = 0; i < agreement.notified.size(); ++i) {
    if (touches(agreement.notified[i].corridor)) continue;
    findings.Warn(At("notified_movement", static_cast<int>(i)),
                  {fmt::format("The route of notified movement \"{}\" touches no zone.",
                               agreement.notified[i].id),
                   "It has no effect: outside all zones movement needs no notification.",
                   "Look at the route's places; are latitude and longitude in the right order?"});
  }
  for (std::size_t i = 0; i < agreement.permitted.size(); ++i) {
    if (touches(agreement.permitted[i].corridor)) continue;
    findings.Warn(
        At("permitted_corridor", static_cast<int>(i)),
        {fmt::format("The permitted corridor \"{}\" touches no zone.", agreement.permitted[i].id),
         "It has no effect: outside all zones movement needs no permission.",
         "Look at the route's places; are latitude and longitude in the right order?"});
  }
}

// Whether the line comes into a zone or touches it.
bool LineMeets(const LineShape& line, const PolygonShape& zone) {
  // As a road a metre wide: sampled so closely that no zone of 100 m2 is missed by much.
  return CorridorShape(line.points(), std::max(2.0, line.LengthM() / 2000.0)).Touches(zone);
}

void DoubtLines(const Agreement& agreement, Findings& findings) {
  for (std::size_t i = 0; i < agreement.lines.size(); ++i) {
    const Line& line = agreement.lines[i];
    const std::string path = At("line", static_cast<int>(i));
    const bool meets =
        std::any_of(agreement.zones.begin(), agreement.zones.end(),
                    [&](const Zone& zone) { return LineMeets(line.shape, zone.shape); });
    if (!meets && !agreement.zones.empty())
      findings.Warn(
          path, {fmt::format("The line \"{}\" neither crosses nor touches any zone.", line.name),
                 "How well a place was watched is accounted for by zone. Along this line it "
                 "cannot be told whether nothing was there or no sensor looked.",
                 "Look at its places, or draw a zone along it (account_only will do)."});
    if (line.side == Side::kNeither) continue;
    for (std::size_t k = 0; k < agreement.zones.size(); ++k) {
      const Zone& zone = agreement.zones[k];
      if (zone.side != line.side) continue;
      // A border that runs along the line may lie a little on either hand of it.
      const auto& ring = zone.shape.vertices();
      const bool beyond =
          line.shape.Abreast(zone.shape.frame().origin()) &&
          std::all_of(ring.begin(), ring.end(),
                      [&](const Geodetic& place) {
                        return line.shape.Distance(place).inside_m < Tolerance(agreement);
                      }) &&
          line.shape.Distance(zone.shape.frame().origin()).inside_m < -Tolerance(agreement);
      if (!beyond) continue;
      findings.Warn(
          path + ".behind",
          {fmt::format("{} has to stay behind the line \"{}\", and yet its own zone \"{}\" lies "
                       "wholly in front of it.",
                       SideWords(agreement, line.side), line.name, zone.name),
           "Each vehicle in that zone would be taken to be in front of the line.",
           "Perhaps LEFT and RIGHT have been mixed up: look along the line from its first point to "
           "its last; behind is the hand on which the side belongs."});
      break;
    }
  }
}

// The best probability of being inside that anything can have, in the middle of the zone, where the
// drawn boundary may be off by sigma on both sides: erf(d / (sigma sqrt 2)).
void DoubtWidth(const Agreement& agreement, Findings& findings) {
  if (agreement.map_sigma_m <= 0.0) return;
  for (std::size_t i = 0; i < agreement.rules.size(); ++i) {
    const Rule& rule = agreement.rules[i];
    const Zone& zone = agreement.zones[rule.zone];
    if (rule.arrival) continue;  // it asks for what is not there
    if (zone.shape.AreaM2() > 400.0 * std::pow(agreement.map_sigma_m, 2)) continue;
    const InnerPoint middle = FarthestInside(zone.shape);
    const double best = std::erf(middle.inside_m / (agreement.map_sigma_m * std::sqrt(2.0)));
    if (best >= rule.verified.min_probability) continue;
    findings.Warn(
        At("rule", static_cast<int>(i)) + ".verified",
        {fmt::format(
             "Even in the middle of the zone \"{}\", {:.0f} m from its border, nothing can be "
             "inside with more than probability {:.2f}, because the map is only good to "
             "{} m; rule \"{}\" asks for {}.",
             zone.name, middle.inside_m, best, agreement.map_sigma_m, rule.id,
             rule.verified.min_probability),
         "So an event of this rule can never be verified.",
         "Survey the border better (map_sigma_m), draw the zone larger, or ask for less."});
  }
}

}  // namespace

void WarnAboutMap(const Agreement& agreement, Findings& findings) {
  DoubtPairs(agreement, findings);
  DoubtRoutes(agreement, findings);
  DoubtLines(agreement, findings);
  DoubtWidth(agreement, findings);
}

}  // namespace trucewatch::internal
