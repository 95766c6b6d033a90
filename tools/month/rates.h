// SPDX-License-Identifier: Apache-2.0
#pragma once

// How detection and fusion err in the simulated month. MEASURED: a table of docs/benchmarks.md, or
// a test or program that prints it. HARDER: it was measured, and what stands here is worse than
// that. ASSUMED: nobody has measured it; chosen to be plausible. Nothing in verify reads these: its
// rules work with what fusion states.
namespace trucewatch::tools::month::rates {

// MEASURED, "Moving objects on rendered clips", recall 0.816 (seed 7) and 0.910 (seed 31): their
// mean. In real video 0.713 of hand-made marks are found; that harder figure is not used here.
inline constexpr double kVideoRecall = 0.86;
// HARDER: `tools/bench/moving --minutes 4 --seed 7`, after a vehicle was found 0.910 of 111 spans
// of two seconds report it.
inline constexpr double kVideoReport = 0.9;
// HARDER: `tools/bench/identities` found 162 of 162 vehicles by radar, those that came later after
// 8.3 s. MEASURED with that detection probability of a scan.
inline constexpr double kRadarRecall = 0.97;
inline constexpr double kRadarReport = 0.85;
inline constexpr double kRadarLatencyS = 8.3;
// MEASURED, "Tracking", settled NEES / 2 of 1.16: errors are larger than stated by its root.
inline constexpr double kErrorFactor = 1.08;
// HARDER: `tools/bench/identities`, settled, S2: a vehicle of a convoy gets a new number each 702
// s, others each 3,035 s.
inline constexpr double kIdentityLifeS = 200.0;
inline constexpr double kIdentityLifeAloneS = 1'000.0;
// MEASURED, there: a vehicle of a convoy gets the number of another each 26 s.
inline constexpr double kSwapLifeS = 26.0;
// MEASURED, "Tracking", S2: groups change theirs 1.4 to 2.0 times a convoy of ten minutes.
inline constexpr double kGroupLifeS = 300.0;
// MEASURED: `tools/bench/false_tracks`, what fusion makes of one camera's video of hard scenes
// (town, trees in wind, zoom, thermal): false tracks a minute, and how long each lasts. Radar gave
// none
// (`tools/bench/identities`).
inline constexpr double kGhostsAMinute = 5.14;
inline constexpr double kGhostLifeS = 15.8;
// MEASURED by fusion_test, log-loss of three classes 0.747 with one report and 0.418 with forty of
// one camera: the separations (in 1-sigma) of classes that give these. Two cameras then give 0.164,
// as measured too.
inline constexpr double kSeparationOneReport = 1.61;
inline constexpr double kSeparationOneCamera = 2.57;
// HARDER, detect/README.md: the interval of 30 people is 12 wide, a relative 1-sigma of 0.10, and
// 94 of 94 segments found their group, in video sharp enough for it.
inline constexpr double kCountSigma = 0.15;
inline constexpr double kGatheringRecall = 0.9;
// HARDER, detect/README.md: 28 of 28 changes between two passes found, none false on 1.0 km2 and 18
// demos; with the sun moved by 125 degrees three false ones.
inline constexpr double kChangeRecall = 0.85;
inline constexpr double kFalseChangesAPass = 0.3;

// MEASURED: after so long it is known that a clock is wrong (the median of 31 packets, two a second
// or more), that a platform's position sprang (ingest/position_watch.h), that footage is old (20 s
// by `tools/bench/footage`).
inline constexpr double kClockKnownS = 8.0;
inline constexpr double kSpringKnownS = 1.0;
inline constexpr double kFootageKnownS = 20.0;
// ASSUMED: of spoofed positions and old footage the share that is recognised: an offset that grows
// slowly is not, nor is a camera that stands still.
inline constexpr double kShows = 0.75;

}  // namespace trucewatch::tools::month::rates
