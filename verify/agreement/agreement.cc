// SPDX-License-Identifier: Apache-2.0
#include "verify/agreement/agreement.h"

#include <algorithm>

namespace trucewatch {
namespace {

bool Admits(const std::vector<std::string>& phases, const std::string& id) {
  return phases.empty() || std::find(phases.begin(), phases.end(), id) != phases.end();
}

}  // namespace

const Phase* PhaseAt(const Agreement& agreement, Instant time) {
  for (const Phase& phase : agreement.phases) {
    if (phase.start <= time && time < phase.end) return &phase;
  }
  return nullptr;
}

bool RuleApplies(const Agreement& agreement, const Rule& rule, Instant time) {
  const Phase* phase = PhaseAt(agreement, time);
  if (phase == nullptr || !Admits(rule.phases, phase->id) ||
      !Admits(agreement.zones[rule.zone].phases, phase->id))
    return false;
  switch (rule.kind) {
    case RuleKind::kLineCrossed:
    case RuleKind::kConvoyTowards:
      return LineApplies(agreement, agreement.lines[rule.line], time);
    case RuleKind::kCeiling:
      return Admits(agreement.ceilings[rule.ceiling].phases, phase->id);
    case RuleKind::kWithdrawalMissing:
      return time >= agreement.withdrawals[rule.withdrawal].deadline;
    default:
      return true;
  }
}

int InventoryOf(const Agreement& agreement, const Rule& rule) {
  const std::vector<std::size_t>& named = agreement.withdrawals[rule.withdrawal].weapon_classes;
  int sum = 0;
  for (const StorageSite& site : agreement.storage_sites) {
    if (site.zone != rule.zone) continue;
    for (const Stock& stock : site.inventory) {
      const bool of_it =
          named.empty() || std::find(named.begin(), named.end(), stock.weapon_class) != named.end();
      if (of_it && !agreement.weapon_classes[stock.weapon_class].classes.empty())
        sum += stock.count;
    }
  }
  return sum;
}

bool LineApplies(const Agreement& agreement, const Line& line, Instant time) {
  const Phase* phase = PhaseAt(agreement, time);
  return phase != nullptr && Admits(line.phases, phase->id);
}

bool CorridorApplies(const Agreement& agreement, const PermittedCorridor& corridor, Instant time) {
  const Phase* phase = PhaseAt(agreement, time);
  return phase != nullptr && Admits(corridor.phases, phase->id);
}

bool SpeaksOfPeople(const Rule& rule) {
  return std::find(rule.classes.begin(), rule.classes.end(), ObjectClass::kPersonGroup) !=
         rule.classes.end();
}

double ShareOfClasses(const ClassProbabilities& belief, const std::vector<ObjectClass>& classes) {
  const bool any =
      std::find(classes.begin(), classes.end(), ObjectClass::kUnknownVehicle) != classes.end();
  if (belief.empty()) return any ? 1.0 : 0.0;
  double share = 0.0;
  for (const auto& [object_class, probability] : belief) {
    const bool listed = std::find(classes.begin(), classes.end(), object_class) != classes.end();
    const bool vehicle = object_class != ObjectClass::kPersonGroup;
    if (listed || (any && vehicle)) share += probability;
  }
  return std::clamp(share, 0.0, 1.0);
}

std::string_view ClassName(ObjectClass object_class) {
  switch (object_class) {
    case ObjectClass::kLightVehicle:
      return "light vehicle";
    case ObjectClass::kTruck:
      return "truck";
    case ObjectClass::kTrackedVehicle:
      return "tracked vehicle";
    case ObjectClass::kPersonGroup:
      return "group of people";
    case ObjectClass::kUnspecified:
    case ObjectClass::kUnknownVehicle:
      break;
  }
  return "vehicle";
}

}  // namespace trucewatch
