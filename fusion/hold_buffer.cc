// SPDX-License-Identifier: Apache-2.0
#include "fusion/hold_buffer.h"

#include <algorithm>
#include <utility>

namespace trucewatch {
namespace {

// Times outside these cannot come from a sensor; inside, sums with a hold do not overflow.
constexpr Instant kEarliest = Instant::FromMicros(-(std::int64_t{1} << 60));
constexpr Instant kLatest = Instant::FromMicros(std::int64_t{1} << 60);

void Raise(std::optional<Instant>& value, Instant time) {
  if (!value || *value < time) value = time;
}

}  // namespace

HoldBuffer::HoldBuffer(const Options& options) : options_(options) {
  for (const SourceId& source : options_.expected) {
    if (!IsSparse(source)) sources_[source].live = true;
  }
}

bool HoldBuffer::Believable(Instant time) const {
  if (time < kEarliest || time > kLatest) return false;
  return !newest_ || time <= *newest_ + options_.max_step;
}

HoldBuffer::Verdict HoldBuffer::Add(HeldMeasurement measurement, bool aside) {
  if (!Believable(measurement.time)) return Verdict::kTooFar;
  if (released_ && measurement.time < *released_) return Verdict::kLate;
  if (held_.size() >= options_.max_measurements ||
      measurement.payload.size() > options_.max_bytes - held_bytes_) {
    return Verdict::kFull;
  }
  if (!aside && !IsSparse(measurement.source)) {
    // One that speaks without having been announced is live from now on.
    const auto [source, unannounced] = sources_.try_emplace(measurement.source);
    if (unannounced) source->second.live = true;
    Raise(source->second.newest, measurement.time);
    Raise(newest_, measurement.time);
  }
  const std::size_t bytes = measurement.payload.size();
  if (!held_.insert(std::move(measurement)).second) return Verdict::kRepeated;
  held_bytes_ += bytes;
  return Verdict::kHeld;
}

bool HoldBuffer::Watermark(const SourceId& source, Instant time) {
  if (IsSparse(source)) return true;
  if (!Believable(time)) return false;
  const auto [place, unannounced] = sources_.try_emplace(source);
  if (unannounced) place->second.live = true;
  Raise(place->second.promise, time);
  return true;
}

void HoldBuffer::Status(const SourceStatus& status) {
  if (IsSparse(status.source) || status.state == SourceState::kUnspecified) return;
  Progress& source = sources_[status.source];
  switch (status.state) {
    case SourceState::kStarted:
    case SourceState::kResumed:
      source.live = true;
      break;
    case SourceState::kLate:
    case SourceState::kEnded:
      source.live = false;
      break;
    case SourceState::kUnspecified:
      break;
  }
}

std::optional<Instant> HoldBuffer::Horizon() const {
  std::optional<Instant> earliest;
  for (const auto& [id, source] : sources_) {
    if (!source.live) continue;
    std::optional<Instant> passed = source.promise;
    if (source.newest) Raise(passed, *source.newest - options_.hold);
    if (!passed) return released_;
    if (!earliest || *passed < *earliest) earliest = passed;
  }
  // Without a live source nothing is waited for: all that is held may go.
  if (!earliest && newest_) earliest = *newest_ + Duration::Micros(1);
  if (earliest && released_) earliest = std::max(*earliest, *released_);
  return earliest;
}

bool HoldBuffer::NothingLive() const {
  return !sources_.empty() && std::none_of(sources_.begin(), sources_.end(),
                                           [](const auto& entry) { return entry.second.live; });
}

std::vector<HeldMeasurement> HoldBuffer::Release(Instant horizon) {
  std::vector<HeldMeasurement> result;
  while (!held_.empty() && held_.begin()->time < horizon) {
    auto node = held_.extract(held_.begin());
    held_bytes_ -= node.value().payload.size();
    result.push_back(std::move(node.value()));
  }
  Raise(released_, horizon);
  return result;
}

void HoldBuffer::Restore(std::map<SourceId, Progress> sources, std::set<HeldMeasurement> held,
                         std::optional<Instant> released, std::optional<Instant> newest) {
  sources_ = std::move(sources);
  held_ = std::move(held);
  released_ = released;
  newest_ = newest;
  held_bytes_ = 0;
  for (const HeldMeasurement& measurement : held_) held_bytes_ += measurement.payload.size();
}

}  // namespace trucewatch
