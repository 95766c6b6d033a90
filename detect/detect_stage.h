// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/geo/terrain.h"
#include "core/stage/stage.h"
#include "core/storage/blob_store.h"
#include "detect/appearance/image_detector.h"
#include "detect/detect_pool.h"
#include "detect/footage/footage_memory.h"
#include "detect/load_meter.h"
#include "detect/motion/motion_detector.h"
#include "detect/parked/parked_book.h"
#include "detect/satellite/pass_memory.h"
#include "detect/thinning.h"
#include "trucewatch/v1/config/mission.pb.h"
#include "trucewatch/v1/detect_worker.pb.h"
#include "trucewatch/v1/observation.pb.h"

namespace trucewatch {

// Turns video segments into observation sets: for each segment, in this order, its faults, its
// looks in ascending time, and a watermark at the time of its last frame; satellite scenes, with
// DetectConfig.satellite and a scene store, into one observation set each. Everything else is
// passed on unchanged. A payload that is no Envelope, or a segment or scene that is not what it
// must be, becomes a fault; a scene that is not in the store is an Error. A segment or scene at
// which a worker breaks, or reaches its limits, becomes a fault with its SHA-256.
// Overload: while a source's note in the input says "1 segment in N" (core/types/source_notes.h),
// its other segments become one look each without detection probability, with the number of frames
// in its degraded_reason.
// Old footage: while a source shows again what was shown before (footage/footage_memory.h), its
// looks are looks that saw nothing, with that reason; a note of the source says when that begins
// and ends. Determinism: each segment is looked at alone, scenes and what is parked one after
// another in input order; the number of workers changes nothing. State: which passes were seen,
// which sources are thinned, the sites that video looks at again and again, and what video has
// shown.
class DetectStage final : public Stage {
 public:
  // `config` has been validated; `pool` looks at segments and scenes with the same one. `scenes`
  // and `load` outlive the stage. Null: scenes pass on unread; what segments cost is not counted.
  DetectStage(const v1::config::DetectConfig& config, std::unique_ptr<DetectPool> pool,
              BlobStore* scenes = nullptr, LoadMeter* load = nullptr);
  // In this process (MakeDetectThreads). `terrain` is the ground of the mission; `looks`: the
  // network of config.appearance; null: video is searched for what moves only.
  DetectStage(const v1::config::DetectConfig& config, std::unique_ptr<const Terrain> terrain,
              BlobStore* scenes = nullptr,
              std::unique_ptr<const appearance::ImageDetector> looks = nullptr);

  Result<std::vector<std::vector<std::string>>> Handle(std::span<const LogRecord> inputs) override;
  // Empty while no scene and no site was seen and nothing is thinned.
  Result<std::string> Snapshot() const override;
  Result<void> Restore(std::string_view snapshot) override;

  // Image tracks since the start, by what became of them; for metrics.
  const MotionCounts& counts() const { return counts_; }

 private:
  Result<std::string> HandleScene(const v1::Scene& message);
  // Takes a worker's answer about a segment; false when it is none.
  bool TakeAnswer(const std::string& answer, const v1::VideoSegment& segment,
                  std::vector<std::string>* payloads);
  // Adds what the segment's pictures look like; a note when they become old or new.
  bool TakePrints(const v1::DetectJobResult& result, const v1::VideoSegment& segment,
                  std::vector<std::string>* payloads);
  // Holds a whole look against what stood there before; changes are put into its payload.
  void AddParked(const v1::VideoSegment& segment, const v1::DetectParkedLook& look,
                 std::string* payload);

  v1::config::DetectConfig config_;
  std::unique_ptr<DetectPool> pool_;
  BlobStore* scenes_;
  PassMemory passes_;
  Thinning thinning_;
  parked::ParkedBook parked_;
  footage::FootageMemory footage_;
  MotionCounts counts_;
  LoadMeter* load_;
};

}  // namespace trucewatch
