// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/result.h"
#include "core/process/job_server.h"
#include "core/storage/storage.h"
#include "core/types/observation.h"
#include "detect/appearance/image_detector.h"
#include "detect/parked/parked_book.h"
#include "trucewatch/v1/config/mission.pb.h"
#include "trucewatch/v1/detect_worker.pb.h"

namespace trucewatch {

// What a video file holds, piece by piece; the ground is flat.
struct VideoPiece {
  std::variant<VideoSegment, DataFault> what;
  double ground_hae_m = 0;
};
using VideoPieceSink = std::function<Result<void>(VideoPiece piece)>;

// What the steps of `trucewatch detect FILE` take besides the file's bytes.
struct FileTools {
  std::unique_ptr<const appearance::ImageDetector> looks;  // null: no network
  v1::config::DetectConfig detect;                         // of bare video files
  double ground_sigma_m = 0;                               // of these
  // Reads a video file to its end. Given from above: what stations send is for ingest to parse.
  std::function<Result<void>(const std::string& file, const std::string& absolute_file,
                             std::shared_ptr<const File> bytes, const VideoPieceSink& sink)>
      read_video;
};

// For a job server: from a serialised FileJob to a serialised FileResult. What the job says
// meanwhile, besides questions about file 0 (channel_file.h): kSaysPiece and a FileVideoPiece, and
// what TakeDrawing takes; the answers to these are not read.
JobHandler FileJobHandler(FileTools tools);
inline constexpr char kSaysPiece = 'V';

// Drawings by frame. A job that is done again says the same ones again.
struct FileDrawings {
  std::map<std::uint32_t, std::string> by_frame;
  std::size_t bytes = 0;
};
// On the other side: takes what a job says, when it is part of a drawing. False: it is not, or too
// much.
bool TakeDrawing(std::string_view said, FileDrawings* drawings);

// Asks about a still picture from that pose; of `look` only that and the time are read.
void AskAbout(const parked::ParkedLook& look, v1::FileLook* message);
// The answer. Nothing when it cannot be one.
std::optional<parked::ParkedLook> LookFrom(const v1::FileResult& result,
                                           const parked::ParkedLook& asked);

}  // namespace trucewatch
