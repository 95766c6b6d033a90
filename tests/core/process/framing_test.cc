// SPDX-License-Identifier: Apache-2.0
#include "core/process/framing.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace trucewatch {
namespace {

class FramingTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_), 0); }
  void TearDown() override {
    ::close(ends_[0]);
    if (ends_[1] >= 0) ::close(ends_[1]);
  }
  void CloseOther() {
    ::close(ends_[1]);
    ends_[1] = -1;
  }
  void WriteRaw(const std::string& bytes) {
    ASSERT_EQ(::write(ends_[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  auto Receive() { return ReceiveFrame(ends_[0], 1000, WaitAtMost(Duration::Millis(20))); }
  int ends_[2] = {-1, -1};
};

TEST_F(FramingTest, MessagesComeAsTheyWereSent) {
  ASSERT_TRUE(SendFrame(ends_[1], "first", 1000));
  ASSERT_TRUE(SendFrame(ends_[1], "", 1000));
  ASSERT_TRUE(SendFrame(ends_[1], std::string(1000, 'x'), 1000));
  EXPECT_EQ(**Receive(), "first");
  EXPECT_EQ(**Receive(), "");
  EXPECT_EQ(**Receive(), std::string(1000, 'x'));
  CloseOther();
  const auto end = Receive();
  ASSERT_TRUE(end);
  EXPECT_FALSE(*end);
}

TEST_F(FramingTest, EveryTruncationIsSaid) {
  const std::string whole("\0\0\0\3abc", 7);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_), 0);
    WriteRaw(whole.substr(0, size));
    CloseOther();
    const auto end = Receive();
    ASSERT_FALSE(end) << size;
    EXPECT_EQ(end.error().code, ErrorCode::kUnavailable);
    ::close(ends_[0]);
  }
  SetUp();
}

TEST_F(FramingTest, TooLongIsRefusedOnBothSides) {
  EXPECT_FALSE(SendFrame(ends_[1], std::string(1001, 'x'), 1000));
  WriteRaw(std::string("\xff\xff\xff\xff", 4));
  const auto end = Receive();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, ErrorCode::kBadInput);
}

TEST_F(FramingTest, SilenceIsATimeout) {
  const auto end = Receive();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, ErrorCode::kTimeout);
}

TEST_F(FramingTest, AGoneReceiverIsAnErrorAndNoSignal) {
  CloseOther();
  const auto sent = SendFrame(ends_[0], std::string(1000, 'x'), 1000);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace trucewatch
