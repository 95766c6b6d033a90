// SPDX-License-Identifier: Apache-2.0
#include "tools/score/track_score.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "core/base/check.h"
#include "tools/score/assignment.h"

namespace trucewatch::tools {
namespace {

// A truth and a track of one epoch that are less than the cutoff apart.
struct NearPair {
  std::size_t truth = 0, track = 0;  // places in the epoch
  double distance_m = 0;
};

double Ratio(double part, double whole) { return part / std::max(whole, 1.0); }
double AsDouble(std::size_t count) { return static_cast<double>(count); }

// Only what is near in x is looked at; in order of truth, then track.
std::vector<NearPair> FindNearPairs(const ScoredEpoch& epoch, double cutoff_m) {
  std::vector<std::pair<double, std::size_t>> by_x;
  by_x.reserve(epoch.tracks.size());
  for (std::size_t k = 0; k < epoch.tracks.size(); ++k) {
    by_x.emplace_back(epoch.tracks[k].p_en_m.x(), k);
  }
  std::sort(by_x.begin(), by_x.end());
  std::vector<NearPair> pairs;
  for (std::size_t i = 0; i < epoch.truths.size(); ++i) {
    const Eigen::Vector2d& at = epoch.truths[i].p_en_m;
    const auto first = std::lower_bound(by_x.begin(), by_x.end(),
                                        std::pair<double, std::size_t>(at.x() - cutoff_m, 0));
    const std::size_t begin = pairs.size();
    for (auto k = first; k != by_x.end() && k->first <= at.x() + cutoff_m; ++k) {
      const Eigen::Vector2d apart = at - epoch.tracks[k->second].p_en_m;
      const double distance_m = std::hypot(apart.x(), apart.y());
      if (distance_m < cutoff_m) pairs.push_back({i, k->second, distance_m});
    }
    std::sort(pairs.begin() + static_cast<std::ptrdiff_t>(begin), pairs.end(),
              [](const NearPair& a, const NearPair& b) { return a.track < b.track; });
  }
  return pairs;
}

// GOSPA and OSPA, which share their assignment: both ask for the least sum of min(d, c)^p.
class SetDistances {
 public:
  explicit SetDistances(const TrackScoreOptions& options)
      : c_(options.cutoff_m), p_(options.order), c_p_(std::pow(c_, p_)) {}

  // Answers with the assignment: of each truth its track's place, or kUnassigned.
  std::vector<std::size_t> Add(const ScoredEpoch& epoch, const std::vector<NearPair>& near) {
    const std::size_t truths = epoch.truths.size(), tracks = epoch.tracks.size();
    std::vector<AllowedPair> allowed;
    std::vector<double> distance_p;
    for (const NearPair& pair : near) {
      distance_p.push_back(std::pow(pair.distance_m, p_));
      // Against leaving both unassigned, which costs c^p once more.
      allowed.push_back({pair.truth, pair.track, distance_p.back() - c_p_});
    }
    std::vector<std::size_t> track_of = AssignAtLeastCost(truths, tracks, allowed);
    double located = 0;
    std::size_t matched = 0;
    for (std::size_t k = 0; k < near.size(); ++k) {
      if (track_of[near[k].truth] != near[k].track) continue;
      located += distance_p[k];
      ++matched;
    }
    const double missed = AsDouble(truths - matched) * c_p_ / 2;
    const double wrong = AsDouble(tracks - matched) * c_p_ / 2;
    gospa_.push_back(Root(located + missed + wrong));
    located_ += Root(located), missed_ += Root(missed), wrong_ += Root(wrong);
    located_p_ += located, missed_p_ += missed, wrong_p_ += wrong;
    matched_ += matched, truths_ += truths, tracks_ += tracks;
    // OSPA: per object of the larger set; what is cut off counts as location there.
    const double larger = AsDouble(std::max(truths, tracks));
    if (larger == 0) return track_of;
    const double smaller = AsDouble(std::min(truths, tracks));
    const double within = located + (smaller - AsDouble(matched)) * c_p_;
    const double beyond = (larger - smaller) * c_p_;
    ospa_ += Root((within + beyond) / larger);
    ospa_located_ += Root(within / larger);
    ospa_cardinality_ += Root(beyond / larger);
    return track_of;
  }

