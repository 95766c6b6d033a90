// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/types/observation.h"
#include "detect/appearance/boxes.h"
#include "detect/appearance/network.h"

namespace trucewatch::appearance {

// Eight-bit pixels, rows contiguous: grey levels, or blue, green, red in turn. Only looked at.
struct PictureView {
  int width_px = 0;
  int height_px = 0;
  int channels = 1;  // 1 or 3
  Bytes pixels;
};

struct LookOptions {
  double min_score = 0;
  std::optional<double> gsd_m = {};  // ground sample distance of the picture, where it is known
};

struct Look {
  std::vector<Box> boxes;       // best score first
  std::string degraded_reason;  // not empty: the network does not know pictures like this one
};

// Finds vehicles and people by their looks in one picture, with the network of a model card.
// Pictures larger than the network's input are cut into tiles that overlap by kTileOverlap; smaller
// ones are filled up with grey at the right and below. Pictures are never enlarged.
// Threads: any number of callers; each at work has a network of its own, made when first needed.
// Determinism: the result is a pure function of the picture, on one build and CPU feature set.
class ImageDetector {
 public:
  static constexpr double kTileOverlap = 0.2;
  static constexpr int kMaxSidePx = 65'500;

  // As Network::Load.
  static Result<std::unique_ptr<ImageDetector>> Create(ModelFile model);

  // Fails when the picture is none (sizes and bytes that do not fit), or the network does not run.
  Result<Look> LookAt(const PictureView& picture, const LookOptions& options) const;

  // A part of the picture about (x, y) at the network's scale: one run, boxes in pixels of the
  // whole picture.
  Result<Look> LookAtChip(const PictureView& picture, double x_px, double y_px,
                          const LookOptions& options) const;

  const v1::config::ModelCard& card() const { return model_.card; }

 private:
  class Lease;
  explicit ImageDetector(ModelFile model) : model_(std::move(model)) {}
  Result<Look> Search(const PictureView& picture, double scale, double min_score) const;
  double ScaleOf(const PictureView& picture, const LookOptions& options) const;

  ModelFile model_;
  mutable std::mutex mutex_;
  mutable std::vector<Network> idle_;
};

// What a class of the card is in the pipeline's words; nothing for people and outputs not used.
std::optional<ObjectClass> VehicleClassOf(v1::config::ModelClass::Object object);

// Shares of belief of a vehicle's box: the scores of the card's vehicle classes, put together by
// ours; what they leave open of 1 is "unknown vehicle".
ClassProbabilities VehicleClassesOf(const Box& box, const v1::config::ModelCard& card);

}  // namespace trucewatch::appearance
