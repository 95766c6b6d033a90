// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/bus/faulty_link.h"
#include "ingest/station/station_uplink.h"
#include "tests/ingest/station/station_fixture.h"
#include "tests/support/temp_directory.h"

namespace trucewatch::station {
namespace {

using testing::EnvelopeOf;
using ::testing::HasSubstr;
using testing::Header;
using testing::HubLink;
using testing::KeyOf;
using testing::Record;
using testing::StreamIdOf;
using testing::TestHub;

constexpr std::uint64_t kRecords = 60;

class UplinkTest : public ::testing::Test {
 protected:
  // An outbox of 60 records in some 30 batches, made once; every open finds nothing acknowledged.
  std::unique_ptr<Outbox> OpenOutbox() {
    auto outbox = Outbox::Open(*storage_, directory_.File("o"),
                               {.station_id = "north", .new_stream_id = StreamIdOf('s')})
                      .value();
    if (outbox->created()) {
      BatchSealer sealer({.station_id = "north", .batch_bytes = 700}, KeyOf(1), outbox->state());
      for (std::uint64_t i = 1; i <= kRecords; ++i) {
        auto sealed = sealer.Add(Record("radar1", i, 300), now_);
        if (i == kRecords) sealed.push_back(*sealer.Seal(now_, true));
        for (const auto& record : sealed) EXPECT_TRUE(outbox->Append(record).has_value());
      }
    }
    return outbox;
  }
  std::vector<std::string> Expected() {
    std::vector<std::string> expected = {Header()};
    for (std::uint64_t i = 1; i <= kRecords; ++i) {
      expected.push_back(EnvelopeOf(Record("radar1", i, 300)));
    }
    return expected;
  }
  // Steps, a tenth of a second each, until the outbox is finished.
  int RunToEnd(StationUplink& uplink, Outbox& outbox, TestHub& hub, int max_steps = 20'000) {
    int steps = 0;
    for (; !outbox.finished() && steps < max_steps; ++steps) {
      now_ = now_ + Duration::Millis(100);
      hub.now = now_;
      EXPECT_TRUE(uplink.Step(now_, Duration()).has_value());
    }
    return steps;
  }
  const trucewatch::testing::TempDirectory directory_;
  const std::unique_ptr<Storage> storage_ = MakePosixStorage();
  Instant now_ = Instant::FromMicros(1'000'000'000);
};

TEST_F(UplinkTest, OverALinkThatLosesDoublesDelaysAndBreaksTheJournalIsTheSame) {
  const auto expected = Expected();
  std::uint64_t repeated = 0;
  std::uint64_t connections = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    TestHub hub;
    ASSERT_TRUE(hub.Open().has_value());
    auto outbox = OpenOutbox();
    int links = 0;
    StationUplink uplink({.station_id = "north"}, *outbox, [&]() -> Result<std::unique_ptr<Link>> {
      ++links;
      return std::make_unique<FaultyLink>(
          std::make_unique<HubLink>(hub, "north", fmt::format("peer{}", links)),
          FaultyLink::Options{.seed = seed * 1000 + static_cast<std::uint64_t>(links)});
    });
    if (seed % 2 == 1) uplink.RequestCut(Duration::Seconds(3));
    if (seed % 3 == 1) uplink.RequestCut(Duration::Seconds(1));
    const int steps = RunToEnd(uplink, *outbox, hub);
    ASSERT_TRUE(outbox->finished()) << seed;
    EXPECT_GT(steps, 3);
    ASSERT_EQ(hub.Journal(), expected) << seed;
    EXPECT_TRUE(hub.hub->closed());
    const StationAccount account = hub.hub->accounts()[0];
    EXPECT_EQ(account.records, kRecords);
    EXPECT_EQ(account.batches, outbox->last());
    EXPECT_EQ(account.refused, 0U);
    EXPECT_EQ(account.declared_lost, 0U);
    EXPECT_EQ(uplink.status().cuts, (seed % 2 == 1 ? 1U : 0U) + (seed % 3 == 1 ? 1U : 0U));
    repeated += account.repeated;
    connections += account.connections;
  }
  EXPECT_GT(repeated, 100U) << "the link must hurt, or this shows nothing";
  EXPECT_GT(connections, 40U);
}

TEST_F(UplinkTest, SendsNoMoreThanTheHubsCreditAllows) {
  // Takes batches and says nothing.
  struct SilentLink final : Link {
    Result<void> Send(std::string message) override {
      const auto frame = ParseStationFrame(message);
      if (frame->has_batch()) {
        bytes += message.size();
        return {};
      }
      v1::StationAck ack;
      ack.set_stream_id(frame->hello().stream_id());
      ack.set_credit_bytes(3000);
      answer = ack.SerializeAsString();
      return {};
    }
    Result<std::optional<std::string>> Receive(Duration) override {
      return std::exchange(answer, std::nullopt);
    }
    Result<void> Reset() override { return {}; }
    std::optional<std::string> answer;
    std::size_t bytes = 0;
  };
  auto outbox = OpenOutbox();
  SilentLink* link = nullptr;
  StationUplink uplink({.station_id = "north"}, *outbox, [&]() -> Result<std::unique_ptr<Link>> {
    auto made = std::make_unique<SilentLink>();
    link = made.get();
    return made;
  });
  for (int i = 0; i < 5; ++i) {
    now_ = now_ + Duration::Millis(100);
    ASSERT_TRUE(uplink.Step(now_, Duration()).has_value());
  }
  ASSERT_NE(link, nullptr);
  EXPECT_GT(link->bytes, 2000U);
  EXPECT_LT(link->bytes, 3000U + 1000U);
  EXPECT_EQ(outbox->acknowledged(), 0U);
}

// The hub has never heard of the key: the station tries for ever, slower and slower, each time with
// a new socket, says why, and delivers everything once it is enrolled.
TEST_F(UplinkTest, ARefusedKeyIsTriedAgainForEverAndDeliversOnceEnrolled) {
  struct RefusedLink final : Link {
    Result<void> Send(std::string) override {
      return Fail(ErrorCode::kUnavailable, "the hub refuses this key");
    }
    Result<std::optional<std::string>> Receive(Duration) override { return std::nullopt; }
    Result<void> Reset() override { return {}; }
  };
  TestHub hub;
  ASSERT_TRUE(hub.Open().has_value());
  auto outbox = OpenOutbox();
  bool enrolled = false;
  int links = 0;
  StationUplink uplink({.station_id = "north"}, *outbox, [&]() -> Result<std::unique_ptr<Link>> {
    ++links;
    if (enrolled) return std::make_unique<HubLink>(hub, "north", "p");
    return std::make_unique<RefusedLink>();
  });
  RunToEnd(uplink, *outbox, hub, 6000);  // ten minutes
  EXPECT_THAT(uplink.status().problem, HasSubstr("refuses this key"));
  EXPECT_FALSE(uplink.status().connected);
  EXPECT_GT(links, 55);
  EXPECT_LT(links, 80) << "ten seconds apart at last";
  EXPECT_EQ(outbox->acknowledged(), 0U);
  EXPECT_EQ(hub.received.last(), 1U);
  enrolled = true;
  EXPECT_LT(RunToEnd(uplink, *outbox, hub), 200);
  EXPECT_EQ(hub.Journal(), Expected());
  EXPECT_EQ(uplink.status().problem, "");
}

TEST_F(UplinkTest, AHubThatClaimsWhatWasNeverMadeIsNotBelieved) {
  struct LyingLink final : Link {
    Result<void> Send(std::string) override { return {}; }
    Result<std::optional<std::string>> Receive(Duration) override {
      if (std::exchange(said, true)) return std::nullopt;
      v1::StationAck ack;
      ack.set_stream_id(StreamIdOf('s'));
      ack.set_contiguous(1000);
      ack.set_credit_bytes(1 << 20);
      return ack.SerializeAsString();
    }
    Result<void> Reset() override { return {}; }
    bool said = false;
  };
  auto outbox = OpenOutbox();
  StationUplink uplink({.station_id = "north"}, *outbox, []() -> Result<std::unique_ptr<Link>> {
    return std::make_unique<LyingLink>();
  });
  ASSERT_TRUE(uplink.Step(now_, Duration()).has_value());
  EXPECT_EQ(outbox->acknowledged(), 0U);
  EXPECT_THAT(uplink.status().problem, HasSubstr("says that it has batch 1000"));
}

}  // namespace
}  // namespace trucewatch::station
