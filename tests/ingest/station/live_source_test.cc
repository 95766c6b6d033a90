// SPDX-License-Identifier: Apache-2.0
#include "ingest/station/live_source.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <random>

#include "core/net/tcp_receiver.h"
#include "ingest/recorded/recorded_source.h"
#include "ingest/station/record_cutter.h"
#include "tests/ingest/radar/radar_files.h"
#include "tests/support/temp_directory.h"

namespace trucewatch::station {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Source = v1::config::SourceConfig;

std::string RadarBytes(int dwells) {
  return stanag4607::testing::Joined(stanag4607::testing::RadarPackets({.dwells = dwells}));
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string all;
  for (const auto& part : parts) all += part;
  return all;
}

// The records that the recorded reader cuts of the same bytes.
std::vector<std::string> RecordedCut(const std::string& bytes) {
  const trucewatch::testing::TempDirectory directory;
  const std::string path = directory.File("feed.4607");
  std::ofstream(path, std::ios::binary) << bytes;
  const auto storage = MakePosixStorage();
  auto source = OpenStanag4607File(*storage, {{"radar1"}, path, Instant()});
  std::vector<std::string> records;
  while (true) {
    auto record = (*source)->Next();
    if (!record || !*record || (*record)->end_of_source) return records;
    records.push_back((*record)->bytes);
  }
}

std::vector<std::string> LiveCut(const std::string& bytes, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto cutter = MakeStanag4607Cutter();
  std::vector<std::string> records;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = std::min<std::size_t>(bytes.size() - at, 1 + random() % 700);
    for (auto& record : cutter->Push(std::string_view(bytes).substr(at, size), Instant())) {
      records.push_back(std::move(record));
    }
    at += size;
  }
  for (auto& record : cutter->Finish()) records.push_back(std::move(record));
  return records;
}

TEST(Stanag4607Cutter, CutsAsTheRecordedReaderDoesInPiecesOfAnySizeAndAfterDamage) {
  std::string bytes = RadarBytes(40);
  EXPECT_EQ(LiveCut(bytes, 1), RecordedCut(bytes));
  std::mt19937_64 random(11);
  for (int round = 0; round < 30; ++round) {
    std::string damaged = bytes;
    const std::size_t at = random() % (bytes.size() - 200);
    if (round % 2 == 0) {
      damaged.erase(at, random() % 150);
    } else {
      damaged.insert(at, std::string(random() % 150, static_cast<char>(random())));
    }
    const auto cut = LiveCut(damaged, round);
    EXPECT_EQ(cut, RecordedCut(damaged)) << round;
    EXPECT_EQ(Joined(cut), damaged);
  }
}

TEST(Stanag4607Cutter, NoiseWithoutEndIsPassedOnInPiecesAndNotHeld) {
  const std::string packets = RadarBytes(3);
  const auto cutter = MakeStanag4607Cutter();
  std::size_t out = 0;
  std::size_t in = 0;
  const std::string noise(100'000, 'n');
  for (int i = 0; i < 50; ++i) {
    in += noise.size();
    for (const auto& record : cutter->Push(noise, Instant())) out += record.size();
    EXPECT_LT(in - out, 1'400'000U);
  }
  std::vector<std::string> rest = cutter->Push(packets, Instant());
  for (auto& record : cutter->Finish()) rest.push_back(record);
  ASSERT_GE(rest.size(), 4U);
  EXPECT_EQ(out + Joined(rest).size(), in + packets.size());
  const auto good = RecordedCut(packets);
  EXPECT_EQ(std::vector(rest.end() - static_cast<std::ptrdiff_t>(good.size()), rest.end()), good);
}

TEST(TsCutter, CutsWholePacketsJustUnder64KiBAndWhatHasWaitedLongEnough) {
  const auto cutter = MakeTsCutter(Duration::Seconds(1));
  const Instant start = Instant::FromMicros(1'000'000);
  const std::string bytes(188 * 400, 'G');
  const auto first = cutter->Push(bytes, start);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].size(), 348U * 188);
  EXPECT_THAT(cutter->Push("Gtail", start), IsEmpty());
  EXPECT_THAT(cutter->Due(start + Duration::Millis(900)), IsEmpty());
  const auto due = cutter->Due(start + Duration::Millis(1000));
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].size(), 52U * 188);
  EXPECT_THAT(cutter->Finish(), ElementsAre("Gtail"));
  EXPECT_THAT(cutter->Finish(), IsEmpty());
}

