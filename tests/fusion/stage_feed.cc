// SPDX-License-Identifier: Apache-2.0
#include "tests/fusion/stage_feed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/types/codec.h"

namespace trucewatch::testing {

Geodetic StageOrigin() { return Geodetic::FromDegrees(48.0, 37.5, 0.0); }

std::vector<Truth> MissionTruth(const StageMission& mission, double t) {
  return Convoy(mission.vehicles, 45, Eigen::Vector2d(-1000 + 10 * t, 5 * t), 0.46, 11.0);
}

std::vector<Sent> MakeMission(const StageMission& mission) {
  std::mt19937_64 random(mission.seed);
  const LocalFrame frame(StageOrigin());
  RadarModel radar;
  CameraModel camera;
  camera.georeference = mission.georeference;
  std::vector<Sent> sent;
  for (double t = 0; t <= mission.seconds; t += mission.camera_period_s) {
    if (std::fmod(t, 5.0) == 0) {
      sent.push_back({t, EnvelopeOf(RadarLook(radar, t, MissionTruth(mission, t), random), frame)});
    }
    const std::vector<Truth> truths = MissionTruth(mission, t + 0.2);
    camera.centre_m = truths[truths.size() / 2].p_m;
    Look look = CameraLook(camera, t + 0.2, truths, random);
    if (mission.people > 0) {
      look.group_detection_probability = 0.9;
      look.groups.push_back({.object_class = ObjectClass::kPersonGroup,
                             .p_en_m = {-900, 120},
                             .cov_en_m2 = 16.0 * Eigen::Matrix2d::Identity(),
                             .extent_m = 15,
                             .count_expected = static_cast<double>(mission.people),
                             .count_min = mission.people - 2,
                             .count_max = mission.people + 3,
                             .score = 0.9});
    }
    sent.push_back({t + 0.2, EnvelopeOf(look, frame)});
  }
  return sent;
}

std::vector<std::string> WithStatuses(const std::vector<Sent>& sent) {
  std::vector<std::string> payloads{StatusEnvelope("radar1", 0, SourceState::kStarted),
                                    StatusEnvelope("drone1", 0, SourceState::kStarted)};
  for (const Sent& s : sent) payloads.push_back(s.payload);
  payloads.push_back(StatusEnvelope("radar1", 1e3, SourceState::kEnded));
  payloads.push_back(StatusEnvelope("drone1", 1e3, SourceState::kEnded));
  return payloads;
}

std::vector<std::string> Feed(Stage& stage, const std::vector<std::string>& payloads,
                              std::size_t batch) {
  std::vector<std::string> outputs;
  std::uint64_t sequence = 0;
  for (std::size_t k = 0; k < payloads.size(); k += batch) {
    std::vector<LogRecord> records;
    for (std::size_t i = k; i < std::min(k + batch, payloads.size()); ++i) {
      records.push_back({.sequence = ++sequence, .origin = sequence, .payload = payloads[i]});
    }
    const auto result = stage.Handle(records);
    EXPECT_TRUE(result);
    EXPECT_EQ(result->size(), records.size());
    for (const auto& list : *result) outputs.insert(outputs.end(), list.begin(), list.end());
  }
  return outputs;
}

std::vector<Picture> PicturesOf(const std::vector<std::string>& outputs) {
  std::vector<Picture> pictures;
  for (const std::string& output : outputs) {
    const auto envelope = ParseEnvelope(output);
    EXPECT_TRUE(envelope);
    if (envelope->payload_case() != v1::Envelope::kPicture) continue;
    auto picture = FromProto(envelope->picture());
    EXPECT_TRUE(picture) << picture.error().message;
    pictures.push_back(std::move(*picture));
  }
  return pictures;
}

}  // namespace trucewatch::testing
