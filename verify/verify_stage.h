// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/stage/stage.h"
#include "trucewatch/v1/config/mission.pb.h"
#include "trucewatch/v1/envelope.pb.h"
#include "verify/case_book.h"
#include "verify/cells_writer.h"
#include "verify/coverage/coverage_book.h"
#include "verify/rule_engine.h"

namespace trucewatch {

// The mouth of verify. Input: the mission header (first), settled pictures and looks, looks that
// came after the hold, human records, source statuses and data faults; looks of a time come before
// its picture. Output: the mission header unchanged, findings, and where asked for the coverage
// account by cell (coverage_cells.proto), each period before its finding; nothing else. What it
// cannot use becomes a finding of kind kDataFault; live pictures and watermarks are for others and
// give nothing. The mission has ended when all sources that spoke of themselves have. Fails only
// when the mission header was written under another agreement than the one it was made with.
class VerifyStage final : public Stage {
 public:
  // Without an agreement nothing is held against one; statuses, faults and heartbeats still become
  // findings.
  // Without a coverage book no account of coverage is kept. With one that gives cells they are put
  // out, and the account's finding ends with the SHA-256 of their record.
  VerifyStage(std::optional<Agreement> agreement, Duration heartbeat,
              std::optional<CoverageBook> coverage = std::nullopt);

  Result<std::vector<std::vector<std::string>>> Handle(std::span<const LogRecord> inputs) override;
  Result<std::string> Snapshot() const override;
  Result<void> Restore(std::string_view snapshot) override;

 private:
  Result<std::vector<std::string>> HandleOne(const LogRecord& input);
  Result<std::vector<std::string>> HandleHeader(const v1::MissionHeader& header,
                                                const std::string& payload);
  void HandlePicture(const v1::Picture& message, std::vector<std::string>& out);
  void HandleLook(const v1::SettledLook& message, std::vector<std::string>& out);
  void HandleRecord(const v1::HumanRecord& message, std::vector<std::string>& out);
  void HandleStatus(const v1::SourceStatus& message, std::vector<std::string>& out);
  void WriteAll(std::vector<Finding> findings, std::vector<std::string>& out);
  void WriteCoverage(std::vector<CoverageBook::Given> accounts, Instant now,
                     std::vector<std::string>& out) const;
  std::string Write(Finding finding) const;
  std::string Refused(const std::string& reason);

  RuleEngine engine_;
  CaseBook cases_;
  std::optional<CoverageBook> coverage_;
  std::optional<CellsWriter> cells_;
  std::set<std::string> running_;  // sources that have spoken of themselves and not ended
  std::set<std::string> ended_;
  std::optional<Instant> newest_;  // settled picture
  bool exercise_ = false;          // of the mission
  bool header_seen_ = false;
  Instant mission_start_;
};

enum class CoverageCells { kNone, kGiven };

// agreement_text: the exact bytes of the file the config names, empty when it names none.
Result<std::unique_ptr<Stage>> MakeVerifyStage(const v1::config::VerifyConfig& config,
                                               const std::string& agreement_text,
                                               const std::string& agreement_file,
                                               CoverageCells cells = CoverageCells::kNone);

}  // namespace trucewatch
