// SPDX-License-Identifier: Apache-2.0
#include "evidence/release/release_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>
#include <set>
#include <utility>

#include "core/crypto/sha256.h"
#include "core/types/codec.h"
#include "evidence/leaf.h"

namespace trucewatch::evidence {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Instant kStart = *ParseUtc("2026-03-01T00:00:00Z");
Instant At(double seconds) { return kStart + Duration::FromSeconds(seconds); }

SaltKey KeyOf(std::uint8_t byte) {
  SaltKey key{};
  key.fill(byte);
  return key;
}

ReleaseTerms Terms(bool automatic = false) {
  ReleaseTerms terms;
  terms.parties.automatic = automatic;
  terms.side_of_zone = {{"buffer", "NEITHER"}, {"north", "A"}};
  return terms;
}

// A finding full of what must not leave: all of it drawn from `secret`.
struct Secret {
  double lat_deg = 30.0012345, lon_deg = -40.0054321;
  std::int64_t micros = 100'123'457;
  std::uint64_t track = 987654321;
  std::string name = "drone-falcon-7";
};

Finding EventOf(const Secret& secret, EventState state = EventState::kVerified) {
  Finding f;
  f.kind = FindingKind::kEventTransition;
  f.event_id = HexEncode(Bytes(Sha256(secret.name + std::to_string(secret.micros))).first(16));
  f.state = state;
  f.time = kStart + Duration::Micros(secret.micros);
  f.time_first = f.time - Duration::Micros(1'234'567);
  f.time_last = f.time;
  f.rule = "no_convoys";
  f.zone = "buffer";
  f.object_class = ObjectClass::kTruck;
  f.count_min = 6;
  f.count_max = 8;
  f.probability = 0.98765432;
  f.position = Geodetic::FromDegrees(secret.lat_deg, secret.lon_deg, 12.5);
  f.cov_m2 = {123.456, 1.5, 98.765};
  f.velocity_en_mps = {1.25, 9.75};
  f.members = {{secret.track}};
  Support support;
  support.source.value = secret.name;
  support.lineage = {Modality::kVideoRgb,
                     secret.name,
                     secret.name + "-airframe",
                     "station-" + secret.name,
                     "clock",
                     "nav",
                     "m",
                     ""};
  support.first = support.last = f.time;
  support.raw_digests = {Sha256(secret.name)};
  f.supports = {support};
  f.reason = "seen by " + secret.name;
  f.agreement_hash = std::string(64, 'a');
  f.exercise = true;
  return f;
}

Finding ReleaseOf(const Finding& event, double time_s) {
  Finding f = event;
  f.kind = FindingKind::kRelease;
  f.audience = "parties";
  f.time = At(time_s);
  return f;
}

std::string LeafOf(const Finding& finding) {
  v1::Envelope envelope;
  *envelope.mutable_finding() = ToProto(finding);
  return MakeLeaf(LeafKind::kFinding, SerializeEnvelope(envelope));
}

void Add(ReleaseBook& book, const Finding& finding) { book.Add(LeafOf(finding), finding); }

std::vector<std::string> Statements(const std::vector<std::string>& leaves) {
  std::vector<std::string> out;
  for (const std::string& leaf : leaves) {
    const auto parsed = ParsePartyLeaf(leaf);
    EXPECT_TRUE(parsed) << parsed.error().message;
    if (parsed && parsed->kind == PartyLeafKind::kStatement) out.emplace_back(parsed->body);
  }
  return out;
}

TEST(ReleaseBook, NothingIsToldBeforeAnOfficerSigned) {
  ReleaseBook book(Terms(), KeyOf(1), true, kStart);
  const Finding event = EventOf({});
  Add(book, event);
  EXPECT_TRUE(Statements(book.Take(At(5 * 3600))).empty());
  ReleaseBook released(Terms(), KeyOf(1), true, kStart);
  Add(released, event);
  Add(released, ReleaseOf(event, 200));
  const auto statements = Statements(released.Take(At(5 * 3600)));
  ASSERT_EQ(statements.size(), 1U);
  EXPECT_THAT(statements[0], HasSubstr("\"state\":\"verified\""));
  EXPECT_THAT(statements[0], HasSubstr("\"count_min\":6"));
}

TEST(ReleaseBook, AWindowIsShownOnlyAfterItsDelay) {
  ReleaseBook book(Terms(true), KeyOf(1), true, kStart);
  Add(book, EventOf({}));
  EXPECT_TRUE(book.Take(At(3600 + 1799)).empty());
  EXPECT_FALSE(book.Take(At(3600 + 1800)).empty());
}

TEST(ReleaseBook, EveryEntryIsCommittedToAndItsSaltOpensIt) {
  ReleaseBook book(Terms(), KeyOf(7), true, kStart);
  std::vector<std::string> officers;
  for (int i = 0; i < 70; ++i) {
    Secret secret;
    secret.micros += i * 1'000'000;
    officers.push_back(LeafOf(EventOf(secret)));
    book.Add(officers.back(), EventOf(secret));
  }
  const auto leaves = book.Take(At(2 * 3600));
  ASSERT_EQ(leaves.size(), 128U);  // to a multiple of 64
  for (std::size_t i = 0; i < officers.size(); ++i) {
    EXPECT_EQ(leaves[i], MakeCommitmentLeaf(Commit(SaltOf(KeyOf(7), i), officers[i])));
    EXPECT_NE(leaves[i], MakeCommitmentLeaf(Commit(SaltOf(KeyOf(8), i), officers[i])));
  }
}

TEST(ReleaseBook, ALongerLedgerGivesTheSameLeavesFirst) {
  std::vector<Finding> findings;
  std::mt19937_64 random(3);
  for (int i = 0; i < 400; ++i) {
    Secret secret;
    // Not quite in order of time, as findings of what came in late.
    secret.micros =
        (i * 120LL - static_cast<std::int64_t>(random() % 900)) * 1'000'000 + 1'000'000'000;
    findings.push_back(EventOf(secret));
  }
  ReleaseBook whole(Terms(true), KeyOf(1), true, kStart);
  for (const Finding& f : findings) Add(whole, f);
  const auto all = whole.Take(At(400 * 120));
  for (const std::size_t cut : {50U, 177U, 300U}) {
    ReleaseBook part(Terms(true), KeyOf(1), true, kStart);
    Instant newest = kStart;
    for (std::size_t i = 0; i < cut; ++i) {
      Add(part, findings[i]);
      newest = std::max(newest, findings[i].time);
    }
    const auto some = part.Take(newest);
    ASSERT_LE(some.size(), all.size());
    EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin())) << cut;
  }
}

