// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/export_layers.h"

#include "core/types/names.h"
#include "tools/trucewatch/words.h"

namespace trucewatch::tools {
namespace {

constexpr auto kText = VectorFieldType::kText;
constexpr auto kInteger = VectorFieldType::kInteger;
constexpr auto kReal = VectorFieldType::kReal;

VectorValue Int(std::int64_t value) { return VectorValue(value); }
VectorValue Index(std::uint64_t value) { return VectorValue(static_cast<std::int64_t>(value)); }
VectorValue Text(std::string value) { return VectorValue(std::move(value)); }
VectorValue Utc(Instant time) { return Text(FormatUtc(time)); }

class Exporter {
 public:
  explicit Exporter(const MissionRecord& record)
      : record_(record), status_(Text(record.exercise ? "EXERCISE" : "OPERATIONAL")) {}

  VectorLayer Zones() const {
    VectorLayer layer = Layer("zones", "zone", VectorGeometry::kPolygon,
                              {{"zone_id", kText}, {"name", kText}, {"side", kText}});
    for (const auto& zone : record_.agreement.zone()) {
      Add(&layer, Points(zone.vertex()), {Text(zone.id()), Text(zone.name()), Text(SideOf(zone))});
    }
    return layer;
  }

  VectorLayer Corridors() const {
    VectorLayer layer = Layer("corridors", "corridor", VectorGeometry::kLine,
                              {{"corridor", kText},
                               {"corridor_id", kText},
                               {"width_m", kReal},
                               {"max_count", kInteger},
                               {"window_start_utc", kText},
                               {"window_end_utc", kText},
                               {"basis", kText}});
    for (const auto& c : record_.agreement.notified_movement()) {
      Add(&layer, Points(c.route()),
          {Text("notified"), Text(c.id()), c.width_m(), Int(c.max_count()),
           Text(c.window_start_utc()), Text(c.window_end_utc()), Text(c.reference())});
    }
    for (const auto& c : record_.agreement.permitted_corridor()) {
      Add(&layer, Points(c.route()),
          {Text("permitted"), Text(c.id()), c.width_m(), Int(c.max_count()), VectorValue(),
           VectorValue(), Text(c.clause())});
    }
    return layer;
  }

  VectorLayer Events() const {
    VectorLayer layer = FindingLayer("events", "event",
                                     {{"event_id", kText},
                                      {"state", kText},
                                      {"rule", kText},
                                      {"zone_id", kText},
                                      {"side", kText},
                                      {"amended", kInteger}});
    for (const EventRecord& event : record_.events) {
      for (const Published& published : event.transitions) {
        const Finding& f = published.finding;
        const auto* zone = FindZone(record_, f.zone, f.agreement_hash);
        AddFinding(&layer, published,
                   {Text(f.event_id), Text(StateName(f.state)), Text(f.rule), Text(f.zone),
                    Text(zone == nullptr ? "NEITHER" : SideOf(*zone)), Int(f.amended ? 1 : 0)});
      }
    }
    return layer;
  }

  VectorLayer Movements(const char* name, const char* kind, const char* id,
                        const std::vector<EventRecord>& movements) const {
    VectorLayer layer = FindingLayer(name, kind, {{id, kText}});
    for (const EventRecord& movement : movements) {
      for (const Published& published : movement.transitions) {
        AddFinding(&layer, published, {Text(published.finding.notification)});
      }
    }
    return layer;
  }

