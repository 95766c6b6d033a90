// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/config/mission_config.h"
#include "core/storage/storage.h"
#include "core/types/observation.h"

namespace trucewatch {

// A recorded feed, cut into raw records as a live receiver would have cut it.
// Every byte of the file is in exactly one record, in order. receive_time is the event time of what
// is in the record, so that a replay needs no clock, and never falls. source_sequence counts
// from 1. The last record has end_of_source set; its bytes are then no bytes of the feed but the
// reason, and empty when the recording simply ends. Determinism: the records depend on the file's
// bytes alone. Threads: one caller at a time.
class RecordedSource {
 public:
  virtual ~RecordedSource() = default;
  virtual const SourceId& id() const = 0;
  // Nothing after the last record. An Error (kIo) ends the source.
  virtual Result<std::optional<RawRecord>> Next() = 0;
};

struct RecordedFileOptions {
  SourceId source;
  std::string path;
  // receive_time where the file says no time at all: the mission's start.
  Instant start;
  // Satellite scenes: folders that absolute links may lead into; RPC text of the one image.
  std::vector<std::string> local_prefixes = {};
  std::string rpc_path = {};
};

// STANAG 4607 packets back to back: one record a packet, or a stretch of damage.
// To add a format: a function like these two, and a line in OpenRecordedSource.
// All fail with kNotFound when there is no file, kBadInput when it is empty or something else (the
// first bytes are in the message).
Result<std::unique_ptr<RecordedSource>> OpenStanag4607File(Storage& storage,
                                                           const RecordedFileOptions& options);

// MPEG transport stream with ST 0601 metadata, or an MP4, MOV or MKV file, made into one
// (video_file.h; the last record's reason says from what): records of just under 64 KiB;
// receive_time is the newest metadata time (item 2) up to the end of the record. Without metadata,
// the mission's start plus what the stream's own clock has run.
Result<std::unique_ptr<RecordedSource>> OpenMpegTsFile(Storage& storage,
                                                       const RecordedFileOptions& options);

// The same with a DJI .SRT sidecar: its bytes come first, from byte 0 on, then the video's, from
// byte 0 on again. Where the video says no time, its start has the time of the first cue.
Result<std::unique_ptr<RecordedSource>> OpenVideoWithDjiSrt(Storage& storage,
                                                            const RecordedFileOptions& options,
                                                            const std::string& sidecar_path,
                                                            const v1::config::SourceConfig& config);

// ASTERIX: a pcap capture, one record for the payload of each UDP datagram (source_offset: its
// place in the file), or raw blocks back to back, one record a block, or a recorder's frames
// (asterix/framing.h), one record for the blocks of each: heads and damage between them are counted
// and passed over. receive_time is the capture's or the recorder's time, else the blocks'.
Result<std::unique_ptr<RecordedSource>> OpenAsterixFile(Storage& storage,
                                                        const RecordedFileOptions& options);

// Satellite scenes: a STAC item, a catalog or collection with items below it, a SAFE folder or zip
// archive (Sentinel-1 GRD, Sentinel-2 level 2A), or one raster. Records hold SceneChunk messages;
// receive_time is when the scene was delivered.
Result<std::unique_ptr<RecordedSource>> OpenSceneFiles(Storage& storage,
                                                       const RecordedFileOptions& options);

// Signed human records: a folder of *.note files, one record each, in order of their report time.
Result<std::unique_ptr<RecordedSource>> OpenHumanFiles(Storage& storage,
                                                       const RecordedFileOptions& options);

// The recorded feed of a mission's source.
Result<std::unique_ptr<RecordedSource>> OpenRecordedSource(Storage& storage,
                                                           const MissionFile& mission,
                                                           const v1::config::SourceConfig& source);

}  // namespace trucewatch
