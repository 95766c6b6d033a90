// SPDX-License-Identifier: Apache-2.0
#include "fusion/tracker.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>
#include <utility>

#include "fusion/assignment.h"
#include "fusion/internal/plot_grid.h"
#include "fusion/internal/track_bookkeeping.h"

namespace trucewatch {
namespace {

constexpr double kSquareMetresPerKm2 = 1e6;

// Box on the plane.
struct Box {
  Eigen::Vector2d low = Eigen::Vector2d::Constant(1e12);
  Eigen::Vector2d high = Eigen::Vector2d::Constant(-1e12);
  void Take(const Eigen::Vector2d& p) {
    low = low.cwiseMin(p);
    high = high.cwiseMax(p);
  }
  bool Touches(const Eigen::Vector2d& p, double margin) const {
    return (p.array() >= low.array() - margin).all() && (p.array() <= high.array() + margin).all();
  }
};

Box ReachOf(const Look& look) {
  Box box;
  for (const Eigen::Vector2d& p : look.footprint_en_m) box.Take(p);
  for (const LookPlot& plot : look.plots) box.Take(plot.p_en_m);
  return box;
}

// Density of false reports and of new objects' first reports in the space of the report.
struct Background {
  double clutter = 0;  // [1/m^2, and per m/s ... of what the report measures besides]
  double births = 0;
};

Background BackgroundOf(const Look& look, const LookPlot& plot, const TrackerOptions& options) {
  double beside = 1.0;
  if (plot.range_rate_mps && look.sensor_en_m) beside /= options.clutter_range_rate_span_mps;
  if (plot.v_en_mps) {
    beside /= options.clutter_velocity_span_mps * options.clutter_velocity_span_mps;
  }
  return {look.false_alarms_per_m2 * beside, options.births_per_km2 / kSquareMetresPerKm2 * beside};
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
    double cost = 0;  // minus logarithm of (reported this) / (missed, and this is something else)
    double log_ratio = 0;  // detected and this report, over the background
  };
  std::size_t track = 0;  // index
  Detectability detect;
  double miss = 0;  // probability that the look would have reported it
  UpdateOptions update;
  std::vector<Pair> pairs;
  std::size_t assigned = kUnassigned;  // plot
};

void Tracker::Advance(TrackState& track, Instant time) const {
  if (time <= track.time) return;
  const double dt = (time - track.time).seconds();
  Predict(track.imm, dt, options_.motion);
  track.existence *= std::exp(-dt / options_.mean_life_s);
  track.time = time;
}

std::vector<Tracker::Candidate> Tracker::Candidates(const Look& look) {
  const Box reach = ReachOf(look);
  std::vector<Eigen::Vector2d> points;
  Eigen::Vector2d widest = Eigen::Vector2d::Zero();  // largest variances among the reports
  for (const LookPlot& plot : look.plots) {
    points.push_back(plot.p_en_m);
    widest = widest.cwiseMax(plot.cov_en_m2.diagonal());
  }
  const internal::PlotGrid grid(points, 250.0);
  std::vector<Candidate> result;
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < tracks_.size(); ++i) {
    TrackState& track = tracks_[i];
    const double ahead = (time_ - track.time).seconds();
    const Eigen::Vector2d near = track.imm.model[kSteady].mean.head<2>();
    // A quick look at where it may be by now, so that far tracks are not predicted at each look.
    const Eigen::Matrix4d& wide = track.imm.model[kManoeuvre].cov;
    const double margin =
        5.0 * std::sqrt(wide(0, 0) + wide(1, 1)) + options_.max_speed_mps * ahead + 100.0;
    if (!reach.Touches(near, margin)) {
      if (ahead >= options_.motion.max_step_s) Advance(track, time_);
      continue;
    }
    Advance(track, time_);
    Candidate candidate;
    candidate.track = i;
    candidate.detect = DetectabilityOf(track.imm, look);
    candidate.miss = Weighted(track.imm.probability, candidate.detect.miss);
    candidate.update = internal::UpdateOptionsFor(track, look, options_);

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
    std::vector<std::pair<double, std::size_t>> gated;  // (distance, plot)
    for (const std::size_t k : found) {
      const LookPlot& plot = look.plots[k];
      double nearest = options_.gate_d2;
      bool inside = false;
      for (std::size_t j = 0; j < kModelCount; ++j) {
        if (!counts[j]) continue;
        const Gaussian& g = track.imm.model[j];
        const Eigen::Matrix2d s = g.cov.topLeftCorner<2, 2>() + plot.cov_en_m2;
        const Eigen::Vector2d y = plot.p_en_m - g.mean.head<2>();
        const double det = s(0, 0) * s(1, 1) - s(0, 1) * s(1, 0);
        const double d2 =
            (s(1, 1) * y.x() * y.x() - 2.0 * s(0, 1) * y.x() * y.y() + s(0, 0) * y.y() * y.y()) /
            det;
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
      const Background background = BackgroundOf(look, plot, options_);
      const double log_ratio =
          LogLikelihood(track.imm, candidate.detect.report, look, plot, candidate.update) -
          std::log(background.clutter + background.births);
      const double cost = std::log(missed) - std::log(track.existence) - log_ratio;
      if (cost < 0) candidate.pairs.push_back({k, cost, log_ratio});
    }
    result.push_back(std::move(candidate));
  }
  return result;
}

void Tracker::AssignExactly(std::span<const std::pair<std::size_t, std::size_t>> cluster,
                            const std::vector<std::size_t>& columns,
                            std::vector<Candidate>& candidates) const {
  CostMatrix costs(cluster.size(), columns.size());
  for (std::size_t r = 0; r < cluster.size(); ++r) {
    for (const auto& pair : candidates[cluster[r].second].pairs) {
      const auto column = std::lower_bound(columns.begin(), columns.end(), pair.plot);
      costs.At(r, static_cast<std::size_t>(column - columns.begin())) = pair.cost;
    }
  }
  const std::vector<std::size_t> column_of = AssignAtLeastCost(costs);
  for (std::size_t r = 0; r < cluster.size(); ++r) {
    if (column_of[r] != kUnassigned) {
      candidates[cluster[r].second].assigned = columns[column_of[r]];
    }
  }
}

// For clusters too large to be solved exactly in time: pairs by rising cost, then track, then plot.
void Tracker::AssignGreedily(std::span<const std::pair<std::size_t, std::size_t>> cluster,
                             std::vector<Candidate>& candidates,
                             const std::vector<char>& plot_used) const {
  std::vector<std::tuple<double, std::size_t, std::size_t>> order;
  for (const auto& [root, c] : cluster) {
    for (const auto& pair : candidates[c].pairs) order.emplace_back(pair.cost, c, pair.plot);
  }
  std::sort(order.begin(), order.end());
  std::vector<char> taken = plot_used;
  for (const auto& [cost, c, plot] : order) {
    if (candidates[c].assigned != kUnassigned || taken[plot]) continue;
    candidates[c].assigned = plot;
    taken[plot] = 1;
  }
}

void Tracker::Associate(const Look& look, std::vector<Candidate>& candidates,
                        std::vector<char>& plot_used) {
  const std::size_t tracks = candidates.size();
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
    const std::span<const std::pair<std::size_t, std::size_t>> cluster(rows.data() + first,
                                                                       last - first);
    if (cluster.size() * columns.size() <= options_.max_cluster_pairs) {
      AssignExactly(cluster, columns, candidates);
    } else {
      ++counts_.greedy_clusters;
      AssignGreedily(cluster, candidates, plot_used);
    }
    for (const auto& [root, c] : cluster) {
      if (candidates[c].assigned != kUnassigned) plot_used[candidates[c].assigned] = 1;
    }
    first = last;
  }
}

