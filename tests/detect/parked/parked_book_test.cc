// SPDX-License-Identifier: Apache-2.0
#include "detect/parked/parked_book.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/detect/parked/yard.h"

namespace trucewatch::parked {
namespace {

using testing::Yard;

constexpr int kPixels = 160;

// Straight down on the yard from 400 m, a pixel a cell.
ParkedLook LookDown(const Yard& yard, const std::vector<Eigen::Vector2d>& vehicles, int look,
                    double east_m = 0) {
  ParkedLook result;
  result.source = SourceId{"drone-1"};
  result.time = Yard::TimeOf(look);
  result.pose.position = LocalFrame(yard.frame().middle).GeodeticFromEnu({east_m, 0, 400});
  result.pose.sensor_elevation = Angle::Degrees(-90);
  const double half = kPixels * yard.frame().cell_m / 2;
  result.pose.horizontal_fov = result.pose.vertical_fov = Angle::Radians(2 * std::atan(half / 400));
  result.width_px = result.height_px = kPixels;
  result.grey = yard.Look(vehicles, static_cast<std::uint64_t>(look)).grey;
  result.vehicles.emplace();
  const LocalFrame frame(yard.frame().middle);
  for (const Eigen::Vector2d& vehicle : vehicles) {
    Detection d;
    d.position = frame.GeodeticFromEnu({vehicle.x() + east_m, vehicle.y(), 0});
    d.box_width_px = d.box_height_px = 8;
    d.box_x_px = kPixels / 2 + vehicle.x() / yard.frame().cell_m - 4;
    d.box_y_px = kPixels / 2 - vehicle.y() / yard.frame().cell_m - 4;
    d.score = 0.6;
    d.length_m = 4.4;
    d.width_m = 1.8;
    result.vehicles->push_back(d);
  }
  return result;
}

class ParkedBookTest : public ::testing::Test {
 protected:
  Yard yard_{11};
  FlatTerrain terrain_{40, 1};
  const std::vector<Eigen::Vector2d> one_ = {{-3, 8}}, two_ = {{-3, 8}, {6, -8}};
};

TEST_F(ParkedBookTest, AnArrivalIsAChangeWithItsPlaceOnEarthAndABaseline) {
  ParkedBook book;
  std::vector<SiteChange> changes;
  std::optional<Instant> baseline;
  for (int i = 0; i < 50; ++i) {
    // The poses wander by more than a metre.
    const double east_m = 1.2 * std::sin(i);
    ParkedLook look = LookDown(yard_, i < 27 ? one_ : two_, i, east_m);
    const ParkedUpdate update = book.Add(look, terrain_);
    ASSERT_TRUE(update.fits) << i;
    if (update.changes.empty()) continue;
    changes.insert(changes.end(), update.changes.begin(), update.changes.end());
    baseline = update.baseline;
  }
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].kind, ChangeKind::kAppeared);
  EXPECT_EQ(*baseline, Yard::TimeOf(26));
  const Eigen::Vector3d place =
      LocalFrame(yard_.frame().middle).EnuFromGeodetic(changes[0].position);
  EXPECT_LT((place.head<2>() - Eigen::Vector2d(6, -8)).norm(), 1.5);
  EXPECT_GE(changes[0].probability, 0.5);
  EXPECT_GT(changes[0].cov_en_m2(0, 0), 0);
}

// The camera stands so many pixels, which are cells, further east and south; letters are burnt in
// at the lower left, and the network takes them for a vehicle.
ParkedLook LookWithLetters(const Yard& yard, const std::vector<Eigen::Vector2d>& vehicles, int look,
                           int right_px, int down_px) {
  const double east_m = right_px * yard.frame().cell_m, south_m = down_px * yard.frame().cell_m;
  ParkedLook result = LookDown(yard, vehicles, look);
  result.pose.position = LocalFrame(yard.frame().middle).GeodeticFromEnu({east_m, -south_m, 400});
  const std::vector<std::uint8_t> ground = result.grey;
  for (int y = 0; y < kPixels; ++y) {
    for (int x = 0; x < kPixels; ++x) {
      auto& grey = result.grey[static_cast<std::size_t>(y * kPixels + x)];
      const int u = std::clamp(x + right_px, 0, kPixels - 1);
      const int v = std::clamp(y + down_px, 0, kPixels - 1);
      grey = ground[static_cast<std::size_t>(v * kPixels + u)];
      if (x >= 30 && x < 60 && y >= 120 && y < 132) grey = (x / 3 + y / 3) % 2 == 0 ? 250 : 5;
    }
  }
  for (Detection& d : *result.vehicles) {
    d.box_x_px -= right_px;
    d.box_y_px -= down_px;
  }
  Detection letters = result.vehicles->front();
  letters.box_x_px = 34;
  letters.box_y_px = 121;
  letters.box_width_px = 22;
  letters.box_height_px = 10;
  result.vehicles->push_back(letters);
  return result;
}

