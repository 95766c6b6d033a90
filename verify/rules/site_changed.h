// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "core/types/observation.h"
#include "core/types/track.h"
#include "verify/agreement/agreement.h"
#include "verify/rules/count_inside.h"

namespace trucewatch {

// What differs inside a site between two passes.
struct SiteAssessment {
  double probability = 0.0;  // that at least N came or left
  CountBounds changed;       // 95 %, both kinds together
  int appeared = 0;          // more likely so than not
  int vanished = 0;
  std::vector<std::size_t> counted;  // indices of those two
  double expected = 0.0;
};

// Rule SITE_CHANGED, clause of the kind "Vehicles shall neither leave the storage site nor be
// brought to it": P(at least N of the changes between two satellite passes are real, of the rule's
// classes and inside the site), weight = probability * class share in CountInside. A vehicle that
// was moved within the site is one that vanished and one that appeared; the rule cannot tell.
// Changes of no stated kind are left out.
SiteAssessment AssessSiteChanged(const Rule& rule, const Zone& zone, double map_sigma_m,
                                 std::span<const SiteChange> changes);

// Rule.good_looks: a change counts only when so many passes agree with it, the one that showed it
// among them. Light, shadow and snow make changes that the next pass takes back.

// Those changes of an earlier pass that a later one does not take back: none of its own changes,
// more likely so than not, is of the other kind within kSamePlaceM and three sigma.
inline constexpr double kSamePlaceM = 10.0;
std::vector<SiteChange> Outlasting(std::span<const SiteChange> earlier,
                                   std::span<const SiteChange> later);
// Whether a later pass shows one of them again (the same kind at the same place), as one does whose
// own earlier pass was before the change.
bool ShowsAgain(std::span<const SiteChange> earlier, std::span<const SiteChange> later);
// Whether a pass looked at all the places, with a look that could have seen a standing vehicle.
bool LookedAtAll(const SettledLook& look, std::span<const SiteChange> changes);

}  // namespace trucewatch
