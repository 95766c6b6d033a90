// SPDX-License-Identifier: Apache-2.0
#include "core/archive/gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

namespace trucewatch {
namespace {

std::string Gzipped(const std::string& text) {
  z_stream z{};
  EXPECT_EQ(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&z, text.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::string SomeText(std::size_t size) {
  std::mt19937_64 random(3);
  std::string text;
  while (text.size() < size) text += "row," + std::to_string(random() % 1000) + "\n";
  text.resize(size);
  return text;
}

TEST(Gzip, UnpacksWhatWasPacked) {
  for (const std::size_t size : {0U, 1U, 5000U, 1U << 20U, 3'000'001U}) {
    const std::string text = SomeText(size);
    const std::string packed = Gzipped(text);
    EXPECT_TRUE(IsGzip(packed));
    const auto out = Gunzip(packed, "a.gz", text.size());
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_TRUE(*out == text) << size;
  }
}

TEST(Gzip, UnpacksSeveralMembersOneAfterTheOther) {
  const auto out = Gunzip(Gzipped("one\n") + Gzipped("") + Gzipped("two\n"), "a.gz", 100);
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(*out, "one\ntwo\n");
}

TEST(Gzip, RefusesMoreThanIsAllowed) {
  const std::string packed = Gzipped(std::string(8'000'000, 'a'));
  const auto out = Gunzip(packed, "bomb.gz", 4'000'000);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().message, "bomb.gz: unpacks to more than the 4000000 bytes allowed");
  EXPECT_FALSE(Gunzip(Gzipped("abcd"), "a.gz", 3));
}

TEST(Gzip, RefusesAFileCutAnywhere) {
  const std::string packed = Gzipped(SomeText(2000));
  for (std::size_t size = 0; size < packed.size(); ++size) {
    const auto out = Gunzip(packed.substr(0, size), "cut.gz", 10'000);
    ASSERT_FALSE(out) << size;
    EXPECT_NE(out.error().message.find("cut.gz: byte"), std::string::npos) << out.error().message;
  }
}

TEST(Gzip, NeverGivesOtherBytesThanWerePacked) {
  const std::string text = SomeText(2000);
  const std::string packed = Gzipped(text);
  int refused = 0;
  for (std::size_t k = 10; k < packed.size(); ++k) {  // behind the header
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = packed;
      changed[k] = static_cast<char>(changed[k] ^ (1 << bit));
      const auto out = Gunzip(changed, "a.gz", 100'000);
      refused += out ? 0 : 1;
      // DEFLATE pads its last byte with bits that say nothing.
      EXPECT_TRUE(!out || *out == text) << k;
    }
  }
  EXPECT_GE(refused, static_cast<int>(packed.size() - 10) * 8 - 7);
}

TEST(Gzip, RefusesWhatFollowsTheLastMember) {
  EXPECT_FALSE(Gunzip(Gzipped("abc") + "more", "a.gz", 100));
}

}  // namespace
}  // namespace trucewatch
