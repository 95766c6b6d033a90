// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "core/types/codec.h"
#include "fusion/snapshot.h"

namespace trucewatch {
namespace {

// What a published group has travels in its layout, whose codec checks it.
Result<Group> GroupFrom(const v1::BookGroupState& in) {
  v1::Picture carrier;
  *carrier.add_groups() = in.group();
  *carrier.mutable_sources() = in.support_sources();
  TW_ASSIGN_OR_RETURN(Picture picture, FromProto(carrier));
  return std::move(picture.groups.front());
}

void GroupToProto(const BookGroup& group, v1::BookGroupState* message) {
  Picture carrier;
  Group& out = carrier.groups.emplace_back();
  out.id = group.id;
  out.object_class = group.object_class;
  out.count_expected = group.count.expected;
  out.count_min = group.count.min;
  out.count_max = group.count.max;
  out.extent_m = group.extent_m;
  out.existence_probability = group.existence;
  out.first = group.first;
  out.last = group.last;
  out.supports = group.supports;
  v1::Picture picture = ToProto(carrier);
  *message->mutable_group() = std::move(*picture.mutable_groups(0));
  *message->mutable_support_sources() = std::move(*picture.mutable_sources());
}

Result<BookGroup> BookGroupFrom(const v1::BookGroupState& in) {
  TW_ASSIGN_OR_RETURN(Group group, GroupFrom(in));
  const auto finite = [](double v) { return std::isfinite(v); };
  if (group.object_class == ObjectClass::kUnspecified || in.place_size() != 5 ||
      !std::all_of(in.place().begin(), in.place().end(), finite) || !finite(in.height_hae_m()) ||
      !(in.place(2) > 0 && in.place(2) * in.place(4) > in.place(3) * in.place(3))) {
    return Fail(ErrorCode::kBadInput, "fusion snapshot: group {} is not whole",
                in.group().group_id());
  }
  BookGroup out;
  out.id = group.id;
  out.object_class = group.object_class;
  out.time = Instant::FromMicros(in.time_us());
  out.p_en_m << in.place(0), in.place(1);
  out.cov_en_m2 << in.place(2), in.place(3), in.place(3), in.place(4);
  out.extent_m = group.extent_m;
  out.height_hae_m = in.height_hae_m();
  out.existence = group.existence_probability;
  out.first = group.first;
  out.last = group.last;
  out.count = {.expected = group.count_expected, .min = group.count_min, .max = group.count_max};
  out.supports = std::move(group.supports);
  for (const v1::CountReportState& count : in.counts()) {
    if (!finite(count.expected())) {
      return Fail(ErrorCode::kBadInput, "fusion snapshot: a count is not finite");
    }
    out.counts.push_back({.time = Instant::FromMicros(count.time_us()),
                          .source = {count.source_id()},
                          .expected = count.expected(),
                          .min = count.min(),
                          .max = count.max()});
  }
  for (const v1::HeldSource& source : in.opportunities()) {
    out.opportunities.push_back({{source.source_id()}, Instant::FromMicros(source.newest_us())});
  }
  return out;
}

}  // namespace

void BookToProto(const GroupBook& book, v1::FusionSnapshot* message) {
  for (const BookGroup& group : book.groups()) {
    v1::BookGroupState* out = message->add_book();
    GroupToProto(group, out);
    out->set_time_us(group.time.micros());
    const Eigen::Matrix2d& c = group.cov_en_m2;
    for (const double v : {group.p_en_m.x(), group.p_en_m.y(), c(0, 0), c(0, 1), c(1, 1)}) {
      out->add_place(v);
    }
    out->set_height_hae_m(group.height_hae_m);
    for (const CountReport& count : group.counts) {
      v1::CountReportState* report = out->add_counts();
      report->set_time_us(count.time.micros());
      report->set_source_id(count.source.value);
      report->set_expected(count.expected);
      report->set_min(count.min);
      report->set_max(count.max);
    }
    for (const GroupOpportunity& opportunity : group.opportunities) {
      v1::HeldSource* source = out->add_opportunities();
      source->set_source_id(opportunity.source.value);
      source->set_newest_us(opportunity.time.micros());
    }
  }
}

Result<void> RestoreFrom(const v1::FusionSnapshot& message, GroupBook& book) {
  std::vector<BookGroup> groups;
  for (const v1::BookGroupState& in : message.book()) {
    TW_ASSIGN_OR_RETURN(BookGroup group, BookGroupFrom(in));
    if (!groups.empty() && !(groups.back().id < group.id)) {
      return Fail(ErrorCode::kBadInput, "fusion snapshot: groups are not in order");
    }
    groups.push_back(std::move(group));
  }
  book.Restore(std::move(groups));
  return {};
}

void BookToProto(const LateBook& book, v1::FusionSnapshot* message) {
  for (const PastPicture& picture : book.pictures()) {
    v1::PastPictureState* out = message->add_past();
    out->set_time_us(picture.time.micros());
    out->mutable_track()->Reserve(static_cast<int>(picture.tracks.size()));
    out->mutable_state()->Reserve(static_cast<int>(8 * picture.tracks.size()));
    for (const PastTrack& track : picture.tracks) {
      out->add_track(track.id.value);
      for (const float v : track.p_en_m) out->add_state(v);
      for (const float v : track.v_en_mps) out->add_state(v);
      for (const float v : track.cov_en_m2) out->add_state(v);
      out->add_state(track.speed_variance);
    }
  }
  for (const auto& [time, hash] : book.looks()) {
    message->add_taken_look_us(time.micros());
    message->add_taken_look_hash(hash);
  }
}

Result<void> RestoreFrom(const v1::FusionSnapshot& message, LateBook& book) {
  std::deque<PastPicture> pictures;
  for (const v1::PastPictureState& in : message.past()) {
    PastPicture picture{.time = Instant::FromMicros(in.time_us()), .tracks = {}};
    if (in.state_size() != 8 * in.track_size() ||
        (!pictures.empty() && pictures.back().time >= picture.time) ||
        !std::all_of(in.state().begin(), in.state().end(),
                     [](float v) { return std::isfinite(v); })) {
      return Fail(ErrorCode::kBadInput, "fusion snapshot: the picture of {} us is not whole",
                  in.time_us());
    }
    const float* v = in.state().data();
    for (const std::uint64_t id : in.track()) {
      PastTrack track;
      track.id = {id};
      std::copy_n(v, 2, track.p_en_m);
      std::copy_n(v + 2, 2, track.v_en_mps);
      std::copy_n(v + 4, 3, track.cov_en_m2);
      track.speed_variance = v[7];
      v += 8;
      picture.tracks.push_back(track);
    }
    pictures.push_back(std::move(picture));
  }
  if (message.taken_look_us_size() != message.taken_look_hash_size()) {
    return Fail(ErrorCode::kBadInput, "fusion snapshot: {} times for {} looks",
                message.taken_look_us_size(), message.taken_look_hash_size());
  }
  std::set<LateBook::TakenLook> looks;
  for (int i = 0; i < message.taken_look_us_size(); ++i) {
    looks.emplace(Instant::FromMicros(message.taken_look_us(i)), message.taken_look_hash(i));
  }
  book.Restore(std::move(pictures), std::move(looks));
  return {};
}

v1::SmootherState ToProto(const Smoother& smoother) {
  v1::SmootherState message;
  message.set_time_us(smoother.time().micros());
  for (const auto& [id, history] : smoother.histories()) {
    v1::TrackHistoryState* out = message.add_histories();
    *out->mutable_newest() = ToProto(history.newest);
    out->set_gone(history.gone);
    for (const Smoother::State& state : history.states) {
      out->add_time_us(state.time.micros());
      out->add_values(state.existence);
      for (const double p : state.imm.probability) out->add_values(p);
      for (const Gaussian& g : state.imm.model) {
        for (int i = 0; i < 4; ++i) out->add_values(g.mean(i));
        for (int i = 0; i < 16; ++i) out->add_values(g.cov(i / 4, i % 4));
      }
    }
  }
  return message;
}

Result<void> RestoreFrom(const v1::SmootherState& message, Smoother& smoother) {
  constexpr int kValues = 1 + kModelCount + 20 * kModelCount;
  std::map<TrackId, Smoother::History> histories;
  for (const v1::TrackHistoryState& in : message.histories()) {
    Smoother::History history;
    TW_ASSIGN_OR_RETURN(history.newest, TrackFromProto(in.newest()));
    history.gone = in.gone();
    if (in.time_us_size() == 0 || in.values_size() != kValues * in.time_us_size() ||
        !std::is_sorted(in.time_us().begin(), in.time_us().end()) ||
        !std::all_of(in.values().begin(), in.values().end(),
                     [](double v) { return std::isfinite(v); })) {
      return Fail(ErrorCode::kBadInput, "fusion snapshot: history of track {} is not whole",
                  in.newest().track_id());
    }
    const double* value = in.values().data();
    for (const std::int64_t time_us : in.time_us()) {
      Smoother::State state{.time = Instant::FromMicros(time_us), .imm = {}, .existence = *value++};
      for (double& p : state.imm.probability) p = *value++;
      for (Gaussian& g : state.imm.model) {
        for (int i = 0; i < 4; ++i) g.mean(i) = *value++;
        for (int i = 0; i < 16; ++i) g.cov(i / 4, i % 4) = *value++;
      }
      history.states.push_back(state);
    }
    histories[history.newest.id] = std::move(history);
  }
  smoother.Restore(Instant::FromMicros(message.time_us()), std::move(histories));
  return {};
}

}  // namespace trucewatch
