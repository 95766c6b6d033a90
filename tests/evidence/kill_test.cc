// SPDX-License-Identifier: Apache-2.0
// kill -9 of the evidence process at random moments: the real program with a real signer process,
// journals and files. TRUCEWATCH_KILLS=1000 for the full count (docs/benchmarks.md).
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <sstream>

#include "core/journal/journal.h"
#include "core/process/child_process.h"
#include "evidence/ledger/ledger.h"
#include "tests/evidence/ledger_fixture.h"
#include "tests/support/temp_directory.h"

namespace trucewatch::evidence {
namespace {

using testing::kOrigin;
using testing::MissionLeaves;
using testing::PrepareSigner;
using testing::TestKey;

class KilledMission {
 public:
  explicit KilledMission(int leaves) : leaves_(MissionLeaves(leaves)) {
    PrepareSigner(*storage_, kOrigin, folder_.path());
    const auto journal = *Journal::Open(*storage_, folder_.File("leaves"));
    std::vector<LogWriter::NewRecord> records;
    for (const std::string& leaf : leaves_) records.push_back({records.size() + 1, leaf});
    EXPECT_TRUE(journal->Append(records));
    EXPECT_TRUE(journal->Close());
  }

  // Lets the program live so long, or to its end. True when it came to its end.
  bool LiveAtMost(std::chrono::microseconds time) {
    const auto until = std::chrono::steady_clock::now() + time;
    auto child = ChildProcess::Start({.argv = {TW_TEST_EVIDENCE, folder_.path(), TW_TEST_SIGNER,
                                               FormatVkey(TestKey().public_key()), kOrigin}});
    EXPECT_TRUE(child) << child.error().message;
    bool ended = false;
    std::string said;
    char buffer[4096];
    while (!ended) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          until - std::chrono::steady_clock::now());
      if (left.count() <= 0) break;
      pollfd poll_fd{(*child)->fd(), POLLIN, 0};
      if (::poll(&poll_fd, 1, static_cast<int>(left.count())) <= 0) continue;
      const ssize_t n = ::read((*child)->fd(), buffer, sizeof(buffer));
      if (n <= 0) ended = true;
      if (n > 0) said.append(buffer, static_cast<std::size_t>(n));
    }
    if (!ended) {
      ::kill((*child)->pid(), SIGKILL);
      for (ssize_t n = 0; (n = ::read((*child)->fd(), buffer, sizeof(buffer))) > 0;) {
        said.append(buffer, static_cast<std::size_t>(n));
      }
    }
    TakeLines(said);
    return ended && acknowledged_ == leaves_.size();
  }

  // What the program said it had published is there, and nothing it signed was replaced.
  void Check() {
    const auto ledger = Ledger::Open(*storage_, {folder_.File("ledger"), TestKey().public_key()});
    ASSERT_TRUE(ledger) << ledger.error().message;
    ASSERT_GE((*ledger)->published_size(), acknowledged_);
    for (std::size_t i = 0; i < (*ledger)->published_size(); ++i) {
      ASSERT_EQ((*ledger)->tree().leaf_hash(i), LeafHash(AsBytes(leaves_[i]))) << i;
    }
    for (const auto& [size, root] : roots_) {
      ASSERT_LE(size, (*ledger)->published_size());
      ASSERT_EQ(HexEncode((*ledger)->tree().Root(size)), root) << size;
    }
    const auto published = *Journal::Open(*storage_, folder_.File("published"));
    ASSERT_GE(published->last(), acknowledged_);
    ASSERT_LE(published->last(), (*ledger)->published_size());
  }

  std::uint64_t acknowledged() const { return acknowledged_; }

 private:
  void TakeLines(const std::string& said) {
    std::istringstream lines(said.substr(0, said.rfind('\n') + 1));
    std::uint64_t findings = 0, size = 0;
    for (std::string root; lines >> findings >> size >> root;) {
      EXPECT_GE(findings, acknowledged_);
      acknowledged_ = findings;
      const auto [at, is_new] = roots_.emplace(size, root);
      EXPECT_EQ(at->second, root) << "a second root of size " << size;
    }
  }

  const std::vector<std::string> leaves_;
  const trucewatch::testing::TempDirectory folder_;
  const std::unique_ptr<Storage> storage_ = MakePosixStorage();
  std::uint64_t acknowledged_ = 0;
  std::map<std::uint64_t, std::string> roots_;
};

TEST(Kill, NoAcknowledgedFindingIsLostAndNoSizeHasTwoRoots) {
  const char* count = std::getenv("TRUCEWATCH_KILLS");
  const int wanted = count == nullptr ? 6 : std::atoi(count);
  ASSERT_GT(wanted, 0);
  std::mt19937_64 random(20261130);
  std::optional<KilledMission> mission;
  int kills = 0;
  int missions = 0;
  int with_acknowledged = 0;
  // How long a life may last follows from how long one takes here, undisturbed.
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(KilledMission(60).LiveAtMost(std::chrono::seconds(60)));
  const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - begin);
  while (kills < wanted) {
    if (!mission) {
      mission.emplace(missions % 10 == 9 ? 270 : 60);
      ++missions;
    }
    const auto life =
        std::chrono::microseconds(1000 + random() % static_cast<std::uint64_t>(whole.count()));
    if (mission->LiveAtMost(life)) {
      mission->Check();
      mission.reset();
    } else {
      ++kills;
      with_acknowledged += mission->acknowledged() > 0 ? 1 : 0;
      mission->Check();
    }
    if (HasFatalFailure() || HasNonfatalFailure()) FAIL() << "kill " << kills;
  }
  std::printf(
      "%d kills in %d missions, %d of them after something was acknowledged: 0 "
      "acknowledged findings lost, 0 sizes with two roots\n",
      kills, missions, with_acknowledged);
}

}  // namespace
}  // namespace trucewatch::evidence
