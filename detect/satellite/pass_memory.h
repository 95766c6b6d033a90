// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <vector>

#include "core/base/result.h"
#include "core/types/observation.h"
#include "trucewatch/v1/detect_snapshot.pb.h"

namespace trucewatch {

// The newest passes of each source, without their pixels: what later passes are compared with.
class PassMemory {
 public:
  static constexpr std::size_t kMaxPasses = 32;   // of one source
  static constexpr std::size_t kMaxSources = 64;  // further ones are compared with nothing
  static constexpr double kMinOverlap = 0.3;

  // Of the same source, the newest taken before `scene` that shows kMinOverlap of its footprint.
  // Null: there is none. Valid until the next Add.
  const Scene* EarlierPass(const Scene& scene) const;
  void Add(const Scene& scene);

  bool empty() const { return passes_.empty(); }
  void Write(v1::DetectSnapshot* out) const;
  // Fails without changing anything.
  Result<void> Read(const v1::DetectSnapshot& in);

 private:
  std::map<SourceId, std::vector<Scene>> passes_;  // by time, then digest
};

}  // namespace trucewatch
