// SPDX-License-Identifier: Apache-2.0
#include "core/types/codec.h"
#include "core/types/codec_internal.h"

namespace trucewatch {
namespace {

using codec::Finite;

Result<Eigen::Vector2d> VelocityFromProto(const google::protobuf::RepeatedField<double>& values) {
  if (values.size() != 2) {
    return Fail(ErrorCode::kBadInput, "velocity_en_mps has {} numbers; expected [east, north]",
                values.size());
  }
  const Eigen::Vector2d velocity(values.Get(0), values.Get(1));
  if (!velocity.allFinite()) return Fail(ErrorCode::kBadInput, "velocity_en_mps is not finite");
  return velocity;
}

using SourceFields = google::protobuf::RepeatedPtrField<v1::SupportSource>;

// Gives each support the place of its source in the list beside it, which grows as they come.
class SourceList {
 public:
  explicit SourceList(SourceFields* fields) : fields_(fields) {}

  void Write(const TrackSupport& support, v1::TrackSupport* out) {
    std::size_t i = 0;
    while (i < listed_.size() &&
           (listed_[i]->source != support.source || listed_[i]->lineage != support.lineage))
      ++i;
    if (i == listed_.size()) {
      listed_.push_back(&support);
      v1::SupportSource* const source = fields_->Add();
      source->set_source_id(support.source.value);
      *source->mutable_lineage() = codec::LineageToProto(support.lineage);
    }
    out->set_source(static_cast<std::uint32_t>(i));
    codec::UpdatesToProto(support, out);
  }

