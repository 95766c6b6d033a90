// SPDX-License-Identifier: Apache-2.0
#pragma once

// What detection and fusion were measured to do, as tables of docs/benchmarks.md give it. Nothing
// in verify reads these: its rules work with what fusion states, which differs from this as
// measured.
namespace trucewatch::tools::month::rates {

// "Moving objects", rendered clips, held out seeds 7 and 31: recall 0.816 and 0.910.
inline constexpr double kVideoRecall = 0.86;
// The same, real video of the Minderhoud level: a vehicle in view is reported in 0.713 of frames,
// and a look of two seconds holds many.
inline constexpr double kVideoReport = 0.95;
// "Tracking", S2 and S4: radar scans with a detection probability of 0.8 to 0.9.
inline constexpr double kRadarRecall = 0.97;
inline constexpr double kRadarReport = 0.85;
// "Tracking": settled NEES / 2 of 1.16 and 1.141: errors are larger than stated by its root.
inline constexpr double kErrorFactor = 1.08;
// "Tracking": convoys of S2 keep an id for about half of the time, groups change theirs 1.4 to 2.0
// times a convoy.
inline constexpr double kIdentityLifeS = 200.0;
inline constexpr double kGroupLifeS = 300.0;
// "Moving objects", seed 7: 9 false tracks in 70 s of seven difficult scenes; of them fusion keeps
// those that last (S2: one false track in fifty an epoch).
inline constexpr double kGhostsAMinute = 1.5;
inline constexpr double kGhostLifeS = 14.0;
// "Class": log-loss of three classes 0.747 with one report, 0.418 with forty of one camera, 0.164
// with two cameras: separations (in 1-sigma) of classes that give these, by numerical integration.
inline constexpr double kSeparationOneReport = 1.61;
inline constexpr double kSeparationOneCamera = 2.57;
// People: counts from the air, relative 1-sigma, and how often a gathering in view is found.
inline constexpr double kCountSigma = 0.15;
inline constexpr double kGatheringRecall = 0.9;
// Satellite, parked and changed vehicles between two passes.
inline constexpr double kChangeRecall = 0.85;
inline constexpr double kFalseChangesAPass = 0.3;

}  // namespace trucewatch::tools::month::rates
