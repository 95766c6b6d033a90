// SPDX-License-Identifier: Apache-2.0
#include "verify/agreement/internal/build.h"

#include <algorithm>
#include <set>

#include "verify/agreement/internal/fields.h"

namespace trucewatch::internal {
namespace {

namespace config = v1::config;

// Keeps a hostile file cheap; far above any real agreement.
constexpr int kMaxItems = 1000;

void BuildParties(const config::Agreement& message, Agreement& out, Findings& findings) {
  for (int i = 0; i < message.party_size(); ++i) {
    const std::string path = At("party", i);
    const config::Party& party = message.party(i);
    findings.Required(path + ".name", party.name());
    std::string* name = party.side() == config::Party::A   ? &out.side_a_name
                        : party.side() == config::Party::B ? &out.side_b_name
                                                           : nullptr;
    if (name == nullptr) {
      findings.Error(path + ".side", "is not a side; expected A or B");
    } else if (!name->empty()) {
      findings.Error(
          path + ".side",
          "this side has been given a name before; expected one party for A and one for B");
    } else {
      *name = party.name();
    }
  }
  if (message.party_size() != 2)
    findings.Error("party", fmt::format("there are {} parties; expected two, side A and side B",
                                        message.party_size()));
}

void BuildPhases(const config::Agreement& message, Agreement& out, Findings& findings) {
  std::set<std::string> ids;
  struct Numbered {
    Phase phase;
    int index;
  };
  std::vector<Numbered> phases;
  for (int i = 0; i < message.phase_size(); ++i) {
    const std::string path = At("phase", i);
    CheckId(path + ".id", message.phase(i).id(), ids, findings);
    const auto start = Time(path + ".start_utc", message.phase(i).start_utc(), findings);
    const auto end = Time(path + ".end_utc", message.phase(i).end_utc(), findings);
    if (start && end && *start >= *end) {
      findings.Error(path + ".end_utc",
                     "the phase ends before it has begun; expected an end after the start");
    } else if (start && end) {
      phases.push_back({{message.phase(i).id(), *start, *end}, i});
    } else {
      phases.push_back({{message.phase(i).id(), Instant(), Instant()}, i});  // for its id only
    }
  }
  if (message.phase_size() == 0)
    findings.Error(
        "phase",
        "there is no phase, so no rule ever applies; expected at least one with its start and end");
  std::stable_sort(phases.begin(), phases.end(), [](const Numbered& a, const Numbered& b) {
    return a.phase.start < b.phase.start;
  });
  for (std::size_t i = 0; i < phases.size(); ++i) {
    out.phases.push_back(phases[i].phase);
    if (i == 0 || phases[i].phase.start == phases[i - 1].phase.end) continue;
    if (phases[i].phase.start > phases[i - 1].phase.end) {
      if (phases[i - 1].phase.end != Instant()) {
        findings.Warn(
            At("phase", phases[i].index),
            {fmt::format("Between the phases \"{}\" and \"{}\", from {} to {}, there is a gap.",
                         phases[i - 1].phase.id, phases[i].phase.id,
                         FormatUtc(phases[i - 1].phase.end), FormatUtc(phases[i].phase.start)),
             "In it no rule applies: the software reports nothing then, though the agreement may "
             "still "
             "bind.",
             "Let the later phase begin at the second at which the earlier one ends, or say in the "
             "text that nothing is agreed in between."});
      }
      continue;
    }
    findings.Error(
        At("phase", phases[i].index),
        fmt::format("the phases \"{}\" and \"{}\" overlap from {} to {}; expected that at every "
                    "moment at most one phase holds",
                    phases[i - 1].phase.id, phases[i].phase.id, FormatUtc(phases[i].phase.start),
                    FormatUtc(std::min(phases[i - 1].phase.end, phases[i].phase.end))));
  }
}

void BuildZones(const config::Agreement& message, Agreement& out, Findings& findings) {
  std::set<std::string> ids;
  for (int i = 0; i < message.zone_size(); ++i) {
    const std::string path = At("zone", i);
    const config::Zone& zone = message.zone(i);
    CheckId(path + ".id", zone.id(), ids, findings);
    findings.Required(path + ".name", zone.name());
    if (zone.side() == config::Party::SIDE_UNSPECIFIED)
      findings.Error(path + ".side", "is missing; expected A, B or NEITHER");
    auto phases = PhaseIds(path + ".phase", zone.phase(), out.phases, findings);
    const auto places = Places(path + ".vertex", zone.vertex(), zone.has_drawn(), 3, findings);
    if (!places) continue;
    PolygonShape shape(*places);
    const auto crossing = shape.CrossingEdges();
    if (!crossing.empty()) {
      findings.Error(
          fmt::format("{}.vertex[{}]", path, crossing[1]),
          fmt::format(
              "the boundary of zone \"{}\" crosses itself: the edge that starts at vertex {} meets "
              "the edge that starts at vertex {}; expected the vertices in order round the zone",
              zone.id(), crossing[1], crossing[0]));
    } else if (shape.AreaM2() < 100.0) {
      findings.Error(
          path + ".vertex",
          fmt::format("zone \"{}\" covers less than 100 m2; expected an area on the ground",
                      zone.id()));
    }
    out.zones.push_back({zone.id(), zone.name(), SideOf(zone.side()), std::move(shape),
                         std::move(phases), zone.account_only()});
  }
}

void BuildNotified(const config::Agreement& message, Agreement& out, Findings& findings) {
  std::set<std::string> ids;
  for (int i = 0; i < message.notified_movement_size(); ++i) {
    const std::string path = At("notified_movement", i);
    const config::NotifiedMovement& notified = message.notified_movement(i);
    CheckId(path + ".id", notified.id(), ids, findings);
    if (notified.side() != config::Party::A && notified.side() != config::Party::B)
      findings.Error(path + ".side", "does not say who notified the movement; expected A or B");
    const auto start = Time(path + ".window_start_utc", notified.window_start_utc(), findings);
    const auto end = Time(path + ".window_end_utc", notified.window_end_utc(), findings);
    if (start && end && *start >= *end)
      findings.Error(path + ".window_end_utc",
                     "the window ends before it has begun; expected an end after the start");
    const bool wide = findings.Range(path + ".width_m", notified.width_m(), 1.0, 20'000.0);
    const bool counted = findings.Range(path + ".min_count", notified.min_count(), 1, 10'000) &&
                         findings.Range(path + ".max_count", notified.max_count(), 1, 10'000);
    if (counted && notified.max_count() < notified.min_count())
      findings.Error(path + ".max_count",
                     fmt::format("{} is less than min_count {}; expected at least as many",
                                 notified.max_count(), notified.min_count()));
    auto classes = Classes(path + ".object_class", notified.object_class(), false, findings);
    std::optional<Angle> tolerance;
    if (notified.has_heading_tolerance_deg() &&
        findings.Range(path + ".heading_tolerance_deg", notified.heading_tolerance_deg(), 1.0,
                       180.0))
      tolerance = Angle::Degrees(notified.heading_tolerance_deg());
    const auto route = Places(path + ".route", notified.route(), notified.has_drawn(), 2, findings);
    if (!route || !wide || !start || !end) continue;
    out.notified.push_back({notified.id(), notified.reference(), SideOf(notified.side()), *start,
                            *end, CorridorShape(*route, notified.width_m()),
                            static_cast<int>(notified.min_count()),
                            static_cast<int>(notified.max_count()), std::move(classes), tolerance});
  }
}

void BuildPermitted(const config::Agreement& message, Agreement& out, Findings& findings) {
  std::set<std::string> ids;
  // Both are named in findings as what a movement was on record for.
  for (const config::NotifiedMovement& notified : message.notified_movement())
    ids.insert(notified.id());
  for (int i = 0; i < message.permitted_corridor_size(); ++i) {
    const std::string path = At("permitted_corridor", i);
    const config::PermittedCorridor& corridor = message.permitted_corridor(i);
    CheckId(path + ".id", corridor.id(), ids, findings);
    findings.Required(path + ".clause", corridor.clause());
    const bool wide = findings.Range(path + ".width_m", corridor.width_m(), 1.0, 20'000.0);
    if (findings.Range(path + ".max_count", corridor.max_count(), 0, 10'000) &&
        corridor.max_count() > 0 && corridor.max_count() < message.min_group_size())
      findings.Error(path + ".max_count",
                     fmt::format("{} is below min_group_size {}, so no group is ever covered; "
                                 "expected at least as many, or 0 for any number",
                                 corridor.max_count(), message.min_group_size()));
    auto classes = Classes(path + ".object_class", corridor.object_class(), false, findings);
    auto phases = PhaseIds(path + ".phase", corridor.phase(), out.phases, findings);
    const auto route = Places(path + ".route", corridor.route(), corridor.has_drawn(), 2, findings);
    if (!route || !wide) continue;
    out.permitted.push_back(
        {corridor.id(), corridor.clause(), CorridorShape(*route, corridor.width_m()),
         static_cast<int>(corridor.max_count()), std::move(classes), std::move(phases)});
  }
}

}  // namespace

Agreement BuildAgreement(const config::Agreement& message, Findings& findings) {
  Agreement out;
  out.title = message.title();
  out.edition = message.edition();
  findings.Required("title", message.title());
  findings.Required("edition", message.edition());
  const struct {
    const char* path;
    int size;
  } lists[] = {{"phase", message.phase_size()},
               {"zone", message.zone_size()},
               {"notified_movement", message.notified_movement_size()},
               {"permitted_corridor", message.permitted_corridor_size()},
               {"rule", message.rule_size()},
               {"weapon_class", message.weapon_class_size()},
               {"line", message.line_size()},
               {"storage_site", message.storage_site_size()},
               {"ceiling", message.ceiling_size()},
               {"withdrawal", message.withdrawal_size()},
               {"release", message.release_size()},
               {"geometry_file", message.geometry_file_size()}};
  for (const auto& list : lists) {
    if (list.size <= kMaxItems) continue;
    findings.Error(list.path,
                   fmt::format("there are {}; expected at most {}", list.size, kMaxItems));
    return out;
  }
  BuildParties(message, out, findings);
  BuildDayZero(message, findings);
  BuildPhases(message, out, findings);
  BuildZones(message, out, findings);
  BuildNotified(message, out, findings);
  BuildPermitted(message, out, findings);
  BuildWeapons(message, out, findings);
  BuildRules(message, out, findings);
  BuildTerms(message, out, findings);
  return out;
}

}  // namespace trucewatch::internal