  void Finish(TrackScore& score) const {
    const double n = AsDouble(gospa_.size());
    double sum = 0, sum_p = 0, spread = 0;
    for (const double gospa : gospa_) sum += gospa, sum_p += std::pow(gospa, p_);
    score.gospa_m = sum / n;
    for (const double gospa : gospa_) spread += (gospa - sum / n) * (gospa - sum / n);
    score.gospa_std_m = std::sqrt(spread / n);
    score.gospa_rms_m = Root(sum_p / n);
    score.gospa_located_m = located_ / n;
    score.gospa_missed_m = missed_ / n;
    score.gospa_false_m = wrong_ / n;
    score.mean_located = located_p_ / n;
    score.mean_missed = missed_p_ / n;
    score.mean_false = wrong_p_ / n;
    score.truths_per_epoch = AsDouble(truths_) / n;
    score.missed_per_epoch = AsDouble(truths_ - matched_) / n;
    score.false_per_epoch = AsDouble(tracks_ - matched_) / n;
    if (p_ == 2.0) score.location_rmse_m = std::sqrt(Ratio(located_p_, AsDouble(matched_)));
    score.ospa_m = ospa_ / n;
    score.ospa_located_m = ospa_located_ / n;
    score.ospa_cardinality_m = ospa_cardinality_ / n;
  }

 private:
  double Root(double power) const { return std::pow(power, 1 / p_); }

  double c_, p_, c_p_;
  std::vector<double> gospa_;
  double located_ = 0, missed_ = 0, wrong_ = 0;
  double located_p_ = 0, missed_p_ = 0, wrong_p_ = 0;
  double ospa_ = 0, ospa_located_ = 0, ospa_cardinality_ = 0;
  std::size_t matched_ = 0, truths_ = 0, tracks_ = 0;
};

// One-to-one between all targets and all tracks of the whole time, such that most epochs agree.
class IdentityMap {
 public:
  void Add(const ScoredEpoch& epoch, const std::vector<NearPair>& near) {
    for (const NearPair& pair : near) {
      ++together_[{epoch.truths[pair.truth].target, epoch.tracks[pair.track].track}];
    }
  }
  double AgreeingEpochs(std::size_t targets, std::size_t tracks) const {
    std::vector<AllowedPair> allowed;
    for (const auto& [pair, count] : together_) {
      allowed.push_back({pair.first, pair.second, -AsDouble(count)});
    }
    const auto track_of = AssignAtLeastCost(targets, tracks, allowed);
    double agree = 0;
    for (const AllowedPair& pair : allowed) {
      if (track_of[pair.row] == pair.column) agree -= pair.cost;
    }
    return agree;
  }

 private:
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> together_;
};

// CLEAR-MOT: who was matched stays so while near enough; the others as many as can be, and of these
// the least sum of distances.
class ContinuousMatching {
 public:
  ContinuousMatching(const TrackScoreOptions& options, std::size_t targets)
      : cutoff_m_(options.cutoff_m), previous_(targets, kUnassigned), at_(targets, 0) {}

  // Of each truth the place in `near` of its pair, or kUnassigned.
  std::vector<std::size_t> Next(const ScoredEpoch& epoch, const std::vector<NearPair>& near) {
    ++epoch_;
    std::vector<std::size_t> pair_of(epoch.truths.size(), kUnassigned);
    std::vector<char> taken(epoch.tracks.size(), 0);
    for (std::size_t k = 0; k < near.size(); ++k) {
      const std::size_t target = epoch.truths[near[k].truth].target;
      // Only the epoch just before: a gap ends continuity.
      if (at_[target] + 1 != epoch_ || previous_[target] != epoch.tracks[near[k].track].track) {
        continue;
      }
      pair_of[near[k].truth] = k;
      taken[near[k].track] = 1;
    }
    // Dearer than all distances together, so that their number counts first.
    const double alone =
        cutoff_m_ * AsDouble(std::min(epoch.truths.size(), epoch.tracks.size()) + 1);
    std::vector<AllowedPair> allowed;
    for (const NearPair& pair : near) {
      if (pair_of[pair.truth] != kUnassigned || taken[pair.track]) continue;
      allowed.push_back({pair.truth, pair.track, pair.distance_m - alone});
    }
    const auto track_of = AssignAtLeastCost(epoch.truths.size(), epoch.tracks.size(), allowed);
    for (std::size_t k = 0; k < near.size(); ++k) {
      if (track_of[near[k].truth] == near[k].track) pair_of[near[k].truth] = k;
    }
    for (std::size_t i = 0; i < pair_of.size(); ++i) {
      if (pair_of[i] == kUnassigned) continue;
      previous_[epoch.truths[i].target] = epoch.tracks[near[pair_of[i]].track].track;
      at_[epoch.truths[i].target] = epoch_;
    }
    return pair_of;
  }

