// SPDX-License-Identifier: Apache-2.0
#include "fusion/registration.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "fusion/internal/common_target.h"

namespace trucewatch {

namespace {

constexpr double kDegrees = 180.0 / std::numbers::pi;
// What an error of the time does to places, where the speed is not known.
constexpr double kUsualSpeedMps = 12.0;
constexpr std::uint32_t kMaxStrikes = 3;
constexpr std::uint32_t kMinReports = 2;  // of a target that counts
constexpr double kMaxLogRatio = 30.0;

void CorrectPlace(const std::optional<Eigen::Vector2d>& sensor, const Bias& bias,
                  Eigen::Vector2d& p, Eigen::Matrix2d& cov) {
  p = internal::Displaced(sensor, p, -bias.value.head<2>());
  const Eigen::Matrix2d jacobian = internal::PlaceJacobian(sensor, p);
  cov += jacobian * bias.cov.topLeftCorner<2, 2>() * jacobian.transpose();
  cov += 0.5 * kUsualSpeedMps * kUsualSpeedMps * bias.cov(2, 2) * Eigen::Matrix2d::Identity();
}

// What one target says of the bias beyond the prior.
struct Word {
  Eigen::Matrix3d cov, information;
  Eigen::Vector3d mean, vector;
};

Word WordOf(const CommonTarget& target, const Eigen::Vector3d& prior_variance) {
  Word word;
  word.cov = target.cov.bottomRightCorner<3, 3>();
  word.mean = target.mean.tail<3>();
  const Eigen::Matrix3d inverse = word.cov.inverse();
  word.information = inverse;
  word.information.diagonal() -= prior_variance.cwiseInverse();
  word.vector = inverse * word.mean;
  return word;
}

// Of a target's word from an estimate that rests on it too: then the covariance of the difference
// is the difference of the covariances.
double Disagreement(const Word& word, const Bias& estimate) {
  const Eigen::Vector3d d = word.mean - estimate.value;
  const Eigen::Matrix3d cov = 1.01 * word.cov - estimate.cov;  // never singular
  return d.dot(cov.ldlt().solve(d));
}

bool Counts(const CommonTarget& target, const RegistrationOptions& options) {
  return target.log_ratio >= options.min_log_ratio && target.reports >= kMinReports &&
         target.reference_reports >= kMinReports;
}

}  // namespace

Look Corrected(Look look, const Bias& bias) {
  if (bias.polar != look.sensor_en_m.has_value()) return look;
  for (LookPlot& plot : look.plots) {
    if (plot.bearing_rad) {
      *plot.bearing_rad -= bias.value(1);
      plot.bearing_sigma_rad = std::sqrt(plot.bearing_sigma_rad * plot.bearing_sigma_rad +
                                         (bias.polar ? bias.cov(1, 1) : 0.0));
      continue;
    }
    CorrectPlace(look.sensor_en_m, bias, plot.p_en_m, plot.cov_en_m2);
  }
  for (GroupReport& group : look.groups) {
    CorrectPlace(look.sensor_en_m, bias, group.p_en_m, group.cov_en_m2);
  }
  look.time = look.time - Duration::FromSeconds(bias.value(2));
  return look;
}

std::string BiasText(const Bias& bias) {
  const auto sigma = [&](int k) { return std::sqrt(std::max(bias.cov(k, k), 0.0)); };
  const std::string time = fmt::format("time {:.2f} +- {:.2f} s", bias.value(2), sigma(2));
  if (!bias.polar) {
    return fmt::format("east {:.1f} +- {:.1f} m, north {:.1f} +- {:.1f} m, {}", bias.value(0),
                       sigma(0), bias.value(1), sigma(1), time);
  }
  return fmt::format("range {:.1f} +- {:.1f} m, azimuth {:.3f} +- {:.3f} deg, {}", bias.value(0),
                     sigma(0), bias.value(1) * kDegrees, sigma(1) * kDegrees, time);
}

Registration::Registration(const RegistrationOptions& options)
    : options_(options), reference_(options.tracker), georeference_(options.reference.value) {}

Eigen::Vector3d Registration::PriorVariance(bool polar) const {
  const Eigen::Vector3d sigma =
      polar
          ? Eigen::Vector3d(options_.prior_range_m, options_.prior_azimuth_rad,
                            options_.prior_time_s)
          : Eigen::Vector3d(options_.prior_place_m, options_.prior_place_m, options_.prior_time_s);
  return sigma.cwiseAbs2();
}

void Registration::Observe(const Look& look) {
  if (look.source == options_.reference) {
    TakeReference(look);
  } else {
    TakeOther(look);
  }
}

void Registration::TakeReference(const Look& look) {
  reference_.Process(look);
  if (!look.lineage.georeference.empty()) georeference_ = look.lineage.georeference;
  const std::vector<TrackEstimate> tracks = reference_.Estimates(look.time);
  internal::Matrix27 h = internal::Matrix27::Zero();
  h.leftCols<2>().setIdentity();
  for (auto& [source, sensor] : sensors_) {
    std::vector<internal::Expected> expected;
    auto track = tracks.begin();  // both in order of id
    for (CommonTarget& target : sensor.targets) {
      internal::PredictTarget(target, look.time, options_.noise_m2ps3);
      while (track != tracks.end() && track->id < target.track) ++track;
      if (track != tracks.end() && track->id == target.track) {
        target.velocity_mps = track->state.mean.tail<2>();
      }
      expected.push_back(internal::ExpectReference(target, look));
    }
    const auto reports = internal::SureReports(expected, look, options_.gate_d2);
    for (std::size_t i = 0; i < reports.size(); ++i) {
      if (!reports[i].plot) continue;
      CommonTarget& target = sensor.targets[i];
      const LookPlot& plot = look.plots[*reports[i].plot];
      const Eigen::Vector2d y = plot.p_en_m - target.mean.head<2>();
      internal::UpdateTarget(target, h, y, target.cov.topLeftCorner<2, 2>() + plot.cov_en_m2);
      internal::UpdateTargetRangeRate(target, look, plot);
      ++target.reference_reports;
      target.last_reference = look.time;
    }
    Fuse(sensor);
  }
}

void Registration::TakeOther(const Look& look) {
  if (sensors_.size() >= options_.max_sources && !sensors_.contains(look.source)) return;
  const auto [at, first] = sensors_.try_emplace(look.source);
  SensorBias& sensor = at->second;
  const bool polar = look.sensor_en_m.has_value();
  if (first || sensor.polar != polar) {
    sensor = {};
    sensor.polar = polar;
    sensor.time = look.time;
    Fuse(sensor);
  }
  const double memory = polar ? options_.memory_s : options_.place_memory_s;
  const double kept = std::exp(-std::max((look.time - sensor.time).seconds(), 0.0) / memory);
  sensor.information *= kept;
  sensor.information_vector *= kept;
  sensor.time = look.time;
  Close(sensor, look.time);
  Open(sensor, look.time);

  std::vector<internal::Expected> expected;
  for (CommonTarget& target : sensor.targets) {
    internal::PredictTarget(target, look.time, options_.noise_m2ps3);
    expected.push_back(internal::ExpectOther(target, look, sensor.estimate));
  }
  const auto reports = internal::SureReports(expected, look, options_.gate_d2);
  for (std::size_t i = 0; i < reports.size(); ++i) {
    CommonTarget& target = sensor.targets[i];
    const auto weigh = [&](double log_ratio) {
      target.log_ratio = std::clamp(target.log_ratio + log_ratio, -kMaxLogRatio, kMaxLogRatio);
    };
    if (!reports[i].plot) {
      if (!reports[i].crowded) weigh(internal::LogRatioOfMiss(target, expected[i], look));
      continue;
    }
    const LookPlot& plot = look.plots[*reports[i].plot];
    // v b_time, linear about the reference's velocity and what all targets say of the time bias.
    const double known_s = sensor.estimate.value(2);
    const Eigen::Vector2d moved =
        known_s * target.mean.segment<2>(2) + (target.mean(6) - known_s) * target.velocity_mps;
    const Eigen::Vector2d reported = internal::Displaced(
        look.sensor_en_m, target.mean.head<2>() - moved, target.mean.segment<2>(4));
    internal::Matrix27 h;
    h << Eigen::Matrix2d::Identity(), -known_s * Eigen::Matrix2d::Identity(),
        internal::PlaceJacobian(look.sensor_en_m, reported), -target.velocity_mps;
    const Eigen::Vector2d y = plot.p_en_m - reported;
    const Eigen::Matrix2d s = h * target.cov * h.transpose() + plot.cov_en_m2;
    const double d2 = y.dot(s.ldlt().solve(y));
    if (d2 > options_.gate_d2) {
      ++target.strikes;
      continue;
    }
    weigh(internal::LogRatioOfReport(target, look, plot, d2, s));
    internal::UpdateTarget(target, h, y, s);
    internal::UpdateTargetRangeRate(target, look, plot);
    ++target.reports;
    ++sensor.reports;
    target.last_report = look.time;
  }
  sensor.rejected += static_cast<std::uint64_t>(
      std::erase_if(sensor.targets, [](const auto& t) { return t.strikes >= kMaxStrikes; }));
  Fuse(sensor);
  Judge(look.source, sensor);
}

// Each confirmed track of the reference is a common target as soon as the other source reports it.
void Registration::Open(SensorBias& sensor, Instant time) const {
  for (const TrackEstimate& track : reference_.Estimates(time)) {
    if (sensor.targets.size() >= options_.max_targets) return;
    if ((time - track.last_update).seconds() > options_.max_silence_s) continue;
    const auto place =
        std::lower_bound(sensor.targets.begin(), sensor.targets.end(), track.id,
                         [](const CommonTarget& target, TrackId id) { return target.track < id; });
    if (place != sensor.targets.end() && place->track == track.id) continue;
    CommonTarget target;
    target.track = track.id;
    target.begun = target.time = time;
    target.last_reference = track.last_update;
    target.last_report = time;
    target.mean.head<4>() = track.state.mean;
    target.velocity_mps = track.state.mean.tail<2>();
    target.cov.setZero();
    // Wider, because the target before it may have used the same reports.
    target.cov.topLeftCorner<4, 4>() = 2.0 * track.state.cov;
    target.cov.diagonal().tail<3>() = PriorVariance(sensor.polar);
    sensor.targets.insert(place, std::move(target));
  }
}

void Registration::Close(SensorBias& sensor, Instant time) const {
  const double longest =
      std::min(options_.max_target_s, sensor.polar ? options_.memory_s : options_.place_memory_s);
  const Eigen::Vector3d prior = PriorVariance(sensor.polar);
  const auto over = [&](const CommonTarget& target) {
    if ((time - target.last_reference).seconds() <= options_.max_silence_s &&
        (time - target.begun).seconds() <= longest) {
      return false;
    }
    if (!Counts(target, options_)) return true;
    const Word word = WordOf(target, prior);
    if (Disagreement(word, sensor.estimate) > options_.disagreement_d2) {
      ++sensor.rejected;
      return true;
    }
    ++sensor.finished;
    sensor.information += word.information;
    sensor.information_vector += word.vector;
    return true;
  };
  std::erase_if(sensor.targets, over);
}

void Registration::Fuse(SensorBias& sensor) const {
  const Eigen::Vector3d prior = PriorVariance(sensor.polar);
  std::vector<Word> words;
  Eigen::Matrix3d information = sensor.information;
  information.diagonal() += prior.cwiseInverse();
  Eigen::Vector3d vector = sensor.information_vector;
  for (const CommonTarget& target : sensor.targets) {
    if (!Counts(target, options_)) continue;
    words.push_back(WordOf(target, prior));
    information += words.back().information;
    vector += words.back().vector;
  }
  const std::size_t most = words.size() / 2;  // may be left out
  for (std::size_t left_out = 0;; ++left_out) {
    sensor.estimate.polar = sensor.polar;
    sensor.estimate.cov = information.inverse();
    sensor.estimate.value = sensor.estimate.cov * vector;
    sensor.agreeing = words.size() + static_cast<std::size_t>(sensor.finished);
    if (left_out >= most || sensor.agreeing < 3) return;
    std::size_t worst = 0;
    double furthest = options_.disagreement_d2;
    bool any = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
      const double d2 = Disagreement(words[i], sensor.estimate);
      if (!(d2 > furthest)) continue;
      furthest = d2;
      worst = i;
      any = true;
    }
    if (!any) return;
    information -= words[worst].information;
    vector -= words[worst].vector;
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(worst));
  }
}

