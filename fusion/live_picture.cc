// SPDX-License-Identifier: Apache-2.0
#include "fusion/live_picture.h"

#include <functional>
#include <iterator>
#include <string_view>
#include <utility>

#include "core/types/codec.h"
#include "fusion/look_codec.h"

namespace trucewatch {
namespace {

// Nothing when it can't be used: it was said so on arrival.
std::optional<Look> HeldLook(const HeldMeasurement& measurement, const LocalFrame& frame) {
  const Result<v1::Envelope> envelope = ParseEnvelope(measurement.payload);
  if (!envelope) return std::nullopt;
  Result<ConvertedLook> converted = LookOf(*envelope, frame);
  if (!converted) return std::nullopt;
  return std::move(converted->look);
}

}  // namespace

void LivePicture::Note(const HeldMeasurement& measurement, const Look& look) {
  if (measurement.time >= cut_) {
    while (!copies_.empty() && measurement < copies_.back().last) copies_.pop_back();
    if (newest_ && measurement < newest_->last) {
      newest_.reset();
      if (!copies_.empty()) newest_ = copies_.back();
    }
  }
  if (look.groups.empty() && look.group_detection_probability <= 0 &&
      look.standing_detection_probability <= 0) {
    return;
  }
  auto kept = std::make_shared<Look>(look);
  kept->plots = {};
  group_looks_.insert_or_assign(Key{.time = measurement.time,
                                    .source = measurement.source,
                                    .index = measurement.index,
                                    .hash = std::hash<std::string_view>()(measurement.payload)},
                                std::move(kept));
}

void LivePicture::Note(const HeldMeasurement& measurement) {
  if (const std::optional<Look> look = HeldLook(measurement, frame_)) {
    Note(measurement, *look);
  }
}

void LivePicture::Forget(Instant settled_to) {
  while (!group_looks_.empty() && group_looks_.begin()->first.time < settled_to) {
    group_looks_.erase(group_looks_.begin());
  }
}

void LivePicture::Clear() {
  newest_.reset();
  copies_.clear();
  cut_ = Instant::FromMicros(INT64_MIN);
  cut_off_ = false;
  group_looks_.clear();
}

// Each a step after the one before; where the hold has grown long, the steps grow.
void LivePicture::KeepCopy(Instant since) {
  if (!newest_ || newest_->last.time < since + step_) return;
  copies_.push_back(*newest_);
  if (copies_.size() <= kMaxCopies) return;
  std::deque<Copy> thinned;
  for (std::size_t k = 1; k < copies_.size(); k += 2) thinned.push_back(std::move(copies_[k]));
  copies_ = std::move(thinned);
}

// What was made with looks left out holds only while the same ones are left out. The cut goes
// forward in steps, so that this is rare.
void LivePicture::ForgetStale(Instant time, const HoldBuffer& hold, bool registered) {
  const std::int64_t w = window_.micros();
  std::int64_t k = time.micros() / w;
  if (time.micros() < 0) --k;
  const Instant cut = Instant::FromMicros((k - 1) * w);
  const bool cut_off = !hold.held().empty() && hold.held().begin()->time < cut;
  if ((cut_off || cut_off_ || registered) && (cut != cut_ || hold.released() != released_)) {
    newest_.reset();
    copies_.clear();
  }
  cut_ = cut;
  cut_off_ = cut_off;
  released_ = hold.released();
}

void LivePicture::CatchUp(const HoldBuffer& hold, const Tracker& tracker,
                          const Registered& registered) {
  // What the settled tracker has taken it need not take from a copy.
  const auto passed = [&](const Copy& copy) {
    return hold.released() && copy.last.time < *hold.released();
  };
  while (!copies_.empty() && passed(copies_.front())) copies_.pop_front();
  if (newest_ && passed(*newest_)) newest_.reset();
  if (!newest_ && !registered.aligned.empty() && hold.released()) {
    newest_ = Copy{.last = {}, .tracker = tracker};
    newest_->last.time = *hold.released() - Duration::Micros(1);  // before all that is held
    for (const Look* look : registered.aligned) newest_->tracker.Process(*look);
  }
  auto next = newest_ ? hold.held().upper_bound(newest_->last) : hold.held().begin();
  for (; next != hold.held().end(); ++next) {
    if (next->time < cut_ || hold.IsSparse(next->source)) continue;
    std::optional<Look> look = HeldLook(*next, frame_);
    if (!look || IsSatellite(look->lineage.modality)) continue;
    if (registered.correct) look = registered.correct(std::move(*look));
    KeepCopy(copies_.empty() ? tracker.time() : copies_.back().last.time);
    if (!newest_) newest_ = Copy{.last = {}, .tracker = tracker};
    newest_->tracker.Process(*look);
    newest_->exercise = newest_->exercise || look->exercise;
    newest_->last = *next;
  }
}

LivePicture::Content LivePicture::Show(Instant time, const HoldBuffer& hold, const Tracker& tracker,
                                       const GroupTracker& groups, const GroupBook& book,
                                       const Registered& registered) {
  Content content;
  ForgetStale(time, hold, static_cast<bool>(registered.correct));
  CatchUp(hold, tracker, registered);
  content.tracks = (newest_ ? newest_->tracker : tracker).Estimates(time);
  content.exercise = newest_ && newest_->exercise;
  std::erase_if(content.tracks,
                [](const TrackEstimate& track) { return IsLikelyPeople(track.classes); });
  GroupTracker ahead = groups;
  GroupBook whole = book;
  for (const auto& [key, look] : group_looks_) {
    static_cast<void>(whole.Process(registered.correct ? registered.correct(*look) : *look,
                                    [&] { return ahead.NewId(); }));
  }
  content.groups = ahead.Update(time, content.tracks);
  content.whole_groups = whole.Estimates(time);
  return content;
}

}  // namespace trucewatch
