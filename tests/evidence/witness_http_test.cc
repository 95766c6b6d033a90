// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/http/witness_http.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/evidence/ledger_fixture.h"
#include "tests/evidence/witness_fixture.h"

namespace trucewatch::tools {
namespace {

using evidence::LatestCheckpointPath;
using evidence::testing::AddBody;
using evidence::testing::NumberedTree;
using evidence::testing::TestKey;
using evidence::testing::TestWitnesses;

class WitnessHttpTest : public ::testing::Test {
 protected:
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }

  // Bytes as they are to the server's port, and all it answers.
  std::string Raw(const std::string& bytes) const {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(server_->port()));
    ::inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    std::string all;
    char buffer[4096];
    for (ssize_t n = 0; (n = ::recv(fd, buffer, sizeof(buffer), 0)) > 0;) {
      all.append(buffer, static_cast<std::size_t>(n));
    }
    ::close(fd);
    return all;
  }

  evidence::LogKey key_ = TestKey();
  evidence::MerkleTree tree_ = NumberedTree(30);
  TestWitnesses witnesses_{1, {TestKey().public_key()}};
  std::unique_ptr<WitnessServer> server_ =
      *WitnessServer::Start(witnesses_.witness(0), "127.0.0.1", 0);
  HttpWitnessLink link_{Duration::Seconds(10)};
};

TEST_F(WitnessHttpTest, AsksAndAnswersAsTheProtocolSays) {
  auto replies = link_.Ask({{url(), "add-checkpoint", AddBody(tree_, 0, 7, key_)}});
  ASSERT_TRUE(replies[0]) << replies[0].error().message;
  EXPECT_EQ(replies[0]->status, 200) << replies[0]->body;
  EXPECT_TRUE(replies[0]->body.starts_with("\xE2\x80\x94 witness.example/w0 "));
  replies = link_.Ask({{url() + "/", LatestCheckpointPath(key_.name()), ""}});
  ASSERT_TRUE(replies[0]) << replies[0].error().message;
  EXPECT_EQ(replies[0]->body, witnesses_.witness(0).Get(LatestCheckpointPath(key_.name())).body);
  replies = link_.Ask({{url(), "add-checkpoint", AddBody(tree_, 3, 9, key_)}});
  EXPECT_EQ(replies[0]->status, 409);
  EXPECT_EQ(replies[0]->content_type, "text/x.tlog.size");
  EXPECT_EQ(replies[0]->body, "7\n");
  replies = link_.Ask({{url(), "nothing", ""}});
  EXPECT_EQ(replies[0]->status, 404);
}

TEST_F(WitnessHttpTest, BodiesThatAreTooLongOrPackedAreRefusedUnread) {
  EXPECT_EQ(Raw("POST /add-checkpoint HTTP/1.1\r\nContent-Length: 200000\r\nConnection: "
                "close\r\n\r\n" +
                std::string(200'000, 'o'))
                .substr(9, 3),
            "413");
  EXPECT_EQ(Raw("POST /add-checkpoint HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: "
                "3\r\nConnection: close\r\n\r\nabc")
                .substr(9, 3),
            "415");
  EXPECT_EQ(Raw("POST /add-checkpoint HTTP/1.1\r\nContent-Length: 3\r\nConnection: "
                "close\r\n\r\nabc")
                .substr(9, 3),
            "400");
}

TEST_F(WitnessHttpTest, OneThatNeverAnswersDoesNotKeepTheOthersAway) {
  const int silent = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  ::inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  ASSERT_EQ(::bind(silent, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(::listen(silent, 4), 0);
  socklen_t length = sizeof(address);
  ::getsockname(silent, reinterpret_cast<sockaddr*>(&address), &length);
  const std::string silent_url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  HttpWitnessLink link(Duration::Millis(300));
  const std::string body = AddBody(tree_, 0, 7, key_);
  const auto replies = link.Ask({{silent_url, "add-checkpoint", body},
                                 {"http://127.0.0.1:1", "add-checkpoint", body},
                                 {"ftp://x", "add-checkpoint", body},
                                 {url(), "add-checkpoint", body}});
  EXPECT_FALSE(replies[0]);
  EXPECT_FALSE(replies[1]);
  EXPECT_EQ(replies[1].error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(replies[2]);
  ASSERT_TRUE(replies[3]) << replies[3].error().message;
  EXPECT_EQ(replies[3]->status, 200);
  ::close(silent);
}

TEST_F(WitnessHttpTest, ASecondServerAtTheSamePortIsToldSo) {
  EXPECT_FALSE(WitnessServer::Start(witnesses_.witness(0), "127.0.0.1", server_->port()));
}

}  // namespace
}  // namespace trucewatch::tools
