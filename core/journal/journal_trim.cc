// SPDX-License-Identifier: Apache-2.0
// What retention needs of a journal: its segments, and taking one away.
#include <algorithm>

#include "core/journal/internal/journal_index.h"
#include "core/journal/internal/segment_format.h"
#include "core/journal/internal/segment_reader.h"
#include "core/journal/internal/segment_writer.h"
#include "core/journal/journal.h"

namespace trucewatch {

using journal::TrimmedSegment;

Result<void> Journal::RecoverTrimmed() {
  TW_ASSIGN_OR_RETURN(const std::vector<TrimmedSegment> all, index_->LoadTrimmed());
  bool removed = false;
  for (const TrimmedSegment& one : all) {
    const bool fits = one.first > 0 && one.last >= one.first && one.last < rows_.size() &&
                      rows_[one.first - 1].location.segment == one.first &&
                      rows_[one.last - 1].location.segment == one.first &&
                      rows_[one.last].location.segment == one.last + 1;
    if (!fits) {
      return Fail(ErrorCode::kCheckFailed,
                  "{}/index.sqlite: the index is damaged: {} to {} are said to be trimmed, but are "
                  "no segment",
                  directory_, one.first, one.last);
    }
    trimmed_.emplace(one.first, one);
    const std::string path = directory_ + "/" + journal::SegmentName(one.first);
    TW_ASSIGN_OR_RETURN(const bool exists, storage_->Exists(path));
    if (!exists) continue;
    TW_RETURN_IF_ERROR(storage_->Remove(path));
    removed = true;
  }
  return removed ? storage_->SyncDirectory(directory_) : Result<void>();
}

const TrimmedSegment* Journal::TrimmedAt(std::uint64_t sequence) const {
  auto next = trimmed_.upper_bound(sequence);
  if (next == trimmed_.begin()) return nullptr;
  const TrimmedSegment& before = std::prev(next)->second;
  return sequence <= before.last ? &before : nullptr;
}

tl::unexpected<Error> Journal::FailTrimmed(const TrimmedSegment& trimmed) const {
  return Fail(ErrorCode::kNotFound, "{}: records {} to {} are not here any more: {}", directory_,
              trimmed.first, trimmed.last, trimmed.note);
}

std::uint64_t Journal::PassTrimmed(std::uint64_t after) const {
  const std::lock_guard lock(mutex_);
  while (const TrimmedSegment* trimmed = TrimmedAt(after + 1)) after = trimmed->last;
  return after;
}

std::vector<SegmentInfo> Journal::Segments() const {
  std::vector<SegmentInfo> out;
  const std::lock_guard lock(mutex_);
  for (const journal::Row& row : rows_) {
    if (row.location.segment == row.sequence) {
      SegmentInfo& segment = out.emplace_back();
      segment.first = row.sequence;
      segment.trimmable = true;
      if (const auto trimmed = trimmed_.find(row.sequence); trimmed != trimmed_.end()) {
        segment.trimmed = trimmed->second.note;
      }
    }
    out.back().last = row.sequence;
    out.back().bytes = row.location.end();
  }
  if (!out.empty()) out.back().trimmable = false;
  return out;
}

Result<void> Journal::Trim(std::uint64_t first, const std::string& note) {
  const std::lock_guard append_lock(append_mutex_);
  if (broken_) {
    return Fail(ErrorCode::kIo, "{}: an earlier write failed; open the journal again", directory_);
  }
  const std::vector<SegmentInfo> segments = Segments();
  const auto found =
      std::find_if(segments.begin(), segments.end(),
                   [&](const SegmentInfo& segment) { return segment.first == first; });
  if (found == segments.end() || !found->trimmable) {
    return Fail(ErrorCode::kBadInput, "{}: no segment that may be trimmed begins at record {}",
                directory_, first);
  }
  if (found->trimmed) return {};
  const TrimmedSegment trimmed{first, found->last, note};
  broken_ = true;
  TW_RETURN_IF_ERROR(index_->MarkTrimmed(trimmed));
  broken_ = false;
  {
    const std::lock_guard lock(mutex_);
    trimmed_.emplace(first, trimmed);
  }
  reader_->Forget(first);
  TW_RETURN_IF_ERROR(storage_->Remove(directory_ + "/" + journal::SegmentName(first)));
  return storage_->SyncDirectory(directory_);
}

}  // namespace trucewatch