TEST(LiveUrl, EveryFormIsTakenForItsFormatsAlone) {
  const auto good = [](const char* url, Source::Format format) {
    return CheckLiveUrl(url, format).has_value();
  };
  for (const auto format : {Source::ASTERIX, Source::STANAG4607, Source::MPEGTS_KLV}) {
    EXPECT_TRUE(good("udp://239.1.1.1:8600", format));
    EXPECT_EQ(good("tcp://radar.example:4607", format), format != Source::ASTERIX);
    EXPECT_EQ(good("tcp://0.0.0.0:4607?mode=listener", format), format != Source::ASTERIX);
    EXPECT_EQ(good("rtsp://user:secret@camera.example/a", format), format == Source::MPEGTS_KLV);
    EXPECT_EQ(good("srt://drone.example:9000", format), format == Source::MPEGTS_KLV);
    EXPECT_EQ(good("file+grow:/feeds/a.ts", format), format == Source::MPEGTS_KLV);
    EXPECT_FALSE(good("folder:/feeds/scenes", format));
  }
  EXPECT_TRUE(good("folder:/feeds/scenes", Source::SATELLITE));
  EXPECT_FALSE(good("udp://239.1.1.1:8600", Source::SATELLITE));
}

TEST(LiveUrl, AWrongOneGetsOneSentence) {
  const auto said = [](const char* url, Source::Format format) {
    const auto checked = CheckLiveUrl(url, format);
    return checked ? std::string("taken") : checked.error().message;
  };
  EXPECT_EQ(said("http://camera.example/", Source::ASTERIX),
            "'http://camera.example/' is no live feed of ASTERIX; expected udp://239.1.1.1:8600");
  EXPECT_EQ(said("tcp://radar.example:8600", Source::ASTERIX),
            "'tcp://radar.example:8600' is no live feed of ASTERIX; expected udp://239.1.1.1:8600");
  EXPECT_EQ(said("239.1.1.1:8600", Source::STANAG4607),
            "'239.1.1.1:8600' is no live feed of STANAG4607; expected udp://239.1.1.1:8600 or "
            "tcp://radar.example:4607");
  EXPECT_EQ(said("udp://239.1.1.1", Source::ASTERIX),
            "'udp://239.1.1.1': has no port from 0 to 65535; expected e.g. udp://239.1.1.1:8600");
  EXPECT_THAT(said("udp://radar.example:8600", Source::ASTERIX),
              HasSubstr("needs an IPv4 address"));
  EXPECT_THAT(said("udp://1.2.3.4:99999", Source::ASTERIX), HasSubstr("has no port"));
  EXPECT_THAT(said("tcp://a b:1", Source::STANAG4607), HasSubstr("a blank or control character"));
  EXPECT_THAT(said("folder:", Source::SATELLITE), HasSubstr("names nothing"));
  EXPECT_THAT(said("udp://1.2.3.4:5", Source::HUMAN), HasSubstr("come as files"));
  EXPECT_THAT(said("rtsp://u:pw@h/", Source::ASTERIX), ::testing::Not(HasSubstr("pw")));
}

