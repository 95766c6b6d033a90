// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/vehicle_kinds.h"

#include <algorithm>
#include <array>

namespace trucewatch::simulate {

namespace config = v1::config;

const char* MoverKindName(MoverKind kind) {
  switch (kind) {
    case MoverKind::kCar:
      return "car";
    case MoverKind::kJeep:
      return "jeep";
    case MoverKind::kTruck:
      return "truck";
    case MoverKind::kBus:
      return "bus";
    case MoverKind::kTracked:
      return "tracked";
    case MoverKind::kPersonGroup:
      return "person_group";
    case MoverKind::kGathering:
      return "gathering";
  }
  return "";
}

Colour FromRgb(double red, double green, double blue) {
  const double luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return {static_cast<float>(16 + luma * 219 / 255),
          static_cast<float>(128 + (blue - luma) / 1.8556 * 224 / 255),
          static_cast<float>(128 + (red - luma) / 1.5748 * 224 / 255)};
}

MoverKind KindOf(int kind) {
  switch (kind) {
    case config::Vehicle::JEEP:
      return MoverKind::kJeep;
    case config::Vehicle::TRUCK:
      return MoverKind::kTruck;
    case config::Vehicle::BUS:
      return MoverKind::kBus;
    case config::Vehicle::TRACKED:
      return MoverKind::kTracked;
    default:
      return MoverKind::kCar;
  }
}

namespace {

Colour PaintOf(MoverKind kind, Random& random) {
  const double shade = random.Uniform(0.85, 1.15);
  const auto paint = [&](double r, double g, double b) {
    return FromRgb(std::min(255.0, r * shade), std::min(255.0, g * shade),
                   std::min(255.0, b * shade));
  };
  switch (kind) {
    case MoverKind::kTracked:
      return random.Below(2) == 0 ? paint(72, 78, 56) : paint(120, 108, 78);
    case MoverKind::kJeep:
      return random.Below(2) == 0 ? paint(84, 88, 62) : paint(196, 190, 172);
    case MoverKind::kTruck: {
      constexpr std::array<std::array<double, 3>, 4> kPaints{
          {{78, 84, 60}, {112, 98, 68}, {210, 208, 200}, {62, 66, 70}}};
      const auto& p = kPaints[random.Below(kPaints.size())];
      return paint(p[0], p[1], p[2]);
    }
    case MoverKind::kBus:
      return random.Below(2) == 0 ? paint(222, 220, 212) : paint(176, 150, 70);
    default: {
      constexpr std::array<std::array<double, 3>, 6> kPaints{{{228, 228, 226},
                                                              {38, 40, 44},
                                                              {150, 152, 156},
                                                              {128, 36, 34},
                                                              {44, 62, 104},
                                                              {186, 176, 150}}};
      const auto& p = kPaints[random.Below(kPaints.size())];
      return paint(p[0], p[1], p[2]);
    }
  }
}

}  // namespace

Mover MakeVehicle(MoverKind kind, Random& random) {
  Mover mover;
  mover.kind = kind;
  switch (kind) {
    case MoverKind::kJeep:
      mover.length_m = 4.2, mover.width_m = 1.9, mover.height_m = 1.9;
      break;
    case MoverKind::kTruck:
      mover.length_m = 8.0, mover.width_m = 2.5, mover.height_m = 3.1;
      break;
    case MoverKind::kBus:
      mover.length_m = 11.0, mover.width_m = 2.6, mover.height_m = 3.2;
      break;
    case MoverKind::kTracked:
      mover.length_m = 7.0, mover.width_m = 3.4, mover.height_m = 2.4;
      break;
    default:
      mover.length_m = 4.5, mover.width_m = 1.8, mover.height_m = 1.5;
  }
  const double scale = random.Uniform(0.94, 1.06);
  mover.length_m *= scale;
  mover.colour = PaintOf(kind, random);
  mover.lane_m = random.Uniform(1.3, 1.7);
  return mover;
}

}  // namespace trucewatch::simulate
