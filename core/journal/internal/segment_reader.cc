// SPDX-License-Identifier: Apache-2.0
#include "core/journal/internal/segment_reader.h"

#include <algorithm>

namespace trucewatch::journal {
namespace {

constexpr std::size_t kOpenFiles = 4;

}  // namespace

SegmentReader::SegmentReader(Storage& storage, std::string directory)
    : storage_(storage), directory_(std::move(directory)) {}

std::string SegmentReader::PathOf(std::uint64_t segment) const {
  return directory_ + "/" + SegmentName(segment);
}

Result<SegmentReader::SharedFile> SegmentReader::FileOf(const Row& row) {
  const std::uint64_t segment = row.location.segment;
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(open_.begin(), open_.end(),
                                  [&](const auto& entry) { return entry.first == segment; });
  if (found != open_.end()) {
    open_.splice(open_.begin(), open_, found);
    return open_.front().second;
  }
  auto opened = storage_.Open(PathOf(segment), false);
  if (!opened && opened.error().code == ErrorCode::kNotFound) {
    return Fail(ErrorCode::kCheckFailed, "{}: the segment with record {} is missing",
                PathOf(segment), row.sequence);
  }
  if (!opened) return tl::unexpected<Error>(opened.error());
  open_.emplace_front(segment, std::move(*opened));
  if (open_.size() > kOpenFiles) open_.pop_back();
  return open_.front().second;
}

Result<void> SegmentReader::CheckSegment(const Row& first, std::uint64_t end) {
  TW_ASSIGN_OR_RETURN(const SharedFile file, FileOf(first));
  TW_ASSIGN_OR_RETURN(const std::uint64_t size, file->Size());
  const std::string path = PathOf(first.location.segment);
  if (size < end) {
    return Fail(ErrorCode::kCheckFailed,
                "{}: byte {}: the segment ends here, but acknowledged records reach to byte {}",
                path, size, end);
  }
  TW_ASSIGN_OR_RETURN(const std::string header, file->ReadAt(0, kSegmentHeaderBytes));
  const auto checked = CheckSegmentHeader(AsBytes(header), first.location.segment);
  if (!checked) return Prefix(path, checked.error());
  return {};
}

void SegmentReader::Forget(std::uint64_t segment) {
  const std::lock_guard lock(mutex_);
  open_.remove_if([&](const auto& entry) { return entry.first == segment; });
}

Result<void> SegmentReader::Read(std::span<const Row> rows, std::vector<LogRecord>& out) {
  out.reserve(out.size() + rows.size());
  while (!rows.empty()) {
    const auto next = std::find_if(rows.begin(), rows.end(), [&](const Row& row) {
      return row.location.segment != rows.front().location.segment;
    });
    const auto count = static_cast<std::size_t>(next - rows.begin());
    TW_RETURN_IF_ERROR(ReadRun(rows.first(count), out));
    rows = rows.subspan(count);
  }
  return {};
}

// All in one segment, where they lie side by side.
Result<void> SegmentReader::ReadRun(std::span<const Row> rows, std::vector<LogRecord>& out) {
  const std::uint64_t begin = rows.front().location.offset;
  const std::uint64_t end = rows.back().location.end();
  TW_ASSIGN_OR_RETURN(const SharedFile file, FileOf(rows.front()));
  TW_ASSIGN_OR_RETURN(const std::uint64_t size, file->Size());
  const std::string path = PathOf(rows.front().location.segment);
  if (size < end) {
    return Fail(ErrorCode::kCheckFailed,
                "{}: byte {}: the segment ends here, but acknowledged records reach to byte {}",
                path, size, end);
  }
  TW_ASSIGN_OR_RETURN(const std::string bytes, file->ReadAt(begin, end - begin));
  for (const Row& row : rows) {
    const Bytes record = AsBytes(bytes).subspan(row.location.offset - begin,
                                                kRecordHeaderBytes + row.location.length);
    const auto checked = CheckRecord(record, row);
    if (!checked) return Prefix(path, checked.error());
    out.push_back({.sequence = row.sequence,
                   .origin = row.origin,
                   .payload = std::string(AsText(record.subspan(kRecordHeaderBytes)))});
  }
  return {};
}

}  // namespace trucewatch::journal
