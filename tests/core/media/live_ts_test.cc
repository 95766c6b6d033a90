// SPDX-License-Identifier: Apache-2.0
#include "core/media/live_ts.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "core/media/internal/live_inputs.h"
#include "tests/core/media/media_test_support.h"
#include "tests/support/temp_directory.h"
#include "tests/support/udp_sender.h"

namespace trucewatch {
namespace {

using testing::TempDirectory;
using testing::UdpSender;

std::string TsPackets(std::size_t count, char fill) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i)
    bytes += std::string("\x47\x1F\xFF\x10", 4) + std::string(184, fill);
  return bytes;
}

// All that comes until `size` bytes are there.
std::string ReceiveBytes(LiveTs& live, std::size_t size) {
  std::string bytes;
  while (bytes.size() < size) {
    const auto part = live.Receive(Duration::Seconds(5));
    if (!part || !*part) {
      ADD_FAILURE() << (part ? "nothing more came" : part.error().message);
      break;
    }
    EXPECT_LE((*part)->size(), LiveTs::kMaxBytes);
    bytes += **part;
  }
  return bytes;
}

std::string Rtp(std::uint16_t sequence, const std::string& payload,
                const std::string& extension = "", std::size_t padding = 0) {
  std::string out;
  out.push_back(
      static_cast<char>(0x80 | (extension.empty() ? 0 : 0x10) | (padding > 0 ? 0x20 : 0)));
  out.push_back(33);  // MP2T, RFC 3551
  AppendBe16(out, sequence);
  out += std::string(8, '\x11') + extension + payload;
  if (padding > 0) out += std::string(padding - 1, '\0') + static_cast<char>(padding);
  return out;
}

TEST(LiveUdp, GivesTheDatagramsBytesInOrderAndNothingWhileSilent) {
  const auto live = OpenLiveTs("udp://127.0.0.1:0");
  ASSERT_TRUE(live.has_value()) << live.error().message;
  EXPECT_EQ((*live)->Receive(Duration::Millis(1)).value(), std::nullopt);
  const UdpSender sender((*live)->port());
  std::string sent;
  for (int i = 0; i < 300; ++i) {
    const std::string datagram = TsPackets(7, static_cast<char>(i));
    ASSERT_TRUE(sender.Send(datagram));
    sent += datagram;
  }
  EXPECT_EQ(ReceiveBytes(**live, sent.size()), sent);
  EXPECT_EQ((*live)->Receive(Duration()).value(), std::nullopt);
  EXPECT_EQ((*live)->lost(), 0U);
  EXPECT_EQ((*live)->note(), "");
  EXPECT_FALSE((*live)->ended());
}

TEST(LiveUdp, JoinsAMulticastGroup) {
  const auto live = OpenLiveTs("udp://239.255.77.78:0");
  if (!live) GTEST_SKIP() << "no multicast here: " << live.error().message;
  const UdpSender sender((*live)->port(), "239.255.77.78");
  if (!sender.Send(TsPackets(7, 'm'))) GTEST_SKIP() << "no route to multicast groups here";
  EXPECT_EQ(ReceiveBytes(**live, std::size_t{7} * 188), TsPackets(7, 'm'));
}

TEST(LiveUdp, TakesRtpHeadersOffAndCountsWhatIsMissing) {
  const auto live = OpenLiveTs("udp://127.0.0.1:0");
  ASSERT_TRUE(live.has_value());
  const UdpSender sender((*live)->port());
  const std::string extension("\xBE\xDE\x00\x01 abc", 8);
  ASSERT_TRUE(sender.Send(Rtp(65534, TsPackets(7, 'a'))));
  ASSERT_TRUE(sender.Send(Rtp(65535, TsPackets(1, 'b'), extension)));
  ASSERT_TRUE(sender.Send(Rtp(0, TsPackets(2, 'c'), "", 9)));
  ASSERT_TRUE(sender.Send(Rtp(4, TsPackets(1, 'd'))));  // 1, 2, 3 are missing
  ASSERT_TRUE(sender.Send(Rtp(2, TsPackets(1, 'e'))));  // no: 2 was overtaken
  ASSERT_TRUE(sender.Send(Rtp(5, TsPackets(1, 'f'))));
  const std::string expected = TsPackets(7, 'a') + TsPackets(1, 'b') + TsPackets(2, 'c') +
                               TsPackets(1, 'd') + TsPackets(1, 'e') + TsPackets(1, 'f');
  EXPECT_EQ(ReceiveBytes(**live, expected.size()), expected);
  EXPECT_EQ((*live)->lost(), 2U);
  EXPECT_EQ((*live)->note(), "RTP headers taken off");
}

TEST(LiveUdp, WhatIsNeitherRtpNorTsIsPassedOnForTheRecord) {
  const auto live = OpenLiveTs("udp://127.0.0.1:0");
  ASSERT_TRUE(live.has_value());
  const UdpSender sender((*live)->port());
  const std::string odd = std::string("\x80\x21", 2) + std::string(300, 'x');
  ASSERT_TRUE(sender.Send("") && sender.Send(odd));
  EXPECT_EQ(ReceiveBytes(**live, odd.size()), odd);
}

