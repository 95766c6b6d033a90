// SPDX-License-Identifier: Apache-2.0
#include "verify/coverage/silence_book.h"

#include <algorithm>

#include "core/types/source_notes.h"

namespace trucewatch {

std::string ReasonText(std::string text) {
  if (text.size() > 120) text.resize(120);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = ' ';
  }
  return text;
}

bool SilenceBook::Begins(const SourceStatus& status) const {
  switch (of_) {
    case Of::kClock:
      return DoubtsClock(status);
    case Of::kPosition:
      return DoubtsPosition(status);
    case Of::kFootage:
      return ShowsOldFootage(status);
    case Of::kSilence:
      break;
  }
  return status.state == SourceState::kLate;
}

bool SilenceBook::Ends(const SourceStatus& status) const {
  if (of_ == Of::kClock) return TrustsClock(status) || status.state == SourceState::kEnded;
  if (of_ == Of::kPosition) return TrustsPosition(status) || status.state == SourceState::kEnded;
  if (of_ == Of::kFootage) return ShowsNewFootage(status) || status.state == SourceState::kEnded;
  return !IsNote(status) && status.state != SourceState::kLate;
}

bool SilenceBook::Add(const SourceStatus& status) {
  if (!Begins(status) && !Ends(status)) return false;
  const auto found = silences_.find(status.source);
  const bool open =
      found != silences_.end() && !found->second.empty() && !found->second.back().until.has_value();
  if (Ends(status)) {
    if (open) found->second.back().until = std::max(found->second.back().from, status.time);
    return open;
  }
  if (open || (found == silences_.end() && silences_.size() >= kMaxSources)) return false;
  std::vector<Silence>& of_source = silences_[status.source];
  if (of_source.size() >= kMaxSilences) of_source.erase(of_source.begin());
  of_source.push_back({status.time, std::nullopt, ReasonText(status.reason)});
  return true;
}

std::string SilenceBook::ReasonIn(const SourceId& source, Instant from, Instant until) const {
  const auto found = silences_.find(source);
  if (found == silences_.end()) return {};
  std::string reason;
  Duration longest;
  for (const Silence& silence : found->second) {
    const Instant begin = std::max(from, silence.from);
    const Instant end = silence.until ? std::min(until, *silence.until) : until;
    if (end - begin <= longest) continue;
    longest = end - begin;
    reason = silence.reason;
  }
  return reason;
}

bool SilenceBook::IsIn(const SourceId& source, Instant time) const {
  const auto found = silences_.find(source);
  return found != silences_.end() &&
         std::any_of(found->second.begin(), found->second.end(), [&](const Silence& silence) {
           return silence.from <= time && (!silence.until || time < *silence.until);
         });
}

void SilenceBook::Forget(Instant before) {
  for (auto& [source, of_source] : silences_) {
    std::erase_if(of_source,
                  [&](const Silence& silence) { return silence.until && *silence.until < before; });
  }
}

void SilenceBook::Write(Saved* out) const {
  for (const auto& [source, of_source] : silences_) {
    for (const Silence& silence : of_source) {
      auto* to = out->Add();
      to->set_source_id(source.value);
      to->set_from_us(silence.from.micros());
      if (silence.until) to->set_until_us(silence.until->micros());
      to->set_reason(silence.reason);
    }
  }
}

void SilenceBook::Read(const Saved& in) {
  silences_.clear();
  for (const auto& from : in) {
    Silence silence{Instant::FromMicros(from.from_us()), std::nullopt, from.reason()};
    if (from.has_until_us()) silence.until = Instant::FromMicros(from.until_us());
    silences_[{from.source_id()}].push_back(std::move(silence));
  }
}

}  // namespace trucewatch
