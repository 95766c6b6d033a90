// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/file_workers.h"

namespace trucewatch::tools {

// Files as given; a folder becomes the pictures, rasters and videos in and below it, by their
// names, in order. Fails with kNotFound for what is not there, with kBadInput for a folder without
// any.
Result<std::vector<std::string>> ExpandFolders(const std::vector<std::string>& files);

// A still picture by its first bytes (JPEG, PNG, BMP, WebP), or by its name where those are
// damaged.
bool IsStillPicture(const std::string& file);

bool IsTiff(const std::string& file);

// What of the command the job about any file says.
v1::FileJob JobAbout(const std::string& file, const DetectCommand& command);

// A drawing as a worker gave it. Fails with kIo when it cannot be written, with kBadInput when it
// is no picture.
Result<void> WriteDrawing(const std::string& file, const std::string& bytes);

struct ImagesSeen {
  std::size_t pictures = 0, failed = 0;
  std::size_t detections = 0, groups = 0;
  std::vector<std::string> errors;  // of those that failed, in order: the file and the reason
  double cpu_s = 0;                 // of all workers, decoding and drawing included
};

// Looks at still pictures, as many at a time as the command says, and gives their lines in order.
// `progress` hears how many are done. A picture that cannot be looked at is a line with the reason.
// Fails when no network can be had, or a drawing cannot be written.
Result<ImagesSeen> DetectInImages(const DetectCommand& command, std::span<const std::string> files,
                                  FileWorkers& workers,
                                  const std::function<void(const std::string& line)>& sink,
                                  const std::function<void(std::size_t done)>& progress);

}  // namespace trucewatch::tools
