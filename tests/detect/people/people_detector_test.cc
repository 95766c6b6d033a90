// SPDX-License-Identifier: Apache-2.0
#include "detect/people/people_detector.h"

#include <gtest/gtest.h>

#include "core/types/codec.h"
#include "detect/report.h"
#include "detect/segment.h"
#include "tests/detect/encoded_scene.h"
#include "tests/detect/people/people_scene.h"

namespace trucewatch {
namespace {

using testing::Gait;
using testing::PeopleSceneOptions;

const FlatTerrain kGround(0, 0.5);

v1::config::DetectConfig Config() {
  v1::config::DetectConfig config;
  config.set_threads(1);
  config.set_working_gsd_m(0.4);
  config.set_min_speed_mps(2.5);
  config.set_max_speed_mps(40);
  config.set_min_size_m(2.5);
  config.set_max_size_m(25);
  config.set_observation_period_s(0.5);
  config.set_detection_probability(0.8);
  config.mutable_people()->set_max_gsd_m(0.15);
  config.mutable_people()->set_min_count(5);
  config.mutable_people()->set_group_radius_m(6);
  config.mutable_people()->set_detection_probability(0.9);
  return config;
}

// As the pipeline sees it: encoded, decoded, looked at.
SegmentResult Look(const PeopleSceneOptions& options) {
  return DetectSegment(testing::Encode(testing::RenderPeople(options)), Config(), kGround);
}

const GroupObservation* OnlyGroup(const SegmentResult& result) {
  if (result.observations.empty()) return nullptr;
  const ObservationSet& set = result.observations[result.observations.size() / 2];
  return set.groups.size() == 1 ? &set.groups[0] : nullptr;
}

struct Score {
  int inside = 0, found = 0, rounds = 0;
  double expected = 0, width = 0;
};

Score CountMany(PeopleSceneOptions options, int rounds) {
  Score score;
  for (int seed = 1; seed <= rounds; ++seed, ++score.rounds) {
    options.seed = static_cast<std::uint64_t>(seed);
    const SegmentResult result = Look(options);
    const GroupObservation* group = OnlyGroup(result);
    if (group == nullptr) {
      continue;
    }
    ++score.found;
    score.inside += group->count_min <= options.people && options.people <= group->count_max;
    score.expected += group->count_expected;
    score.width += group->count_max - group->count_min;
  }
  score.expected /= std::max(score.found, 1);
  score.width /= std::max(score.found, 1);
  std::printf("[ measured ] inside %d of %d, mean %.1f, mean width %.1f\n", score.inside,
              score.rounds, score.expected, score.width);
  return score;
}

TEST(People, ThirtyWhoMillAboutAreInsideTheInterval) {
  const Score score = CountMany({.people = 30, .gait = Gait::kMilling}, 10);
  EXPECT_GE(score.found, 9);
  EXPECT_GE(score.inside, 9);
  EXPECT_LE(score.width, 18);
}

TEST(People, ThirtyWhoHardlyMoveAreInsideTheInterval) {
  const Score score = CountMany({.people = 30, .gait = Gait::kMilling, .slow_share = 1}, 10);
  EXPECT_GE(score.found, 9);
  EXPECT_GE(score.inside, 9);
  EXPECT_LE(score.width, 18);
}

TEST(People, ThirtyWhoWalkAreInsideTheInterval) {
  const Score score = CountMany({.people = 30, .gait = Gait::kWalking}, 10);
  EXPECT_GE(score.found, 9);
  EXPECT_GE(score.inside, 9);
  EXPECT_LE(score.width, 18);
}

TEST(People, AFewAreNoGroup) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    for (const Gait gait : {Gait::kWalking, Gait::kMilling}) {
      const SegmentResult result = Look({.seed = seed, .people = 3, .gait = gait});
      ASSERT_FALSE(result.observations.empty());
      for (const ObservationSet& set : result.observations) {
        EXPECT_TRUE(set.groups.empty()) << seed;
        EXPECT_TRUE(set.detections.empty()) << seed;  // nor is anybody a vehicle
        EXPECT_DOUBLE_EQ(set.group_detection_probability, 0.9);
        EXPECT_NEAR(set.resolution_m, 0.11, 0.01);
      }
    }
  }
}

TEST(People, APassingCarIsNoGroup) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    PeopleSceneOptions options{.seed = seed, .people = 0};
    options.vehicles = {{.start_en_m = {-14, -8}, .velocity_en_mps = {9, 1.5}, .grey = 210}};
    for (const ObservationSet& set : Look(options).observations) {
      EXPECT_TRUE(set.groups.empty()) << seed;
    }
    // Nor does one that passes by change the count.
    options.people = 24;
    options.radius_m = 11;
    options.vehicles = {{.start_en_m = {-14, -19}, .velocity_en_mps = {9, 0}, .grey = 60}};
    const SegmentResult result = Look(options);
    const GroupObservation* group = OnlyGroup(result);
    ASSERT_NE(group, nullptr) << seed;
    EXPECT_LE(group->count_min, 24) << seed;
    EXPECT_GE(group->count_max, 24) << seed;
  }
}

