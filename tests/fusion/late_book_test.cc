// SPDX-License-Identifier: Apache-2.0
#include "fusion/late_book.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>

#include "tests/fusion/simulation.h"

namespace trucewatch {
namespace {

using testing::At;

LateBook NewBook(std::size_t max_tracks = 1000) {
  LateBook::Options options{.keep = Duration::Seconds(100), .picture_period = Duration::Seconds(1)};
  options.max_tracks = max_tracks;
  return LateBook(options);
}

TrackEstimate TrackAt(std::uint64_t id, double east_m, double north_m, double v_east_mps) {
  TrackEstimate track;
  track.id = {id};
  track.state.mean << east_m, north_m, v_east_mps, 0;
  track.state.cov = Eigen::Vector4d(9, 9, 1, 1).asDiagonal();
  return track;
}

Look LookAt(double time_s, std::vector<Eigen::Vector2d> places) {
  Look look;
  look.source = {"drone1"};
  look.time = At(time_s);
  for (const Eigen::Vector2d& place : places) {
    LookPlot plot;
    plot.p_en_m = place;
    plot.cov_en_m2 = 16.0 * Eigen::Matrix2d::Identity();
    look.plots.push_back(plot);
  }
  return look;
}

TEST(LateBook, MatchesReportsToWhereTheTracksWereThen) {
  LateBook book = NewBook();
  for (int k = 0; k <= 20; ++k) {
    const std::vector<TrackEstimate> tracks{TrackAt(3, 15.0 * k, 0, 15), TrackAt(8, 0, 500, 0)};
    book.AddPicture(At(k), tracks);
  }
  // 7.4 s: the first was at 111 m. Predicted from 7 s by 0.4 s.
  const auto matches = book.Match(LookAt(7.4, {{111, 4}, {300, 0}, {2, 500}}));
  ASSERT_EQ(matches.size(), 2u);
  EXPECT_EQ(matches[0].track.value, 3u);
  // Both covariances and what a straight line may miss in 0.4 s: 9 + 16 + 0.16 + 0.16^2.
  EXPECT_NEAR(matches[0].distance2, 16.0 / (9 + 16 + 0.16 + 0.0256), 1e-4);
  EXPECT_EQ(matches[1].track.value, 8u);
  // At the wrong time the same place is nobody's.
  EXPECT_TRUE(book.Match(LookAt(12.4, {{111, 4}})).empty());
}

TEST(LateBook, OneReportForATrackAndOneTrackForAReport) {
  LateBook book = NewBook();
  const std::vector<TrackEstimate> tracks{TrackAt(1, 0, 0, 0), TrackAt(2, 6, 0, 0)};
  book.AddPicture(At(0), tracks);
  const auto one = book.Match(LookAt(0, {{5, 0}}));
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].track.value, 2u);
  EXPECT_EQ(book.Match(LookAt(0, {{0, 0}, {1, 0}, {2, 0}})).size(), 2u);
  // Two equally near: the older track, whatever the order.
  const auto tie = book.Match(LookAt(0, {{3, 0}}));
  ASSERT_EQ(tie.size(), 1u);
  EXPECT_EQ(tie[0].track.value, 1u);
}

TEST(LateBook, GateIsNinetyNineInAHundred) {
  LateBook book = NewBook();
  const std::vector<TrackEstimate> tracks{TrackAt(1, 0, 0, 0)};
  book.AddPicture(At(0), tracks);
  // sqrt(9.21 x (9 + 16)) = 15.17 m
  EXPECT_EQ(book.Match(LookAt(0, {{15.1, 0}})).size(), 1u);
  EXPECT_TRUE(book.Match(LookAt(0, {{15.3, 0}})).empty());
}

TEST(LateBook, ReachesBackAsLongAsItIsToldAndNoFurther) {
  LateBook book = NewBook();
  EXPECT_FALSE(book.Reaches(At(0)));
  for (int k = 10; k <= 150; ++k) book.AddPicture(At(k), {});
  EXPECT_TRUE(book.Reaches(At(50)));
  EXPECT_FALSE(book.Reaches(At(49.9)));
  EXPECT_EQ(book.pictures().size(), 101u);
  LateBook young = NewBook();
  young.AddPicture(At(10), {});
  EXPECT_FALSE(young.Reaches(At(9.9)));
  EXPECT_TRUE(young.Reaches(At(10.2)));
}

TEST(LateBook, IsBoundedByTracksToo) {
  LateBook book = NewBook(10);
  const std::vector<TrackEstimate> tracks{TrackAt(1, 0, 0, 0), TrackAt(2, 6, 0, 0)};
  for (int k = 0; k < 50; ++k) book.AddPicture(At(k), tracks);
  EXPECT_EQ(book.pictures().size(), 5u);
  EXPECT_FALSE(book.Reaches(At(44)));
}

TEST(LateBook, NothingIsMatchedWhereNoPictureWasMade) {
  LateBook book = NewBook();
  const std::vector<TrackEstimate> tracks{TrackAt(1, 0, 0, 0)};
  book.AddPicture(At(0), tracks);
  book.AddPicture(At(60), tracks);
  EXPECT_TRUE(book.Match(LookAt(30, {{0, 0}})).empty());
  EXPECT_EQ(book.Match(LookAt(59.3, {{0, 0}})).size(), 1u);
}

TEST(LateBook, KnowsALookAgainUntilItIsTooOldToMatter) {
  LateBook book = NewBook();
  EXPECT_TRUE(book.TakeLook(At(1), {"drone1"}, "bytes"));
  EXPECT_FALSE(book.TakeLook(At(1), {"drone1"}, "bytes"));
  EXPECT_TRUE(book.TakeLook(At(1), {"drone2"}, "bytes"));
  EXPECT_TRUE(book.TakeLook(At(1), {"drone1"}, "other bytes"));
  EXPECT_TRUE(book.TakeLook(At(2), {"drone1"}, "bytes"));
  book.AddPicture(At(101.5), {});
  EXPECT_EQ(book.looks().size(), 1u);
}

}  // namespace
}  // namespace trucewatch
