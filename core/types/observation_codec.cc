// SPDX-License-Identifier: Apache-2.0
#include "core/types/codec.h"
#include "core/types/codec_internal.h"

namespace trucewatch {
namespace {

using codec::CovFromProto;
using codec::CovToProto;
using codec::Finite;
using codec::LineageFromProto;
using codec::LineageToProto;
using codec::PositionFromProto;
using codec::PositionToProto;

v1::CameraPose PoseToProto(const CameraPose& pose) {
  v1::CameraPose message;
  *message.mutable_position() = PositionToProto(pose.position);
  message.set_platform_heading_rad(pose.platform_heading.rad());
  message.set_platform_pitch_rad(pose.platform_pitch.rad());
  message.set_platform_roll_rad(pose.platform_roll.rad());
  message.set_sensor_azimuth_rad(pose.sensor_azimuth.rad());
  message.set_sensor_elevation_rad(pose.sensor_elevation.rad());
  message.set_sensor_roll_rad(pose.sensor_roll.rad());
  message.set_horizontal_fov_rad(pose.horizontal_fov.rad());
  message.set_vertical_fov_rad(pose.vertical_fov.rad());
  message.set_width_px(pose.width_px);
  message.set_height_px(pose.height_px);
  return message;
}

Result<CameraPose> PoseFromProto(const v1::CameraPose& m) {
  CameraPose pose;
  TW_ASSIGN_OR_RETURN(pose.position, PositionFromProto(m.position(), "pose.position"));
  const auto angle = [](double rad) -> Result<Angle> {
    TW_ASSIGN_OR_RETURN(const double finite, Finite(rad, "pose angle"));
    return Angle::Radians(finite);
  };
  TW_ASSIGN_OR_RETURN(pose.platform_heading, angle(m.platform_heading_rad()));
  TW_ASSIGN_OR_RETURN(pose.platform_pitch, angle(m.platform_pitch_rad()));
  TW_ASSIGN_OR_RETURN(pose.platform_roll, angle(m.platform_roll_rad()));
  TW_ASSIGN_OR_RETURN(pose.sensor_azimuth, angle(m.sensor_azimuth_rad()));
  TW_ASSIGN_OR_RETURN(pose.sensor_elevation, angle(m.sensor_elevation_rad()));
  TW_ASSIGN_OR_RETURN(pose.sensor_roll, angle(m.sensor_roll_rad()));
  TW_ASSIGN_OR_RETURN(pose.horizontal_fov, angle(m.horizontal_fov_rad()));
  TW_ASSIGN_OR_RETURN(pose.vertical_fov, angle(m.vertical_fov_rad()));
  pose.width_px = m.width_px();
  pose.height_px = m.height_px();
  if (pose.width_px <= 0 || pose.height_px <= 0 || pose.horizontal_fov.rad() <= 0 ||
      pose.vertical_fov.rad() <= 0) {
    return Fail(ErrorCode::kBadInput, "pose without a frame size or field of view");
  }
  return pose;
}

v1::VideoFrame FrameToProto(const VideoFrame& frame) {
  v1::VideoFrame message;
  message.set_time_us(frame.time.micros());
  message.set_access_unit(frame.access_unit);
  message.set_key(frame.key);
  if (frame.pose) *message.mutable_pose() = PoseToProto(*frame.pose);
  v1::CameraPoseSigma* sigma = message.mutable_pose_sigma();
  sigma->set_position_horizontal_m(frame.pose_sigma.position_horizontal_m);
  sigma->set_position_vertical_m(frame.pose_sigma.position_vertical_m);
  sigma->set_platform_angles_rad(frame.pose_sigma.platform_angles.rad());
  sigma->set_sensor_angles_rad(frame.pose_sigma.sensor_angles.rad());
  sigma->set_pixel_px(frame.pose_sigma.pixel_px);
  message.set_metadata_skew_us(frame.metadata_skew.micros());
  return message;
}

Result<VideoFrame> FrameFromProto(const v1::VideoFrame& m) {
  VideoFrame frame;
  frame.time = Instant::FromMicros(m.time_us());
  frame.access_unit = m.access_unit();
  frame.key = m.key();
  if (m.has_pose()) {
    TW_ASSIGN_OR_RETURN(frame.pose, PoseFromProto(m.pose()));
  }
  const v1::CameraPoseSigma& sigma = m.pose_sigma();
  TW_ASSIGN_OR_RETURN(frame.pose_sigma.position_horizontal_m,
                      Finite(sigma.position_horizontal_m(), "position_horizontal_m"));
  TW_ASSIGN_OR_RETURN(frame.pose_sigma.position_vertical_m,
                      Finite(sigma.position_vertical_m(), "position_vertical_m"));
  TW_ASSIGN_OR_RETURN(const double platform_rad,
                      Finite(sigma.platform_angles_rad(), "platform_angles_rad"));
  TW_ASSIGN_OR_RETURN(const double sensor_rad,
                      Finite(sigma.sensor_angles_rad(), "sensor_angles_rad"));
  TW_ASSIGN_OR_RETURN(frame.pose_sigma.pixel_px, Finite(sigma.pixel_px(), "pixel_px"));
  frame.pose_sigma.platform_angles = Angle::Radians(platform_rad);
  frame.pose_sigma.sensor_angles = Angle::Radians(sensor_rad);
  frame.metadata_skew = Duration::Micros(m.metadata_skew_us());
  return frame;
}

v1::Plot PlotToProto(const Plot& plot) {
  v1::Plot message;
  *message.mutable_position() = PositionToProto(plot.position);
  CovToProto(plot.cov_en_m2, message.mutable_cov_m2());
  if (plot.range_rate_mps) message.set_range_rate_mps(*plot.range_rate_mps);
  message.set_range_rate_sigma_mps(plot.range_rate_sigma_mps);
  if (plot.snr_db) message.set_snr_db(*plot.snr_db);
  codec::ClassesToProto(plot.classes, message.mutable_classes());
  return message;
}

Result<Plot> PlotFromProto(const v1::Plot& m) {
  Plot plot;
  TW_ASSIGN_OR_RETURN(plot.position, PositionFromProto(m.position(), "plot.position"));
  TW_ASSIGN_OR_RETURN(plot.cov_en_m2, CovFromProto(m.cov_m2(), "plot.cov_m2"));
  if (m.has_range_rate_mps()) {
    TW_ASSIGN_OR_RETURN(plot.range_rate_mps, Finite(m.range_rate_mps(), "range_rate_mps"));
  }
  TW_ASSIGN_OR_RETURN(plot.range_rate_sigma_mps,
                      Finite(m.range_rate_sigma_mps(), "range_rate_sigma_mps"));
  if (m.has_snr_db()) plot.snr_db = m.snr_db();
  TW_ASSIGN_OR_RETURN(plot.classes, codec::ClassesFromProto(m.classes()));
  return plot;
}

v1::Detection DetectionToProto(const Detection& d) {
  v1::Detection message;
  *message.mutable_position() = PositionToProto(d.position);
  CovToProto(d.cov_en_m2, message.mutable_cov_m2());
  if (d.velocity_en_mps) {
    message.add_velocity_en_mps(d.velocity_en_mps->x());
    message.add_velocity_en_mps(d.velocity_en_mps->y());
    CovToProto(d.velocity_cov_en, message.mutable_velocity_cov());
  }
  message.set_length_m(d.length_m);
  message.set_width_m(d.width_m);
  message.set_score(d.score);
  codec::ClassesToProto(d.classes, message.mutable_classes());
  for (const double value : {d.box_x_px, d.box_y_px, d.box_width_px, d.box_height_px}) {
    message.add_box_px(value);
  }
  message.set_image_track(d.image_track);
  return message;
}

Result<Detection> DetectionFromProto(const v1::Detection& m) {
  Detection d;
  TW_ASSIGN_OR_RETURN(d.position, PositionFromProto(m.position(), "detection.position"));
  TW_ASSIGN_OR_RETURN(d.cov_en_m2, CovFromProto(m.cov_m2(), "detection.cov_m2"));
  if (m.velocity_en_mps_size() == 2) {
    const Eigen::Vector2d v(m.velocity_en_mps(0), m.velocity_en_mps(1));
    if (!v.allFinite()) return Fail(ErrorCode::kBadInput, "detection velocity is not finite");
    d.velocity_en_mps = v;
    TW_ASSIGN_OR_RETURN(d.velocity_cov_en, CovFromProto(m.velocity_cov(), "velocity_cov"));
  } else if (m.velocity_en_mps_size() != 0) {
    return Fail(ErrorCode::kBadInput, "velocity_en_mps needs [east, north]");
  }
  TW_ASSIGN_OR_RETURN(d.length_m, Finite(m.length_m(), "length_m"));
  TW_ASSIGN_OR_RETURN(d.width_m, Finite(m.width_m(), "width_m"));
  TW_ASSIGN_OR_RETURN(d.score, Finite(m.score(), "score"));
  TW_ASSIGN_OR_RETURN(d.classes, codec::ClassesFromProto(m.classes()));
  if (m.box_px_size() != 4) return Fail(ErrorCode::kBadInput, "box_px needs four numbers");
  TW_ASSIGN_OR_RETURN(d.box_x_px, codec::Finite(m.box_px(0), "detection.box_px"));
  TW_ASSIGN_OR_RETURN(d.box_y_px, codec::Finite(m.box_px(1), "detection.box_px"));
  TW_ASSIGN_OR_RETURN(d.box_width_px, codec::Finite(m.box_px(2), "detection.box_px"));
  TW_ASSIGN_OR_RETURN(d.box_height_px, codec::Finite(m.box_px(3), "detection.box_px"));
  d.image_track = m.image_track();
  return d;
}

bool IsTooFewPeople(const GroupObservation& group) {
  return group.object_class == ObjectClass::kPersonGroup &&
         !(group.count_expected >= kFewestPeople);
}

v1::GroupObservation GroupObservationToProto(const GroupObservation& group) {
  v1::GroupObservation message;
  message.set_object_class(static_cast<v1::ObjectClass>(group.object_class));
  *message.mutable_position() = PositionToProto(group.position);
  CovToProto(group.cov_en_m2, message.mutable_cov_m2());
  message.set_extent_m(group.extent_m);
  message.set_count_expected(group.count_expected);
  message.set_count_min(group.count_min);
  message.set_count_max(group.count_max);
  message.set_score(group.score);
  for (const double value :
       {group.box_x_px, group.box_y_px, group.box_width_px, group.box_height_px}) {
    message.add_box_px(value);
  }
  return message;
}

Result<GroupObservation> GroupObservationFromProto(const v1::GroupObservation& m) {
  GroupObservation group;
  TW_ASSIGN_OR_RETURN(group.object_class, codec::ObjectClassFromProto(m.object_class()));
  TW_ASSIGN_OR_RETURN(group.position, PositionFromProto(m.position(), "group.position"));
  TW_ASSIGN_OR_RETURN(group.cov_en_m2, CovFromProto(m.cov_m2(), "group.cov_m2"));
  TW_ASSIGN_OR_RETURN(group.extent_m, Finite(m.extent_m(), "group.extent_m"));
  TW_ASSIGN_OR_RETURN(group.count_expected, Finite(m.count_expected(), "group.count_expected"));
  group.count_min = m.count_min();
  group.count_max = m.count_max();
  if (IsTooFewPeople(group)) {
    return Fail(ErrorCode::kBadInput, "group: {} people are no group", group.count_expected);
  }
  if (group.count_min < 0 || group.count_max < group.count_min || group.extent_m < 0) {
    return Fail(ErrorCode::kBadInput, "group: count {} to {} within {} m is no interval",
                group.count_min, group.count_max, group.extent_m);
  }
  TW_ASSIGN_OR_RETURN(group.score, codec::Probability(m.score(), "group.score"));
  if (m.box_px_size() != 4) return Fail(ErrorCode::kBadInput, "group.box_px needs four numbers");
  TW_ASSIGN_OR_RETURN(group.box_x_px, codec::Finite(m.box_px(0), "group.box_px"));
  TW_ASSIGN_OR_RETURN(group.box_y_px, codec::Finite(m.box_px(1), "group.box_px"));
  TW_ASSIGN_OR_RETURN(group.box_width_px, codec::Finite(m.box_px(2), "group.box_px"));
  TW_ASSIGN_OR_RETURN(group.box_height_px, codec::Finite(m.box_px(3), "group.box_px"));
  return group;
}

// The look itself, the same for radar and camera.
template <typename Look, typename Message>
void LookToProto(const Look& look, Message* message) {
  message->set_source_id(look.source.value);
  *message->mutable_lineage() = LineageToProto(look.lineage);
  message->set_time_us(look.time.micros());
  codec::PolygonToProto(look.footprint, message->mutable_footprint());
  message->set_detection_probability(look.detection_probability);
  message->set_min_detectable_speed_mps(look.min_detectable_speed_mps);
  message->set_false_alarms_per_km2(look.false_alarms_per_km2);
  message->set_exercise(look.exercise);
  codec::DigestsToProto(look.raw_digests, message->mutable_raw_digests());
}

Result<void> CheckPlot(const Plot& plot) {
  TW_RETURN_IF_ERROR(codec::CheckPosition(plot.position, "plot.position"));
  TW_RETURN_IF_ERROR(codec::CheckCov(plot.cov_en_m2, "plot.cov_m2"));
  if (plot.range_rate_mps) TW_RETURN_IF_ERROR(Finite(*plot.range_rate_mps, "range_rate_mps"));
  TW_RETURN_IF_ERROR(Finite(plot.range_rate_sigma_mps, "range_rate_sigma_mps"));
  return codec::CheckClasses(plot.classes);
}

template <typename Look, typename Message>
Result<void> LookFromProto(const Message& m, Look* look) {
  look->source.value = m.source_id();
  TW_ASSIGN_OR_RETURN(look->lineage, LineageFromProto(m.lineage()));
  look->time = Instant::FromMicros(m.time_us());
  TW_ASSIGN_OR_RETURN(look->footprint, codec::PolygonFromProto(m.footprint(), "footprint"));
  TW_ASSIGN_OR_RETURN(look->detection_probability,
                      codec::Probability(m.detection_probability(), "detection_probability"));
  TW_ASSIGN_OR_RETURN(look->min_detectable_speed_mps,
                      Finite(m.min_detectable_speed_mps(), "min_detectable_speed_mps"));
  TW_ASSIGN_OR_RETURN(look->false_alarms_per_km2,
                      Finite(m.false_alarms_per_km2(), "false_alarms_per_km2"));
  look->exercise = m.exercise();
  TW_ASSIGN_OR_RETURN(look->raw_digests, codec::DigestsFromProto(m.raw_digests()));
  return {};
}

}  // namespace

v1::RawRecord ToProto(const RawRecord& value) {
  v1::RawRecord message;
  message.set_source_id(value.source.value);
  message.set_source_sequence(value.source_sequence);
  message.set_receive_time_us(value.receive_time.micros());
  message.set_source_offset(value.source_offset);
  message.set_end_of_source(value.end_of_source);
  message.set_payload(value.bytes);
  return message;
}

Result<RawRecord> FromProto(const v1::RawRecord& m) {
  return RawRecord{.source = {m.source_id()},
                   .source_sequence = m.source_sequence(),
                   .receive_time = Instant::FromMicros(m.receive_time_us()),
                   .source_offset = m.source_offset(),
                   .end_of_source = m.end_of_source(),
                   .bytes = m.payload()};
}

v1::VideoSegment ToProto(const VideoSegment& value) {
  v1::VideoSegment message;
  message.set_source_id(value.source.value);
  *message.mutable_lineage() = LineageToProto(value.lineage);
  message.set_codec(value.codec);
  message.set_extradata(value.extradata);
  message.set_width_px(value.width_px);
  message.set_height_px(value.height_px);
  message.set_exercise(value.exercise);
  for (const VideoFrame& frame : value.frames) *message.add_frames() = FrameToProto(frame);
  codec::DigestsToProto(value.raw_digests, message.mutable_raw_digests());
  message.set_metadata_skew_us(value.metadata_skew.micros());
  return message;
}

Result<VideoSegment> FromProto(const v1::VideoSegment& m) {
  VideoSegment value;
  value.source.value = m.source_id();
  TW_ASSIGN_OR_RETURN(value.lineage, LineageFromProto(m.lineage()));
  value.codec = m.codec();
  value.extradata = m.extradata();
  value.width_px = m.width_px();
  value.height_px = m.height_px();
  value.exercise = m.exercise();
  for (const v1::VideoFrame& frame : m.frames()) {
    TW_ASSIGN_OR_RETURN(VideoFrame decoded, FrameFromProto(frame));
    value.frames.push_back(std::move(decoded));
  }
  TW_ASSIGN_OR_RETURN(value.raw_digests, codec::DigestsFromProto(m.raw_digests()));
  value.metadata_skew = Duration::Micros(m.metadata_skew_us());
  return value;
}

v1::RadarDwell ToProto(const RadarDwell& value) {
  v1::RadarDwell message;
  LookToProto(value, &message);
  *message.mutable_sensor() = PositionToProto(value.sensor);
  for (const Plot& plot : value.plots) *message.add_plots() = PlotToProto(plot);
  return message;
}

Result<RadarDwell> FromProto(const v1::RadarDwell& m) {
  RadarDwell value;
  TW_RETURN_IF_ERROR(LookFromProto(m, &value));
  TW_ASSIGN_OR_RETURN(value.sensor, PositionFromProto(m.sensor(), "sensor"));
  for (const v1::Plot& plot : m.plots()) {
    TW_ASSIGN_OR_RETURN(Plot decoded, PlotFromProto(plot));
    value.plots.push_back(std::move(decoded));
  }
  return value;
}

// In the order of FromProto.
Result<void> Check(const RadarDwell& value) {
  if (!v1::Modality_IsValid(static_cast<int>(value.lineage.modality))) {
    return Fail(ErrorCode::kBadInput, "lineage.modality {} is unknown",
                static_cast<int>(value.lineage.modality));
  }
  for (const Geodetic& corner : value.footprint) {
    TW_RETURN_IF_ERROR(codec::CheckPosition(corner, "footprint"));
  }
  TW_RETURN_IF_ERROR(codec::Probability(value.detection_probability, "detection_probability"));
  TW_RETURN_IF_ERROR(Finite(value.min_detectable_speed_mps, "min_detectable_speed_mps"));
  TW_RETURN_IF_ERROR(Finite(value.false_alarms_per_km2, "false_alarms_per_km2"));
  TW_RETURN_IF_ERROR(codec::CheckPosition(value.sensor, "sensor"));
  for (const Plot& plot : value.plots) TW_RETURN_IF_ERROR(CheckPlot(plot));
  return {};
}

v1::ObservationSet ToProto(const ObservationSet& value) {
  v1::ObservationSet message;
  LookToProto(value, &message);
  message.set_frame_index(value.frame_index);
  message.set_degraded_reason(value.degraded_reason);
  for (const Detection& d : value.detections) *message.add_detections() = DetectionToProto(d);
  message.set_standing_detection_probability(value.standing_detection_probability);
  message.set_group_detection_probability(value.group_detection_probability);
  message.set_resolution_m(value.resolution_m);
  for (const GroupObservation& group : value.groups) {
    if (IsTooFewPeople(group)) continue;  // the last door: nobody leaves it alone
    *message.add_groups() = GroupObservationToProto(group);
  }
  if (value.baseline) message.set_baseline_time_us(value.baseline->micros());
  for (const SiteChange& change : value.changes) {
    *message.add_changes() = codec::SiteChangeToProto(change);
  }
  message.set_position_sigma_stated_m(value.position_sigma_stated_m);
  message.set_position_scatter_m(value.position_scatter_m);
  message.set_georeference_note(value.georeference_note);
  return message;
}

Result<ObservationSet> FromProto(const v1::ObservationSet& m) {
  ObservationSet value;
  TW_RETURN_IF_ERROR(LookFromProto(m, &value));
  value.frame_index = m.frame_index();
  value.degraded_reason = m.degraded_reason();
  for (const v1::Detection& d : m.detections()) {
    TW_ASSIGN_OR_RETURN(Detection decoded, DetectionFromProto(d));
    value.detections.push_back(std::move(decoded));
  }
  TW_ASSIGN_OR_RETURN(
      value.standing_detection_probability,
      codec::Probability(m.standing_detection_probability(), "standing_detection_probability"));
  TW_ASSIGN_OR_RETURN(
      value.group_detection_probability,
      codec::Probability(m.group_detection_probability(), "group_detection_probability"));
  TW_ASSIGN_OR_RETURN(value.resolution_m, Finite(m.resolution_m(), "resolution_m"));
  for (const v1::GroupObservation& group : m.groups()) {
    TW_ASSIGN_OR_RETURN(GroupObservation decoded, GroupObservationFromProto(group));
    value.groups.push_back(std::move(decoded));
  }
  if (m.baseline_time_us() != 0) value.baseline = Instant::FromMicros(m.baseline_time_us());
  for (const v1::SiteChange& change : m.changes()) {
    TW_ASSIGN_OR_RETURN(SiteChange decoded, codec::SiteChangeFromProto(change));
    value.changes.push_back(std::move(decoded));
  }
  TW_ASSIGN_OR_RETURN(value.position_sigma_stated_m,
                      Finite(m.position_sigma_stated_m(), "position_sigma_stated_m"));
  TW_ASSIGN_OR_RETURN(value.position_scatter_m,
                      Finite(m.position_scatter_m(), "position_scatter_m"));
  value.georeference_note = m.georeference_note();
  return value;
}

v1::SourceStatus ToProto(const SourceStatus& value) {
  v1::SourceStatus message;
  message.set_source_id(value.source.value);
  message.set_time_us(value.time.micros());
  message.set_state(static_cast<v1::SourceState>(value.state));
  message.set_reason(value.reason);
  return message;
}

Result<SourceStatus> FromProto(const v1::SourceStatus& m) {
  if (!v1::SourceState_IsValid(m.state())) {
    return Fail(ErrorCode::kBadInput, "source state {} is unknown", static_cast<int>(m.state()));
  }
  return SourceStatus{.source = {m.source_id()},
                      .time = Instant::FromMicros(m.time_us()),
                      .state = static_cast<SourceState>(m.state()),
                      .reason = m.reason()};
}

v1::DataFault ToProto(const DataFault& value) {
  v1::DataFault message;
  message.set_source_id(value.source.value);
  message.set_time_us(value.time.micros());
  message.set_format(value.format);
  message.set_source_offset(value.source_offset);
  message.set_reason(value.reason);
  return message;
}

Result<DataFault> FromProto(const v1::DataFault& m) {
  return DataFault{.source = {m.source_id()},
                   .time = Instant::FromMicros(m.time_us()),
                   .format = m.format(),
                   .source_offset = m.source_offset(),
                   .reason = m.reason()};
}

}  // namespace trucewatch
