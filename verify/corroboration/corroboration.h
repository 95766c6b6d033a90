// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/types/finding.h"
#include "core/types/track.h"
#include "verify/agreement/agreement.h"

namespace trucewatch {

// Ancestors of those listed that two observations share. An empty name is never shared; something
// derived from a product shares DERIVED_FROM with whatever made that product.
std::vector<Ancestor> SharedAncestors(const Lineage& a, const Lineage& b,
                                      std::span<const Ancestor> listed);

// Two observations are independent when their modality differs, both name their sensor, and they
// share none of the listed ancestors (DESIGN rule 5).
bool Independent(const Lineage& a, const Lineage& b, std::span<const Ancestor> breaking);

// What a rule speaks of: that something is there, or what kind of vehicle it is. Of the kind a
// radar knows nothing by itself, however well it sees that something moves.
enum class Claim { kPresence, kClass };
// Whether such observations tell kinds of vehicles apart: pictures and people do.
bool TellsClass(Modality modality);
// kClass for rules of some classes of vehicles only; those of people or any vehicle: kPresence.
Claim ClaimOf(const Rule& rule);

// Tracks with this bit in their id stand for the vehicles of a group that was seen as a whole:
// nobody told them apart.
inline constexpr std::uint64_t kNotToldApart = std::uint64_t{1} << 63;

// What one source measured: so many vehicles one by one, or all of it at once, or both.
struct Measured {
  int vehicles = 0;
  bool whole = false;
};

// What the sources together say about some vehicles.
struct Corroboration {
  // Sources that saw enough of the group to count, with all their share of it; ordered by source,
  // then lineage.
  std::vector<Support> counted;
  // Two of them with different sensors that have measured a vehicle in common (or speak of the
  // whole); preferably two that are independent.
  std::optional<std::pair<std::size_t, std::size_t>> distinct;
  std::optional<std::pair<std::size_t, std::size_t>> independent;
  // Of the two that are independent: what each has measured, how many vehicles both have, and of
  // how many that were told apart.
  std::pair<Measured, Measured> measured;
  int measured_by_both = 0;
  int told_apart = 0;
  // Of a claim about the class: independent in what is there, though not in what kind it is.
  std::optional<std::pair<std::size_t, std::size_t>> present;
};
// Digests a support carries at most: newest first, taken in turn from each vehicle.
inline constexpr std::size_t kMaxFindingDigests = 32;

// A lineage supports a vehicle by at least min_updates measurements, the last at most `recent`
// before now; it counts when it supports at least max(1, ceil(member_share * min_count)) of the
// vehicles. `whole` speaks of all of it at once (a group that is seen as a whole, a patrol's
// record) and counts as it stands: see WholeSupports. Of a claim about the class both of an
// independent pair must tell classes: else what makes the event one would rest on a single lineage
// (DESIGN.md rule 5).
Corroboration Corroborate(std::span<const Track* const> vehicles, int min_count,
                          const CorroborationTerms& terms, Instant now,
                          std::span<const TrackSupport> whole = {}, Claim claim = Claim::kPresence);

// Those supports of a group that is seen as a whole which are recent and have min_updates.
std::vector<TrackSupport> WholeSupports(std::span<const TrackSupport> supports,
                                        const CorroborationTerms& terms, Instant now);

// "sensor", "platform", ... as in sentences.
std::string AncestorName(Ancestor ancestor);

}  // namespace trucewatch