void Registration::Judge(const SourceId& source, SensorBias& sensor) {
  const Eigen::Vector3d sigma = sensor.estimate.cov.diagonal().cwiseSqrt();
  const Eigen::Vector3d prior = PriorVariance(sensor.polar).cwiseSqrt();
  const auto known = [&](double share) {
    return sigma(0) <= share * prior(0) && sigma(1) <= share * prior(1);
  };
  const auto note = [&](std::string text) {
    sensor.noted = sensor.time;
    notes_.push_back({.source = source,
                      .time = sensor.time,
                      .state = SourceState::kUnspecified,
                      .reason = std::move(text)});
  };
  if (sensor.aligned && !known(options_.lose_share)) {
    sensor.aligned = false;
    note(
        fmt::format("no longer registered on {}: too few common targets since; its reports are "
                    "taken as they come",
                    options_.reference.value));
    return;
  }
  const auto tell = [&](std::string_view how) {
    sensor.reported = sensor.estimate.value;
    note(fmt::format("{} on {} by {} common targets: {}; taken off its reports", how,
                     options_.reference.value, sensor.agreeing, BiasText(sensor.estimate)));
  };
  if (!sensor.aligned) {
    if (sensor.agreeing < static_cast<std::size_t>(options_.min_targets) ||
        !known(options_.align_share)) {
      return;
    }
    sensor.aligned = true;
    tell("registered");
    return;
  }
  if ((sensor.time - sensor.noted).seconds() < options_.min_note_s || !sensor.reported) return;
  const Eigen::Vector3d moved = (sensor.estimate.value - *sensor.reported).cwiseAbs();
  if ((moved.array() > 3.0 * sigma.array()).any()) tell("registered anew");
}

