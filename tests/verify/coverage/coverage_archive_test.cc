// SPDX-License-Identifier: Apache-2.0
#include "verify/coverage/archive/coverage_archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "core/storage/faulty_storage.h"
#include "verify/coverage/archive/coverage_reader.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint32_t kColumns = 40;
constexpr std::uint32_t kCellsOfZone = 600;  // three blocks, the last one not full
constexpr Duration kFiveMinutes = Duration::Seconds(300);
const std::string kFolder = "run/coverage";

Instant Midnight() { return *ParseUtc("2026-03-01T00:00:00Z"); }

v1::CoverageGrid GridOf(std::uint64_t number, const std::string& zone) {
  v1::CoverageGrid grid;
  grid.set_grid(number);
  grid.set_zone(zone);
  grid.set_side("A");
  grid.set_cell_m(250);
  grid.set_area_km2(kCellsOfZone * 0.0625);
  grid.set_latitude_rad(0.5);
  grid.set_columns(kColumns);
  grid.set_rows(kCellsOfZone / kColumns);
  grid.add_runs(0);
  grid.add_runs(kCellsOfZone);
  return grid;
}

std::string Record(const v1::CoverageGrid& grid) {
  v1::CoverageEnvelope envelope;
  *envelope.mutable_coverage_grid() = grid;
  return envelope.SerializeAsString();
}

std::string Record(std::uint64_t grid, const PeriodCells& period) {
  v1::CoverageEnvelope envelope;
  envelope.mutable_coverage_cells()->set_grid(grid);
  envelope.mutable_coverage_cells()->set_record(EncodePeriodCells(period));
  return envelope.SerializeAsString();
}

// Two zones for some hours, cells that change now and then, amendments up to an hour late, and
// between them what is of no interest. Record i has sequence i + 1.
struct Story {
  std::vector<std::string> log;
  // What holds in the end, by grid and start.
  std::map<std::pair<std::uint64_t, Instant>, PeriodCells> truth;

  Story(std::uint64_t seed, int hours) : random_(seed) {
    for (const std::uint64_t grid : {7, 9}) log.push_back(Record(GridOf(grid, ZoneOf(grid))));
    const int periods = hours * 12;
    for (int i = 0; i < periods; ++i) {
      log.emplace_back("\x4a\x02 finding");
      for (const std::uint64_t grid : {7, 9}) {
        Change(grid);
        const Instant start = Midnight() + Duration::Micros(kFiveMinutes.micros() * i);
        Tell(grid, start, i + 1 == periods ? Duration::Seconds(77) : kFiveMinutes);
        if (i > 12 && random_() % 16 == 0) {
          const int back = static_cast<int>(random_() % 12 + 1);
          Change(grid);
          Tell(grid, start - Duration::Micros(kFiveMinutes.micros() * back), kFiveMinutes);
        }
      }
    }
  }

  static std::string ZoneOf(std::uint64_t grid) { return "zone" + std::to_string(grid); }

 private:
  struct Cell {
    CoverageState state = CoverageState::kNotObserved;
    std::uint8_t level = 0;
    CoverageReason reason = CoverageReason::kNobodyLooked;
    std::string text = "no source looked here";
  };

  void Change(std::uint64_t grid) {
    auto& cells = cells_[grid];
    for (auto& of_class : cells) {
      of_class.resize(kCellsOfZone);
      if (random_() % 3 != 0) continue;
      const std::size_t first = random_() % kCellsOfZone;
      const std::size_t last = std::min<std::size_t>(kCellsOfZone, first + random_() % 90 + 1);
      Cell cell;
      cell.state = static_cast<CoverageState>(random_() % 4 + 1);
      cell.level = static_cast<std::uint8_t>(random_() % kDetectionLevels.size());
      const bool why = cell.state >= CoverageState::kDegraded;
      cell.reason = why ? static_cast<CoverageReason>(random_() % (kCoverageReasons - 1) + 1)
                        : CoverageReason::kNone;
      cell.text =
          why ? fmt::format("radar{} gave no look for {} s", random_() % 2, random_() % 40) : "";
      std::fill(of_class.begin() + static_cast<std::ptrdiff_t>(first),
                of_class.begin() + static_cast<std::ptrdiff_t>(last), cell);
    }
  }

