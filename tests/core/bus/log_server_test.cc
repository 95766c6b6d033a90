// SPDX-License-Identifier: Apache-2.0
#include "core/bus/log_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "core/bus/faulty_link.h"
#include "core/bus/log_client.h"
#include "core/bus/memory_log.h"
#include "core/bus/zmq_link.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kMany = 1 << 20;

// Over each transport that the bus knows.
class LogServerTest : public ::testing::TestWithParam<std::string> {
 protected:
  std::string Endpoint() const {
    if (GetParam() == "ipc") return "ipc://" + directory_.File("socket");
    return GetParam() == "tcp" ? "tcp://127.0.0.1:*" : "inproc://logs";
  }
  std::unique_ptr<LogServer> Serve() {
    auto server = LogServer::Start(context_, Endpoint(), {{"log", &log_}, {"other", &other_}});
    EXPECT_TRUE(server) << server.error().message;
    return server ? std::move(*server) : nullptr;
  }
  LogClient ClientOf(const LogServer& server, const std::string& name = "log") {
    return {MakeZmqLink(context_, server.endpoint()).value(), name};
  }

  testing::TempDirectory directory_;
  ZmqContext context_;
  MemoryLog log_;
  MemoryLog other_;
};

TEST_P(LogServerTest, RecordsOfSeveralLogsArrive) {
  ASSERT_TRUE(log_.Append({{4, "one"}, {5, std::string("\0two", 4)}}));
  ASSERT_TRUE(other_.Append({{6, "three"}}));
  const auto server = Serve();
  LogClient client = ClientOf(*server);
  const auto batch = client.ReadAfter(0, kMany, Duration());
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_EQ(batch->records,
            (std::vector<LogRecord>{{1, 4, "one"}, {2, 5, std::string("\0two", 4)}}));
  EXPECT_EQ(client.ReadAfter(0, 1, Duration())->records.size(), 1u);
  EXPECT_EQ(ClientOf(*server, "other").ReadAfter(0, kMany, Duration())->records,
            (std::vector<LogRecord>{{1, 6, "three"}}));
}

TEST_P(LogServerTest, AHeldQuestionIsAnsweredWhenTheLogGrowsAndWhenItCloses) {
  const auto server = Serve();
  LogClient client = ClientOf(*server);
  const auto now_empty = client.ReadAfter(0, kMany, Duration::Millis(1));
  ASSERT_TRUE(now_empty) << now_empty.error().message;
  EXPECT_TRUE(now_empty->records.empty());
  // Longer than the test may take: only growth answers these.
  const Duration long_wait = Duration::Seconds(50);
  std::jthread writer([&] { ASSERT_TRUE(log_.Append({{1, "late"}})); });
  EXPECT_EQ(client.ReadAfter(0, kMany, long_wait)->records.size(), 1u);
  std::jthread closer([&] { ASSERT_TRUE(log_.Close()); });
  const auto end = client.ReadAfter(1, kMany, long_wait);
  EXPECT_TRUE(end->closed);
  EXPECT_TRUE(end->records.empty());
}

TEST_P(LogServerTest, SeveralConsumersEachGetEverythingWhileTheLogGrows) {
  constexpr std::uint64_t kRecords = 300;
  const auto server = Serve();
  std::vector<std::vector<LogRecord>> got(3);
  {
    std::vector<std::jthread> consumers;
    for (auto& mine : got) {
      consumers.emplace_back([&] {
        LogClient client = ClientOf(*server);
        for (bool end = false; !end;) {
          const auto batch = client.ReadAfter(mine.size(), 500, Duration::Seconds(20));
          ASSERT_TRUE(batch) << batch.error().message;
          mine.insert(mine.end(), batch->records.begin(), batch->records.end());
          end = batch->closed && mine.size() == batch->last;
        }
      });
    }
    for (std::uint64_t i = 1; i <= kRecords; ++i) {
      ASSERT_TRUE(log_.Append({{i, std::to_string(i)}}));
    }
    ASSERT_TRUE(log_.Close());
  }
  for (const auto& mine : got) {
    ASSERT_EQ(mine.size(), kRecords);
    for (std::uint64_t i = 1; i <= kRecords; ++i) {
      ASSERT_EQ(mine[i - 1], (LogRecord{i, i, std::to_string(i)}));
    }
  }
}

