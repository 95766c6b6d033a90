// SPDX-License-Identifier: Apache-2.0
#include "tests/verify/scene.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/config/text_config.h"

namespace trucewatch::testing {
namespace {

// Updates a source has had by `age` seconds: radar every 3 s, video every second.
int UpdatesAfter(const Eye& eye, double age_s) {
  const double period_s = eye.lineage.modality == Modality::kRadarGmti ? 3.0 : 1.0;
  return std::max(0, static_cast<int>(age_s / period_s) + 1);
}

Digest DigestOf(const std::string& source, std::int64_t time_us) {
  Digest digest{};
  for (std::size_t i = 0; i < source.size() && i < 16; ++i)
    digest[i] = static_cast<std::uint8_t>(source[i]);
  for (std::size_t i = 0; i < 8; ++i)
    digest[24 + i] = static_cast<std::uint8_t>(time_us >> (8 * i));
  return digest;
}

}  // namespace

Eye Drone() {
  return {{"drone1"},
          {Modality::kVideoRgb, "drone1", "EX-DRONE-1", "station1", "gps-drone1", "nav-drone1",
           "motion-1", ""}};
}

Eye SecondDrone() {
  return {{"drone2"},
          {Modality::kVideoRgb, "drone2", "EX-DRONE-2", "station3", "gps-drone2", "nav-drone2",
           "motion-1", ""}};
}

Eye Thermal() {
  return {{"drone3"},
          {Modality::kVideoInfrared, "drone3", "EX-DRONE-3", "station5", "gps-drone3", "nav-drone3",
           "thermal-1", ""}};
}

Eye Radar() {
  return {{"radar1"},
          {Modality::kRadarGmti, "radar1", "EX-GMTI-1", "station2", "gps-radar1", "survey-radar1",
           "", ""}};
}

Eye Satellite() {
  return {{"sat1"},
          {Modality::kSatelliteOptical, "sat1", "EX-SAT-1", "station4", "gps-sat1", "rpc-sat1",
           "change-1", ""}};
}

Eye Patrol() {
  return {{"patrol2"}, {Modality::kHuman, "patrol-2", "team-2", "hq", "watch-2", "map-2", "", ""}};
}

std::string DemoAgreementText() {
  const auto text = ReadTextFile("tests/verify/data/agreement.txtpb");
  EXPECT_TRUE(text.has_value());
  return text.value_or("");
}

Agreement DemoAgreement(const std::string& from, const std::string& to) {
  std::string text = DemoAgreementText();
  if (!from.empty()) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    if (at != std::string::npos) text.replace(at, from.size(), to);
  }
  auto agreement = ParseAgreement(text, "agreement.txtpb");
  EXPECT_TRUE(agreement.has_value()) << agreement.error().message;
  return agreement ? std::move(*agreement) : Agreement();
}

std::string WholeAgreementText() {
  const auto points = [](const char* name, std::initializer_list<Eigen::Vector2d> places) {
    std::string out;
    for (const Eigen::Vector2d& en : places) {
      const Geodetic place = Place(en.x(), en.y());
      out += fmt::format("  {} {{ lat_deg: {:.9f} lon_deg: {:.9f} }}\n", name, place.latitude.deg(),
                         place.longitude.deg());
    }
    return out;
  };
  std::string text = DemoAgreementText();
  text.replace(text.find("min_updates: 3"), 14,
               "human_radius_m: 300\n  human_recent_s: 600\n  min_updates: 3");
  text += "zone {\n  id: \"south\"\n  name: \"Area south of the line\"\n  side: B\n" +
          points("vertex", {{-6000, -5000}, {6000, -5000}, {6000, -2000}, {-6000, -2000}}) + "}\n";
  text += "zone {\n  id: \"store\"\n  name: \"Storage site 1\"\n  side: B\n" +
          points("vertex", {{2800, -2800}, {3200, -2800}, {3200, -2400}, {2800, -2400}}) + "}\n";
  text += "permitted_corridor {\n  id: \"aid\"\n  clause: \"Clause 8\"\n" +
          points("route", {{-3000, -4000}, {-3000, 4000}}) +
          "  width_m: 300\n  max_count: 9\n  object_class: TRUCK\n}\n";
  text += R"(
rule {
  id: "line" clause: "Clause 6" kind: VEHICLE_IN_ZONE zone: "south"
  object_class: TRACKED_VEHICLE
  min_count: 1
  candidate { min_probability: 0.8 min_duration_s: 3 }
  verified { min_probability: 0.9 min_duration_s: 10 }
}
rule {
  id: "people" clause: "Clause 9" kind: CONCENTRATION zone: "south"
  object_class: PEOPLE
  min_count: 20
  radius_m: 40
  candidate { min_probability: 0.8 min_duration_s: 3 }
  verified { min_probability: 0.9 min_duration_s: 10 }
}
rule {
  id: "parked" clause: "Clause 9a" kind: CONCENTRATION zone: "south"
  object_class: ANY_VEHICLE
  min_count: 5
  radius_m: 120
  candidate { min_probability: 0.8 min_duration_s: 3 }
  verified { min_probability: 0.9 min_duration_s: 10 }
}
rule {
  id: "site" clause: "Clause 10" kind: SITE_CHANGED zone: "store"
  object_class: ANY_VEHICLE
  min_count: 1
  candidate { min_probability: 0.7 }
  verified { min_probability: 0.9 }
}
)";
  return text;
}

