// SPDX-License-Identifier: Apache-2.0
#include "fusion/group_book.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/fusion/simulation.h"

namespace trucewatch {
namespace {

using testing::At;

GroupReport People(double east_m, double north_m, int low, double expected, int high) {
  GroupReport report;
  report.object_class = ObjectClass::kPersonGroup;
  report.p_en_m = {east_m, north_m};
  report.cov_en_m2 = 9.0 * Eigen::Matrix2d::Identity();
  report.extent_m = 12;
  report.count_min = low;
  report.count_expected = expected;
  report.count_max = high;
  report.score = 0.9;
  return report;
}

Look VideoLook(double time_s, std::vector<GroupReport> groups, const std::string& source = "quad") {
  Look look;
  look.source = {source};
  look.lineage.modality = Modality::kVideoRgb;
  look.lineage.georeference = source + "-gps";
  look.time = At(time_s);
  look.footprint_en_m = {{-60, -60}, {60, -60}, {60, 60}, {-60, 60}};
  look.group_detection_probability = 0.9;
  look.groups = std::move(groups);
  look.raw_digests = {Digest{static_cast<std::uint8_t>(time_s)}};
  return look;
}

struct Book {
  GroupBook book{GroupBookOptions{}};
  std::uint64_t last = 0;
  void Take(const Look& look) {
    book.Process(look, [&] { return GroupId{++last}; });
  }
};

TEST(GroupBook, AGatheringKeepsItsIdAndItsSupportWhileItGrowsAndDrifts) {
  Book b;
  std::mt19937_64 random(1);
  std::normal_distribution<double> noise(0, 2);
  for (int k = 0; k <= 60; ++k) {
    const double n = 10 + k / 3.0;
    b.Take(VideoLook(k, {People(0.3 * k + noise(random), noise(random), static_cast<int>(n) - 3, n,
                                static_cast<int>(n) + 3)}));
    ASSERT_EQ(b.book.Estimates(At(k)).size(), 1u) << k;
  }
  const BookGroup group = b.book.Estimates(At(60))[0];
  EXPECT_EQ(group.id.value, 1u);
  EXPECT_LT((group.p_en_m - Eigen::Vector2d(18, 0)).norm(), 4.0);
  EXPECT_LE(group.count.min, 30);
  EXPECT_GE(group.count.max, 30);
  EXPECT_LE(group.count.max - group.count.min, 14);
  EXPECT_GT(group.existence, 0.99);
  ASSERT_EQ(group.supports.size(), 1u);
  EXPECT_EQ(group.supports[0].updates, 61);
  EXPECT_EQ(group.supports[0].raw_digests.size(), kMaxSupportDigests);
  EXPECT_EQ(group.first, At(0));
  EXPECT_EQ(group.last, At(60));
  // One georeference: sixty reports are no surer of the place than one.
  EXPECT_GE(group.cov_en_m2(0, 0), 9.0 - 1e-9);
}

TEST(GroupBook, OneThatLeftDiesOnlyWhereALookCouldHaveSeenIt) {
  const auto remains = [](auto change) {
    Book b;
    for (int k = 0; k < 10; ++k) b.Take(VideoLook(k, {People(0, 0, 20, 25, 30)}));
    for (int k = 10; k < 40; ++k) {
      Look look = VideoLook(k, {});
      change(look);
      b.Take(look);
    }
    return b.book.Estimates(At(40)).size();
  };
  EXPECT_EQ(remains([](Look&) {}), 0u);
  EXPECT_EQ(remains([](Look& look) { look.group_detection_probability = 0; }), 1u);
  EXPECT_EQ(remains([](Look& look) { look.footprint_en_m.clear(); }), 1u);
  EXPECT_EQ(remains([](Look& look) {  // half of the group out of view
              look.footprint_en_m = {{0, -60}, {60, -60}, {60, 60}, {0, 60}};
            }),
            1u);
}

TEST(GroupBook, OneMissAmongManyLooksDoesNotEndAGroup) {
  Book b;
  for (int k = 0; k < 40; ++k) {
    b.Take(VideoLook(k, k % 4 == 3 ? std::vector<GroupReport>{}
                                   : std::vector<GroupReport>{People(0, 0, 20, 25, 30)}));
  }
  EXPECT_GT(b.book.Estimates(At(40)).at(0).existence, 0.9);
  EXPECT_EQ(b.last, 1u);
}

TEST(GroupBook, LooksOfOneMomentAreOneWordNotMany) {
  Book slow, fast;
  for (int k = 0; k < 10; ++k) {
    slow.Take(VideoLook(k, {People(0, 0, 20, 25, 30)}));
    fast.Take(VideoLook(k, {People(0, 0, 20, 25, 30)}));
  }
  slow.Take(VideoLook(11, {}));
  for (int k = 1; k <= 10; ++k) fast.Take(VideoLook(9 + 0.2 * k, {}));
  const double a = slow.book.Estimates(At(11)).at(0).existence;
  const double b = fast.book.Estimates(At(11)).at(0).existence;
  EXPECT_NEAR(a, b, 0.003);  // they fade a little in between
}

TEST(GroupBook, TwoGroupsApartStayTwoAndPeopleNeverBecomeVehicles) {
  Book b;
  for (int k = 0; k < 10; ++k) {
    GroupReport trucks = People(2, 2, 4, 5, 6);
    trucks.object_class = ObjectClass::kTruck;
    b.Take(VideoLook(k, {People(40, 0, 4, 5, 6), People(-40, 0, 8, 9, 10), trucks}));
  }
  const auto groups = b.book.Estimates(At(10));
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(b.last, 3u);
  EXPECT_NEAR(groups[0].p_en_m.x(), 40, 1);
  EXPECT_NEAR(groups[1].p_en_m.x(), -40, 1);
  EXPECT_EQ(groups[2].object_class, ObjectClass::kTruck);
}

TEST(GroupBook, IsForgottenWhenNobodyReportsIt) {
  Book b;
  b.Take(VideoLook(0, {People(0, 0, 20, 25, 30)}));
  b.Take(VideoLook(5, {People(0, 0, 20, 25, 30)}));
  EXPECT_EQ(b.book.Estimates(At(300)).size(), 1u);
  EXPECT_TRUE(b.book.Estimates(At(306)).empty());
  EXPECT_TRUE(b.book.groups().empty());
  b.Take(VideoLook(310, {People(0, 0, 20, 25, 30)}));
  EXPECT_EQ(b.book.groups().at(0).id.value, 2u);  // an id is never used again
}

TEST(FuseCounts, OneReportIsItself) {
  const std::vector<CountReport> one{{At(0), {"a"}, 25, 20, 31}};
  const FusedCount count = FuseCounts(one, 10);
  EXPECT_DOUBLE_EQ(count.expected, 25);
  EXPECT_EQ(count.min, 20);
  EXPECT_EQ(count.max, 31);
}

TEST(FuseCounts, RepetitionBySameSourceMakesNothingSurerAndDisagreementLessSure) {
  std::vector<CountReport> same, differing;
  for (int k = 0; k < 20; ++k) {
    same.push_back({At(k), {"a"}, 25, 20, 30});
    const int shift = k % 2 == 0 ? -5 : 5;
    differing.push_back({At(k), {"a"}, 25.0 + shift, 20 + shift, 30 + shift});
  }
  const FusedCount a = FuseCounts(same, 10), b = FuseCounts(differing, 10);
  EXPECT_EQ(a.max - a.min, 10);
  EXPECT_GE(b.max - b.min, 20);  // sqrt((10/3.92)^2 + 5^2) x 3.92 = 22
}

TEST(FuseCounts, IndependentSourcesAreSurerTogetherUnlessTheyDisagree) {
  // Two of sigma 5/1.96: together sigma / sqrt 2, half width 3.5.
  const std::vector<CountReport> agree{{At(0), {"a"}, 25, 20, 30}, {At(0), {"b"}, 25, 20, 30}};
  EXPECT_EQ(FuseCounts(agree, 10).min, 21);
  EXPECT_EQ(FuseCounts(agree, 10).max, 29);
  const std::vector<CountReport> differ{{At(0), {"a"}, 15, 10, 20}, {At(0), {"b"}, 35, 30, 40}};
  const FusedCount count = FuseCounts(differ, 10);
  EXPECT_NEAR(count.expected, 25, 1e-9);
  // Birge: chi2 = 2 (10/2.55)^2 over 1: half width 1.96 * 10.
  EXPECT_EQ(count.min, 5);
  EXPECT_EQ(count.max, 45);
}

TEST(FuseCounts, HoldsTheTruthAsOftenAsItSays) {
  // Two sources, each with an error of its own that it repeats, and noise on top.
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  int inside = 0;
  const int rounds = 2000;
  for (int round = 0; round < rounds; ++round) {
    std::vector<CountReport> reports;
    for (const char* source : {"a", "b"}) {
      const double own = 40 + 3 * normal(random);
      for (int k = 0; k < 10; ++k) {
        const double x = own + normal(random);
        reports.push_back({At(k),
                           {source},
                           x,
                           static_cast<int>(std::floor(x - 1.96 * 3.16)),
                           static_cast<int>(std::ceil(x + 1.96 * 3.16))});
      }
    }
    const FusedCount count = FuseCounts(reports, 10);
    inside += count.min <= 40 && 40 <= count.max ? 1 : 0;
  }
  EXPECT_GE(inside, 0.95 * rounds);
}

}  // namespace
}  // namespace trucewatch
