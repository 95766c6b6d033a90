// SPDX-License-Identifier: Apache-2.0
#include "ingest/recorded/recorded_mission.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "core/storage/faulty_storage.h"
#include "tests/ingest/radar/radar_files.h"

namespace trucewatch {
namespace {

using stanag4607::testing::Joined;
using stanag4607::testing::RadarPackets;
using stanag4607::testing::WriteTo;

// Gives records of the times it is told, then fails or ends.
class FakeSource final : public RecordedSource {
 public:
  FakeSource(std::string id, std::deque<std::int64_t> times, bool fails = false)
      : id_{std::move(id)}, times_(std::move(times)), fails_(fails) {}
  const SourceId& id() const override { return id_; }
  Result<std::optional<RawRecord>> Next() override {
    if (times_.empty()) {
      if (fails_) return Fail(ErrorCode::kIo, "the disk is gone");
      return std::optional<RawRecord>();
    }
    RawRecord record;
    record.source = id_;
    record.source_sequence = ++sequence_;
    record.receive_time = Instant::FromMicros(times_.front());
    times_.pop_front();
    return record;
  }

 private:
  SourceId id_;
  std::deque<std::int64_t> times_;
  bool fails_;
  std::uint64_t sequence_ = 0;
};

std::vector<std::string> Drain(RecordedMission& mission) {
  std::vector<std::string> order;
  while (auto record = mission.Next()) {
    order.push_back(fmt::format("{}{}@{}{}", record->source.value, record->source_sequence,
                                record->receive_time.micros(), record->end_of_source ? "!" : ""));
  }
  return order;
}

TEST(RecordedMission, OrdersByTimeThenBySourceId) {
  std::vector<std::unique_ptr<RecordedSource>> sources;
  sources.push_back(std::make_unique<FakeSource>("b", std::deque<std::int64_t>{1, 2, 5}));
  sources.push_back(std::make_unique<FakeSource>("a", std::deque<std::int64_t>{2, 2, 9}));
  RecordedMission mission(std::move(sources));
  EXPECT_EQ(Drain(mission),
            (std::vector<std::string>{"b1@1", "a1@2", "a2@2", "b2@2", "b3@5", "a3@9"}));
}

TEST(RecordedMission, OrderDoesNotDependOnTheOrderOfTheSources) {
  std::mt19937_64 random(5);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<std::deque<std::int64_t>> times(4);
    for (auto& list : times) {
      std::int64_t t = 0;
      for (std::size_t i = random() % 12; i > 0; --i) {
        list.push_back(t += static_cast<std::int64_t>(random() % 3));
      }
    }
    const auto merged = [&](const std::vector<int>& order) {
      std::vector<std::unique_ptr<RecordedSource>> sources;
      for (const int i : order) {
        sources.push_back(std::make_unique<FakeSource>(std::string(1, static_cast<char>('a' + i)),
                                                       times[static_cast<std::size_t>(i)]));
      }
      RecordedMission mission(std::move(sources));
      return Drain(mission);
    };
    EXPECT_EQ(merged({0, 1, 2, 3}), merged({3, 1, 0, 2}));
  }
}

TEST(RecordedMission, AFailingSourceEndsWithItsReasonAndTheOthersGoOn) {
  std::vector<std::unique_ptr<RecordedSource>> sources;
  sources.push_back(std::make_unique<FakeSource>("a", std::deque<std::int64_t>{1, 3}, true));
  sources.push_back(std::make_unique<FakeSource>("b", std::deque<std::int64_t>{2, 4}));
  RecordedMission mission(std::move(sources));
  EXPECT_EQ(Drain(mission), (std::vector<std::string>{"a1@1", "b1@2", "a2@3", "a3@3!", "b2@4"}));
  ASSERT_EQ(mission.problems().size(), 1U);
  EXPECT_EQ(mission.problems()[0].source.value, "a");
  EXPECT_EQ(mission.problems()[0].error.message, "the disk is gone");
}

TEST(RecordedMission, OpensWhatItCanAndRecordsWhatItCannotWithoutTheFoldersName) {
  FaultyStorage storage;
  ASSERT_TRUE(storage.MakeDirectories("/secret/place").has_value());
  ASSERT_TRUE(WriteTo(storage, "/secret/place/good.4607", Joined(RadarPackets())).has_value());
  MissionFile mission;
  mission.directory = "/secret/place";
  mission.config.set_start_utc("2026-03-01T20:59:00Z");
  for (const char* name : {"good", "missing"}) {
    auto* source = mission.config.add_source();
    source->set_id(name);
    source->set_file(std::string(name) + ".4607");
    source->set_format(v1::config::SourceConfig::STANAG4607);
  }
  RecordedMission merged = RecordedMission::Open(storage, mission);
  ASSERT_EQ(merged.problems().size(), 1U);
  EXPECT_EQ(merged.problems()[0].error.code, ErrorCode::kNotFound);
  EXPECT_NE(merged.problems()[0].error.message.find("/secret/place/missing.4607"),
            std::string::npos);
  const auto first = merged.Next();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->source.value, "missing");
  EXPECT_TRUE(first->end_of_source);
  EXPECT_EQ(FormatUtc(first->receive_time), "2026-03-01T20:59:00Z");
  EXPECT_NE(first->bytes.find("missing.4607: there is no such file"), std::string::npos);
  EXPECT_EQ(first->bytes.find("secret"), std::string::npos);
  EXPECT_EQ(Drain(merged).size(), 7U);
}

}  // namespace
}  // namespace trucewatch
