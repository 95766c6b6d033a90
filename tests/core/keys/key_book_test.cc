// SPDX-License-Identifier: Apache-2.0
#include "core/keys/key_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_keys.h"

namespace trucewatch {
namespace {

using testing::AddKey;
using ::testing::HasSubstr;
using testing::KeySetDigest;
using ::testing::Not;
using testing::NoteKeyOf;
using testing::PairOf;
using testing::Revoke;
using testing::SignedKeySet;
using testing::TestKeySet;
using testing::TestSetAfter;

constexpr char kMission[] = "exercise.trucewatch.example/keys";
Instant InMarch(const std::string& day_time) { return *ParseUtc("2026-03-" + day_time + ":00Z"); }

SignedNote NoteBy(const std::vector<std::pair<std::string, std::uint8_t>>& signers) {
  SignedNote note{"a record\n", {}};
  for (const auto& [name, number] : signers)
    note.signatures.push_back(SignNote(note.text, name, PairOf(number)));
  return note;
}

class KeyBookTest : public ::testing::Test {
 protected:
  KeyBookTest() {
    AddKey(first_, "officer", "chief", 1);
    AddKey(first_, "officer", "deputy", 2, "2026-03-10T00:00:00Z");
    AddKey(first_, "party_a", "side-a", 3);
    Begin(first_);
  }
  void Begin(const KeySet& set) {
    const auto begun = book_.Begin(kMission, KeySetDigest(set), std::vector{SignedKeySet(set)});
    ASSERT_TRUE(begun) << begun.error().message;
  }
  std::string Take(const KeySet& next) {
    auto checked = book_.Check(SignedKeySet(next));
    EXPECT_TRUE(checked) << checked.error().message;
    return book_.Take(std::move(*checked));
  }
  Result<std::vector<NoteKey>> Signers(const SignedNote& note, Instant received,
                                       std::string_view role = kRoleOfficer) {
    return book_.SignersOf(note, role, received, received);
  }

