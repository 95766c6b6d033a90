// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "core/config/mission_config.h"
#include "core/storage/storage.h"
#include "detect/file_job.h"

namespace trucewatch::tools {

// What a sensor file holds, by its content, never by its name.
enum class SensorFormat {
  kUnknown,
  kTransportStream,
  kVideoContainer,  // MP4, MOV, MKV
  kKlv,
  kStanag4607,
  kAsterix,
  kRaster,
  kStac,
  kProduct,
  kDjiSrt
};
inline bool IsVideo(SensorFormat format) {
  return format == SensorFormat::kTransportStream || format == SensorFormat::kVideoContainer;
}

// Looks at the first bytes. kNotFound when there is no file; kBadInput when it is empty or no file.
Result<SensorFormat> RecogniseFile(const std::string& path);

// The error for a file that is none of those: its first bytes, and what was expected.
Error NotASensorFile(const std::string& path);

// True for anything that is neither a folder nor a .txtpb file: `replay` takes it as a bare sensor
// file.
bool IsSensorFile(const std::string& path);

// A mission with one source, from configs/defaults/single_file.txtpb: start and origin come from
// the file's own metadata. Written to out/mission.txtpb and loaded from there, so that the run can
// be repeated.
Result<MissionFile> MissionForSingleFile(const std::string& path, const std::string& out);

// The defaults of such missions; its source and its place mean nothing.
Result<MissionFile> DefaultMission();

// Reads a video file to its end: what the source of its MissionForSingleFile makes of it, in order.
// `bytes` are the file's; nothing else is opened, so a confined job can call it. `absolute_path`:
// the same file, for messages.
Result<void> ReadVideoFile(const std::string& path, const std::string& absolute_path,
                           std::shared_ptr<const File> bytes, const VideoPieceSink& sink);

}  // namespace trucewatch::tools