TEST_P(LogServerTest, AClientReadsOnWhenTheServerIsStartedAgain) {
  ASSERT_TRUE(log_.Append({{1, "a"}, {2, "b"}}));
  auto server = Serve();
  const std::string endpoint = server->endpoint();
  LogClient client(MakeZmqLink(context_, endpoint).value(), "log",
                   {.reply_timeout = Duration::Millis(300), .attempts = 30});
  EXPECT_EQ(client.ReadAfter(0, 1, Duration())->records.size(), 1u);
  server.reset();
  auto again = LogServer::Start(context_, endpoint, {{"log", &log_}});
  ASSERT_TRUE(again) << again.error().message;
  const auto batch = client.ReadAfter(1, 1, Duration());
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_EQ(batch->records, (std::vector<LogRecord>{{2, 2, "b"}}));
}

TEST_P(LogServerTest, AnEndpointInUseIsRefusedWithASentence) {
  const auto server = Serve();
  const auto second = LogServer::Start(context_, server->endpoint(), {{"log", &log_}});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(second.error().message, HasSubstr(server->endpoint()));
  EXPECT_THAT(second.error().message, HasSubstr("already in use"));
  EXPECT_TRUE(ClientOf(*server).ReadAfter(0, 1, Duration())) << "the first one goes on";
}

TEST_P(LogServerTest, AnUnknownLogIsRefusedByName) {
  const auto server = Serve();
  const auto refused = ClientOf(*server, "nothing").ReadAfter(0, 1, Duration());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("there is no log 'nothing'"));
}

TEST_P(LogServerTest, AskingBeyondTheEndIsRefused) {
  const auto server = Serve();
  const auto refused = ClientOf(*server).ReadAfter(1, 1, Duration());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("cut or replaced"));
}

TEST_P(LogServerTest, GarbageFromAPeerIsIgnored) {
  ASSERT_TRUE(log_.Append({{1, "a"}}));
  const auto server = Serve();
  const auto rude = MakeZmqLink(context_, server->endpoint()).value();
  ASSERT_TRUE(rude->Send("\xFF\xFF not a question"));
  ASSERT_TRUE(rude->Send(std::string(5000, 'x')));
  ASSERT_TRUE(rude->Send(""));
  EXPECT_EQ(ClientOf(*server).ReadAfter(0, 1, Duration())->records.size(), 1u);
}

TEST_P(LogServerTest, OverAFaultyLinkNothingIsLostOrDoubled) {
  constexpr std::uint64_t kRecords = 40;
  for (std::uint64_t i = 1; i <= kRecords; ++i) {
    ASSERT_TRUE(log_.Append({{i, std::to_string(i)}}));
  }
  const auto server = Serve();
  LogClient client(std::make_unique<FaultyLink>(MakeZmqLink(context_, server->endpoint()).value(),
                                                FaultyLink::Options{.seed = 5, .drop_percent = 10}),
                   "log", {.reply_timeout = Duration::Millis(20), .attempts = 100});
  for (std::uint64_t i = 1; i <= kRecords; ++i) {
    const auto batch = client.ReadAfter(i - 1, 1, Duration());
    ASSERT_TRUE(batch) << batch.error().message;
    ASSERT_EQ(batch->records, (std::vector<LogRecord>{{i, i, std::to_string(i)}}));
  }
}

INSTANTIATE_TEST_SUITE_P(Transports, LogServerTest, ::testing::Values("inproc", "ipc", "tcp"),
                         [](const auto& transport) { return transport.param; });

TEST(LogServerEndpoint, ASocketFileLeftBehindByADeadProcessIsNoObstacle) {
  testing::TempDirectory directory;
  ZmqContext context;
  MemoryLog log;
  const std::string path = directory.File("socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), address.sun_path);
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(dead, 1), 0);
  ::close(dead);
  EXPECT_TRUE(LogServer::Start(context, "ipc://" + path, {{"log", &log}}));
}

TEST(LogServerEndpoint, NonsenseIsBadInputAndAMissingFolderIsNamed) {
  ZmqContext context;
  MemoryLog log;
  for (const char* endpoint : {"", "nonsense", "carrier://pigeon", "tcp://127.0.0.1"}) {
    const auto server = LogServer::Start(context, endpoint, {{"log", &log}});
    ASSERT_FALSE(server) << endpoint;
    EXPECT_EQ(server.error().code, ErrorCode::kBadInput) << server.error().message;
    EXPECT_FALSE(MakeZmqLink(context, endpoint));
  }
  const auto missing = LogServer::Start(context, "ipc:///nowhere/at/all", {{"log", &log}});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(missing.error().message, HasSubstr("/nowhere/at/all"));
}

TEST(ZmqLink, WithNobodyThereSendTimesOut) {
  testing::TempDirectory directory;
  ZmqContext context;
  const auto link = MakeZmqLink(context, "ipc://" + directory.File("socket")).value();
  const auto sent = link->Send("hello");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::kTimeout);
}

}  // namespace
}  // namespace trucewatch
