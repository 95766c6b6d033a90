// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/mission_page.h"

#include <cmath>
#include <set>

#include "core/json/json_writer.h"

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
    Footprints();
    Events();
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
      json_.BeginObject().Field("name", zone.name()).Key("ring");
      Points2d(zone.vertex());
      json_.EndObject();
    }
    json_.EndArray();
  }

  void Corridors() {
    json_.Key("corridors").BeginArray();
    for (const auto& movement : record_.agreement.notified_movement()) {
      json_.BeginObject().Field("id", movement.id()).Field("width_m", movement.width_m());
      json_.Key("points");
      Points2d(movement.route());
      json_.EndObject();
    }
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
      for (const TrackPoint& point : track.points) {
        const Eigen::Vector3d enu = frame_.EnuFromGeodetic(point.position);
        json_.BeginArray().Signed(point.time.micros());
        json_.Number(Decimetre(enu.x())).Number(Decimetre(enu.y())).EndArray();
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

  void Event(const EventRecord& event, bool notified) {
    const Finding& f = event.latest();
    json_.BeginObject().Field("kind", notified ? "notified" : "event").Field("id", f.event_id);
    json_.Field("state", notified ? "NOTIFIED" : StateName(f.state));
    json_.Field("title", notified ? "Notified movement " + f.notification : f.rule);
    json_.Field("label", notified ? f.notification : StateName(f.state)).Field("reason", f.reason);
    json_.Field("count", f.count_min == f.count_max
                             ? fmt::format("{}", f.count_min)
                             : fmt::format("{} to {}", f.count_min, f.count_max));
    json_.Field("first_us", f.time_first.micros()).Field("last_us", f.time_last.micros());
    json_.Field("probability", f.probability).Key("at");
    Point(f.position);
    json_.Key("transitions").BeginArray();
    for (const Published& transition : event.transitions) {
      json_.BeginObject().Field("time_us", transition.finding.time.micros());
      json_.Field("state", notified ? "NOTIFIED" : StateName(transition.finding.state));
      json_.Field("ledger_index", transition.ledger_index).Key("sources").BeginArray();
      for (const Support& support : transition.finding.supports) {
        json_.String(fmt::format("{} ({} updates)", support.source.value, support.updates));
      }
      json_.EndArray().EndObject();
    }
    json_.EndArray().EndObject();
  }

  void Events() {
    json_.Key("events").BeginArray();
    for (const EventRecord& event : record_.events) Event(event, false);
    for (const EventRecord& event : record_.notified) Event(event, true);
    json_.EndArray();
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
      json_.Field("detections", source.detections).Field("faults", source.faults).EndObject();
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
