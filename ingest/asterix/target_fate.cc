// SPDX-License-Identifier: Apache-2.0
#include "ingest/asterix/target_fate.h"

#include <fmt/format.h>

#include <cmath>

namespace trucewatch::asterix {
namespace {

// Faster than anything that drives here.
constexpr double kMaxVehicleSpeedMps = 70;

TargetFate FateOf048(const Record& r) {
  const std::int64_t type = r.Integer("I048/020", "typ").value_or(0);
  if (type == 0) return TargetFate::kExtrapolated;
  if (r.Flag("I048/020", "tst") || r.Flag("I048/020", "rab")) return TargetFate::kTest;
  if (type != 1) return TargetFate::kIdentified;
  for (const char* identity : {"I048/070", "I048/090", "I048/220", "I048/240", "I048/250",
                               "I048/230", "I048/100", "I048/055", "I048/050"}) {
    if (r.Find(identity) != nullptr) return TargetFate::kIdentified;
  }
  if (const Item* codes = r.Find("I048/030")) {
    for (const Node& code : codes->value->children()) {
      switch (code.raw) {
        case 24:
          return TargetFate::kAircraft;
        case 5:
        case 19:
        case 20:
          return TargetFate::kBirds;
        case 23:
          return TargetFate::kWindTurbine;
        case 1:
        case 2:
        case 3:
        case 4:
        case 7:
          return TargetFate::kFalse;
        default:
          break;
      }
    }
  }
  if (r.Flag("I048/170", "gho")) return TargetFate::kFalse;
  if (r.Flag("I048/170", "tre")) return TargetFate::kExtrapolated;
  if (r.Number("I048/200", "ground_speed_mps").value_or(0) > kMaxVehicleSpeedMps) {
    return TargetFate::kAircraft;
  }
  if (const Item* doppler = r.Find("I048/120")) {
    const Node* cal = doppler->value->Find("cal");
    const Node* speed = cal == nullptr ? nullptr : cal->Find("speed_mps");
    const Node* doubtful = cal == nullptr ? nullptr : cal->Find("d");
    if (speed != nullptr && doubtful->raw == 0 && std::abs(speed->number) > kMaxVehicleSpeedMps) {
      return TargetFate::kAircraft;
    }
  }
  return TargetFate::kKeep;
}

TargetFate FateOf010(const Record& r) {
  constexpr std::int64_t kAircraft = 1, kVehicle = 2, kHelicopter = 3;
  if (r.Flag("I010/020", "tst") || r.Flag("I010/020", "rab")) return TargetFate::kTest;
  const std::int64_t object = r.Integer("I010/020", "tot").value_or(0);
  if (object == kAircraft || object == kHelicopter) return TargetFate::kAircraft;
  const std::int64_t type = r.Integer("I010/020", "typ").value_or(6);
  // SSR and Mode S multilateration, ADS-B, HF multilateration: a transponder answered.
  const bool transponder = type == 0 || type == 1 || type == 2 || type == 5;
  if (transponder && object != kVehicle) return TargetFate::kIdentified;
  if (r.Flag("I010/170", "gho")) return TargetFate::kFalse;
  // CST 1 is the tracker's ordinary step within the update cycle; 2 and 3: not seen.
  if (r.Flag("I010/170", "tre") || r.Integer("I010/170", "cst").value_or(0) >= 2) {
    return TargetFate::kExtrapolated;
  }
  if (r.Number("I010/200", "ground_speed_mps").value_or(0) > kMaxVehicleSpeedMps) {
    return TargetFate::kAircraft;
  }
  return TargetFate::kKeep;
}

}  // namespace

TargetFate FateOfReport(const Record& record) {
  return record.category == 48 ? FateOf048(record) : FateOf010(record);
}

bool IsSimulated(const Record& record) {
  return record.Flag(record.category == 48 ? "I048/020" : "I010/020", "sim");
}

std::string KeptBack::Text() const {
  const auto of = [&](TargetFate fate) { return by_fate[static_cast<std::size_t>(fate)]; };
  return fmt::format(
      "{} of aircraft that identify themselves, {} of other aircraft, {} of birds, {} of wind "
      "turbines, {} false, {} of test targets, {} extrapolated, {} outside the sector, {} without "
      "a position, {} of incomplete scans, {} of scans the radar withdrew",
      of(TargetFate::kIdentified), of(TargetFate::kAircraft), of(TargetFate::kBirds),
      of(TargetFate::kWindTurbine), of(TargetFate::kFalse), of(TargetFate::kTest),
      of(TargetFate::kExtrapolated), outside, no_position, incomplete, not_usable);
}

}  // namespace trucewatch::asterix