TEST(People, ThePlaceIsRightWithinItsCovariance) {
  const PeopleSceneOptions options{.seed = 3};
  const LocalFrame frame(testing::RenderPeople(options).origin);
  const SegmentResult result = Look(options);
  ASSERT_GE(result.observations.size(), 3u);
  for (const ObservationSet& set : result.observations) {
    ASSERT_EQ(set.groups.size(), 1u);
    const GroupObservation& group = set.groups[0];
    EXPECT_EQ(group.object_class, ObjectClass::kPersonGroup);
    const Eigen::Vector2d off = frame.EnuFromGeodetic(group.position).head<2>();
    EXPECT_LT(off.norm(), 4.0);  // they are thrown at random about the middle
    EXPECT_GT(group.cov_en_m2(0, 0), 1.5 * 1.5);
    EXPECT_LT(group.cov_en_m2.trace(), 2 * 4.0 * 4.0);
    EXPECT_GT(group.extent_m, 6.0);
    EXPECT_LT(group.extent_m, 14.0);
    EXPECT_GT(group.box_width_px, 100);
    EXPECT_LT(group.box_x_px + group.box_width_px, 640.1);
    EXPECT_EQ(set.lineage.model, "motion-1+people-1");
  }
}

TEST(People, CoarseVideoIsNotSearchedAndSaysSo) {
  const SegmentResult result = Look({.gsd_m = 0.2});
  ASSERT_FALSE(result.observations.empty());
  for (const ObservationSet& set : result.observations) {
    EXPECT_EQ(set.group_detection_probability, 0);
    EXPECT_TRUE(set.groups.empty());
    EXPECT_DOUBLE_EQ(set.detection_probability, 0.8);
    EXPECT_NEAR(set.resolution_m, 0.2, 0.02);
  }
}

TEST(People, WithoutPoseOrPicturesNothingIsSearched) {
  VideoSegment segment = testing::Encode(testing::RenderPeople({}));
  for (VideoFrame& frame : segment.frames) frame.pose.reset();
  for (const ObservationSet& set : DetectSegment(segment, Config(), kGround).observations) {
    EXPECT_EQ(set.group_detection_probability, 0);
    EXPECT_TRUE(set.groups.empty());
  }
  const SegmentResult brief = Look({.pictures = 4});
  for (const ObservationSet& set : brief.observations) {
    EXPECT_EQ(set.group_detection_probability, 0);
    EXPECT_TRUE(set.groups.empty());
  }
  // Nor when nobody asks for it.
  v1::config::DetectConfig config = Config();
  config.clear_people();
  segment = testing::Encode(testing::RenderPeople({}));
  for (const ObservationSet& set : DetectSegment(segment, config, kGround).observations) {
    EXPECT_EQ(set.group_detection_probability, 0);
    EXPECT_TRUE(set.groups.empty());
    EXPECT_EQ(set.lineage.model, "motion-1");
  }
}

TEST(People, TheSamePicturesGiveTheSameGroups) {
  const VideoSegment segment = testing::Encode(testing::RenderPeople({.seed = 4}));
  const SegmentResult a = DetectSegment(segment, Config(), kGround);
  const SegmentResult b = DetectSegment(segment, Config(), kGround);
  ASSERT_EQ(a.observations.size(), b.observations.size());
  for (std::size_t i = 0; i < a.observations.size(); ++i) {
    EXPECT_EQ(ToProto(a.observations[i]).SerializeAsString(),
              ToProto(b.observations[i]).SerializeAsString());
  }
}

TEST(People, TheReportNamesAndDrawsTheGroupAndNobodyInIt) {
  ReportOptions options;
  options.file = "quad.ts";
  options.motion = MotionOptionsFrom(Config());
  options.people = PeopleOptionsFrom(Config());
  int drawn = 0;
  options.draw = [&](int, const std::string&) -> Result<void> {
    ++drawn;
    return {};
  };
  std::vector<std::string> lines;
  const auto done =
      ReportSegment(testing::Encode(testing::RenderPeople({.seed = 3})), options, kGround, 0,
                    [&](const std::string& line) { lines.push_back(line); });
  ASSERT_TRUE(done) << done.error().message;
  ASSERT_EQ(lines.size(), 12U);
  const std::string& line = lines[5];
  EXPECT_NE(line.find(R"("detections":[],"groups":[{"class":"person_group","count_min":)"),
            std::string::npos)
      << line;
  const std::size_t at = line.find("person_group");
  EXPECT_EQ(line.find("person_group", at + 1), std::string::npos);
  EXPECT_NE(line.find(R"("extent_m":1)", at), std::string::npos);
  EXPECT_EQ(drawn, 12);
}

}  // namespace
}  // namespace trucewatch
