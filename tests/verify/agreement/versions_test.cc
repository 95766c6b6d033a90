// SPDX-License-Identifier: Apache-2.0
#include "verify/agreement/versions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config/text_config.h"

namespace trucewatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

AgreementFile First() {
  return {"v1.txtpb", ReadTextFile("tests/verify/data/agreement.txtpb").value_or("")};
}

Agreement Parsed(const AgreementFile& file) {
  auto agreement = ParseAgreement(file.text, file.name);
  EXPECT_TRUE(agreement) << agreement.error().message;
  return std::move(*agreement);
}

// A version that follows another one.
AgreementFile Next(const AgreementFile& before, int version, const std::string& from) {
  AgreementFile out = First();
  out.name = fmt::format("v{}.txtpb", version);
  out.text +=
      fmt::format("amendment {{ version: {} valid_from_utc: \"{}\" replaces_sha256: \"{}\" }}\n",
                  version, from, Parsed(before).hash);
  return out;
}

constexpr const char* kSecond = "2026-03-01T12:00:00Z";
constexpr const char* kThird = "2026-03-05T00:00:00Z";

TEST(Versions, EachHoldsFromItsSecondUntilTheNext) {
  const AgreementFile first = First(), second = Next(first, 2, kSecond),
                      third = Next(second, 3, kThird);
  EXPECT_THAT(CheckVersions({first, second, third}), IsEmpty());
  const auto versions = *ParseVersions({first, second, third});
  std::vector<Instant> valid_from;
  for (const Agreement& version : versions) valid_from.push_back(version.amendment.valid_from);
  const auto at = [&](const char* time, std::int64_t us) {
    return VersionAt(valid_from, *ParseUtc(time) + Duration::Micros(us));
  };
  EXPECT_EQ(at("2020-01-01T00:00:00Z", 0), 0u);
  EXPECT_EQ(at(kSecond, -1), 0u);
  EXPECT_EQ(at(kSecond, 0), 1u);
  EXPECT_EQ(at(kThird, -1), 1u);
  EXPECT_EQ(at(kThird, 0), 2u);
  // Each has a hash of its own, so events tell which one they were opened under.
  EXPECT_NE(versions[0].hash, versions[1].hash);
}

TEST(Versions, WhatDoesNotFollowIsNamedWithItsFileAndLine) {
  const AgreementFile first = First(), second = Next(first, 2, kSecond);
  const auto said = [](const std::vector<AgreementFile>& files) {
    std::string out;
    for (const VersionMessage& m : CheckVersions(files)) {
      EXPECT_FALSE(m.message.meaning.empty());
      out += FormatLintMessage(m.message, m.file) + "\n";
    }
    return out;
  };
  EXPECT_THAT(said({second}), HasSubstr("the version that it replaces was not given"));
  EXPECT_THAT(said({first, first}), HasSubstr("does not say that it amends another"));
  AgreementFile changed = first;
  changed.text += "# one more word\n";
  // What is said stops whoever would work with them.
  EXPECT_TRUE(ParseVersions({second}));  // alone it may be any version
  EXPECT_EQ(ParseVersions({changed, second}).error().message + "\n", said({changed, second}));
  EXPECT_THAT(said({changed, second}), HasSubstr("replaces a text with the SHA-256"));
  EXPECT_THAT(said({first, Next(first, 4, kSecond)}), HasSubstr("Version 4 follows version 1"));
  EXPECT_THAT(said({first, second, Next(second, 3, kSecond)}), HasSubstr("is not after"));
  AgreementFile renamed = second;
  renamed.text.replace(renamed.text.find("name: \"North\""), 13, "name: \"Nord\"");
  EXPECT_THAT(said({first, renamed}), HasSubstr("not called as in the version before"));
  EXPECT_THAT(said({first, renamed}), HasSubstr("v2.txtpb:10:1: error:"));
}

struct Signer {
  std::string name;
  Ed25519KeyPair pair;
  NoteKey key() const { return {name, kNoteEd25519, pair.public_key()}; }
  NoteSignature Sign(const Agreement& agreement) const {
    return SignNote(SealText(agreement), name, pair);
  }
};
Signer North() { return {"north", Ed25519KeyPair::FromSeed({1})}; }
Signer South() { return {"south", Ed25519KeyPair::FromSeed({2})}; }

TEST(Seals, BothSidesSignOneNoteOverTheExactBytes) {
  const Agreement agreement = Parsed(First());
  const auto one = AddSeal(agreement, "", North().Sign(agreement));
  ASSERT_TRUE(one) << one.error().message;
  const std::vector<NoteKey> keys = {North().key(), South().key()};
  EXPECT_THAT(*CheckSeal(agreement, *one, keys), ElementsAre(0u));
  const auto both = AddSeal(agreement, *one, South().Sign(agreement));
  ASSERT_TRUE(both) << both.error().message;
  EXPECT_THAT(*CheckSeal(agreement, *both, keys), ElementsAre(0u, 1u));
  EXPECT_THAT(*both, HasSubstr("sha256 " + agreement.hash + "\n"));
  EXPECT_FALSE(AddSeal(agreement, *both, North().Sign(agreement)));  // once is enough
}

TEST(Seals, AnyOtherByteOrSignatureIsRefused) {
  const Agreement agreement = Parsed(First());
  const std::string note = *AddSeal(agreement, "", North().Sign(agreement));
  AgreementFile changed = First();
  changed.text += " ";
  const Agreement other = Parsed(changed);
  const std::vector<NoteKey> keys = {North().key()};
  const auto refused = CheckSeal(other, note, keys);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kCheckFailed);
  EXPECT_THAT(refused.error().message, HasSubstr(other.hash));
  EXPECT_FALSE(AddSeal(other, note, South().Sign(other)));
  // The other side's signature under this side's name and key id.
  NoteSignature forged = South().Sign(agreement);
  forged.name = "north";
  forged.key_id = North().key().id();
  const auto bad = CheckSeal(agreement, *AddSeal(agreement, "", forged), keys);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::kCheckFailed);
  EXPECT_FALSE(CheckSeal(agreement, "no note", keys));
}

}  // namespace
}  // namespace trucewatch
