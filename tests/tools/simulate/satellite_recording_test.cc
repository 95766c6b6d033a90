// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/satellite_recording.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "core/crypto/sha256.h"
#include "core/raster/scene_reader.h"
#include "ingest/satellite/stac.h"
#include "tests/tools/simulate/demo_scenario.h"
#include "tests/tools/simulate/other_programs.h"
#include "tools/simulate/flight.h"

namespace trucewatch::simulate {
namespace {

using ::testing::HasSubstr;

// No noise and no error of place, the same light: what differs is what left.
Scenario CleanScenario(std::uint64_t seed) {
  return testing::DemoScenario("scenario", seed, [](auto& s) {
    auto* satellite = s.mutable_satellite();
    satellite->set_noise(0);
    satellite->set_georeference_sigma_m(0);
    satellite->set_width_m(300);
    satellite->set_height_m(240);
    for (auto& pass : *satellite->mutable_pass()) {
      pass.set_gain(1);
      pass.set_sun_azimuth_deg(128);
      pass.set_sun_elevation_deg(38);
    }
  });
}

const std::string& BytesOf(const std::vector<SceneFile>& files, const std::string& ending) {
  return std::find_if(files.begin(), files.end(),
                      [&](const SceneFile& file) { return file.name.ends_with(ending); })
      ->bytes;
}

TEST(RenderPasses, WhatLeftIsTheOnlyThingThatDiffersAndLiesWhereTheMapPutsIt) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const Scenario scenario = CleanScenario(seed);
    const World world = MakeWorld(scenario);
    const auto files = RenderPasses(scenario, world, 2);
    ASSERT_TRUE(files) << files.error().message;
    const auto before = SceneReader::Open(BytesOf(*files, "103100Z.tif"), "before");
    const auto after = SceneReader::Open(BytesOf(*files, "120120Z.tif"), "after");
    ASSERT_TRUE(before && after);
    const SceneInfo& info = (*before)->info();
    EXPECT_NEAR(info.resolution_m, 0.5, 0.001);
    EXPECT_EQ(info.epsg, 32624);
    const PixelWindow all{0, 0, info.width_px, info.height_px};
    const auto a = (*before)->ReadGrey(all), b = (*after)->ReadGrey(all);
    ASSERT_TRUE(a && b);
    ASSERT_EQ(world.parked.size(), 10U);
    const auto left = std::find_if(world.parked.begin(), world.parked.end(),
                                   [](const ParkedVehicle& p) { return !p.IsThere(0); });
    const LocalFrame frame(scenario.origin);
    // core/raster's projection, not the simulator's.
    const auto pixel = (*before)->PixelFromGround(GroundPlace(frame, left->state.position));
    ASSERT_TRUE(pixel);
    int changed = 0;
    Eigen::Vector2d sum(0, 0);
    for (int row = 0; row < a->height; ++row) {
      for (int column = 0; column < a->width; ++column) {
        const auto i = static_cast<std::size_t>(row * a->width + column);
        if (std::abs(a->values[i] - b->values[i]) < 6) continue;
        ++changed;
        sum += Eigen::Vector2d(column + 0.5, row + 0.5);
        EXPECT_LT((Eigen::Vector2d(column, row) - *pixel).norm(), 25) << seed;
      }
    }
    EXPECT_GT(changed, 60) << seed;  // 7 x 3.4 m are 95 pixels, and there is its shadow
    EXPECT_LT(changed, 350) << seed;
    EXPECT_LT((sum / changed - *pixel).norm(), 4) << seed;
  }
}