  void Tell(std::uint64_t grid, Instant start, Duration length) {
    PeriodCellsBuilder builder(ZoneOf(grid), start, start + length, kCellsOfZone);
    for (std::size_t c = 0; c < kCellClasses; ++c) {
      for (const Cell& cell : cells_[grid][c])
        builder.Add(c, cell.state, cell.level, cell.reason, cell.text);
    }
    const PeriodCells period = builder.Take();
    log.push_back(Record(grid, period));
    truth[{grid, start}] = period;
  }

  std::mt19937_64 random_;
  std::map<std::uint64_t, std::array<std::vector<Cell>, kCellClasses>> cells_;
};

// Feeds what the archive does not hold, syncing now and then. The error of whatever failed.
Result<void> Feed(FaultyStorage& disk, const Story& story, std::size_t sync_every) {
  TW_ASSIGN_OR_RETURN(const auto archive, CoverageArchive::Open(disk, kFolder));
  for (std::size_t i = archive->last(); i < story.log.size(); ++i) {
    TW_RETURN_IF_ERROR(archive->Add(i + 1, story.log[i]));
    if (i % sync_every == 0) TW_RETURN_IF_ERROR(archive->Sync());
  }
  return archive->Sync();
}

std::unique_ptr<CoverageReader> Reader(FaultyStorage& disk) {
  auto reader = CoverageReader::Open(disk, kFolder);
  EXPECT_TRUE(reader) << reader.error().message;
  return std::move(*reader);
}

// Every period of every grid, as the archive gives it.
void ExpectHolds(FaultyStorage& disk, const Story& story) {
  const auto reader = Reader(disk);
  ASSERT_THAT(reader->grids(), SizeIs(2));
  std::size_t periods = 0;
  for (std::size_t g = 0; g < 2; ++g) {
    const std::uint64_t number = reader->grids()[g].grid().grid();
    Instant before;
    const auto all =
        reader->EachPeriod(g, Midnight(), Midnight() + Duration::Seconds(1'000'000),
                           [&](const PeriodCells& period) -> Result<void> {
                             EXPECT_LT(before, period.start);
                             before = period.start;
                             const auto told = story.truth.find({number, period.start});
                             EXPECT_NE(told, story.truth.end());
                             EXPECT_EQ(EncodePeriodCells(period), EncodePeriodCells(told->second));
                             ++periods;
                             return {};
                           });
    EXPECT_TRUE(all) << all.error().message;
  }
  EXPECT_EQ(periods, story.truth.size());
}

