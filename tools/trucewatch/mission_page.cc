// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/mission_page.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <set>

#include "core/json/json_writer.h"
#include "core/types/names.h"
#include "tools/trucewatch/report/coverage_summary.h"
#include "tools/trucewatch/words.h"

namespace trucewatch {
extern const char kMissionPageTemplate[];  // tools/trucewatch/page/mission_page.html
}

namespace trucewatch::tools {
namespace {

// Decimetres are finer than any map of this kind shows, and keep the page small.
double Decimetre(double metres) { return std::round(metres * 10.0) / 10.0; }

class PageWriter {
 public:
  explicit PageWriter(const MissionRecord& record) : record_(record), frame_(record.origin) {}

  std::string Data(const PageExtras& extras) {
    json_.BeginObject().Field("mission", record_.mission).Field("exercise", record_.exercise);
    json_.Field("start_us", record_.start.micros()).Field("end_us", record_.end.micros());
    Zones();
    Corridors();
    Tracks();
    Groups();
    Footprints();
    Events();
    HumanRecords();
    Coverage();
    Score(extras.score);
    json_.Key("evidence").BeginArray();
    for (const auto& [name, value] : extras.evidence) {
      json_.BeginArray().String(name).String(value).EndArray();
    }
    json_.EndArray();
    Sources();
    json_.Key("pictures").BeginArray();
    for (const PagePicture& picture : extras.pictures) {
      json_.BeginObject().Field("caption", picture.caption);
      json_.Field("data",
                  "data:" + picture.mime + ";base64," + Base64Encode(AsBytes(picture.bytes)));
      json_.EndObject();
    }
    json_.EndArray().EndObject();
    return json_.text();
  }

 private:
  void Point(const Geodetic& place) {
    const Eigen::Vector3d enu = frame_.EnuFromGeodetic(place);
    json_.BeginArray().Number(Decimetre(enu.x())).Number(Decimetre(enu.y())).EndArray();
  }

  // Vertices of the agreement carry no height: the map's plane is the origin's.
  template <typename Points>
  void Points2d(const Points& points) {
    json_.BeginArray();
    for (const auto& p : points) {
      Point(Geodetic::FromDegrees(p.lat_deg(), p.lon_deg(), record_.origin.height_hae_m));
    }
    json_.EndArray();
  }

  void Zones() {
    json_.Key("zones").BeginArray();
    for (const auto& zone : record_.agreement.zone()) {
      json_.BeginObject().Field("name", zone.name()).Field("side", SideOf(zone));
      json_.Field("side_words", SideWords(record_, SideOf(zone))).Key("ring");
      Points2d(zone.vertex());
      json_.EndObject();
    }
    json_.EndArray();
  }

  template <typename Corridor>
  void AddCorridor(const char* kind, const Corridor& corridor) {
    json_.BeginObject().Field("kind", kind).Field("id", corridor.id());
    json_.Field("width_m", corridor.width_m()).Key("points");
    Points2d(corridor.route());
    json_.EndObject();
  }

  void Corridors() {
    json_.Key("corridors").BeginArray();
    for (const auto& c : record_.agreement.notified_movement()) AddCorridor("notified", c);
    for (const auto& c : record_.agreement.permitted_corridor()) AddCorridor("permitted", c);
    json_.EndArray();
  }

  static void Members(const std::vector<EventRecord>& events, std::set<std::uint64_t>* ids) {
    for (const EventRecord& event : events) {
      for (const Published& transition : event.transitions) {
        for (const TrackId member : transition.finding.members) ids->insert(member.value);
      }
    }
  }

  void Tracks() {
    std::set<std::uint64_t> event_members;
    std::set<std::uint64_t> notified_members;
    Members(record_.events, &event_members);
    Members(record_.notified, &notified_members);
    Members(record_.permitted, &notified_members);
    json_.Key("tracks").BeginArray();
    for (const auto& [id, track] : record_.tracks) {
      json_.BeginObject().Field("id", id);
      json_.Field("role", event_members.contains(id)      ? "event"
                          : notified_members.contains(id) ? "notified"
                                                          : "other");
      json_.Key("sources").BeginArray();
      for (const auto& [source, updates] : track.updates) {
        json_.String(fmt::format("{} ({})", source, updates));
      }
      json_.EndArray().Key("points").BeginArray();
      for (const RecordedPoint& point : track.points) {
        const Eigen::Vector3d enu = frame_.EnuFromGeodetic(point.position);
        json_.BeginArray().Signed(point.time.micros());
        json_.Number(Decimetre(enu.x())).Number(Decimetre(enu.y())).EndArray();
      }
      json_.EndArray().EndObject();
    }
    json_.EndArray();
  }

