// SPDX-License-Identifier: Apache-2.0
// Feeds of other programs over loopback: ffmpeg sends by SRT, TCP and RTSP, and what arrives has
// every picture that was sent.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

#include "core/media/live_ts.h"
#include "core/net/udp_receiver.h"
#include "tests/core/media/media_test_support.h"
#include "tests/support/ffmpeg_tools.h"
#include "tests/support/process.h"
#include "tests/support/rtsp_server.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using testing::Demux;
using testing::MakeClip;
using testing::PictureDigests;
using testing::Process;
using testing::ReadAll;
using testing::ReadFile;
using testing::RtpChannel;
using testing::RtspServer;
using testing::TempDirectory;

// A port that was free a moment ago.
std::uint16_t FreePort() { return UdpReceiver::Open("127.0.0.1:0").value()->port(); }

// A local set of any kind: key, length, content.
std::string KlvUnit(std::size_t size, char fill) {
  std::string unit("\x06\x0E\x2B\x34\x02\x0B\x01\x01\x0E\x01\x03\x01\x01\0\0\0\x82", 17);
  AppendBe16(unit, static_cast<std::uint16_t>(size));
  return unit + std::string(size, fill);
}

class LiveNetwork : public ::testing::Test {
 protected:
  LiveNetwork() : clip_(directory_.File("clip.ts")) {
    MakeClip(clip_, {"-c:v", "libx264", "-preset", "ultrafast", "-bf", "0"}, 1);
  }

  // ffmpeg sends the clip unchanged, as fast as it plays, so many times, to an URL in a format.
  Process Send(int times, const std::vector<std::string>& to) {
    std::vector<std::string> argv = {
        "ffmpeg", "-nostdin", "-v", "error", "-re", "-stream_loop", std::to_string(times - 1),
        "-i",     clip_,      "-c", "copy"};
    argv.insert(argv.end(), to.begin(), to.end());
    return Process(argv, directory_.File("sender.log"));
  }

  // Everything until the sender closes the connection.
  std::string ReceiveAll(LiveTs& live) {
    std::string bytes;
    for (int silent = 0; silent < 20;) {
      auto part = live.Receive(Duration::Seconds(1));
      if (!part) {
        end_ = part.error().message;
        return bytes;
      }
      silent = *part ? 0 : silent + 1;
      if (*part) bytes += **part;
    }
    ADD_FAILURE() << "the sender never closed: " << ReadFile(directory_.File("sender.log"));
    return bytes;
  }

