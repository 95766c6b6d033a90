// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/case_logs.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/journal/journal.h"
#include "core/json/json_writer.h"
#include "core/types/codec.h"
#include "core/types/names.h"

namespace trucewatch::tools {
namespace {

constexpr std::uint64_t kLogBatchBytes = 8U << 20U;
constexpr Duration kAboutEvent = Duration::Seconds(5);

// Of the event: when it was, who speaks for it, and which tracks it is about.
struct About {
  Instant first, last;
  std::set<std::string> sources;
  std::set<TrackId> tracks;
  bool Holds(Instant time) const {
    return time >= first - kAboutEvent && time <= last + kAboutEvent;
  }
};

About AboutOf(const CaseEntries& entries) {
  About out;
  out.first = out.last = entries.statements.front().finding.time_first;
  for (const Published& one : entries.statements) {
    out.last = std::max(out.last, one.finding.time_last);
    out.tracks.insert(one.finding.members.begin(), one.finding.members.end());
    for (const Support& support : one.finding.supports) out.sources.insert(support.source.value);
  }
  return out;
}

void AddPlace(JsonWriter& json, const Geodetic& place) {
  json.Field("lat_deg", place.latitude.deg()).Field("lon_deg", place.longitude.deg());
}

void AddCovariance(JsonWriter& json, const Eigen::Matrix2d& cov) {
  json.Key("cov_m2").BeginArray();
  json.Number(cov(0, 0)).Number(cov(0, 1)).Number(cov(1, 1)).EndArray();
}

void AddClasses(JsonWriter& json, const ClassProbabilities& classes) {
  json.Key("classes").BeginObject();
  for (const auto& [object_class, share] : classes)
    json.Field(ObjectClassName(object_class), share);
  json.EndObject();
}

template <typename Seen>
void AddBox(JsonWriter& json, const Seen& seen) {
  json.Key("box_px").BeginArray();
  json.Number(seen.box_x_px).Number(seen.box_y_px);
  json.Number(seen.box_width_px).Number(seen.box_height_px).EndArray();
}

template <typename Look>
void BeginLook(JsonWriter& json, const char* kind, const Look& look) {
  json.BeginObject().Field("kind", kind).Field("source", look.source.value);
  json.Field("time_utc", FormatUtc(look.time));
  json.Field("modality", ModalityName(look.lineage.modality)).Field("model", look.lineage.model);
  json.Field("detection_probability", look.detection_probability);
  json.Field("min_detectable_speed_mps", look.min_detectable_speed_mps);
  json.Key("footprint").BeginArray();
  for (const Geodetic& corner : look.footprint)
    json.BeginArray().Number(corner.latitude.deg()).Number(corner.longitude.deg()).EndArray();
  json.EndArray();
}

template <typename Look>
std::string EndLook(JsonWriter& json, const Look& look) {
  json.Key("raw_sha256").BeginArray();
  for (const Digest& digest : look.raw_digests) json.String(HexEncode(digest));
  return json.EndArray().EndObject().text() + "\n";
}

std::string LookLine(const ObservationSet& look) {
  JsonWriter json;
  BeginLook(json, "look", look);
  if (!look.degraded_reason.empty()) json.Field("degraded", look.degraded_reason);
  json.Key("detections").BeginArray();
  for (const Detection& d : look.detections) {
    json.BeginObject();
    AddPlace(json, d.position);
    AddCovariance(json, d.cov_en_m2);
    json.Field("score", d.score).Field("length_m", d.length_m).Field("width_m", d.width_m);
    AddClasses(json, d.classes);
    AddBox(json, d);
    json.EndObject();
  }
  json.EndArray().Key("groups").BeginArray();
  for (const GroupObservation& g : look.groups) {
    json.BeginObject().Field("class", ObjectClassName(g.object_class));
    AddPlace(json, g.position);
    AddCovariance(json, g.cov_en_m2);
    json.Field("count_min", g.count_min).Field("count_max", g.count_max);
    json.Field("extent_m", g.extent_m);
    AddBox(json, g);
    json.EndObject();
  }
  json.EndArray();
  return EndLook(json, look);
}

std::string LookLine(const RadarDwell& dwell) {
  JsonWriter json;
  BeginLook(json, "dwell", dwell);
  json.Key("plots").BeginArray();
  for (const Plot& plot : dwell.plots) {
    json.BeginObject();
    AddPlace(json, plot.position);
    AddCovariance(json, plot.cov_en_m2);
    if (plot.range_rate_mps) json.Field("range_rate_mps", *plot.range_rate_mps);
    if (plot.snr_db) json.Field("snr_db", *plot.snr_db);
    json.EndObject();
  }
  json.EndArray();
  return EndLook(json, dwell);
}

std::string TrackLine(Instant time, const Track& track) {
  JsonWriter json;
  json.BeginObject().Field("time_utc", FormatUtc(time)).Field("track", track.id.value);
  AddPlace(json, track.position);
  AddCovariance(json, track.cov.topLeftCorner<2, 2>());
  json.Field("velocity_east_mps", track.velocity_en_mps(0));
  json.Field("velocity_north_mps", track.velocity_en_mps(1));
  json.Field("existence_probability", track.existence_probability);
  AddClasses(json, track.classes);
  json.Key("sources").BeginArray();
  for (const TrackSupport& support : track.supports) json.String(support.source.value);
  return json.EndArray().EndObject().text() + "\n";
}

}  // namespace

Result<void> EachEnvelope(Storage& storage, const std::string& folder,
                          const std::function<Result<void>(const v1::Envelope&)>& handle) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) return {};
  TW_ASSIGN_OR_RETURN(const auto journal, Journal::Open(storage, folder));
  PresentRecords present(*journal);
  for (std::uint64_t after = 0;;) {
    TW_ASSIGN_OR_RETURN(const LogBatch batch, present.ReadAfter(after, kLogBatchBytes, Duration()));
    if (batch.records.empty()) return {};
    for (const LogRecord& record : batch.records) {
      after = record.sequence;
      TW_ASSIGN_OR_RETURN(const v1::Envelope envelope, ParseEnvelope(record.payload));
      TW_RETURN_IF_ERROR(handle(envelope));
    }
  }
}

