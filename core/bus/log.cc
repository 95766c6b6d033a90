// SPDX-License-Identifier: Apache-2.0
#include "core/bus/log.h"

namespace trucewatch {

Result<void> CheckRecordSizes(const std::vector<LogWriter::NewRecord>& records) {
  for (const LogWriter::NewRecord& record : records) {
    if (record.payload.size() > kMaxRecordBytes) {
      return Fail(ErrorCode::kBadInput, "a record of {} bytes, at most {} are allowed",
                  record.payload.size(), kMaxRecordBytes);
    }
  }
  return {};
}

tl::unexpected<Error> FailBeyondEnd(const std::string& log, std::uint64_t after,
                                    std::uint64_t last) {
  return Fail(
      ErrorCode::kCheckFailed,
      "{}: asked for what follows record {}, but the log ends at {}: it was cut or replaced", log,
      after, last);
}

}  // namespace trucewatch