void Tracker::TakeReport(TrackState& track, const Look& look, const Candidate& candidate,
                         std::size_t plot) const {
  double log_ratio = 0;
  for (const auto& pair : candidate.pairs) {
    if (pair.plot == plot) log_ratio = pair.log_ratio;
  }
  // Integrated probabilistic data association with the one report the assignment left to it.
  const double ratio = 1.0 - candidate.miss + std::exp(std::min(log_ratio, 50.0));
  const double odds = track.existence * ratio;
  track.existence = std::min(odds / (1.0 - track.existence + odds), options_.max_existence);
  internal::FuseClasses(track, look, look.plots[plot].classes, options_);
  Update(track.imm, candidate.detect.report, look, look.plots[plot], candidate.update);
  internal::TakeSupport(track, look);
  track.height_hae_m = look.plots[plot].height_hae_m;
}

void Tracker::Process(const Look& look) {
  time_ = std::max(time_, look.time);
  ++counts_.looks;
  counts_.plots += look.plots.size();
  std::vector<Candidate> candidates = Candidates(look);
  std::vector<char> plot_used(look.plots.size(), 0);
  Associate(look, candidates, plot_used);
  for (const Candidate& candidate : candidates) {
    TrackState& track = tracks_[candidate.track];
    const bool reported = candidate.assigned != kUnassigned;
    if (reported) {
      TakeReport(track, look, candidate, candidate.assigned);
      ++counts_.associated;
      if (track.existence >= options_.confirm_existence &&
          track.updates >= options_.confirm_updates) {
        track.confirmed = true;
      }
    } else {
      track.existence *= (1.0 - candidate.miss) / (1.0 - track.existence * candidate.miss);
      Miss(track.imm, candidate.detect.miss);
    }
    if (reported || candidate.miss > 0.3) {
      internal::NoteOpportunity(track, counts_.looks, reported);
    }
  }
  MergeDuplicates(candidates);
  Prune();
  Initiate(look, plot_used);
}

