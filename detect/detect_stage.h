// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/geo/terrain.h"
#include "core/stage/stage.h"
#include "core/storage/blob_store.h"
#include "detect/motion/motion_detector.h"
#include "trucewatch/v1/config/mission.pb.h"

namespace trucewatch {

// Turns video segments into observation sets: for each segment, in this order, its faults, its
// looks in ascending time, and a watermark at the time of its last frame. Everything else is passed
// on unchanged. A payload that is no Envelope, or a segment that is not what it must be, becomes a
// fault. Determinism: each segment is looked at alone; the number of threads changes nothing. There
// is no state.
class DetectStage final : public Stage {
 public:
  // `config` has been validated. `terrain` is the ground of the mission.
  // `scenes` outlives the stage; null: scenes pass on unread.
  DetectStage(const v1::config::DetectConfig& config, std::unique_ptr<const Terrain> terrain,
              BlobStore* scenes = nullptr);

  Result<std::vector<std::vector<std::string>>> Handle(std::span<const LogRecord> inputs) override;
  Result<std::string> Snapshot() const override { return std::string(); }
  Result<void> Restore(std::string_view snapshot) override;

  // Image tracks since the start, by what became of them; for metrics.
  const MotionCounts& counts() const { return counts_; }

 private:
  v1::config::DetectConfig config_;
  std::unique_ptr<const Terrain> terrain_;
  BlobStore* scenes_;
  MotionCounts counts_;
};

}  // namespace trucewatch
