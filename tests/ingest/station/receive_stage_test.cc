// SPDX-License-Identifier: Apache-2.0
#include "ingest/station/receive_stage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ingest/station/station_fixture.h"

namespace trucewatch::station {
namespace {

using testing::EnvelopeOf;
using ::testing::HasSubstr;
using testing::Header;
using testing::KeyOf;
using testing::Record;
using testing::StreamIdOf;

class ReceiveStageTest : public ::testing::Test {
 protected:
  void Add(const v1::StationBatch& batch) {
    v1::ReceivedRecord record;
    *record.mutable_batch() = SealBatch(batch, KeyOf(1));
    inputs_.push_back({inputs_.size() + 1, 0, record.SerializeAsString()});
  }
  void AddBatch(const std::vector<RawRecord>& records,
                const std::vector<std::pair<std::uint64_t, std::uint64_t>>& losses = {},
                char stream = 's') {
    v1::StationBatch batch;
    batch.set_station_id("north");
    batch.set_stream_id(StreamIdOf(stream));
    batch.set_sequence(++sequence_);
    for (const RawRecord& record : records) *batch.add_records() = ToProto(record);
    for (const auto& [first, last] : losses) {
      auto* loss = batch.add_losses();
      loss->set_source_id("radar1");
      loss->set_first_sequence(first);
      loss->set_last_sequence(last);
      loss->set_reason("the receiver was full");
    }
    Add(batch);
  }
  std::vector<std::string> Run() {
    ReceiveStage stage;
    return testing::MadeBy(stage, inputs_);
  }
  static std::string FaultIn(const std::string& payload) {
    return ParseEnvelope(payload)->data_fault().reason();
  }
  std::vector<LogRecord> inputs_;
  std::uint64_t sequence_ = 0;
};

TEST_F(ReceiveStageTest, ADeclaredLossIsStatedSoThatSentIsDeliveredAndLost) {
  AddBatch({Record("radar1", 1), Record("radar1", 2), Record("radar1", 6)}, {{3, 5}});
  AddBatch({Record("radar1", 7)}, {{8, 9}});
  const auto out = Run();
  ASSERT_EQ(out.size(), 6U);
  EXPECT_EQ(FaultIn(out[2]),
            "station north declares records 3 to 5 lost: the receiver was full; sent 5 = delivered "
            "2 + declared lost 3");
  EXPECT_EQ(out[3], EnvelopeOf(Record("radar1", 6)));
  EXPECT_THAT(FaultIn(out[5]), HasSubstr("sent 9 = delivered 4 + declared lost 5"));
}

TEST_F(ReceiveStageTest, AHoleThatNobodyDeclaredIsStated) {
  AddBatch({Record("radar1", 1), Record("radar1", 4)});
  const auto out = Run();
  ASSERT_EQ(out.size(), 3U);
  EXPECT_EQ(FaultIn(out[1]),
            "records 2 to 3 neither came from station north nor was declared lost");
  EXPECT_EQ(out[2], EnvelopeOf(Record("radar1", 4)));
}

TEST_F(ReceiveStageTest, AStationThatLostItsOutboxDeliversNothingTwice) {
  AddBatch({Record("radar1", 1), Record("radar1", 2)});
  sequence_ = 0;
  AddBatch({Record("radar1", 1), Record("radar1", 2), Record("radar1", 3)}, {}, 't');
  const auto out = Run();
  ASSERT_EQ(out.size(), 5U);
  EXPECT_THAT(FaultIn(out[2]), HasSubstr("begins a new stream"));
  EXPECT_EQ(out[3], EnvelopeOf(Record("radar1", 3)));
  EXPECT_THAT(FaultIn(out[4]), HasSubstr("2 records came again"));
}

TEST_F(ReceiveStageTest, OutputsDoNotDependOnBatchesOrRestarts) {
  v1::ReceivedRecord header;
  header.set_mission_header(Header());
  inputs_.push_back({1, 0, header.SerializeAsString()});
  AddBatch({Record("radar1", 1), Record("drone1", 1)}, {{2, 4}});
  AddBatch({Record("radar1", 5)}, {{6, 6}});
  sequence_ = 0;
  AddBatch({Record("radar1", 5), Record("radar1", 9)}, {}, 't');
  const auto expected = Run();
  for (std::size_t cut = 0; cut <= inputs_.size(); ++cut) {
    ReceiveStage first;
    const std::span<const LogRecord> inputs(inputs_);
    std::vector<std::string> all = testing::MadeBy(first, inputs.first(cut));
    ReceiveStage second;
    ASSERT_TRUE(second.Restore(first.Snapshot().value()).has_value());
    for (const std::string& made : testing::MadeBy(second, inputs.subspan(cut))) {
      all.push_back(made);
    }
    EXPECT_EQ(all, expected) << cut;
  }
}

TEST_F(ReceiveStageTest, ALogThatIsBrokenIsAnError) {
  for (const std::string& payload :
       {std::string(), std::string("\xff\xff"), std::string("\x12\x00", 2)}) {
    ReceiveStage stage;
    const std::vector<LogRecord> inputs = {{1, 0, payload}};
    EXPECT_EQ(stage.Handle(inputs).error().code, ErrorCode::kCheckFailed);
  }
}

}  // namespace
}  // namespace trucewatch::station