TEST_F(ParkedBookTest, LettersOnTheScreenAreNoVehiclesWhateverTheNetworkSays) {
  ParkedBook book;
  double most = 0, at_last = 0;
  for (int i = 0; i < 40; ++i) {
    const int right_px = static_cast<int>(std::lround(9 * std::sin(1.7 * i)));
    const int down_px = static_cast<int>(std::lround(9 * std::cos(1.1 * i)));
    const ParkedUpdate update =
        book.Add(LookWithLetters(yard_, one_, i, right_px, down_px), terrain_);
    ASSERT_TRUE(update.fits) << i;
    at_last = update.site->Count().expected;
    most = std::max(most, at_last);
  }
  EXPECT_LT(most, 2.6) << "no more than once, before it is known where letters stand";
  EXPECT_NEAR(at_last, 1, 0.3);
}

TEST_F(ParkedBookTest, PixelsOfALookFollowFromTheSitesMetres) {
  ParkedBook book;
  book.Add(LookDown(yard_, one_, 0), terrain_);
  const ParkedUpdate update = book.Add(LookDown(yard_, one_, 1, 1.0), terrain_);
  ASSERT_TRUE(update.pixel_from_site);
  const Eigen::Vector3d pixel = *update.pixel_from_site * Eigen::Vector3d(-3, 8, 1);
  // The picture has not moved, only what its pose says.
  EXPECT_NEAR(pixel.x() / pixel.z(), 80 - 3 / 0.25, 1);
  EXPECT_NEAR(pixel.y() / pixel.z(), 80 - 8 / 0.25, 1);
}

TEST_F(ParkedBookTest, SourcesAndPlacesFarApartHaveSitesOfTheirOwn) {
  ParkedBook book;
  const ParkedUpdate first = book.Add(LookDown(yard_, one_, 0), terrain_);
  ParkedLook other = LookDown(yard_, one_, 1);
  other.source = SourceId{"drone-2"};
  EXPECT_EQ(book.Add(other, terrain_).site->looks(), 1);
  const ParkedUpdate far = book.Add(LookDown(yard_, one_, 2, 500), terrain_);
  EXPECT_EQ(far.site->looks(), 1);
  EXPECT_EQ(book.Add(LookDown(yard_, one_, 3), terrain_).site->looks(), 2);
}

TEST_F(ParkedBookTest, SitesAreBoundedAndTheOldestIsForgotten) {
  ParkedBook book({.max_sites = 2});
  book.Add(LookDown(yard_, one_, 0), terrain_);
  book.Add(LookDown(yard_, one_, 1, 500), terrain_);
  book.Add(LookDown(yard_, one_, 2, 1000), terrain_);
  EXPECT_EQ(book.Add(LookDown(yard_, one_, 3, 500), terrain_).site->looks(), 2);
  EXPECT_EQ(book.Add(LookDown(yard_, one_, 4), terrain_).site->looks(), 1);
}

TEST_F(ParkedBookTest, PicturesTooCoarseForVehiclesMakeNoSite) {
  ParkedBook book;
  ParkedLook look = LookDown(yard_, one_, 0);
  look.pose.horizontal_fov = look.pose.vertical_fov = Angle::Degrees(30);
  EXPECT_EQ(book.Add(look, terrain_).site, nullptr);
  EXPECT_TRUE(book.Snapshot().empty());
}

TEST_F(ParkedBookTest, RestoredItSaysTheSame) {
  ParkedBook whole, broken;
  std::size_t changes = 0;
  for (int i = 0; i < 50; ++i) {
    if (i == 30) {
      ParkedBook restored;
      ASSERT_TRUE(restored.Restore(broken.Snapshot()));
      broken = std::move(restored);
    }
    const ParkedLook look = LookDown(yard_, i < 27 ? one_ : two_, i);
    const ParkedUpdate a = whole.Add(look, terrain_), b = broken.Add(look, terrain_);
    ASSERT_EQ(a.changes.size(), b.changes.size());
    changes += a.changes.size();
    EXPECT_EQ(whole.Snapshot(), broken.Snapshot());
  }
  EXPECT_EQ(changes, 1U);
  EXPECT_FALSE(broken.Restore("no snapshot"));
  EXPECT_FALSE(broken.Snapshot().empty());
}

}  // namespace
}  // namespace trucewatch::parked
