// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "core/bus/internal/read_protocol.h"
#include "core/bus/link.h"
#include "core/bus/log.h"

namespace trucewatch {

// The consumer's end of a log that somebody else serves. Asks again, over a new connection, when an
// answer does not come; ignores answers to older questions; checks that what comes follows on.
// Errors: kTimeout when nobody answered in options.attempts tries (asking again later is fine);
// kUnavailable when the
//   server refused the question, or its door the key (asking again knocks again); kCheckFailed when
//   the answer has a hole, or the log ends before `after`.
// Threads: thread-safe; questions are asked one after the other.
class LogClient final : public LogReader {
 public:
  struct Options {
    Duration reply_timeout =
        Duration::Seconds(1);  // on top of the time the server may hold a question
    int attempts = 3;
  };

  LogClient(std::unique_ptr<Link> link, std::string log) : LogClient(std::move(link), log, {}) {}
  LogClient(std::unique_ptr<Link> link, std::string log, const Options& options);

  Result<LogBatch> ReadAfter(std::uint64_t after, std::uint64_t max_bytes, Duration wait) override;

 private:
  // The answer, or nothing when it did not come in time.
  Result<std::optional<bus::Answer>> Ask(const bus::Question& question);
  Result<LogBatch> Check(std::uint64_t after, bus::Answer answer) const;

  std::mutex mutex_;
  const std::unique_ptr<Link> link_;
  const std::string log_;
  const Options options_;
  std::uint64_t last_request_ = 0;
  bool broken_ = false;  // the link has failed for good and needs a reset
};

}  // namespace trucewatch
