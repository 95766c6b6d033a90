// SPDX-License-Identifier: Apache-2.0
#include "core/keys/key_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/crypto/sha256.h"
#include "evidence/signer/log_key.h"
#include "tests/evidence/ledger_fixture.h"

namespace trucewatch::evidence {
namespace {

using testing::CountingSeed;
using ::testing::HasSubstr;
using testing::kOrigin;

LogKey RootKey(int number) {
  return *LogKey::Make("root" + std::to_string(number),
                       CountingSeed(static_cast<std::uint8_t>(40 + number)));
}
LogKey SigningKey(int number) {
  return *LogKey::Make(kOrigin, CountingSeed(static_cast<std::uint8_t>(60 + number)));
}
Instant At(const char* utc) { return *ParseUtc(utc); }

// Three root keys of which two sign, and one key of the log.
KeySet FirstSet() {
  KeySet set;
  set.mission = kOrigin;
  set.expires = At("2027-03-01T00:00:00Z");
  set.thresholds = {{"root", 2}, {"log", 1}};
  for (int i = 0; i < 3; ++i) {
    set.keys.push_back({"root", RootKey(i).public_key(), At("2026-01-01T00:00:00Z"), {}});
  }
  set.keys.push_back({"log", SigningKey(0).public_key(), At("2026-03-01T00:00:00Z"), {}});
  return set;
}

KeySet SetAfter(const KeySet& before) {
  KeySet set = before;
  set.version += 1;
  set.previous = Sha256(FormatKeySet(before));
  return set;
}

std::string SignedBy(const KeySet& set, const std::vector<int>& roots) {
  SignedNote note{FormatKeySet(set), {}};
  for (const int root : roots) note.signatures.push_back(RootKey(root).Sign(note.text));
  return FormatNote(note);
}

TEST(KeySet, TextIsReadBackAndHasOneForm) {
  KeySet set = FirstSet();
  set.keys[3].revoked_from = At("2026-09-05T00:00:00Z");
  set.keys.push_back({"log", SigningKey(1).public_key(), At("2026-09-01T00:00:00Z"), {}});
  const std::string text = FormatKeySet(set);
  const auto read = ParseKeySet(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(*read == set);
  // Any line left out, doubled or in another place is refused or means something else.
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    lines.push_back(text.substr(at, text.find('\n', at) + 1 - at));
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string without, doubled;
    for (std::size_t j = 0; j < lines.size(); ++j) {
      if (j != i) without += lines[j];
      doubled += lines[j] + (i == j ? lines[j] : "");
    }
    const auto changed = ParseKeySet(without);
    EXPECT_FALSE(changed && *changed == set) << lines[i];
    EXPECT_FALSE(ParseKeySet(doubled)) << lines[i];
  }
  EXPECT_FALSE(ParseKeySet(""));
  EXPECT_FALSE(ParseKeySet(text.substr(0, text.size() - 1)));
  EXPECT_FALSE(ParseKeySet(text + std::string(70'000, 'x') + "\n"));
}

TEST(KeySet, ThresholdsThatCannotBeReachedAndDoubledKeysAreRefused) {
  KeySet set = FirstSet();
  set.thresholds["root"] = 4;
  EXPECT_THAT(ParseKeySet(FormatKeySet(set)).error().message, HasSubstr("needs 4 signatures"));
  set = FirstSet();
  set.keys[3].revoked_from = At("2026-09-05T00:00:00Z");
  EXPECT_FALSE(ParseKeySet(FormatKeySet(set)));
  set = FirstSet();
  set.keys.push_back({"log", RootKey(0).public_key(), At("2026-03-01T00:00:00Z"), {}});
  EXPECT_THAT(ParseKeySet(FormatKeySet(set)).error().message, HasSubstr("one key, one role"));
  set = FirstSet();
  set.thresholds["witness"] = 1;
  set.keys.push_back({"witness", SigningKey(4).public_key(), At("2026-03-01T00:00:00Z"), {}});
  EXPECT_FALSE(ParseKeySet(FormatKeySet(set)));
}

TEST(KeySet, EachVersionNeedsTheRootsOfTheOneBeforeAndItsOwn) {
  const KeySet first = FirstSet();
  EXPECT_TRUE(FollowKeySets({SignedBy(first, {0, 2})}));
  EXPECT_FALSE(FollowKeySets({SignedBy(first, {1})}));
  EXPECT_FALSE(FollowKeySets({SignedBy(first, {1, 1})}));
  EXPECT_FALSE(FollowKeySets({}));

  KeySet second = SetAfter(first);  // root 0 goes, root 3 comes
  second.keys[0] = {"root", RootKey(3).public_key(), At("2026-06-01T00:00:00Z"), {}};
  const std::string signed_first = SignedBy(first, {0, 1});
  EXPECT_TRUE(FollowKeySets({signed_first, SignedBy(second, {1, 2})}));
  EXPECT_TRUE(FollowKeySets({signed_first, SignedBy(second, {0, 1, 3})}));
  // Enough of the new roots but not of the old ones, and the other way round.
  EXPECT_THAT(FollowKeySets({signed_first, SignedBy(second, {1, 3})}).error().message,
              HasSubstr("version 2: 1 of 2 signatures by the root keys of the version before"));
  EXPECT_THAT(FollowKeySets({signed_first, SignedBy(second, {0, 1})}).error().message,
              HasSubstr("version 2: 1 of 2 signatures by the root keys of this version"));
  // Not the next one, or next to another first version.
  KeySet third = SetAfter(second);
  EXPECT_FALSE(FollowKeySets({signed_first, SignedBy(third, {1, 2, 3})}));
  EXPECT_TRUE(FollowKeySets({signed_first, SignedBy(second, {1, 2}), SignedBy(third, {1, 2})}));
  KeySet other = FirstSet();
  other.expires = At("2028-03-01T00:00:00Z");
  EXPECT_FALSE(FollowKeySets({SignedBy(other, {0, 1}), SignedBy(second, {1, 2})}));
  std::string changed = SignedBy(second, {1, 2});
  changed[changed.find("2027")] = '3';
  EXPECT_FALSE(FollowKeySets({signed_first, changed}));
}

TEST(KeySet, ALogsKeyCountsFromItsBeginningToItsRevocation) {
  KeySet set = FirstSet();
  set.keys.push_back({"log", SigningKey(1).public_key(), At("2026-09-01T00:00:00Z"), {}});
  const std::string first = "log " + FormatVkey(SigningKey(0).public_key()) + "\n";
  const std::string second = "log " + FormatVkey(SigningKey(1).public_key()) + "\n";
  EXPECT_EQ(PolicyLogLines(set, At("2026-02-01T00:00:00Z")), "");
  EXPECT_EQ(PolicyLogLines(set, At("2026-03-01T00:00:00Z")), first);
  // Followed by another, it still verifies the old ledger.
  EXPECT_EQ(PolicyLogLines(set, At("2026-09-01T00:00:00Z")), first + second);
  set.keys[3].revoked_from = At("2026-09-05T00:00:00Z");
  EXPECT_EQ(PolicyLogLines(set, At("2026-09-04T23:59:59Z")), first + second);
  EXPECT_EQ(PolicyLogLines(set, At("2026-09-05T00:00:00Z")), second);
}

}  // namespace
}  // namespace trucewatch::evidence
