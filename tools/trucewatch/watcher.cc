// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/watcher.h"

#include <algorithm>
#include <utility>

#include "core/types/codec.h"
#include "tools/trucewatch/event_json.h"

namespace trucewatch::tools {
namespace {

// Small, so that an answer is there in time over a slow link: 0.2 Mbit/s suffices with 3 s.
constexpr std::uint64_t kBatchBytes = 64U << 10U;
constexpr Duration kFirstPause = Duration::Millis(250);
constexpr Duration kLongestPause = Duration::Seconds(2);
constexpr Duration kPauseAtEnd = Duration::Seconds(1);
constexpr Duration kPauseStep = Duration::Millis(50);  // how soon a stop is noticed

bool IsNews(FindingKind kind) {
  switch (kind) {
    case FindingKind::kEventTransition:
    case FindingKind::kNotifiedMovement:
    case FindingKind::kPermittedMovement:
    case FindingKind::kHumanRecord:
    case FindingKind::kCase:
    case FindingKind::kChallenge:
    case FindingKind::kRelease:
      return true;
    default:
      return false;
  }
}

// The finding of one record, whose ledger entry must come after that of the record before it.
Result<Published> PublishedOf(const LogRecord& record, std::optional<std::uint64_t> before) {
  TW_ASSIGN_OR_RETURN(const v1::Envelope envelope, ParseEnvelope(record.payload));
  const std::uint64_t index = envelope.published().ledger_index();
  if (!envelope.has_published() || index + 1 < record.sequence || (before && index <= *before)) {
    return Fail(ErrorCode::kCheckFailed,
                "record {} of the published log is no ledger entry that can stand there; the hub "
                "serves something else",
                record.sequence);
  }
  const v1::PublishedFinding& published = envelope.published();
  TW_ASSIGN_OR_RETURN(Finding finding, FromProto(published.finding()));
  return Published{std::move(finding), published.ledger_index(), published.checkpoint_size()};
}

}  // namespace

Watcher::Watcher(LogReader& published, WatchOutput& output, Clock& clock,
                 const WatcherOptions& options, std::function<void(const std::string&)> tell)
    : published_(published),
      output_(output),
      clock_(clock),
      options_(options),
      tell_(std::move(tell)) {}

Result<void> Watcher::Run(std::stop_token stop) {
  bool outage = false;
  Duration pause = kFirstPause;
  while (!stop.stop_requested()) {
    const auto batch = published_.ReadAfter(Position(), kBatchBytes, options_.wait);
    if (!batch) {
      if (batch.error().code != ErrorCode::kTimeout) return tl::unexpected<Error>(batch.error());
      if (!std::exchange(outage, true)) {
        tell_(batch.error().message +
              "; asking again until the hub answers (is its address right, and its key?)");
      }
      Pause(pause, stop);
      pause = std::min(pause * 2, kLongestPause);
      continue;
    }
    if (std::exchange(outage, false)) tell_("the hub answers again");
    pause = kFirstPause;
    TW_ASSIGN_OR_RETURN(const bool over, Handle(*batch));
    if (over) return {};
    if (batch->closed && Position() == batch->last) {
      if (options_.until_end) return {};
      if (!std::exchange(ended_told_, true)) tell_("the mission has ended");
      Pause(kPauseAtEnd, stop);
    }
  }
  return {};
}

std::uint64_t Watcher::Position() const { return std::max(output_.done(), passed_over_); }

Result<bool> Watcher::Handle(const LogBatch& batch) {
  std::string lines;
  std::uint64_t done = output_.done();
  bool over = options_.count && written_ >= *options_.count;
  for (const LogRecord& record : batch.records) {
    if (over) break;
    TW_ASSIGN_OR_RETURN(const Published published, PublishedOf(record, last_index_));
    last_index_ = published.ledger_index;
    if (done == 0 && options_.since && published.ledger_index <= *options_.since) {
      passed_over_ = record.sequence;
      continue;
    }
    done = record.sequence;
    if (!IsNews(published.finding.kind)) continue;
    lines += (options_.json ? EventJson(published) : EventText(published)) + "\n";
    over = ++written_ == options_.count;
  }
  if (done != output_.done()) TW_RETURN_IF_ERROR(output_.Write(lines, done));
  return over;
}

void Watcher::Pause(Duration duration, const std::stop_token& stop) {
  for (Duration left = duration; left > Duration() && !stop.stop_requested();
       left = left - kPauseStep) {
    clock_.SleepFor(std::min(left, kPauseStep));
  }
}

}  // namespace trucewatch::tools
