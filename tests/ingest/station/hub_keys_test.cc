// SPDX-License-Identifier: Apache-2.0
// What stations sign under a key set, by the hub's clock.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/human/human_record.h"
#include "tests/ingest/station/station_fixture.h"
#include "tests/support/test_keys.h"

namespace trucewatch::station {
namespace {

using ::testing::HasSubstr;
using testing::Header;
using testing::KeyOf;
using testing::Record;
using testing::StreamIdOf;
using testing::TestHub;
using trucewatch::testing::AddKey;
using trucewatch::testing::KeySetDigest;
using trucewatch::testing::PairOf;
using trucewatch::testing::Revoke;
using trucewatch::testing::SignedKeySet;
using trucewatch::testing::TestKeySet;
using trucewatch::testing::TestSetAfter;

constexpr char kMission[] = "exercise.trucewatch.example/keys";
Instant At(const std::string& minutes) { return *ParseUtc("2026-03-01T12:" + minutes + "Z"); }

class HubKeysTest : public ::testing::Test {
 protected:
  HubKeysTest() {
    // KeyOf(1) and PairOf(1) are the same pair.
    AddKey(first_, "station", "north", 1);
    AddKey(first_, "officer", "chief", 5);
    second_ = TestSetAfter(first_);
    AddKey(second_, "station", "north", 2, "2026-03-01T12:05:00Z");
    Revoke(second_, "north", "2026-03-01T12:30:00Z");
    second_.keys.back().revoked_from.reset();
    KeyBook book;
    const auto begun =
        book.Begin(kMission, KeySetDigest(first_), std::vector{SignedKeySet(first_)});
    EXPECT_TRUE(begun) << begun.error().message;
    hub_.options.keys = book;
    hub_.options.stations[0].sign_key = {};
    hub_.options.stations[0].sources.insert("officers");
    hub_.options.stations[0].occasional = {"officers"};
    hub_.options.stations[0].officers = {"officers"};
    hub_.now = At("00:00");
    EXPECT_TRUE(hub_.Open());
  }
  v1::SignedBatch Sealed(std::uint64_t sequence, const RawRecord& record, std::uint8_t key) {
    v1::StationBatch batch;
    batch.set_station_id("north");
    batch.set_stream_id(StreamIdOf('s'));
    batch.set_sequence(sequence);
    *batch.add_records() = ToProto(record);
    return SealBatch(batch, KeyOf(key));
  }
  std::string Give(std::uint64_t sequence, const RawRecord& record, std::uint8_t key) {
    return hub_.Give("north", Sealed(sequence, record, key)).refused();
  }
  RawRecord Bringing(const KeySet& set) {
    HumanRecord r;
    r.record_id = "k-2";
    r.kind = HumanRecordKind::kKeySet;
    r.reported = r.time_first = r.time_last = At("10:00");
    r.key_set = SignedKeySet(set);
    r.text = "change of keys";
    r.exercise = true;
    RawRecord record = Record("officers", 1);
    record.receive_time = At("10:00");
    record.bytes = *WriteHumanRecord(r, "chief", PairOf(5));
    return record;
  }
  int RefusalsOnRecord() {
    int count = 0;
    for (const std::string& payload : hub_.Journal()) {
      const auto envelope = ParseEnvelope(payload);
      if (envelope->source_status().reason().find("revoked from 2026-03-01T12:30:00Z") !=
          std::string::npos)
        ++count;
    }
    return count;
  }

  KeySet first_ = TestKeySet(kMission), second_;
  TestHub hub_;
};

TEST_F(HubKeysTest, AStationsKeyCountsUntilTheSetThatCameInSaysOtherwise) {
  EXPECT_EQ(Give(1, Record("radar1", 1), 1), "");
  EXPECT_THAT(Give(2, Record("radar1", 2), 2), HasSubstr("not signed by the key"));
  EXPECT_EQ(Give(2, Bringing(second_), 1), "");
  hub_.now = At("29:59");
  EXPECT_EQ(Give(3, Record("radar1", 2), 1), "");
  EXPECT_EQ(Give(4, Record("radar1", 3), 2), "");
  hub_.now = At("30:00");
  EXPECT_THAT(Give(5, Record("radar1", 4), 1), HasSubstr("revoked from 2026-03-01T12:30:00Z"));
  EXPECT_EQ(Give(5, Record("radar1", 4), 2), "");
}

TEST_F(HubKeysTest, ARefusalIsOnRecordOnceAndARestartKnowsTheNewerSet) {
  EXPECT_EQ(Give(1, Bringing(second_), 1), "");
  hub_.now = At("40:00");
  EXPECT_THAT(Give(2, Record("radar1", 1), 1), HasSubstr("revoked"));
  EXPECT_THAT(Give(2, Record("radar1", 1), 1), HasSubstr("revoked"));
  EXPECT_EQ(RefusalsOnRecord(), 3);  // once for each of its sources
  ASSERT_TRUE(hub_.Open());
  EXPECT_THAT(Give(2, Record("radar1", 1), 1), HasSubstr("revoked"));
  EXPECT_EQ(Give(2, Record("radar1", 1), 2), "");
}

TEST_F(HubKeysTest, AStationThatTheSetDoesNotNameIsRefused) {
  hub_.options.stations.push_back({"south", KeyOf(3).public_key(), {"radar2"}});
  ASSERT_TRUE(hub_.Open());
  v1::StationBatch batch;
  batch.set_station_id("south");
  batch.set_stream_id(StreamIdOf('t'));
  batch.set_sequence(1);
  *batch.add_records() = ToProto(Record("radar2", 1));
  EXPECT_THAT(hub_.Give("south", SealBatch(batch, KeyOf(3))).refused(),
              HasSubstr("has no key of station 'south'"));
  // Nor does a good key of one station speak for another.
  EXPECT_THAT(hub_.Give("south", SealBatch(batch, KeyOf(1))).refused(),
              HasSubstr("has no key of station 'south'"));
}

}  // namespace
}  // namespace trucewatch::station
