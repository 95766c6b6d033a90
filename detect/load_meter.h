// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>

#include "core/time/instant.h"
#include "core/types/ids.h"

namespace trucewatch {

// What a source's segments have cost since the start.
struct StreamCost {
  Duration video;  // length of the segments that were looked at
  Duration cpu;    // processor time that took
};

// Counts what detection costs, for whoever decides on overload. No result depends on it. Threads:
// any.
class LoadMeter {
 public:
  void Add(const SourceId& source, Duration video, Duration cpu) {
    const std::lock_guard lock(mutex_);
    StreamCost& cost = costs_[source];
    cost.video = cost.video + video;
    cost.cpu = cost.cpu + cpu;
  }
  std::map<SourceId, StreamCost> costs() const {
    const std::lock_guard lock(mutex_);
    return costs_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<SourceId, StreamCost> costs_;
};

}  // namespace trucewatch