std::optional<Bias> Registration::BiasOf(const SourceId& source) const {
  const auto at = sensors_.find(source);
  if (at == sensors_.end() || !at->second.aligned) return std::nullopt;
  return at->second.estimate;
}

Duration Registration::Delay() const {
  // Estimates wander a little from one look to the next.
  constexpr double kWanderS = 0.05;
  double longest = 0;
  for (const auto& [source, sensor] : sensors_) {
    if (sensor.aligned) longest = std::max(longest, sensor.estimate.value(2) + kWanderS);
  }
  return Duration::FromSeconds(longest);
}

Lineage Registration::MarkedLineage(const SourceId& source, Lineage lineage) const {
  const auto told = [](const auto& entry) { return entry.second.reported.has_value(); };
  const auto at = sensors_.find(source);
  const bool shares = source == options_.reference
                          ? std::any_of(sensors_.begin(), sensors_.end(), told)
                          : at != sensors_.end() && told(*at);
  if (shares) lineage.georeference = georeference_;
  return lineage;
}

std::vector<SourceStatus> Registration::TakeNotes() { return std::exchange(notes_, {}); }

void Registration::Restore(Tracker reference, std::string georeference,
                           std::map<SourceId, SensorBias> sensors) {
  reference_ = std::move(reference);
  georeference_ = std::move(georeference);
  sensors_ = std::move(sensors);
  for (auto& [source, sensor] : sensors_) Fuse(sensor);
  notes_.clear();
}

}  // namespace trucewatch
