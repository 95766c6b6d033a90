// SPDX-License-Identifier: Apache-2.0
#include "tools/score/track_picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "core/xml/xml.h"
#include "tools/score/label_places.h"

namespace trucewatch::tools {
namespace {

TEST(LabelPlaces, NoLabelCoversAnotherOrLeavesThePicture) {
  std::mt19937_64 random(23);
  std::uniform_real_distribution<double> place(0, 400);
  LabelPlaces places({400, 400});
  struct Box {
    Eigen::Vector2d middle_px, size_px;
  };
  std::vector<Box> boxes;
  int without = 0;
  for (int k = 0; k < 300; ++k) {
    const Eigen::Vector2d size(10 + static_cast<double>(random() % 40), 10);
    const Eigen::Vector2d at(place(random), place(random));
    const auto middle = places.Place({at, size, {place(random) - 200, place(random) - 200}, 60});
    if (!middle) {
      ++without;
      continue;
    }
    EXPECT_TRUE(((*middle - size / 2).array() >= 0).all());
    EXPECT_TRUE(((*middle + size / 2).array() <= 400).all());
    for (const Box& box : boxes) {
      const Eigen::Array2d apart = (box.middle_px - *middle).array().abs();
      EXPECT_FALSE((apart < (box.size_px + size).array() / 2).all()) << k;
    }
    boxes.push_back({*middle, size});
  }
  EXPECT_GT(boxes.size(), 200U);
  EXPECT_GT(without, 0);  // at last it is full
}

TEST(LabelPlaces, TheWantedDirectionIsTakenWhenItIsFree) {
  LabelPlaces places({400, 400});
  const LabelPlaces::Wish upward{{200, 200}, {20, 10}, {0, -1}, 40};
  EXPECT_LT(places.Place(upward)->y(), 195);
  EXPECT_NEAR(places.Place({{100, 200}, {20, 10}, {0, -1}, 40})->x(), 100, 1e-9);
  // Now it is taken: the next one goes elsewhere, near.
  const auto second = places.Place(upward);
  ASSERT_TRUE(second);
  EXPECT_GT(std::abs(second->x() - 200), 5);
}

// One target along x; its track is there for the first half, then 400 m beside it; at the end a
// second one takes over.
TrackedScenario HalfFollowed() {
  TrackedScenario scenario;
  scenario.targets = {{"<t&\xff>", "vehicle", "-1"}};
  scenario.tracks = {"first", "a \"second\" name, which is too long to be shown"};
  for (int t = 0; t < 30; ++t) {
    ScoredEpoch epoch;
    epoch.time_s = t;
    epoch.truths.push_back({0, {t * 20.0, 0}, {20, 0}});
    TrackPoint track;
    track.p_en_m = {t * 20.0, t < 15 ? 5.0 : 400.0};
    if (t < 25) epoch.tracks.push_back(track);
    track.track = 1;
    track.p_en_m.y() = -5;
    if (t >= 25) epoch.tracks.push_back(track);
    scenario.epochs.push_back(epoch);
  }
  return scenario;
}

std::size_t CountOf(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(TrackPicture, MarksWhatIsMissedFalseAndTakenOver) {
  const TrackedScenario scenario = HalfFollowed();
  const auto score = ScoreTracks(scenario, {});
  ASSERT_TRUE(score);
  const std::string svg = DrawTracks(scenario, *score, {.title = "a & b"});
  // One each besides the legend's.
  EXPECT_EQ(CountOf(svg, "class=\"missed\""), 2U);
  EXPECT_EQ(CountOf(svg, "class=\"false\""), 2U);
  EXPECT_EQ(score->id_switches, 1U);
  EXPECT_EQ(CountOf(svg, "class=\"s\""), 2U);
  EXPECT_EQ(CountOf(svg, "class=\"track\""), 2U);
  // 580 m fit 1112 pixels: missed from 280 m, where the line joins what was matched, to 480 m.
  const double px_per_m = 1112 / 580.0;
  const auto x_of = [&](double x_m) { return fmt::format("M{:.1f} ", 24 + x_m * px_per_m); };
  const std::size_t missed = svg.find("class=\"missed\"");
  const std::string path = svg.substr(missed, svg.find("/>", missed) - missed);
  EXPECT_THAT(path, ::testing::HasSubstr("d=\"" + x_of(280)));
  EXPECT_THAT(path, ::testing::HasSubstr(fmt::format("L{:.1f} ", 24 + 480 * px_per_m)));
  EXPECT_THAT(path,
              ::testing::Not(::testing::HasSubstr(fmt::format("L{:.1f}", 24 + 500 * px_per_m))));
  EXPECT_THAT(svg, ::testing::HasSubstr(fmt::format("GOSPA {:.1f} m", score->gospa_m)));
}

TEST(TrackPicture, IsWellFormedWhateverTheNames) {
  const TrackedScenario scenario = HalfFollowed();
  const std::string svg =
      DrawTracks(scenario, *ScoreTracks(scenario, {}), {.title = "<script>&amp;\x01"});
  const auto parsed = ParseXml(svg, "picture.svg");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_THAT(svg, ::testing::HasSubstr("&lt;script&gt;&amp;amp;?"));
  EXPECT_THAT(svg, ::testing::HasSubstr(">&lt;t&amp;?&gt;<"));
  EXPECT_THAT(svg, ::testing::HasSubstr(">a \"second\" name, which i<"));
}

TEST(TrackPicture, IsDrawnWithoutAnyTrack) {
  TrackedScenario scenario = HalfFollowed();
  for (ScoredEpoch& epoch : scenario.epochs) epoch.tracks.clear();
  const std::string svg = DrawTracks(scenario, *ScoreTracks(scenario, {}), {});
  EXPECT_EQ(CountOf(svg, "class=\"track\""), 0U);
  EXPECT_EQ(CountOf(svg, "class=\"missed\""), 2U);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

}  // namespace
}  // namespace trucewatch::tools