TEST(LiveUdp, RtpCutAnywhereIsReadWithinItsBounds) {
  const std::string whole = Rtp(7, TsPackets(2, 'a'), std::string("\xBE\xDE\x00\x01 abc", 8), 4);
  ASSERT_TRUE(internal::ParseRtpTs(AsBytes(whole)).has_value());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::uint8_t> cut(whole.begin(),
                                        whole.begin() + static_cast<std::ptrdiff_t>(size));
    const auto rtp = internal::ParseRtpTs(cut);
    EXPECT_TRUE(!rtp || rtp->payload.size() % 188 == 0);
  }
  for (std::size_t bit = 0; bit < 8 * 24; ++bit) {
    std::vector<std::uint8_t> flipped(whole.begin(), whole.end());
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    const auto rtp = internal::ParseRtpTs(flipped);
    EXPECT_TRUE(!rtp || rtp->payload.size() % 188 == 0);
  }
}

TEST(GrowingFile, GivesWhatIsThereAndThenWhatIsAdded) {
  const TempDirectory directory;
  const std::string path = directory.File("feed.ts");
  const auto append = [&](const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::app) << bytes;
  };
  append(TsPackets(1000, 'a'));
  const auto live = OpenLiveTs("file+grow:" + path, {.quiet_end = Duration::Millis(6)});
  ASSERT_TRUE(live.has_value()) << live.error().message;
  EXPECT_EQ(ReceiveBytes(**live, 188'000), TsPackets(1000, 'a'));
  EXPECT_EQ((*live)->Receive(Duration::Millis(2)).value(), std::nullopt);
  append(TsPackets(3, 'b'));
  EXPECT_EQ(ReceiveBytes(**live, 3 * 188), TsPackets(3, 'b'));
  EXPECT_FALSE((*live)->ended());
  // Now nothing is added any more: it ends by itself, and stays ended.
  for (int i = 0; i < 20 && !(*live)->ended(); ++i) {
    EXPECT_EQ((*live)->Receive(Duration::Millis(2)).value(), std::nullopt);
  }
  EXPECT_TRUE((*live)->ended());
  append(TsPackets(1, 'c'));
  EXPECT_EQ((*live)->Receive(Duration::Seconds(5)).value(), std::nullopt);
}

TEST(GrowingFile, AWaitEndsAsSoonAsSomethingIsWritten) {
  const TempDirectory directory;
  const std::string path = directory.File("feed.ts");
  std::ofstream(path, std::ios::binary) << TsPackets(1, 'a');
  const auto live = OpenLiveTs("file+grow:" + path);
  ASSERT_TRUE(live.has_value());
  EXPECT_EQ(ReceiveBytes(**live, 188), TsPackets(1, 'a'));
  std::jthread writer(
      [&] { std::ofstream(path, std::ios::binary | std::ios::app) << TsPackets(1, 'b'); });
  std::string got;
  for (int i = 0; i < 3 && got.empty(); ++i) {  // it may wake for an older change once
    got = (*live)->Receive(Duration::Seconds(60)).value().value_or("");
  }
  EXPECT_EQ(got, TsPackets(1, 'b'));
}

TEST(GrowingFile, AFileThatIsWrittenAnewIsABrokenFeed) {
  const TempDirectory directory;
  const std::string path = directory.File("feed.ts");
  std::ofstream(path, std::ios::binary) << TsPackets(5, 'a');
  const auto live = OpenLiveTs("file+grow:" + path);
  ASSERT_TRUE(live.has_value());
  ReceiveBytes(**live, std::size_t{5} * 188);
  std::filesystem::resize_file(path, 188);
  const auto after = (*live)->Receive(Duration());
  ASSERT_FALSE(after.has_value());
  EXPECT_NE(after.error().message.find("became shorter"), std::string::npos)
      << after.error().message;
}

TEST(LiveTs, RefusesWhatIsNoFeedWithASentence) {
  const TempDirectory directory;
  for (const std::string url :
       {"", "udp://", "udp://127.0.0.1", "udp://localhost:5000", "udp://127.0.0.1:99999",
        "udp://[::1]:1", "http://127.0.0.1:80/a.m3u8", "file:///etc/passwd", "concat:a|b",
        "udp://127.0.0.1:5000\nHost: x", "udp://127.0.0.1:5000?a=1", "file+grow:/dev/null",
        "/etc/passwd"}) {
    const auto live = OpenLiveTs(url);
    ASSERT_FALSE(live.has_value()) << url;
    EXPECT_EQ(live.error().code, ErrorCode::kBadInput) << url << ": " << live.error().message;
  }
  const auto missing = OpenLiveTs("file+grow:" + directory.File("none.ts"));
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
}

TEST(LiveTs, NeverShowsCredentials) {
  EXPECT_EQ(WithoutCredentials("rtsp://monitor:s3cret@10.0.0.1:554/cam?x=a@b"),
            "rtsp://***@10.0.0.1:554/cam?x=a@b");
  EXPECT_EQ(WithoutCredentials("rtsp://u:p@ss@h/x"), "rtsp://***@h/x");
  EXPECT_EQ(WithoutCredentials("srt://h:1?passphrase=0123456789&mode=caller"),
            "srt://h:1?passphrase=***&mode=caller");
  EXPECT_EQ(WithoutCredentials("srt://h:1?mode=caller&passphrase=0123456789"),
            "srt://h:1?mode=caller&passphrase=***");
  EXPECT_EQ(WithoutCredentials("udp://239.1.1.1:5000"), "udp://239.1.1.1:5000");
  const auto live = OpenLiveTs("udp://u:s3cret@127.0.0.1:5000");
  ASSERT_FALSE(live.has_value());
  EXPECT_EQ(live.error().message.find("s3cret"), std::string::npos);
}

}  // namespace
}  // namespace trucewatch
