// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/event_json.h"

#include <cmath>
#include <set>

#include "core/json/json_writer.h"
#include "core/types/names.h"
#include "tools/trucewatch/words.h"

namespace trucewatch::tools {
namespace {

// About 1 cm: RFC 7946 section 11.2 asks not to pretend more.
double Rounded(double degrees) { return std::round(degrees * 1e7) / 1e7; }

void Coordinates(const Geodetic& place, JsonWriter* json) {
  json->BeginArray();
  json->Number(Rounded(place.longitude.deg()));
  json->Number(Rounded(place.latitude.deg()));
  json->EndArray();
}

void PointGeometry(const Geodetic& place, JsonWriter* json) {
  json->BeginObject().Field("type", "Point").Key("coordinates");
  Coordinates(place, json);
  json->EndObject();
}

std::string KindName(const Finding& finding) {
  switch (finding.kind) {
    case FindingKind::kNotifiedMovement:
      return "NOTIFIED";
    case FindingKind::kPermittedMovement:
      return "PERMITTED";
    case FindingKind::kHumanRecord:
      return "RECORD";
    case FindingKind::kCase:
      return "CASE_OPEN";
    case FindingKind::kChallenge:
      return "CHALLENGE_" + ChallengeStateName(finding.challenge_state);
    case FindingKind::kRelease:
      return "RELEASED";
    default:
      return StateName(finding.state);
  }
}

// Of mission.geojson.
const char* FeatureKind(FindingKind kind) {
  switch (kind) {
    case FindingKind::kNotifiedMovement:
      return "notified_movement";
    case FindingKind::kPermittedMovement:
      return "permitted_movement";
    case FindingKind::kHumanRecord:
      return "human_record";
    case FindingKind::kCase:
      return "case";
    case FindingKind::kChallenge:
      return "challenge";
    case FindingKind::kRelease:
      return "release";
    default:
      return "event";
  }
}

// What an officer's record says besides place, time and count.
void HumanFields(const Finding& f, JsonWriter* json) {
  if (!f.case_id.empty()) json->Field("case_id", f.case_id);
  if (!f.record_id.empty()) json->Field("record_id", f.record_id);
  if (!f.challenge_id.empty()) json->Field("challenge_id", f.challenge_id);
  if (!f.audience.empty()) json->Field("released_to", f.audience);
  if (!f.human_record) return;
  const HumanRecord& record = *f.human_record;
  json->Field("record_kind", HumanRecordKindName(record.kind)).Field("author", record.author);
  json->Field("reported_utc", FormatUtc(record.reported)).Field("radius_m", record.radius_m);
  if (!record.means.empty()) json->Field("means", record.means);
  if (!record.assessed_as.empty()) json->Field("assessed_as", record.assessed_as);
  if (!record.impediment.empty()) json->Field("impediment", record.impediment);
  if (!record.informant.empty()) json->Field("informant", record.informant);
  if (record.nothing_observed) json->Field("nothing_observed", true);
  if (!record.text.empty()) json->Field("text", record.text);
}

void EventFields(const Published& published, JsonWriter* json) {
  const Finding& f = published.finding;
  json->Field("event_id", f.event_id).Field("status", f.exercise ? "EXERCISE" : "OPERATIONAL");
  json->Field("state", KindName(f)).Field("rule", f.rule).Field("zone", f.zone);
  if (!f.notification.empty()) json->Field("notification", f.notification);
  if (f.amended) json->Field("amended", true);
  HumanFields(f, json);
  json->Field("class", std::string_view(ObjectClassName(f.object_class)));
  json->Field("count_min", f.count_min).Field("count_max", f.count_max);
  json->Field("time_first_utc", FormatUtc(f.time_first));
  json->Field("time_last_utc", FormatUtc(f.time_last));
  json->Field("published_utc", FormatUtc(f.time));
  json->Field("probability", f.probability).Key("lineages").BeginArray();
  for (const Support& support : f.supports) {
    json->BeginObject().Field("source", support.source.value);
    json->Field("modality", std::string_view(ModalityName(support.lineage.modality)));
    json->Field("updates", support.updates).Key("raw_sha256").BeginArray();
    for (const Digest& digest : support.raw_digests) json->String(HexEncode(digest));
    json->EndArray().EndObject();
  }
  json->EndArray().Field("audience", "officers").Field("agreement_hash", f.agreement_hash);
  json->Field("ledger_index", published.ledger_index).Field("reason", f.reason);
  json->Key("cov_m2").BeginArray();
  for (int i = 0; i < 3; ++i) json->Number(f.cov_m2(i));
  json->EndArray();
}

void BeginFeature(JsonWriter* json) { json->BeginObject().Field("type", "Feature"); }

void ZoneFeature(const v1::config::Zone& zone, JsonWriter* json) {
  BeginFeature(json);
  json->Key("geometry").BeginObject().Field("type", "Polygon").Key("coordinates").BeginArray();
  json->BeginArray();
  for (int i = 0; i <= zone.vertex_size() && !zone.vertex().empty(); ++i) {
    const auto& vertex = zone.vertex(i % zone.vertex_size());  // GeoJSON rings are closed
    Coordinates(Geodetic::FromDegrees(vertex.lat_deg(), vertex.lon_deg(), 0), json);
  }
  json->EndArray().EndArray().EndObject();
  json->Key("properties").BeginObject().Field("kind", "zone").Field("id", zone.id());
  json->Field("name", zone.name()).Field("side", SideOf(zone)).EndObject().EndObject();
}

template <typename Route>
void CorridorFeature(const Route& route, const char* corridor, std::string_view id, double width_m,
                     JsonWriter* json) {
  if (route.size() < 2) return;
  BeginFeature(json);
  json->Key("geometry").BeginObject().Field("type", "LineString").Key("coordinates").BeginArray();
  for (const auto& p : route) {
    Coordinates(Geodetic::FromDegrees(p.lat_deg(), p.lon_deg(), 0), json);
  }
  json->EndArray().EndObject();
  json->Key("properties").BeginObject().Field("kind", "corridor").Field("corridor", corridor);
  json->Field("id", id).Field("width_m", width_m).EndObject().EndObject();
}

void TrackFeature(std::uint64_t id, const TrackRecord& track, JsonWriter* json) {
  if (track.points.size() < 2) return;  // a LineString needs two positions
  BeginFeature(json);
  json->Key("geometry").BeginObject().Field("type", "LineString").Key("coordinates").BeginArray();
  for (const RecordedPoint& point : track.points) Coordinates(point.position, json);
  json->EndArray().EndObject();
  json->Key("properties").BeginObject().Field("kind", "track").Field("track_id", id);
  json->Field("time_first_utc", FormatUtc(track.points.front().time));
  json->Field("time_last_utc", FormatUtc(track.points.back().time));
  json->Key("updates").BeginObject();
  for (const auto& [source, updates] : track.updates) json->Field(source, updates);
  json->EndObject().EndObject().EndObject();
}

void EventFeature(const Published& published, JsonWriter* json) {
  BeginFeature(json);
  json->Key("geometry");
  PointGeometry(published.finding.position, json);
  json->Key("properties").BeginObject().Field("kind", FeatureKind(published.finding.kind));
  EventFields(published, json);
  json->EndObject().EndObject();
}

// What a line for people is about.
std::string What(const Finding& f) {
  switch (f.kind) {
    case FindingKind::kNotifiedMovement:
      return "movement " + f.notification;
    case FindingKind::kPermittedMovement:
      return "movement in corridor " + f.notification;
    case FindingKind::kHumanRecord:
      return fmt::format("{} {}",
                         f.human_record ? HumanRecordKindName(f.human_record->kind) : "record",
                         f.record_id);
    case FindingKind::kCase:
      return fmt::format("case {} on record {}", f.case_id, f.record_id);
    case FindingKind::kChallenge:
      return fmt::format("challenge {} on event {}", f.challenge_id, f.event_id);
    default:
      return f.rule + " in " + f.zone;
  }
}

}  // namespace

bool HasEventLine(FindingKind kind) {
  return kind == FindingKind::kEventTransition || kind == FindingKind::kNotifiedMovement ||
         kind == FindingKind::kPermittedMovement || kind == FindingKind::kCase ||
         kind == FindingKind::kHumanRecord || kind == FindingKind::kChallenge ||
         kind == FindingKind::kRelease;
}

std::string EventJson(const Published& published) {
  JsonWriter json;
  json.BeginObject();
  EventFields(published, &json);
  json.Key("geometry");
  PointGeometry(published.finding.position, &json);
  json.EndObject();
  return json.text();
}

std::string EventText(const Published& published) {
  const Finding& f = published.finding;
  std::set<std::string> sources;
  for (const Support& support : f.supports) sources.insert(support.source.value);
  std::string who;
  for (const std::string& source : sources) who += (who.empty() ? "" : ", ") + source;
  // As ProbabilityWords, in a table's width; records of people have none.
  const std::string likely = f.probability <= 0.0    ? ""
                             : f.probability > 0.999 ? "  p>0.999"
                             : f.probability < 0.001 ? "  p<0.001"
                                                     : fmt::format("  p={:.3f}", f.probability);
  return fmt::format("{}  {:<12} {}  {}  {:.5f} {:.5f}{}  [{}]  ledger #{}{}\n    {}",
                     FormatUtc(f.time), KindName(f), What(f), CountWords(f),
                     f.position.latitude.deg(), f.position.longitude.deg(), likely, who,
                     published.ledger_index, f.amended ? "  amended" : "", f.reason);
}

std::string MissionGeoJson(const MissionRecord& record) {
  JsonWriter json;
  json.BeginObject().Field("type", "FeatureCollection");
  json.Field("status", record.exercise ? "EXERCISE" : "OPERATIONAL").Key("features").BeginArray();
  for (const auto& zone : record.agreement.zone()) ZoneFeature(zone, &json);
  for (const auto& c : record.agreement.notified_movement()) {
    CorridorFeature(c.route(), "notified", c.id(), c.width_m(), &json);
  }
  for (const auto& c : record.agreement.permitted_corridor()) {
    CorridorFeature(c.route(), "permitted", c.id(), c.width_m(), &json);
  }
  for (const auto& [id, track] : record.tracks) TrackFeature(id, track, &json);
  for (const EventRecord& event : record.events) EventFeature(event.transitions.back(), &json);
  for (const EventRecord& event : record.notified) EventFeature(event.transitions.back(), &json);
  for (const EventRecord& event : record.permitted) EventFeature(event.transitions.back(), &json);
  for (const Published& published : record.human_records) EventFeature(published, &json);
  for (const Published& published : record.cases) EventFeature(published, &json);
  json.EndArray().EndObject();
  return json.text() + "\n";
}

}  // namespace trucewatch::tools