Agreement WholeAgreement(const std::string& from, const std::string& to) {
  std::string text = WholeAgreementText();
  if (!from.empty()) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    if (at != std::string::npos) text.replace(at, from.size(), to);
  }
  auto agreement = ParseAgreement(text, "agreement.txtpb");
  EXPECT_TRUE(agreement.has_value()) << agreement.error().message;
  return agreement ? std::move(*agreement) : Agreement();
}

HumanRecord Observation(const std::string& id, double time_s, const Eigen::Vector2d& place_en_m,
                        int count, ObjectClass object_class) {
  HumanRecord record;
  record.source = Patrol().source;
  record.lineage = Patrol().lineage;
  record.record_id = id;
  record.kind = HumanRecordKind::kObservation;
  record.time_first = At(time_s - 60);
  record.time_last = At(time_s);
  record.reported = At(time_s);
  record.position = Place(place_en_m.x(), place_en_m.y());
  record.radius_m = 100;
  record.means = "saw";
  record.object_class = object_class;
  record.count_min = count;
  record.count_max = count;
  record.author = "patrol-2";
  record.raw_digests = {DigestOf(id, At(time_s).micros())};
  return record;
}

SiteChange Change(ChangeKind kind, const Eigen::Vector2d& place_en_m, double probability) {
  SiteChange change;
  change.kind = kind;
  change.position = Place(place_en_m.x(), place_en_m.y());
  change.cov_en_m2 = Eigen::Matrix2d::Identity() * 4.0;
  change.probability = probability;
  change.classes = {{ObjectClass::kUnknownVehicle, 1.0}};
  return change;
}

SettledLook Pass(double baseline_s, double time_s, const std::vector<SiteChange>& changes) {
  SettledLook look;
  look.source = Satellite().source;
  look.lineage = Satellite().lineage;
  look.time = At(time_s);
  look.baseline = At(baseline_s);
  look.standing_vehicle_probability = 0.85;
  look.footprint = {Place(-7000, -6000), Place(7000, -6000), Place(7000, 6000), Place(-7000, 6000)};
  look.changes = changes;
  look.raw_digests = {DigestOf("pass", At(time_s).micros())};
  return look;
}

Instant At(double seconds) {
  return *ParseUtc("2026-03-01T12:00:00Z") + Duration::FromSeconds(seconds);
}

Geodetic Place(double east_m, double north_m) {
  const LocalFrame frame(Geodetic::FromDegrees(30.0, -40.0, 400.0));
  return frame.GeodeticFromEnu({east_m, north_m, 0.0});
}

PictureBuilder::PictureBuilder(double time_s) : time_s_(time_s) {
  picture_.time = At(time_s);
  picture_.settled = true;
}

PictureBuilder& PictureBuilder::AddTracks(const Convoy& convoy, int first, int last) {
  const Eigen::Vector2d along = convoy.velocity_en_mps.norm() > 0.0
                                    ? Eigen::Vector2d(convoy.velocity_en_mps.normalized())
                                    : Eigen::Vector2d(Eigen::Vector2d::UnitY());
  const double age_s = time_s_ - convoy.start_s;
  for (int i = first; i < std::min(last, convoy.count); ++i) {
    const Eigen::Vector2d place =
        convoy.head_en_m + convoy.velocity_en_mps * age_s - along * (convoy.spacing_m * i);
    Track track;
    track.id.value = convoy.first_track + static_cast<std::uint64_t>(i);
    track.position = Place(place.x(), place.y());
    track.velocity_en_mps = convoy.velocity_en_mps;
    track.cov = Eigen::Matrix4d::Identity();
    track.cov.topLeftCorner<2, 2>() *= convoy.sigma_m * convoy.sigma_m;
    track.existence_probability = convoy.existence;
    track.initiated = At(convoy.start_s);
    track.last_update = At(time_s_);
    track.classes = convoy.classes;
    for (const Eye& eye : convoy.eyes) {
      TrackSupport support;
      support.source = eye.source;
      support.lineage = eye.lineage;
      support.updates = UpdatesAfter(eye, age_s);
      support.first = At(convoy.start_s);
      support.last = At(time_s_);
      support.raw_digests = {DigestOf(eye.source.value, At(time_s_).micros())};
      track.supports.push_back(support);
    }
    std::sort(track.supports.begin(), track.supports.end(),
              [](const TrackSupport& a, const TrackSupport& b) { return a.source < b.source; });
    picture_.tracks.push_back(std::move(track));
  }
  return *this;
}