TEST(ReleaseBook, WhatDiffersWithinACellAndAStepOfTimeIsNotTold) {
  Secret a;
  Secret b;
  b.lat_deg += 0.002;  // within the same cell of a kilometre, and the same half hour
  b.lon_deg += 0.003;
  b.micros += 500'000'000;
  b.track = 4;
  const auto told = [](const Secret& secret) {
    ReleaseBook book(Terms(true), KeyOf(1), true, kStart);
    Finding event = EventOf(secret);
    event.event_id = std::string(32, '1');
    event.supports[0].source.value = secret.name;
    Add(book, event);
    return Statements(book.Take(At(5 * 3600)));
  };
  b.name = "drone-other";
  EXPECT_EQ(told(a), told(b));
  b.lat_deg += 0.02;
  EXPECT_NE(told(a), told(b));
}

// Words and numbers of a text.
std::set<std::string> TokensOf(const std::string& text) {
  std::set<std::string> out;
  std::string token;
  for (const char c : text) {
    if (c == ':' && token.empty()) continue;
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_' ||
        c == ':') {
      token.push_back(c);
    } else if (!token.empty()) {
      out.insert(std::exchange(token, ""));
    }
  }
  return out;
}

TEST(ReleaseBook, NoneOfTenThousandCanariesLeaves) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> share(0, 1);
  std::vector<Secret> canaries;
  ReleaseBook book(Terms(true), KeyOf(1), true, kStart);
  for (int i = 0; i < 10'000; ++i) {
    Secret secret;
    secret.lat_deg = 29 + 2 * share(random);
    secret.lon_deg = -41 + 2 * share(random);
    secret.micros =
        static_cast<std::int64_t>(i) * 8'000'000 + static_cast<std::int64_t>(share(random) * 8e6);
    secret.track = random();
    secret.name = fmt::format("canary-{:08x}", random() & 0xffffffffU);
    canaries.push_back(secret);
    const Finding event = EventOf(secret);
    Add(book, event);
    Add(book, ReleaseOf(event, 1e-6 * static_cast<double>(secret.micros) + 1));
  }
  std::set<std::string> tokens;
  std::size_t statements = 0;
  for (const std::string& leaf : book.Take(At(40 * 3600))) {
    const auto parsed = ParsePartyLeaf(leaf);
    ASSERT_TRUE(parsed);
    if (parsed->kind == PartyLeafKind::kCommitment) {
      EXPECT_EQ(parsed->body.size(), 32U);  // a hash, and nothing else
      continue;
    }
    ++statements;
    tokens.merge(TokensOf(std::string(parsed->body)));
  }
  ASSERT_EQ(statements, 10'000U);
  // Nothing but these kinds of words and numbers: whole small numbers, half hours, days, edges of
  // cells (five decimals; each is that of a row or a column), names of the agreement, hashes.
  std::set<double> edges;
  for (const std::string& token : tokens) {
    const bool hex = (token.size() == 32 || token.size() == 64) &&
                     token.find_first_not_of("0123456789abcdef") == std::string::npos;
    const bool half_hour =
        token.size() == 20 && (token.ends_with(":00:00Z") || token.ends_with(":30:00Z"));
    char* end = nullptr;
    const double number = std::strtod(token.c_str(), &end);
    if (hex || half_hour || token == "EXERCISE" || token == "agreement_sha256") continue;
    if (*end != '\0') {
      EXPECT_EQ(token.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string::npos) << token;
    } else if (number == std::floor(number)) {
      EXPECT_LE(std::abs(number), 1000) << token;
    } else {
      EXPECT_LE(token.size() - token.find('.') - 1, 5U) << token;
      edges.insert(number);
    }
  }
  int found = 0;
  for (const Secret& secret : canaries) {
    const Finding event = EventOf(secret);
    for (const std::string& word :
         {fmt::format("{:.7f}", secret.lat_deg), fmt::format("{:.7f}", secret.lon_deg),
          std::to_string(event.time.micros()), FormatUtc(event.time), std::to_string(secret.track),
          secret.name, event.event_id})
      found += tokens.contains(word) ? 1 : 0;
  }
  EXPECT_EQ(found, 0);
}

