// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "core/net/udp_receiver.h"
#include "ingest/receiver.h"
#include "ingest/station/station.h"
#include "ingest/station/station_config.h"
#include "tests/ingest/radar/radar_files.h"
#include "tests/ingest/station/station_fixture.h"
#include "tests/support/temp_directory.h"
#include "tests/support/udp_sender.h"

namespace trucewatch::station {
namespace {

using ::testing::HasSubstr;
using testing::Header;
using testing::HubLink;
using testing::KeyOf;
using testing::Payloads;
using testing::TestHub;

bool Eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

class GroundStationTest : public ::testing::Test {
 protected:
  GroundStationTest() {
    Write("radar1", {.dwells = 60});
    Write("drone1", {.dwells = 40, .first_ms = 75'601'000, .platform = "RADAR2"});
    EXPECT_TRUE(hub_.Open().has_value());
    file_.path = directory_.File("station.txtpb");
    file_.directory = directory_.path();
    file_.config.set_id("north");
    file_.config.set_start_utc("2026-03-01T21:00:00Z");
    file_.config.set_outbox("outbox");
    file_.config.set_batch_s(1);
    file_.config.set_batch_bytes(1024);
    file_.config.set_max_outbox_bytes(1 << 30);
    for (const char* id : {"radar1", "drone1"}) AddSource(id);
  }
  void Write(const std::string& id, const stanag4607::testing::RadarFileOptions& options) {
    const std::string bytes =
        stanag4607::testing::Joined(stanag4607::testing::RadarPackets(options));
    std::ofstream(directory_.File(id + ".4607"), std::ios::binary) << bytes;
  }
  void AddSource(const std::string& id) {
    auto* source = file_.config.add_source();
    source->set_id(id);
    source->set_file(id + ".4607");
    source->set_format(v1::config::SourceConfig::STANAG4607);
  }
  // The journal that a receiver of this machine writes of the same files.
  std::vector<std::string> LocalJournal() {
    RecordedMission mission = RecordedMission::Open(*storage_, file_.Recorded());
    MemoryLog log;
    ReceiverOptions options;
    options.mission_header = Header();
    Receiver receiver(options, &mission, &log, &log, &clock_);
    EXPECT_TRUE(receiver.Run().has_value());
    return Payloads(log);
  }
  std::unique_ptr<GroundStation> MakeStation() {
    auto made = GroundStation::Create(
        file_, KeyOf(1),
        [this]() -> Result<std::unique_ptr<Link>> {
          if (!hub_there_) return Fail(ErrorCode::kUnavailable, "nobody there");
          return std::make_unique<HubLink>(hub_, "north", fmt::format("p{}", ++links_));
        },
        *storage_, clock_);
    EXPECT_TRUE(made.has_value()) << made.error().message;
    return std::move(*made);
  }
  const trucewatch::testing::TempDirectory directory_;
  const std::unique_ptr<Storage> storage_ = MakePosixStorage();
  SystemClock clock_;
  TestHub hub_;
  std::atomic<bool> hub_there_ = true;
  int links_ = 0;
  StationFile file_;
};

TEST_F(GroundStationTest, TheJournalIsByteForByteThatOfALocalReceiver) {
  const auto expected = LocalJournal();
  ASSERT_EQ(expected.size(), 105U);
  auto station = MakeStation();
  const auto done = station->Run({});
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_TRUE(*done);
  EXPECT_EQ(hub_.Journal(), expected);
  EXPECT_TRUE(hub_.hub->closed());
  EXPECT_TRUE(hub_.hub->settled());
  EXPECT_GT(hub_.hub->accounts()[0].batches, 5U);
  // Started again, it has nothing to do.
  station.reset();
  EXPECT_TRUE(MakeStation()->Run({}).value());
  EXPECT_EQ(hub_.Journal(), expected);
}

// Stopped at many moments, each time made anew from the disk alone.
TEST_F(GroundStationTest, StoppedAnywhereItGoesOnAndTheJournalIsTheSame) {
  const auto expected = LocalJournal();
  file_.config.set_batch_s(0.01);
  for (auto& source : *file_.config.mutable_source()) source.set_speed(500);
  int lives = 0;
  for (bool done = false; !done && lives < 100; ++lives) {
    const auto station = MakeStation();
    const std::uint64_t before = station->status().sealed.total_records;
    std::stop_source stop;
    Result<bool> result = false;
    std::atomic<bool> ended = false;
    std::jthread runner([&] {
      result = station->Run(stop.get_token());
      ended = true;
    });
    ASSERT_TRUE(
        Eventually([&] { return ended || station->status().sealed.total_records > before + 10; }));
    stop.request_stop();
    runner.join();
    ASSERT_TRUE(result.has_value()) << result.error().message;
    done = *result;
  }
  EXPECT_GT(lives, 4);
  EXPECT_EQ(hub_.Journal(), expected);
  EXPECT_EQ(hub_.hub->accounts()[0].declared_lost, 0U);
}

TEST_F(GroundStationTest, AFullOutboxStopsTheReadingAndThrowsNothingAway) {
  const auto expected = LocalJournal();
  file_.config.set_max_outbox_bytes(6000);
  hub_there_ = false;
  const auto station = MakeStation();
  Result<bool> result = false;
  std::jthread runner([&] { result = station->Run({}); });
  ASSERT_TRUE(Eventually([&] { return station->status().reading_stopped; }));
  EXPECT_LE(station->status().outbox_bytes, 6000U);
  EXPECT_GT(station->status().outbox_bytes, 3000U);
  EXPECT_FALSE(station->status().link.connected);
  EXPECT_THAT(station->status().link.problem, HasSubstr("nobody there"));
  hub_there_ = true;
  runner.join();
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_TRUE(*result);
  EXPECT_EQ(hub_.Journal(), expected);
}

TEST_F(GroundStationTest, ASourceThatCannotBeOpenedEndsWithItsReasonAsItDoesLocally) {
  std::filesystem::remove(directory_.File("drone1.4607"));
  const auto expected = LocalJournal();
  const auto station = MakeStation();
  EXPECT_EQ(station->source_problems().size(), 1U);
  EXPECT_TRUE(station->Run({}).value());
  EXPECT_EQ(hub_.Journal(), expected);
}

TEST_F(GroundStationTest, LiveDatagramsArriveOneRecordEachAndGoOnInTheNextLife) {
  file_.config.clear_source();
  auto* source = file_.config.add_source();
  source->set_id("radar1");
  source->set_format(v1::config::SourceConfig::ASTERIX);
  file_.config.set_batch_s(0.01);
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  // A port that was free a moment ago.
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(fd);
  source->set_live(fmt::format("udp://127.0.0.1:{}", ntohs(address.sin_port)));
  const int sender = socket(AF_INET, SOCK_DGRAM, 0);
  std::vector<std::string> sent;
  for (int life = 0; life < 2; ++life) {
    const auto station = MakeStation();
    std::stop_source stop;
    Result<bool> result = false;
    std::jthread runner([&] { result = station->Run(stop.get_token()); });
    ASSERT_TRUE(Eventually([&] { return station->status().live[0].connected; }));
    for (int i = 0; i < 10; ++i) {
      sent.push_back(fmt::format("datagram {}", sent.size()));
      ASSERT_EQ(sendto(sender, sent.back().data(), sent.back().size(), 0,
                       reinterpret_cast<sockaddr*>(&address), size),
                static_cast<ssize_t>(sent.back().size()));
    }
    EXPECT_TRUE(Eventually([&] { return hub_.Journal().size() == 1 + sent.size(); }));
    stop.request_stop();
    runner.join();
    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_FALSE(*result) << "a live source has no end";
  }
  close(sender);
  const auto journal = hub_.Journal();
  ASSERT_EQ(journal.size(), 21U);
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const auto envelope = ParseEnvelope(journal[i + 1]);
    EXPECT_EQ(envelope->raw_record().payload(), sent[i]);
    EXPECT_EQ(envelope->raw_record().source_sequence(), i + 1);
  }
  EXPECT_FALSE(hub_.hub->closed());
}

// A clock that only the test moves: who sleeps looks again a moment later.
class HandClock final : public Clock {
 public:
  Instant Now() const override { return Instant::FromMicros(micros_.load()); }
  void SleepFor(Duration) override { std::this_thread::yield(); }
  void Move(Duration by) { micros_ += by.micros(); }

