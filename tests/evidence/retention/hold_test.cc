// SPDX-License-Identifier: Apache-2.0
#include "evidence/retention/hold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evidence/retention/trim_record.h"

namespace trucewatch::evidence {
namespace {

using ::testing::HasSubstr;

Ed25519KeyPair OfficerPair(std::uint8_t byte) {
  Ed25519Seed seed{};
  seed[0] = byte;
  return Ed25519KeyPair::FromSeed(seed);
}

NoteKey OfficerKey(const std::string& name, std::uint8_t byte) {
  return {name, kNoteEd25519, OfficerPair(byte).public_key()};
}

HoldStatement TimeHold() {
  HoldStatement h;
  h.kind = HoldStatement::Kind::kHoldTime;
  h.mission = "exercise.x/m";
  h.id = "hold-1";
  h.first = ParseUtc("2026-03-01T21:00:00Z").value();
  h.last = ParseUtc("2026-03-01T22:00:00Z").value();
  h.sources = {{"drone1"}, {"radar 2"}};
  h.time = ParseUtc("2026-03-02T09:00:00Z").value();
  h.reason = "crash inquiry";
  return h;
}

std::string Signed(const std::string& text) {
  return FormatNote({text, {SignNote(text, "chief", OfficerPair(1))}});
}

TEST(Hold, ReadsBackAsItWasSigned) {
  const std::vector<NoteKey> holders = {OfficerKey("patrol", 2), OfficerKey("chief", 1)};
  const auto text = HoldText(TimeHold());
  ASSERT_TRUE(text);
  EXPECT_EQ(*text,
            "trucewatch hold v1\nmission exercise.x/m\nid hold-1\nhold time 2026-03-01T21:00:00Z "
            "2026-03-01T22:00:00Z\nsource drone1\nsource radar 2\nsigned "
            "2026-03-02T09:00:00Z\nreason crash inquiry\n");
  const auto read = ParseHold(Signed(*text), "exercise.x/m", holders);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->author, "chief");
  EXPECT_EQ(read->sources, TimeHold().sources);
  EXPECT_EQ(HoldText(*read), *text);
  for (const auto kind : {HoldStatement::Kind::kHoldEvent, HoldStatement::Kind::kLiftEvent,
                          HoldStatement::Kind::kLiftHold}) {
    HoldStatement about = TimeHold();
    about.kind = kind;
    about.about = "c160032c";
    const auto again = ParseHold(Signed(*HoldText(about)), "exercise.x/m", holders);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->kind, kind);
    EXPECT_EQ(again->about, "c160032c");
  }
}

TEST(Hold, AnotherSignerMissionOrWordingIsRefused) {
  const std::vector<NoteKey> holders = {OfficerKey("chief", 1)};
  const std::string text = HoldText(TimeHold()).value();
  EXPECT_EQ(ParseHold(Signed(text), "exercise.x/other", holders).error().code,
            ErrorCode::kBadInput);
  const std::string stranger = FormatNote({text, {SignNote(text, "stranger", OfficerPair(3))}});
  EXPECT_EQ(ParseHold(stranger, "exercise.x/m", holders).error().code, ErrorCode::kCheckFailed);
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"v1", "v2"},
           {"hold time", "hold  time"},
           {"source drone1\nsource radar 2", "source radar 2\nsource drone1"},
           {"21:00:00Z 2026", "21:00:00.000Z 2026"},
           {"inquiry\n", "inquiry\nmore\n"},
           {"id hold-1\n", ""}}) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    const auto read = ParseHold(Signed(changed), "exercise.x/m", holders);
    ASSERT_FALSE(read) << changed;
    EXPECT_EQ(read.error().code, ErrorCode::kBadInput) << changed;
  }
}

TEST(TrimRecord, ReadsBackAsItWasWrittenAndEveryCutIsRefused) {
  TrimRecord r;
  r.log = "journal";
  r.first = 11;
  r.last = 30;
  r.time = ParseUtc("2026-04-02T00:00:00Z").value();
  r.time_first = ParseUtc("2026-03-01T21:00:00.5Z").value();
  r.time_last = ParseUtc("2026-03-01T21:10:00Z").value();
  r.bytes = 123456;
  r.sources = {{"drone 1", 19}, {"r,ad:ar%", 1}};
  r.root.fill(0xAB);
  r.rule = "older than 30 days";
  const std::string text = TrimText(r);
  EXPECT_EQ(text,
            "trimmed: log=journal first=11 last=30 on=2026-04-02T00:00:00Z "
            "from=2026-03-01T21:00:00.500000Z to=2026-03-01T21:10:00Z bytes=123456 "
            "sources=drone%201:19,r%2cad%3aar%25:1 root=" +
                HexEncode(r.root) + " rule=older than 30 days");
  const auto read = ParseTrim(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(TrimText(*read), text);
  EXPECT_EQ(read->sources, r.sources);
  EXPECT_EQ(TrimNote(*read), "trimmed on 2026-04-02T00:00:00Z: older than 30 days");
  r.withdrawn = true;
  EXPECT_TRUE(ParseTrim(TrimText(r))->withdrawn);
  const std::size_t rule = text.find("rule=");
  for (std::size_t cut = 0; cut < rule + 5; ++cut)
    EXPECT_FALSE(ParseTrim(text.substr(0, cut))) << cut;
}

}  // namespace
}  // namespace trucewatch::evidence
