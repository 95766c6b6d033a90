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

// CAT001: what a radar knew to say before CAT048.
TargetFate FateOf001(const Record& r) {
  if (r.Flag("I001/020", "tst") || r.Flag("I001/020", "rab")) return TargetFate::kTest;
  constexpr std::int64_t kNotSeen = 0, kPrimary = 1;
  const std::int64_t seen = r.Integer("I001/020", "ssrpsr").value_or(kNotSeen);
  if (seen == kNotSeen) return TargetFate::kExtrapolated;
  if (seen != kPrimary) return TargetFate::kIdentified;
  for (const char* identity : {"I001/070", "I001/090", "I001/050", "I001/100"}) {
    if (r.Find(identity) != nullptr) return TargetFate::kIdentified;
  }
  if (const Item* codes = r.Find("I001/030")) {
    for (const Node& code : codes->value->children()) {
      if (code.raw == 6) return TargetFate::kBirds;                   // angels
      if (code.raw >= 2 && code.raw <= 5) return TargetFate::kFalse;  // reflection ... second time
    }
  }
  if (r.Flag("I001/170", "gho")) return TargetFate::kFalse;
  if (r.Flag("I001/170", "tre")) return TargetFate::kExtrapolated;
  if (r.Number("I001/200", "ground_speed_mps").value_or(0) > kMaxVehicleSpeedMps) {
    return TargetFate::kAircraft;
  }
  return TargetFate::kKeep;
}

// ADS-B emitter categories: 20 and 21 are vehicles, 1 to 16 fly.
bool IsVehicleCategory(std::int64_t category) { return category == 20 || category == 21; }
bool IsAircraftCategory(std::int64_t category) { return category >= 1 && category <= 16; }

// Of a compound item; 0 when it is not there.
std::int64_t PartOf(const Record& r, const char* id, const char* part, const char* field) {
  const Item* item = r.Find(id);
  const Node* node = item == nullptr ? nullptr : item->value->Find(part);
  const Node* value = node == nullptr ? nullptr : node->Find(field);
  return value == nullptr ? 0 : value->raw;
}

TargetFate FateOf062(const Record& r) {
  if (PartOf(r, "I062/340", "typ", "tst") != 0 || PartOf(r, "I062/340", "typ", "rab") != 0) {
    return TargetFate::kTest;
  }
  if (r.Flag("I062/080", "tse") || r.Flag("I062/080", "cst")) return TargetFate::kExtrapolated;
  const std::int64_t category = PartOf(r, "I062/380", "emc", "emitter_category");
  if (!IsVehicle(r)) {
    if (IsAircraftCategory(category)) return TargetFate::kAircraft;
    const std::int64_t status = PartOf(r, "I062/380", "com", "stat");
    const bool on_ground = r.Flag("I062/080", "sfc") || status == 1 || status == 3 ||
                           PartOf(r, "I062/380", "sab", "gbs") != 0;
    if (!on_ground) return TargetFate::kAircraft;
  }
  const double vx = r.Number("I062/185", "vx_mps").value_or(0);
  const double vy = r.Number("I062/185", "vy_mps").value_or(0);
  return std::hypot(vx, vy) > kMaxVehicleSpeedMps ? TargetFate::kAircraft : TargetFate::kKeep;
}

TargetFate FateOf021(const Record& r) {
  if (r.Flag("I021/040", "tst") || r.Flag("I021/040", "rab")) return TargetFate::kTest;
  // Suspect, and the reasons for it.
  if (r.Integer("I021/040", "cl").value_or(0) == 1) return TargetFate::kFalse;
  for (const char* check : {"llc", "ipc", "nogo", "cpr", "ldpj", "rcf"}) {
    if (r.Flag("I021/040", check)) return TargetFate::kFalse;
  }
  if (!IsVehicle(r)) {
    if (IsAircraftCategory(r.Integer("I021/020", "emitter_category").value_or(0)) ||
        !r.Flag("I021/040", "gbs")) {
      return TargetFate::kAircraft;
    }
  }
  return r.Number("I021/160", "ground_speed_mps").value_or(0) > kMaxVehicleSpeedMps
             ? TargetFate::kAircraft
             : TargetFate::kKeep;
}

}  // namespace

bool IsVehicle(const Record& r) {
  switch (r.category) {
    case 10:
      return r.Integer("I010/020", "tot") == 2;
    case 21:
      return r.Integer("I021/040", "atp") == 2 ||
             IsVehicleCategory(r.Integer("I021/020", "emitter_category").value_or(0));
    case 62:
      return r.Integer("I062/300", "vehicle_fleet").value_or(0) != 0 ||
             IsVehicleCategory(PartOf(r, "I062/380", "emc", "emitter_category"));
    default:
      break;
  }
  const bool plot048 = r.category == 48;
  const std::int64_t slow_target_on_road = plot048 ? 6 : 7;
  if (const Item* codes = r.Find(plot048 ? "I048/030" : "I001/030")) {
    for (const Node& code : codes->value->children()) {
      if (code.raw == slow_target_on_road) return true;
    }
  }
  return false;
}

TargetFate FateOfReport(const Record& record) {
  switch (record.category) {
    case 1:
      return FateOf001(record);
    case 21:
      return FateOf021(record);
    case 48:
      return FateOf048(record);
    case 62:
      return FateOf062(record);
    default:
      return FateOf010(record);
  }
}

bool IsSimulated(const Record& record) {
  switch (record.category) {
    case 1:
      return record.Flag("I001/020", "sim");
    case 21:
      return record.Flag("I021/040", "sim");
    case 48:
      return record.Flag("I048/020", "sim");
    case 62:
      return record.Flag("I062/080", "sim");
    default:
      return record.Flag("I010/020", "sim");
  }
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
