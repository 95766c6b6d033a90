// SPDX-License-Identifier: Apache-2.0
#pragma once

// How detection and fusion err in the simulated month. MEASURED: a table of docs/benchmarks.md, or
// a test that prints it. ASSUMED: nobody has measured it; chosen to be plausible. Nothing in verify
// reads these: its rules work with what fusion states.
namespace trucewatch::tools::month::rates {

// MEASURED, "Moving objects on rendered clips", recall 0.816 (seed 7) and 0.910 (seed 31): their
// mean. In real video 0.713 of hand-made marks are found; that harder figure is not used here.
inline constexpr double kVideoRecall = 0.86;
// ASSUMED: that two seconds of video report a vehicle once it is found.
inline constexpr double kVideoReport = 0.95;
// ASSUMED, near the scenarios that "Tracking" is measured on, whose scans detect 0.8 to 0.9.
inline constexpr double kRadarRecall = 0.97;
inline constexpr double kRadarReport = 0.85;
// MEASURED, "Tracking", settled NEES / 2 of 1.16: errors are larger than stated by its root.
inline constexpr double kErrorFactor = 1.08;
// ASSUMED, of the order of "Tracking", S2: convoys keep an id for about half of the time, groups
// change theirs 1.4 to 2.0 times a convoy.
inline constexpr double kIdentityLifeS = 200.0;
inline constexpr double kGroupLifeS = 300.0;
// ASSUMED: false tracks that fusion keeps, a drone and minute, and how long each lasts.
inline constexpr double kGhostsAMinute = 1.5;
inline constexpr double kGhostLifeS = 14.0;
// MEASURED by fusion_test, log-loss of three classes 0.747 with one report and 0.418 with forty of
// one camera: the separations (in 1-sigma) of classes that give these. Two cameras then give 0.164,
// as measured too.
inline constexpr double kSeparationOneReport = 1.61;
inline constexpr double kSeparationOneCamera = 2.57;
// ASSUMED: counts of people from the air, relative 1-sigma, and how often a gathering is found.
inline constexpr double kCountSigma = 0.15;
inline constexpr double kGatheringRecall = 0.9;
// ASSUMED: changes between two satellite passes.
inline constexpr double kChangeRecall = 0.85;
inline constexpr double kFalseChangesAPass = 0.3;

}  // namespace trucewatch::tools::month::rates
