// SPDX-License-Identifier: Apache-2.0
#include "verify/rule_memory_codec.h"

#include <cmath>

#include "core/types/codec_internal.h"

namespace trucewatch {
namespace {

using Memory = v1::VerifySnapshot;
using Places = google::protobuf::RepeatedPtrField<Memory::LinePlace>;

void WritePlaces(const std::map<TrackId, LinePlace>& places, Places* out) {
  for (const auto& [id, place] : places) {
    auto* message = out->Add();
    message->set_track_id(id.value);
    message->set_distance_m(place.side.distance_m);
    message->set_sigma_m(place.side.sigma_m);
    message->set_last_us(place.last.micros());
  }
}

Result<std::map<TrackId, LinePlace>> ReadPlaces(const Places& in) {
  std::map<TrackId, LinePlace> out;
  for (const auto& place : in) {
    if (!std::isfinite(place.distance_m()) || !(place.sigma_m() >= 0.0))
      return Fail(ErrorCode::kBadInput, "the snapshot has a vehicle at no distance from a line");
    out[{place.track_id()}] = {{place.distance_m(), place.sigma_m()},
                               Instant::FromMicros(place.last_us())};
  }
  return out;
}

bool AreProbabilities(const google::protobuf::RepeatedField<double>& values) {
  for (const double p : values) {
    if (!(p >= 0.0 && p <= 1.0 + 1e-9)) return false;
  }
  return true;
}

void WriteDay(const DayCount& day, Memory::DayCount* out) {
  out->set_day(day.day);
  for (const double p : day.count) out->add_count(p);
  for (const ZoneWatch& watch : day.watched) {
    auto* message = out->add_watched();
    message->mutable_source()->set_source_id(watch.source.value);
    *message->mutable_source()->mutable_lineage() = codec::LineageToProto(watch.lineage);
    for (const double p : watch.probability) message->add_probability(p);
    message->set_looks(watch.looks);
    message->set_first_us(watch.first.micros());
    message->set_last_us(watch.last.micros());
    codec::DigestsToProto(watch.digests, message->mutable_digests());
  }
}

Result<DayCount> ReadDay(const Memory::DayCount& in) {
  DayCount out;
  out.day = in.day();
  if (!AreProbabilities(in.count()))
    return Fail(ErrorCode::kBadInput, "the snapshot has a count whose parts are no probabilities");
  out.count.assign(in.count().begin(), in.count().end());
  for (const auto& message : in.watched()) {
    ZoneWatch watch;
    watch.source.value = message.source().source_id();
    TW_ASSIGN_OR_RETURN(watch.lineage, codec::LineageFromProto(message.source().lineage()));
    // All sources of a day watched the same cells.
    if (!AreProbabilities(message.probability()) ||
        message.probability_size() != in.watched(0).probability_size())
      return Fail(ErrorCode::kBadInput, "the snapshot has a zone that was watched in no way");
    watch.probability.assign(message.probability().begin(), message.probability().end());
    watch.looks = message.looks();
    watch.first = Instant::FromMicros(message.first_us());
    watch.last = Instant::FromMicros(message.last_us());
    TW_ASSIGN_OR_RETURN(watch.digests, codec::DigestsFromProto(message.digests()));
    out.watched.push_back(std::move(watch));
  }
  return out;
}

}  // namespace

void Write(const RuleMemory& memory, v1::VerifySnapshot::RuleMemory* out) {
  WritePlaces(memory.behind, out->mutable_behind());
  WritePlaces(memory.beyond, out->mutable_beyond());
  for (const auto& [id, near] : memory.near) {
    auto* message = out->add_near();
    message->set_track_id(id.value);
    message->set_since_us(near.since.micros());
    message->set_last_us(near.last.micros());
  }
  for (const DayCount& day : memory.days) WriteDay(day, out->add_days());
}

Result<RuleMemory> Read(const v1::VerifySnapshot::RuleMemory& in) {
  RuleMemory out;
  TW_ASSIGN_OR_RETURN(out.behind, ReadPlaces(in.behind()));
  TW_ASSIGN_OR_RETURN(out.beyond, ReadPlaces(in.beyond()));
  for (const auto& near : in.near()) {
    out.near[{near.track_id()}] = {Instant::FromMicros(near.since_us()),
                                   Instant::FromMicros(near.last_us())};
  }
  for (const auto& message : in.days()) {
    TW_ASSIGN_OR_RETURN(DayCount day, ReadDay(message));
    if (!out.days.empty() && day.day <= out.days.back().day)
      return Fail(ErrorCode::kBadInput, "the snapshot has days out of order");
    out.days.push_back(std::move(day));
  }
  return out;
}

}  // namespace trucewatch
