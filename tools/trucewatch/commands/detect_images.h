// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "detect/appearance/image_detector.h"
#include "tools/trucewatch/commands/commands.h"

namespace trucewatch::tools {

// Files as given; a folder becomes the pictures, rasters and videos in and below it, by their
// names, in order. Fails with kNotFound for what is not there, with kBadInput for a folder without
// any.
Result<std::vector<std::string>> ExpandFolders(const std::vector<std::string>& files);

// A still picture by its first bytes (JPEG, PNG, BMP, WebP), or by its name where those are
// damaged.
bool IsStillPicture(const std::string& file);

bool IsTiff(const std::string& file);

// The networks that a command uses, each loaded once.
class Detectors {
 public:
  explicit Detectors(const DetectCommand& command) : command_(command) {}
  // The one for a picture: --model, or that of --modality, or that of what the picture is (grey:
  // infrared, colour: rgb).
  Result<const appearance::ImageDetector*> For(Bytes image);
  // Without looking at pictures: --model or --modality must be given.
  Result<const appearance::ImageDetector*> Asked();

 private:
  Result<const appearance::ImageDetector*> Load(const std::string& model);
  const DetectCommand& command_;
  std::map<std::string, std::unique_ptr<appearance::ImageDetector>> loaded_;
  std::map<std::string, Error> failed_;
};

struct ImagesSeen {
  std::size_t pictures = 0, failed = 0;
  std::size_t detections = 0, groups = 0;
  double cpu_s = 0;  // of all threads, decoding and drawing included
};

// Looks at still pictures, several at a time, and gives their lines in order. `progress` hears how
// many are done. A picture that cannot be looked at is a line with the reason. Fails when no
// network can be had, or a drawing cannot be written.
Result<ImagesSeen> DetectInImages(const DetectCommand& command, std::span<const std::string> files,
                                  Detectors& detectors,
                                  const std::function<void(const std::string& line)>& sink,
                                  const std::function<void(std::size_t done)>& progress);

}  // namespace trucewatch::tools