TEST(CoverageArchive, GivesEveryPeriodBackByteForByte) {
  const Story story(1, 32);
  FaultyStorage disk;
  ASSERT_TRUE(Feed(disk, story, 5));
  ExpectHolds(disk, story);
  // Most of it lies in chunks.
  const auto open = disk.Open(kFolder + "/open", false);
  const auto sealed = disk.Open(kFolder + "/sealed", false);
  ASSERT_TRUE(open && sealed);
  EXPECT_GT(*(*sealed)->Size(), 10'000u);
}

TEST(CoverageArchive, TheSameRecordsAgainChangeNothing) {
  const Story story(2, 20);
  FaultyStorage disk;
  ASSERT_TRUE(Feed(disk, story, 5));
  const auto bytes = [&](const std::string& name) {
    const auto file = disk.Open(kFolder + "/" + name, false);
    return *(*file)->ReadAt(0, *(*file)->Size());
  };
  const std::string sealed = bytes("sealed");
  const std::string open = bytes("open");
  {
    const auto archive = CoverageArchive::Open(disk, kFolder);
    ASSERT_TRUE(archive);
    EXPECT_EQ((*archive)->last(), story.log.size());
    for (std::size_t i = 0; i < story.log.size(); ++i)
      ASSERT_TRUE((*archive)->Add(i + 1, story.log[i]));
    ASSERT_TRUE((*archive)->Sync());
  }
  EXPECT_EQ(bytes("sealed"), sealed);
  EXPECT_EQ(bytes("open"), open);
}

TEST(CoverageArchive, WhateverTheMomentThePowerIsCutItGoesOnAndHoldsAll) {
  const int cuts = std::getenv("TRUCEWATCH_COVERAGE_CUTS") != nullptr
                       ? std::atoi(std::getenv("TRUCEWATCH_COVERAGE_CUTS"))
                       : 10;
  const Story story(3, 22);
  std::mt19937_64 random(3);
  for (int cut = 0; cut < cuts; ++cut) {
    FaultyStorage disk;
    int crashes = 0;
    while (true) {
      disk.FailCall(random() % 120 + 1, true);
      const bool done = Feed(disk, story, random() % 40 + 1).has_value();
      disk.FailCall(0);
      if (done && crashes > 0) break;
      disk.Crash(random());
      if (++crashes > 200) break;
    }
    ASSERT_TRUE(Feed(disk, story, 7));
    ExpectHolds(disk, story);
    if (::testing::Test::HasFailure()) FAIL() << "cut " << cut;
  }
}

TEST(CoverageArchive, ATornEndIsCutOff) {
  const Story story(4, 14);
  FaultyStorage disk;
  ASSERT_TRUE(Feed(disk, story, 5));
  for (const std::string name : {"sealed", "open"}) {
    const auto file = disk.Open(kFolder + "/" + name, false);
    const std::uint64_t size = *(*file)->Size();
    ASSERT_TRUE((*file)->Append(AsBytes(std::string(33, '\x01'))));
    ASSERT_TRUE((*file)->Sync());
    ExpectHolds(disk, story);  // nor does a reader mind
    ASSERT_TRUE(CoverageArchive::Open(disk, kFolder));
    EXPECT_EQ(*(*disk.Open(kFolder + "/" + name, false))->Size(), size);
  }
  ExpectHolds(disk, story);
}

TEST(CoverageArchive, DamageBeforeTheEndIsNamed) {
  const Story story(5, 26);
  FaultyStorage disk;
  ASSERT_TRUE(Feed(disk, story, 5));
  const auto file = disk.Open(kFolder + "/sealed", false);
  disk.CorruptByte(kFolder + "/sealed", *(*file)->Size() / 2);
  const auto archive = CoverageArchive::Open(disk, kFolder);
  ASSERT_FALSE(archive);
  EXPECT_EQ(archive.error().code, ErrorCode::kCheckFailed);
  EXPECT_THAT(archive.error().message, HasSubstr("/sealed: byte "));
}

TEST(CoverageArchive, AnAmendmentAfterAllStandsBeforeWhatItsChunkSays) {
  Story story(6, 30);
  PeriodCellsBuilder builder("zone7", Midnight(), Midnight() + kFiveMinutes, kCellsOfZone);
  for (std::size_t c = 0; c < kCellClasses; ++c) {
    for (std::uint32_t i = 0; i < kCellsOfZone; ++i)
      builder.Add(c, CoverageState::kObservedNothing, DetectionLevel(0.9), CoverageReason::kNone,
                  "");
  }
  const PeriodCells amended = builder.Take();
  story.truth[{7, Midnight()}] = amended;
  story.log.push_back(Record(7, amended));
  FaultyStorage disk;
  ASSERT_TRUE(Feed(disk, story, 5));
  ExpectHolds(disk, story);
  const auto sums = Reader(disk)->Sums(0, Midnight(), Midnight() + kFiveMinutes);
  ASSERT_TRUE(sums);
  EXPECT_EQ((*sums)[1].Of(CoverageState::kObservedNothing),
            std::int64_t{kCellsOfZone} * kFiveMinutes.micros());
}

TEST(CoverageArchive, RefusesDamagedRecordsAndUnknownGrids) {
  const Story story(7, 1);
  FaultyStorage disk;
  const auto archive = CoverageArchive::Open(disk, kFolder);
  ASSERT_TRUE(archive);
  const std::string& period = story.log[3];
  EXPECT_FALSE((*archive)->Add(1, period));  // no grid yet
  ASSERT_TRUE((*archive)->Add(1, story.log[0]));
  EXPECT_FALSE((*archive)->Add(2, period.substr(0, period.size() - 1)));
  std::mt19937_64 random(7);
  for (int i = 0; i < 2000; ++i) {  // whatever comes, it is a value or an error
    std::string damaged = period;
    damaged[random() % damaged.size()] = static_cast<char>(random());
    static_cast<void>((*archive)->Add(static_cast<std::uint64_t>(i) + 3, damaged));
  }
}

// Questions of every kind against the periods one by one.
TEST(CoverageReader, AnswersAsANaiveReaderOfAllPeriodsWould) {
  const Story story(8, 34);
  FaultyStorage disk;
  ASSERT_TRUE(Feed(disk, story, 5));
  const auto reader = Reader(disk);
  std::mt19937_64 random(8);
  const std::int64_t length = Duration::Seconds(34 * 3600).micros();
  for (int question = 0; question < 300; ++question) {
    const std::size_t g = random() % 2;
    const std::uint64_t number = reader->grids()[g].grid().grid();
    const std::size_t c = random() % kCellClasses;
    const auto cell = static_cast<std::uint32_t>(random() % kCellsOfZone);
    Instant from = Midnight() + Duration::Micros(static_cast<std::int64_t>(random()) % length);
    if (from < Midnight()) from = Midnight();
    const Instant until = from + Duration::Micros(std::abs(static_cast<std::int64_t>(random())) %
                                                  (question % 2 == 0 ? length : length / 50));
    std::map<std::pair<CoverageState, CoverageReason>, std::int64_t> of_cell, of_zone;
    int whole = 0;
    for (const auto& [key, period] : story.truth) {
      if (key.first != number || period.end <= from || period.start >= until) continue;
      const std::int64_t us = (std::min(period.end, until) - std::max(period.start, from)).micros();
      std::uint32_t at = 0;
      for (const CellRun& run : period.classes[c]) {
        const CellEntry& entry = period.entries[run.entry];
        of_zone[{entry.state, entry.reason}] += us * run.length;
        if (cell >= at && cell < at + run.length) of_cell[{entry.state, entry.reason}] += us;
        at += run.length;
      }
      whole += period.start >= from && period.end <= until ? 1 : 0;
    }
    const auto pieces = reader->Cell(g, c, cell, from, until);
    ASSERT_TRUE(pieces) << pieces.error().message;
    std::map<std::pair<CoverageState, CoverageReason>, std::int64_t> answered;
    int answered_whole = 0;
    for (const CoverageReader::Piece& piece : *pieces) {
      answered[{piece.entry.state, piece.entry.reason}] += (piece.end - piece.start).micros();
      answered_whole += piece.whole;
    }
    EXPECT_EQ(answered, of_cell);
    EXPECT_EQ(answered_whole, whole);
    const auto sums = reader->Sums(g, from, until);
    ASSERT_TRUE(sums) << sums.error().message;
    EXPECT_EQ((*sums)[c].cell_us, of_zone);
    const auto period = reader->PeriodAt(g, from);
    ASSERT_TRUE(period) << period.error().message;
    const auto told = std::find_if(story.truth.begin(), story.truth.end(), [&](const auto& one) {
      return one.first.first == number && from >= one.second.start && from < one.second.end;
    });
    ASSERT_EQ(period->has_value(), told != story.truth.end());
    if (*period) {
      EXPECT_EQ(EncodePeriodCells(**period), EncodePeriodCells(told->second));
    }
    if (::testing::Test::HasFailure()) FAIL() << "question " << question;
  }
}

TEST(DetectionLevel, RoundsDownAndKeepsWhatAgreementsAskFor) {
  for (const double floor : {0.5, 0.8, 0.85, 0.9, 0.95, 0.99})
    EXPECT_EQ(kDetectionLevels[DetectionLevel(1.0 - (1.0 - floor))], floor);
  for (int i = 0; i <= 1000; ++i) {
    const double level = kDetectionLevels[DetectionLevel(i / 1000.0)];
    EXPECT_LE(level, i / 1000.0 + 1e-9);
    EXPECT_GT(level, i / 1000.0 - 0.0501);
  }
}

TEST(CoverageReason, EachOfTheClosedListHasItsOwnWords) {
  std::set<std::string_view> words, names;
  for (std::size_t i = 0; i < kCoverageReasons; ++i) {
    words.insert(CoverageReasonWords(static_cast<CoverageReason>(i)));
    names.insert(CoverageReasonName(static_cast<CoverageReason>(i)));
  }
  EXPECT_THAT(words, SizeIs(kCoverageReasons));
  EXPECT_THAT(names, SizeIs(kCoverageReasons));
  EXPECT_FALSE(words.contains(""));
}

}  // namespace
}  // namespace trucewatch
