// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/verify/coverage/coverage_scene.h"

namespace trucewatch {
namespace {

using namespace coverage_scene;

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(CoverageBook, AFootprintSmallerThanACellIsAPartialLookWhateverWasSeenThere) {
  CoverageBook book = Book();
  book.Begin(At(0));
  Picture picture;
  picture.settled = true;
  Group people;
  people.object_class = ObjectClass::kPersonGroup;
  people.count_expected = 30;
  people.position = Place(250, 250);  // in the middle of cell 6, and of the footprint
  picture.groups.push_back(people);
  const auto given = Pictures(book, 0, 61, [&](int t) {
    SettledLook look = Look("drone2", t, 0.05, Box(215, 230, 285, 270));
    look.group_probability = 0.95;
    Add(book, look);
    look = Look("drone1", t, 0.0, Box(-1100, -600, -400, 600));  // cells 0 and 4, parts of 1 and 5
    look.group_probability = 0.9;
    Add(book, look);
    picture.time = At(t);
    if (t == 30) book.AddPicture(picture);
  });
  ASSERT_THAT(given, SizeIs(1));
  ExpectAddsUp(given[0].account);
  EXPECT_EQ(OfClass(given[0].account, 2),
            "nothing 2, degraded 2 (partial: drone1 saw part of the cell), "
            "degraded 1 (partial: drone2 saw part of the cell), not 3 (no source looked here)");
  // With 0.05 it is not worth the name.
  EXPECT_EQ(Moving(given[0].account),
            "not 1 (no look was good enough), not 7 (no source looked here)");
}

TEST(CoverageBook, WhatWholeLooksSayGoesBeforePartialOnes) {
  CoverageBook book = Book();
  book.Begin(At(0));
  const auto given = Pictures(book, 0, 121, [&](int t) {
    SettledLook hazy = Look("radar1", t, 0.8, Box(-1100, -600, 0, 0));  // cells 0 and 1
    hazy.degraded_reason = "haze";
    if (t < 60) Add(book, hazy);
    Add(book, Look("radar2", t, 0.8, Box(0, -600, 500, 0)));                   // cell 2
    Add(book, Look("radar3", t, 0.05 * (t == 3), Box(-1100, 0, -500, 600)));   // cell 4, too badly
    if (t < 60) Add(book, Look("drone2", t, 0.9, Box(-800, -300, 700, 300)));  // parts of all
  });
  ASSERT_THAT(given, SizeIs(2));
  EXPECT_EQ(Moving(given[0].account),
            "nothing 1, degraded 2 (haze), degraded 5 (partial: drone2 saw part of the cell)");
  // Those that looked here and fell silent are named, also where they saw part only.
  EXPECT_EQ(Moving(given[1].account),
            "nothing 1, not 5 (drone2 gave no look since 12:00:59), "
            "not 2 (radar1 gave no look since 12:00:59)");
}

TEST(CoverageBook, PartialLooksNeverAddUpToAWholeOne) {
  // The western and the eastern half of cell 0, each second.
  CoverageBook book = Book();
  book.Begin(At(0));
  const auto given = Pictures(book, 0, 61, [&](int t) {
    Add(book, Look("drone2", t, 0.9, t % 2 ? Box(-1000, -500, -750, 0) : Box(-750, -500, -500, 0)));
  });
  EXPECT_EQ(Moving(given.at(0).account),
            "degraded 1 (partial: drone2 saw part of the cell), not 7 (no source looked here)");
}

TEST(CoverageBook, LateLooksAmendTheAccountOnceAtTheNextEnd) {
  const auto radar = [](CoverageBook& book) {
    return [&book](int t) {
      if (t % 3 == 0) Add(book, Look("radar1", t, 0.8, Box(-1100, -600, 0, 600)));
    };
  };
  CoverageBook whole = Book();
  whole.Begin(At(0));
  const auto expected = Pictures(whole, 0, 61, [&](int t) {
    radar(whole)(t);
    Add(whole, Look("drone1", t, 0.9, Box(0, -600, 1100, 600)));
  });
  CoverageBook book = Book();
  book.Begin(At(0));
  auto given = Pictures(book, 0, 90, radar(book));
  ASSERT_THAT(given, SizeIs(1));
  EXPECT_EQ(Moving(given[0].account), "nothing 4, not 4 (no source looked here)");
  for (int t = 59; t >= 0; --t) {
    SettledLook look = Look("drone1", t, 0.9, Box(0, -600, 1100, 600));
    look.late = true;
    Add(book, look);
  }
  given = Pictures(book, 90, 181, radar(book));
  ASSERT_THAT(given, SizeIs(3));
  EXPECT_TRUE(given[0].account.amended);
  EXPECT_EQ(given[0].account.start, At(0));
  EXPECT_EQ(Moving(given[0].account), Moving(expected.at(0).account));
  EXPECT_EQ(Moving(given[0].account), "nothing 8");
  EXPECT_FALSE(given[1].account.amended);
  EXPECT_FALSE(given[2].account.amended);
}

// Three zones of one 500 m cell each, side by side.
CoverageBook ThreeZones() {
  std::vector<Zone> zones;
  for (const auto& [id, west] : {std::pair{"a", 0}, std::pair{"b", 1000}, std::pair{"c", 2000}})
    zones.push_back({id, id, Side::kA, PolygonShape(Box(west, 0, west + 500, 500)), {}});
  auto book = CoverageBook::Make(Terms(), zones, 4);
  EXPECT_TRUE(book) << book.error().message;
  return std::move(*book);
}

TEST(CoverageBook, ALateLookAmendsTheZonesItChangesAndNoOther) {
  CoverageBook book = ThreeZones();
  book.Begin(At(0));
  // It falls silent, and then scans five times slower than before: what is usual of it by then does
  // not make good what it owed in the first minute.
  const auto radar = [&](int t) {
    if (t < 30 ? t % 5 == 0 : t >= 60 && t % 25 == 10)
      Add(book, Look("radar1", t, 0.8, Box(-100, -100, 1600, 600)));
  };
  auto given = Pictures(book, 0, 450, radar);
  ASSERT_THAT(given, SizeIs(21));
  EXPECT_EQ(Moving(given[0].account), "degraded 1 (radar1 gave no look for 35 s)");
  EXPECT_EQ(Moving(given[18].account), "nothing 1");
  for (const Given& one : given) EXPECT_FALSE(one.account.amended);
  SettledLook pass = Look("sat1", 20, 0.0, Box(900, -100, 2600, 600));
  pass.standing_vehicle_probability = 0.92;
  pass.late = true;
  Add(book, pass);
  // Neither does a look that says nothing new.
  SettledLook weak = Look("radar1", 20, 0.1, Box(-100, -100, 600, 600));
  weak.late = true;
  Add(book, weak);
  // Restarted in between, all the same.
  v1::VerifySnapshot::Coverage snapshot;
  book.Write(&snapshot);
  CoverageBook again = ThreeZones();
  ASSERT_TRUE(again.Read(snapshot));
  book = std::move(again);
  given = Pictures(book, 450, 481, radar);
  ASSERT_THAT(given, SizeIs(5));
  EXPECT_EQ(given[0].account.zone, "b");
  EXPECT_EQ(given[1].account.zone, "c");
  for (std::size_t i : {0u, 1u}) {
    EXPECT_TRUE(given[i].account.amended);
    EXPECT_EQ(given[i].account.start, At(0));
    EXPECT_EQ(OfClass(given[i].account, 1), "nothing 1");
  }
  for (std::size_t i : {2u, 3u, 4u}) EXPECT_FALSE(given[i].account.amended);
  // And once more nowhere: it is on record.
  Add(book, pass);
  given = Pictures(book, 481, 541, radar);
  ASSERT_THAT(given, SizeIs(3));
  for (const Given& one : given) EXPECT_FALSE(one.account.amended);
}

TEST(CoverageBook, AnImpedimentFarAwayAmendsNothing) {
  CoverageBook book = ThreeZones();
  book.Begin(At(0));
  ASSERT_THAT(Pictures(book, 0, 70, [](int) {}), SizeIs(3));
  HumanRecord record;
  record.kind = HumanRecordKind::kImpediment;
  record.impediment = "denied";
  record.position = Place(9000, 250);
  record.radius_m = 300;
  record.time_first = At(10);
  record.time_last = At(50);
  book.AddImpediment(record);
  record.position = Place(2250, 250);
  book.AddImpediment(record);
  const auto given = Pictures(book, 70, 121, [](int) {});
  ASSERT_THAT(given, SizeIs(4));
  EXPECT_TRUE(given[0].account.amended);
  EXPECT_EQ(given[0].account.zone, "c");
  EXPECT_EQ(Moving(given[0].account), "not 1 (impediment: denied)");
}

TEST(CoverageBook, AMissionThatGoesOnAfterItsEndGivesTheLastPeriodInFull) {
  CoverageBook book = ThreeZones();
  book.Begin(At(0));
  Pictures(book, 0, 31, [](int) {});
  ASSERT_THAT(book.Finish(), SizeIs(3));
  EXPECT_THAT(book.Finish(), IsEmpty());  // nothing new
  const auto given = Pictures(book, 31, 61, [](int) {});
  ASSERT_THAT(given, SizeIs(3));
  for (const Given& one : given) {
    EXPECT_TRUE(one.account.amended);  // of the same shares, up to a later end
    EXPECT_EQ(one.account.end, At(60));
  }
}

TEST(CoverageBook, AnHourLateIsTooLate) {
  CoverageBook book = Book();
  book.Begin(At(0));
  Pictures(book, 0, 3800, [](int) {});
  const auto late = book.AddLook(Look("drone1", 30, 0.9, kAll));
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().message, HasSubstr("too late for the coverage account"));
  Add(book, Look("drone1", -30, 0.9, kAll));  // before the mission: nobody's account
  EXPECT_THAT(book.Finish(), SizeIs(1));
}

TEST(CoverageBook, TheLastPeriodGoesToTheMissionsEnd) {
  CoverageBook book = Book();
  book.Begin(At(15));  // and the first begins with it
  const auto given =
      Pictures(book, 15, 86, [&](int t) { Add(book, Look("radar1", t, 0.8, kAll)); });
  ASSERT_THAT(given, SizeIs(1));
  EXPECT_EQ(given[0].account.start, At(15));
  EXPECT_EQ(given[0].account.end, At(60));
  const auto last = book.Finish();
  ASSERT_THAT(last, SizeIs(1));
  EXPECT_EQ(last[0].account.start, At(60));
  EXPECT_EQ(last[0].account.end, At(85));
  EXPECT_EQ(Moving(last[0].account), "nothing 8");
  EXPECT_FALSE(last[0].account.amended);
}

TEST(CoverageBook, ALongSilenceIsOneAccount) {
  CoverageBook book = Book();
  book.Begin(At(0));
  EXPECT_THAT(book.Advance(At(5)), IsEmpty());
  const auto given = book.Advance(At(86'400 * 30));
  ASSERT_THAT(given, SizeIs(2));
  EXPECT_EQ(given[1].account.start, At(60));
  EXPECT_EQ(given[1].account.end, At(86'400 * 30));
  EXPECT_EQ(Moving(given[1].account), "not 8 (no source looked here)");
}

}  // namespace
}  // namespace trucewatch
