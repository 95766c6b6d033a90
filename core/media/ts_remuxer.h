// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace trucewatch {

// The bytes of a container file that somebody has opened.
struct ContainerBytes {
  std::uint64_t size = 0;
  // Exactly so many bytes, or an Error.
  std::function<Result<std::string>(std::uint64_t offset, std::size_t size)> read_at;
};

enum class VideoContainer { kMp4, kMatroska };
// By the first 12 bytes of a file: ISO base media and QuickTime (ISO/IEC 14496-12), Matroska and
// WebM (RFC 8794).
std::optional<VideoContainer> RecogniseContainer(Bytes head);

// An MP4, MOV or MKV file as the MPEG transport stream that the rest of the program reads: its
// pictures (H.264, H.265, MPEG-2) in Annex B form and otherwise unchanged, its KLV as synchronous
// metadata, its time stamps (moved by whole seconds where the clock would begin below zero).
// Nothing is decoded, and nothing but the given bytes is ever opened: a file that refers to another
// one is refused. Determinism: same file, same bytes. Memory: the file's index (a few dozen bytes a
// picture) and a picture. Threads: one caller at a time.
class TsRemuxer {
 public:
  // kBadInput, with `name`, when the file is damaged beyond reading, refers to other files, or has
  // no video of those kinds; an Error of read_at is passed on.
  static Result<std::unique_ptr<TsRemuxer>> Open(ContainerBytes bytes, const std::string& name);
  virtual ~TsRemuxer() = default;

  // The next transport packets, 64 KiB and a picture at most; empty at the end. What is damaged is
  // left out and counted in note().
  virtual Result<std::string> Next() = 0;

  // "MP4: h264 and klv; time stamps moved by 1 s": complete when Next has come to the end.
  virtual std::string note() const = 0;
};

}  // namespace trucewatch
