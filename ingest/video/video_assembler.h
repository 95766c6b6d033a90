// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/geo/camera.h"
#include "core/geo/terrain.h"
#include "core/types/observation.h"
#include "ingest/video/dji_sidecar.h"

namespace trucewatch {

// What the mission config says of one video source.
struct VideoAssemblerOptions {
  SourceId source;
  // Modality is set from the metadata (item 11 naming an infrared sensor), the sensor to the
  // source's id when empty.
  Lineage lineage;
  CameraPoseSigma sigma;
  double geoid_undulation_m = 0;  // added to MSL heights
  // The moving targets in the metadata (ST 0903) become looks of their own.
  bool use_vmti = false;
  double vmti_detection_probability = 0;
  double vmti_false_alarms_per_km2 = 0;
  const Terrain* terrain = nullptr;  // for those looks; outlives the assembler
  // A DJI sidecar: the source's first records are its bytes, up to one that begins at byte 0 again.
  std::optional<DjiSidecarOptions> dji_sidecar;
};

// Makes video segments of the raw records of one MPEG-TS source: one segment for each two
// seconds or more of whole groups of pictures, each picture with its UTC time and the camera's pose
// at that time.
//
// Time: the programme's clock is tied to UTC by the ST 0601 packets (item 2 against their PTS,
// median over the stretch). Metadata without PTS: by the time stamp inside the pictures (ST 0604)
// when they have one, else by order of arrival; then VideoFrame::metadata_skew is the distance to
// the nearest metadata packet also where the pose was interpolated, because the tie itself is
// uncertain. A segment comes out when the metadata has passed its last picture, or 1 s of video
// later.
//
// Looks of the platform's own detector come out before the segment whose pictures they lie among
// (vmti_looks.h), or when no pictures come.
//
// Input that cannot be used becomes a DataFault (checksum wrong, pictures before the first key
// frame, pictures without any time, no transport stream, damage); nothing is dropped in silence. A
// group of pictures of more than 32 MiB or 10000 pictures is refused with a fault.
//
// Determinism: the outputs after a sequence of Push calls depend on those calls alone. To restore
// one after a restart, push the source's records again from its first (demuxing runs at several
// hundred MB/s). Memory: bounded (the open group of pictures, at most 8 closed ones, 8192 metadata
// packets). Threads: one caller at a time.
class VideoAssembler {
 public:
  using Output = std::variant<VideoSegment, ObservationSet, DataFault>;

  static std::unique_ptr<VideoAssembler> Create(const VideoAssemblerOptions& options);
  virtual ~VideoAssembler() = default;

  // The next record of the source, in order, and the SHA-256 of its bytes as journalled. With
  // end_of_source what is held comes out too. Fails only when the source is not options.source or
  // has ended.
  virtual Result<std::vector<Output>> Push(const RawRecord& record, const Digest& digest) = 0;

  // Of the targets in the metadata: what became detections and what was kept back.
  struct VmtiCounts {
    std::uint64_t looks = 0, detections = 0;
    std::uint64_t persons = 0, others = 0, unseen = 0, unplaced = 0, beyond = 0;
  };
  virtual const VmtiCounts& vmti_counts() const = 0;
  // The time (ST 0601 item 2) of the last sound packet in the record pushed last.
  virtual std::optional<Instant> last_metadata_time() const = 0;
};

}  // namespace trucewatch