  KeySet first_ = TestKeySet(kMission);
  KeyBook book_;
};

TEST_F(KeyBookTest, AnotherFirstVersionAnotherMissionAndAForgedOneAreRefused) {
  KeyBook book;
  const std::vector notes = {SignedKeySet(first_)};
  EXPECT_THAT(book.Begin(kMission, std::string(64, '0'), notes).error().message,
              HasSubstr("the mission's config says 0000"));
  EXPECT_THAT(book.Begin("exercise.other", KeySetDigest(first_), notes).error().message,
              HasSubstr("the mission's ledger is 'exercise.other'"));
  EXPECT_FALSE(book.Begin(kMission, KeySetDigest(first_), std::vector{SignedKeySet(first_, 9)}));
  EXPECT_FALSE(book.has_begun());
}

TEST_F(KeyBookTest, OnlyTheKeysOfTheRoleCountAndOnlyFromTheirTimeOn) {
  EXPECT_TRUE(Signers(NoteBy({{"chief", 1}}), InMarch("05T12:00")));
  EXPECT_THAT(Signers(NoteBy({{"chief", 77}}), InMarch("05T12:00")).error().message,
              HasSubstr("signed by 'chief'"));
  EXPECT_THAT(Signers(NoteBy({{"side-a", 3}}), InMarch("05T12:00")).error().message,
              HasSubstr("signed by 'side-a'; expected 1 of the 2 keys of the role 'officer'"));
  EXPECT_TRUE(Signers(NoteBy({{"side-a", 3}}), InMarch("05T12:00"), kRolePartyA));
  EXPECT_THAT(Signers(NoteBy({{"side-a", 3}}), InMarch("05T12:00"), kRolePartyB).error().message,
              HasSubstr("no key of the role 'party_b'"));
  EXPECT_THAT(Signers(NoteBy({{"deputy", 2}}), InMarch("09T23:59")).error().message,
              HasSubstr("'deputy' (officer, key "));
  EXPECT_TRUE(Signers(NoteBy({{"deputy", 2}}), InMarch("10T00:00")));
  // A date from before its time does not make it older.
  EXPECT_FALSE(book_.SignersOf(NoteBy({{"deputy", 2}}), kRoleOfficer, InMarch("09T00:00"),
                               InMarch("11T00:00")));
}

TEST_F(KeyBookTest, WhatCameBeforeTheRevocationHoldsAndNoDateBringsBackWhatCameAfter) {
  KeySet second = TestSetAfter(first_);
  AddKey(second, "officer", "chief-2", 4);
  Revoke(second, "chief", "2026-03-05T12:00:00Z");
  const std::string said = Take(second);
  EXPECT_THAT(said, HasSubstr("Key set version 2 is in force"));
  EXPECT_THAT(said, HasSubstr("New: 'chief-2' (officer"));
  EXPECT_THAT(said, HasSubstr("from 2026-03-05T12:00:00Z"));
  EXPECT_TRUE(Signers(NoteBy({{"chief", 1}}), InMarch("05T11:59")));
  EXPECT_THAT(Signers(NoteBy({{"chief", 1}}), InMarch("05T12:00")).error().message,
              HasSubstr("is revoked from 2026-03-05T12:00:00Z on (key set version 2)"));
  EXPECT_FALSE(book_.SignersOf(NoteBy({{"chief", 1}}), kRoleOfficer, InMarch("01T00:00"),
                               InMarch("05T12:01")));
  EXPECT_TRUE(Signers(NoteBy({{"chief-2", 4}}), InMarch("05T12:00")));
}

TEST_F(KeyBookTest, ARevocationThatComesLateNamesWhatWasTakenSince) {
  book_.Remember(NoteKeyOf("chief", 1), InMarch("04T10:00"), "c-1");
  book_.Remember(NoteKeyOf("chief", 1), InMarch("05T10:00"), "c-2");
  book_.Remember(NoteKeyOf("side-a", 3), InMarch("05T11:00"), "a-1");
  book_.Remember(NoteKeyOf("chief", 1), InMarch("05T11:00"), "c-3");
  KeySet second = TestSetAfter(first_);
  Revoke(second, "chief", "2026-03-05T10:00:00Z");
  const std::string said = Take(second);
  EXPECT_THAT(said, HasSubstr("Taken from it since then, before this was known: 2 (c-2, c-3)."));
  // The next version says nothing of it a second time.
  EXPECT_THAT(Take(TestSetAfter(second)), Not(HasSubstr("Revoked")));
}

TEST_F(KeyBookTest, ASetThatHasExpiredRefusesEverybodyUntilTheNextOne) {
  KeySet second = TestSetAfter(first_);
  second.expires = InMarch("06T00:00");
  Take(second);
  EXPECT_TRUE(Signers(NoteBy({{"chief", 1}}), InMarch("05T23:59")));
  EXPECT_THAT(Signers(NoteBy({{"chief", 1}}), InMarch("06T00:00")).error().message,
              HasSubstr("key set version 2 expired at 2026-03-06T00:00:00Z"));
  KeySet third = TestSetAfter(second);
  third.expires = InMarch("20T00:00");
  Take(third);
  EXPECT_TRUE(Signers(NoteBy({{"chief", 1}}), InMarch("06T00:00")));
}

TEST_F(KeyBookTest, ARoleThatNeedsTwoSignaturesGetsNothingDoneWithOne) {
  KeySet second = TestSetAfter(first_);
  second.thresholds["officer"] = 2;
  Take(second);
  EXPECT_THAT(Signers(NoteBy({{"chief", 1}}), InMarch("12T00:00")).error().message,
              HasSubstr("1 of 2 signatures"));
  EXPECT_FALSE(Signers(NoteBy({{"chief", 1}, {"side-a", 3}}), InMarch("12T00:00")));
  const auto both = Signers(NoteBy({{"deputy", 2}, {"chief", 1}}), InMarch("12T00:00"));
  ASSERT_TRUE(both) << both.error().message;
  EXPECT_EQ(both->size(), 2U);
  // One of them does not count yet.
  EXPECT_THAT(Signers(NoteBy({{"deputy", 2}, {"chief", 1}}), InMarch("05T00:00")).error().message,
              HasSubstr("'deputy'"));
}

TEST_F(KeyBookTest, AVersionThatSkipsOneOrIsNotSignedByTheRootBeforeDoesNotFollow) {
  const KeySet second = TestSetAfter(first_);
  EXPECT_FALSE(book_.Check(SignedKeySet(TestSetAfter(second))));
  EXPECT_FALSE(book_.Check(SignedKeySet(first_)));
  KeySet taken_over = second;
  taken_over.keys[0].key = NoteKeyOf("root", 99);
  EXPECT_THAT(book_.Check(SignedKeySet(taken_over, 99)).error().message,
              HasSubstr("root keys of the version before"));
}

}  // namespace
}  // namespace trucewatch
