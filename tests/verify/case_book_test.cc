// SPDX-License-Identifier: Apache-2.0
#include "verify/case_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/verify/scene.h"

namespace trucewatch {
namespace {

using testing::At;
using ::testing::HasSubstr;

const std::string kEvent(32, 'e');

Support SupportOf(const testing::Eye& eye) {
  Support support;
  support.source = eye.source;
  support.lineage = eye.lineage;
  return support;
}

Finding Transition(EventState state, double time_s, std::vector<testing::Eye> eyes) {
  Finding finding;
  finding.kind = FindingKind::kEventTransition;
  finding.agreement_hash = testing::DemoAgreement().hash;
  finding.event_id = kEvent;
  finding.state = state;
  finding.time = At(time_s);
  finding.rule = "no_convoys";
  finding.zone = "buffer";
  finding.count_min = 7;
  finding.count_max = 8;
  for (const testing::Eye& eye : eyes) finding.supports.push_back(SupportOf(eye));
  return finding;
}

HumanRecord Record(const std::string& id, HumanRecordKind kind, const std::string& decision,
                   const std::string& role = "officer") {
  HumanRecord record;
  record.source.value = role;
  record.record_id = id;
  record.kind = kind;
  record.reported = record.time_first = record.time_last = At(1000);
  record.author = role == "officer" ? "chief" : role;
  record.role = role;
  record.event_id = kind == HumanRecordKind::kRuling ? "" : kEvent;
  record.decision = decision;
  record.text = "because";
  return record;
}
HumanRecord Decision(const std::string& id, const std::string& decision) {
  return Record(id, HumanRecordKind::kDecision, decision);
}
HumanRecord Ruling(const std::string& id, const std::string& challenge,
                   const std::string& decision) {
  HumanRecord record = Record(id, HumanRecordKind::kRuling, decision);
  record.challenge_id = challenge;
  return record;
}

CaseBook Book(const std::vector<testing::Eye>& eyes,
              ObjectClass object_class = ObjectClass::kTruck) {
  const Agreement agreement = testing::DemoAgreement();
  CaseBook book({{agreement.hash, agreement.corroboration.breaking}});
  Finding finding = Transition(EventState::kVerified, 100, eyes);
  finding.object_class = object_class;
  book.Note(finding);
  return book;
}

TEST(CaseBook, AConfirmedEventKeepsWhatSoftwareSaidAndNamesItsBasis) {
  CaseBook book = Book({testing::Drone(), testing::Radar()});
  const auto findings = book.Take(Decision("d1", "confirmed"));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, FindingKind::kEventTransition);
  EXPECT_EQ(findings[0].state, EventState::kConfirmed);
  EXPECT_EQ(findings[0].event_id, kEvent);
  EXPECT_EQ(findings[0].count_max, 8);
  EXPECT_EQ(findings[0].human_record->author, "chief");
  EXPECT_THAT(findings[0].reason, HasSubstr("software had said: verified"));
  EXPECT_THAT(findings[0].reason, HasSubstr("two independent kinds of observation"));
}

TEST(CaseBook, AnEventOnASingleModalityIsConfirmedAndSaidSo) {
  CaseBook book = Book({testing::Drone(), testing::SecondDrone()});
  const auto findings = book.Take(Decision("d1", "confirmed"));
  EXPECT_EQ(findings[0].state, EventState::kConfirmed);
  EXPECT_THAT(findings[0].reason, HasSubstr("rests on a single modality"));
}

TEST(CaseBook, ADecisionStandsUntilTheEventIsReopened) {
  CaseBook book = Book({testing::Drone()});
  EXPECT_EQ(book.Take(Decision("d1", "not_confirmed"))[0].state, EventState::kNotConfirmed);
  const auto again = book.Take(Decision("d2", "confirmed"));
  EXPECT_EQ(again[0].kind, FindingKind::kHumanRecord);
  EXPECT_THAT(again[0].reason, HasSubstr("must be reopened"));
  EXPECT_EQ(book.Find(kEvent)->decided, EventState::kNotConfirmed);
  EXPECT_EQ(book.Take(Decision("d3", "reopened"))[0].state, EventState::kReopened);
  EXPECT_EQ(book.Take(Decision("d4", "confirmed"))[0].state, EventState::kConfirmed);
  EXPECT_EQ(book.Take(Decision("d5", "closed"))[0].state, EventState::kClosed);
}

TEST(CaseBook, WhatSoftwareSaysAfterADecisionIsAnAmendment) {
  CaseBook book = Book({testing::Drone()});
  book.Take(Decision("d1", "inconclusive"));
  Finding late = Transition(EventState::kVerified, 2000, {testing::Drone(), testing::Radar()});
  book.Note(late);
  EXPECT_TRUE(late.amended);
  EXPECT_THAT(late.reason, HasSubstr("decision 'inconclusive', which stands"));
  EXPECT_EQ(book.Find(kEvent)->decided, EventState::kInconclusive);
}

TEST(CaseBook, AChallengeIsAnsweredBeforeItIsRuledOn) {
  CaseBook book = Book({testing::Drone(), testing::Radar()});
  book.Take(Decision("d1", "confirmed"));
  const auto filed = book.Take(Record("c1", HumanRecordKind::kChallenge, "", "party_a"));
  ASSERT_EQ(filed[0].kind, FindingKind::kChallenge);
  EXPECT_EQ(filed[0].challenge_state, ChallengeState::kFiled);
  const std::string id = filed[0].challenge_id;
  EXPECT_EQ(id.size(), 32U);
  EXPECT_THAT(book.Take(Decision("d2", "closed"))[0].reason, HasSubstr("must be ruled on first"));
  EXPECT_THAT(book.Take(Ruling("r0", id, "rejected"))[0].reason, HasSubstr("answered first"));
  EXPECT_EQ(book.Take(Ruling("r1", id, "answered"))[0].challenge_state, ChallengeState::kAnswered);
  EXPECT_EQ(book.Take(Ruling("r2", id, "escalated"))[0].challenge_state,
            ChallengeState::kEscalated);
  EXPECT_EQ(book.Take(Ruling("r3", id, "rejected"))[0].challenge_state, ChallengeState::kRejected);
  EXPECT_EQ(book.Take(Ruling("r4", id, "upheld"))[0].kind, FindingKind::kHumanRecord);
  EXPECT_EQ(book.Take(Decision("d3", "closed"))[0].state, EventState::kClosed);
}

TEST(CaseBook, AnUpheldChallengeReopensTheEventAndRemovesNothing) {
  CaseBook book = Book({testing::Drone(), testing::Radar()});
  book.Take(Decision("d1", "confirmed"));
  const std::string id =
      book.Take(Record("c1", HumanRecordKind::kChallenge, "", "party_b"))[0].challenge_id;
  book.Take(Ruling("r1", id, "answered"));
  const auto upheld = book.Take(Ruling("r2", id, "upheld"));
  ASSERT_EQ(upheld.size(), 2U);
  EXPECT_EQ(upheld[0].challenge_state, ChallengeState::kUpheld);
  EXPECT_EQ(upheld[1].state, EventState::kReopened);
  EXPECT_EQ(book.Find(kEvent)->last.state, EventState::kVerified);
}

TEST(CaseBook, OfficersDecideAndPartiesChallenge) {
  CaseBook book = Book({testing::Drone()});
  HumanRecord party = Record("x1", HumanRecordKind::kDecision, "not_confirmed", "party_a");
  EXPECT_THAT(book.Take(party)[0].reason, HasSubstr("only officers of the mission decide"));
  EXPECT_THAT(book.Take(Record("x2", HumanRecordKind::kChallenge, ""))[0].reason,
              HasSubstr("only an accredited party"));
  HumanRecord unknown = Decision("x3", "confirmed");
  unknown.event_id = std::string(32, '0');
  EXPECT_THAT(book.Take(unknown)[0].reason, HasSubstr("no event"));
  EXPECT_EQ(book.Find(kEvent)->decided, EventState::kUnspecified);
}

TEST(CaseBook, OnePartyCannotFloodAnEventWithChallenges) {
  CaseBook book = Book({testing::Drone()});
  for (std::size_t i = 0; i < CaseBook::kMaxOpenChallenges; ++i) {
    HumanRecord record = Record(fmt::format("c{}", i), HumanRecordKind::kChallenge, "", "party_a");
    EXPECT_EQ(book.Take(record)[0].kind, FindingKind::kChallenge);
  }
  EXPECT_EQ(book.Take(Record("one-more", HumanRecordKind::kChallenge, "", "party_a"))[0].kind,
            FindingKind::kHumanRecord);
  EXPECT_EQ(book.Take(Record("other", HumanRecordKind::kChallenge, "", "party_b"))[0].kind,
            FindingKind::kChallenge);
}

TEST(CaseBook, AReleaseIsOnRecordOnceForEachAudience) {
  CaseBook book = Book({testing::Drone(), testing::Radar()});
  HumanRecord release = Decision("d1", "release");
  release.audience = "parties";
  const auto findings = book.Take(release);
  EXPECT_EQ(findings[0].kind, FindingKind::kRelease);
  EXPECT_EQ(findings[0].audience, "parties");
  EXPECT_THAT(findings[0].reason, HasSubstr("both parties alike"));
  release.record_id = "d2";
  EXPECT_EQ(book.Take(release)[0].kind, FindingKind::kHumanRecord);
}

TEST(CaseBook, RecordingsAreReleasedOnceByADecisionOfTheirOwnAndNeverThoseOfPeople) {
  CaseBook book = Book({testing::Drone(), testing::Radar()});
  HumanRecord release = Decision("d1", "release");
  release.audience = "parties";
  EXPECT_EQ(book.Take(release)[0].kind, FindingKind::kRelease);
  release.record_id = "d2";
  release.decision = "release_raw";
  const auto findings = book.Take(release);
  EXPECT_EQ(findings[0].kind, FindingKind::kRelease);
  EXPECT_EQ(findings[0].audience, "parties");
  ASSERT_TRUE(findings[0].human_record);
  EXPECT_EQ(findings[0].human_record->decision, "release_raw");
  EXPECT_THAT(findings[0].reason, HasSubstr("released the recordings that this event"));
  release.record_id = "d3";
  EXPECT_THAT(book.Take(release)[0].reason, HasSubstr("its recordings were released before"));

  CaseBook of_people = Book({testing::Drone()}, ObjectClass::kPersonGroup);
  const auto refused = of_people.Take(release);
  EXPECT_EQ(refused[0].kind, FindingKind::kHumanRecord);
  EXPECT_THAT(refused[0].reason, HasSubstr("it is about people"));
  release.record_id = "d4";
  release.role = "party_a";
  EXPECT_THAT(of_people.Take(release)[0].reason, HasSubstr("only officers"));
}

TEST(CaseBook, ASnapshotGoesOnWhereItWas) {
  CaseBook book = Book({testing::Drone(), testing::Radar()});
  book.Take(Decision("d1", "confirmed"));
  const std::string id =
      book.Take(Record("c1", HumanRecordKind::kChallenge, "", "party_a"))[0].challenge_id;
  v1::VerifySnapshot::Cases stored;
  book.Write(&stored);
  const Agreement agreement = testing::DemoAgreement();
  CaseBook other({{agreement.hash, agreement.corroboration.breaking}});
  ASSERT_TRUE(other.Read(stored));
  v1::VerifySnapshot::Cases again;
  other.Write(&again);
  EXPECT_EQ(stored.SerializeAsString(), again.SerializeAsString());
  EXPECT_EQ(other.Take(Decision("d1", "reopened"))[0].kind, FindingKind::kHumanRecord);
  EXPECT_EQ(other.Take(Ruling("r1", id, "answered"))[0].challenge_state, ChallengeState::kAnswered);
}

}  // namespace
}  // namespace trucewatch
