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
#include "detect/appearance/image_detector.h"
#include "detect/motion/motion_detector.h"
#include "detect/satellite/pass_memory.h"
#include "trucewatch/v1/config/mission.pb.h"
#include "trucewatch/v1/observation.pb.h"

namespace trucewatch {

// Turns video segments into observation sets: for each segment, in this order, its faults, its
// looks in ascending time, and a watermark at the time of its last frame; satellite scenes, with
// DetectConfig.satellite and a scene store, into one observation set each. Everything else is
// passed on unchanged. A payload that is no Envelope, or a segment or scene that is not what it
// must be, becomes a fault; a scene that is not in the store is an Error. Determinism: each segment
// is looked at alone, scenes one after another in input order; the number of threads changes
// nothing. State: which passes were seen.
class DetectStage final : public Stage {
 public:
  // `config` has been validated. `terrain` is the ground of the mission.
  // `scenes` outlives the stage; null: scenes pass on unread.
  // `looks`: the network of config.appearance; null: video is searched for what moves only.
  DetectStage(const v1::config::DetectConfig& config, std::unique_ptr<const Terrain> terrain,
              BlobStore* scenes = nullptr,
              std::unique_ptr<const appearance::ImageDetector> looks = nullptr);

  Result<std::vector<std::vector<std::string>>> Handle(std::span<const LogRecord> inputs) override;
  // Empty while no scene was seen.
  Result<std::string> Snapshot() const override { return passes_.Snapshot(); }
  Result<void> Restore(std::string_view snapshot) override;

  // Image tracks since the start, by what became of them; for metrics.
  const MotionCounts& counts() const { return counts_; }

 private:
  Result<std::string> HandleScene(const v1::Scene& message);

  v1::config::DetectConfig config_;
  std::unique_ptr<const Terrain> terrain_;
  BlobStore* scenes_;
  std::unique_ptr<const appearance::ImageDetector> looks_;
  PassMemory passes_;
  MotionCounts counts_;
};

}  // namespace trucewatch
