// SPDX-License-Identifier: Apache-2.0
#include "core/journal/internal/segment_writer.h"

#include <utility>

namespace trucewatch::journal {
namespace {

constexpr std::size_t kFlushBytes = 8 << 20;

}  // namespace

SegmentWriter::SegmentWriter(Storage& storage, std::string directory, std::uint64_t segment_bytes)
    : storage_(storage), directory_(std::move(directory)), segment_bytes_(segment_bytes) {}

std::string SegmentWriter::PathOf(std::uint64_t first_sequence) const {
  return directory_ + "/" + SegmentName(first_sequence);
}

Result<void> SegmentWriter::Recover(const Row* last) {
  TW_ASSIGN_OR_RETURN(const std::vector<std::string> names, storage_.List(directory_));
  bool removed = false;
  for (const std::string& name : names) {
    const std::optional<std::uint64_t> first = ParseSegmentName(name);
    if (!first || (last != nullptr && *first <= last->sequence)) continue;
    TW_RETURN_IF_ERROR(storage_.Remove(directory_ + "/" + name));
    removed = true;
  }
  if (removed) TW_RETURN_IF_ERROR(storage_.SyncDirectory(directory_));
  if (last == nullptr) return {};
  TW_RETURN_IF_ERROR(OpenSegment(last->location.segment, last->location.end()));
  TW_RETURN_IF_ERROR(file_->Sync());
  Commit();
  return {};
}

Result<void> SegmentWriter::OpenSegment(std::uint64_t first_sequence, std::uint64_t end) {
  TW_ASSIGN_OR_RETURN(file_, storage_.Open(PathOf(first_sequence), false));
  TW_RETURN_IF_ERROR(file_->Truncate(end));
  segment_ = first_sequence;
  end_ = end;
  return {};
}

Result<void> SegmentWriter::StartSegment(std::uint64_t first_sequence) {
  if (file_ != nullptr) TW_RETURN_IF_ERROR(Sync());
  created_.push_back(first_sequence);
  TW_ASSIGN_OR_RETURN(file_, storage_.Open(PathOf(first_sequence), true));
  TW_RETURN_IF_ERROR(file_->Truncate(0));
  in_sync_ = true;
  TW_RETURN_IF_ERROR(storage_.SyncDirectory(directory_));
  in_sync_ = false;
  segment_ = first_sequence;
  buffer_ = EncodeSegmentHeader(first_sequence);
  end_ = buffer_.size();
  return {};
}

Result<Location> SegmentWriter::Write(std::uint64_t sequence, std::uint64_t origin,
                                      std::string_view payload) {
  const std::uint64_t size = kRecordHeaderBytes + payload.size();
  const bool full = end_ > kSegmentHeaderBytes && end_ + size > segment_bytes_;
  if (file_ == nullptr || full) TW_RETURN_IF_ERROR(StartSegment(sequence));
  AppendRecord(sequence, origin, payload, buffer_);
  const Location location{
      .segment = segment_, .offset = end_, .length = static_cast<std::uint32_t>(payload.size())};
  end_ += size;
  if (buffer_.size() >= kFlushBytes) TW_RETURN_IF_ERROR(Flush());
  return location;
}

Result<void> SegmentWriter::Flush() {
  if (buffer_.empty()) return {};
  TW_RETURN_IF_ERROR(file_->Append(AsBytes(buffer_)));
  buffer_.clear();
  return {};
}

Result<void> SegmentWriter::Sync() {
  TW_RETURN_IF_ERROR(Flush());
  in_sync_ = true;
  TW_RETURN_IF_ERROR(file_->Sync());
  in_sync_ = false;
  return {};
}

void SegmentWriter::Commit() {
  committed_segment_ = segment_;
  committed_end_ = end_;
  created_.clear();
}

Result<void> SegmentWriter::RollBack() {
  if (in_sync_) {
    return Fail(ErrorCode::kIo, "{}: a sync failed: what is stored is unknown", directory_);
  }
  buffer_.clear();
  file_.reset();
  end_ = 0;
  for (const std::uint64_t first : created_) {
    TW_ASSIGN_OR_RETURN(const bool exists, storage_.Exists(PathOf(first)));
    if (exists) TW_RETURN_IF_ERROR(storage_.Remove(PathOf(first)));
  }
  if (!created_.empty()) TW_RETURN_IF_ERROR(storage_.SyncDirectory(directory_));
  created_.clear();
  if (committed_end_ == 0) return {};
  return OpenSegment(committed_segment_, committed_end_);
}

}  // namespace trucewatch::journal