void Tracker::Initiate(const Look& look, const std::vector<char>& plot_used) {
  for (std::size_t k = 0; k < look.plots.size(); ++k) {
    if (plot_used[k]) continue;
    if (tracks_.size() >= options_.max_tracks) {
      ++counts_.refused;
      continue;
    }
    const LookPlot& plot = look.plots[k];
    const Background background = BackgroundOf(look, plot, options_);
    TrackState track;
    track.id = {++last_id_};
    track.time = track.initiated = time_;
    track.imm = StartImm(look, plot, options_.motion);
    track.existence = background.births / (background.births + background.clutter);
    track.existence = std::min(track.existence, 0.5);  // one report is never enough
    track.height_hae_m = plot.height_hae_m;
    internal::FuseClasses(track, look, plot.classes, options_);
    internal::TakeSupport(track, look);
    internal::NoteOpportunity(track, counts_.looks, true);
    ++counts_.initiated;
    tracks_.push_back(std::move(track));
  }
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
    if (candidate.assigned == kUnassigned || dropped[candidate.track]) continue;
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
    if (track.existence < options_.delete_existence) return true;
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
  for (const TrackState& track : tracks_) {
    if (!track.confirmed) continue;
    TrackState ahead = track;
    Advance(ahead, time);
    result.push_back({.id = track.id,
                      .state = Estimate(ahead.imm),
                      .existence = ahead.existence,
                      .initiated = track.initiated,
                      .last_update = track.last_update,
                      .height_hae_m = track.height_hae_m,
                      .classes = track.classes,
                      .supports = track.supports});
  }
  return result;
}

void Tracker::Restore(Instant time, std::uint64_t last_id, const TrackerCounts& counts,
                      std::vector<TrackState> tracks) {
  time_ = time;
  last_id_ = last_id;
  counts_ = counts;
  tracks_ = std::move(tracks);
}

}  // namespace trucewatch
