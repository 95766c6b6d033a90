// SPDX-License-Identifier: Apache-2.0
#include "fusion/smoother.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "fusion/internal/motion_models.h"

namespace trucewatch {
namespace {

// From one model into one model: where it was, if it went this way, and how well that fits.
struct Way {
  double log_weight = 0;
  Gaussian before;
};

Way WayBack(const Imm& filtered, std::size_t from, const Gaussian& later, std::size_t into,
            double dt, const MotionModelOptions& options) {
  const Gaussian& g = filtered.model[from];
  Gaussian predicted = from == kStopped && into != kStopped ? internal::Departing(g, options) : g;
  // Covariance of the state before with the state after.
  Eigen::Matrix4d cross = g.cov;
  if (into == kStopped) {
    internal::PredictStopped(predicted, dt, options);
    cross.rightCols<2>().setZero();  // nothing of the speed goes on
  } else {
    internal::PredictConstantVelocity(predicted, dt,
                                      internal::NoiseOf(static_cast<int>(into), options));
    cross.leftCols<2>() += dt * g.cov.rightCols<2>();
  }
  const Eigen::LLT<Eigen::Matrix4d> llt(predicted.cov);
  const Eigen::Matrix4d gain = llt.solve(cross.transpose()).transpose();
  const Eigen::Vector4d d = later.mean - predicted.mean;
  const Eigen::Vector4d white = llt.matrixL().solve(d);
  Way way;
  way.log_weight = -0.5 * white.squaredNorm() - llt.matrixLLT().diagonal().array().log().sum();
  way.before.mean = g.mean + gain * d;
  way.before.cov = g.cov + gain * (later.cov - predicted.cov) * gain.transpose();
  way.before.cov = (0.5 * (way.before.cov + way.before.cov.transpose())).eval();
  return way;
}

}  // namespace

Imm SmoothBack(const Imm& filtered, const Imm& later, double dt_s,
               const MotionModelOptions& options) {
  constexpr double kNegligible = 1e-4;
  const ModelMatrix transition = TransitionProbabilities(options.rate_per_s, dt_s);
  std::array<std::array<Way, kModelCount>, kModelCount> way;  // [from][into]
  std::array<PerModel, kModelCount> weight{};
  for (std::size_t into = 0; into < kModelCount; ++into) {
    if (later.probability[into] < kNegligible) continue;
    double highest = -std::numeric_limits<double>::infinity();
    for (std::size_t from = 0; from < kModelCount; ++from) {
      Way& w = way[from][into];
      w = WayBack(filtered, from, later.model[into], into, dt_s, options);
      w.log_weight += std::log(filtered.probability[from] *
                               transition(static_cast<int>(from), static_cast<int>(into)));
      highest = std::max(highest, w.log_weight);
    }
    double sum = 0;
    for (std::size_t from = 0; from < kModelCount; ++from) {
      weight[from][into] = std::exp(way[from][into].log_weight - highest);
      sum += weight[from][into];
    }
    for (std::size_t from = 0; from < kModelCount; ++from) {
      weight[from][into] *= later.probability[into] / sum;
    }
  }
  Imm result;
  for (std::size_t from = 0; from < kModelCount; ++from) {
    double sum = 0;
    for (const double w : weight[from]) sum += w;
    result.probability[from] = sum;
    Gaussian& merged = result.model[from];
    if (sum < kNegligible) {
      merged = filtered.model[from];
      continue;
    }
    merged.mean.setZero();
    merged.cov.setZero();
    for (std::size_t into = 0; into < kModelCount; ++into) {
      if (weight[from][into] > 0)
        merged.mean += weight[from][into] / sum * way[from][into].before.mean;
    }
    for (std::size_t into = 0; into < kModelCount; ++into) {
      if (!(weight[from][into] > 0)) continue;
      const Gaussian& before = way[from][into].before;
      const Eigen::Vector4d d = before.mean - merged.mean;
      merged.cov += weight[from][into] / sum * (before.cov + d * d.transpose());
    }
  }
  internal::Normalise(result.probability);
  return result;
}

double ExistenceBack(double filtered, double later, double survival) {
  const double predicted = filtered * survival;
  const double lived = predicted > 0 ? survival * later / predicted : 0.0;
  const double died = predicted < 1 ? (1.0 - survival) * (1.0 - later) / (1.0 - predicted) : 0.0;
  return std::clamp(filtered * (lived + died), 0.0, 1.0);
}

void Smoother::Note(Instant time, std::span<const TrackState> tracks) {
  time_ = std::max(time_, time);
  const Instant oldest = time_ - options_.keep;
  auto history = histories_.begin();
  for (const TrackState& track : tracks) {
    for (; history != histories_.end() && history->first < track.id; ++history) {
      history->second.gone = true;
    }
    if (history == histories_.end() || history->first != track.id) {
      history = histories_.emplace_hint(history, track.id, History{});
    }
    History& h = history->second;
    ++history;
    if (!h.states.empty() && track.time <= h.states.back().time) {
      if (track.time < h.states.back().time) continue;
      h.states.pop_back();  // another look of the same time
    }
    h.states.push_back({track.time, track.imm, track.existence});
    while (h.states.size() > 1 &&
           (h.states[1].time <= oldest || h.states.size() > options_.max_states_per_track)) {
      h.states.pop_front();
    }
    h.newest = track;
  }
  for (; history != histories_.end(); ++history) history->second.gone = true;
  std::erase_if(histories_, [&](const auto& entry) {
    const History& h = entry.second;
    return h.gone && (!h.newest.confirmed || h.states.back().time < oldest);
  });
}

void Smoother::Restore(Instant time, std::map<TrackId, History> histories) {
  time_ = time;
  histories_ = std::move(histories);
}

std::vector<TrackEstimate> Smoother::Estimates(Instant time) const {
  std::vector<TrackEstimate> result;
  for (const auto& [id, h] : histories_) {
    if (!h.newest.confirmed || time < h.states.front().time) continue;
    if (h.gone && h.states.back().time < time) continue;
    // The state at `time` as it was believed then, and the states after it from the last one back.
    auto after = std::upper_bound(h.states.begin(), h.states.end(), time,
                                  [](Instant t, const State& state) { return t < state.time; });
    State at = *std::prev(after);
    const auto survival = [&](Instant from, Instant to) {
      return std::exp(-(to - from).seconds() / options_.mean_life_s);
    };
    if (time > at.time) {
      Predict(at.imm, (time - at.time).seconds(), options_.motion);
      at.existence *= survival(at.time, time);
      at.time = time;
    }
    if (after != h.states.end()) {
      State later = h.states.back();
      if (h.gone) later.existence = 0;
      for (auto k = std::prev(h.states.end()); k != after;) {
        --k;
        const double dt = (later.time - k->time).seconds();
        later = {k->time, SmoothBack(k->imm, later.imm, dt, options_.motion),
                 ExistenceBack(k->existence, later.existence, survival(k->time, later.time))};
      }
      at.existence = ExistenceBack(at.existence, later.existence, survival(time, later.time));
      at.imm = SmoothBack(at.imm, later.imm, (later.time - time).seconds(), options_.motion);
    }
    if (at.existence < options_.min_existence) continue;
    result.push_back({.id = id,
                      .state = Estimate(at.imm),
                      .existence = at.existence,
                      .initiated = h.newest.initiated,
                      .last_update = h.newest.last_update,
                      .height_hae_m = h.newest.height_hae_m,
                      .classes = h.newest.classes,
                      .size = h.newest.size,
                      .supports = h.newest.supports});
  }
  return result;
}

}  // namespace trucewatch
