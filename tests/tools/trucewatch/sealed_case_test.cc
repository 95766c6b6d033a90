// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/sealed_case.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/crypto/sha256.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch::tools {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using testing::Finished;
using ::testing::HasSubstr;
using testing::ReadFile;
using testing::ReadTree;
using testing::RunProcess;

void Put(const std::string& path, const std::string& bytes) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

class SealedCaseTest : public ::testing::Test {
 protected:
  SealedCaseTest() {
    // Three chunks of the format, and a last one that is not full.
    std::string raw(150'000, '\0');
    std::uint32_t state = 1;
    for (char& c : raw) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
    Put(File("case/case.txt"), "trucewatch case bundle v1\n");
    Put(File("case/raw/drone1.bin"), raw);
    for (const std::string who : {"panel", "stranger"}) MakeIdentity(who);
  }
  std::string File(const std::string& name) const { return temp_.File(name); }
  void MakeIdentity(const std::string& who) {
    ASSERT_EQ(RunProcess({"age-keygen", "-o", File(who + ".key")}).code, 0);
    const Finished shown = RunProcess({"age-keygen", "-y", File(who + ".key")});
    ASSERT_EQ(shown.code, 0);
    Put(File(who + ".pub"), shown.output);
  }
  // What lies in the test's folder besides the keys.
  std::vector<std::string> Names() const {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(temp_.path())) {
      const std::string extension = entry.path().extension();
      if (extension != ".key" && extension != ".pub") out.push_back(entry.path().filename());
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  const testing::TempDirectory temp_;
};

TEST_F(SealedCaseTest, ARecipientOpensItWithTheStandardToolsWithAnotherReaderAndWithOurs) {
  const auto sealed = SealFolder(File("case"), {File("panel.pub")}, File("case.age"));
  ASSERT_TRUE(sealed) << sealed.error().message;
  EXPECT_THAT(Names(), ElementsAre("case", "case.age"));
  const std::string bytes = ReadFile(File("case.age"));
  EXPECT_EQ(bytes.find("trucewatch"), std::string::npos);

  fs::create_directory(File("standard"));
  const std::string command = "age --decrypt -i " + File("panel.key") + " " + File("case.age") +
                              " | tar x -C " + File("standard");
  const Finished standard = RunProcess({"bash", "-c", "set -o pipefail; " + command});
  ASSERT_EQ(standard.code, 0) << standard.output;
  EXPECT_EQ(ReadTree(File("standard/case")), ReadTree(File("case")));

  const Finished other = RunProcess(
      {"python3", "tests/tools/trucewatch/age_reader.py", File("panel.key"), File("case.age")});
  ASSERT_EQ(other.code, 0) << other.output;
  std::string wanted;
  for (const auto& [path, content] : ReadTree(File("case")))
    wanted += HexEncode(Sha256(content)) + " case/" + path + "\n";
  EXPECT_EQ(other.output, wanted);

  const auto opened = OpenSealed(File("case.age"), {File("panel.key")}, File("opened"));
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(ReadTree(File("opened")), ReadTree(File("case")));
}

TEST_F(SealedCaseTest, AnotherKeyAChangedByteAndAMissingEndAreSaidAndLeaveNothing) {
  ASSERT_TRUE(SealFolder(File("case"), {File("panel.pub")}, File("case.age")));
  const auto refused = [&](const std::string& key, const char* words) {
    const auto opened = OpenSealed(File("case.age"), {File(key)}, File("opened"));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::kCheckFailed);
    EXPECT_THAT(opened.error().message, HasSubstr(File("case.age")));
    EXPECT_THAT(opened.error().message, HasSubstr(words));
    EXPECT_THAT(Names(), ElementsAre("case", "case.age"));
  };
  refused("stranger.key", "no identity matched any of the recipients");
  const std::string good = ReadFile(File("case.age"));
  const std::size_t payload = good.find('\n', good.find("\n--- ") + 1) + 1;
  // In the header; in each of the three chunks; in the last byte of all.
  for (const std::size_t at :
       {std::size_t{30}, payload + 16, payload + 70'000, payload + 140'000, good.size() - 1}) {
    SCOPED_TRACE(at);
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    Put(File("case.age"), bad);
    refused("panel.key", "age: ");
  }
  // Whole chunks less, at the end of which a reader that does not count would stop content.
  Put(File("case.age"), good.substr(0, payload + 16 + 2 * (65'536 + 16)));
  refused("panel.key", "age: ");
  Put(File("case.age"), "");
  refused("panel.key", "age: ");
}

TEST_F(SealedCaseTest, EachOfSeveralRecipientsOpensIt) {
  ASSERT_TRUE(
      SealFolder(File("case"), {File("panel.pub"), File("stranger.pub")}, File("case.age")));
  for (const std::string who : {"panel", "stranger"})
    EXPECT_TRUE(OpenSealed(File("case.age"), {File(who + ".key")}, File(who)));
}

TEST_F(SealedCaseTest, WhatIsNoPublicKeyIsRefusedBeforeAnythingIsWritten) {
  for (const std::string& text :
       {ReadFile(File("panel.key")), std::string("# nobody\n"), std::string("vkey+123+abc\n")}) {
    Put(File("wrong.pub"), text);
    const auto checked = CheckRecipients({File("wrong.pub")});
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::kBadInput);
    EXPECT_THAT(checked.error().message, HasSubstr("wrong.pub"));
    EXPECT_FALSE(SealFolder(File("case"), {File("wrong.pub")}, File("case.age")));
    EXPECT_THAT(Names(), ElementsAre("case"));
  }
  EXPECT_TRUE(CheckRecipients({File("panel.pub")}));
}

TEST_F(SealedCaseTest, NothingIsWrittenOver) {
  Put(File("case.age"), "mine");
  EXPECT_FALSE(SealFolder(File("case"), {File("panel.pub")}, File("case.age")));
  EXPECT_EQ(ReadFile(File("case.age")), "mine");
  ASSERT_TRUE(SealFolder(File("case"), {File("panel.pub")}, File("b.age")));
  const auto opened = OpenSealed(File("b.age"), {File("panel.key")}, File("case"));
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("is there already"));
}

TEST_F(SealedCaseTest, AnArchiveThatIsNoBundleOrLeadsElsewhereComesToNothing) {
  const auto seal = [&](const std::string& tar) {
    const std::string command =
        "cd " + temp_.path() + " && tar -c -P " + tar + " | age -R panel.pub -o made.age";
    const Finished made = RunProcess({"bash", "-c", "rm -f made.age; set -o pipefail; " + command});
    ASSERT_EQ(made.code, 0) << made.output;
  };
  Put(File("other/readme"), "no bundle");
  seal("other");
  const auto none = OpenSealed(File("made.age"), {File("panel.key")}, File("opened"));
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("no case.txt"));
  // A file that wants to lie beside the folder.
  seal("--transform=s,case/raw/drone1.bin,case/../../escaped, case");
  EXPECT_FALSE(OpenSealed(File("made.age"), {File("panel.key")}, File("opened")));
  EXPECT_FALSE(fs::exists(File("escaped")));
  EXPECT_FALSE(fs::exists(File("opened")));
}

}  // namespace
}  // namespace trucewatch::tools
