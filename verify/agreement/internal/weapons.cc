// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "verify/agreement/internal/fields.h"

namespace trucewatch::internal {
namespace {

namespace config = v1::config;
using Names = google::protobuf::RepeatedPtrField<std::string>;

// The position of an id in a list of things that have one.
template <typename List>
std::optional<std::size_t> IndexOf(const std::string& path, const std::string& id, const char* what,
                                   const List& list, Findings& findings) {
  std::string names;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].id == id) return i;
    names += (names.empty() ? "" : ", ") + list[i].id;
  }
  findings.Error(path, fmt::format("there is no {} \"{}\"; expected one of: {}", what, id, names),
                 "Nothing can be held against a name that the file does not have.");
  return std::nullopt;
}

// Which classes of weapons a text names, and what of them can be told from above.
struct Weapons {
  std::vector<std::size_t> indices;
  std::vector<ObjectClass> classes;
};

Weapons WeaponsOf(const std::string& path, const Names& names, const Agreement& agreement,
                  Findings& findings) {
  Weapons out;
  std::set<ObjectClass> classes;
  for (int i = 0; i < names.size(); ++i) {
    const auto index = IndexOf(fmt::format("{}.weapon_class[{}]", path, i), names[i],
                               "weapon class", agreement.weapon_classes, findings);
    if (!index) continue;
    out.indices.push_back(*index);
    const auto& told = agreement.weapon_classes[*index].classes;
    classes.insert(told.begin(), told.end());
  }
  if (names.empty()) classes.insert(ObjectClass::kUnknownVehicle);
  out.classes.assign(classes.begin(), classes.end());
  return out;
}

void BuildWeaponClasses(const config::Agreement& message, Agreement& out, Findings& findings) {
  std::set<std::string> ids;
  for (int i = 0; i < message.weapon_class_size(); ++i) {
    const std::string path = At("weapon_class", i);
    const config::WeaponClass& text = message.weapon_class(i);
    CheckId(path + ".id", text.id(), ids, findings);
    findings.Required(path + ".name", text.name());
    WeaponClass weapons{text.id(), text.name(), {}};
    if (!text.object_class().empty())
      weapons.classes = Classes(path + ".object_class", text.object_class(), false, findings);
    out.weapon_classes.push_back(std::move(weapons));
  }
}

void BuildLines(const config::Agreement& message, Agreement& out, Findings& findings) {
  std::set<std::string> ids;
  for (const config::Zone& zone : message.zone()) ids.insert(zone.id());  // rules name either
  for (int i = 0; i < message.line_size(); ++i) {
    const std::string path = At("line", i);
    const config::Line& text = message.line(i);
    CheckId(path + ".id", text.id(), ids, findings);
    findings.Required(path + ".name", text.name());
    if (text.side() == config::Party::SIDE_UNSPECIFIED)
      findings.Error(path + ".side",
                     "is missing; expected A or B (who has to stay behind the line), or NEITHER "
                     "for a line that binds both");
    if (text.behind() == config::Line::HAND_UNSPECIFIED)
      findings.Error(path + ".behind",
                     "is missing; expected LEFT or RIGHT: which hand is behind the line for "
                     "somebody who walks from its first point to its last");
    Weapons weapons = WeaponsOf(path, text.weapon_class(), out, findings);
    auto phases = PhaseIds(path + ".phase", text.phase(), out.phases, findings);
    const auto places = Places(path + ".point", text.point(), text.has_drawn(), 2, findings);
    if (!places) continue;
    LineShape shape(*places, text.behind() == config::Line::LEFT);
    if (shape.LengthM() < 1.0)
      findings.Error(path + ".point", "the line is shorter than a metre; expected two places");
    out.lines.push_back({text.id(), text.name(), SideOf(text.side()), std::move(shape),
                         std::move(weapons.indices), std::move(weapons.classes),
                         std::move(phases)});
  }
}

