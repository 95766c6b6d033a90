// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/storage/storage.h"
#include "core/time/instant.h"
#include "evidence/ledger_publisher.h"

namespace trucewatch::tools {

// Has the newest checkpoint of a ledger stamped by a time-stamp authority at a cadence
// (docs/formats/timestamp.md). Of each stamp two files are kept beside the ledger:
// <size>.checkpoint, the bytes that were stamped, and <size>.tsr, the authority's answer, which was
// checked before. Threads: one caller at a time.
class CheckpointStamper {
 public:
  struct Options {
    std::string ledger_directory;
    std::string out_directory;  // RUN/timestamps
    std::string ca_pem;         // whom the mission trusts
    Duration every;
  };
  // Takes a TimeStampReq and gives a TimeStampResp.
  using Ask = std::function<Result<std::string>(const std::string& request)>;
  // `storage` outlives it.
  CheckpointStamper(Storage& storage, Options options, Ask ask)
      : storage_(storage), options_(std::move(options)), ask_(std::move(ask)) {}

  // Asks when the cadence or `now_or_never` says so and the newest checkpoint has no stamp yet.
  // Gives what is to be on record: a stamp that was had, or, the first time in a row, that it was
  // not and why. An Error is the storage's.
  Result<std::optional<evidence::OperationStatement>> Step(Instant now, bool now_or_never = false);

 private:
  Storage& storage_;
  const Options options_;
  const Ask ask_;
  std::optional<Instant> asked_;
  bool failing_ = false;
};

}  // namespace trucewatch::tools