 private:
  SourceFields* fields_;
  std::vector<const TrackSupport*> listed_;  // the first of each
};

struct Source {
  SourceId id;
  Lineage lineage;
};

Result<std::vector<Source>> SourcesFromProto(const SourceFields& fields) {
  std::vector<Source> sources;
  sources.reserve(static_cast<std::size_t>(fields.size()));
  for (const v1::SupportSource& field : fields) {
    TW_ASSIGN_OR_RETURN(Lineage lineage, codec::LineageFromProto(field.lineage()));
    sources.push_back({{field.source_id()}, std::move(lineage)});
  }
  return sources;
}

using SupportFields = google::protobuf::RepeatedPtrField<v1::TrackSupport>;

Result<void> SupportsFromProto(const SupportFields& fields, const std::vector<Source>& sources,
                               std::vector<TrackSupport>& out) {
  out.reserve(static_cast<std::size_t>(fields.size()));
  for (const v1::TrackSupport& field : fields) {
    if (field.source() >= sources.size()) {
      return Fail(ErrorCode::kBadInput, "support.source {} is none of the {} that are listed",
                  field.source(), sources.size());
    }
    TrackSupport& support = out.emplace_back();
    support.source = sources[field.source()].id;
    support.lineage = sources[field.source()].lineage;
    TW_RETURN_IF_ERROR(codec::UpdatesFromProto(field, support));
  }
  return {};
}

void TrackToProto(const Track& track, SourceList& sources, v1::Track& message) {
  message.set_track_id(track.id.value);
  *message.mutable_position() = codec::PositionToProto(track.position);
  message.add_velocity_en_mps(track.velocity_en_mps.x());
  message.add_velocity_en_mps(track.velocity_en_mps.y());
  for (int row = 0; row < 4; ++row) {
    for (int column = 0; column < 4; ++column) message.add_cov(track.cov(row, column));
  }
  message.set_existence_probability(track.existence_probability);
  message.set_initiated_us(track.initiated.micros());
  message.set_last_update_us(track.last_update.micros());
  codec::ClassesToProto(track.classes, message.mutable_classes());
  for (const TrackSupport& support : track.supports) sources.Write(support, message.add_supports());
  if (!track.size) return;
  for (const double m : {track.size->length_m, track.size->width_m, track.size->sigma_m}) {
    message.add_size_m(m);
  }
}

Result<void> TrackFromProto(const v1::Track& m, const std::vector<Source>& sources, Track& track) {
  track.id.value = m.track_id();
  TW_ASSIGN_OR_RETURN(track.position, codec::PositionFromProto(m.position(), "track.position"));
  TW_ASSIGN_OR_RETURN(track.velocity_en_mps, VelocityFromProto(m.velocity_en_mps()));
  if (m.cov_size() != 16) return Fail(ErrorCode::kBadInput, "track.cov needs 16 numbers");
  for (int i = 0; i < 16; ++i) {
    TW_ASSIGN_OR_RETURN(track.cov(i / 4, i % 4), Finite(m.cov(i), "track.cov"));
  }
  TW_ASSIGN_OR_RETURN(track.existence_probability,
                      Finite(m.existence_probability(), "existence_probability"));
  track.initiated = Instant::FromMicros(m.initiated_us());
  track.last_update = Instant::FromMicros(m.last_update_us());
  TW_ASSIGN_OR_RETURN(track.classes, codec::ClassesFromProto(m.classes()));
  TW_RETURN_IF_ERROR(SupportsFromProto(m.supports(), sources, track.supports));
  if (m.size_m_size() == 0) return {};
  if (m.size_m_size() != 3) {
    return Fail(ErrorCode::kBadInput, "track.size_m has {} numbers; expected none or 3",
                m.size_m_size());
  }
  for (const double value : m.size_m()) {
    if (!(value >= 0 && value < 1e6)) {
      return Fail(ErrorCode::kBadInput, "track.size_m {} is no size", value);
    }
  }
  track.size = ObjectSize{m.size_m(0), m.size_m(1), m.size_m(2)};
  return {};
}

void GroupToProto(const Group& group, SourceList& sources, v1::Group& message) {
  message.set_group_id(group.id.value);
  for (const TrackId member : group.members) message.add_members(member.value);
  message.set_count_expected(group.count_expected);
  message.set_count_min(group.count_min);
  message.set_count_max(group.count_max);
  *message.mutable_position() = codec::PositionToProto(group.position);
  message.add_velocity_en_mps(group.velocity_en_mps.x());
  message.add_velocity_en_mps(group.velocity_en_mps.y());
  message.set_extent_m(group.extent_m);
  if (group.object_class == ObjectClass::kUnspecified) return;
  message.set_object_class(static_cast<v1::ObjectClass>(group.object_class));
  codec::CovToProto(group.cov_en_m2, message.mutable_cov_m2());
  message.set_existence_probability(group.existence_probability);
  message.set_first_us(group.first.micros());
  message.set_last_us(group.last.micros());
  for (const TrackSupport& support : group.supports) sources.Write(support, message.add_supports());
}

Result<void> GroupFromProto(const v1::Group& m, const std::vector<Source>& sources, Group& group) {
  group.id.value = m.group_id();
  for (const std::uint64_t member : m.members()) group.members.push_back({member});
  TW_ASSIGN_OR_RETURN(group.count_expected, Finite(m.count_expected(), "count_expected"));
  group.count_min = m.count_min();
  group.count_max = m.count_max();
  TW_ASSIGN_OR_RETURN(group.position, codec::PositionFromProto(m.position(), "group.position"));
  TW_ASSIGN_OR_RETURN(group.velocity_en_mps, VelocityFromProto(m.velocity_en_mps()));
  TW_ASSIGN_OR_RETURN(group.extent_m, Finite(m.extent_m(), "extent_m"));
  TW_ASSIGN_OR_RETURN(group.object_class, codec::ObjectClassFromProto(m.object_class()));
  if (group.object_class == ObjectClass::kUnspecified) return {};
  TW_ASSIGN_OR_RETURN(group.cov_en_m2, codec::CovFromProto(m.cov_m2(), "group.cov_m2"));
  TW_ASSIGN_OR_RETURN(group.existence_probability,
                      codec::Probability(m.existence_probability(), "group.existence_probability"));
  group.first = Instant::FromMicros(m.first_us());
  group.last = Instant::FromMicros(m.last_us());
  return SupportsFromProto(m.supports(), sources, group.supports);
}

}  // namespace

v1::Picture ToProto(const Picture& value) {
  v1::Picture message;
  message.set_time_us(value.time.micros());
  message.set_settled(value.settled);
  message.set_exercise(value.exercise);
  SourceList sources(message.mutable_sources());
  for (const Track& track : value.tracks) TrackToProto(track, sources, *message.add_tracks());
  for (const Group& group : value.groups) GroupToProto(group, sources, *message.add_groups());
  return message;
}

Result<Picture> FromProto(const v1::Picture& m) {
  Picture picture;
  picture.time = Instant::FromMicros(m.time_us());
  picture.settled = m.settled();
  picture.exercise = m.exercise();
  TW_ASSIGN_OR_RETURN(const std::vector<Source> sources, SourcesFromProto(m.sources()));
  picture.tracks.reserve(static_cast<std::size_t>(m.tracks_size()));
  for (const v1::Track& track : m.tracks())
    TW_RETURN_IF_ERROR(TrackFromProto(track, sources, picture.tracks.emplace_back()));
  picture.groups.reserve(static_cast<std::size_t>(m.groups_size()));
  for (const v1::Group& group : m.groups())
    TW_RETURN_IF_ERROR(GroupFromProto(group, sources, picture.groups.emplace_back()));
  return picture;
}

}  // namespace trucewatch
