// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/timestamp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <random>

#include "core/crypto/sha256.h"
#include "tests/core/crypto/time_authority.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;
using testing::TimeAuthority;

const std::string kStamped = "exercise.trucewatch.example/demo\n57\nroot\n";

Instant Utc(const char* text) { return ParseUtc(text).value(); }

TimeAuthority AuthorityOf2026(const char* now = "2026-03-02T00:00:00.125Z") {
  return TimeAuthority({.now = Utc(now),
                        .valid_from = Utc("2026-01-01T00:00:00Z"),
                        .valid_until = Utc("2026-06-01T00:00:00Z")});
}

struct Stamped {
  TimestampRequest request = MakeTimestampRequest(Sha256(kStamped));
  std::string response;
};
Stamped StampBy(const TimeAuthority& authority) {
  Stamped out;
  out.response = authority.Reply(out.request.der);
  return out;
}

Error RefusalOf(const std::string& response, const TimestampCheck& check) {
  const auto checked = CheckTimestamp(AsBytes(response), check);
  EXPECT_FALSE(checked);
  return checked ? Error{} : checked.error();
}

TEST(Timestamp, SaysWhenByWhomAndUnderWhichPolicy) {
  const TimeAuthority authority = AuthorityOf2026();
  const Stamped stamped = StampBy(authority);
  for (const std::optional<std::string>& nonce :
       {std::optional<std::string>(stamped.request.nonce), std::optional<std::string>()}) {
    const auto stamp =
        CheckTimestamp(AsBytes(stamped.response),
                       {.sha256 = Sha256(kStamped), .ca_pem = authority.ca_pem(), .nonce = nonce});
    ASSERT_TRUE(stamp) << stamp.error().message;
    EXPECT_EQ(FormatUtc(stamp->time), "2026-03-02T00:00:00.125000Z");
    EXPECT_EQ(stamp->accuracy, Duration::Millis(1250));
    EXPECT_EQ(stamp->policy, "1.3.6.1.4.1.99999.1");
    EXPECT_EQ(stamp->serial, "29");
    EXPECT_EQ(stamp->authority, "CN=Test Time");
  }
}

TEST(Timestamp, OfOtherBytesAnotherRequestOrAStrangerIsRefusedWithASentenceEach) {
  const TimeAuthority authority = AuthorityOf2026();
  const Stamped stamped = StampBy(authority);
  TimestampCheck check{.sha256 = Sha256(kStamped), .ca_pem = authority.ca_pem(), .nonce = {}};
  const TimestampCheck good = check;

  check.sha256 = Sha256(kStamped + "x");
  EXPECT_EQ(RefusalOf(stamped.response, check).message, "time-stamp: is one of other bytes");
  check = good;
  check.nonce = MakeTimestampRequest(check.sha256).nonce;
  EXPECT_EQ(RefusalOf(stamped.response, check).message,
            "time-stamp: answers another request (its nonce differs)");
  check = good;
  check.ca_pem = AuthorityOf2026().ca_pem();
  const Error stranger = RefusalOf(stamped.response, check);
  EXPECT_EQ(stranger.code, ErrorCode::kCheckFailed);
  EXPECT_THAT(stranger.message, HasSubstr("do not lead to one that is trusted"));
  check = good;
  check.ca_pem = "no PEM";
  EXPECT_THAT(RefusalOf(stamped.response, check).message, HasSubstr("PEM expected"));
  EXPECT_EQ(RefusalOf("", good).code, ErrorCode::kBadInput);
  EXPECT_EQ(RefusalOf(stamped.response + "x", good).code, ErrorCode::kBadInput);
}

TEST(Timestamp, IsJudgedAsOfTheTimeItStates) {
  // Its certificate has expired since (this test runs later than 2021) and was good then.
  const TimeAuthority::Options past{.now = Utc("2020-06-01T00:00:00Z"),
                                    .valid_from = Utc("2020-01-01T00:00:00Z"),
                                    .valid_until = Utc("2021-01-01T00:00:00Z")};
  TimeAuthority authority(past);
  const TimestampCheck check{.sha256 = Sha256(kStamped), .ca_pem = authority.ca_pem(), .nonce = {}};
  const auto good = CheckTimestamp(AsBytes(StampBy(authority).response), check);
  EXPECT_TRUE(good) << good.error().message;
  authority.SetNow(Utc("2021-01-01T00:00:01Z"));
  EXPECT_THAT(RefusalOf(StampBy(authority).response, check).message,
              HasSubstr("certificate has expired"));
  authority.SetNow(Utc("2019-12-31T23:59:59Z"));
  EXPECT_THAT(RefusalOf(StampBy(authority).response, check).message,
              HasSubstr("certificate is not yet valid"));
}