  std::string Saved(const std::string& bytes) {
    const std::string path = directory_.File("received.ts");
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  void ExpectAllPictures(const std::string& bytes) {
    const auto sent = PictureDigests(clip_);
    auto received = PictureDigests(Saved(bytes));
    received.resize(std::min(received.size(), sent.size()));
    EXPECT_EQ(received, sent) << end_;
  }

  TempDirectory directory_;
  std::string clip_;
  std::string end_;
};

// SRT throws away what it has not delivered when its sender goes: the clip is sent twice, and has
// to arrive whole once.
TEST_F(LiveNetwork, SrtListenerGetsEveryPictureOfACaller) {
  const std::uint16_t port = FreePort();
  const auto live =
      OpenLiveTs(fmt::format("srt://127.0.0.1:{}?mode=listener&passphrase=0123456789ab", port));
  ASSERT_TRUE(live.has_value()) << live.error().message;
  EXPECT_EQ((*live)->Receive(Duration()).value(), std::nullopt);
  Process sender =
      Send(2, {"-f", "mpegts", fmt::format("srt://127.0.0.1:{}?passphrase=0123456789ab", port)});
  ExpectAllPictures(ReceiveAll(**live));
  EXPECT_EQ(end_.find("0123456789ab"), std::string::npos) << end_;
}

TEST_F(LiveNetwork, SrtCallerGetsEveryPictureOfAListener) {
  const std::uint16_t port = FreePort();
  Process sender = Send(2, {"-f", "mpegts", fmt::format("srt://127.0.0.1:{}?mode=listener", port)});
  // The sender may need a while to listen: a caller that is refused tries again, as a station does.
  const std::string url = fmt::format("srt://127.0.0.1:{}?latency_ms=200", port);
  Result<std::unique_ptr<LiveTs>> live = nullptr;
  for (int i = 0; i < 20 && (!live || *live == nullptr); ++i) {
    live = OpenLiveTs(url, {.open_timeout = Duration::Seconds(1)});
  }
  ASSERT_TRUE(live.has_value()) << live.error().message;
  ExpectAllPictures(ReceiveAll(**live));
}

TEST_F(LiveNetwork, TcpListenerGetsTheBytesAsTheyWereSent) {
  const std::uint16_t port = FreePort();
  const auto live = OpenLiveTs(fmt::format("tcp://127.0.0.1:{}?mode=listener", port));
  ASSERT_TRUE(live.has_value()) << live.error().message;
  std::string bytes;
  for (int i = 0; i < 20 && bytes.empty(); ++i) {  // until the listener is there
    Process sender({"ffmpeg", "-nostdin", "-v", "error", "-f", "data", "-i", clip_, "-map", "0",
                    "-c", "copy", "-f", "data", fmt::format("tcp://127.0.0.1:{}", port)},
                   directory_.File("sender.log"));
    if (sender.Wait() == 0) bytes = ReceiveAll(**live);
  }
  EXPECT_EQ(bytes, ReadAll(clip_));
  EXPECT_NE(end_.find("has closed"), std::string::npos) << end_;
}

TEST_F(LiveNetwork, RtspTakesAFeedThatIsPushed) {
  const std::uint16_t port = FreePort();
  const auto live = OpenLiveTs(fmt::format("rtsp://127.0.0.1:{}/live?mode=listener", port));
  ASSERT_TRUE(live.has_value()) << live.error().message;
  Process sender = Send(
      1, {"-f", "rtsp", "-rtsp_transport", "tcp", fmt::format("rtsp://127.0.0.1:{}/live", port)});
  const std::string bytes = ReceiveAll(**live);
  EXPECT_EQ(PictureDigests(Saved(bytes)), PictureDigests(clip_)) << end_;
  EXPECT_NE((*live)->note().find("RTSP: h264"), std::string::npos) << (*live)->note();
  const auto pictures = Demux(bytes).Of(MediaKind::kVideo);
  ASSERT_EQ(pictures.size(), 25U);
  for (std::size_t i = 1; i < pictures.size(); ++i) {
    EXPECT_NEAR((*pictures[i].pts - *pictures[i - 1].pts).seconds(), 0.04, 1e-3) << i;
  }
}

// A camera with video and KLV, both in RTP packets that hold a piece each, behind a password.
TEST_F(LiveNetwork, RtspCallerGetsPicturesAndKlvOfACamera) {
  const auto sent = Demux(ReadAll(clip_)).Of(MediaKind::kVideo);
  ASSERT_EQ(sent.size(), 25U);
  constexpr std::uint32_t kStart = 0xFFFFF000;  // the clock rolls over on the way
  RtpChannel video(0, 96);
  RtpChannel metadata(2, 97);
  RtspServer::Script script;
  std::vector<std::string> klv;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const auto timestamp = static_cast<std::uint32_t>(kStart + 3600 * i);
    const std::size_t size = 100 + 200 * i;  // one packet at first, five in the end
    std::string unit = KlvUnit(size, static_cast<char>(i));
    if (i == 7) unit += KlvUnit(50, 'x');
    for (auto& packet : metadata.Klv(timestamp, unit)) script.packets.push_back(packet);
    for (auto& packet : video.H264(timestamp, sent[i].data)) script.packets.push_back(packet);
    klv.push_back(std::move(unit));
  }
  script.sdp =
      "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\n"
      "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\n"
      "a=control:track1\r\n"
      "m=audio 0 RTP/AVP 0\r\na=control:track2\r\n"
      "m=application 0 RTP/AVP 97\r\na=rtpmap:97 smpte336m/90000\r\na=control:track3\r\n";
  script.authorization = "Basic bW9uaXRvcjpzM2NyZXQ=";
  script.rtp_info =
      fmt::format("url=track1;seq=100;rtptime={0},url=track3;seq=100;rtptime={0}", kStart);
  RtspServer server(std::move(script));
  const auto live =
      OpenLiveTs(fmt::format("rtsp://monitor:s3cret@127.0.0.1:{}/cam?channel=1", server.port()));
  ASSERT_TRUE(live.has_value()) << live.error().message;
  const std::string bytes = ReceiveAll(**live);
  EXPECT_EQ(end_.find("s3cret"), std::string::npos) << end_;
  EXPECT_EQ(PictureDigests(Saved(bytes)), PictureDigests(clip_));
  const auto demuxed = Demux(bytes);
  const auto pictures = demuxed.Of(MediaKind::kVideo);
  const auto packets = demuxed.Of(MediaKind::kKlv);
  ASSERT_EQ(pictures.size(), 25U);
  ASSERT_EQ(packets.size(), 25U);
  for (std::size_t i = 0; i < 25; ++i) {
    EXPECT_EQ(packets[i].data, klv[i]) << i;
    EXPECT_EQ(*packets[i].pts, *pictures[i].pts) << i;
    EXPECT_NEAR((*pictures[i].pts - *pictures[0].pts).seconds(), 0.04 * static_cast<double>(i),
                2e-5);
  }
  EXPECT_EQ((*live)->note().rfind("RTSP: h264 and klv;", 0), 0U) << (*live)->note();
  const auto& requests = server.Requests();
  ASSERT_GE(requests.size(), 2U);
  EXPECT_NE(requests[1].find("/cam?channel=1 RTSP/1.0"), std::string::npos) << requests[1];
  for (const std::string& request : requests) {
    EXPECT_EQ(request.find("track2"), std::string::npos) << "sound was asked for: " << request;
  }
}