  VectorLayer HumanRecords() const {
    VectorLayer layer = FindingLayer("human_records", "human_record",
                                     {{"record_id", kText},
                                      {"record_kind", kText},
                                      {"case_id", kText},
                                      {"radius_m", kReal},
                                      {"means", kText},
                                      {"assessed_as", kText},
                                      {"impediment", kText},
                                      {"informant", kText},
                                      {"nothing_observed", kInteger},
                                      {"author", kText},
                                      {"reported_utc", kText}});
    for (const auto* all : {&record_.human_records, &record_.cases}) {
      for (const Published& published : *all) {
        if (!published.finding.human_record) continue;
        const Finding& f = published.finding;
        const HumanRecord& r = *f.human_record;
        AddFinding(
            &layer, published,
            {Text(f.record_id), Text(HumanRecordKindName(r.kind)), Text(f.case_id), r.radius_m,
             Text(r.means), Text(r.assessed_as), Text(r.impediment), Text(r.informant),
             Int(r.nothing_observed ? 1 : 0), Text(r.author), Utc(r.reported)});
      }
    }
    return layer;
  }

  VectorLayer Tracks() const {
    VectorLayer layer = Layer("tracks", "track", VectorGeometry::kLine,
                              {{"track_id", kInteger},
                               {"time_first_utc", kText},
                               {"time_last_utc", kText},
                               {"positions", kInteger},
                               {"updates", kText}});
    for (const auto& [id, track] : record_.tracks) {
      std::vector<Geodetic> points;
      for (const RecordedPoint& point : track.points) points.push_back(point.position);
      std::string updates;
      for (const auto& [source, count] : track.updates) {
        updates += fmt::format("{}{}={}", updates.empty() ? "" : " ", source, count);
      }
      if (points.size() < 2) continue;  // a line needs two positions
      Add(&layer, std::move(points),
          {Index(id), Utc(track.points.front().time), Utc(track.points.back().time),
           Index(track.points.size()), Text(updates)});
    }
    return layer;
  }

  // One point a group, where it was last seen: of people there is a count with its interval only.
  VectorLayer Groups() const {
    VectorLayer layer = Layer("groups", "group", VectorGeometry::kPoint,
                              {{"group_id", kInteger},
                               {"class", kText},
                               {"count_min", kInteger},
                               {"count_max", kInteger},
                               {"extent_m", kReal},
                               {"time_first_utc", kText},
                               {"time_last_utc", kText}});
    for (const auto& [id, group] : record_.groups) {
      if (group.points.empty()) continue;
      const RecordedGroup& last = group.points.back();
      Add(&layer, {last.position},
          {Index(id), Text(ObjectClassName(group.object_class)), Int(last.count_min),
           Int(last.count_max), last.extent_m, Utc(group.points.front().time), Utc(last.time)});
    }
    return layer;
  }

  VectorLayer Looks() const {
    VectorLayer layer = Layer("looks", "look", VectorGeometry::kPolygon,
                              {{"source_id", kText}, {"time_utc", kText}});
    for (const LookRecord& look : record_.looks) {
      Add(&layer, look.footprint, {Text(look.source.value), Utc(look.time)});
    }
    return layer;
  }

  // A zone's outline for each period and class, with the shares of its cells; accounts in force.
  VectorLayer Coverage() const {
    VectorLayer layer = Layer("coverage", "coverage", VectorGeometry::kPolygon,
                              {{"zone_id", kText},
                               {"side", kText},
                               {"start_utc", kText},
                               {"end_utc", kText},
                               {"class", kText},
                               {"cells", kInteger},
                               {"observed_nothing_cells", kInteger},
                               {"observed_activity_cells", kInteger},
                               {"degraded_cells", kInteger},
                               {"not_observed_cells", kInteger},
                               {"area_km2", kReal},
                               {"reasons", kText},
                               {"amended", kInteger},
                               {"ledger_index", kInteger}});
    for (const auto& [key, published] : record_.coverage) {
      const auto* zone = FindZone(record_, key.first);
      if (zone == nullptr) continue;
      const CoverageAccount& account = *published.finding.coverage;
      for (const ClassCoverage& of_class : account.classes) {
        std::vector<VectorValue> values = {Text(account.zone),
                                           Text(account.side),
                                           Utc(account.start),
                                           Utc(account.end),
                                           Text(CoverageClassName(of_class.coverage_class)),
                                           Int(account.cells)};
        std::string reasons;
        for (const CoverageState state : kCoverageStates) {
          int cells = 0;
          for (const CoverageShare& share : of_class.shares) {
            if (share.state != state) continue;
            cells += share.cells;
            if (share.reason.empty()) continue;
            reasons += fmt::format("{}{}: {} ({} cells)", reasons.empty() ? "" : "; ",
                                   CoverageStateName(state), share.reason, share.cells);
          }
          values.push_back(Int(cells));
        }
        values.insert(values.end(), {account.area_km2, Text(reasons), Int(account.amended ? 1 : 0),
                                     Index(published.ledger_index)});
        Add(&layer, Points(zone->vertex()), std::move(values));
      }
    }
    return layer;
  }