 private:
  std::atomic<std::int64_t> micros_ = 1'772'398'800'000'000;
};

// A UDP port that was free a moment ago.
std::uint16_t FreePort() { return (*UdpReceiver::Open("127.0.0.1:0"))->port(); }

class LiveStationTest : public GroundStationTest {
 protected:
  LiveStationTest() { file_.config.clear_source(); }
  void AddLive(const char* id, std::uint16_t port) {
    auto* source = file_.config.add_source();
    source->set_id(id);
    source->set_format(v1::config::SourceConfig::ASTERIX);
    source->set_live(fmt::format("udp://127.0.0.1:{}", port));
  }
  void Start() {
    auto made = GroundStation::Create(
        file_, KeyOf(1),
        [this]() -> Result<std::unique_ptr<Link>> {
          return std::make_unique<HubLink>(hub_, "north", fmt::format("p{}", ++links_));
        },
        *storage_, hand_);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    station_ = std::move(*made);
    runner_ = std::jthread([this](const std::stop_token& stop) { result_ = station_->Run(stop); });
  }
  void TearDown() override {
    if (!runner_.joinable()) return;
    runner_.request_stop();
    runner_.join();
    EXPECT_TRUE(result_.has_value()) << result_.error().message;
  }
  bool Connected() {
    return Eventually([&] {
      const auto status = station_->status();
      return std::all_of(status.live.begin(), status.live.end(),
                         [](const LiveStatus& live) { return live.connected; });
    });
  }
  bool JournalGrowsTo(std::size_t entries) {
    return Eventually([&] { return hub_.Journal().size() >= entries; });
  }
  v1::SourceStatus StatusAt(std::size_t entry) {
    return ParseEnvelope(hub_.Journal().at(entry))->source_status();
  }

