// SPDX-License-Identifier: Apache-2.0
#include "core/net/udp_receiver.h"

#include <gtest/gtest.h>

#include "tests/support/udp_sender.h"

namespace trucewatch {
namespace {

using Sender = testing::UdpSender;

TEST(UdpReceiver, GivesDatagramsInOrderAndNothingWhenThereIsNone) {
  const auto receiver = UdpReceiver::Open("127.0.0.1:0");
  ASSERT_TRUE(receiver.has_value()) << receiver.error().message;
  EXPECT_EQ((*receiver)->Receive(Duration::Millis(1)).value(), std::nullopt);
  const Sender sender((*receiver)->port());
  const std::string large(60'000, 'x');
  ASSERT_TRUE(sender.Send("one") && sender.Send("") && sender.Send(large));
  EXPECT_EQ((*receiver)->Receive(Duration::Seconds(5)).value(), "one");
  EXPECT_EQ((*receiver)->Receive(Duration::Seconds(5)).value(), "");
  EXPECT_EQ((*receiver)->Receive(Duration::Seconds(5)).value(), large);
  EXPECT_EQ((*receiver)->Receive(Duration()).value(), std::nullopt);
  EXPECT_EQ((*receiver)->lost(), 0U);
}

TEST(UdpReceiver, CountsWhatTheKernelDropped) {
  const auto receiver = UdpReceiver::Open("127.0.0.1:0");
  ASSERT_TRUE(receiver.has_value());
  const Sender sender((*receiver)->port());
  const std::string bytes(60'000, 'x');
  // More than any buffer that was granted, and it is not emptied meanwhile.
  const std::size_t count = static_cast<std::size_t>((*receiver)->buffer_size()) / 60'000 + 20;
  for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(sender.Send(bytes));
  std::size_t received = 0;
  while ((*receiver)->Receive(Duration()).value()) ++received;
  ASSERT_LT(received, count);
  // The count comes with the next datagram.
  ASSERT_TRUE(sender.Send("after"));
  EXPECT_EQ((*receiver)->Receive(Duration::Seconds(5)).value(), "after");
  EXPECT_EQ(received + (*receiver)->lost(), count);
}

TEST(UdpReceiver, JoinsAMulticastGroupWhereTheMachineHasOne) {
  const auto receiver = UdpReceiver::Open("239.255.77.77:0");
  if (!receiver) {
    EXPECT_EQ(receiver.error().code, ErrorCode::kUnavailable);
    GTEST_SKIP() << "no multicast here: " << receiver.error().message;
  }
  EXPECT_NE((*receiver)->port(), 0);
}

TEST(UdpReceiver, RefusesWhatIsNoAddressAndAPortInUse) {
  for (const char* address : {"", "8600", "localhost:8600", "1.2.3.4:", "1.2.3.4:70000",
                              "1.2.3.4:86x", "256.1.1.1:1", "[::1]:8600"}) {
    const auto receiver = UdpReceiver::Open(address);
    ASSERT_FALSE(receiver.has_value()) << address;
    EXPECT_EQ(receiver.error().code, ErrorCode::kBadInput) << address;
  }
  const auto first = UdpReceiver::Open("127.0.0.1:0");
  ASSERT_TRUE(first.has_value());
  const auto second = UdpReceiver::Open(fmt::format("127.0.0.1:{}", (*first)->port()));
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace trucewatch
