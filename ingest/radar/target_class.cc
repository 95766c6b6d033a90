// SPDX-License-Identifier: Apache-2.0
#include "ingest/radar/target_class.h"

#include <iterator>

namespace trucewatch::stanag4607 {
namespace {

std::uint8_t RealClass(std::uint8_t classification) {
  if (!IsSimulatedClass(classification)) return classification;
  return static_cast<std::uint8_t>(classification - 128);
}

}  // namespace

bool IsSimulatedClass(std::uint8_t classification) {
  return classification >= 128 && classification != 142 && classification != 143;
}

std::string TargetClassName(std::uint8_t classification) {
  constexpr const char* kNames[] = {"no_information",
                                    "tracked_vehicle",
                                    "wheeled_vehicle",
                                    "rotary_wing",
                                    "fixed_wing",
                                    "stationary_rotator",
                                    "maritime",
                                    "beacon",
                                    "amphibious",
                                    "person",
                                    "vehicle",
                                    "animal",
                                    "large_multiple_return_land",
                                    "large_multiple_return_maritime",
                                    "clutter",
                                    "phantom",
                                    "ground_rotator",
                                    "small_vehicle",
                                    "low_slow_flyer"};
  if (classification == 142 || classification == 143) return "tagging_device";
  const std::uint8_t real = RealClass(classification);
  std::string name = "reserved";
  if (real < std::size(kNames)) name = kNames[real];
  if (real == 126) name = "other";
  if (real == 127) name = "unknown";
  if (IsSimulatedClass(classification)) name += "_simulated";
  return name;
}

TargetFate FateOf(std::uint8_t classification) {
  switch (RealClass(classification)) {
    case 3:   // rotary wing
    case 4:   // fixed wing
    case 18:  // low-slow flyer
      return TargetFate::kAircraft;
    case 9:
      return TargetFate::kPerson;
    case 11:
      return TargetFate::kAnimal;
    case 5:    // stationary rotator
    case 6:    // maritime
    case 7:    // beacon
    case 13:   // large multiple-return maritime
    case 14:   // clutter
    case 15:   // phantom
    case 16:   // ground rotator
    case 142:  // tagging device
    case 143:
      return TargetFate::kOther;
    default:
      return TargetFate::kKeep;
  }
}

ClassProbabilities ClassesOf(std::uint8_t classification, double probability) {
  ClassProbabilities classes;
  const auto share = [&](ObjectClass object_class, double part) {
    if (part > 0) classes[object_class] += part;
  };
  switch (RealClass(classification)) {
    case 1:  // tracked vehicle
      share(ObjectClass::kTrackedVehicle, probability);
      break;
    case 2:  // wheeled vehicle: does not say how large
      share(ObjectClass::kLightVehicle, probability / 2);
      share(ObjectClass::kTruck, probability / 2);
      break;
    case 17:  // small vehicle
      share(ObjectClass::kLightVehicle, probability);
      break;
    default:  // vehicle, amphibious, large multiple return, no information, unknown numbers
      share(ObjectClass::kUnknownVehicle, probability);
      break;
  }
  share(ObjectClass::kUnknownVehicle, 1.0 - probability);
  return classes;
}

}  // namespace trucewatch::stanag4607
