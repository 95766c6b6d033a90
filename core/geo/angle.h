// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <numbers>

namespace trucewatch {

// An angle; radians inside, degrees only by name.
class Angle {
 public:
  constexpr Angle() = default;
  static constexpr Angle Radians(double rad) { return Angle(rad); }
  static constexpr Angle Degrees(double deg) { return Angle(deg * std::numbers::pi / 180.0); }

  constexpr double rad() const { return rad_; }
  constexpr double deg() const { return rad_ * 180.0 / std::numbers::pi; }

  constexpr auto operator<=>(const Angle&) const = default;
  constexpr Angle operator-() const { return Angle(-rad_); }
  friend constexpr Angle operator+(Angle a, Angle b) { return Angle(a.rad_ + b.rad_); }
  friend constexpr Angle operator-(Angle a, Angle b) { return Angle(a.rad_ - b.rad_); }
  friend constexpr Angle operator*(Angle a, double k) { return Angle(a.rad_ * k); }

  Angle NormalisedSigned() const;    // same direction in [-180, 180) degrees
  Angle NormalisedPositive() const;  // same direction in [0, 360) degrees

 private:
  explicit constexpr Angle(double rad) : rad_(rad) {}
  double rad_ = 0.0;
};

}  // namespace trucewatch
