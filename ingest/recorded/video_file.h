// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/storage/storage.h"

namespace trucewatch {

// A recorded video as MPEG-TS bytes: a transport stream as it is, an MP4, MOV or MKV file made into
// one (core/media/ts_remuxer.h). Recognised by content. Determinism: the bytes depend on the file's
// alone. Threads: one caller at a time.
class VideoFile {
 public:
  // kNotFound without a file, kBadInput when it is empty or neither, with its first bytes.
  static Result<std::unique_ptr<VideoFile>> Open(Storage& storage, const std::string& path);
  virtual ~VideoFile() = default;

  // The next bytes: exactly max_size, fewer only at the end, none after it.
  virtual Result<std::string> Read(std::size_t max_size) = 0;
  // Bytes given so far.
  virtual std::uint64_t at() const = 0;
  // What was made into MPEG-TS and how, for the record: "clip.mp4 (123456 bytes, SHA-256 ab12...)
  // made into MPEG-TS; MP4/MOV: h264; time stamps moved by 1 s". Complete when all was read; empty
  // for a transport stream.
  virtual std::string origin() const = 0;
};

}  // namespace trucewatch