void BuildSites(const config::Agreement& message, Agreement& out, Findings& findings) {
  std::set<std::size_t> taken;
  for (int i = 0; i < message.storage_site_size(); ++i) {
    const std::string path = At("storage_site", i);
    const config::StorageTerms& text = message.storage_site(i);
    const auto zone = IndexOf(path + ".zone", text.zone(), "zone", out.zones, findings);
    if (zone && !taken.insert(*zone).second)
      findings.Error(path + ".zone",
                     fmt::format("zone \"{}\" has two inventories; expected one", text.zone()));
    StorageSite site{zone.value_or(0), text.clause(), {}};
    std::set<std::size_t> stocked;
    for (int k = 0; k < text.inventory_size(); ++k) {
      const std::string here = fmt::format("{}.inventory[{}]", path, k);
      const auto weapons = IndexOf(here + ".weapon_class", text.inventory(k).weapon_class(),
                                   "weapon class", out.weapon_classes, findings);
      findings.Range(here + ".count", text.inventory(k).count(), 0, 100'000);
      if (!weapons) continue;
      if (!stocked.insert(*weapons).second)
        findings.Error(here + ".weapon_class",
                       fmt::format("\"{}\" is counted twice in this site; expected one number",
                                   text.inventory(k).weapon_class()));
      site.inventory.push_back({*weapons, static_cast<int>(text.inventory(k).count())});
    }
    out.storage_sites.push_back(std::move(site));
  }
}

void BuildCeilings(const config::Agreement& message, Agreement& out, Findings& findings) {
  std::set<std::string> ids;
  for (int i = 0; i < message.ceiling_size(); ++i) {
    const std::string path = At("ceiling", i);
    const config::Ceiling& text = message.ceiling(i);
    CheckId(path + ".id", text.id(), ids, findings);
    findings.Required(path + ".clause", text.clause());
    const auto zone = IndexOf(path + ".zone", text.zone(), "zone", out.zones, findings);
    findings.Range(path + ".max_count", text.max_count(), 0, 100'000);
    Weapons weapons = WeaponsOf(path, text.weapon_class(), out, findings);
    auto phases = PhaseIds(path + ".phase", text.phase(), out.phases, findings);
    out.ceilings.push_back({text.id(), text.clause(), zone.value_or(0), std::move(weapons.indices),
                            std::move(weapons.classes), static_cast<int>(text.max_count()),
                            std::move(phases)});
  }
}

void BuildWithdrawals(const config::Agreement& message, Agreement& out, Findings& findings) {
  std::set<std::string> ids;
  for (int i = 0; i < message.withdrawal_size(); ++i) {
    const std::string path = At("withdrawal", i);
    const config::Withdrawal& text = message.withdrawal(i);
    CheckId(path + ".id", text.id(), ids, findings);
    findings.Required(path + ".clause", text.clause());
    if (text.side() != config::Party::A && text.side() != config::Party::B)
      findings.Error(path + ".side", "does not say who withdraws; expected A or B");
    const auto line = IndexOf(path + ".line", text.line(), "line", out.lines, findings);
    findings.Range(path + ".distance_m", text.distance_m(), 0.0, 300'000.0);
    Weapons weapons = WeaponsOf(path, text.weapon_class(), out, findings);
    const auto start = Time(path + ".start_utc", text.start_utc(), findings);
    const auto deadline = Time(path + ".deadline_utc", text.deadline_utc(), findings);
    if (start && deadline && *start >= *deadline)
      findings.Error(path + ".deadline_utc",
                     "the deadline comes before the withdrawal begins; expected a later one");
    if (!line || !start || !deadline) continue;
    if (out.lines[*line].side != Side::kNeither && out.lines[*line].side != SideOf(text.side()))
      findings.Error(path + ".line",
                     fmt::format("the line \"{}\" is the other side's; expected a line of the side "
                                 "that withdraws, or one that binds both",
                                 text.line()));
    out.withdrawals.push_back({text.id(), text.clause(), SideOf(text.side()),
                               std::move(weapons.indices), std::move(weapons.classes), *line,
                               text.distance_m(), *start, *deadline});
  }
}

void BuildRelease(const config::Agreement& message, Agreement& out, Findings& findings) {
  std::set<int> taken;
  for (int i = 0; i < message.release_size(); ++i) {
    const std::string path = At("release", i);
    const config::Release& text = message.release(i);
    Release release{Audience::kOfficers, text.clause(), {}, text.grid_m(), text.automatic()};
    switch (text.audience()) {
      case config::Release::OFFICERS:
        break;
      case config::Release::PARTIES:
        release.audience = Audience::kParties;
        break;
      case config::Release::PUBLIC:
        release.audience = Audience::kPublic;
        break;
      default:
        findings.Error(path + ".audience", "is missing; expected OFFICERS, PARTIES or PUBLIC");
    }
    if (!taken.insert(text.audience()).second)
      findings.Error(path + ".audience", "has two release rules; expected one for each audience");
    findings.Required(path + ".clause", text.clause());
    if (text.pictures() && text.audience() != config::Release::PARTIES)
      findings.Error(path + ".pictures",
                     "are made anew for parties alone; officers see them as they are, and the "
                     "public none; expected it with PARTIES only");
    findings.Range(path + ".grid_m", text.grid_m(), 0.0, 100'000.0);
    if (findings.Range(path + ".delay_s", text.delay_s(), 0.0, 366.0 * 86'400.0))
      release.delay = Duration::FromSeconds(text.delay_s());
    out.releases.push_back(std::move(release));
  }
}

void BuildAmendment(const config::Agreement& message, Agreement& out, Findings& findings) {
  if (!message.has_amendment()) return;
  const config::Amendment& text = message.amendment();
  findings.Range("amendment.version", text.version(), 2, 10'000);
  const auto valid_from = Time("amendment.valid_from_utc", text.valid_from_utc(), findings);
  const std::string& hash = text.replaces_sha256();
  const bool plain = hash.size() == 64 && std::all_of(hash.begin(), hash.end(), [](char c) {
                       return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                     });
  if (!plain)
    findings.Error("amendment.replaces_sha256",
                   "is no SHA-256; expected the 64 digits (0-9, a-f) that `trucewatch agreement "
                   "check` prints for the version that is replaced");
  out.amendment = {static_cast<int>(text.version()), valid_from.value_or(Instant()), hash};
}

}  // namespace

void BuildWeapons(const config::Agreement& message, Agreement& out, Findings& findings) {
  BuildWeaponClasses(message, out, findings);
  BuildLines(message, out, findings);
  BuildSites(message, out, findings);
  BuildCeilings(message, out, findings);
  BuildWithdrawals(message, out, findings);
  BuildRelease(message, out, findings);
  if (message.has_coverage_floor()) {
    findings.Range("coverage_floor", message.coverage_floor(), 0.5, 1.0);
    out.coverage_floor = message.coverage_floor();
  }
  BuildAmendment(message, out, findings);
}

}  // namespace trucewatch::internal