  HandClock hand_;
  std::unique_ptr<GroundStation> station_;
  Result<bool> result_ = false;
  std::jthread runner_;
};

TEST_F(LiveStationTest, AStalledFeedIsOnRecordAtTheHubWithinFiveSecondsAndItsReturnToo) {
  const std::uint16_t port = FreePort();
  AddLive("radar1", port);
  Start();
  ASSERT_TRUE(Connected());
  const trucewatch::testing::UdpSender radar(port);
  ASSERT_TRUE(radar.Send("north marker"));
  ASSERT_TRUE(Eventually([&] { return station_->status().live[0].records == 1; }));
  const Instant last = hand_.Now();
  // The station's clock stands still from here on: what comes, comes within 3.1 s of it.
  hand_.Move(Duration::Millis(3100));
  ASSERT_TRUE(JournalGrowsTo(3));  // header, record, and that it is late
  ASSERT_EQ(hub_.Journal().size(), 3U);
  v1::SourceStatus status = StatusAt(2);
  EXPECT_EQ(status.state(), v1::SOURCE_STATE_LATE);
  EXPECT_EQ(status.source_id(), "radar1");
  EXPECT_THAT(status.reason(), HasSubstr("station north: no data for 3.1 s (connected)"));
  EXPECT_EQ(status.time_us(), last.micros());
  ASSERT_TRUE(radar.Send("again"));
  ASSERT_TRUE(JournalGrowsTo(5));
  ASSERT_EQ(hub_.Journal().size(), 5U);
  EXPECT_EQ(StatusAt(3).state(), v1::SOURCE_STATE_RESUMED);
  EXPECT_EQ(ParseEnvelope(hub_.Journal()[4])->raw_record().payload(), "again");
}

TEST_F(LiveStationTest, AFloodOfOneSourceCostsTheOtherNothing) {
  const std::uint16_t flooded = FreePort();
  const std::uint16_t calm = FreePort();
  AddLive("drone1", flooded);
  AddLive("radar1", calm);
  file_.config.mutable_source(0)->set_max_records_per_s(100);
  file_.config.set_batch_bytes(64 << 10);
  Start();
  ASSERT_TRUE(Connected());
  const trucewatch::testing::UdpSender noise(flooded);
  const trucewatch::testing::UdpSender radar(calm);
  for (int i = 0; i < 200; ++i) {
    for (int k = 0; k < 50; ++k) ASSERT_TRUE(noise.Send(std::string(500, 'n')));
    ASSERT_TRUE(radar.Send(fmt::format("plot {}", i)));
  }
  const auto taken = [&](std::size_t source) {
    const LiveStatus live = station_->status().live[source];
    return live.records;
  };
  EXPECT_TRUE(Eventually([&] { return taken(1) == 200; }));
  EXPECT_EQ(station_->status().live[1].lost, 0U);
  // Until one that came after what was lost is at the hub.
  const auto beyond_the_gap = [&] {
    std::uint64_t records = 0;
    for (const std::string& payload : hub_.Journal()) {
      const auto envelope = ParseEnvelope(payload);
      if (!envelope->has_raw_record() || envelope->raw_record().source_id() != "drone1") continue;
      if (envelope->raw_record().source_sequence() > ++records) return true;
    }
    return false;
  };
  ASSERT_TRUE(Eventually([&] {
    hand_.Move(Duration::Millis(100));
    EXPECT_TRUE(noise.Send("x"));
    EXPECT_TRUE(radar.Send("x"));
    return station_->status().live[0].lost > 1000 && beyond_the_gap();
  }));
  // All that is sealed is at the hub before the station stops.
  ASSERT_TRUE(Eventually([&] {
    hand_.Move(Duration::Millis(100));
    const auto status = station_->status();
    return status.sealed.sequence > 0 && status.acknowledged == status.sealed.sequence;
  }));
  TearDown();
  // sent = delivered + declared lost, whatever the kernel or the rate took.
  std::map<std::string, std::uint64_t> newest, delivered;
  for (const std::string& payload : hub_.Journal()) {
    const auto envelope = ParseEnvelope(payload);
    if (envelope->has_data_fault()) {
      EXPECT_THAT(envelope->data_fault().reason(), HasSubstr("declares"));
      EXPECT_EQ(envelope->data_fault().source_id(), "drone1");
    }
    if (!envelope->has_raw_record()) continue;
    newest[envelope->raw_record().source_id()] = envelope->raw_record().source_sequence();
    ++delivered[envelope->raw_record().source_id()];
  }
  EXPECT_EQ(newest["radar1"], delivered["radar1"]);
  EXPECT_LT(delivered["drone1"], newest["drone1"]);
}

TEST(StationConfig, SaysWhatIsWrongWithTheLine) {
  const trucewatch::testing::TempDirectory directory;
  const std::string path = directory.File("s.txtpb");
  std::ofstream(path) << "id: \"fs north\"\nstart_utc: \"yesterday\"\n"
                         "source { id: \"radar1\" format: STANAG4607 file: \"a\" live: \"b\" }\n"
                         "source { id: \"r2\" format: ASTERIX live: \"tcp://a:1\" }\n"
                         "source { id: \"r3\" format: ASTERIX file: \"a\" stall_s: 5 }\n"
                         "hub_public: \"short\"\nbatch_bytes: 999999\n";
  const auto loaded = LoadStationConfig(path);
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, ErrorCode::kBadInput);
  for (const char* part :
       {"s.txtpb:1: id: 'fs north' is no name", ":2: start_utc",
        ":3: source[0]: expected either file or live",
        ":4: source[1].live: 'tcp://a:1' is no live feed of ASTERIX; expected udp://239.1.1.1:8600",
        ":5: source[2].stall_s: is for live sources", "hub_endpoint",
        ":6: hub_public: expected the hub's public key", "key_file", "outbox", ":7: batch_bytes"}) {
    EXPECT_THAT(loaded.error().message, HasSubstr(part));
  }
}

}  // namespace
}  // namespace trucewatch::station
