// SPDX-License-Identifier: Apache-2.0
#include "evidence/release/release_terms.h"

namespace trucewatch::evidence {

Result<ReleaseTerms> ReadReleaseTerms(const v1::config::Agreement& agreement) {
  using v1::config::Release;
  ReleaseTerms out;
  for (const v1::config::Zone& zone : agreement.zone()) {
    out.side_of_zone[zone.id()] = zone.side() == v1::config::Party::A   ? "A"
                                  : zone.side() == v1::config::Party::B ? "B"
                                                                        : "NEITHER";
  }
  for (const Release& release : agreement.release()) {
    if (release.audience() != Release::PARTIES && release.audience() != Release::PUBLIC) continue;
    AudienceTerms& terms = release.audience() == Release::PARTIES ? out.parties : out.open;
    const char* who = release.audience() == Release::PARTIES ? "PARTIES" : "PUBLIC";
    if (!(release.delay_s() >= kShortestDelay.seconds())) {
      return Fail(
          ErrorCode::kBadInput,
          "release to {}: delay_s {} is too short; at least {:.0f} s keep what was seen from "
          "being used as it happens",
          who, release.delay_s(), kShortestDelay.seconds());
    }
    if (!(release.grid_m() >= kCoarsestAllowedM)) {
      return Fail(ErrorCode::kBadInput, "release to {}: grid_m {} is too fine; at least {:.0f} m",
                  who, release.grid_m(), kCoarsestAllowedM);
    }
    terms.delay = Duration::FromSeconds(release.delay_s());
    terms.grid_m = release.grid_m();
    terms.automatic = release.automatic();
    if (release.pictures() && release.audience() != Release::PARTIES)
      return Fail(ErrorCode::kBadInput, "release to {}: no pictures are made for it; only PARTIES",
                  who);
    terms.pictures = release.pictures();
  }
  return out;
}

}  // namespace trucewatch::evidence