 private:
  double cutoff_m_;
  std::size_t epoch_ = 0;
  std::vector<std::size_t> previous_;  // track of each target, and in which epoch
  std::vector<std::size_t> at_;
};

// Everything that is counted over the pairs of CLEAR-MOT.
class PairCounts {
 public:
  PairCounts(const TrackedScenario& scenario)
      : scenario_(scenario),
        last_track_(scenario.targets.size(), kUnassigned),
        was_matched_(scenario.targets.size(), 0),
        per_target_(scenario.targets.size()),
        squares_m2_(scenario.targets.size(), 0.0) {
    for (std::size_t k = 0; k < kinds_.size(); ++k) kinds_[k].kind = kTruthKindNames[k];
  }

  void Add(const ScoredEpoch& epoch, const std::vector<NearPair>& near,
           const std::vector<std::size_t>& pair_of) {
    for (std::size_t i = 0; i < epoch.truths.size(); ++i) {
      const TruthPoint& truth = epoch.truths[i];
      const auto is = TruthKindsOf(scenario_, truth, epoch.camera);
      TargetScore& target = per_target_[truth.target];
      if (target.epochs == 0) target.first_s = epoch.time_s;
      target.last_s = epoch.time_s;
      ++target.epochs;
      const bool matched = pair_of[i] != kUnassigned;
      const std::size_t last = last_track_[truth.target];
      bool switched = false;
      double square = 0;
      if (matched) {
        const NearPair& pair = near[pair_of[i]];
        const TrackPoint& track = epoch.tracks[pair.track];
        square = pair.distance_m * pair.distance_m;
        switched = last != kUnassigned && last != track.track;
        if (last != kUnassigned && !was_matched_[truth.target]) ++target.fragmentations;
        last_track_[truth.target] = track.track;
        ++together_[{truth.target, track.track}];
        if (target.matched == 0) target.latency_s = epoch.time_s - target.first_s;
        ++target.matched;
        target.id_switches += switched ? 1 : 0;
        squares_m2_[truth.target] += square;
        if (track.v_en_mps) {
          ++velocities_;
          velocity_squares_ += (truth.v_en_mps - *track.v_en_mps).squaredNorm();
        }
      }
      was_matched_[truth.target] = matched ? 1 : 0;
      for (std::size_t k = 0; k < is.size(); ++k) {
        if (!is[k]) continue;
        ++kinds_[k].truths;
        kinds_[k].matched_share += matched ? 1 : 0;
        kinds_[k].rmse_m += square;
        kinds_[k].id_switches += switched ? 1 : 0;
      }
    }
    track_rows_ += epoch.tracks.size();
  }