TEST(Timestamp, ARefusalOfTheAuthorityCarriesItsWords) {
  const TimeAuthority authority = AuthorityOf2026();
  std::string request = MakeTimestampRequest(Sha256(kStamped)).der;
  request.pop_back();  // no request any more
  const std::string response = authority.Reply(request);
  const Error error =
      RefusalOf(response, {.sha256 = Sha256(kStamped), .ca_pem = authority.ca_pem(), .nonce = {}});
  EXPECT_EQ(error.code, ErrorCode::kNotFound);
  EXPECT_THAT(error.message, HasSubstr("refused it (status 2): Bad request"));
}

// Every changed byte is refused, or leaves what was signed as it was: parts that nobody signs are
// the response's own status and how lengths are written.
TEST(Timestamp, NoChangedBitMakesAnotherStatement) {
  const TimeAuthority authority = AuthorityOf2026();
  const Stamped stamped = StampBy(authority);
  const TimestampCheck check{.sha256 = Sha256(kStamped), .ca_pem = authority.ca_pem(), .nonce = {}};
  const auto before = CheckTimestamp(AsBytes(stamped.response), check);
  ASSERT_TRUE(before);
  std::mt19937_64 random(5);
  int refused = 0;
  constexpr int kChanges = 150;
  for (int i = 0; i < kChanges; ++i) {
    std::string changed = stamped.response;
    changed[random() % changed.size()] ^= static_cast<char>(1U << (random() % 8));
    const auto after = CheckTimestamp(AsBytes(changed), check);
    if (!after) {
      ++refused;
      continue;
    }
    EXPECT_EQ(after->time, before->time);
    EXPECT_EQ(after->accuracy, before->accuracy);
    EXPECT_EQ(after->policy, before->policy);
    EXPECT_EQ(after->serial, before->serial);
    EXPECT_EQ(after->authority, before->authority);
  }
  EXPECT_GT(refused, kChanges * 9 / 10);
  for (std::size_t cut = 0; cut < stamped.response.size(); cut += 7)
    EXPECT_FALSE(CheckTimestamp(AsBytes(stamped.response.substr(0, cut)), check)) << cut;
}

// OpenSSL's program on the same files: it reads our request and judges the answer as we do.
TEST(Timestamp, TheOpensslProgramReadsTheRequestAndGivesTheSameVerdicts) {
  const testing::TempDirectory temp;
  const TimeAuthority authority = AuthorityOf2026();
  const TimeAuthority stranger = AuthorityOf2026();
  const Stamped stamped = StampBy(authority);
  const auto write = [&](const char* name, const std::string& bytes) {
    std::ofstream(temp.File(name), std::ios::binary) << bytes;
  };
  write("data", kStamped);
  write("other", kStamped + "x");
  write("request", stamped.request.der);
  write("other_request", MakeTimestampRequest(Sha256(kStamped)).der);
  write("response", stamped.response);
  write("ca", authority.ca_pem());
  write("stranger", stranger.ca_pem());
  const auto run = [&](const std::string& arguments) {
    return std::system(
        ("cd " + temp.path() + " && openssl ts " + arguments + " >out.txt 2>&1").c_str());
  };
  ASSERT_EQ(run("-query -in request -text"), 0);
  std::ifstream text(temp.File("out.txt"));
  const std::string said((std::istreambuf_iterator<char>(text)), std::istreambuf_iterator<char>());
  EXPECT_THAT(said, HasSubstr("Hash Algorithm: sha256"));
  EXPECT_THAT(said, HasSubstr("Certificate required: yes"));
  EXPECT_THAT(said, HasSubstr("Nonce: 0x"));
  const std::string at =
      fmt::format(" -attime {}", Utc("2026-03-02T00:00:00Z").micros() / 1'000'000);
  EXPECT_EQ(run("-verify -queryfile request -in response -CAfile ca" + at), 0);
  EXPECT_EQ(run("-verify -data data -in response -CAfile ca" + at), 0);
  EXPECT_NE(run("-verify -data other -in response -CAfile ca" + at), 0);
  EXPECT_NE(run("-verify -queryfile other_request -in response -CAfile ca" + at), 0);
  EXPECT_NE(run("-verify -data data -in response -CAfile stranger" + at), 0);
}

}  // namespace
}  // namespace trucewatch
