// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/frame_corners.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "ingest/klv/platform_state.h"
#include "ingest/klv/st0601_encoder.h"
#include "tests/ingest/klv/klv_test_support.h"
#include "tests/support/shared_data.h"

namespace trucewatch {
namespace {

CameraPose RandomPose(std::mt19937_64& rng) {
  const auto uniform = [&](double low, double high) {
    return std::uniform_real_distribution(low, high)(rng);
  };
  CameraPose pose;
  pose.position = Geodetic::FromDegrees(uniform(-60, 60), uniform(-180, 180), uniform(1500, 4000));
  pose.platform_heading = Angle::Degrees(uniform(0, 360));
  pose.platform_pitch = Angle::Degrees(uniform(-8, 8));
  pose.platform_roll = Angle::Degrees(uniform(-25, 25));
  pose.sensor_azimuth = Angle::Degrees(uniform(0, 360));
  pose.sensor_elevation = Angle::Degrees(uniform(-75, -25));
  pose.sensor_roll = Angle::Degrees(uniform(-4, 4));
  pose.horizontal_fov = Angle::Degrees(uniform(3, 30));
  pose.vertical_fov = pose.horizontal_fov * (9.0 / 16.0);
  pose.width_px = pose.height_px = 2;
  return pose;
}

// Where the picture's middle and corners meet flat ground.
struct OnGround {
  Geodetic center;
  std::array<Geodetic, 4> corners;
};
std::optional<OnGround> Ground(const CameraPose& pose, double height_hae_m) {
  const FlatTerrain flat(height_hae_m, 1);
  const double points[5][2] = {{1, 1}, {0, 0}, {2, 0}, {2, 2}, {0, 2}};
  OnGround ground;
  for (std::size_t i = 0; i < 5; ++i) {
    const auto place = GroundFromPixel(pose, points[i][0], points[i][1], flat);
    if (!place) return std::nullopt;
    (i == 0 ? ground.center : ground.corners[i - 1]) = *place;
  }
  return ground;
}

double RollOffLevelDeg(const CameraPose& pose) {
  const Eigen::Vector3d right = RayEnu(pose, 2, 1) - RayEnu(pose, 0, 1);
  return Angle::Radians(std::asin(right.z() / right.norm())).deg();
}

TEST(LevelRoll, MakesThePicturesLinesHorizontalWithItsTopUp) {
  std::mt19937_64 rng(1);
  for (int i = 0; i < 2000; ++i) {
    CameraPose pose = RandomPose(rng);
    pose.sensor_roll = LevelRoll(pose);
    EXPECT_NEAR(RollOffLevelDeg(pose), 0, 1e-4);
    EXPECT_GT(RayEnu(pose, 1, 0).z(), RayEnu(pose, 1, 2).z());
  }
}

TEST(FitCorners, CornersOfThePoseItselfAreReadAsTheStandardSays) {
  std::mt19937_64 rng(2);
  int tried = 0;
  while (tried < 500) {
    const CameraPose pose = RandomPose(rng);
    const auto ground = Ground(pose, 300);
    if (!ground) continue;
    ++tried;
    const CornerFit fit = FitCorners(pose, ground->center, ground->corners, Angle::Degrees(0.05));
    EXPECT_EQ(fit.reading, RollReading::kStandard);
    EXPECT_LT(fit.miss.deg(), 1e-3);
    EXPECT_EQ(fit.sensor_roll, pose.sensor_roll);
  }
}

TEST(FitCorners, ALevelPictureIsRecognisedWhateverTheHeightsOfItsCorners) {
  std::mt19937_64 rng(3);
  std::uniform_real_distribution<double> relief(-60, 60);
  int tried = 0;
  while (tried < 500) {
    const CameraPose said = RandomPose(rng);
    CameraPose level = said;
    level.sensor_roll = LevelRoll(said);
    if (std::abs((level.sensor_roll - said.sensor_roll).NormalisedSigned().deg()) < 3) continue;
    auto ground = Ground(level, 300);
    if (!ground) continue;
    for (std::size_t k = 0; k < 4; ++k) {
      const auto hill = Ground(level, 300 + relief(rng));
      if (hill) ground->corners[k] = hill->corners[k];
    }
    ++tried;
    const CornerFit fit = FitCorners(said, ground->center, ground->corners, Angle::Degrees(0.02));
    EXPECT_EQ(fit.reading, RollReading::kLevel);
    EXPECT_LT(fit.miss.deg(), 1e-3);
    EXPECT_NEAR((fit.sensor_roll - level.sensor_roll).NormalisedSigned().deg(), 0, 1e-9);
  }
}

TEST(PlatformState, CornersThatNoReadingExplainsWidenTheSigma) {
  CameraPose pose;
  pose.position = Geodetic::FromDegrees(36.2, 37.15, 2000);
  pose.platform_heading = Angle::Degrees(45);
  pose.sensor_azimuth = Angle::Degrees(30);
  pose.sensor_elevation = Angle::Degrees(-25);
  pose.horizontal_fov = Angle::Degrees(10);
  pose.vertical_fov = Angle::Degrees(5.65);
  pose.width_px = pose.height_px = 2;
  St0601Fields fields;
  fields.time = Instant::FromMicros(1'700'000'000'000'000);
  fields.sensor = pose.position;
  fields.platform_heading = pose.platform_heading;
  fields.platform_pitch = fields.platform_roll = fields.sensor_roll = Angle();
  fields.sensor_azimuth = pose.sensor_azimuth;
  fields.sensor_elevation = pose.sensor_elevation;
  fields.horizontal_fov = pose.horizontal_fov;
  fields.vertical_fov = pose.vertical_fov;
  const auto state_with = [&](double zoom) {
    CameraPose zoomed = pose;
    zoomed.horizontal_fov = pose.horizontal_fov * zoom;
    const OnGround ground = *Ground(zoomed, 400);
    fields.frame_center = ground.center;
    fields.corners = ground.corners;
    return PlatformStateFromSt0601(testing::Decode(EncodeSt0601(fields)), {0, {}});
  };
  const PlatformState sound = state_with(1);
  ASSERT_TRUE(sound.corners);
  EXPECT_FALSE(sound.sigma_widened);
  EXPECT_LT(sound.corners->miss.deg(), 0.005);
  // The metadata say ten degrees, the corners twelve.
  const PlatformState other = state_with(1.2);
  ASSERT_TRUE(other.pose && other.corners) << other.problem;
  EXPECT_EQ(other.corners->reading, RollReading::kStandard);
  EXPECT_TRUE(other.sigma_widened);
  EXPECT_NEAR(other.corners->miss.deg(), 1.0, 0.15);
  EXPECT_EQ(other.sigma.sensor_angles, other.corners->miss);
}

// A level camera at the recorded sensor that looks at the recorded frame centre: its corners on the
// ground. Made of positions and fields of view alone.
std::optional<OnGround> LevelViewOfTheCenter(const PlatformState& state) {
  CameraPose pose = *state.pose;
  const Eigen::Vector3d center =
      LocalFrame(pose.position).EnuFromGeodetic(*state.frame_center).normalized();
  pose.platform_heading = pose.platform_pitch = pose.platform_roll = pose.sensor_roll = Angle();
  pose.sensor_azimuth = Angle::Radians(std::atan2(center.x(), center.y()));
  pose.sensor_elevation = Angle::Radians(std::asin(center.z()));
  pose.width_px = pose.height_px = 2;
  return Ground(pose, state.frame_center->height_hae_m);
}

// Largest of four distances on the ground, metres.
double LargestMissM(const OnGround& ground, const std::array<Geodetic, 4>& recorded) {
  const LocalFrame frame(ground.center);
  double largest = 0;
  for (std::size_t k = 0; k < 4; ++k) {
    const Eigen::Vector3d between =
        frame.EnuFromGeodetic(ground.corners[k]) - frame.EnuFromGeodetic(recorded[k]);
    largest = std::max(largest, between.head<2>().norm());
  }
  return largest;
}

// How far the angles of two packets are apart, root of the sum of squares.
double TurnRad(const CameraPose& a, const CameraPose& b) {
  double squares = 0;
  for (const auto member :
       {&CameraPose::platform_heading, &CameraPose::platform_pitch, &CameraPose::platform_roll,
        &CameraPose::sensor_azimuth, &CameraPose::sensor_elevation}) {
    const double turn = (a.*member - b.*member).NormalisedSigned().rad();
    squares += turn * turn;
  }
  return std::sqrt(squares);
}

double CenterMissM(const PlatformState& state) {
  CameraPose pose = *state.pose;
  pose.width_px = pose.height_px = 2;
  const Eigen::Vector3d center = LocalFrame(pose.position).EnuFromGeodetic(*state.frame_center);
  return RayEnu(pose, 1, 1).cross(center).norm();
}

double Quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

class CheyenneFlight : public ::testing::Test {
 protected:
  void Read(const std::string& path) {
    for (const KlvPacket& packet : testing::PacketsOf(SplitKlv(AsBytes(testing::ReadAll(path))))) {
      sets_.push_back(DecodeSt0601(packet).value());
      states_.push_back(PlatformStateFromSt0601(sets_.back(), {0, {}}));
    }
    ASSERT_EQ(states_.size(), 407U);
  }
  std::vector<UasDatalink> sets_;
  std::vector<PlatformState> states_;
};

// Resolution in angle: item 18 and 19 step by 1/64 of a degree there. In time: a packet's items are
// of different moments within its 0.22 s, so each angle may be as far off as it turns to the next
// packet or since the one before.
TEST_F(CheyenneFlight, FrameCentresAreMetWithinTheRecordingsResolution) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/cheyenne-flight.klv");
  Read(path);
  const double step_rad = Angle::Degrees(1.0 / 64).rad();
  int within = 0, used = 0;
  std::vector<double> misses_m;
  for (std::size_t i = 1; i + 1 < states_.size(); ++i) {
    if (!states_[i - 1].pose || !states_[i].pose || !states_[i + 1].pose) continue;
    const double turn_rad = std::max(TurnRad(*states_[i].pose, *states_[i - 1].pose),
                                     TurnRad(*states_[i].pose, *states_[i + 1].pose));
    const double range_m =
        LocalFrame(states_[i].pose->position).EnuFromGeodetic(*states_[i].frame_center).norm();
    misses_m.push_back(CenterMissM(states_[i]));
    ++used;
    if (misses_m.back() <= range_m * (step_rad + turn_rad)) ++within;
  }
  std::printf("frame centres: %d of %d within; median miss %.2f m, 95 %% %.2f m\n", within, used,
              Quantile(misses_m, 0.5), Quantile(misses_m, 0.95));
  EXPECT_EQ(within, used);
  EXPECT_GE(used, 400);
}

// The recorded corners are those of a level picture, though items 5-7 and 18-20 say that it is
// rolled by up to eight degrees. Resolution: the offsets (26-33) step by 0.25 m, the heights (15,
// 25) by 0.30 m of 1,100 m, which is 0.1 m of a picture of 400 m; the fields of view by 0.0027
// degrees, 0.07 m at 3 km. In the first half the fields of view themselves are another picture's
// (wider by 0.4 %, lower by 1.4 %, told apart by their ratio): 3 m of 400 m beside and up to 8 m
// along.
TEST_F(CheyenneFlight, CornersAreThoseOfALevelPictureWithinTheirResolution) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/cheyenne-flight.klv");
  Read(path);
  int level = 0, rolled = 0;
  std::vector<double> first_m, second_m;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const PlatformState& state = states_[i];
    if (!state.corners) continue;
    const Angle off = (LevelRoll(*state.pose) - Angle::Degrees(sets_[i].Number(20).value_or(0)));
    if (std::abs(off.NormalisedSigned().deg()) > 3) {
      ++rolled;
      if (state.corners->reading == RollReading::kLevel) ++level;
    }
    const auto ground = LevelViewOfTheCenter(state);
    if (!ground) continue;
    const double ratio = state.pose->vertical_fov.rad() / state.pose->horizontal_fov.rad();
    (ratio > 0.5624 ? first_m : second_m)
        .push_back(LargestMissM(*ground, *FrameCorners(sets_[i], 0)));
  }
  std::printf(
      "corners: %d of %d pictures rolled by more than 3 degrees read as level; largest miss of "
      "four: "
      "first half (%zu) median %.2f m, second half (%zu) median %.2f m, 95 %% %.2f m\n",
      level, rolled, first_m.size(), Quantile(first_m, 0.5), second_m.size(),
      Quantile(second_m, 0.5), Quantile(second_m, 0.95));
  EXPECT_GE(second_m.size(), 220U);
  EXPECT_LE(Quantile(second_m, 0.95), 0.5);
  EXPECT_LE(Quantile(first_m, 0.5), 8.0);
  EXPECT_GE(level, rolled * 95 / 100);
}

}  // namespace
}  // namespace trucewatch
