// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/storage/storage.h"

namespace trucewatch::coverage_archive {

// The archive's two files are a tag and frames: kind, CRC-32C of the payload, length, payload
// (docs/formats/coverage.md). What a crash left unfinished at the end is no frame.
inline constexpr std::string_view kFileTag = "trucewatch/coverage/v1\n";
inline constexpr std::string_view kSealedFile =
    "sealed";                                          // grids and chunks, only ever appended to
inline constexpr std::string_view kOpenFile = "open";  // periods that are in no chunk yet

enum class FrameKind : std::uint32_t { kGrid = 1, kSealedChunk = 2, kPeriod = 3 };
inline constexpr std::size_t kFrameHeadBytes = 16;
inline constexpr std::uint64_t kMaxFrameBytes = std::uint64_t{1} << 30;

std::string EncodeFrame(FrameKind kind, std::string_view payload);

struct Frame {
  FrameKind kind = FrameKind::kGrid;
  std::uint32_t crc = 0;
  std::uint64_t payload_at = 0;
  std::uint64_t length = 0;
  std::uint64_t end() const { return payload_at + length; }
};

// Goes from frame to frame without reading what is in them.
class FrameCursor {
 public:
  // At the file's first frame. Fails when it is another kind of file; a file that ends within the
  // tag has no frames.
  static Result<FrameCursor> Open(const File& file, const std::string& name);
  // True: `frame` is the next one. False: no whole one follows.
  Result<bool> Next(Frame& frame);
  // Its payload, checked; kCheckFailed when it is damaged.
  Result<std::string> Read(const Frame& frame) const;
  std::uint64_t at() const { return at_; }      // end of the last frame that Next gave
  std::uint64_t size() const { return size_; }  // of the file

 private:
  FrameCursor(const File& file, std::string name, std::uint64_t at, std::uint64_t size)
      : file_(&file), name_(std::move(name)), at_(at), size_(size) {}
  const File* file_;
  std::string name_;
  std::uint64_t at_ = 0;
  std::uint64_t size_ = 0;
};

// A period's frame: sequence in verify's log, grid, record.
std::string EncodePeriodFrame(std::uint64_t sequence, std::uint64_t grid, std::string_view record);
struct PeriodFrame {
  std::uint64_t sequence = 0;
  std::uint64_t grid = 0;
  std::string record;
};
Result<PeriodFrame> DecodePeriodFrame(std::string_view payload);

}  // namespace trucewatch::coverage_archive
