// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>

#include "core/time/instant.h"
#include "core/types/ids.h"
#include "trucewatch/v1/verify_snapshot.pb.h"

namespace trucewatch {

// The seconds in which input of a source was refused, so that the coverage account can say why it
// gave no look. Brain. Determinism: a function of the inputs.
class RefusedBook {
 public:
  // True when that second is new.
  bool Add(const SourceId& source, Instant time) {
    if (!seconds_.contains(source) && seconds_.size() >= kMaxSources) return false;
    std::set<std::int64_t>& of_source = seconds_[source];
    if (of_source.size() >= kMaxSeconds) return false;
    return of_source.insert(SecondOf(time)).second;
  }
  bool In(const SourceId& source, Instant from, Instant until) const {
    const auto found = seconds_.find(source);
    if (found == seconds_.end()) return false;
    const auto second = found->second.lower_bound(SecondOf(from));
    return second != found->second.end() && *second * 1'000'000 < until.micros();
  }
  // Drops what was before this.
  void Forget(Instant before) {
    for (auto& [source, of_source] : seconds_)
      of_source.erase(of_source.begin(), of_source.lower_bound(SecondOf(before)));
    std::erase_if(seconds_, [](const auto& of_source) { return of_source.second.empty(); });
  }

  using Saved = google::protobuf::RepeatedPtrField<v1::VerifySnapshot::CoverageRefused>;
  void Write(Saved* out) const {
    for (const auto& [source, of_source] : seconds_) {
      auto* to = out->Add();
      to->set_source_id(source.value);
      for (const std::int64_t second : of_source) to->add_seconds(second);
    }
  }
  void Read(const Saved& in) {
    seconds_.clear();
    for (const auto& from : in)
      seconds_[{from.source_id()}].insert(from.seconds().begin(), from.seconds().end());
  }

  static constexpr std::size_t kMaxSources = 256;
  static constexpr std::size_t kMaxSeconds = 4000;  // of a source: more are not noted

 private:
  static std::int64_t SecondOf(Instant time) {
    return time.micros() / 1'000'000 - (time.micros() % 1'000'000 < 0 ? 1 : 0);
  }

  std::map<SourceId, std::set<std::int64_t>> seconds_;
};

}  // namespace trucewatch
