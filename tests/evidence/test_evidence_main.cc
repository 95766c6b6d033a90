// SPDX-License-Identifier: Apache-2.0
// The evidence process of the kill test: FOLDER SIGNER_PROGRAM VKEY ORIGIN. Moves the journal
// "leaves" into the ledger with a real signer process, and says on standard output what was
// published: "<findings> <ledger size> <root>", a line each time.
#include <unistd.h>

#include <cstdio>
#include <string>

#include "core/journal/journal.h"
#include "evidence/ledger_publisher.h"
#include "evidence/signer/signer_process.h"

namespace trucewatch::evidence {
namespace {

// Says at once what has become durable there: a subscriber may have it from now on.
class TellingLog final : public LogWriter {
 public:
  TellingLog(LogWriter& inner, const Ledger& ledger) : inner_(inner), ledger_(ledger) {}
  Result<void> Append(const std::vector<NewRecord>& records) override {
    TW_RETURN_IF_ERROR(inner_.Append(records));
    const std::uint64_t size = ledger_.published_size();
    const std::string line =
        fmt::format("{} {} {}\n", last(), size, HexEncode(ledger_.tree().Root(size)));
    if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) return Fail(ErrorCode::kIo, "deaf");
    return {};
  }
  std::uint64_t last() const override { return inner_.last(); }
  Result<void> Close() override { return inner_.Close(); }

 private:
  LogWriter& inner_;
  const Ledger& ledger_;
};

Result<void> RunEvidence(const std::string& folder, const std::string& signer_program,
                         const std::string& vkey, const std::string& origin) {
  const auto storage = MakePosixStorage();
  TW_ASSIGN_OR_RETURN(const NoteKey key, ParseVkey(vkey));
  TW_ASSIGN_OR_RETURN(const auto leaves, Journal::Open(*storage, folder + "/leaves"));
  TW_ASSIGN_OR_RETURN(const auto published, Journal::Open(*storage, folder + "/published"));
  TW_ASSIGN_OR_RETURN(const auto ledger, Ledger::Open(*storage, {folder + "/ledger", key}));
  SignerProcess signer(
      {.argv = {signer_program, folder + "/log.key", folder + "/signer.state", origin}});
  TellingLog telling(*published, *ledger);
  LedgerPublisher publisher(*ledger, signer, *leaves, telling);
  while (true) {
    TW_ASSIGN_OR_RETURN(const bool more, publisher.Step(Duration::Millis(1)));
    if (!more) return {};
  }
}

}  // namespace
}  // namespace trucewatch::evidence

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const auto ended = trucewatch::evidence::RunEvidence(argv[1], argv[2], argv[3], argv[4]);
  if (ended) return 0;
  std::fprintf(stderr, "evidence: %s\n", ended.error().message.c_str());
  return trucewatch::ExitCode(ended.error());
}
