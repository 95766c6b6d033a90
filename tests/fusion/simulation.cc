// SPDX-License-Identifier: Apache-2.0
#include "tests/fusion/simulation.h"

#include <algorithm>
#include <cmath>

#include "core/types/codec.h"

namespace trucewatch::testing {
namespace {

std::vector<Eigen::Vector2d> Square(const Eigen::Vector2d& c, double half) {
  return {c + Eigen::Vector2d(-half, -half), c + Eigen::Vector2d(half, -half),
          c + Eigen::Vector2d(half, half), c + Eigen::Vector2d(-half, half)};
}

bool Inside(const Eigen::Vector2d& p, const Eigen::Vector2d& c, double half) {
  return (p - c).cwiseAbs().maxCoeff() <= half;
}

Geodetic Place(const Eigen::Vector2d& p_en_m, const LocalFrame& frame) {
  return frame.GeodeticFromEnu({p_en_m.x(), p_en_m.y(), -p_en_m.squaredNorm() / (2 * 6371000.0)});
}

// A digest that names the look.
Digest DigestOf(const std::string& source, double time_s) {
  Digest digest{};
  const std::string name = source + std::to_string(time_s);
  for (std::size_t k = 0; k < name.size(); ++k) {
    digest[k % digest.size()] = static_cast<std::uint8_t>(digest[k % digest.size()] * 31 + name[k]);
  }
  return digest;
}

}  // namespace

Look RadarLook(const RadarModel& model, double time_s, const std::vector<Truth>& truths,
               std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform(0, 1);
  Look look;
  look.source.value = model.source;
  look.lineage.modality = Modality::kRadarGmti;
  look.lineage.sensor = model.source;
  look.time = At(time_s);
  look.sensor_en_m = model.sensor_m;
  look.footprint_en_m = Square({0, 0}, model.half_m);
  look.detection_probability = model.detection_probability;
  look.min_detectable_speed_mps = model.min_speed_mps;
  look.false_alarms_per_m2 = model.false_per_km2 * 1e-6;
  look.raw_digests = {DigestOf(model.source, time_s)};
  const auto report = [&](const Eigen::Vector2d& p, double range_rate, bool noise) {
    const Eigen::Vector2d d = p - model.sensor_m;
    const double range = d.norm() + (noise ? normal(random) * model.sigma_range_m : 0);
    const double azimuth =
        std::atan2(d.x(), d.y()) + (noise ? normal(random) * model.sigma_azimuth_rad : 0);
    const Eigen::Vector2d along(std::sin(azimuth), std::cos(azimuth)),
        across(along.y(), -along.x());
    LookPlot plot;
    plot.p_en_m = model.sensor_m + range * along;
    plot.cov_en_m2 = std::pow(model.sigma_range_m, 2) * along * along.transpose() +
                     std::pow(range * model.sigma_azimuth_rad, 2) * across * across.transpose();
    plot.range_rate_mps = range_rate + (noise ? normal(random) * model.sigma_range_rate_mps : 0);
    plot.range_rate_sigma_mps = model.sigma_range_rate_mps;
    look.plots.push_back(plot);
  };
  for (const Truth& truth : truths) {
    const double range_rate = (truth.p_m - model.sensor_m).normalized().dot(truth.v_mps);
    const bool detected = uniform(random) < model.detection_probability;
    if (detected && Inside(truth.p_m, {0, 0}, model.half_m) &&
        std::abs(range_rate) >= model.min_speed_mps) {
      report(truth.p_m, range_rate, true);
    }
  }
  std::poisson_distribution<int> clutter(4e-6 * model.half_m * model.half_m * model.false_per_km2);
  for (int k = clutter(random); k > 0; --k) {
    const double e = (2 * uniform(random) - 1) * model.half_m;
    const double n = (2 * uniform(random) - 1) * model.half_m;
    report({e, n}, 50 * uniform(random) - 25, false);
  }
  std::shuffle(look.plots.begin(), look.plots.end(), random);
  return look;
}

Look CameraLook(const CameraModel& model, double time_s, const std::vector<Truth>& truths,
                std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform(0, 1);
  Look look;
  look.source.value = model.source;
  look.lineage.modality = Modality::kVideoRgb;
  look.lineage.sensor = model.source;
  look.lineage.georeference = model.georeference;
  look.time = At(time_s);
  look.footprint_en_m = Square(model.centre_m, model.half_m);
  look.detection_probability = model.detection_probability;
  look.false_alarms_per_m2 = model.false_per_km2 * 1e-6;
  look.raw_digests = {DigestOf(model.source, time_s)};
  const auto report = [&](const Eigen::Vector2d& p) {
    LookPlot plot;
    plot.p_en_m = p;
    plot.cov_en_m2 = model.sigma_m * model.sigma_m * Eigen::Matrix2d::Identity();
    look.plots.push_back(plot);
  };
  for (const Truth& truth : truths) {
    const bool detected = uniform(random) < model.detection_probability;
    if (!detected || !Inside(truth.p_m, model.centre_m, model.half_m)) continue;
    const double e = normal(random), n = normal(random);
    report(truth.p_m + model.sigma_m * Eigen::Vector2d(e, n));
  }
  std::poisson_distribution<int> clutter(4e-6 * model.half_m * model.half_m * model.false_per_km2);
  for (int k = clutter(random); k > 0; --k) {
    const double e = (2 * uniform(random) - 1) * model.half_m;
    const double n = (2 * uniform(random) - 1) * model.half_m;
    report(model.centre_m + Eigen::Vector2d(e, n));
  }
  std::shuffle(look.plots.begin(), look.plots.end(), random);
  return look;
}

std::vector<Truth> Convoy(int count, double spacing_m, const Eigen::Vector2d& head_m,
                          double heading_rad, double speed_mps) {
  const Eigen::Vector2d along(std::cos(heading_rad), std::sin(heading_rad));
  std::vector<Truth> truths;
  for (int k = 0; k < count; ++k) {
    truths.push_back({head_m - k * spacing_m * along, speed_mps * along});
  }
  return truths;
}

std::string EnvelopeOf(const Look& look, const LocalFrame& frame) {
  v1::Envelope envelope;
  const auto common = [&](auto& message) {
    message.source = look.source;
    message.lineage = look.lineage;
    message.time = look.time;
    for (const auto& corner : look.footprint_en_m)
      message.footprint.push_back(Place(corner, frame));
    message.detection_probability = look.detection_probability;
    message.min_detectable_speed_mps = look.min_detectable_speed_mps;
    message.false_alarms_per_km2 = look.false_alarms_per_m2 * 1e6;
    message.raw_digests = look.raw_digests;
  };
  if (look.sensor_en_m) {
    RadarDwell dwell;
    common(dwell);
    dwell.sensor = Place(*look.sensor_en_m, frame);
    for (const LookPlot& in : look.plots) {
      Plot plot;
      plot.position = Place(in.p_en_m, frame);
      plot.cov_en_m2 = in.cov_en_m2;
      plot.range_rate_mps = in.range_rate_mps;
      plot.range_rate_sigma_mps = in.range_rate_sigma_mps;
      dwell.plots.push_back(plot);
    }
    *envelope.mutable_radar_dwell() = ToProto(dwell);
  } else {
    ObservationSet set;
    common(set);
    for (const LookPlot& in : look.plots) {
      Detection detection;
      detection.position = Place(in.p_en_m, frame);
      detection.cov_en_m2 = in.cov_en_m2;
      detection.length_m = 6;
      detection.width_m = 2.5;
      detection.score = 0.9;
      detection.classes = {{ObjectClass::kTruck, 0.7}, {ObjectClass::kUnknownVehicle, 0.3}};
      set.detections.push_back(detection);
    }
    set.group_detection_probability = look.group_detection_probability;
    set.standing_detection_probability = look.standing_detection_probability;
    for (const GroupReport& in : look.groups) {
      GroupObservation group;
      group.object_class = in.object_class;
      group.position = Place(in.p_en_m, frame);
      group.cov_en_m2 = in.cov_en_m2;
      group.extent_m = in.extent_m;
      group.count_expected = in.count_expected;
      group.count_min = in.count_min;
      group.count_max = in.count_max;
      group.score = in.score;
      set.groups.push_back(group);
    }
    *envelope.mutable_observation_set() = ToProto(set);
  }
  return SerializeEnvelope(envelope);
}

std::string StatusEnvelope(const std::string& source, double time_s, SourceState state) {
  v1::Envelope envelope;
  *envelope.mutable_source_status() = ToProto(
      SourceStatus{.source = {source}, .time = At(time_s), .state = state, .reason = "test"});
  return SerializeEnvelope(envelope);
}

std::string WatermarkEnvelope(const std::string& source, double time_s) {
  v1::Envelope envelope;
  envelope.mutable_watermark()->set_source_id(source);
  envelope.mutable_watermark()->set_time_us(At(time_s).micros());
  return SerializeEnvelope(envelope);
}

v1::config::FusionConfig DefaultConfig() {
  v1::config::FusionConfig config;
  config.set_hold_s(6);
  config.set_picture_period_s(1);
  config.set_group_distance_m(100);
  config.set_group_speed_mps(4);
  config.set_group_min_count(3);
  config.set_confirm_existence(0.95);
  config.set_delete_existence(0.02);
  config.set_settled_lag_s(6);  // no hindsight
  return config;
}

}  // namespace trucewatch::testing
