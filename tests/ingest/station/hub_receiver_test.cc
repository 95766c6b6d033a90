// SPDX-License-Identifier: Apache-2.0
#include "ingest/station/hub_receiver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/ingest/station/station_fixture.h"

namespace trucewatch::station {
namespace {

using testing::EnvelopeOf;
using ::testing::HasSubstr;
using testing::Header;
using testing::KeyOf;
using testing::Record;
using ::testing::StartsWith;
using testing::StreamIdOf;
using testing::TestHub;

v1::StationBatch Batch(std::uint64_t sequence, const std::vector<RawRecord>& records,
                       const std::string& station = "north", char stream = 's') {
  v1::StationBatch batch;
  batch.set_station_id(station);
  batch.set_stream_id(StreamIdOf(stream));
  batch.set_sequence(sequence);
  batch.set_sealed_us(77);
  for (const RawRecord& record : records) *batch.add_records() = ToProto(record);
  return batch;
}

RawRecord End(const std::string& source, std::uint64_t sequence) {
  RawRecord record = Record(source, sequence, 0);
  record.end_of_source = true;
  return record;
}

std::vector<v1::SourceStatus> Statuses(const std::vector<std::string>& journal) {
  std::vector<v1::SourceStatus> statuses;
  for (const std::string& payload : journal) {
    const auto envelope = ParseEnvelope(payload);
    if (envelope->has_source_status()) statuses.push_back(envelope->source_status());
  }
  return statuses;
}

class HubReceiverTest : public ::testing::Test {
 protected:
  HubReceiverTest() { EXPECT_TRUE(hub_.Open().has_value()); }
  v1::SignedBatch Sealed(std::uint64_t sequence, const std::vector<RawRecord>& records) {
    return SealBatch(Batch(sequence, records), KeyOf(1));
  }
  TestHub hub_;
};

TEST_F(HubReceiverTest, TakesWhatIsNextAndSaysSoAndTheJournalHasTheRecordsAsTheyWere) {
  const RawRecord a = Record("radar1", 1);
  const RawRecord b = Record("drone1", 1);
  const RawRecord c = Record("radar1", 2);
  EXPECT_EQ(hub_.Give("north", Sealed(1, {a, b})).contiguous(), 1U);
  const auto ack = hub_.Give("north", Sealed(2, {c}));
  EXPECT_EQ(ack.contiguous(), 2U);
  EXPECT_EQ(ack.stream_id(), StreamIdOf('s'));
  EXPECT_EQ(ack.refused(), "");
  EXPECT_GT(ack.credit_bytes(), 0U);
  EXPECT_EQ(hub_.Journal(),
            (std::vector<std::string>{Header(), EnvelopeOf(a), EnvelopeOf(b), EnvelopeOf(c)}));
}

TEST_F(HubReceiverTest, ABatchThatComesAgainIsAcknowledgedAndNotStored) {
  const auto first = Sealed(1, {Record("radar1", 1)});
  hub_.Give("north", first);
  const auto before = hub_.Journal();
  const auto ack = hub_.Give("north", first);
  EXPECT_EQ(ack.contiguous(), 1U);
  EXPECT_EQ(ack.refused(), "");
  EXPECT_EQ(hub_.Journal(), before);
  EXPECT_EQ(hub_.hub->accounts()[0].repeated, 1U);
}

TEST_F(HubReceiverTest, AGapIsRefusedWithThePositionToGoOnFrom) {
  hub_.Give("north", Sealed(1, {Record("radar1", 1)}));
  const auto ack = hub_.Give("north", Sealed(3, {Record("radar1", 3)}));
  EXPECT_EQ(ack.contiguous(), 1U);
  EXPECT_THAT(ack.refused(), StartsWith(std::string(kGap)));
  EXPECT_EQ(hub_.received.last(), 2U);
}

// One change each to a good frame: nothing gets in, and the answer says why.
TEST_F(HubReceiverTest, WhatIsNotTheStationsOwnGetsNothingIn) {
  hub_.Give("north", Sealed(1, {Record("radar1", 1)}));
  const auto before = hub_.Journal();
  const auto expect_refused = [&](const std::string& user, const v1::SignedBatch& batch,
                                  const std::string& why) {
    const auto ack = hub_.Give(user, batch);
    EXPECT_THAT(ack.refused(), HasSubstr(why));
    EXPECT_EQ(hub_.Journal(), before) << why;
  };
  const auto good = Batch(2, {Record("radar1", 2)});
  // A key that the hub does not know; a signature over other bytes; one cut short.
  expect_refused("north", SealBatch(good, KeyOf(9)), "not signed by the key");
  auto changed = SealBatch(good, KeyOf(1));
  (*changed.mutable_body())[changed.body().size() / 2] ^= 1;
  expect_refused("north", changed, "not signed by the key");
  auto shorter = SealBatch(good, KeyOf(1));
  shorter.mutable_signature()->pop_back();
  expect_refused("north", shorter, "a signature of 63 bytes");
  // A good batch through somebody else's door key.
  expect_refused("south", SealBatch(good, KeyOf(1)), "no source of the mission comes from 'south'");
  expect_refused("", SealBatch(good, KeyOf(1)), "no source of the mission comes from ''");
  // Another station's id in a batch that this station has signed.
  expect_refused("north", SealBatch(Batch(2, {Record("radar1", 2)}, "south"), KeyOf(1)),
                 "a batch of station 'south' by the key of 'north'");
  // Another station's source, as record and as loss.
  expect_refused("north", Sealed(2, {Record("radar1", 2), Record("radar2", 1)}),
                 "source 'radar2' is not one of station 'north'");
  auto loss = Batch(2, {});
  loss.add_losses()->set_source_id("radar2");
  loss.mutable_losses(0)->set_first_sequence(1);
  loss.mutable_losses(0)->set_last_sequence(5);
  expect_refused("north", SealBatch(loss, KeyOf(1)), "a declared loss of source 'radar2'");
  // Signed, and no batch.
  auto no_stream = good;
  no_stream.set_stream_id("short");
  expect_refused("north", SealBatch(no_stream, KeyOf(1)), "a stream id of 5 bytes");
  EXPECT_EQ(hub_.hub->accounts()[0].refused, 7U);
  // And the good one still gets in.
  EXPECT_EQ(hub_.Give("north", SealBatch(good, KeyOf(1))).contiguous(), 2U);
}

TEST_F(HubReceiverTest, BytesThatAreNoFrameAreRefusedWithoutHarm) {
  for (const std::string& bytes :
       {std::string(), std::string("\xff\xff\xff"), std::string(kMaxFrameBytes + 1, 'x')}) {
    const auto out = hub_.hub->Handle({{"p", "north", bytes}}, hub_.now);
    ASSERT_TRUE(out.has_value());
    EXPECT_THAT(ParseStationAck(out->front().bytes)->refused(), HasSubstr("no StationFrame"));
  }
  EXPECT_EQ(hub_.received.last(), 1U);
}

TEST_F(HubReceiverTest, AnEquivocationIsKeptAsideOnceAndTheFirstStands) {
  hub_.Give("north", Sealed(1, {Record("radar1", 1)}));
  const auto before = hub_.Journal();
  const auto other = Sealed(1, {Record("radar1", 1, 30)});
  for (int i = 0; i < 3; ++i) {
    const auto ack = hub_.Give("north", other);
    EXPECT_THAT(ack.refused(), HasSubstr("equivocation: batch 1"));
    EXPECT_EQ(ack.contiguous(), 1U);
  }
  EXPECT_EQ(hub_.Journal(), before);
  const auto kept = testing::Payloads(hub_.refused);
  ASSERT_EQ(kept.size(), 1U);
  v1::ReceivedRecord record;
  ASSERT_TRUE(record.ParseFromString(kept[0]));
  EXPECT_EQ(record.batch().body(), other.body());
  // Also after a restart, which must not forget what it has seen.
  ASSERT_TRUE(hub_.Open().has_value());
  EXPECT_THAT(hub_.Give("north", other).refused(), HasSubstr("equivocation"));
  EXPECT_EQ(hub_.refused.last(), 1U);
}

TEST_F(HubReceiverTest, GoesOnAfterARestartWhereItWas) {
  for (std::uint64_t i = 1; i <= 5; ++i) hub_.Give("north", Sealed(i, {Record("radar1", i)}));
  const auto before = hub_.Journal();
  ASSERT_TRUE(hub_.Open().has_value());
  v1::StationFrame hello;
  hello.mutable_hello()->set_station_id("north");
  hello.mutable_hello()->set_stream_id(StreamIdOf('s'));
  EXPECT_EQ(hub_.Give("north", hello).contiguous(), 5U);
  EXPECT_EQ(hub_.Give("north", Sealed(5, {Record("radar1", 5)})).refused(), "");
  EXPECT_EQ(hub_.Journal(), before);
  EXPECT_EQ(hub_.Give("north", Sealed(6, {Record("radar1", 6)})).contiguous(), 6U);
  EXPECT_EQ(hub_.hub->accounts()[0].records, 6U);
}

TEST_F(HubReceiverTest, RefusesTheLogOfAnotherMission) {
  hub_.options.mission_header = Header("another");
  const auto opened = hub_.Open();
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::kCheckFailed);
}

// A writer that fails, as a full disk does.
class FailingLog final : public LogWriter {
 public:
  explicit FailingLog(MemoryLog& log) : log_(log) {}
  Result<void> Append(const std::vector<NewRecord>& records) override {
    if (fail) return Fail(ErrorCode::kIo, "no space");
    return log_.Append(records);
  }
  std::uint64_t last() const override { return log_.last(); }
  Result<void> Close() override { return log_.Close(); }
  bool fail = false;

