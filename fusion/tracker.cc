// SPDX-License-Identifier: Apache-2.0
#include "fusion/tracker.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "fusion/internal/column_order.h"
#include "fusion/internal/company.h"
#include "fusion/internal/plot_grid.h"
#include "fusion/internal/track_bookkeeping.h"
#include "fusion/joint_association.h"

namespace trucewatch {
namespace {

constexpr double kSquareMetresPerKm2 = 1e6;
const Eigen::Vector2d kNowhere(9e8, 9e8);  // no gate reaches there

// Box on the plane.
struct Box {
  Eigen::Vector2d low = Eigen::Vector2d::Constant(1e12);
  Eigen::Vector2d high = Eigen::Vector2d::Constant(-1e12);
  void Take(const Eigen::Vector2d& p) {
    low = low.cwiseMin(p);
    high = high.cwiseMax(p);
  }
  // Of its area, what lies outside another box.
  double ShareOutside(const Eigen::Vector2d& other_low, const Eigen::Vector2d& other_high) const {
    const Eigen::Array2d common = (high.cwiseMin(other_high) - low.cwiseMax(other_low)).array();
    const double area = (high - low).prod();
    return area > 0 ? 1.0 - common.max(0.0).prod() / area : 0.0;
  }
  bool Touches(const Eigen::Vector2d& p, double margin) const {
    return (p.array() >= low.array() - margin).all() && (p.array() <= high.array() + margin).all();
  }
};

Box ReachOf(const Look& look) {
  Box box;
  for (const Eigen::Vector2d& p : look.footprint_en_m) box.Take(p);
  for (const LookPlot& plot : look.plots) {
    if (!plot.bearing_rad) {
      box.Take(plot.p_en_m);
    } else if (look.sensor_en_m) {
      box.Take(*look.sensor_en_m - Eigen::Vector2d::Constant(look.bearing_reach_m));
      box.Take(*look.sensor_en_m + Eigen::Vector2d::Constant(look.bearing_reach_m));
    }
  }
  return box;
}

// Density of false reports and of new objects' first reports in the space of the report.
struct Background {
  double clutter = 0;  // [1/m^2, and per m/s ... of what the report measures besides]
  double births = 0;
};

Background BackgroundOf(const Look& look, const LookPlot& plot, double births_per_m2,
                        const TrackerOptions& options) {
  if (plot.bearing_rad) {
    // Of what lies in the sector up to the reach.
    const double reach2 = look.bearing_reach_m * look.bearing_reach_m;
    return {look.false_alarms_per_rad, 0.5 * reach2 * births_per_m2};
  }
  double beside = 1.0;
  if (plot.range_rate_mps && look.sensor_en_m) beside /= options.clutter_range_rate_span_mps;
  if (plot.v_en_mps) {
    beside /= options.clutter_velocity_span_mps * options.clutter_velocity_span_mps;
  }
  return {look.false_alarms_per_m2 * beside, births_per_m2 * beside};
}

double Weighted(const PerModel& probability, const PerModel& value) {
  double sum = 0;
  for (std::size_t j = 0; j < kModelCount; ++j) sum += probability[j] * value[j];
  return sum;
}

// Disjoint sets over tracks and plots that gates connect.
class Clusters {
 public:
  explicit Clusters(std::size_t size) : parent_(size) {
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
  }
  std::size_t Root(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void Join(std::size_t a, std::size_t b) {
    a = Root(a);
    b = Root(b);
    if (a != b) parent_[std::max(a, b)] = std::min(a, b);  // the root is the lowest number
  }

 private:
  std::vector<std::size_t> parent_;
};

}  // namespace

struct Tracker::Candidate {
  struct Pair {
    std::size_t plot = 0;
    double log_ratio = 0;  // reported this, over missed and this is something else
    Imm posterior;         // if it was this report
    double probability = 0;
  };
  std::size_t track = 0;  // index
  Detectability detect;
  double miss = 0;                // probability that the look would have reported it, if it exists
  double missed_probability = 1;  // that none of the reports was its
  std::vector<Pair> pairs;
};

void Tracker::Advance(TrackState& track, Instant time, TransitionMemo& memo) const {
  if (time <= track.time) return;
  const double dt = (time - track.time).seconds();
  Predict(track.imm, dt, options_.motion, &memo);
  track.existence *= std::exp(-dt / options_.mean_life_s);
  track.time = time;
}

std::vector<Tracker::Candidate> Tracker::Candidates(const Look& look) {
  const Box reach = ReachOf(look);
  std::vector<Eigen::Vector2d> points;
  Eigen::Vector2d widest = Eigen::Vector2d::Zero();  // largest variances among the reports
  std::vector<std::size_t> bearings;                 // not at any place
  for (std::size_t k = 0; k < look.plots.size(); ++k) {
    const LookPlot& plot = look.plots[k];
    points.push_back(plot.bearing_rad ? kNowhere : plot.p_en_m);
    if (plot.bearing_rad)
      bearings.push_back(k);
    else
      widest = widest.cwiseMax(plot.cov_en_m2.diagonal());
  }
  const internal::PlotGrid grid(points, 250.0);
  std::vector<Candidate> result;
  std::vector<std::size_t> found;
  TransitionMemo memo;
  for (std::size_t i = 0; i < tracks_.size(); ++i) {
    TrackState& track = tracks_[i];
    const double ahead = (time_ - track.time).seconds();
    const Eigen::Vector2d near = track.imm.model[kSteady].mean.head<2>();
    // A quick look at where it may be by now, so that far tracks are not predicted at each look.
    const Eigen::Matrix4d& wide = track.imm.model[kManoeuvre].cov;
    const double margin =
        5.0 * std::sqrt(wide(0, 0) + wide(1, 1)) + options_.max_speed_mps * ahead + 100.0;
    if (!reach.Touches(near, margin)) {
      if (ahead >= options_.motion.max_step_s) Advance(track, time_, memo);
      continue;
    }
    Advance(track, time_, memo);
    Candidate candidate;
    candidate.track = i;
    candidate.detect = DetectabilityOf(track.imm, look);
    candidate.miss = Weighted(track.imm.probability, candidate.detect.miss);
    const UpdateOptions update = internal::UpdateOptionsFor(track, look, options_);

    // Box around the gates of all models that count.
    Box gate;
    std::array<bool, kModelCount> counts{};
    for (std::size_t j = 0; j < kModelCount; ++j) {
      counts[j] = track.imm.probability[j] > 0.005;
      if (!counts[j]) continue;
      const Gaussian& g = track.imm.model[j];
      const Eigen::Vector2d half =
          (options_.gate_d2 * (g.cov.diagonal().head<2>() + widest)).cwiseSqrt();
      gate.Take(g.mean.head<2>() - half);
      gate.Take(g.mean.head<2>() + half);
    }
    found.clear();
    grid.Find(0.5 * (gate.low + gate.high), 0.5 * (gate.high - gate.low), found);
    found.insert(found.end(), bearings.begin(), bearings.end());
    std::vector<std::pair<double, std::size_t>> gated;  // (distance, plot)
    for (const std::size_t k : found) {
      const LookPlot& plot = look.plots[k];
      double nearest = options_.gate_d2;
      bool inside = false;
      for (std::size_t j = 0; j < kModelCount; ++j) {
        if (!counts[j]) continue;
        const Gaussian& g = track.imm.model[j];
        const double d2 = GateDistance2(g, look, plot);
        if (d2 <= nearest) {
          nearest = d2;
          inside = true;
        }
      }
      if (inside) gated.emplace_back(nearest, k);
    }
    std::sort(gated.begin(), gated.end());
    if (gated.size() > options_.max_candidates) gated.resize(options_.max_candidates);
    const double missed = 1.0 - track.existence * candidate.miss;
    for (const auto& [d2, k] : gated) {
      const LookPlot& plot = look.plots[k];
      const Background background = BackgroundOf(look, plot, births_per_m2_, options_);
      Candidate::Pair pair{.plot = k, .posterior = track.imm};
      pair.log_ratio = Update(pair.posterior, candidate.detect.report, look, plot, update) -
                       std::log(background.clutter + background.births) +
                       std::log(track.existence / missed);
      if (pair.log_ratio > options_.min_log_ratio) candidate.pairs.push_back(std::move(pair));
    }
    result.push_back(std::move(candidate));
  }
  return result;
}

std::vector<double> Tracker::Associate(const Look& look, std::vector<Candidate>& candidates) const {
  const std::size_t tracks = candidates.size();
  std::vector<double> taken(look.plots.size(), 0.0);
  Clusters clusters(tracks + look.plots.size());
  for (std::size_t c = 0; c < tracks; ++c) {
    for (const Candidate::Pair& pair : candidates[c].pairs) clusters.Join(c, tracks + pair.plot);
  }
  // Rows by the root of their cluster: a cluster's rows are contiguous and in order of track.
  std::vector<std::pair<std::size_t, std::size_t>> rows;
  for (std::size_t c = 0; c < tracks; ++c) {
    if (!candidates[c].pairs.empty()) rows.emplace_back(clusters.Root(c), c);
  }
  std::sort(rows.begin(), rows.end());
  std::vector<std::size_t> columns;
  for (std::size_t first = 0; first < rows.size();) {
    std::size_t last = first;
    columns.clear();
    while (last < rows.size() && rows[last].first == rows[first].first) {
      for (const auto& pair : candidates[rows[last].second].pairs) columns.push_back(pair.plot);
      ++last;
    }
    std::sort(columns.begin(), columns.end());
    columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
    const auto column_of = [&](std::size_t plot) {
      return static_cast<std::size_t>(std::lower_bound(columns.begin(), columns.end(), plot) -
                                      columns.begin());
    };
    AssociationWeights weights(last - first, columns.size());
    for (std::size_t r = first; r < last; ++r) {
      for (const auto& pair : candidates[rows[r].second].pairs) {
        weights.At(r - first, column_of(pair.plot)) = pair.log_ratio;
      }
    }
    const AssociationProbabilities marginal =
        ::trucewatch::Associate(weights, options_.association);
    for (std::size_t r = first; r < last; ++r) {
      Candidate& candidate = candidates[rows[r].second];
      candidate.missed_probability = marginal.Missed(r - first);
      for (auto& pair : candidate.pairs) {
        pair.probability = marginal.At(r - first, column_of(pair.plot));
        taken[pair.plot] += pair.probability;
      }
    }
    first = last;
  }
  return taken;
}

// Joint integrated probabilistic data association (Musicki and Evans 2004, eq. 27 to 31).
void Tracker::TakeReports(TrackState& track, const Look& look, const Candidate& candidate) const {
  constexpr double kNegligible = 1e-4;
  const double silent = track.existence * (1.0 - candidate.miss) /
                        (1.0 - track.existence * candidate.miss);  // it exists, if it was missed
  Imm missed = track.imm;
  Miss(missed, candidate.detect.miss, look);
  std::vector<Alternative> alternatives;
  double exists = candidate.missed_probability * silent;
  if (exists > kNegligible || candidate.pairs.empty()) alternatives.push_back({exists, &missed});
  const Candidate::Pair* best = nullptr;
  for (const Candidate::Pair& pair : candidate.pairs) {
    exists += pair.probability;
    if (pair.probability <= kNegligible) continue;
    alternatives.push_back({pair.probability, &pair.posterior});
    if (best == nullptr || pair.probability > best->probability) best = &pair;
  }
  if (!alternatives.empty()) {
    const Imm merged = Merge(alternatives);  // may point into the track
    track.imm = merged;
  }
  track.existence = std::min(exists, options_.max_existence);
  if (best != nullptr && candidate.missed_probability < 0.5) {
    const LookPlot& plot = look.plots[best->plot];
    internal::FuseAppearance(track, look, plot, options_);
    internal::TakeSupport(track, look);
    track.height_hae_m = plot.height_hae_m;
  }
}

// A vehicle torn in two by its detector is not shown twice.
void Tracker::Confirm(const std::vector<std::size_t>& ready) {
  if (ready.empty()) return;
  constexpr double kReachM = 50.0;  // of the steady model's mean; far more than a vehicle is long
  std::vector<Eigen::Vector2d> points;
  for (const TrackState& track : tracks_) {
    points.push_back(track.imm.model[kSteady].mean.head<2>());
  }
  const internal::PlotGrid grid(points, 250.0);
  std::vector<std::size_t> found;
  for (const std::size_t i : ready) {
    const Gaussian here = Estimate(tracks_[i].imm);
    found.clear();
    grid.Find(points[i], Eigen::Vector2d::Constant(kReachM), found);
    const bool piece = std::any_of(found.begin(), found.end(), [&](std::size_t k) {
      const TrackState& other = tracks_[k];
      return k != i && other.confirmed && other.time == tracks_[i].time &&
             internal::IsWithinOneVehicle(here, Estimate(other.imm));
    });
    tracks_[i].confirmed = !piece;
  }
}

// Intensity of objects never reported (Williams 2015, "Marginal multi-Bernoulli filters", eq. 13
// and 21), as one number for each source: what was there where it has not looked before, what has
// come since, less what each look takes out.
void Tracker::NoteLook(const Look& look) {
  const double most = options_.unseen_per_km2 / kSquareMetresPerKm2;
  Box footprint;
  for (const Eigen::Vector2d& p : look.footprint_en_m) footprint.Take(p);
  const auto [place, first] = watches_.try_emplace(look.source);
  Watch& watch = place->second;
  if (first) {
    watch.unseen_per_m2 = most;
  } else {
    const double came = options_.births_per_km2_s / kSquareMetresPerKm2 *
                        std::max(0.0, (time_ - watch.time).seconds());
    watch.unseen_per_m2 = std::min(most, watch.unseen_per_m2 + came);
    if (!look.footprint_en_m.empty()) {
      const double fresh = footprint.ShareOutside(watch.low_en_m, watch.high_en_m);
      watch.unseen_per_m2 += fresh * (most - watch.unseen_per_m2);
    }
  }
  births_per_m2_ = watch.unseen_per_m2;
  watch.unseen_per_m2 *= 1.0 - look.detection_probability;
  watch.time = time_;
  if (!look.footprint_en_m.empty()) {
    watch.low_en_m = footprint.low;
    watch.high_en_m = footprint.high;
  }
}

void Tracker::Process(const Look& look) {
  const double since_s = counts_.looks > 0 ? std::max(0.0, (look.time - time_).seconds()) : 0.0;
  time_ = std::max(time_, look.time);
  ++counts_.looks;
  counts_.plots += look.plots.size();
  NoteLook(look);
  std::vector<Candidate> candidates = Candidates(look);
  const std::vector<double> taken = Associate(look, candidates);
  std::vector<std::size_t> ready;  // to be confirmed
  for (const Candidate& candidate : candidates) {
    TrackState& track = tracks_[candidate.track];
    const bool reported = candidate.missed_probability < 0.5;
    TakeReports(track, look, candidate);
    if (reported) {
      ++counts_.associated;
      if (track.existence >= options_.confirm_existence &&
          track.updates >= options_.confirm_updates && !track.confirmed) {
        ready.push_back(candidate.track);
      }
    }
    if (reported || candidate.miss > 0.3) {
      internal::NoteOpportunity(track, counts_.looks, reported);
    }
  }
  std::vector<std::size_t> looked_at;
  for (const Candidate& candidate : candidates) looked_at.push_back(candidate.track);
  const internal::Company company(tracks_, looked_at, options_);
  internal::KeepCompany(tracks_, company, since_s, options_);
  internal::KeepOrder(tracks_, company);
  Confirm(ready);
  MergeDuplicates(candidates);
  Prune();
  Initiate(look, taken);
}

void Tracker::Initiate(const Look& look, const std::vector<double>& taken) {
  for (std::size_t k = 0; k < look.plots.size(); ++k) {
    const LookPlot& plot = look.plots[k];
    if (taken[k] > 0.5 || plot.bearing_rad) continue;
    const Background background = BackgroundOf(look, plot, births_per_m2_, options_);
    Begin(look, plot,
          (1.0 - taken[k]) * background.births / (background.births + background.clutter));
  }
  for (const Crossing& crossing : bearings_.Cross(look, taken)) {
    Begin(look, crossing.plot, births_per_m2_ / (births_per_m2_ + crossing.clutter_per_m2));
  }
}

void Tracker::Begin(const Look& look, const LookPlot& plot, double existence) {
  if (tracks_.size() >= options_.max_tracks) {
    ++counts_.refused;
    return;
  }
  TrackState track;
  track.id = {++last_id_};
  track.time = track.initiated = time_;
  track.imm = StartImm(look, plot, options_.motion);
  track.existence = std::min(0.5, existence);  // one report is never enough
  track.height_hae_m = plot.height_hae_m;
  internal::FuseAppearance(track, look, plot, options_);
  internal::TakeSupport(track, look);
  internal::NoteOpportunity(track, counts_.looks, true);
  ++counts_.initiated;
  tracks_.push_back(std::move(track));
}

void Tracker::MergeDuplicates(const std::vector<Candidate>& candidates) {
  // Only tracks this look reported can newly be shown to be doubles; partners are found near them.
  constexpr double kReachM = 400.0;
  std::vector<Eigen::Vector2d> points;
  std::vector<std::size_t> index;
  for (const Candidate& candidate : candidates) {
    points.push_back(tracks_[candidate.track].imm.model[kSteady].mean.head<2>());
    index.push_back(candidate.track);
  }
  const internal::PlotGrid grid(points, kReachM);
  std::vector<char> dropped(tracks_.size(), 0);
  std::vector<std::size_t> found;
  bool any = false;
  for (const Candidate& candidate : candidates) {
    if (candidate.missed_probability >= 0.5 || dropped[candidate.track]) continue;
    const TrackState& a = tracks_[candidate.track];
    const Gaussian estimate = Estimate(a.imm);
    const Eigen::Vector2d sigma = estimate.cov.diagonal().head<2>().cwiseSqrt();
    const Eigen::Vector2d half = (6.0 * sigma).cwiseMin(kReachM) + Eigen::Vector2d::Constant(10.0);
    found.clear();
    grid.Find(a.imm.model[kSteady].mean.head<2>(), half, found);
    if (found.size() > options_.max_candidates) found.resize(options_.max_candidates);
    for (const std::size_t k : found) {
      const std::size_t other = index[k];
      if (other == candidate.track || dropped[other]) continue;
      const TrackState& b = tracks_[other];
      if (!internal::AreOneObject(a, estimate, b, Estimate(b.imm), options_)) continue;
      const bool keep_a = internal::IsBetterFounded(a, b);
      dropped[keep_a ? other : candidate.track] = 1;
      any = true;
      ++counts_.merged;
      if (!keep_a) break;
    }
  }
  if (!any) return;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < tracks_.size(); ++i) {
    if (dropped[i]) continue;
    if (kept != i) tracks_[kept] = std::move(tracks_[i]);
    ++kept;
  }
  tracks_.resize(kept);
}

void Tracker::Prune() {
  const double widest = options_.max_position_sigma_m * options_.max_position_sigma_m;
  const auto gone = [&](const TrackState& track) {
    if (track.existence < options_.delete_existence &&
        (track.confirmed || internal::MissesOnEnd(track) >= options_.forget_misses)) {
      return true;
    }
    if (track.time < time_) return false;  // not touched by this look; judged when it is advanced
    const Eigen::Matrix4d& p = track.imm.model[kSteady].cov;
    return track.imm.probability[kStopped] < 0.5 && std::max(p(0, 0), p(1, 1)) > widest;
  };
  const auto end = std::remove_if(tracks_.begin(), tracks_.end(), gone);
  counts_.deleted += static_cast<std::uint64_t>(tracks_.end() - end);
  tracks_.erase(end, tracks_.end());
}

std::vector<TrackEstimate> Tracker::Estimates(Instant time) const {
  std::vector<TrackEstimate> result;
  TransitionMemo memo;
  for (const TrackState& track : tracks_) {
    if (!track.confirmed) continue;
    TrackState ahead = track;
    Advance(ahead, time, memo);
    result.push_back({.id = track.id,
                      .state = Estimate(ahead.imm),
                      .existence = ahead.existence,
                      .initiated = track.initiated,
                      .last_update = track.last_update,
                      .height_hae_m = track.height_hae_m,
                      .classes = track.classes,
                      .size = track.size,
                      .supports = track.supports});
  }
  return result;
}

void Tracker::Restore(Instant time, std::uint64_t last_id, const TrackerCounts& counts,
                      std::map<SourceId, Watch> watches, std::vector<TrackState> tracks) {
  time_ = time;
  watches_ = std::move(watches);
  last_id_ = last_id;
  counts_ = counts;
  tracks_ = std::move(tracks);
}

}  // namespace trucewatch
