// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fusion/imm.h"

namespace trucewatch::internal {

// White-acceleration density [m^2/s^3] of a moving model.
double NoiseOf(int model, const MotionModelOptions& options);

// Constant velocity with white acceleration of density q [m^2/s^3] (Bar-Shalom, Li, Kirubarajan
// 2001, eq. 6.2.2-12).
void PredictConstantVelocity(Gaussian& g, double dt_s, double q);

// It stands, or comes to a stop within the braking time: the place is held, the speed forgotten.
void PredictStopped(Gaussian& g, double dt_s, const MotionModelOptions& options);

// A stop that ends leaves the vehicle with some speed in an unknown direction.
Gaussian Departing(const Gaussian& stopped, const MotionModelOptions& options);

// Makes the probabilities add up to 1; no model ever dies out.
void Normalise(PerModel& probability);

}  // namespace trucewatch::internal