TEST(ReleaseBook, CoverageIsToldAsOneSumADayForEachZone) {
  ReleaseBook book(Terms(), KeyOf(1), true, kStart);
  const auto account = [&](double start_s, CoverageState state) {
    Finding f;
    f.kind = FindingKind::kCoverage;
    f.time = At(start_s + 60);
    f.exercise = true;
    CoverageAccount a;
    a.zone = "buffer";
    a.start = At(start_s);
    a.end = At(start_s + 60);
    a.cells = 10;
    a.classes = {
        {CoverageClass::kMovingVehicle, {{state, "radar1 gave no look since 02:03:04", 10}}}};
    f.coverage = a;
    return f;
  };
  for (int minute = 0; minute < 29 * 60; ++minute)
    Add(book, account(60.0 * minute, minute % 4 == 0 ? CoverageState::kNotObserved
                                                     : CoverageState::kObservedActivity));
  const auto statements = Statements(book.Take(At(29 * 3600)));
  ASSERT_EQ(statements.size(), 1U);
  EXPECT_THAT(statements[0], HasSubstr("\"day\":\"2026-03-01\""));
  EXPECT_THAT(statements[0], HasSubstr("\"observed_percent\":75"));
  EXPECT_THAT(statements[0], HasSubstr("\"not_observed_percent\":25"));
  EXPECT_THAT(statements[0], Not(HasSubstr("02:03")));
}

TEST(ReleaseTerms, FinerOrEarlierThanTheLeastIsRefused) {
  v1::config::Agreement agreement;
  auto* release = agreement.add_release();
  release->set_audience(v1::config::Release::PARTIES);
  release->set_delay_s(3600);
  release->set_grid_m(2000);
  const auto terms = ReadReleaseTerms(agreement);
  ASSERT_TRUE(terms) << terms.error().message;
  EXPECT_EQ(terms->parties.delay, Duration::Seconds(3600));
  release->set_grid_m(500);
  EXPECT_THAT(ReadReleaseTerms(agreement).error().message, HasSubstr("too fine"));
  release->set_grid_m(1000);
  release->set_delay_s(60);
  EXPECT_THAT(ReadReleaseTerms(agreement).error().message, HasSubstr("too short"));
}

TEST(ReleaseTerms, PicturesAreForPartiesAloneAndOnlyWhereTheAgreementSaysSo) {
  v1::config::Agreement agreement;
  auto* release = agreement.add_release();
  release->set_audience(v1::config::Release::PARTIES);
  release->set_delay_s(1800);
  release->set_grid_m(1000);
  EXPECT_FALSE(ReadReleaseTerms(agreement)->parties.pictures);
  release->set_pictures(true);
  EXPECT_TRUE(ReadReleaseTerms(agreement)->parties.pictures);
  release->set_audience(v1::config::Release::PUBLIC);
  EXPECT_THAT(ReadReleaseTerms(agreement).error().message, HasSubstr("no pictures"));
  EXPECT_FALSE(ReadReleaseTerms({})->parties.pictures);
}

}  // namespace
}  // namespace trucewatch::evidence