PictureBuilder& PictureBuilder::AddGroup(std::uint64_t group,
                                         const std::vector<std::uint64_t>& members) {
  Group out;
  out.id.value = group;
  for (const std::uint64_t member : members) out.members.push_back({member});
  out.count_expected = static_cast<double>(members.size());
  out.count_min = static_cast<int>(members.size()) - 1;
  out.count_max = static_cast<int>(members.size()) + 1;
  picture_.groups.push_back(std::move(out));
  return *this;
}

PictureBuilder& PictureBuilder::Add(const Convoy& convoy, int first, int last) {
  AddTracks(convoy, first, last);
  std::vector<std::uint64_t> members;
  for (int i = first; i < std::min(last, convoy.count); ++i)
    members.push_back(convoy.first_track + static_cast<std::uint64_t>(i));
  if (members.size() >= 3) AddGroup(convoy.group, members);
  return *this;
}

PictureBuilder& PictureBuilder::AddAlone(std::uint64_t track, const Eigen::Vector2d& place_en_m,
                                         const Eigen::Vector2d& velocity_en_mps,
                                         const std::vector<Eye>& eyes) {
  return AddTracks({.group = 0,
                    .first_track = track,
                    .count = 1,
                    .head_en_m = place_en_m,
                    .velocity_en_mps = velocity_en_mps,
                    .eyes = eyes},
                   0, 1);
}

PictureBuilder& PictureBuilder::AddWhole(std::uint64_t group, const Eigen::Vector2d& place_en_m,
                                         ObjectClass object_class, double count, int count_min,
                                         int count_max, const std::vector<Eye>& eyes,
                                         double extent_m) {
  Group out;
  out.id.value = group;
  out.object_class = object_class;
  out.position = Place(place_en_m.x(), place_en_m.y());
  out.cov_en_m2 = Eigen::Matrix2d::Identity() * 100.0;
  out.count_expected = count;
  out.count_min = count_min;
  out.count_max = count_max;
  out.extent_m = extent_m;
  out.existence_probability = 0.99;
  out.first = At(0);
  out.last = At(time_s_);
  for (const Eye& eye : eyes) {
    TrackSupport support;
    support.source = eye.source;
    support.lineage = eye.lineage;
    support.updates = UpdatesAfter(eye, time_s_);
    support.first = At(0);
    support.last = At(time_s_);
    support.raw_digests = {DigestOf(eye.source.value, At(time_s_).micros())};
    out.supports.push_back(std::move(support));
  }
  picture_.groups.push_back(std::move(out));
  return *this;
}

PictureBuilder& PictureBuilder::Exercise() {
  picture_.exercise = true;
  return *this;
}

Picture PictureBuilder::Build() const {
  Picture picture = picture_;
  std::sort(picture.tracks.begin(), picture.tracks.end(),
            [](const Track& a, const Track& b) { return a.id < b.id; });
  std::sort(picture.groups.begin(), picture.groups.end(),
            [](const Group& a, const Group& b) { return a.id < b.id; });
  return picture;
}

void Runner::Feed(const Picture& picture) {
  auto out = engine.Advance(picture);
  ASSERT_TRUE(out.has_value()) << out.error().message;
  findings.insert(findings.end(), out->begin(), out->end());
}

void Runner::Look(const SettledLook& look) {
  auto out = engine.AddLook(look);
  ASSERT_TRUE(out.has_value()) << out.error().message;
  findings.insert(findings.end(), out->begin(), out->end());
}

void Runner::Late(const LateLook& look) {
  for (Finding& finding : engine.AddLateLook(look)) findings.push_back(std::move(finding));
}

void Runner::Record(const HumanRecord& record) {
  for (Finding& finding : engine.AddRecord(record)) findings.push_back(std::move(finding));
}

std::vector<Finding> Runner::Of(FindingKind kind) const {
  std::vector<Finding> out;
  std::copy_if(findings.begin(), findings.end(), std::back_inserter(out),
               [&](const Finding& finding) { return finding.kind == kind; });
  return out;
}

std::vector<EventState> Runner::States() const {
  std::vector<EventState> out;
  for (const Finding& finding : Of(FindingKind::kEventTransition)) out.push_back(finding.state);
  return out;
}

std::size_t Runner::Events() const {
  std::set<std::string> ids;
  for (const Finding& finding : Of(FindingKind::kEventTransition)) ids.insert(finding.event_id);
  return ids.size();
}

}  // namespace trucewatch::testing
