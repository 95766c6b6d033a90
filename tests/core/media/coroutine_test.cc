// SPDX-License-Identifier: Apache-2.0
#include "core/media/internal/coroutine.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace trucewatch::internal {
namespace {

TEST(Coroutine, TakesTurnsWithItsCallerUntilItReturns) {
  std::string said;
  const auto other = Coroutine::Create([&](Coroutine& self) {
    for (const char c : {'a', 'b', 'c'}) {
      said += c;
      if (c != 'c') self.Yield();
    }
  });
  ASSERT_NE(other, nullptr);
  EXPECT_EQ(said, "");
  for (const char* expected : {"a", "a1b", "a1b1c"}) {
    EXPECT_FALSE(other->done());
    other->Resume();
    EXPECT_EQ(said, expected);
    said += '1';
  }
  EXPECT_TRUE(other->done());
  other->Resume();
  EXPECT_EQ(said, "a1b1c1");
}

TEST(Coroutine, EachHasAStackOfItsOwn) {
  constexpr int kMany = 50;
  std::vector<std::unique_ptr<Coroutine>> many;
  std::vector<int> sums(kMany, 0);
  for (int i = 0; i < kMany; ++i) {
    many.push_back(Coroutine::Create([i, &sums](Coroutine& self) {
      volatile char room[64 << 10];  // far into the stack
      for (int k = 0; k < 3; ++k) {
        room[0] = static_cast<char>(i);
        room[sizeof(room) - 1] = static_cast<char>(k);
        self.Yield();
        sums[static_cast<std::size_t>(i)] += room[0] + room[sizeof(room) - 1];
      }
    }));
  }
  for (int turn = 0; turn < 4; ++turn) {
    for (const auto& one : many) one->Resume();
  }
  for (int i = 0; i < kMany; ++i) {
    EXPECT_TRUE(many[static_cast<std::size_t>(i)]->done());
    EXPECT_EQ(sums[static_cast<std::size_t>(i)], 3 * i + 3);
  }
}

}  // namespace
}  // namespace trucewatch::internal
