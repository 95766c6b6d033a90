// SPDX-License-Identifier: Apache-2.0
// A mission whose keys change while it runs, with the program as its users run it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/replay/mission_fixture.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using testing::Finished;
using ::testing::HasSubstr;
using testing::ReadFile;
using testing::RunProcess;

constexpr const char* kOrigin = "exercise.trucewatch.example/short";

class KeyChangesTest : public ::testing::Test {
 protected:
  KeyChangesTest() {
    std::filesystem::copy(testing::ShortMission(), mission_);
    // The radar alone is quick.
    std::filesystem::remove(mission_ + "/drone1.ts");
    for (const char* name : {"root", "chief", "chief-2"}) MakeKey(name, name);
    MakeKey(kOrigin, "log-2");
    Good({"keyset", "make", kOrigin, "--expires", "2027-03-01T00:00:00Z", "--role", "root=1",
          "--role", "log=1", "--role", "officer=1", "--key", Key("root", "root"), "--key",
          Key("log", "log"), "--key", Key("officer", "chief"), "--out", File("keys-1.txt")});
    Good({"keyset", "sign", File("keys-1.txt"), "--key", File("root.key")});
    Bring("c-1", "08", "chief");
  }
  std::string File(const std::string& name) const { return mission_ + "/" + name; }
  static Finished Good(const std::vector<std::string>& arguments) {
    Finished done = RunProcess(testing::Command(arguments));
    EXPECT_EQ(done.code, 0) << done.output;
    return done;
  }
  void MakeKey(const std::string& name, const std::string& file) {
    Good({"keygen", name, "--out", File(file + ".key")});
  }
  std::string Key(const std::string& role, const std::string& file,
                  const std::string& from = "2026-03-01T00:00:00Z") const {
    std::string vkey = ReadFile(File(file + ".key.vkey"));
    while (vkey.ends_with('\n')) vkey.pop_back();
    return role + "=" + vkey + "@" + from;
  }
  // The second version, with what it changes.
  void MakeSecond(std::vector<std::string> changes) {
    std::vector<std::string> make = {"keyset",
                                     "make",
                                     kOrigin,
                                     "--expires",
                                     "2027-03-01T00:00:00Z",
                                     "--previous",
                                     File("keys-1.txt"),
                                     "--out",
                                     File("keys-2.txt"),
                                     "--key",
                                     Key("officer", "chief-2", "2026-03-01T12:00:05Z")};
    make.insert(make.end(), changes.begin(), changes.end());
    Good(make);
    Good({"keyset", "sign", File("keys-2.txt"), "--key", File("root.key")});
  }
  std::vector<std::string> Signing(const std::string& id, const std::string& second,
                                   const std::string& officer) const {
    return {"--key",      File(officer + ".key"),
            "--out",      File("records"),
            "--id",       id,
            "--status",   "EXERCISE",
            "--reported", "2026-03-01T12:00:" + second + "Z",
            "--text",     "exercise"};
  }
  // A hand-over, signed by this officer.
  void Bring(const std::string& id, const std::string& second, const std::string& officer) {
    std::vector<std::string> custody = {
        "custody", "raw_archive", "--name", "archive of " + id, "--file", File("agreement.txtpb"),
        "--by",    "patrol-2",    "--to",   "headquarters",     "--at",   "2026-03-01T12:00:01Z"};
    const auto common = Signing(id, second, officer);
    custody.insert(custody.end(), common.begin(), common.end());
    Good(custody);
  }
  void Submit(const std::string& id, const std::string& second, const std::string& officer) {
    std::vector<std::string> submit = {"keyset", "submit", File("keys-2.txt")};
    const auto common = Signing(id, second, officer);
    submit.insert(submit.end(), common.begin(), common.end());
    Good(submit);
  }
  void NameKeysInConfig() {
    const std::string check =
        Good({"keyset", "check", File("keys-1.txt"), "--at", "2026-03-02T00:00:00Z"}).output;
    const std::string before = "first version SHA-256 ";
    const auto at = check.find(before);
    ASSERT_NE(at, check.npos) << check;
    std::ofstream(File("mission.txtpb"), std::ios::app)
        << "\nkeys { file: \"keys-1.txt\" first_sha256: \"" << check.substr(at + before.size(), 64)
        << "\" }\nsource { id: \"officers\" file: \"records\" format: HUMAN platform: \"officers\" "
           "station: \"hq\" clock: \"watch\" georeference: \"map\" }\n";
  }
  Finished Replay(const std::string& out, const std::string& threads = "1") {
    return RunProcess(testing::Command(
        {"replay", mission_, "--out", directory_.File(out), "--quiet", "--threads", threads}));
  }
  // What both checkers say of a ledger; they agree that it is good.
  std::string Audited(const std::string& out, const std::string& policy) {
    const std::vector<std::string> check = {directory_.File(out) + "/ledger", "--policy", policy};
    std::vector<std::string> cpp = {"audit"},
                             python = {"python3", "tools/audit/trucewatch_audit.py"};
    cpp.insert(cpp.end(), check.begin(), check.end());
    python.insert(python.end(), check.begin(), check.end());
    const Finished by_cpp = Good(cpp), by_python = RunProcess(python);
    EXPECT_EQ(by_python.code, 0) << by_python.output;
    EXPECT_THAT(by_python.output, HasSubstr("key_set: 2"));
    EXPECT_THAT(by_python.output, HasSubstr("custody: 2"));
    return by_cpp.output;
  }
  std::string Policy(const std::string& at) {
    const std::string lines =
        Good({"keyset", "check", File("keys-1.txt"), File("keys-2.txt"), "--policy", "--at", at})
            .output;
    const std::string path = directory_.File("policy.txt");
    std::ofstream(path, std::ios::trunc) << lines << "quorum none\n";
    return path;
  }

