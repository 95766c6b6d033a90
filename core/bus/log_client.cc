// SPDX-License-Identifier: Apache-2.0
#include "core/bus/log_client.h"

#include <chrono>
#include <utility>

namespace trucewatch {

using Steady = std::chrono::steady_clock;

LogClient::LogClient(std::unique_ptr<Link> link, std::string log, const Options& options)
    : link_(std::move(link)), log_(std::move(log)), options_(options) {}

Result<LogBatch> LogClient::ReadAfter(std::uint64_t after, std::uint64_t max_bytes, Duration wait) {
  const std::lock_guard lock(mutex_);
  // A door that refused this key never hears of the same socket again.
  if (std::exchange(broken_, false)) TW_RETURN_IF_ERROR(link_->Reset());
  for (int attempt = 0; attempt < options_.attempts; ++attempt) {
    TW_ASSIGN_OR_RETURN(auto answer, Ask({.request_id = ++last_request_,
                                          .log = log_,
                                          .after = after,
                                          .max_bytes = max_bytes,
                                          .wait = wait}));
    if (answer) return Check(after, std::move(*answer));
    TW_RETURN_IF_ERROR(link_->Reset());
  }
  return Fail(ErrorCode::kTimeout, "log {}: no answer to {} questions", log_, options_.attempts);
}

Result<std::optional<bus::Answer>> LogClient::Ask(const bus::Question& question) {
  if (const auto sent = link_->Send(Encode(question)); !sent) {
    if (sent.error().code == ErrorCode::kTimeout) return std::nullopt;
    broken_ = true;
    return tl::unexpected<Error>(sent.error());
  }
  const Duration allowed = question.wait + options_.reply_timeout;
  const auto deadline = Steady::now() + std::chrono::microseconds(allowed.micros());
  for (Duration left = allowed; left > Duration();) {
    TW_ASSIGN_OR_RETURN(const std::optional<std::string> message, link_->Receive(left));
    if (!message) return std::nullopt;
    TW_ASSIGN_OR_RETURN(bus::Answer answer, bus::ParseAnswer(AsBytes(*message)));
    if (answer.request_id == question.request_id) return answer;
    left = Duration::Micros(
        std::chrono::duration_cast<std::chrono::microseconds>(deadline - Steady::now()).count());
  }
  return std::nullopt;
}

Result<LogBatch> LogClient::Check(std::uint64_t after, bus::Answer answer) const {
  LogBatch& batch = answer.batch;
  if (!answer.error.empty()) {
    return Fail(ErrorCode::kUnavailable, "log {}: the server refused: {}", log_, answer.error);
  }
  if (batch.last < after) return FailBeyondEnd("log " + log_, after, batch.last);
  std::uint64_t expected = after;
  for (const LogRecord& record : batch.records) {
    if (record.sequence != ++expected) {
      return Fail(ErrorCode::kCheckFailed, "log {}: a hole: record {} came where {} was due", log_,
                  record.sequence, expected);
    }
  }
  if (expected > batch.last) {
    return Fail(ErrorCode::kCheckFailed, "log {}: record {} came, but the log is said to end at {}",
                log_, expected, batch.last);
  }
  return std::move(batch);
}

}  // namespace trucewatch
