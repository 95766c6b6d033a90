// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "fusion/snapshot.h"

namespace trucewatch {
namespace {

template <typename Derived>
void MatrixToProto(const Eigen::MatrixBase<Derived>& m,
                   google::protobuf::RepeatedField<double>* out) {
  for (Eigen::Index i = 0; i < m.rows(); ++i) {
    for (Eigen::Index k = 0; k < m.cols(); ++k) out->Add(m(i, k));
  }
}

// Takes the next values, row by row; false when they are too few or not finite.
class MatrixReader {
 public:
  explicit MatrixReader(const google::protobuf::RepeatedField<double>& values) : values_(values) {}

  template <typename Derived>
  bool Take(Eigen::MatrixBase<Derived>& m) {
    if (next_ + static_cast<int>(m.size()) > values_.size()) return false;
    for (Eigen::Index i = 0; i < m.rows(); ++i) {
      for (Eigen::Index k = 0; k < m.cols(); ++k) {
        m(i, k) = values_.Get(next_++);
        if (!std::isfinite(m(i, k))) return false;
      }
    }
    return true;
  }
  bool Done() const { return next_ == values_.size(); }

 private:
  const google::protobuf::RepeatedField<double>& values_;
  int next_ = 0;
};

v1::CommonTargetState ToProto(const CommonTarget& target) {
  v1::CommonTargetState out;
  out.set_track_id(target.track.value);
  out.set_begun_us(target.begun.micros());
  out.set_time_us(target.time.micros());
  out.set_last_reference_us(target.last_reference.micros());
  out.set_last_report_us(target.last_report.micros());
  for (const std::uint32_t count : {target.reference_reports, target.reports, target.strikes}) {
    out.add_counts(count);
  }
  MatrixToProto(target.mean, out.mutable_mean());
  MatrixToProto(target.cov, out.mutable_cov());
  MatrixToProto(target.velocity_mps, out.mutable_velocity());
  out.set_log_ratio(target.log_ratio);
  return out;
}

Result<CommonTarget> FromProto(const v1::CommonTargetState& in) {
  CommonTarget target;
  MatrixReader mean(in.mean()), cov(in.cov()), velocity(in.velocity());
  if (in.counts_size() != 3 || !mean.Take(target.mean) || !mean.Done() || !cov.Take(target.cov) ||
      !cov.Done() || !velocity.Take(target.velocity_mps) || !velocity.Done() ||
      !std::isfinite(in.log_ratio())) {
    return Fail(ErrorCode::kBadInput, "fusion snapshot: common target {} is not whole",
                in.track_id());
  }
  target.track = {in.track_id()};
  target.begun = Instant::FromMicros(in.begun_us());
  target.time = Instant::FromMicros(in.time_us());
  target.last_reference = Instant::FromMicros(in.last_reference_us());
  target.last_report = Instant::FromMicros(in.last_report_us());
  target.reference_reports = in.counts(0);
  target.reports = in.counts(1);
  target.strikes = in.counts(2);
  target.log_ratio = in.log_ratio();
  return target;
}

Result<SensorBias> FromProto(const v1::SensorBiasState& in) {
  SensorBias sensor;
  sensor.polar = in.polar();
  sensor.aligned = in.aligned();
  sensor.time = Instant::FromMicros(in.time_us());
  sensor.noted = Instant::FromMicros(in.noted_us());
  MatrixReader information(in.information()), reported(in.reported());
  bool whole = in.counts_size() == 3 && information.Take(sensor.information) &&
               information.Take(sensor.information_vector) && information.Done();
  if (in.reported_size() > 0) {
    whole = whole && reported.Take(sensor.reported.emplace()) && reported.Done();
  }
  if (!whole) {
    return Fail(ErrorCode::kBadInput, "fusion snapshot: the bias of source '{}' is not whole",
                in.source_id());
  }
  sensor.reports = in.counts(0);
  sensor.finished = in.counts(1);
  sensor.rejected = in.counts(2);
  for (const v1::CommonTargetState& target : in.targets()) {
    TW_ASSIGN_OR_RETURN(CommonTarget read, FromProto(target));
    if (!sensor.targets.empty() && !(sensor.targets.back().track < read.track)) {
      return Fail(ErrorCode::kBadInput, "fusion snapshot: common targets are not in order");
    }
    sensor.targets.push_back(std::move(read));
  }
  return sensor;
}

}  // namespace

v1::RegistrationState ToProto(const Registration& registration) {
  v1::RegistrationState message;
  *message.mutable_reference() = ToProto(registration.reference());
  message.set_georeference(registration.georeference());
  for (const auto& [source, sensor] : registration.sensors()) {
    v1::SensorBiasState* out = message.add_sensors();
    out->set_source_id(source.value);
    out->set_polar(sensor.polar);
    out->set_aligned(sensor.aligned);
    out->set_time_us(sensor.time.micros());
    out->set_noted_us(sensor.noted.micros());
    MatrixToProto(sensor.information, out->mutable_information());
    MatrixToProto(sensor.information_vector, out->mutable_information());
    if (sensor.reported) MatrixToProto(*sensor.reported, out->mutable_reported());
    for (const std::uint64_t count : {sensor.reports, sensor.finished, sensor.rejected}) {
      out->add_counts(count);
    }
    for (const CommonTarget& target : sensor.targets) *out->add_targets() = ToProto(target);
  }
  return message;
}

Result<void> RestoreFrom(const v1::RegistrationState& message, Registration& registration) {
  Tracker reference = registration.reference();
  TW_RETURN_IF_ERROR(RestoreFrom(message.reference(), reference));
  std::map<SourceId, SensorBias> sensors;
  for (const v1::SensorBiasState& in : message.sensors()) {
    TW_ASSIGN_OR_RETURN(SensorBias sensor, FromProto(in));
    sensors[{in.source_id()}] = std::move(sensor);
  }
  registration.Restore(std::move(reference), message.georeference(), std::move(sensors));
  return {};
}

void BiasToProto(const std::optional<Bias>& bias, v1::AlignedLookState* out) {
  if (!bias) return;
  out->set_polar(bias->polar);
  MatrixToProto(bias->value, out->mutable_correction());
  MatrixToProto(bias->cov, out->mutable_correction());
}

Result<std::optional<Bias>> BiasFromProto(const v1::AlignedLookState& in) {
  if (in.correction().empty()) return std::optional<Bias>();
  Bias bias{.polar = in.polar()};
  MatrixReader reader(in.correction());
  if (!reader.Take(bias.value) || !reader.Take(bias.cov) || !reader.Done()) {
    return Fail(ErrorCode::kBadInput, "fusion snapshot: a correction is not whole");
  }
  return std::optional<Bias>(bias);
}

}  // namespace trucewatch
