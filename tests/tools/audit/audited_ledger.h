// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/evidence/ledger_fixture.h"
#include "tests/support/temp_directory.h"
#include "tools/audit/audit.h"

namespace trucewatch::audit {

namespace et = ::trucewatch::evidence::testing;

inline std::string ReadText(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

inline void WriteText(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// In place: truncating and rewriting a file makes some file systems flush it, thousands of times
// here.
inline void PutByte(const std::string& path, std::size_t at, char byte) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(at));
  file.put(byte);
}

// A ledger in a folder of its own, written by the real writer and signer.
class AuditedLedger : public ::testing::Test {
 protected:
  std::string path() const { return folder_.File("ledger"); }
  std::string File(const std::string& name) const { return path() + "/" + name; }

  // Appends the leaves up to each size and publishes there.
  void Publish(const std::vector<std::string>& leaves, const std::vector<std::size_t>& sizes,
               const std::string& origin = et::kOrigin) {
    const auto storage = MakePosixStorage();
    Publish(*storage, et::PrepareSigner(*storage, origin, folder_.path()), path(), leaves, sizes);
  }

  void Publish(Storage& storage, const evidence::SignerOptions& options,
               const std::string& directory, const std::vector<std::string>& leaves,
               const std::vector<std::size_t>& sizes) {
    const auto signer = *evidence::InProcessSigner::Open(storage, options);
    auto ledger = evidence::Ledger::Open(storage, {directory, signer->public_key()});
    ASSERT_TRUE(ledger) << ledger.error().message;
    for (const std::size_t size : sizes) {
      while ((*ledger)->size() < size) ASSERT_TRUE((*ledger)->Append(leaves[(*ledger)->size()]));
      const auto published = (*ledger)->Publish(*signer);
      ASSERT_TRUE(published) << published.error().message;
    }
    ASSERT_TRUE((*ledger)->TidyUp());
  }

  AuditOptions Options(const std::string& origin = et::kOrigin) const {
    const auto key = et::TestKey(origin).public_key();
    return {.ledger = path(), .policy = PolicyForLog(FormatVkey(key)), .seen = {}};
  }

  // Fails, with a message that names `what`.
  void ExpectRefused(const AuditOptions& options, const std::string& what) {
    const auto report = AuditLedger(options);
    ASSERT_FALSE(report) << "should have named " << what;
    EXPECT_EQ(report.error().code, ErrorCode::kCheckFailed);
    EXPECT_NE(report.error().message.find(what), std::string::npos) << report.error().message;
  }
  void ExpectRefused(const std::string& what) { ExpectRefused(Options(), what); }

  trucewatch::testing::TempDirectory folder_;
};

}  // namespace trucewatch::audit
