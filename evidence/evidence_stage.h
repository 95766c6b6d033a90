// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/stage/stage.h"

namespace trucewatch::evidence {

struct EvidenceOptions {
  std::string ledger_origin;  // EvidenceConfig.ledger_origin
  bool exercise = false;      // MissionConfig.status == EXERCISE
};

// Turns findings into leaves. Input: Envelopes; each mission header, finding and data fault gives
// exactly one output, a leaf (leaf.h); the other kinds give none. The output log is the list of
// leaves: record n is ledger index n - 1. A finding whose exercise mark is not the ledger's, an
// input that is no Envelope and one that is too long for a leaf (65,535 bytes) become a data fault
// leaf that holds the input's SHA-256; they are never dropped in silence. A mission header of the
// other status is an Error: the two were started with different configs.
class EvidenceStage final : public Stage {
 public:
  // Fails when the origin does not carry the mission's status.
  static Result<std::unique_ptr<EvidenceStage>> Create(const EvidenceOptions& options);

  Result<std::vector<std::vector<std::string>>> Handle(std::span<const LogRecord> inputs) override;
  Result<std::string> Snapshot() const override;
  Result<void> Restore(std::string_view snapshot) override;

 private:
  explicit EvidenceStage(const EvidenceOptions& options) : options_(options) {}
  Result<std::vector<std::string>> HandleOne(const LogRecord& input);
  std::string FaultLeaf(const LogRecord& input, const std::string& reason) const;

  EvidenceOptions options_;
  std::int64_t last_time_us_ =
      0;  // event time of the last statement, for faults of bytes that carry none
};

}  // namespace trucewatch::evidence
