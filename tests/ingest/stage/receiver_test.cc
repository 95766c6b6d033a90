// SPDX-License-Identifier: Apache-2.0
#include "ingest/receiver.h"

#include <gtest/gtest.h>

#include "core/bus/memory_log.h"
#include "core/storage/faulty_storage.h"
#include "core/types/codec.h"
#include "tests/ingest/radar/radar_files.h"

namespace trucewatch {
namespace {

using stanag4607::testing::Joined;
using stanag4607::testing::RadarPackets;
using stanag4607::testing::WriteTo;

// Counts groups and notes the clock at each, in front of a MemoryLog.
class WatchedLog final : public LogWriter {
 public:
  explicit WatchedLog(const Clock* clock = nullptr) : clock_(clock) {}
  Result<void> Append(const std::vector<NewRecord>& records) override {
    ++appends_;
    for (std::size_t i = 0; i < records.size() && clock_ != nullptr; ++i) {
      times_.push_back(clock_->Now());
    }
    return log_.Append(records);
  }
  std::uint64_t last() const override { return log_.last(); }
  Result<void> Close() override { return log_.Close(); }
  MemoryLog& log() { return log_; }
  int appends() const { return appends_; }
  const std::vector<Instant>& times() const { return times_; }

 private:
  const Clock* clock_;
  MemoryLog log_;
  int appends_ = 0;
  std::vector<Instant> times_;
};

std::vector<std::string> Payloads(MemoryLog& log) {
  std::vector<std::string> payloads;
  auto batch = log.ReadAfter(0, 1 << 30, Duration());
  for (const LogRecord& record : batch->records) payloads.push_back(record.payload);
  return payloads;
}

class ReceiverTest : public ::testing::Test {
 protected:
  ReceiverTest() {
    EXPECT_TRUE(storage_.MakeDirectories("/m").has_value());
    Write("radar1", {.dwells = 6});
    Write("radar2", {.dwells = 4, .first_ms = 75'601'000, .platform = "RADAR2"});
    v1::Envelope envelope;
    envelope.mutable_mission_header()->set_mission("test");
    options_.mission_header = SerializeEnvelope(envelope);
  }
  void Write(const std::string& id, const stanag4607::testing::RadarFileOptions& options) {
    EXPECT_TRUE(WriteTo(storage_, "/m/" + id + ".4607", Joined(RadarPackets(options))).has_value());
  }
  RecordedMission Mission() {
    MissionFile mission;
    mission.directory = "/m";
    mission.config.set_start_utc("2026-03-01T21:00:00Z");
    for (const char* id : {"radar1", "radar2"}) {
      auto* source = mission.config.add_source();
      source->set_id(id);
      source->set_file(std::string(id) + ".4607");
      source->set_format(v1::config::SourceConfig::STANAG4607);
    }
    return RecordedMission::Open(storage_, mission);
  }
  Result<void> RunInto(WatchedLog& log, const std::function<bool()>& stop = {}) {
    RecordedMission mission = Mission();
    Receiver receiver(options_, &mission, &log.log(), &log, &clock_);
    auto result = receiver.Run(stop);
    finished_ = receiver.finished();
    return result;
  }
  FaultyStorage storage_;
  ReceiverOptions options_;
  ManualClock clock_{Instant::FromMicros(1'000'000'000)};
  bool finished_ = false;
};

TEST_F(ReceiverTest, WritesTheHeaderThenTheRecordsInOrderThenCloses) {
  WatchedLog log;
  ASSERT_TRUE(RunInto(log).has_value());
  EXPECT_TRUE(finished_);
  const auto payloads = Payloads(log.log());
  // 7 and 5 packets, an end each, and the header.
  ASSERT_EQ(payloads.size(), 15U);
  EXPECT_EQ(payloads[0], options_.mission_header);
  Instant last;
  for (std::size_t i = 1; i < payloads.size(); ++i) {
    const auto envelope = ParseEnvelope(payloads[i]);
    ASSERT_TRUE(envelope.has_value());
    const auto record = FromProto(envelope->raw_record());
    ASSERT_TRUE(record.has_value());
    EXPECT_GE(record->receive_time, last);
    last = record->receive_time;
  }
  EXPECT_TRUE(log.log().ReadAfter(15, 1, Duration())->closed);
}

TEST_F(ReceiverTest, ResumesAfterEveryPrefixWithTheSameJournal) {
  WatchedLog whole;
  ASSERT_TRUE(RunInto(whole).has_value());
  const auto expected = Payloads(whole.log());
  for (std::size_t prefix = 0; prefix <= expected.size(); ++prefix) {
    WatchedLog log;
    std::vector<LogWriter::NewRecord> records;
    for (std::size_t i = 0; i < prefix; ++i) records.push_back({0, expected[i]});
    ASSERT_TRUE(log.log().Append(records).has_value());
    ASSERT_TRUE(RunInto(log).has_value()) << prefix;
    EXPECT_EQ(Payloads(log.log()), expected) << prefix;
    EXPECT_TRUE(finished_);
  }
  // And once more over the closed journal: nothing to do, nothing wrong.
  ASSERT_TRUE(RunInto(whole).has_value());
  EXPECT_EQ(Payloads(whole.log()), expected);
}

TEST_F(ReceiverTest, StopsAnywhereAndGoesOnWithTheSameJournal) {
  WatchedLog whole;
  ASSERT_TRUE(RunInto(whole).has_value());
  for (int stop_at = 0; stop_at < 16; ++stop_at) {
    WatchedLog log;
    int asked = 0;
    ASSERT_TRUE(RunInto(log, [&] { return asked++ >= stop_at; }).has_value());
    EXPECT_EQ(log.last(), static_cast<std::uint64_t>(std::min(stop_at, 15)));
    ASSERT_TRUE(RunInto(log).has_value());
    EXPECT_EQ(Payloads(log.log()), Payloads(whole.log()));
  }
}

TEST_F(ReceiverTest, RefusesAJournalOfAnotherRecording) {
  WatchedLog log;
  ASSERT_TRUE(RunInto(log, [n = 0]() mutable { return n++ >= 5; }).has_value());
  Write("radar1", {.dwells = 6, .first_ms = 75'600'001});
  const auto result = RunInto(log);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kCheckFailed);
  EXPECT_NE(result.error().message.find("record 2 of the journal differs"), std::string::npos)
      << result.error().message;
  EXPECT_EQ(log.last(), 5U);
}

TEST_F(ReceiverTest, RefusesAJournalThatGoesOnAfterTheRecordingOrClosedBefore) {
  WatchedLog log;
  ASSERT_TRUE(RunInto(log).has_value());
  Write("radar2", {.dwells = 0, .platform = "RADAR2"});
  EXPECT_FALSE(RunInto(log).has_value());
  WatchedLog closed;
  ASSERT_TRUE(closed.log().Append({{0, options_.mission_header}}).has_value());
  ASSERT_TRUE(closed.log().Close().has_value());
  const auto result = RunInto(closed);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kCheckFailed);
}

TEST_F(ReceiverTest, GroupsRecordsForTheDisk) {
  WatchedLog large;
  ASSERT_TRUE(RunInto(large).has_value());
  EXPECT_EQ(large.appends(), 1);
  options_.batch_records = 4;
  WatchedLog small;
  ASSERT_TRUE(RunInto(small).has_value());
  EXPECT_EQ(small.appends(), 4);
  options_.batch_bytes = 1;
  WatchedLog single;
  ASSERT_TRUE(RunInto(single).has_value());
  EXPECT_EQ(single.appends(), 15);
  EXPECT_EQ(Payloads(single.log()), Payloads(large.log()));
}

TEST_F(ReceiverTest, FeedsAtTheSpeedOfTheSource) {
  options_.speed = {{{"radar1"}, 2.0}, {{"radar2"}, 2.0}};
  WatchedLog log(&clock_);
  const Instant start = clock_.Now();
  ASSERT_TRUE(RunInto(log).has_value());
  const auto payloads = Payloads(log.log());
  ASSERT_EQ(log.times().size(), payloads.size());
  std::optional<Instant> first;
  for (std::size_t i = 1; i < payloads.size(); ++i) {
    const auto record = FromProto(ParseEnvelope(payloads[i])->raw_record());
    if (!first) first = record->receive_time;
    const Duration due = (record->receive_time - *first) / 2;
    EXPECT_GE(log.times()[i] - start, due) << i;
  }
  // 10 s of recording at twice the speed; the last record was not late by more than one nap.
  EXPECT_LE(clock_.Now() - start, Duration::Millis(5100));
  WatchedLog fast;
  options_.speed = {};
  ASSERT_TRUE(RunInto(fast).has_value());
  EXPECT_EQ(Payloads(fast.log()), payloads);
}

}  // namespace
}  // namespace trucewatch
