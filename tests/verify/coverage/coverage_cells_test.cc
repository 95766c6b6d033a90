// SPDX-License-Identifier: Apache-2.0
#include <random>
#include <set>

#include "coverage_scene.h"
#include "verify/coverage/cells/period_cells.h"

namespace trucewatch {
namespace {

using namespace coverage_scene;

SettledLook LookWith(const char* source, double t, const char* reason) {
  SettledLook look = Look(source, t, 0.8, kAll);
  look.degraded_reason = reason;
  return look;
}

PeriodCells CellsOf(const Given& given) {
  auto cells = DecodePeriodCells(given.cells);
  EXPECT_TRUE(cells) << cells.error().message;
  EXPECT_EQ(EncodePeriodCells(*cells), given.cells);
  return std::move(*cells);
}

// The cells of an account, put together as the account puts them.
std::map<std::pair<CoverageState, std::string>, int> SharesOf(const PeriodCells& cells,
                                                              std::size_t c) {
  std::map<std::pair<CoverageState, std::string>, int> shares;
  for (const CellRun& run : cells.classes[c]) {
    const CellEntry& entry = cells.entries[run.entry];
    shares[{entry.state, cells.texts[entry.text]}] += static_cast<int>(run.length);
  }
  return shares;
}

void ExpectAddUp(const Given& given) {
  const PeriodCells cells = CellsOf(given);
  EXPECT_EQ(cells.zone, given.account.zone);
  EXPECT_EQ(cells.start, given.account.start);
  EXPECT_EQ(cells.end, given.account.end);
  EXPECT_EQ(static_cast<int>(cells.cells), given.account.cells);
  for (std::size_t c = 0; c < kCellClasses; ++c) {
    std::map<std::pair<CoverageState, std::string>, int> shares;
    for (const CoverageShare& share : given.account.classes[c].shares)
      shares[{share.state, share.reason}] = share.cells;
    EXPECT_EQ(SharesOf(cells, c), shares);
  }
  for (const CellEntry& entry : cells.entries) {
    const bool why =
        entry.state == CoverageState::kDegraded || entry.state == CoverageState::kNotObserved;
    EXPECT_EQ(entry.reason != CoverageReason::kNone, why);
    EXPECT_EQ(cells.texts[entry.text].empty(), !why);
    // The words are thresholds on the probability.
    if (entry.state == CoverageState::kObservedNothing) {
      EXPECT_GE(entry.probability(), 0.9);
    }
    if (entry.state == CoverageState::kNotObserved) {
      EXPECT_LT(entry.probability(), 0.1);
    }
  }
}

TEST(CoverageCells, AddUpToTheAccountOfEveryZonePeriodAndClass) {
  std::mt19937_64 random(11);
  const Zone other{"other", "Other", Side::kB, PolygonShape(Box(800, -300, 2500, 900)), {}};
  auto book = CoverageBook::Make(Terms(), {Flat(), other}, 4);
  ASSERT_TRUE(book);
  book->GiveCells();
  book->Begin(At(0));
  std::size_t accounts = 0;
  std::set<CoverageReason> reasons;
  const auto take = [&](const std::vector<Given>& given) {
    for (const Given& one : given) {
      ExpectAddUp(one);
      for (const CellEntry& entry : CellsOf(one).entries) reasons.insert(entry.reason);
      ++accounts;
    }
  };
  const char* const kOwn[] = {"", "", "haze", "no platform pose", "coarser than 1 m"};
  for (int t = 0; t < 3600; ++t) {
    const int minute = t / 60;
    if (t % 4 == 0 && minute % 7 != 3) {
      SettledLook look = Look("radar1", t, 0.5, Box(-1100, -600, 1400, 200));
      look.degraded_reason = minute % 5 == 0 ? kOwn[random() % 5] : "";
      Add(*book, look);
    }
    if (t % 2 == 0 && minute % 4 != 1) {
      const double east = -1200 + static_cast<double>(random() % 3000);
      SettledLook look = Look("drone1", t, 0.7, Box(east, -650, east + 900, 700));
      look.standing_vehicle_probability = 0.8;
      look.group_probability = 0.3;
      Add(*book, look);
    }
    if (t % 97 == 0) book->AddRefused({"radar1"}, At(t));
    if (t == 1000) {
      HumanRecord record;
      record.kind = HumanRecordKind::kImpediment;
      record.time_first = At(900);
      record.time_last = At(1900);
      record.position = Place(500, 0);
      record.radius_m = 700;
      record.impediment = "jamming";
      book->AddImpediment(record);
    }
    take(book->Advance(At(t)));
  }
  take(book->Finish());
  EXPECT_GT(accounts, 118u);
  EXPECT_GE(reasons.size(), 8u);
}

TEST(CoverageCells, WhoWantsNoCellsGetsTheSameAccounts) {
  CoverageBook plain = Book();
  CoverageBook with = Book();
  with.GiveCells();
  const auto run = [](CoverageBook& book) {
    book.Begin(At(0));
    return Pictures(book, 0, 301, [&](int t) {
      if (t % 3 == 0 && t / 50 % 2 == 0) Add(book, Look("radar1", t, 0.8, kAll));
    });
  };
  const auto a = run(plain);
  const auto b = run(with);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_TRUE(a[i].cells.empty());
    EXPECT_EQ(CoverageSentence(a[i].account, ""), CoverageSentence(b[i].account, ""));
  }
}

// A late look makes surer what was observed already: the shares are as they were, the cells are
// not.
TEST(CoverageCells, AreAmendedWhenTheSharesAreNot) {
  CoverageBook book = Book();
  book.GiveCells();
  book.Begin(At(0));
  const auto given = Pictures(book, 0, 61, [&](int t) {
    if (t % 5 == 0) Add(book, Look("radar1", t, 0.5, Box(-1100, -600, 0, 0)));
  });
  ASSERT_EQ(given.size(), 1u);
  const std::string before = Moving(given[0].account);
  SettledLook late = Look("drone1", 30, 0.5, Box(-1100, -600, 0, 0));
  late.late = true;
  Add(book, late);
  const auto amended = Pictures(book, 61, 122, [](int) {});
  ASSERT_EQ(amended.size(), 2u);
  EXPECT_TRUE(amended[0].account.amended);
  EXPECT_EQ(Moving(amended[0].account), before);
  EXPECT_NE(amended[0].cells, given[0].cells);
}

// Which kind of the closed list a reason is of.
TEST(CoverageCells, EveryReasonIsOfAKindOfTheClosedList) {
  const auto kinds = [](const std::function<void(CoverageBook&, int)>& step) {
    CoverageBook book = Book();
    book.GiveCells();
    book.Begin(At(0));
    std::set<CoverageReason> out;
    for (const Given& given : Pictures(book, 0, 181, [&](int t) { step(book, t); })) {
      const PeriodCells cells = CellsOf(given);
      if (given.account.start < At(120)) continue;
      for (const CellRun& run : cells.classes[0]) out.insert(cells.entries[run.entry].reason);
    }
    return out;
  };
  using Kinds = std::set<CoverageReason>;
  const auto before = [](CoverageBook& book, int t) {
    if (t % 3 == 0 && t < 110) Add(book, Look("radar1", t, 0.8, kAll));
  };
  EXPECT_EQ(kinds([](CoverageBook&, int) {}), Kinds{CoverageReason::kNobodyLooked});
  EXPECT_EQ(kinds(before), Kinds{CoverageReason::kSourceSilent});
  EXPECT_EQ(kinds([&](CoverageBook& book, int t) {
              before(book, t);
              if (t % 10 == 0) book.AddRefused({"radar1"}, At(t));
            }),
            Kinds{CoverageReason::kDataRefused});
  const auto silent = [&](const char* why) {
    return kinds([&](CoverageBook& book, int t) {
      before(book, t);
      if (t == 112) book.AddStatus({{"radar1"}, At(111), SourceState::kLate, why});
    });
  };
  EXPECT_EQ(silent("station fs1: line broken: connection refused"),
            Kinds{CoverageReason::kLinkDown});
  EXPECT_EQ(silent("station fs1: no data for 3.0 s (connected)"),
            Kinds{CoverageReason::kSourceSilent});
  const auto own = [&](const char* reason) {
    return kinds([&](CoverageBook& book, int t) {
      if (t % 3 == 0) Add(book, LookWith("radar1", t, reason));
    });
  };
  EXPECT_EQ(own("haze"), Kinds{CoverageReason::kWeather});
  EXPECT_EQ(own("clock not trusted"), Kinds{CoverageReason::kClockNotTrusted});
  EXPECT_EQ(own("position not trusted"), Kinds{CoverageReason::kPositionNotTrusted});
  EXPECT_EQ(own("no platform pose"), Kinds{CoverageReason::kNotGeoreferenced});
  EXPECT_EQ(own("registration failed"), Kinds{CoverageReason::kNotComparable});
  EXPECT_EQ(own("coarser than 0.4 m"), Kinds{CoverageReason::kTooCoarse});
  EXPECT_EQ(own("partial: 13 % of the footprint is without data"),
            Kinds{CoverageReason::kWithoutData});
  EXPECT_EQ(own("something new"), Kinds{CoverageReason::kOtherLimit});
  // It looked, and could see nothing: nobody else did.
  EXPECT_EQ(kinds([&](CoverageBook& book, int t) {
              SettledLook look = LookWith("drone1", t, "footage shown before");
              look.moving_vehicle_probability = 0.0;
              if (t % 3 == 0) Add(book, look);
            }),
            Kinds{CoverageReason::kSeenBefore});
}

}  // namespace
}  // namespace trucewatch