 private:
  MemoryLog& log_;
};

TEST_F(HubReceiverTest, NothingIsAcknowledgedThatIsNotDurable) {
  FailingLog writer(hub_.received);
  auto hub = HubReceiver::Open(hub_.options, {hub_.received, writer}, {hub_.refused, hub_.refused},
                               hub_.now);
  ASSERT_TRUE(hub.has_value());
  writer.fail = true;
  v1::StationFrame frame;
  *frame.mutable_batch() = Sealed(1, {Record("radar1", 1)});
  const auto out = (*hub)->Handle({{"p", "north", frame.SerializeAsString()}}, hub_.now);
  ASSERT_FALSE(out.has_value());
  EXPECT_EQ(out.error().code, ErrorCode::kIo);
}

TEST_F(HubReceiverTest, OneAppendMakesAGroupDurableAndOneAckAnswersIt) {
  std::vector<HubReceiver::Inbound> group;
  for (std::uint64_t i = 1; i <= 10; ++i) {
    v1::StationFrame frame;
    *frame.mutable_batch() = Sealed(i, {Record("radar1", i)});
    group.push_back({"p", "north", frame.SerializeAsString()});
  }
  const auto out = hub_.hub->Handle(group, hub_.now);
  ASSERT_EQ(out->size(), 1U);
  EXPECT_EQ(ParseStationAck(out->front().bytes)->contiguous(), 10U);
}

TEST_F(HubReceiverTest, ASilentStationsSourcesAreLateOnceAndResumeBeforeItsNextBatch) {
  hub_.Give("north", Sealed(1, {Record("radar1", 7), Record("drone1", 1), End("drone1", 2)}));
  hub_.now = hub_.now + Duration::Seconds(29);
  ASSERT_TRUE(hub_.hub->Tick(hub_.now).has_value());
  EXPECT_TRUE(Statuses(hub_.Journal()).empty());
  hub_.now = hub_.now + Duration::Seconds(1);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(hub_.hub->Tick(hub_.now).has_value());
  auto statuses = Statuses(hub_.Journal());
  ASSERT_EQ(statuses.size(), 1U) << "drone1 has ended, so it is not late";
  EXPECT_EQ(statuses[0].source_id(), "radar1");
  EXPECT_EQ(statuses[0].state(), v1::SOURCE_STATE_LATE);
  EXPECT_EQ(statuses[0].time_us(), 7'000'000);
  // A restart knows that it is late.
  ASSERT_TRUE(hub_.Open().has_value());
  hub_.now = hub_.now + Duration::Seconds(40);
  ASSERT_TRUE(hub_.hub->Tick(hub_.now).has_value());
  EXPECT_EQ(Statuses(hub_.Journal()).size(), 1U);
  hub_.Give("north", Sealed(2, {Record("radar1", 8)}));
  const auto journal = hub_.Journal();
  statuses = Statuses(journal);
  ASSERT_EQ(statuses.size(), 2U);
  EXPECT_EQ(statuses[1].state(), v1::SOURCE_STATE_RESUMED);
  EXPECT_TRUE(ParseEnvelope(journal[journal.size() - 2])->has_source_status());
  EXPECT_EQ(journal.back(), EnvelopeOf(Record("radar1", 8)));
}

v1::SourceNotice Notice(const char* source, v1::SourceState state, std::uint64_t after = 0) {
  v1::SourceNotice notice;
  notice.set_source_id(source);
  notice.set_state(state);
  notice.set_after_sequence(after);
  notice.set_reason("station north: no data for 3.0 s (connected)");
  return notice;
}

TEST_F(HubReceiverTest, WhatAStationSaysOfALiveSourceStandsBetweenItsRecordsAndIsNotSaidAgain) {
  auto batch = Batch(1, {Record("radar1", 1), Record("radar1", 2)});
  *batch.add_notices() = Notice("radar1", v1::SOURCE_STATE_LATE, 1);
  *batch.add_notices() = Notice("radar1", v1::SOURCE_STATE_RESUMED, 1);
  *batch.add_notices() = Notice("radar1", v1::SOURCE_STATE_LATE, 2);
  EXPECT_EQ(hub_.Give("north", SealBatch(batch, KeyOf(1))).refused(), "");
  auto journal = hub_.Journal();
  ASSERT_EQ(journal.size(), 6U);
  EXPECT_EQ(journal[1], EnvelopeOf(Record("radar1", 1)));
  EXPECT_EQ(ParseEnvelope(journal[2])->source_status().state(), v1::SOURCE_STATE_LATE);
  EXPECT_EQ(ParseEnvelope(journal[3])->source_status().state(), v1::SOURCE_STATE_RESUMED);
  EXPECT_EQ(journal[4], EnvelopeOf(Record("radar1", 2)));
  EXPECT_EQ(ParseEnvelope(journal[5])->source_status().reason(),
            "station north: no data for 3.0 s (connected)");
  // The station falls silent too: of radar1 that is known already, also after a restart.
  ASSERT_TRUE(hub_.Open().has_value());
  hub_.now = hub_.now + Duration::Seconds(40);
  ASSERT_TRUE(hub_.hub->Tick(hub_.now).has_value());
  journal = hub_.Journal();
  ASSERT_EQ(journal.size(), 7U);
  EXPECT_EQ(ParseEnvelope(journal[6])->source_status().source_id(), "drone1");
  // And it is not the hub that says it is back.
  auto next = Batch(2, {Record("drone1", 1)});
  hub_.Give("north", SealBatch(next, KeyOf(1)));
  journal = hub_.Journal();
  ASSERT_EQ(journal.size(), 9U);
  EXPECT_EQ(ParseEnvelope(journal[7])->source_status().source_id(), "drone1");
}

TEST_F(HubReceiverTest, NotesAreOnRecordOnceAndWhatTheyThinIsKnownAfterARestart) {
  const std::string thinned = "overload: 1 segment in 3 is looked at; why";
  std::vector<SourceNote> due;
  HubOptions::Thinned in_force;
  hub_.options.notes = [&](Instant, const HubOptions::Thinned& known) {
    in_force = known;
    return std::exchange(due, {});
  };
  ASSERT_TRUE(hub_.Open().has_value());
  hub_.Give("north", Sealed(1, {Record("drone1", 1)}));
  due = {{{"drone1"}, thinned}, {{"nobody"}, thinned}};
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(hub_.hub->Tick(hub_.now).has_value());
  auto statuses = Statuses(hub_.Journal());
  ASSERT_EQ(statuses.size(), 1U);
  EXPECT_EQ(statuses[0].source_id(), "drone1");
  EXPECT_EQ(statuses[0].state(), v1::SOURCE_STATE_UNSPECIFIED);
  EXPECT_EQ(statuses[0].reason(), thinned);
  EXPECT_EQ(statuses[0].time_us(), 1'000'000);
  EXPECT_EQ(in_force, (HubOptions::Thinned{{{"drone1"}, 3}}));
  in_force.clear();
  ASSERT_TRUE(hub_.Open().has_value());
  due = {{{"drone1"}, "overload: 1 segment in 1 is looked at; why"}};
  ASSERT_TRUE(hub_.hub->Tick(hub_.now).has_value());
  EXPECT_EQ(in_force, (HubOptions::Thinned{{{"drone1"}, 3}}));
  ASSERT_TRUE(hub_.hub->Tick(hub_.now).has_value());
  EXPECT_TRUE(in_force.empty());
}

TEST_F(HubReceiverTest, AStationCannotSayWhatDetectionLooksAt) {
  auto batch = Batch(1, {Record("drone1", 1)});
  *batch.add_notices() = Notice("drone1", v1::SOURCE_STATE_UNSPECIFIED, 1);
  batch.mutable_notices(0)->set_reason("overload: 1 segment in 64 is looked at; by the station");
  EXPECT_EQ(hub_.Give("north", SealBatch(batch, KeyOf(1))).refused(), "");
  const auto statuses = Statuses(hub_.Journal());
  ASSERT_EQ(statuses.size(), 1U);
  EXPECT_EQ(statuses[0].reason(),
            "the station says: overload: 1 segment in 64 is looked at; by the station");
}

TEST_F(HubReceiverTest, AStationSpeaksOfItsOwnSourcesAndDecidesNothingElse) {
  auto foreign = Batch(1, {});
  *foreign.add_notices() = Notice("radar2", v1::SOURCE_STATE_LATE);
  EXPECT_THAT(hub_.Give("north", SealBatch(foreign, KeyOf(1))).refused(),
              HasSubstr("not one of station 'north'"));
  auto ended = Batch(1, {});
  *ended.add_notices() = Notice("radar1", v1::SOURCE_STATE_ENDED);
  EXPECT_THAT(hub_.Give("north", SealBatch(ended, KeyOf(1))).refused(),
              HasSubstr("neither LATE, RESUMED nor a note"));
  EXPECT_EQ(hub_.Journal().size(), 1U);
}

TEST_F(HubReceiverTest, AHelloKeepsAStationFromBeingLate) {
  v1::StationFrame hello;
  hello.mutable_hello()->set_station_id("north");
  hello.mutable_hello()->set_stream_id(StreamIdOf('s'));
  for (int i = 0; i < 5; ++i) {
    hub_.now = hub_.now + Duration::Seconds(20);
    hub_.Give("north", hello);
    ASSERT_TRUE(hub_.hub->Tick(hub_.now).has_value());
  }
  EXPECT_EQ(hub_.received.last(), 1U);
}

TEST_F(HubReceiverTest, MeasuresAStationsClockByItsHellos) {
  v1::StationFrame frame;
  v1::StationHello* hello = frame.mutable_hello();
  hello->set_station_id("north");
  hello->set_stream_id(StreamIdOf('s'));
  EXPECT_FALSE(hub_.hub->accounts()[0].clock_offset.has_value());
  hub_.Give("north", frame);
  EXPECT_FALSE(hub_.hub->accounts()[0].clock_offset.has_value()) << "it did not say";
  for (const int off_ms : {7300, 7310, 7290, -900'000, 7305}) {  // one of them was long under way
    hub_.now = hub_.now + Duration::Seconds(1);
    hello->set_clock_us((hub_.now - Duration::Millis(off_ms)).micros());
    hub_.Give("north", frame);
  }
  EXPECT_EQ(hub_.hub->accounts()[0].clock_offset, Duration::Millis(7300));
  for (const std::int64_t extreme :
       {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    hello->set_clock_us(extreme);
    EXPECT_EQ(hub_.Give("north", frame).refused(), "");
  }
}

TEST_F(HubReceiverTest, ClosesTheLogWhenEveryStationHasEnded) {
  TestHub hub(2);
  ASSERT_TRUE(hub.Open().has_value());
  // Two stations: every source is expected from the start.
  ASSERT_EQ(Statuses(hub.Journal()).size(), 3U);
  EXPECT_EQ(Statuses(hub.Journal())[0].state(), v1::SOURCE_STATE_STARTED);
  auto north = Batch(1, {Record("radar1", 1)});
  north.set_end_of_stream(true);
  hub.Give("north", SealBatch(north, KeyOf(1)));
  EXPECT_FALSE(hub.hub->closed());
  auto south = Batch(1, {Record("radar2", 1)}, "south", 't');
  south.set_end_of_stream(true);
  EXPECT_EQ(hub.Give("south", SealBatch(south, KeyOf(2))).contiguous(), 1U);
  EXPECT_TRUE(hub.hub->closed());
  EXPECT_TRUE(hub.received.ReadAfter(0, 1 << 20, Duration())->closed);
  EXPECT_FALSE(hub.hub->settled());
  for (const auto& [id, stream] : {std::pair{"north", 's'}, std::pair{"south", 't'}}) {
    v1::StationFrame hello;
    hello.mutable_hello()->set_station_id(id);
    hello.mutable_hello()->set_stream_id(StreamIdOf(stream));
    hello.mutable_hello()->set_first_retained(2);
    EXPECT_EQ(hub.Give(id, hello).contiguous(), 1U) << "answered after the end too";
  }
  EXPECT_TRUE(hub.hub->settled());
}

TEST_F(HubReceiverTest, ASourceThatSpeaksNowAndThenIsNeitherExpectedNorLate) {
  TestHub hub(2);
  hub.options.stations[0].occasional = {"drone1"};
  ASSERT_TRUE(hub.Open().has_value());
  hub.now = hub.now + Duration::Seconds(100);
  ASSERT_TRUE(hub.hub->Tick(hub.now).has_value());
  const auto statuses = Statuses(hub.Journal());
  ASSERT_EQ(statuses.size(), 4U) << "radar1 and radar2: expected, late";
  for (const auto& status : statuses) EXPECT_NE(status.source_id(), "drone1");
}

TEST_F(HubReceiverTest, ALostOutboxBeginsANewStreamAndTheOldOneIsOver) {
  hub_.Give("north", Sealed(1, {Record("radar1", 1)}));
  const auto again = SealBatch(Batch(1, {Record("radar1", 1)}, "north", 't'), KeyOf(1));
  EXPECT_EQ(hub_.Give("north", again).contiguous(), 1U);
  EXPECT_THAT(hub_.Give("north", Sealed(2, {Record("radar1", 2)})).refused(),
              HasSubstr("after stream"));
}

}  // namespace
}  // namespace trucewatch::station
