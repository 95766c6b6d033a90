// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/ledger_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/crypto/sha256.h"
#include "evidence/signer/log_key.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"
#include "tests/tools/trucewatch/grown_record.h"
#include "tools/audit/policy.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/report/coverage_summary.h"
#include "tools/trucewatch/words.h"

namespace trucewatch::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kBundle = "/ledger/tile/entries/000.p/28";

class LedgerOnDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    WriteGrownRun(run_);
    storage_ = MakePosixStorage();
  }
  Result<LedgerRecord> Read(std::optional<Instant> as_of = std::nullopt) {
    return ReadLedgerRecord(*storage_, run_, as_of);
  }

  testing::TempDirectory directory_;
  const std::string run_ = directory_.File("run");
  std::unique_ptr<Storage> storage_;
};

TEST_F(LedgerOnDisk, TellsTheMissionWithoutAnyOtherFile) {
  const auto ledger = Read();
  ASSERT_TRUE(ledger) << ledger.error().message;
  const MissionRecord& record = ledger->record;
  EXPECT_TRUE(ledger->audited);
  EXPECT_EQ(ledger->size, 28U);
  EXPECT_EQ(ledger->entries.size(), 28U);
  EXPECT_EQ(record.mission, "demo");
  EXPECT_EQ(record.events.size(), 3U);
  EXPECT_EQ(record.notified.size(), 1U);
  EXPECT_EQ(record.permitted.size(), 1U);
  EXPECT_EQ(record.human_records.size(), 2U);
  EXPECT_EQ(record.cases.size(), 1U);
  EXPECT_EQ(record.data_faults.size(), 1U);
  EXPECT_EQ(record.coverage.size(), 12U);
  EXPECT_EQ(record.coverage_published.size(), 13U);
  EXPECT_EQ(record.sources.at("radar1").Gaps().size(), 1U);
  EXPECT_EQ(SideWords(record, "A"), "side A (North)");
}

TEST_F(LedgerOnDisk, LeafHashesAreThoseOfTheBytesInTheTiles) {
  const auto ledger = Read();
  ASSERT_TRUE(ledger);
  // Read again by hand: uint16 length, leaf.
  const std::string bundle = testing::ReadFile(run_ + kBundle);
  std::size_t at = 0;
  for (const LedgerEntry& entry : ledger->entries) {
    const std::size_t size =
        static_cast<unsigned char>(bundle[at]) * 256U + static_cast<unsigned char>(bundle[at + 1]);
    EXPECT_EQ(entry.leaf_hash, Sha256(std::string(1, '\0') + bundle.substr(at + 2, size)));
    at += 2 + size;
  }
  EXPECT_EQ(at, bundle.size());
}

TEST_F(LedgerOnDisk, OneChangedByteAndNothingIsReported) {
  std::string bundle = testing::ReadFile(run_ + kBundle);
  bundle[bundle.size() / 2] ^= 1;
  std::ofstream(run_ + kBundle, std::ios::binary) << bundle;
  const auto ledger = Read();
  ASSERT_FALSE(ledger);
  EXPECT_EQ(ledger.error().code, ErrorCode::kCheckFailed);
  // Also when nobody left a policy there.
  std::filesystem::remove(run_ + "/policy.txt");
  EXPECT_FALSE(Read());
}

TEST_F(LedgerOnDisk, AnotherKeysPolicyAndNothingIsReported) {
  const auto other =
      evidence::GenerateKey(directory_.File("other.key"), "exercise.trucewatch.example/demo");
  ASSERT_TRUE(other);
  std::ofstream(run_ + "/policy.txt") << audit::PolicyForLog(*other);
  const auto ledger = Read();
  ASSERT_FALSE(ledger);
  EXPECT_EQ(ledger.error().code, ErrorCode::kCheckFailed);
}

TEST_F(LedgerOnDisk, AsOfLeavesOutWhatWasStatedLater) {
  const auto ledger = Read(*ParseUtc("2026-03-01T12:00:40Z"));
  ASSERT_TRUE(ledger) << ledger.error().message;
  ASSERT_EQ(ledger->record.events.size(), 1U);
  EXPECT_EQ(ledger->record.events[0].latest().state, EventState::kCandidate);
  EXPECT_TRUE(ledger->record.coverage.empty());
  EXPECT_EQ(FormatUtc(ledger->as_of), "2026-03-01T12:00:40Z");
}

TEST_F(LedgerOnDisk, CommandsWriteThePageAndTheGeoPackage) {
  const std::string page = directory_.File("daily.html"), map = directory_.File("m.gpkg");
  const auto reported = RunReportDaily({.run = run_, .out = page, .as_of = "", .date = ""});
  ASSERT_TRUE(reported) << reported.error().message;
  const auto again = RunReportDaily({.run = run_, .out = page + "2", .as_of = "", .date = ""});
  ASSERT_TRUE(again);
  EXPECT_EQ(testing::ReadFile(page), testing::ReadFile(page + "2"));
  const auto read =
      testing::RunProcess({"python3", "tests/tools/trucewatch/check_report.py", page});
  EXPECT_EQ(read.code, 0) << read.output;
  EXPECT_THAT(testing::ReadFile(page), HasSubstr("signature was checked"));
  const auto exported = RunExport({.run = run_, .format = "gpkg", .out = map});
  ASSERT_TRUE(exported) << exported.error().message;
  const auto ogr = testing::RunProcess({"ogrinfo", "-ro", "-so", map, "coverage"});
  EXPECT_THAT(ogr.output, HasSubstr("Feature Count: 36"));
}

TEST_F(LedgerOnDisk, EventsStandBesideHowWellEachSideWasWatched) {
  const auto printed = [&](const std::string& at) {
    ::testing::internal::CaptureStdout();
    EXPECT_EQ(*RunEvents({.run = run_, .at = at, .event = ""}), 0);
    return ::testing::internal::GetCapturedStdout();
  };
  const MissionRecord record = Read()->record;
  const auto zones = SummariseCoverage(record, record.start, record.end + Duration::Seconds(1));
  const std::string text = printed("");
  for (const SideCoverage& side : CoverageBySide(zones)) {
    if (side.zones.empty()) continue;
    const std::string minutes =
        fmt::format("watched, min per km2, {}: {} {:.1f} of {:.1f}", SideWords(record, side.side),
                    CoverageClassWords(kCoverageClasses[0]), side.classes[0].ObservedMinPerKm2(),
                    side.classes[0].AccountedMinPerKm2());
    EXPECT_THAT(text, HasSubstr(minutes));
  }
  EXPECT_THAT(text, HasSubstr("watched, min per km2"));
  // Before the first account nothing is known of it.
  EXPECT_THAT(printed(FormatUtc(record.start - Duration::Seconds(60))), Not(HasSubstr("watched")));
}

TEST_F(LedgerOnDisk, WrongTimesAreNamed) {
  const std::string out = directory_.File("x.html");
  for (const auto& [as_of, date] : {std::pair("yesterday", ""),
                                    {"", "2026-02-30"},
                                    {"", "2026-03-05"},
                                    {"2026-02-01T00:00:00Z", ""}}) {
    const auto result = RunReportDaily({.run = run_, .out = out, .as_of = as_of, .date = date});
    ASSERT_FALSE(result) << as_of << date;
    EXPECT_EQ(result.error().code, ErrorCode::kUsage);
  }
  EXPECT_FALSE(std::filesystem::exists(out));
  const auto none =
      RunReportDaily({.run = directory_.File("nowhere"), .out = out, .as_of = "", .date = ""});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace trucewatch::tools
