// SPDX-License-Identifier: Apache-2.0
#include "fusion/live_tracker.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace trucewatch {
namespace {

// So many copies span the hold: more of them cost copying, fewer cost going over looks again.
constexpr int kCopiesInHold = 5;

}  // namespace

LiveTracker::LiveTracker(const TrackerOptions& options, Duration hold)
    : hold_(hold), tracker_(options) {
  copies_.push_back({.next = 0, .tracker = tracker_});
}

bool LiveTracker::Add(std::shared_ptr<const Look> look) {
  if (!looks_.empty() && look->time + hold_ < looks_.back()->time) return false;
  const auto place =
      std::upper_bound(looks_.begin(), looks_.end(), look, [](const auto& a, const auto& b) {
        return std::tie(a->time, a->source) < std::tie(b->time, b->source);
      });
  const std::uint64_t number = first_ + static_cast<std::uint64_t>(place - looks_.begin());
  looks_.insert(place, std::move(look));
  if (number < next_) {
    while (copies_.back().next > number) copies_.pop_back();
    tracker_ = copies_.back().tracker;
    next_ = copies_.back().next;
    copied_ = tracker_.time();
  }
  return true;
}

void LiveTracker::CatchUp() {
  const Duration step = hold_ / kCopiesInHold;
  for (; next_ < first_ + looks_.size(); ++next_) {
    const Look& look = *looks_[static_cast<std::size_t>(next_ - first_)];
    if (copies_.back().next != next_ && look.time >= copied_ + step) {
      copies_.push_back({.next = next_, .tracker = tracker_});
      copied_ = look.time;
    }
    tracker_.Process(look);
  }
}

// What lies before the hold can't change any more. The newest copy that has taken only that stays,
// and the looks from there on.
void LiveTracker::Forget() {
  const Instant oldest = looks_.back()->time - hold_;
  const auto settled = [&](const Copy& copy) {
    return copy.next < first_ + looks_.size() &&
           looks_[static_cast<std::size_t>(copy.next - first_)]->time < oldest;
  };
  while (copies_.size() > 1 && settled(copies_[1])) copies_.pop_front();
  while (first_ < copies_.front().next) {
    looks_.pop_front();
    ++first_;
  }
}

std::vector<TrackEstimate> LiveTracker::Estimates(Instant time) {
  if (!looks_.empty()) {
    CatchUp();
    Forget();
  }
  return tracker_.Estimates(time);
}

}  // namespace trucewatch
