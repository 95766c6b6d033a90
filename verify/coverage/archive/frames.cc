// SPDX-License-Identifier: Apache-2.0
#include "verify/coverage/archive/frames.h"

#include "core/base/bytes.h"
#include "core/journal/crc32c.h"

namespace trucewatch::coverage_archive {

std::string EncodeFrame(FrameKind kind, std::string_view payload) {
  std::string out;
  AppendBe32(out, static_cast<std::uint32_t>(kind));
  AppendBe32(out, Crc32c(AsBytes(payload)));
  AppendBe64(out, payload.size());
  out += payload;
  return out;
}

Result<FrameCursor> FrameCursor::Open(const File& file, const std::string& name) {
  TW_ASSIGN_OR_RETURN(const std::uint64_t size, file.Size());
  if (size < kFileTag.size()) return FrameCursor(file, name, 0, 0);
  TW_ASSIGN_OR_RETURN(const std::string tag, file.ReadAt(0, kFileTag.size()));
  if (tag != kFileTag)
    return Fail(ErrorCode::kBadInput, "{}: is no file of a coverage archive of version 1", name);
  return FrameCursor(file, name, kFileTag.size(), size);
}

Result<bool> FrameCursor::Next(Frame& frame) {
  if (size_ - at_ < kFrameHeadBytes) return false;
  TW_ASSIGN_OR_RETURN(const std::string head, file_->ReadAt(at_, kFrameHeadBytes));
  const Bytes in = AsBytes(head);
  const std::uint32_t kind = ReadBe32(in);
  frame.crc = ReadBe32(in.subspan(4));
  frame.length = ReadBe64(in.subspan(8));
  frame.payload_at = at_ + kFrameHeadBytes;
  if (kind < 1 || kind > 3 || frame.length > kMaxFrameBytes ||
      frame.length > size_ - frame.payload_at)
    return false;
  frame.kind = static_cast<FrameKind>(kind);
  at_ = frame.end();
  return true;
}

Result<std::string> FrameCursor::Read(const Frame& frame) const {
  TW_ASSIGN_OR_RETURN(std::string payload, file_->ReadAt(frame.payload_at, frame.length));
  if (Crc32c(AsBytes(payload)) != frame.crc)
    return Fail(ErrorCode::kCheckFailed, "{}: byte {}: {} bytes whose checksum does not fit", name_,
                frame.payload_at, frame.length);
  return payload;
}

std::string EncodePeriodFrame(std::uint64_t sequence, std::uint64_t grid, std::string_view record) {
  std::string payload;
  AppendBe64(payload, sequence);
  AppendBe64(payload, grid);
  payload += record;
  return EncodeFrame(FrameKind::kPeriod, payload);
}

Result<PeriodFrame> DecodePeriodFrame(std::string_view payload) {
  if (payload.size() < 16)
    return Fail(ErrorCode::kBadInput, "a period of {} bytes in a coverage archive", payload.size());
  return PeriodFrame{ReadBe64(AsBytes(payload)), ReadBe64(AsBytes(payload.substr(8))),
                     std::string(payload.substr(16))};
}

}  // namespace trucewatch::coverage_archive
