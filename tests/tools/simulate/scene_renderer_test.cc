// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/scene_renderer.h"

#include <gtest/gtest.h>

#include "tests/tools/simulate/demo_scenario.h"

namespace trucewatch::simulate {
namespace {

struct Scene {
  explicit Scene(Scenario s)
      : scenario(std::move(s)), world(MakeWorld(scenario)), flight(scenario, world) {}

  void Paint(int frame) {
    const double t_s = static_cast<double>(frame) / scenario.config.drone(0).frames_per_second();
    const auto footprint =
        View(flight.TruePose(t_s), flight.frame(), flight.StarePoint(t_s)).Footprint();
    Eigen::Vector2d low(1e300, 1e300), high(-1e300, -1e300);
    for (const auto& corner : *footprint) low = low.cwiseMin(corner), high = high.cwiseMax(corner);
    texture =
        GroundTexture::Create(scenario, world, low, high, scenario.config.look().texel_m()).value();
    texture->Want(*footprint);
    texture->Paint(2);
    renderer = std::make_unique<SceneRenderer>(scenario, world, flight, *texture);
  }

  Scenario scenario;
  World world;
  Flight flight;
  std::unique_ptr<GroundTexture> texture;
  std::unique_ptr<SceneRenderer> renderer;
};

YuvPicture Rendered(const Scene& scene, int frame, const SceneRenderer::Options& options) {
  YuvPicture picture(static_cast<int>(scene.scenario.config.drone(0).width_px()),
                     static_cast<int>(scene.scenario.config.drone(0).height_px()));
  scene.renderer->Render(frame, options, picture);
  return picture;
}

constexpr SceneRenderer::Options kBare{.movers = true, .noise = false, .mark = false};
constexpr SceneRenderer::Options kEmpty{.movers = false, .noise = false, .mark = false};

TEST(SceneRenderer, AVehicleIsDrawnWhereCoreGeoSeesItsTruePlace) {
  // The sun overhead, so that nothing but the vehicle itself differs, and white buses: the outline
  // of a box is symmetric round the image of its middle, whichever sides are seen.
  Scene scene(testing::DemoScenario("scenario", 2, [](auto& s) {
    s.mutable_look()->set_sun_elevation_deg(85);
    s.mutable_look()->set_texel_m(2);
    s.clear_civilian();
    s.clear_walking();
    s.clear_village();
  }));
  for (Mover& mover : scene.world.movers) {
    mover.kind = MoverKind::kBus;
    mover.colour = FromRgb(255, 255, 255);
    mover.height_m = 3;
  }
  constexpr int kFrame = 1300;
  scene.Paint(kFrame);
  const YuvPicture with = Rendered(scene, kFrame, kBare);
  const YuvPicture without = Rendered(scene, kFrame, kEmpty);
  const double t_s = kFrame / 10.0;
  const CameraPose pose = scene.flight.TruePose(t_s);
  int compared = 0;
  for (const Mover& mover : scene.world.movers) {
    if (mover.group != "unannounced") continue;
    Geodetic place = GroundPlace(scene.flight.frame(), scene.world.StateOf(mover, t_s)->position);
    place.height_hae_m +=
        0.55 * mover.height_m;  // the body reaches from a tenth of its height to the top
    const auto pixel = PixelFromGround(pose, place);
    ASSERT_TRUE(pixel);
    if (pixel->x() < 25 || pixel->y() < 25 || pixel->x() > 935 || pixel->y() > 515) continue;
    double mass = 0;
    Eigen::Vector2d sum(0, 0);
    for (int v = static_cast<int>(pixel->y()) - 20; v < static_cast<int>(pixel->y()) + 20; ++v) {
      for (int u = static_cast<int>(pixel->x()) - 20; u < static_cast<int>(pixel->x()) + 20; ++u) {
        const auto i = static_cast<std::size_t>(v * 960 + u);
        if (std::abs(with.y[i] - without.y[i]) < 4) continue;  // all that changed weighs the same
        mass += 1;
        sum += Eigen::Vector2d(u + 0.5, v + 0.5);
      }
    }
    ASSERT_GT(mass, 15) << "vehicle " << mover.id << " is not to be seen";
    EXPECT_LT((sum / mass - *pixel).norm(), 0.5) << "vehicle " << mover.id;
    ++compared;
  }
  EXPECT_GE(compared, 6);
}

TEST(SceneRenderer, MoversChangeALittleOfThePictureAndNoneBehindTheCameraShows) {
  for (std::uint64_t seed = 3; seed < 8; ++seed) {
    Scene scene(
        testing::DemoScenario("scenario", seed, [](auto& s) { s.mutable_look()->set_texel_m(4); }));
    for (const int frame : {300, 1150, 2200}) {
      scene.Paint(frame);
      const YuvPicture with = Rendered(scene, frame, kBare);
      const YuvPicture without = Rendered(scene, frame, kEmpty);
      int changed = 0;
      for (std::size_t i = 0; i < with.y.size(); ++i)
        changed += std::abs(with.y[i] - without.y[i]) > 3 ? 1 : 0;
      EXPECT_LT(changed, 6000) << seed << " frame "
                               << frame;  // of 518,400; a truck with its shadow is 300
      if (frame == 300) continue;         // the convoy is not there yet
      EXPECT_GT(changed, 400) << seed << " frame " << frame;
    }
  }
}

TEST(SceneRenderer, SensorNoiseAndExerciseMarkAreThere) {
  Scene scene(
      testing::DemoScenario("scenario", 2, [](auto& s) { s.mutable_look()->set_texel_m(1); }));
  constexpr int kFrame = 900;
  scene.Paint(kFrame);
  const YuvPicture bare = Rendered(scene, kFrame, kBare);
  const YuvPicture full = Rendered(scene, kFrame, {});
  double squares = 0;
  int count = 0;
  for (int row = 0; row < 480; ++row) {
    for (int column = 0; column < 960; ++column) {
      const auto i = static_cast<std::size_t>(row * 960 + column);
      squares += std::pow(full.y[i] - bare.y[i], 2);
      ++count;
    }
  }
  EXPECT_NEAR(std::sqrt(squares / count), 2.2, 0.3);  // sensor noise, grey levels
  int bright = 0;
  for (int row = 520; row < 540; ++row) {
    for (int column = 0; column < 200; ++column) {
      bright += full.y[static_cast<std::size_t>(row * 960 + column)] == 225 ? 1 : 0;
    }
  }
  EXPECT_GT(bright, 150);  // EXERCISE - SIMULATED
}

TEST(GroundTexture, ATexelDoesNotDependOnWhatElseIsPainted) {
  const Scenario scenario =
      testing::DemoScenario("scenario", 2, [](auto& s) { s.mutable_look()->set_texel_m(1); });
  const World world = MakeWorld(scenario);
  const Eigen::Vector2d low(-1400, 700), high(-1100, 1000), wide_low(-2100, 200);
  const auto small =
      GroundTexture::Create(scenario, world, low, high, scenario.config.look().texel_m()).value();
  const auto large = GroundTexture::Create(scenario, world, wide_low, high, 1).value();
  const std::vector<Eigen::Vector2d> square{low, {high.x(), low.y()}, high, {low.x(), high.y()}};
  small->Want(square);
  small->Paint(1);
  large->Want(square);
  large->Paint(3);
  for (double north = low.y(); north < high.y(); north += 7) {
    for (double east = low.x(); east < high.x(); east += 7) {
      const Eigen::Vector3d place(east, north, 1);
      const Eigen::Vector3d a = small->luma_from_en() * place, b = large->luma_from_en() * place;
      const auto at = [](const cv::Mat& m, const Eigen::Vector3d& p) {
        return m.at<std::uint8_t>(static_cast<int>(std::lround(p.y())),
                                  static_cast<int>(std::lround(p.x())));
      };
      ASSERT_EQ(at(small->luma(), a), at(large->luma(), b)) << east << " " << north;
    }
  }
}

TEST(GroundTexture, RefusesAnAreaTooLargeForOnePicture) {
  const Scenario scenario =
      testing::DemoScenario("scenario", 2, [](auto& s) { s.mutable_look()->set_texel_m(0.1); });
  const World world = MakeWorld(scenario);
  const auto texture = GroundTexture::Create(scenario, world, {-6000, -6000}, {6000, 6000}, 0.1);
  ASSERT_FALSE(texture);
  EXPECT_EQ(texture.error().code, ErrorCode::kBadInput);
}

}  // namespace
}  // namespace trucewatch::simulate
