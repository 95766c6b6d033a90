// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/watcher.h"

#include <algorithm>
#include <utility>

#include "core/types/codec.h"
#include "tools/trucewatch/event_json.h"
#include "tools/trucewatch/party_release.h"

namespace trucewatch::tools {
namespace {

// Small, so that an answer is there in time over a slow link: 0.2 Mbit/s suffices with 3 s.
constexpr std::uint64_t kWatchedBatchBytes = 64U << 10U;
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

Result<Published> PublishedOf(const LogRecord& record) {
  TW_ASSIGN_OR_RETURN(const v1::Envelope envelope, ParseEnvelope(record.payload));
  if (!envelope.has_published()) {
    return Fail(ErrorCode::kCheckFailed,
                "record {} of the published log is no ledger entry; the hub serves something else",
                record.sequence);
  }
  const v1::PublishedFinding& published = envelope.published();
  TW_ASSIGN_OR_RETURN(Finding finding, FromProto(published.finding()));
  return Published{std::move(finding), published.ledger_index(), published.checkpoint_size()};
}

}  // namespace

EntryOfRecord PublishedLine(bool json) {
  return [json](const LogRecord& record) -> Result<WatchedEntry> {
    TW_ASSIGN_OR_RETURN(const Published published, PublishedOf(record));
    WatchedEntry entry{published.ledger_index, std::nullopt};
    if (IsNews(published.finding.kind))
      entry.line = json ? EventJson(published) : EventText(published);
    return entry;
  };
}

Result<WatchedEntry> ReleasedLine(const LogRecord& record) {
  if (record.origin == 0) {
    return Fail(ErrorCode::kCheckFailed, "record {} says no entry of the parties' ledger",
                record.sequence);
  }
  const std::uint64_t index = record.origin - 1;
  auto statement = StatementLine(record.payload, index);
  if (!statement) {
    return Fail(ErrorCode::kCheckFailed, "record {}: {}; the hub serves something else",
                record.sequence, statement.error().message);
  }
  return WatchedEntry{index, std::move(*statement)};
}

Watcher::Watcher(LogReader& log, EntryOfRecord entry_of, WatchOutput& output, Clock& clock,
                 const WatcherOptions& options, std::function<void(const std::string&)> tell)
    : log_(log),
      entry_of_(std::move(entry_of)),
      output_(output),
      clock_(clock),
      options_(options),
      tell_(std::move(tell)) {}

Result<void> Watcher::Run(std::stop_token stop) {
  bool outage = false;
  Duration pause = kFirstPause;
  while (!stop.stop_requested()) {
    const auto batch = log_.ReadAfter(Position(), kWatchedBatchBytes, options_.wait);
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
    TW_ASSIGN_OR_RETURN(const WatchedEntry entry, entry_of_(record));
    if (entry.ledger_index + 1 < record.sequence ||
        (last_index_ && entry.ledger_index <= *last_index_)) {
      return Fail(
          ErrorCode::kCheckFailed,
          "record {} is no ledger entry that can stand there; the hub serves something else",
          record.sequence);
    }
    last_index_ = entry.ledger_index;
    if (done == 0 && options_.since && entry.ledger_index <= *options_.since) {
      passed_over_ = record.sequence;
      continue;
    }
    done = record.sequence;
    if (!entry.line) continue;
    lines += *entry.line + "\n";
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
