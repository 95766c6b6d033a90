// SPDX-License-Identifier: Apache-2.0
// Rule SITE_CHANGED with several good looks: what one pass shows, others have to agree with.
#include <gtest/gtest.h>

#include "tests/verify/scenario_text.h"

namespace trucewatch {
namespace {

using testing::ExpectScenario;

const std::string kYardMap = R"(
  map 200 m
    . . . . .
    . S S S .
    . S c S .
    . S S S .
    . . . . .

  zone S "Storage site 1"
  rule SITE_CHANGED zone: "S" object_class: ANY_VEHICLE min_count: 1 good_looks: 2
  thresholds 0.7 0 0.9 0
  run 12:00:00 12:00:10
)";

TEST(SiteChangedScenarios, TwoPassesOfTwoSatellitesThatAgreeAreVerified) {
  ExpectScenario(kYardMap + R"(
    pass 06:00:00 09:00:00: c vanished 0.95, c+40,0 vanished 0.97
    look2 11:00:00 S 0.9
    expect candidate corroborated verified
    expect says "Compared with the pass of 2026-03-01T06:00:00Z, that of 2026-03-01T09:00:00Z no longer shows 2 vehicles in zone 'Storage site 1' (probability"
  )");
}

TEST(SiteChangedScenarios, NearMissTheNextPassTakesItBack) {
  ExpectScenario(kYardMap + R"(
    pass 06:00:00 09:00:00: c vanished 0.95
    pass 09:00:00 11:00:00: c appeared 0.95
    look2 11:30:00 S 0.9
    expect nothing
  )");
}

TEST(SiteChangedScenarios, CloudOverTheSecondPassLeavesItUnsaid) {
  ExpectScenario(kYardMap + R"(
    pass 06:00:00 09:00:00: c vanished 0.95
    look 11:00:00 S 0
    expect nothing
  )");
}

TEST(SiteChangedScenarios, TwoPassesOfOneSatelliteAreOneLineage) {
  ExpectScenario(kYardMap + R"(
    pass 06:00:00 09:00:00: c vanished 0.95
    look 11:00:00 S 0.9
    expect candidate
    expect says "2 passes agree with it, the last that of 2026-03-01T11:00:00Z."
  )");
}

TEST(SiteChangedScenarios, ShownOnceMoreByAPassWithAnOlderBaselineItIsOneEvent) {
  ExpectScenario(kYardMap + R"(
    pass 06:00:00 09:00:00: c vanished 0.95
    pass 05:00:00 11:00:00: c vanished 0.95
    expect candidate
  )");
}

}  // namespace
}  // namespace trucewatch
