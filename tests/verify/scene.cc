// SPDX-License-Identifier: Apache-2.0
#include "tests/verify/scene.h"

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

Eye Radar() {
  return {{"radar1"},
          {Modality::kRadarGmti, "radar1", "EX-GMTI-1", "station2", "gps-radar1", "survey-radar1",
           "", ""}};
}

std::string DemoAgreementText() {
  const auto text = ReadTextFile("configs/demo/agreement.txtpb");
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
