// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/tape.h"

#include <gtest/gtest.h>

#include <random>

namespace trucewatch::motion {
namespace {

Blob PatchAt(double x, int y, int width, int height) {
  Blob blob;
  blob.x = static_cast<int>(x);
  blob.y = y;
  blob.width = width;
  blob.height = height;
  blob.centroid = {x + (width - 1) / 2.0, y + (height - 1) / 2.0};
  return blob;
}

// Ten pictures with a vehicle that crosses them.
std::vector<Moment> CrossedByVehicle() {
  std::vector<Moment> moments(10);
  for (std::size_t m = 0; m < moments.size(); ++m) {
    moments[m].compared = true;
    moments[m].blobs.push_back(PatchAt(100.0 + 9 * static_cast<double>(m), 200, 12, 6));
  }
  return moments;
}

int Marked(const std::vector<Moment>& moments) {
  int count = 0;
  for (const Moment& moment : moments) {
    for (const Blob& blob : moment.blobs) count += blob.symbol ? 1 : 0;
  }
  return count;
}

TEST(MarkTapes, FindsStrokesThatSlideAlongARowOrColumnAndLeavesVehicles) {
  std::vector<Moment> rows = CrossedByVehicle(), columns = CrossedByVehicle();
  for (std::size_t m = 0; m < rows.size(); ++m) {
    for (int stroke = 0; stroke < 5; ++stroke) {
      const double along = 50 + 30 * stroke + 2.3 * static_cast<double>(m);
      rows[m].blobs.push_back(PatchAt(along, 6, 3, 9));
      columns[m].blobs.push_back(PatchAt(300, static_cast<int>(along), 9, 3));
    }
  }
  EXPECT_EQ(MarkTapes(rows), 1);
  EXPECT_EQ(Marked(rows), 50);
  EXPECT_FALSE(rows[3].blobs[0].symbol);
  EXPECT_EQ(MarkTapes(columns), 1);
  EXPECT_EQ(Marked(columns), 50);
}

TEST(MarkTapes, LeavesPatchesAtRandomPlacesAndAConvoy) {
  std::mt19937_64 rng(11);
  std::uniform_real_distribution<double> x(0, 600);
  std::uniform_int_distribution<int> y(0, 400), side(2, 12);
  std::vector<Moment> moments = CrossedByVehicle();
  for (std::size_t m = 0; m < moments.size(); ++m) {
    for (int i = 0; i < 60; ++i) {
      moments[m].blobs.push_back(PatchAt(x(rng), y(rng), side(rng), side(rng)));
    }
    // Four vehicles one behind the other, going their way along the row.
    for (int i = 0; i < 4; ++i) {
      moments[m].blobs.push_back(PatchAt(60.0 * i + 5 * static_cast<double>(m), 300, 14, 6));
    }
  }
  EXPECT_EQ(MarkTapes(moments), 0);
  EXPECT_EQ(Marked(moments), 0);
}

}  // namespace
}  // namespace trucewatch::motion
