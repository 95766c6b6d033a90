// SPDX-License-Identifier: Apache-2.0
#include "detect/thinning.h"

#include "core/types/source_notes.h"

namespace trucewatch {

void Thinning::Note(const SourceStatus& status) {
  const auto one_in = OneSegmentIn(status);
  if (!one_in) return;
  if (*one_in == 1) {
    sources_.erase(status.source);
  } else if (sources_.size() < kMaxSources || sources_.contains(status.source)) {
    sources_[status.source] = {static_cast<std::uint32_t>(*one_in), 0};
  }
}

bool Thinning::LooksAt(const SourceId& source) {
  const auto found = sources_.find(source);
  return found == sources_.end() || found->second.segments++ % found->second.one_in == 0;
}

void Thinning::Write(v1::DetectSnapshot* out) const {
  for (const auto& [id, source] : sources_) {
    auto* message = out->add_thinning();
    message->set_source_id(id.value);
    message->set_one_in(source.one_in);
    message->set_segments(source.segments);
  }
}

void Thinning::Read(const v1::DetectSnapshot& in) {
  sources_.clear();
  for (const auto& message : in.thinning()) {
    if (message.one_in() < 2 || sources_.size() >= kMaxSources) continue;
    sources_[{message.source_id()}] = {message.one_in(), message.segments()};
  }
}

}  // namespace trucewatch