// A listening socket of the test's: what a radar would be.
class Peer {
 public:
  Peer() : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 4), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~Peer() {
    Close();
    if (listener_ >= 0) close(listener_);
  }
  int port() const { return port_; }
  void Accept() { stream_ = accept(listener_, nullptr, nullptr); }
  void Send(const std::string& bytes) const {
    EXPECT_EQ(send(stream_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  void Close() {
    if (stream_ >= 0) close(std::exchange(stream_, -1));
  }
  void StopListening() { close(std::exchange(listener_, -1)); }

 private:
  int listener_ = -1;
  int stream_ = -1;
  int port_ = 0;
};

// Receives until `done` or the line is gone; the reason if it is.
std::string ReceiveUntil(LiveSource& source, std::vector<std::string>& records,
                         const std::function<bool()>& done) {
  for (int i = 0; i < 2000 && !done(); ++i) {
    auto got = source.Receive(Duration::Millis(10));
    if (!got) return got.error().message;
    for (auto& record : *got) records.push_back(std::move(record));
  }
  return {};
}

TEST(LiveSource, PacketsOfATcpStreamComeOneARecordAndItsEndIsAnError) {
  SystemClock clock;
  Peer radar;
  auto source =
      OpenLiveSource(fmt::format("tcp://127.0.0.1:{}", radar.port()), Source::STANAG4607, clock);
  ASSERT_TRUE(source.has_value()) << source.error().message;
  std::vector<std::string> records;
  radar.Accept();
  EXPECT_EQ(ReceiveUntil(**source, records, [&] { return (*source)->connected(); }), "");
  const std::string bytes = RadarBytes(5);
  const auto expected = RecordedCut(bytes);
  radar.Send(bytes.substr(0, bytes.size() - 3));
  EXPECT_EQ(ReceiveUntil(**source, records, [&] { return records.size() + 1 == expected.size(); }),
            "");
  radar.Close();
  EXPECT_THAT(ReceiveUntil(**source, records, [] { return false; }),
              HasSubstr("closed by the other side"));
  for (auto& rest : (*source)->Rest()) records.push_back(rest);
  EXPECT_EQ(Joined(records), bytes.substr(0, bytes.size() - 3));
}

TEST(LiveSource, ARefusedCallSaysSo) {
  SystemClock clock;
  Peer radar;
  radar.StopListening();
  auto source =
      OpenLiveSource(fmt::format("tcp://127.0.0.1:{}", radar.port()), Source::STANAG4607, clock);
  std::vector<std::string> records;
  const std::string why =
      source ? ReceiveUntil(**source, records, [] { return false; }) : source.error().message;
  EXPECT_EQ(why, fmt::format("tcp 127.0.0.1:{}: connection refused", radar.port()));
}

TEST(TcpReceiver, AnswersACallerAndTellsWhenHeHasGone) {
  auto receiver = TcpReceiver::Listen("127.0.0.1:0");
  ASSERT_TRUE(receiver.has_value()) << receiver.error().message;
  EXPECT_FALSE((*receiver)->connected());
  EXPECT_FALSE((*receiver)->Receive(Duration())->has_value());
  const int caller = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons((*receiver)->port());
  ASSERT_EQ(connect(caller, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  ASSERT_EQ(send(caller, "abc", 3, MSG_NOSIGNAL), 3);
  std::optional<std::string> got;
  for (int i = 0; i < 1000 && !got; ++i) got = (*receiver)->Receive(Duration::Millis(10)).value();
  EXPECT_EQ(got, "abc");
  EXPECT_TRUE((*receiver)->connected());
  close(caller);
  const auto gone = (*receiver)->Receive(Duration::Seconds(10));
  ASSERT_FALSE(gone.has_value());
  EXPECT_EQ(gone.error().code, ErrorCode::kUnavailable);
}

TEST(TcpReceiver, SaysWhatIsWrongWithAnAddress) {
  for (const char* address : {"", "radar", "radar:", ":4607", "radar:46x7"}) {
    const auto made = TcpReceiver::Connect(address);
    ASSERT_FALSE(made.has_value()) << address;
    EXPECT_THAT(made.error().message, HasSubstr("expected host:port"));
  }
}

}  // namespace
}  // namespace trucewatch::station
