// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/stage/stage.h"
#include "trucewatch/v1/config/mission.pb.h"
#include "trucewatch/v1/envelope.pb.h"
#include "verify/agreement/versions.h"
#include "verify/case_book.h"
#include "verify/cells_writer.h"
#include "verify/coverage/coverage_book.h"
#include "verify/doubt_book.h"
#include "verify/rule_engine.h"

namespace trucewatch {

// The mouth of verify. Input: the mission header (first), settled pictures and looks, looks that
// came after the hold, human records, source statuses and data faults; looks of a time come before
// its picture. Output: the mission header unchanged, findings, and where asked for the coverage
// account by cell (coverage_cells.proto), each period before its finding; nothing else. What it
// cannot use becomes a finding of kind kDataFault; live pictures and watermarks are for others and
// give nothing. The mission has ended when all sources that spoke of themselves have. Fails only
// when the mission header was written under another agreement than the one it was made with.
//
// Versions of an agreement: each has a rule engine and a coverage book of its own, and the time of
// what an input is about says which version it belongs to. Pictures go to that one alone. Events
// stay under the version they were opened under; looks and records that come later, and passes that
// agree, may still raise them under it. A movement that goes on across the switch may become an
// event of the next version too. Every finding has the hash of the version it was made under.
class VerifyStage final : public Stage {
 public:
  struct Version {
    Agreement agreement;
    std::optional<CoverageBook> coverage;  // without it no account of coverage is kept
  };
  // At least one, in order, as ParseVersions checked them.
  VerifyStage(std::vector<Version> versions, Duration heartbeat);
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
  void WriteCoverage(std::size_t version, std::vector<CoverageBook::Given> accounts, Instant now,
                     std::vector<std::string>& out) const;
  void WriteEnd(std::vector<std::string>& out);
  // The version that is given a picture of this time; begins those up to it.
  std::size_t BeginVersion(const Picture& picture);
  std::size_t VersionOf(Instant time) const { return VersionAt(valid_from_, time); }
  // Whether the version holds at any time of the mission.
  bool Holds(std::size_t version) const;
  // Whether a version's account of coverage is to know of what is of this time.
  bool AccountsFor(std::size_t version, Instant time) const;
  const Agreement& AgreementOf(std::size_t version) const {
    return parts_[version].engine.agreement();
  }
  Result<void> RestorePart(const std::string& agreement_hash,
                           const v1::VerifySnapshot::EngineState& engine,
                           const v1::VerifySnapshot::Coverage* coverage, std::size_t version);
  std::string Write(Finding finding) const;
  std::string Refused(const std::string& reason);

  struct Part {
    RuleEngine engine;
    std::optional<CoverageBook> coverage;
    std::optional<CellsWriter> cells;
  };
  std::vector<Part> parts_;          // one for each version
  std::vector<Instant> valid_from_;  // likewise
  std::size_t current_ = 0;          // version of the newest settled picture
  std::vector<char> arena_block_ = std::vector<char>(1 << 18);
  CaseBook cases_;
  DoubtBook doubts_;
  std::set<std::string> running_;  // sources that have spoken of themselves and not ended
  std::set<std::string> ended_;
  std::optional<Instant> newest_;  // settled picture
  bool exercise_ = false;          // of the mission
  bool header_seen_ = false;
  Instant mission_start_;
};

enum class CoverageCells { kNone, kGiven };

// The exact bytes of the files that the config names, the first version first; none when it names
// none.
Result<std::unique_ptr<Stage>> MakeVerifyStage(const v1::config::VerifyConfig& config,
                                               const std::vector<AgreementFile>& versions,
                                               CoverageCells cells = CoverageCells::kNone);
// The same of one version; agreement_text is empty where there is none.
Result<std::unique_ptr<Stage>> MakeVerifyStage(const v1::config::VerifyConfig& config,
                                               const std::string& agreement_text,
                                               const std::string& agreement_file,
                                               CoverageCells cells = CoverageCells::kNone);

}  // namespace trucewatch