TEST(LiveNetworkErrors, ACallerWithNobodyThereIsToldInBoundedTime) {
  const std::uint16_t port = FreePort();
  for (const std::string& url :
       {fmt::format("srt://127.0.0.1:{}?passphrase=topsecret99", port),
        fmt::format("tcp://127.0.0.1:{}", port),
        fmt::format("rtsp://monitor:topsecret99@127.0.0.1:{}/cam", port)}) {
    const auto live = OpenLiveTs(url, {.open_timeout = Duration::Millis(300)});
    ASSERT_FALSE(live.has_value()) << url;
    EXPECT_EQ(live.error().code, ErrorCode::kUnavailable) << live.error().message;
    EXPECT_NE(live.error().message.find("127.0.0.1"), std::string::npos);
    EXPECT_EQ(live.error().message.find("topsecret99"), std::string::npos) << live.error().message;
  }
}

TEST(LiveNetworkErrors, AServerThatSaysNothingIsGivenUp) {
  // The kernel takes the connection for a socket that nobody serves.
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener, 4), 0);
  socklen_t size = sizeof address;
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const auto rtsp = OpenLiveTs(fmt::format("rtsp://127.0.0.1:{}/cam", ntohs(address.sin_port)),
                               {.open_timeout = Duration::Millis(200)});
  ASSERT_FALSE(rtsp.has_value());
  EXPECT_NE(rtsp.error().message.find("no answer within 0.2 s"), std::string::npos)
      << rtsp.error().message;
  // Bytes that never come are silence, not an end.
  const auto tcp = OpenLiveTs(fmt::format("tcp://127.0.0.1:{}", ntohs(address.sin_port)));
  ASSERT_TRUE(tcp.has_value()) << tcp.error().message;
  EXPECT_EQ((*tcp)->Receive(Duration::Millis(20)).value(), std::nullopt);
  close(listener);
}

TEST(LiveNetworkErrors, KeysThatAreNotUnderstoodAreRefused) {
  for (const std::string url :
       {"srt://127.0.0.1:7000?mode=rendezvous", "srt://127.0.0.1:7000?passphrase=short",
        "srt://127.0.0.1:7000?latency_ms=abc", "srt://127.0.0.1:7000?payload_size=1",
        "srt://camera:7000", "srt://u:p@127.0.0.1:7000", "tcp://127.0.0.1:7000?timeout=1",
        "tcp://127.0.0.1", "rtsp://camera/live", "rtsps://127.0.0.1/live", "rtmp://127.0.0.1/live",
        "http://127.0.0.1/a.ts"}) {
    const auto live = OpenLiveTs(url);
    ASSERT_FALSE(live.has_value()) << url;
    EXPECT_EQ(live.error().code, ErrorCode::kBadInput) << url << ": " << live.error().message;
  }
}

}  // namespace
}  // namespace trucewatch