  // Groups seen as a whole: a circle with its count, never single people.
  void Groups() {
    json_.Key("groups").BeginArray();
    for (const auto& [id, group] : record_.groups) {
      json_.BeginObject().Field("id", id);
      json_.Field("people", group.object_class == ObjectClass::kPersonGroup);
      json_.Field("what", ObjectWords(group.object_class, 2)).Key("points").BeginArray();
      for (const RecordedGroup& point : group.points) {
        const Eigen::Vector3d enu = frame_.EnuFromGeodetic(point.position);
        json_.BeginArray().Signed(point.time.micros());
        json_.Number(Decimetre(enu.x())).Number(Decimetre(enu.y()));
        json_.Signed(point.count_min).Signed(point.count_max);
        json_.Number(Decimetre(point.extent_m)).EndArray();
      }
      json_.EndArray().EndObject();
    }
    json_.EndArray();
  }

  void Footprints() {
    json_.Key("footprints").BeginArray();
    for (const LookRecord& look : record_.looks) {
      json_.BeginObject().Field("time_us", look.time.micros()).Field("source", look.source.value);
      json_.Key("ring").BeginArray();
      for (const Geodetic& place : look.footprint) Point(place);
      json_.EndArray().EndObject();
    }
    json_.EndArray();
  }

  // What stands on the badge: the state of an event, or what kind of record it is.
  static std::string Badge(const Finding& f) {
    switch (f.kind) {
      case FindingKind::kNotifiedMovement:
        return "NOTIFIED";
      case FindingKind::kPermittedMovement:
        return "PERMITTED";
      default:
        return StateName(f.state);
    }
  }

  void Event(const EventRecord& event) {
    const Finding& f = event.latest();
    const bool notified = f.kind == FindingKind::kNotifiedMovement;
    const bool permitted = f.kind == FindingKind::kPermittedMovement;
    json_.BeginObject();
    json_.Field("kind", notified ? "notified" : permitted ? "permitted" : "event");
    json_.Field("id", f.event_id).Field("state", Badge(f)).Field("amended", f.amended);
    json_.Field("title", notified ? "Notified movement " + f.notification
                         : permitted
                             ? "Movement in corridor " + f.notification
                             : f.rule + " in " + ZoneName(record_, f.zone, f.agreement_hash));
    json_.Field("label", notified || permitted ? f.notification : StateName(f.state));
    json_.Field("reason", f.reason).Field("count", CountWords(f));
    json_.Field("first_us", f.time_first.micros()).Field("last_us", f.time_last.micros());
    json_.Field("probability", f.probability).Key("at");
    Point(f.position);
    json_.Key("transitions").BeginArray();
    for (const Published& transition : event.transitions) {
      const Finding& t = transition.finding;
      json_.BeginObject().Field("time_us", t.time.micros());
      json_.Field("state", Badge(t) + (t.amended ? ", amended" : ""));
      json_.Field("ledger_index", transition.ledger_index).Key("sources").BeginArray();
      for (const Support& support : t.supports) {
        json_.String(fmt::format("{} ({} updates)", support.source.value, support.updates));
      }
      json_.EndArray().EndObject();
    }
    json_.EndArray().EndObject();
  }

  void Events() {
    json_.Key("events").BeginArray();
    for (const EventRecord& event : record_.events) Event(event);
    for (const EventRecord& event : record_.notified) Event(event);
    for (const EventRecord& event : record_.permitted) Event(event);
    json_.EndArray();
  }

