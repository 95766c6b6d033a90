// SPDX-License-Identifier: Apache-2.0
#include "detect/satellite/pass_memory.h"

#include <algorithm>
#include <tuple>

#include "core/types/codec.h"
#include "detect/satellite/scene_detector.h"

namespace trucewatch {
namespace {

bool Before(const Scene& a, const Scene& b) {
  return std::tie(a.time, a.sha256) < std::tie(b.time, b.sha256);
}

}  // namespace

const Scene* PassMemory::EarlierPass(const Scene& scene) const {
  const auto source = passes_.find(scene.source);
  if (source == passes_.end()) return nullptr;
  for (auto pass = source->second.rbegin(); pass != source->second.rend(); ++pass) {
    if (pass->time < scene.time && FootprintOverlap(scene, *pass) >= kMinOverlap) return &*pass;
  }
  return nullptr;
}

void PassMemory::Add(const Scene& scene) {
  if (passes_.size() >= kMaxSources && !passes_.contains(scene.source)) return;
  std::vector<Scene>& passes = passes_[scene.source];
  const auto at = std::lower_bound(passes.begin(), passes.end(), scene, Before);
  // Delivered again: nothing new.
  if (at != passes.end() && at->time == scene.time && at->sha256 == scene.sha256) return;
  passes.insert(at, scene);
  if (passes.size() > kMaxPasses) passes.erase(passes.begin());
}

void PassMemory::Write(v1::DetectSnapshot* out) const {
  for (const auto& [source, passes] : passes_) {
    for (const Scene& pass : passes) *out->add_scenes() = ToProto(pass);
  }
}

Result<void> PassMemory::Read(const v1::DetectSnapshot& in) {
  PassMemory restored;
  for (const v1::Scene& message : in.scenes()) {
    TW_ASSIGN_OR_RETURN(const Scene scene, FromProto(message));
    restored.Add(scene);
  }
  *this = std::move(restored);
  return {};
}

}  // namespace trucewatch
