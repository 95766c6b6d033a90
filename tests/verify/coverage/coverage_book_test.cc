// SPDX-License-Identifier: Apache-2.0
#include "verify/coverage/coverage_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/verify/coverage/coverage_scene.h"

namespace trucewatch {
namespace {

using namespace coverage_scene;

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(CoverageBook, ProbabilityIsThatOfTheBestLooksTenSecondsApart) {
  // p per look such that six independent ones reach 0.9 exactly, and a little less.
  const double exact = 1.0 - std::pow(0.1, 1.0 / 6.0);
  for (const auto& [p, expected] :
       {std::pair{exact + 1e-6, "nothing 8"}, std::pair{exact - 1e-6, "degraded 8 (partial)"}}) {
    CoverageBook book = Book();
    book.Begin(At(0));
    // Sixty looks in a minute are six independent ones.
    const auto given = Pictures(book, 0, 61, [&](int t) { Add(book, Look("radar1", t, p, kAll)); });
    ASSERT_THAT(given, SizeIs(1));
    EXPECT_EQ(Moving(given[0].account), expected) << p;
    EXPECT_EQ(given[0].account.start, At(0));
    EXPECT_EQ(given[0].account.end, At(60));
    EXPECT_EQ(given[0].account.side, "A");
    EXPECT_NEAR(given[0].account.area_km2, 2.0, 1e-3);
    ExpectAddsUp(given[0].account);
  }
}

TEST(CoverageBook, SourcesMissIndependently) {
  // 1 - (1-a)^6 (1-b)^6 against 0.9: neither alone reaches it.
  const double half = 1.0 - std::pow(0.1, 1.0 / 12.0);
  CoverageBook book = Book();
  book.Begin(At(0));
  const auto given = Pictures(book, 0, 61, [&](int t) {
    Add(book, Look("radar1", t, half + 1e-6, kAll));
    Add(book, Look("drone1", t, half + 1e-6, Box(-1100, -600, 0, 600)));
  });
  EXPECT_EQ(Moving(given.at(0).account), "nothing 4, degraded 4 (partial)");
}

TEST(CoverageBook, WhatNobodyWatchedIsNotObserved) {
  CoverageBook book = Book();
  book.Begin(At(0));
  const auto given = Pictures(
      book, 0, 121, [&](int t) { Add(book, Look("radar1", t, 0.8, Box(-1100, -600, 0, 0))); });
  ASSERT_THAT(given, SizeIs(2));
  for (const Given& one : given) {
    EXPECT_EQ(Moving(one.account), "nothing 2, not 6 (no source looked here)");
    // The looks say nothing about other classes.
    EXPECT_EQ(OfClass(one.account, 1),
              "not 6 (no source looked here), not 2 (who looked sees only what moves)");
    ExpectAddsUp(one.account);
  }
  EXPECT_EQ(
      CoverageSentence(given[0].account, "Flat zone"),
      "Account of zone 'Flat zone' from 2026-03-01T12:00:00Z to 2026-03-01T12:01:00Z, 8 cells "
      "of 500 m: moving vehicles: 25 % observed, nothing seen, 75 % not observed (no source "
      "looked here); standing vehicles: 75 % not observed (no source looked here), 25 % not "
      "observed (who looked sees only what moves); groups of people: 75 % not observed (no source "
      "looked here), 25 % not observed (who looked sees only what moves).");
}

TEST(CoverageBook, ARadarOutageOfFortySecondsIsLostCoverage) {
  CoverageBook book = Book();
  book.Begin(At(0));
  // A look each 3 s; nothing from 130 to 170 s.
  const auto given = Pictures(book, 0, 301, [&](int t) {
    if (t % 3 == 0 && (t < 130 || t > 170)) Add(book, Look("radar1", t, 0.8, kAll));
  });
  ASSERT_THAT(given, SizeIs(5));
  EXPECT_EQ(Moving(given[0].account), "nothing 8");
  EXPECT_EQ(Moving(given[1].account), "nothing 8");
  EXPECT_EQ(Moving(given[2].account), "degraded 8 (radar1 gave no look for 42 s)");
  EXPECT_EQ(Moving(given[3].account), "nothing 8");
}

TEST(CoverageBook, ASourceThatFellSilentIsNamedWithItsLastLook) {
  CoverageBook book = Book();
  book.Begin(At(0));
  const auto given = Pictures(book, 0, 181, [&](int t) {
    if (t % 3 == 0 && t < 55) Add(book, Look("radar1", t, 0.8, kAll));
  });
  ASSERT_THAT(given, SizeIs(3));
  EXPECT_EQ(Moving(given[1].account), "not 8 (radar1 gave no look since 12:00:54)");
  EXPECT_EQ(Moving(given[2].account), "not 8 (radar1 gave no look since 12:00:54)");
}

SourceStatus Status(const char* source, int t, SourceState state, const char* reason = "") {
  return {{source}, At(t), state, reason};
}

TEST(CoverageBook, WhatIsOnRecordAboutASilentSourceIsTheReason) {
  CoverageBook book = Book();
  book.Begin(At(0));
  const char* kWhy = "station fs1: no data for 3.0 s (connected)";
  const auto given = Pictures(book, 0, 361, [&](int t) {
    if (t == 58) book.AddStatus(Status("radar1", 55, SourceState::kLate, kWhy));
    if (t == 59)
      book.AddStatus(Status("radar1", 59, SourceState::kUnspecified, "line back after 4.0 s"));
    if (t == 180) book.AddStatus(Status("radar1", 180, SourceState::kResumed, "data again"));
    if (t == 250) book.AddStatus(Status("radar1", 247, SourceState::kLate, "line broken: refused"));
    if (t == 290) book.AddStatus(Status("radar1", 290, SourceState::kResumed, "data again"));
    if (t % 3 == 0 && (t < 55 || t >= 180) && (t < 247 || t >= 290))
      Add(book, Look("radar1", t, 0.8, kAll));
    if (t == 100) {  // a snapshot in the middle of it
      v1::VerifySnapshot::Coverage saved;
      book.Write(&saved);
      book = Book();
      ASSERT_TRUE(book.Read(saved).has_value());
    }
  });
  ASSERT_THAT(given, SizeIs(6));
  const std::string since = fmt::format("not 8 (radar1 gave no look since 12:00:54: {})", kWhy);
  EXPECT_EQ(Moving(given[0].account), "nothing 8");
  EXPECT_EQ(Moving(given[1].account), since);
  EXPECT_EQ(Moving(given[2].account), since);
  EXPECT_EQ(Moving(given[3].account), "nothing 8");
  EXPECT_EQ(Moving(given[4].account),
            "degraded 8 (radar1 gave no look for 45 s: line broken: refused)");
  EXPECT_EQ(Moving(given[5].account), "nothing 8");
}

TEST(CoverageBook, LooksOfAClockThatIsNotTrustedAreDegraded) {
  CoverageBook book = Book();
  book.Begin(At(0));
  const auto given = Pictures(book, 0, 181, [&](int t) {
    if (t == 60)
      book.AddStatus(Status("radar1", 60, SourceState::kUnspecified, "clock not trusted: 7.5 s"));
    if (t == 120)
      book.AddStatus(
          Status("radar1", 120, SourceState::kUnspecified, "clock trusted again: 0.2 s"));
    if (t % 3 == 0) Add(book, Look("radar1", t, 0.8, kAll));
  });
  ASSERT_THAT(given, SizeIs(3));
  EXPECT_EQ(Moving(given[0].account), "nothing 8");
  EXPECT_EQ(Moving(given[1].account), "degraded 8 (clock not trusted)");
  EXPECT_EQ(Moving(given[2].account), "nothing 8");
}

TEST(CoverageBook, ASlowScanIsFullyWatchedAtItsOwnPace) {
  CoverageBook book = Book();
  book.Begin(At(0));
  const auto given = Pictures(book, 0, 301, [&](int t) {
    if (t % 20 == 5) Add(book, Look("radar1", t, 0.9, kAll));
  });
  EXPECT_EQ(Moving(given.at(4).account), "nothing 8");
}

TEST(CoverageBook, APassingDroneWatchedInPart) {
  CoverageBook book = Book();
  book.Begin(At(0));
  const auto given = Pictures(book, 0, 61, [&](int t) {
    // Over the western half for the first 20 s, then the eastern one.
    Add(book, Look("drone1", t, 0.95, t < 20 ? Box(-1100, -600, 0, 600) : Box(0, -600, 1100, 600)));
  });
  EXPECT_EQ(Moving(given.at(0).account), "degraded 8 (partial)");
}

SettledLook Skipped(const char* source, double time_s, int frames) {
  SettledLook look = Look(source, time_s, 0, {});
  look.degraded_reason = fmt::format("overload: {} frames skipped", frames);
  return look;
}

TEST(CoverageBook, SkippedFramesAreCountedAndTheirSourcesMinuteIsDegraded) {
  CoverageBook book = Book();
  book.Begin(At(0));
  const auto given = Pictures(book, 0, 241, [&](int t) {
    if (t % 2 == 1) return;
    const bool overload = t >= 60 && t < 120;
    const bool all_left_out = t >= 120 && t < 180;
    if ((overload && t % 6 != 0) || all_left_out) {
      Add(book, Skipped("drone1", t, 20));
    } else {
      Add(book, Look("drone1", t, 0.8, kAll));
    }
    Add(book, Look("radar1", t, 0.8, Box(-1100, -600, 0, 600)));
  });
  ASSERT_THAT(given, SizeIs(4));
  EXPECT_EQ(Moving(given[0].account), "nothing 8");
  // Where the radar looked too it does no harm.
  EXPECT_EQ(Moving(given[1].account),
            "nothing 4, degraded 4 (overload: drone1 skipped 400 frames)");
  EXPECT_EQ(Moving(given[2].account), "nothing 4, not 4 (overload: drone1 skipped 600 frames)");
  EXPECT_EQ(Moving(given[3].account), "nothing 8");
  for (const Given& one : given) ExpectAddsUp(one.account);
}

TEST(CoverageBook, SkippedFramesAreInItsSnapshot) {
  CoverageBook book = Book();
  book.Begin(At(0));
  const auto feed = [](CoverageBook& to, int from, int until) {
    return Pictures(to, from, until, [&](int t) {
      if (t % 3 == 0) {
        Add(to, t % 2 == 0 ? Skipped("drone1", t, 30) : Look("drone1", t, 0.8, kAll));
      }
    });
  };
  EXPECT_THAT(feed(book, 0, 31), SizeIs(0));
  v1::VerifySnapshot::Coverage saved;
  book.Write(&saved);
  CoverageBook restored = Book();
  ASSERT_TRUE(restored.Read(saved));
  const auto given = feed(restored, 31, 61);
  ASSERT_THAT(given, SizeIs(1));
  EXPECT_EQ(Moving(given[0].account), "degraded 8 (overload: drone1 skipped 300 frames)");
  saved.mutable_periods(0)->mutable_skipped(0)->set_source(7);
  EXPECT_FALSE(restored.Read(saved));
}

TEST(CoverageBook, DegradedLooksGiveTheirReason) {
  CoverageBook book = Book();
  book.Begin(At(0));
  const auto given = Pictures(book, 0, 61, [&](int t) {
    SettledLook look = Look("drone1", t, 0.95, Box(-1100, -600, 0, 600));
    look.degraded_reason = "haze";
    Add(book, look);
    Add(book, Look("radar1", t, 0.95, Box(-1100, -600, 1100, 0)));
  });
  // Where the radar looked too the haze does no harm.
  EXPECT_EQ(Moving(given.at(0).account),
            "nothing 4, degraded 2 (haze), not 2 (no source looked here)");
}

TEST(CoverageBook, ActivityIsOfItsClassAndNeedsALook) {
  CoverageBook book = Book();
  book.Begin(At(0));
  Picture picture;
  picture.settled = true;
  Track track;
  track.position = Place(-900, -400);
  track.velocity_en_mps = {5, 0};
  picture.tracks.push_back(track);
  track.id = {2};
  track.position = Place(900, 400);  // nobody looks there
  picture.tracks.push_back(track);
  Group people;
  people.object_class = ObjectClass::kPersonGroup;
  people.count_expected = 30;
  people.position = Place(-400, -400);
  picture.groups.push_back(people);
  people.count_expected = 3;  // too few to be spoken of
  people.position = Place(-900, -400);
  picture.groups.push_back(people);
  std::vector<Given> given;
  for (int t = 0; t < 61; ++t) {
    SettledLook look = Look("drone1", t, 0.95, Box(-1100, -600, 0, 600));
    look.group_probability = 0.95;
    Add(book, look);
    for (Given& one : book.Advance(At(t))) given.push_back(std::move(one));
    picture.time = At(t);
    if (t == 30) book.AddPicture(picture);
  }
  ASSERT_THAT(given, SizeIs(1));
  EXPECT_EQ(Moving(given[0].account), "nothing 3, activity 1, not 4 (no source looked here)");
  const auto& groups = given[0].account.classes[2].shares;
  ASSERT_THAT(groups, SizeIs(3));
  EXPECT_EQ(groups[1].state, CoverageState::kObservedActivity);
  EXPECT_EQ(groups[1].cells, 1);
}

TEST(CoverageBook, AnImpedimentIsTheReasonWhereNobodyLooked) {
  CoverageBook book = Book();
  book.Begin(At(0));
  HumanRecord record;
  record.kind = HumanRecordKind::kImpediment;
  record.impediment = "denied";
  record.position = Place(750, 250);
  record.radius_m = 300;
  record.time_first = At(10);
  record.time_last = At(50);
  book.AddImpediment(record);
  const auto given = Pictures(
      book, 0, 121, [&](int t) { Add(book, Look("radar1", t, 0.8, Box(-1100, -600, 0, 600))); });
  EXPECT_EQ(Moving(given.at(0).account),
            "nothing 4, not 1 (impediment: denied), not 3 (no source looked here)");
  EXPECT_EQ(Moving(given.at(1).account), "nothing 4, not 4 (no source looked here)");
}

TEST(CoverageBook, StandingVehiclesOfASatelliteCountForItsPeriodOnly) {
  CoverageBook book = Book();
  book.Begin(At(0));
  SettledLook pass = Look("sat1", 70, 0.0, kAll);
  pass.standing_vehicle_probability = 0.92;
  Add(book, pass);  // ahead of the pictures: it waits
  const auto given = Pictures(book, 0, 181, [](int) {});
  ASSERT_THAT(given, SizeIs(3));
  const auto standing = [&](std::size_t i) {
    return given[i].account.classes[1].shares.at(0).state;
  };
  EXPECT_EQ(standing(0), CoverageState::kNotObserved);
  EXPECT_EQ(standing(1), CoverageState::kObservedNothing);
  EXPECT_EQ(standing(2), CoverageState::kNotObserved);
  EXPECT_EQ(given[2].account.classes[1].shares[0].reason, "sat1 gave no look since 12:01:10");
}

TEST(CoverageBook, SharesAddUpForRandomLooksAndASnapshotAnywhereChangesNothing) {
  std::mt19937_64 random(7);
  const auto uniform = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  const Zone zone{"tri",
                  "Triangle",
                  Side::kNeither,
                  PolygonShape({Place(0, 0), Place(9000, 1000), Place(3000, 6000)}),
                  {}};
  for (int run = 0; run < 6; ++run) {
    CoverageBook book = Book(zone);
    CoverageBook twin = Book(zone);
    book.Begin(At(7));
    twin.Begin(At(7));
    int accounts = 0;
    int partial = 0;
    for (int t = 7; t < 400; ++t) {
      for (int i = static_cast<int>(random() % 4); i > 0; --i) {
        const double x = uniform(-1000, 9000);
        const double y = uniform(-1000, 6000);
        SettledLook look =
            Look(random() % 2 ? "radar1" : "drone1", t, random() % 3 ? uniform(0, 1) : 0.0,
                 random() % 4 ? Box(x, y, x + uniform(10, 6000), y + uniform(10, 4000))
                              : Box(x, y, x + uniform(20, 400), y + uniform(20, 400)));
        look.standing_vehicle_probability = random() % 2 ? uniform(0, 1) : 0.0;
        look.group_probability = random() % 2 ? uniform(0, 0.3) : 0.0;
        if (random() % 5 == 0) look.degraded_reason = "haze";
        look.late = random() % 10 == 0;
        if (look.late) look.time = At(std::max(7.0, t - uniform(0, 200)));
        if (random() % 20 == 0) look.time = At(t + uniform(0, 100));
        Add(book, look);
        Add(twin, look);
      }
      Picture picture;
      picture.settled = true;
      picture.time = At(t);
      Track track;
      track.position = Place(uniform(0, 9000), uniform(0, 6000));
      track.velocity_en_mps = {random() % 2 ? 5.0 : 0.0, 0};
      picture.tracks.push_back(track);
      const auto given = book.Advance(At(t));
      const auto same = twin.Advance(At(t));
      ASSERT_EQ(given.size(), same.size());
      for (std::size_t i = 0; i < given.size(); ++i) {
        ExpectAddsUp(given[i].account);
        EXPECT_EQ(CoverageSentence(given[i].account, "t"), CoverageSentence(same[i].account, "t"));
        ++accounts;
        partial += CoverageSentence(given[i].account, "t").find("saw part") != std::string::npos;
      }
      book.AddPicture(picture);
      twin.AddPicture(picture);
      if (t % 23 != 0) continue;
      v1::VerifySnapshot::Coverage snapshot;
      twin.Write(&snapshot);
      CoverageBook fresh = Book(zone);
      ASSERT_TRUE(fresh.Read(snapshot));
      v1::VerifySnapshot::Coverage again;
      fresh.Write(&again);
      EXPECT_EQ(again.SerializeAsString(), snapshot.SerializeAsString());
      twin = std::move(fresh);
    }
    for (const Given& one : book.Finish()) {
      ExpectAddsUp(one.account);
      ++accounts;
    }
    EXPECT_GE(accounts, 7);
    EXPECT_GE(partial, 1);
  }
}

TEST(CoverageBook, ABadSnapshotIsRefused) {
  CoverageBook book = Book();
  book.Begin(At(0));
  Pictures(book, 0, 61, [&](int t) { Add(book, Look("radar1", t, 0.8, kAll)); });
  v1::VerifySnapshot::Coverage good;
  book.Write(&good);
  auto bad = good;
  bad.mutable_periods(0)->mutable_looks(0)->set_cells(0, 1000);
  EXPECT_FALSE(book.Read(bad));
  bad = good;
  bad.mutable_sources(0)->add_last_us(1);
  EXPECT_FALSE(book.Read(bad));
  bad = good;
  bad.mutable_periods(0)->mutable_looks(0)->set_zone(5);
  EXPECT_FALSE(book.Read(bad));
  bad = good;
  auto* partial = bad.mutable_periods(0)->add_partial();
  partial->add_cells(8);  // of eight
  partial->add_probabilities(0.5);
  EXPECT_FALSE(book.Read(bad));
  bad = good;
  bad.mutable_periods(0)->add_given_by_zone("of a second zone");
  EXPECT_FALSE(book.Read(bad));
  bad = good;
  bad.mutable_periods(0)->add_usual_us(1);
  EXPECT_FALSE(book.Read(bad));
  EXPECT_TRUE(book.Read(good));
}

TEST(CoverageBook, TermsOutOfRangeAreRefused) {
  CoverageTerms terms = Terms();
  terms.cell_m = 5;
  EXPECT_FALSE(CoverageBook::Make(terms, {Flat()}, 4));
  terms = Terms();
  terms.observed_probability = 0.05;
  EXPECT_FALSE(CoverageBook::Make(terms, {Flat()}, 4));
}

TEST(WholePercentages, AddUpToAHundredByTheLargestRemainder) {
  EXPECT_THAT(WholePercentages(std::vector<int>{1, 1, 1}), ElementsAre(34, 33, 33));
  EXPECT_THAT(WholePercentages(std::vector<int>{2, 1}), ElementsAre(67, 33));
  EXPECT_THAT(WholePercentages(std::vector<int>{1, 199}), ElementsAre(1, 99));
  EXPECT_THAT(WholePercentages(std::vector<int>{0, 5}), ElementsAre(0, 100));
  EXPECT_THAT(WholePercentages(std::vector<int>{}), IsEmpty());
}

}  // namespace
}  // namespace trucewatch