Result<void> AddObservations(Storage& storage, const std::string& state, const CaseEntries& entries,
                             CaseFolder& folder) {
  const About about = AboutOf(entries);
  std::string looks, tracks;
  const auto holds = [&](const auto& message) {
    return about.sources.contains(message.source_id()) &&
           about.Holds(Instant::FromMicros(message.time_us()));
  };
  const auto seen =
      EachEnvelope(storage, state + "/detect", [&](const v1::Envelope& e) -> Result<void> {
        if (e.has_observation_set() && holds(e.observation_set())) {
          TW_ASSIGN_OR_RETURN(const ObservationSet look, FromProto(e.observation_set()));
          looks += LookLine(look);
        } else if (e.has_radar_dwell() && holds(e.radar_dwell())) {
          TW_ASSIGN_OR_RETURN(const RadarDwell dwell, FromProto(e.radar_dwell()));
          looks += LookLine(dwell);
        }
        return {};
      });
  TW_RETURN_IF_ERROR(seen);
  const auto followed =
      EachEnvelope(storage, state + "/fusion", [&](const v1::Envelope& e) -> Result<void> {
        // Live pictures are for screens; statements rest on what was settled.
        if (!e.has_picture() || !e.picture().settled() ||
            !about.Holds(Instant::FromMicros(e.picture().time_us())))
          return {};
        TW_ASSIGN_OR_RETURN(const Picture picture, FromProto(e.picture()));
        for (const Track& track : picture.tracks) {
          if (about.tracks.contains(track.id)) tracks += TrackLine(picture.time, track);
        }
        return {};
      });
  TW_RETURN_IF_ERROR(followed);
  if (!looks.empty()) TW_RETURN_IF_ERROR(folder.Add("observations.jsonl", looks));
  if (!tracks.empty()) TW_RETURN_IF_ERROR(folder.Add("tracks.jsonl", tracks));
  return {};
}

}  // namespace trucewatch::tools
