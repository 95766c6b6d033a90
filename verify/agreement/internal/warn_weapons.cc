// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "verify/agreement/internal/doubts.h"

namespace trucewatch::internal {
namespace {

bool Shares(const std::vector<std::size_t>& one, const std::vector<std::size_t>& two) {
  return std::any_of(one.begin(), one.end(), [&](std::size_t i) {
    return std::find(two.begin(), two.end(), i) != two.end();
  });
}

void DoubtClasses(const Agreement& agreement, Findings& findings) {
  std::set<std::size_t> used;
  for (const Line& line : agreement.lines)
    used.insert(line.weapon_classes.begin(), line.weapon_classes.end());
  for (const Ceiling& ceiling : agreement.ceilings)
    used.insert(ceiling.weapon_classes.begin(), ceiling.weapon_classes.end());
  for (const Withdrawal& withdrawal : agreement.withdrawals)
    used.insert(withdrawal.weapon_classes.begin(), withdrawal.weapon_classes.end());
  for (const StorageSite& site : agreement.storage_sites)
    for (const Stock& stock : site.inventory) used.insert(stock.weapon_class);
  for (std::size_t i = 0; i < agreement.weapon_classes.size(); ++i) {
    const WeaponClass& weapons = agreement.weapon_classes[i];
    const std::string path = At("weapon_class", static_cast<int>(i));
    if (!used.contains(i))
      findings.Warn(
          path, {fmt::format("Nothing in the agreement speaks of the class \"{}\".", weapons.name),
                 "So no clause of this file is about it.",
                 "Name it where it belongs (a line, a ceiling, a withdrawal, an "
                 "inventory), or take it out."});
    if (used.contains(i) && weapons.classes.empty())
      findings.Note(
          path, {fmt::format("No sensor can tell \"{}\" from other things.", weapons.name),
                 "The software raises no event about them: their ceilings and distances need "
                 "inspections.",
                 "If they can be told from above by their kind of vehicle, give object_class."});
  }
}

void DoubtSites(const Agreement& agreement, Findings& findings) {
  for (std::size_t i = 0; i < agreement.storage_sites.size(); ++i) {
    const StorageSite& site = agreement.storage_sites[i];
    const Zone& zone = agreement.zones[site.zone];
    const std::string path = At("storage_site", static_cast<int>(i));
    const bool watched = std::any_of(agreement.rules.begin(), agreement.rules.end(),
                                     [&](const Rule& rule) { return rule.zone == site.zone; });
    if (!watched)
      findings.Warn(path, {fmt::format("No rule watches the storage site \"{}\".", zone.name),
                           "Weapons could leave it, and no event would be raised.",
                           "Write a rule of kind SITE_CHANGED for its zone."});
    if (site.inventory.empty())
      findings.Warn(path, {fmt::format("The storage site \"{}\" has no inventory.", zone.name),
                           "What is missing can only be told from what was there.",
                           "Ask the side for its list, and write a count for each class."});
    if (zone.side == Side::kNeither)
      findings.Warn(
          path, {fmt::format("The storage site \"{}\" lies in a zone of neither side.", zone.name),
                 "It is not said whose weapons these are.",
                 "Give the zone the side whose weapons are stored."});
    for (const Line& line : agreement.lines) {
      if (line.side != zone.side || line.side == Side::kNeither) continue;
      const auto bound =
          std::find_if(site.inventory.begin(), site.inventory.end(), [&](const Stock& stock) {
            return line.weapon_classes.empty() || Shares({stock.weapon_class}, line.weapon_classes);
          });
      const Geodetic& middle = zone.shape.frame().origin();
      if (bound == site.inventory.end() || !line.shape.Abreast(middle) ||
          line.shape.Distance(middle).inside_m >= 0.0)
        continue;
      findings.Warn(
          path,
          {fmt::format("The storage site \"{}\" lies in front of the line \"{}\", behind "
                       "which \"{}\" has to stay.",
                       zone.name, line.name, agreement.weapon_classes[bound->weapon_class].name),
           "Weapons that are stored as agreed would be taken to be in front of the line.",
           "Move the site or the line, or see whether LEFT and RIGHT are mixed up."});
    }
  }
}

void DoubtCeilings(const Agreement& agreement, Findings& findings) {
  for (std::size_t i = 0; i < agreement.ceilings.size(); ++i) {
    const Ceiling& ceiling = agreement.ceilings[i];
    const Zone& zone = agreement.zones[ceiling.zone];
    const std::string path = At("ceiling", static_cast<int>(i));
    if (CommonPhases(agreement, ceiling.phases, zone.phases).empty())
      findings.Warn(path,
                    {fmt::format("The ceiling \"{}\" can never hold: in no phase do both it and "
                                 "its zone \"{}\" hold.",
                                 ceiling.id, zone.name),
                     "Any number there raises no event.",
                     "Let the two name a phase that they have in common."});
    for (std::size_t k = 0; k < i; ++k) {
      const Ceiling& other = agreement.ceilings[k];
      if (other.zone != ceiling.zone || other.max_count == ceiling.max_count ||
          other.weapon_classes != ceiling.weapon_classes ||
          CommonPhases(agreement, other.phases, ceiling.phases).empty())
        continue;
      findings.Warn(
          path + ".max_count",
          {fmt::format("The ceilings \"{}\" ({}) and \"{}\" ({}) contradict one another: same "
                       "zone, same classes, same phase.",
                       other.id, other.max_count, ceiling.id, ceiling.max_count),
           "It is unclear which number holds.",
           "Leave one of them, or give them phases that do not meet."});
    }
    // Declared stocks that are kept in the zone by agreement are more than it may hold.
    int stored = 0;
    for (const StorageSite& site : agreement.storage_sites) {
      if (zone.shape.Distance(agreement.zones[site.zone].shape.frame().origin()).inside_m <= 0.0)
        continue;
      for (const Stock& stock : site.inventory)
        if (Shares({stock.weapon_class}, ceiling.weapon_classes)) stored += stock.count;
    }
    if (stored > ceiling.max_count)
      findings.Warn(path + ".max_count",
                    {fmt::format("{} weapons of these classes are declared in storage sites within "
                                 "\"{}\", whose ceiling \"{}\" is {}.",
                                 stored, zone.name, ceiling.id, ceiling.max_count),
                     "What one clause allows, another forbids.",
                     "Say in the text whether stored weapons count, and mend the number."});
  }
}

void DoubtRelease(const Agreement& agreement, Findings& findings) {
  const Release* parties = nullptr;
  const Release* everyone = nullptr;
  std::string public_path;
  for (std::size_t i = 0; i < agreement.releases.size(); ++i) {
    const Release& release = agreement.releases[i];
    const std::string path = At("release", static_cast<int>(i));
    if (release.audience == Audience::kOfficers) continue;
    (release.audience == Audience::kParties ? parties : everyone) = &release;
    if (release.audience == Audience::kPublic) public_path = path;
    if (release.grid_m <= 0.0)
      findings.Warn(path + ".grid_m",
                    {"Places would be told exactly to people outside the mission.",
                     "Exact places of weapons would be given to the other side.",
                     "Round places to 1 km or more (grid_m: 1000)."});
    if (release.delay <= Duration())
      findings.Warn(
          path + ".delay_s",
          {"What was seen would be told at once to people outside the mission.",
           "What is told while it is fresh can be misused.", "Give a delay; hours are usual."});
  }
  if (parties != nullptr && everyone != nullptr &&
      (everyone->grid_m < parties->grid_m || everyone->delay < parties->delay))
    findings.Warn(public_path,
                  {"The public would be told more exactly, or earlier, than the parties.",
                   "Then each party learns from what is public what it is not to be told.",
                   "Give the public at least the parties' grid and delay."});
}

}  // namespace

void WarnAboutWeapons(const Agreement& agreement, Findings& findings) {
  DoubtClasses(agreement, findings);
  DoubtSites(agreement, findings);
  DoubtCeilings(agreement, findings);
  DoubtRelease(agreement, findings);
}

}  // namespace trucewatch::internal