  testing::TempDirectory directory_;
  const std::string mission_ = directory_.File("mission");
};

TEST_F(KeyChangesTest, ANewerSetIsALeafAndWhatARevokedKeySignsIsRefusedOnRecord) {
  MakeSecond({"--revoke", "chief@2026-03-01T12:00:15Z", "--key",
              Key("log", "log-2", "2026-03-01T12:00:20Z")});
  Submit("k-2", "18", "chief-2");
  Bring("c-2", "20", "chief");  // revoked by now
  Bring("c-3", "22", "chief-2");
  NameKeysInConfig();
  const Finished replay = Replay("run");
  ASSERT_EQ(replay.code, 3) << replay.output;  // one source has failed
  // The log's first key was followed and not revoked: what it signed is good under the newer
  // policy.
  const std::string said = Audited("run", Policy("2026-06-01T00:00:00Z"));
  EXPECT_THAT(said, HasSubstr("key_set: 2"));
  EXPECT_THAT(said, HasSubstr("custody: 2"));
  const std::string entries = testing::Entries(testing::ReadTree(directory_.File("run/ledger")));
  EXPECT_THAT(entries, HasSubstr("The mission begins with key set version 1"));
  EXPECT_THAT(entries, HasSubstr("Key set version 2 is in force"));
  EXPECT_THAT(entries, HasSubstr("the raw archive \"archive of c-1\""));
  EXPECT_THAT(entries, HasSubstr("the raw archive \"archive of c-3\""));
  EXPECT_THAT(entries, HasSubstr("is revoked from 2026-03-01T12:00:15Z on (key set version 2)"));
  EXPECT_EQ(entries.find("archive of c-2"), entries.npos);
  const Finished again = Replay("again", "2");
  ASSERT_EQ(again.code, 3) << again.output;
  EXPECT_EQ(testing::Entries(testing::ReadTree(directory_.File("again/ledger"))), entries);
}

TEST_F(KeyChangesTest, ARevokedLogKeyStopsTheLedgerAndItsSuccessorGoesOn) {
  std::string first = ReadFile(File("log.key.vkey"));
  first.pop_back();
  MakeSecond({"--key", Key("log", "log-2"), "--revoke", first + "@2026-03-01T12:00:20Z"});
  Submit("k-2", "10", "chief-2");
  Bring("c-3", "22", "chief-2");
  NameKeysInConfig();
  const Finished stopped = Replay("run");
  EXPECT_EQ(stopped.code, 4) << stopped.output;
  EXPECT_THAT(stopped.output, HasSubstr("the log's key signs nothing more"));
  for (const char* file : {"log.key", "log.key.vkey"}) {
    std::filesystem::remove(File(file));
    std::filesystem::copy_file(File(std::string("log-2") + (file + 3)), File(file));
  }
  const Finished went_on = Replay("run");
  ASSERT_EQ(went_on.code, 3) << went_on.output;
  const std::string said = Audited("run", Policy("2026-06-01T00:00:00Z"));  // the successor alone
  EXPECT_THAT(said, HasSubstr("custody: 2"));
}

}  // namespace
}  // namespace trucewatch
