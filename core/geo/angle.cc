// SPDX-License-Identifier: Apache-2.0
#include "core/geo/angle.h"

#include <cmath>

namespace trucewatch {

Angle Angle::NormalisedPositive() const {
  constexpr double kTurn = 2.0 * std::numbers::pi;
  double rad = std::fmod(rad_, kTurn);
  if (rad < 0) rad += kTurn;
  // A tiny negative angle plus a turn rounds to the turn itself.
  return Angle(rad >= kTurn ? 0.0 : rad);
}

Angle Angle::NormalisedSigned() const {
  constexpr double kTurn = 2.0 * std::numbers::pi;
  const double rad = NormalisedPositive().rad();
  return Angle(rad >= std::numbers::pi ? rad - kTurn : rad);
}

}  // namespace trucewatch
