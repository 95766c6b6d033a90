// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/types/track.h"
#include "fusion/look.h"
#include "fusion/track_state.h"

namespace trucewatch {

// A settled track at the time of one picture, in single precision: 20 km away a unit in the last
// place is 2 mm.
struct PastTrack {
  TrackId id;
  float p_en_m[2] = {0, 0};
  float v_en_mps[2] = {0, 0};
  float cov_en_m2[3] = {0, 0, 0};  // [ee, en, nn]
  float speed_variance = 0;        // (m/s)^2, the larger of east and north
};

struct PastPicture {
  Instant time;
  std::vector<PastTrack> tracks;  // ascending id
};

// Remembers what was settled, so that a look that comes after the hold can be held against the
// tracks as they were, without running the tracker again; and which looks have been taken, so that
// a repeated one is not taken for a late one. Determinism: a function of the pictures and looks.
// Threads: thread-compatible.
class LateBook {
 public:
  struct Options {
    Duration keep;  // of event time
    Duration picture_period;
    std::size_t max_tracks = 200'000;  // over all pictures; the oldest pictures go first
    std::size_t max_looks = 200'000;
    std::size_t max_pictures = 200'000;
    double gate_d2 = 9.21;        // chi-square with 2 degrees of freedom, 99 %
    double manoeuvre_mps2 = 2.0;  // 1-sigma, by which a track may leave its straight line
  };

  explicit LateBook(const Options& options) : options_(options) {}

  void AddPicture(Instant time, std::span<const TrackEstimate> tracks);  // ascending id

  // False when the same look (time, source, bytes) was taken before.
  bool TakeLook(Instant time, const SourceId& source, std::string_view payload);

  // False: before the first picture that is remembered, or longer ago than `keep`.
  bool Reaches(Instant time) const;

  // Reports of the look that agree with a track as it was at its time, ascending track; each report
  // and each track at most once, the nearest first. Nothing where no picture was made near that
  // time.
  std::vector<LateMatch> Match(const Look& look) const;

  // State, for snapshots.
  using TakenLook = std::pair<Instant, std::uint64_t>;  // time, hash of source and payload
  const std::deque<PastPicture>& pictures() const { return pictures_; }  // ascending time
  const std::set<TakenLook>& looks() const { return looks_; }
  void Restore(std::deque<PastPicture> pictures, std::set<TakenLook> looks);

 private:
  Options options_;
  std::deque<PastPicture> pictures_;
  std::size_t tracks_ = 0;  // over all pictures
  std::set<TakenLook> looks_;
};

}  // namespace trucewatch
