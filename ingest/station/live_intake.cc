// SPDX-License-Identifier: Apache-2.0
#include "ingest/station/live_intake.h"

#include <algorithm>
#include <utility>

namespace trucewatch::station {
namespace {

// A loss that goes on is declared so often.
constexpr Duration kDeclareEvery = Duration::Seconds(1);
constexpr Duration kMeasureEvery = Duration::Seconds(2);
constexpr const char* kTooFast = "records came faster than the station takes them from one source";
constexpr const char* kNoRoom = "the source's share of the station's outbox was used up";
constexpr const char* kKernel = "datagrams came faster than they were taken";

}  // namespace

LiveIntake::LiveIntake(LiveOptions options, OpenSource open, const SourceProgress& before,
                       const Clock& clock)
    : options_(std::move(options)),
      open_(std::move(open)),
      clock_(clock),
      random_(options_.seed),
      pause_(options_.backoff_first),
      late_(before.late),
      byte_tokens_(options_.max_bytes_per_s),
      record_tokens_(options_.max_records_per_s) {
  const Instant now = clock_.Now();
  next_try_ = quiet_since_ = refilled_ = measured_ = now;
  record_.source.value = options_.source;
  record_.source_sequence = before.sequence;
  record_.receive_time = before.time;
  record_.source_offset = before.offset;
  status_.source = options_.source;
  status_.url = options_.url;
  status_.since = now;
  status_.late = late_;
  status_.problem = "not tried yet";
}

Duration LiveIntake::NextPause() {
  const double share = 0.5 + 0.5 * static_cast<double>(random_() >> 11) * 0x1.0p-53;
  const Duration pause = Duration::FromSeconds(pause_.seconds() * share);
  pause_ = std::min(pause_ + pause_, options_.backoff_last);
  return pause;
}

void LiveIntake::Say(SourceState state, Instant time, const std::string& what) {
  // A loss before it was so comes before it.
  if (state != SourceState::kUnspecified) DeclareDropped();
  items_.emplace_back(SourceStatus{record_.source, time, state,
                                   fmt::format("station {}: {}", options_.station, what)});
}

void LiveIntake::Open(Instant now) {
  opened_ = now;
  line_lost_ = 0;
  ++tries_since_loss_;
  auto opened = open_();
  {
    const std::lock_guard lock(mutex_);
    ++status_.attempts;
  }
  if (!opened) {
    LineLost(opened.error().message, now, false);
    return;
  }
  line_ = std::move(*opened);
  if (line_->connected()) NoteConnected(now);
}

void LiveIntake::NoteConnected(Instant now) {
  up_ = true;
  broken_.clear();
  opened_ = now;
  if (lost_at_) {
    Say(SourceState::kUnspecified, now,
        fmt::format("line back after {:.1f} s, at attempt {}", (now - *lost_at_).seconds(),
                    tries_since_loss_));
    lost_at_.reset();
  }
  const std::lock_guard lock(mutex_);
  status_.connected = true;
  status_.since = now;
  status_.problem.clear();
}

void LiveIntake::LineLost(const std::string& why, Instant now, bool full) {
  if (line_ != nullptr) {
    for (std::string& rest : line_->Rest()) Take(std::move(rest), now, full);
    line_.reset();
  }
  if (up_) {
    Say(SourceState::kUnspecified, now, "line lost: " + why);
    lost_at_ = now;
    tries_since_loss_ = 0;
    if (now - opened_ >= kSettled) pause_ = options_.backoff_first;
  }
  broken_ = why;
  next_try_ = now + NextPause();
  const std::lock_guard lock(mutex_);
  if (up_) {
    ++status_.line_losses;
    status_.since = now;
  }
  up_ = false;
  status_.connected = false;
  status_.problem = why;
}

void LiveIntake::DeclareDropped() {
  if (!dropped_) return;
  {
    const std::lock_guard lock(mutex_);
    status_.lost += dropped_->last - dropped_->first + 1;
  }
  items_.emplace_back(std::move(*dropped_));
  dropped_.reset();
}

void LiveIntake::Drop(const char* why, Instant now) {
  if (dropped_ && dropped_->reason != why) DeclareDropped();
  const std::uint64_t number = ++record_.source_sequence;
  if (!dropped_) {
    dropped_ = Loss{number, number, why};
    dropped_since_ = now;
  }
  dropped_->last = number;
}

void LiveIntake::DeclareLost(std::uint64_t records, const char* why) {
  DeclareDropped();
  dropped_ = Loss{record_.source_sequence + 1, record_.source_sequence + records, why};
  record_.source_sequence += records;
  DeclareDropped();
}

void LiveIntake::Refill(Instant now) {
  const double seconds = std::max(0.0, (now - refilled_).seconds());
  refilled_ = now;
  byte_tokens_ =
      std::min(options_.max_bytes_per_s, byte_tokens_ + seconds * options_.max_bytes_per_s);
  record_tokens_ =
      std::min(options_.max_records_per_s, record_tokens_ + seconds * options_.max_records_per_s);
}

void LiveIntake::Take(std::string bytes, Instant now, bool full) {
  quiet_since_ = std::max(quiet_since_, now);
  Refill(now);
  if (full || record_tokens_ < 1 || byte_tokens_ <= 0) {
    Drop(full ? kNoRoom : kTooFast, now);
    return;
  }
  record_tokens_ -= 1;
  byte_tokens_ -= static_cast<double>(bytes.size());  // one record may owe some
  DeclareDropped();
  const Instant time = std::max(record_.receive_time, now);  // the clock may be set back
  if (late_) {
    late_ = false;
    Say(SourceState::kResumed, time, "data again");
  }
  ++record_.source_sequence;
  record_.receive_time = time;
  RawRecord record = record_;
  record.bytes = std::move(bytes);
  record_.source_offset += record.bytes.size();
  const std::lock_guard lock(mutex_);
  status_.late = false;
  ++status_.records;
  status_.bytes += record.bytes.size();
  status_.last_data = now;
  items_.emplace_back(std::move(record));
}

void LiveIntake::CheckSilence(Instant now) {
  if (options_.occasional || late_ || now - quiet_since_ < options_.stall) return;
  late_ = true;
  const Instant last =
      record_.receive_time == Instant() ? quiet_since_ : std::min(record_.receive_time, now);
  const double seconds = (now - quiet_since_).seconds();
  Say(SourceState::kLate, last,
      up_                ? fmt::format("no data for {:.1f} s (connected)", seconds)
      : line_ != nullptr ? fmt::format("no line: waiting for {}", line_->waiting_for())
                         : fmt::format("line broken: {}", broken_));
  const std::lock_guard lock(mutex_);
  status_.late = true;
}

void LiveIntake::Measure(Instant now) {
  const Duration since = now - measured_;
  if (since < kMeasureEvery) return;
  const std::lock_guard lock(mutex_);
  status_.bytes_per_s = static_cast<double>(status_.bytes - measured_bytes_) / since.seconds();
  measured_bytes_ = status_.bytes;
  measured_ = now;
}

std::vector<LiveIntake::Item> LiveIntake::Step(Duration wait, bool full) {
  Instant now = clock_.Now();
  if (now < quiet_since_) quiet_since_ = now;  // the clock was set back
  if (line_ == nullptr && now >= next_try_) Open(now);
  waits_ = false;
  if (line_ != nullptr && line_->patient()) {
    Refill(now);
    waits_ = full || record_tokens_ < 1 || byte_tokens_ <= 0;
  }
  if (line_ != nullptr && !waits_) {
    auto records = line_->Receive(wait);
    now = clock_.Now();
    if (!records) {
      LineLost(records.error().message, now, full);
    } else {
      if (!up_ && line_->connected()) NoteConnected(now);
      if (const std::uint64_t lost = line_->lost() - line_lost_; lost > 0) {
        line_lost_ += lost;
        DeclareLost(lost, kKernel);
      }
      for (std::string& bytes : *records) Take(std::move(bytes), now, full);
      if (!up_ && line_->calls() && now - opened_ >= options_.answer_within) {
        LineLost(fmt::format("no answer within {:g} s", options_.answer_within.seconds()), now,
                 full);
      }
    }
  }
  if (dropped_ && now - dropped_since_ >= kDeclareEvery) DeclareDropped();
  CheckSilence(now);
  Measure(now);
  return std::exchange(items_, {});
}

void LiveIntake::Kept(std::uint64_t sequence) {
  if (line_ == nullptr || sequence < record_.source_sequence) return;
  const Result<void> kept = line_->Kept();
  if (!kept) LineLost(kept.error().message, clock_.Now(), false);
}

LiveStatus LiveIntake::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace trucewatch::station
