// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/stage/stage.h"
#include "trucewatch/v1/config/mission.pb.h"
#include "trucewatch/v1/envelope.pb.h"
#include "verify/rule_engine.h"

namespace trucewatch {

// The mouth of verify. Input: the mission header (first), settled pictures, source statuses and
// data faults. Output: the mission header unchanged, and findings; nothing else. What it cannot use
// becomes a finding of kind kDataFault; live pictures and watermarks are for others and give
// nothing. Fails only when the mission header was written under another agreement than the one it
// was made with.
class VerifyStage final : public Stage {
 public:
  // Without an agreement nothing is held against one; statuses, faults and heartbeats still become
  // findings.
  VerifyStage(std::optional<Agreement> agreement, Duration heartbeat);

  Result<std::vector<std::vector<std::string>>> Handle(std::span<const LogRecord> inputs) override;
  Result<std::string> Snapshot() const override;
  Result<void> Restore(std::string_view snapshot) override;

 private:
  Result<std::vector<std::string>> HandleOne(const LogRecord& input);
  Result<std::vector<std::string>> HandleHeader(const v1::MissionHeader& header,
                                                const std::string& payload);
  std::string Write(Finding finding) const;
  std::string Refused(const std::string& reason);

  RuleEngine engine_;
  bool exercise_ = false;  // of the mission
  bool header_seen_ = false;
  Instant mission_start_;
};

// agreement_text: the exact bytes of the file the config names, empty when it names none.
Result<std::unique_ptr<Stage>> MakeVerifyStage(const v1::config::VerifyConfig& config,
                                               const std::string& agreement_text,
                                               const std::string& agreement_file);

}  // namespace trucewatch