  void Finish(const ConsistencyScore& consistency, TrackScore& score) {
    std::map<std::size_t, std::size_t> most_of_track;
    std::size_t completest = 0;
    for (const auto& [pair, count] : together_) {
      TargetScore& target = per_target_[pair.first];
      ++target.tracks;
      if (count > target.main_matched) {
        completest += count - target.main_matched;
        target.main_matched = count;
        target.main_track = pair.second;
      }
      std::size_t& most = most_of_track[pair.second];
      most = std::max(most, count);
    }
    std::size_t purest = 0, matched = 0, latencies = 0;
    for (const auto& [track, count] : most_of_track) purest += count;
    double squares_m2 = 0, latency_s = 0;
    for (std::size_t k = 0; k < per_target_.size(); ++k) {
      TargetScore target = per_target_[k];
      if (target.epochs == 0) continue;
      target.target = k;
      target.rmse_m = std::sqrt(Ratio(squares_m2_[k], AsDouble(target.matched)));
      matched += target.matched;
      score.truths += target.epochs;
      squares_m2 += squares_m2_[k];
      score.id_switches += target.id_switches;
      score.fragmentations += target.fragmentations;
      score.never_tracked += target.latency_s ? 0 : 1;
      latencies += target.latency_s ? 1 : 0;
      latency_s += target.latency_s.value_or(0);
      score.per_target.push_back(target);
    }
    score.targets = score.per_target.size();
    score.false_negatives = score.truths - matched;
    score.false_positives = track_rows_ - matched;
    score.mota =
        1 - Ratio(AsDouble(score.false_negatives + score.false_positives + score.id_switches),
                  AsDouble(score.truths));
    score.rmse_m = std::sqrt(Ratio(squares_m2, AsDouble(matched)));
    if (velocities_ > 0) {
      score.velocity_rmse_mps = std::sqrt(velocity_squares_ / AsDouble(velocities_));
    }
    score.purity = Ratio(AsDouble(purest), AsDouble(matched));
    score.completeness = Ratio(AsDouble(completest), AsDouble(score.truths));
    if (latencies > 0) score.initiation_latency_s = latency_s / AsDouble(latencies);
    for (std::size_t k = 0; k < kinds_.size(); ++k) {
      KindScore kind = kinds_[k];
      if (kind.truths == 0) continue;
      kind.steady = consistency.steady_of(k);
      kind.rmse_m = std::sqrt(Ratio(kind.rmse_m, kind.matched_share));
      kind.matched_share /= AsDouble(kind.truths);
      score.kinds.push_back(kind);
    }
    score.steady = consistency.steady();
    score.onsets = consistency.onsets();
  }

  std::size_t track_rows() const { return track_rows_; }

 private:
  const TrackedScenario& scenario_;
  std::vector<std::size_t> last_track_;
  std::vector<char> was_matched_;
  std::vector<TargetScore> per_target_;
  std::vector<double> squares_m2_;                // of each target's distances
  std::array<KindScore, kTruthKindCount> kinds_;  // sums until Finish
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> together_;
  std::size_t velocities_ = 0, track_rows_ = 0;
  double velocity_squares_ = 0;
};

}  // namespace

Result<TrackScore> ScoreTracks(const TrackedScenario& scenario, const TrackScoreOptions& options) {
  TW_CHECK(options.cutoff_m > 0 && options.order >= 1);
  TrackScore score;
  SetDistances distances(options);
  IdentityMap identities;
  ContinuousMatching matching(options, scenario.targets.size());
  PairCounts counts(scenario);
  ConsistencyScore consistency(scenario);
  std::vector<char> track_seen(scenario.tracks.size(), 0);
  for (std::size_t k = 0; k < scenario.epochs.size(); ++k) {
    const ScoredEpoch& epoch = scenario.epochs[k];
    if (epoch.time_s < options.from_s || epoch.time_s > options.to_s) continue;
    if (score.epochs++ == 0) {
      score.first_epoch = k;
      score.first_s = epoch.time_s;
    }
    score.last_s = epoch.time_s;
    for (const TrackPoint& track : epoch.tracks) track_seen[track.track] = 1;
    const std::vector<NearPair> near = FindNearPairs(epoch, options.cutoff_m);
    consistency.Add(epoch, distances.Add(epoch, near));
    identities.Add(epoch, near);
    std::vector<std::size_t> pair_of = matching.Next(epoch, near);
    counts.Add(epoch, near, pair_of);
    for (std::size_t& place : pair_of) {
      if (place != kUnassigned) place = near[place].track;
    }
    score.matches.push_back(std::move(pair_of));
  }
  if (score.epochs == 0) {
    return Fail(ErrorCode::kUsage,
                "the truth has no epoch in the time asked for; it goes from "
                "{:g} to {:g} s",
                scenario.epochs.front().time_s, scenario.epochs.back().time_s);
  }
  distances.Finish(score);
  counts.Finish(consistency, score);
  score.tracks = static_cast<std::size_t>(std::ranges::count(track_seen, 1));
  const double agree = identities.AgreeingEpochs(scenario.targets.size(), scenario.tracks.size());
  const double rows = AsDouble(counts.track_rows()), truths = AsDouble(score.truths);
  score.idf1 = Ratio(2 * agree, truths + rows);
  score.id_precision = Ratio(agree, rows);
  score.id_recall = Ratio(agree, truths);
  return score;
}

}  // namespace trucewatch::tools