  void HumanRecords() {
    json_.Key("records").BeginArray();
    for (const auto* all : {&record_.human_records, &record_.cases}) {
      for (const Published& published : *all) {
        const Finding& f = published.finding;
        if (!f.human_record) continue;
        const HumanRecord& r = *f.human_record;
        const std::string kind = HumanRecordKindName(r.kind);
        json_.BeginObject().Field("kind", kind).Field("id", f.record_id);
        json_.Field("case_id", f.case_id).Field("reason", f.reason).Field("text", r.text);
        json_.Field("what", r.kind == HumanRecordKind::kImpediment ? r.impediment
                            : r.nothing_observed                   ? "nothing observed"
                                                                   : CountWords(f));
        json_.Field("means", r.means).Field("assessed_as", r.assessed_as);
        json_.Field("author", r.author).Field("radius_m", r.radius_m);
        json_.Field("time_us", f.time_first.micros());
        json_.Field("ledger_index", published.ledger_index).Key("at");
        Point(f.position);
        json_.EndObject();
      }
    }
    json_.EndArray();
  }

  void Coverage() {
    const auto zones =
        SummariseCoverage(record_, Instant::FromMicros(INT64_MIN), Instant::FromMicros(INT64_MAX));
    json_.Key("coverage").BeginArray();
    if (!zones.empty()) {
      for (const SideCoverage& side : CoverageBySide(zones)) {
        CoverageRow(SideWords(record_, side.side), true, side.classes, side.zones.empty());
        for (const ZoneCoverage* zone : side.zones) {
          CoverageRow(ZoneName(record_, zone->zone), false, zone->classes, false);
        }
      }
    }
    json_.EndArray();
  }

  void CoverageRow(const std::string& name, bool is_side, const std::array<CoverageSum, 3>& classes,
                   bool none) {
    json_.BeginObject().Field("name", name).Field("side", is_side).Field("none", none);
    json_.Key("classes").BeginArray();
    for (std::size_t i = 0; i < classes.size(); ++i) {
      json_.BeginObject().Field("class", CoverageClassWords(kCoverageClasses[i]));
      json_.Field("min_per_km2", std::round(classes[i].ObservedMinPerKm2() * 10) / 10);
      json_.Key("tenths").BeginArray();
      for (const int tenths : TenthsOfPercent(classes[i].km2_min)) json_.Signed(tenths);
      json_.EndArray().Key("reasons").BeginArray();
      for (const ReasonedArea& reason : classes[i].reasons) {
        json_.String(CoverageStateWords(reason.state) + ": " + reason.reason);
      }
      json_.EndArray().EndObject();
    }
    json_.EndArray().EndObject();
  }

  void Score(const std::vector<ScoreLine>& score) {
    json_.Key("score").BeginArray();
    for (const ScoreLine& line : score) {
      json_.BeginObject().Field("expectation", line.expectation).Field("met", line.met);
      json_.Field("found", line.found).EndObject();
    }
    json_.EndArray();
  }

  void Sources() {
    json_.Key("sources").BeginArray();
    for (const auto& [id, source] : record_.sources) {
      json_.BeginObject().Field("id", id).Field("kind", source.kind).Field("looks", source.looks);
      json_.Field("detections", source.detections).Field("faults", source.faults);
      json_.Key("gaps").BeginArray();
      for (const SourceGap& gap : source.Gaps()) {
        json_.BeginArray().Signed(gap.late.finding.time.micros());
        json_.Signed((gap.resumed ? gap.resumed->finding.time : record_.end).micros());
        json_.Bool(gap.resumed.has_value()).EndArray();
      }
      json_.EndArray().EndObject();
    }
    json_.EndArray();
  }

  const MissionRecord& record_;
  LocalFrame frame_;
  JsonWriter json_;
};

// JSON inside a script element must not end it.
std::string ForScript(std::string json) {
  for (std::size_t at = 0; (at = json.find("</", at)) != std::string::npos; at += 3) {
    json.replace(at, 2, "<\\/");
  }
  for (std::size_t at = 0; (at = json.find("<!--", at)) != std::string::npos; at += 6) {
    json.replace(at, 4, "<\\u0021--");
  }
  return json;
}

}  // namespace

std::string MissionPage(const MissionRecord& record, const PageExtras& extras) {
  static constexpr std::string_view kMark = "@@DATA@@";
  std::string page = kMissionPageTemplate;
  const std::size_t at = page.find(kMark);
  return page.replace(at, kMark.size(), ForScript(PageWriter(record).Data(extras)));
}

}  // namespace trucewatch::tools
