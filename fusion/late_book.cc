// SPDX-License-Identifier: Apache-2.0
#include "fusion/late_book.h"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <tuple>

namespace trucewatch {
namespace {

// FNV-1a, 64 bits: tells repeated looks apart, protects nothing (the journal holds the bytes).
std::uint64_t Hash(std::uint64_t hash, std::string_view bytes) {
  for (const char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3u;
  }
  return hash;
}

}  // namespace

void LateBook::AddPicture(Instant time, std::span<const TrackEstimate> tracks) {
  PastPicture picture{.time = time, .tracks = {}};
  picture.tracks.reserve(tracks.size());
  for (const TrackEstimate& track : tracks) {
    PastTrack past;
    past.id = track.id;
    for (int i = 0; i < 2; ++i) {
      past.p_en_m[i] = static_cast<float>(track.state.mean(i));
      past.v_en_mps[i] = static_cast<float>(track.state.mean(2 + i));
    }
    past.cov_en_m2[0] = static_cast<float>(track.state.cov(0, 0));
    past.cov_en_m2[1] = static_cast<float>(track.state.cov(0, 1));
    past.cov_en_m2[2] = static_cast<float>(track.state.cov(1, 1));
    past.speed_variance =
        static_cast<float>(std::max(track.state.cov(2, 2), track.state.cov(3, 3)));
    picture.tracks.push_back(past);
  }
  tracks_ += picture.tracks.size();
  pictures_.push_back(std::move(picture));
  const Instant oldest = time - options_.keep;
  while (pictures_.size() > 1 &&
         (pictures_.front().time < oldest || tracks_ > options_.max_tracks ||
          pictures_.size() > options_.max_pictures)) {
    tracks_ -= pictures_.front().tracks.size();
    pictures_.pop_front();
  }
  looks_.erase(looks_.begin(), looks_.lower_bound({oldest, 0}));
}

bool LateBook::TakeLook(Instant time, const SourceId& source, std::string_view payload) {
  std::uint64_t hash = Hash(0xcbf29ce484222325u, source.value);
  hash = Hash(hash, payload);
  if (!looks_.emplace(time, hash).second) return false;
  if (looks_.size() > options_.max_looks) looks_.erase(looks_.begin());
  return true;
}

bool LateBook::Reaches(Instant time) const {
  return !pictures_.empty() && time >= pictures_.front().time &&
         time >= pictures_.back().time - options_.keep;
}

std::vector<LateMatch> LateBook::Match(const Look& look) const {
  // Nearest picture; the earlier one of two equally near.
  const auto after =
      std::lower_bound(pictures_.begin(), pictures_.end(), look.time,
                       [](const PastPicture& picture, Instant t) { return picture.time < t; });
  const PastPicture* nearest = after == pictures_.end() ? nullptr : &*after;
  if (after != pictures_.begin()) {
    const PastPicture& before = *std::prev(after);
    if (!nearest || look.time - before.time <= nearest->time - look.time) nearest = &before;
  }
  if (!nearest) return {};
  const double dt = (look.time - nearest->time).seconds();
  if (std::abs(dt) > options_.picture_period.seconds()) return {};

  struct Pair {
    double d2;
    TrackId track;
    std::size_t index, plot;
  };
  std::vector<Pair> pairs;
  const double turn = 0.5 * options_.manoeuvre_mps2 * dt * dt;
  for (std::size_t i = 0; i < nearest->tracks.size(); ++i) {
    const PastTrack& track = nearest->tracks[i];
    const Eigen::Vector2d p(track.p_en_m[0] + dt * track.v_en_mps[0],
                            track.p_en_m[1] + dt * track.v_en_mps[1]);
    Eigen::Matrix2d cov;
    cov << track.cov_en_m2[0], track.cov_en_m2[1], track.cov_en_m2[1], track.cov_en_m2[2];
    cov += (dt * dt * track.speed_variance + turn * turn) * Eigen::Matrix2d::Identity();
    for (std::size_t k = 0; k < look.plots.size(); ++k) {
      const Eigen::Vector2d y = look.plots[k].p_en_m - p;
      const Eigen::Matrix2d s = cov + look.plots[k].cov_en_m2;
      const double d2 = y.dot(s.inverse() * y);
      if (d2 <= options_.gate_d2) pairs.push_back({d2, track.id, i, k});
    }
  }
  std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) {
    return std::tie(a.d2, a.track, a.plot) < std::tie(b.d2, b.track, b.plot);
  });
  std::vector<char> track_taken(nearest->tracks.size(), 0), plot_taken(look.plots.size(), 0);
  std::vector<LateMatch> matches;
  for (const Pair& pair : pairs) {
    if (track_taken[pair.index] || plot_taken[pair.plot]) continue;
    track_taken[pair.index] = plot_taken[pair.plot] = 1;
    matches.push_back({.track = pair.track, .distance2 = pair.d2});
  }
  std::sort(matches.begin(), matches.end(),
            [](const LateMatch& a, const LateMatch& b) { return a.track < b.track; });
  return matches;
}

void LateBook::Restore(std::deque<PastPicture> pictures, std::set<TakenLook> looks) {
  pictures_ = std::move(pictures);
  looks_ = std::move(looks);
  tracks_ = 0;
  for (const PastPicture& picture : pictures_) tracks_ += picture.tracks.size();
}

}  // namespace trucewatch