TEST(RenderPasses, ItemsSayWhenWhereAndWhatAndThatItIsAnExercise) {
  const Scenario scenario = CleanScenario(1);
  const auto files = RenderPasses(scenario, MakeWorld(scenario), 1);
  ASSERT_TRUE(files);
  const auto catalog = ParseStac(BytesOf(*files, "catalog.json"), "catalog");
  ASSERT_TRUE(catalog) << catalog.error().message;
  ASSERT_EQ(catalog->links.size(), 2U);
  const auto node = ParseStac(BytesOf(*files, "120120Z.json"), "item");
  ASSERT_TRUE(node) << node.error().message;
  EXPECT_TRUE(node->item->exercise);
  EXPECT_EQ(FormatUtc(*node->item->time), "2026-03-01T12:01:20Z");
  EXPECT_EQ(FormatUtc(*node->item->delivered), "2026-03-01T12:02:40Z");
  ASSERT_EQ(node->item->rasters.size(), 1U);
  const std::string& tiff = BytesOf(*files, "120120Z.tif");
  EXPECT_EQ(node->item->rasters[0].sha256, Sha256(tiff));
  EXPECT_EQ(node->item->rasters[0].size_bytes, tiff.size());
  EXPECT_EQ(FormatUtc(*ParseStac(BytesOf(*files, "103100Z.json"), "item")->item->time),
            "2026-03-01T10:31:00Z");
  for (const SceneFile& file : *files) {
    if (file.name.ends_with(".tif")) {
      EXPECT_EQ(file.name.rfind("EXERCISE", 0), 0U);
    }
  }
}

TEST(RenderPasses, GdalinfoAgreesWithTheItem) {
  if (!testing::Have("gdalinfo")) GTEST_SKIP() << "gdalinfo is not installed";
  const Scenario scenario = CleanScenario(1);
  const auto files = RenderPasses(scenario, MakeWorld(scenario), 1);
  ASSERT_TRUE(files);
  const trucewatch::testing::TempDirectory directory;
  std::ofstream(directory.File("a.tif"), std::ios::binary) << BytesOf(*files, "120120Z.tif");
  const std::string info = testing::OutputOf("gdalinfo " + directory.File("a.tif") + " 2>&1");
  EXPECT_THAT(info, HasSubstr("Size is 600, 480"));
  EXPECT_THAT(info, HasSubstr("UTM zone 24N"));
  EXPECT_THAT(info, HasSubstr("Pixel Size = (0.5"));
  EXPECT_THAT(info, HasSubstr("TIFFTAG_DATETIME=2026:03:01 12:01:20"));
  EXPECT_THAT(info, HasSubstr("LAYOUT=COG"));
  EXPECT_THAT(BytesOf(*files, "120120Z.json"), HasSubstr("\"proj:shape\":[480,600]"));
  EXPECT_THAT(BytesOf(*files, "120120Z.json"), HasSubstr("\"proj:epsg\":32624"));
}

TEST(RenderPasses, ThePictureIsMarkedAndNoisyAsStated) {
  const Scenario clean = CleanScenario(1);
  const Scenario noisy = testing::DemoScenario("scenario", 1, [&](auto& s) {
    s = clean.config;
    s.set_agreement_file("paper.txtpb");
    s.mutable_satellite()->set_noise(2.5);
  });
  const auto grey = [](const Scenario& scenario) {
    const auto files = RenderPasses(scenario, MakeWorld(scenario), 2);
    const auto scene = SceneReader::Open(BytesOf(*files, "120120Z.tif"), "scene").value();
    return scene->ReadGrey({0, 0, scene->info().width_px, scene->info().height_px}).value();
  };
  const GreyPlane a = grey(clean), b = grey(noisy);
  double squares = 0;
  int count = 0, letters = 0;
  for (int row = 0; row < a.height; ++row) {
    for (int column = 0; column < a.width; ++column) {
      const auto i = static_cast<std::size_t>(row * a.width + column);
      if (row > a.height - 30 && column < 300) {
        letters += a.values[i] == 225 ? 1 : 0;
        continue;
      }
      squares += std::pow(a.values[i] - b.values[i], 2);
      ++count;
    }
  }
  EXPECT_NEAR(std::sqrt(squares / count), 2.5, 0.2);
  EXPECT_GT(letters, 150);
}

}  // namespace
}  // namespace trucewatch::simulate
