// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "core/types/track.h"
#include "fusion/imm.h"

namespace trucewatch {

// One look that could have reported a track, and whether it did.
struct Opportunity {
  std::uint64_t look = 0;  // number of the look, from 1; 0: none
  bool reported = false;
};
inline constexpr std::size_t kOpportunityMemory = 16;

// What one source has said of its class so far: the mean of the logarithms of its words, and how
// they differ from one another.
struct ClassWord {
  SourceId source;
  int words = 0;
  Instant first, last;
  ClassWeights mean_log{};
  double spread = 0;  // sum of squared differences from the mean, over the classes
};

// How large it is, by those who said so.
struct FusedSize {
  double length_m = 0, width_m = 0;
  double information = 0;  // one over the variance of each [1/m^2]; 0: nobody has said
};

// What the tracker knows of one object. Plain data: copied, compared and stored as it is.
struct TrackState {
  TrackId id;
  Instant time;  // of imm and existence
  Imm imm;
  double existence = 0;
  bool confirmed = false;
  int updates = 0;
  Instant initiated;
  Instant last_update;
  double height_hae_m = 0;
  ClassWeights classes{};
  std::vector<ClassWord> class_words;  // ordered by source; what `classes` is made of
  FusedSize size;
  std::vector<TrackSupport> supports;                           // ordered by source
  std::array<Opportunity, kOpportunityMemory> opportunities{};  // ring; newest at (next - 1)
  std::size_t next_opportunity = 0;
  std::vector<TrackId> behind;  // that drive behind it in its column, ascending
};

// A confirmed track at some time, for readers.
struct TrackEstimate {
  TrackId id;
  Gaussian state;
  double existence = 0;
  Instant initiated;
  Instant last_update;
  double height_hae_m = 0;
  ClassWeights classes{};
  FusedSize size = {};
  std::vector<TrackSupport> supports;
};

// People are never followed one by one (DESIGN section 1): what is more likely people than a
// vehicle is withheld.
bool IsLikelyPeople(const ClassWeights& classes);

}  // namespace trucewatch
