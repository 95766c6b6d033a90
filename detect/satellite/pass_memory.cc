// SPDX-License-Identifier: Apache-2.0
#include "detect/satellite/pass_memory.h"

#include <algorithm>
#include <tuple>

#include "core/types/codec.h"
#include "detect/satellite/scene_detector.h"
#include "trucewatch/v1/detect_snapshot.pb.h"

namespace trucewatch {
namespace {

constexpr std::uint32_t kVersion = 1;

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

std::string PassMemory::Snapshot() const {
  if (passes_.empty()) return {};
  v1::DetectSnapshot snapshot;
  snapshot.set_version(kVersion);
  for (const auto& [source, passes] : passes_) {
    for (const Scene& pass : passes) *snapshot.add_scenes() = ToProto(pass);
  }
  return snapshot.SerializeAsString();
}

Result<void> PassMemory::Restore(std::string_view bytes) {
  PassMemory restored;
  if (!bytes.empty()) {
    v1::DetectSnapshot snapshot;
    if (!snapshot.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
        snapshot.version() != kVersion) {
      return Fail(ErrorCode::kBadInput,
                  "the detect stage's snapshot of {} bytes is not one of version {}", bytes.size(),
                  kVersion);
    }
    for (const v1::Scene& message : snapshot.scenes()) {
      TW_ASSIGN_OR_RETURN(const Scene scene, FromProto(message));
      restored.Add(scene);
    }
  }
  *this = std::move(restored);
  return {};
}

}  // namespace trucewatch
