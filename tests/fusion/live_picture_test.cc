// SPDX-License-Identifier: Apache-2.0
#include "fusion/live_picture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "core/types/codec.h"
#include "tests/fusion/stage_feed.h"

namespace trucewatch {
namespace {

using testing::At;
using testing::Sent;
using testing::StageMission;

std::unique_ptr<FusionStage> LiveStage(bool live = true) {
  v1::config::FusionConfig config = testing::DefaultConfig();  // the hold is 6 s
  config.set_settled_lag_s(30);
  auto stage = FusionStage::Create(
      {.config = config, .origin = testing::StageOrigin(), .live_pictures = live});
  EXPECT_TRUE(stage);
  return std::move(*stage);
}

bool IsLive(const std::string& output) {
  const auto envelope = ParseEnvelope(output);
  return envelope && envelope->has_picture() && !envelope->picture().settled();
}

std::vector<Picture> LiveOf(const std::vector<std::string>& outputs) {
  std::vector<Picture> pictures = testing::PicturesOf(outputs);
  std::erase_if(pictures, [](const Picture& picture) { return picture.settled; });
  return pictures;
}

// Each look up to `longest_s` late, in order of arrival.
std::vector<Sent> Delayed(const std::vector<Sent>& sent, double longest_s, unsigned seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> delay(0, longest_s);
  std::vector<std::pair<double, std::size_t>> arrival;
  for (std::size_t k = 0; k < sent.size(); ++k) {
    arrival.emplace_back(sent[k].time_s + delay(random), k);
  }
  std::sort(arrival.begin(), arrival.end());
  std::vector<Sent> result;
  for (const auto& [time, k] : arrival) result.push_back(sent[k]);
  return result;
}

TEST(LivePicture, ShowsTheConvoyWhereItIsNowOncePerPeriodWhileTheSettledOneIsHalfAMinuteBehind) {
  const StageMission mission{.seconds = 60};
  const LocalFrame frame(testing::StageOrigin());
  auto stage = LiveStage();
  std::optional<Instant> newest, last_live, last_settled;
  std::size_t live = 0;
  for (const Sent& sent : testing::MakeMission(mission)) {
    newest = std::max(newest.value_or(At(sent.time_s)), At(sent.time_s));
    for (const Picture& picture : testing::PicturesOf(testing::Feed(*stage, {sent.payload}))) {
      if (picture.settled) {
        last_settled = picture.time;
        continue;
      }
      ++live;
      EXPECT_EQ(picture.time, *newest);
      last_live = picture.time;
      if (sent.time_s < 15) continue;
      ASSERT_EQ(picture.groups.size(), 1u) << sent.time_s;
      const auto truths = testing::MissionTruth(mission, sent.time_s);
      const Eigen::Vector2d middle = 0.5 * (truths.front().p_m + truths.back().p_m);
      const Eigen::Vector2d at = frame.EnuFromGeodetic(picture.groups[0].position).head<2>();
      EXPECT_LT((at - middle).norm(), 25.0) << sent.time_s;
      EXPECT_NEAR(picture.groups[0].count_expected, 8.0, 1.0) << sent.time_s;
    }
  }
  EXPECT_EQ(live, 62u);  // at 0 s, and in each second from 0.2 to 60.2 s
  ASSERT_TRUE(last_live && last_settled);
  EXPECT_GT(*last_live - *last_settled, Duration::Seconds(28));
}

TEST(LivePicture, ChangesNothingThatIsSettled) {
  const auto payloads = testing::WithStatuses(
      Delayed(testing::MakeMission({.seconds = 40, .seed = 2, .people = 9}), 5.9, 3));
  std::vector<std::string> with = testing::Feed(*LiveStage(), payloads);
  const std::size_t all = with.size();
  std::erase_if(with, IsLive);
  EXPECT_LT(with.size(), all);
  EXPECT_EQ(with, testing::Feed(*LiveStage(false), payloads));
}

// The last look makes a picture of all that came before it, whatever order it came in.
TEST(LivePicture, TakesInWhatComesLateWithinTheHold) {
  std::vector<Sent> sent = testing::MakeMission({.seconds = 30, .seed = 4, .people = 9});
  const Sent last = sent.back();
  sent.pop_back();
  std::optional<std::string> expected;
  for (unsigned round = 0; round < 10; ++round) {
    std::vector<Sent> order = round == 0 ? sent : Delayed(sent, 5.9, round);
    order.push_back({.time_s = last.time_s + 1, .payload = last.payload});
    auto payloads = testing::WithStatuses(order);
    payloads.resize(payloads.size() - 2);  // the sources go on
    std::vector<std::string> outputs = testing::Feed(*LiveStage(), payloads, 1 + round);
    std::erase_if(outputs, [](const std::string& output) { return !IsLive(output); });
    ASSERT_FALSE(outputs.empty());
    if (!expected) expected = outputs.back();
    EXPECT_TRUE(outputs.back() == *expected) << round;
  }
  const auto picture = testing::PicturesOf({*expected}).at(0);
  EXPECT_EQ(picture.time, At(last.time_s));
  EXPECT_EQ(picture.groups.size(), 2u);
}

TEST(LivePicture, ARestoredStageGoesOnWithTheSameBytes) {
  const auto payloads = testing::WithStatuses(
      Delayed(testing::MakeMission({.seconds = 40, .seed = 5, .people = 9}), 5.9, 6));
  const auto expected = testing::Feed(*LiveStage(), payloads, 1);
  std::mt19937_64 random(7);
  for (int round = 0; round < 8; ++round) {
    const auto middle =
        payloads.begin() + static_cast<std::ptrdiff_t>(random() % (payloads.size() + 1));
    auto first = LiveStage();
    auto outputs = testing::Feed(*first, {payloads.begin(), middle}, 1);
    auto second = LiveStage();
    ASSERT_TRUE(second->Restore(*first->Snapshot()));
    const auto rest = testing::Feed(*second, {middle, payloads.end()}, 1);
    outputs.insert(outputs.end(), rest.begin(), rest.end());
    ASSERT_TRUE(outputs == expected) << middle - payloads.begin();
  }
}

TEST(LivePicture, PeopleAreACountThereAtOnceAndKeepTheirIdWhenSettled) {
  const auto outputs = testing::Feed(
      *LiveStage(), testing::WithStatuses(testing::MakeMission({.seconds = 60, .people = 9})), 1);
  std::optional<Instant> live_from, settled_from;
  GroupId settled_id, live_id;
  for (const Picture& picture : testing::PicturesOf(outputs)) {
    for (const Group& group : picture.groups) {
      if (group.object_class != ObjectClass::kPersonGroup) continue;
      EXPECT_TRUE(group.members.empty());
      EXPECT_LE(group.count_min, 9);
      EXPECT_GE(group.count_max, 9);
      if (picture.settled && !settled_from) settled_from = picture.time;
      if (!picture.settled && !live_from) live_from = picture.time;
      (picture.settled ? settled_id : live_id) = group.id;
    }
  }
  ASSERT_TRUE(live_from && settled_from);
  EXPECT_LE(*live_from, At(1.2));
  EXPECT_EQ(live_id, settled_id);
}

// A source that is waited for says nothing: nothing is settled, and the picture goes on, of the
// last minute or two, in a restored stage as well.
TEST(LivePicture, GoesOnWhileASilentSourceHoldsEverythingBack) {
  const StageMission mission{.seconds = 260, .vehicles = 3, .camera_period_s = 1};
  auto stage = LiveStage();
  std::vector<std::string> payloads{testing::StatusEnvelope("drone2", 0, SourceState::kStarted)};
  for (const Sent& sent : Delayed(testing::MakeMission(mission), 5.9, 8)) {
    payloads.push_back(sent.payload);
  }
  // It speaks at last, of 100 s, and all before goes out.
  std::mt19937_64 random(9);
  testing::CameraModel elsewhere;
  elsewhere.source = "drone2";
  elsewhere.centre_m = {5000, 5000};
  payloads.push_back(testing::EnvelopeOf(testing::CameraLook(elsewhere, 100, {}, random),
                                         LocalFrame(testing::StageOrigin())));
  const std::vector<std::string> more = [&] {
    std::vector<std::string> rest(payloads.end() - 12, payloads.end());
    std::rotate(rest.begin(), rest.end() - 1, rest.end());
    return rest;
  }();
  payloads.resize(payloads.size() - 12);
  const auto outputs = testing::Feed(*stage, payloads);
  const auto pictures = testing::PicturesOf(outputs);
  ASSERT_EQ(pictures.size(), LiveOf(outputs).size());
  auto restored = LiveStage();
  ASSERT_TRUE(restored->Restore(*stage->Snapshot()));
  const auto after = testing::Feed(*stage, more, 1);
  EXPECT_TRUE(testing::Feed(*restored, more, 1) == after);
  EXPECT_GT(testing::PicturesOf(after).size(), LiveOf(after).size());
  ASSERT_GT(pictures.size(), 120u);  // not in each second comes something newer
  EXPECT_EQ(pictures.back().tracks.size(), 3u);
}

}  // namespace
}  // namespace trucewatch