 private:
  // Every feature says first whether it is of an exercise.
  static VectorLayer Layer(std::string name, std::string kind, VectorGeometry geometry,
                           std::vector<VectorField> fields) {
    fields.insert(fields.begin(), {"status", kText});
    return {std::move(name), std::move(kind), geometry, std::move(fields), {}};
  }

  void Add(VectorLayer* layer, std::vector<Geodetic> points,
           std::vector<VectorValue> values) const {
    const std::size_t least = layer->geometry == VectorGeometry::kPoint  ? 1
                              : layer->geometry == VectorGeometry::kLine ? 2
                                                                         : 3;
    if (points.size() < least) return;
    values.insert(values.begin(), status_);
    layer->features.push_back({std::move(points), std::move(values)});
  }

  // What every finding with a place has, after `fields` of its own.
  static VectorLayer FindingLayer(std::string name, std::string kind,
                                  std::vector<VectorField> fields) {
    const std::vector<VectorField> common = {
        {"class", kText},          {"count_min", kInteger},  {"count_max", kInteger},
        {"time_first_utc", kText}, {"time_last_utc", kText}, {"published_utc", kText},
        {"probability", kReal},    {"cov_ee_m2", kReal},     {"cov_en_m2", kReal},
        {"cov_nn_m2", kReal},      {"sources", kText},       {"ledger_index", kInteger},
        {"reason", kText}};
    fields.insert(fields.end(), common.begin(), common.end());
    return Layer(std::move(name), std::move(kind), VectorGeometry::kPoint, std::move(fields));
  }

  void AddFinding(VectorLayer* layer, const Published& published,
                  std::vector<VectorValue> values) const {
    const Finding& f = published.finding;
    std::string sources;
    for (const Support& support : f.supports) {
      sources += fmt::format("{}{} ({})", sources.empty() ? "" : ", ", support.source.value,
                             ModalityName(support.lineage.modality));
    }
    values.insert(values.end(), {Text(ObjectClassName(f.object_class)), Int(f.count_min),
                                 Int(f.count_max), Utc(f.time_first), Utc(f.time_last), Utc(f.time),
                                 f.probability, f.cov_m2(0), f.cov_m2(1), f.cov_m2(2),
                                 Text(sources), Index(published.ledger_index), Text(f.reason)});
    Add(layer, {f.position}, std::move(values));
  }

  template <typename Vertices>
  static std::vector<Geodetic> Points(const Vertices& vertices) {
    std::vector<Geodetic> points;
    for (const auto& v : vertices) {
      points.push_back(Geodetic::FromDegrees(v.lat_deg(), v.lon_deg(), 0));
    }
    return points;
  }

  const MissionRecord& record_;
  const VectorValue status_;
};

}  // namespace

std::vector<VectorLayer> ExportLayers(const MissionRecord& record) {
  const Exporter exporter(record);
  return {exporter.Zones(),
          exporter.Corridors(),
          exporter.Events(),
          exporter.Tracks(),
          exporter.Groups(),
          exporter.Looks(),
          exporter.Coverage(),
          exporter.HumanRecords(),
          exporter.Movements("notified_movements", "notified_movement", "notification_id",
                             record.notified),
          exporter.Movements("permitted_movements", "permitted_movement", "corridor_id",
                             record.permitted)};
}

}  // namespace trucewatch::tools
