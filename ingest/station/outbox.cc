// SPDX-License-Identifier: Apache-2.0
#include "ingest/station/outbox.h"

#include <charconv>
#include <filesystem>
#include <optional>
#include <vector>

#include "core/base/check.h"
#include "ingest/station/batch_wire.h"

namespace trucewatch::station {
namespace {

constexpr std::string_view kChunkPrefix = "batches-";
constexpr std::string_view kStateTitle = "trucewatch outbox v1";
constexpr std::uint64_t kMaxStateBytes = 4096;

std::optional<std::uint64_t> ParseNumber(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> ParseChunkName(const std::string& name) {
  if (!name.starts_with(kChunkPrefix)) return std::nullopt;
  return ParseNumber(std::string_view(name).substr(kChunkPrefix.size()));
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

SourceProgress ProgressOf(const v1::SourcePosition& position) {
  return {.sequence = position.sequence(),
          .time = Instant::FromMicros(position.time_us()),
          .ended = position.ended(),
          .late = position.late(),
          .offset = position.offset()};
}

}  // namespace

Outbox::Outbox(Storage& storage, std::string directory, const Options& options)
    : storage_(storage), directory_(std::move(directory)), options_(options) {}

std::string Outbox::ChunkPath(std::uint64_t first) const {
  return fmt::format("{}/{}{:020}", directory_, kChunkPrefix, first);
}

Result<std::unique_ptr<Outbox>> Outbox::Open(Storage& storage, const std::string& directory,
                                             const Options& options) {
  TW_CHECK(options.new_stream_id.size() == kStreamIdBytes);
  std::unique_ptr<Outbox> outbox(new Outbox(storage, directory, options));
  TW_RETURN_IF_ERROR(storage.MakeDirectories(directory));
  TW_RETURN_IF_ERROR(outbox->ReadState());
  TW_RETURN_IF_ERROR(outbox->OpenChunks());
  return outbox;
}

Result<void> Outbox::ReadState() {
  const std::string path = directory_ + "/state.txt";
  TW_ASSIGN_OR_RETURN(const bool there, storage_.Exists(path));
  if (!there) {
    created_ = true;
    state_.stream_id = options_.new_stream_id;
    return WriteState(0);
  }
  TW_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(storage_, path, kMaxStateBytes));
  const std::vector<std::string> lines = Lines(text);
  const auto value = [&](std::size_t line, std::string_view key) {
    return line < lines.size() && lines[line].starts_with(key) ? lines[line].substr(key.size())
                                                               : std::string();
  };
  const auto stream = HexDecode(value(2, "stream "));
  const auto acknowledged = ParseNumber(value(3, "acknowledged "));
  if (lines.empty() || lines[0] != kStateTitle || !stream || stream->size() != kStreamIdBytes ||
      !acknowledged) {
    return Fail(ErrorCode::kCheckFailed,
                "{}: is damaged; expected '{}', station, stream and acknowledged, a line each",
                path, kStateTitle);
  }
  if (value(1, "station ") != options_.station_id) {
    return Fail(ErrorCode::kCheckFailed,
                "{}: the outbox belongs to station '{}', not to '{}'; name another folder", path,
                value(1, "station "), options_.station_id);
  }
  state_.stream_id = *stream;
  acknowledged_ = *acknowledged;
  return {};
}

Result<void> Outbox::WriteState(std::uint64_t acknowledged) {
  const std::string text =
      fmt::format("{}\nstation {}\nstream {}\nacknowledged {}\n", kStateTitle, options_.station_id,
                  HexEncode(AsBytes(state_.stream_id)), acknowledged);
  return WriteFileAtomically(storage_, directory_ + "/state.txt", AsBytes(text));
}

Result<void> Outbox::OpenChunk(std::uint64_t first) {
  // Segments as large as the chunk: a chunk is one file and its index.
  TW_ASSIGN_OR_RETURN(chunks_[first], Journal::Open(storage_, ChunkPath(first),
                                                    {.segment_bytes = options_.chunk_bytes * 2}));
  return {};
}

// Safe at any moment of a crash: state.txt has said already that the chunk is not needed.
Result<void> Outbox::RemoveChunk(std::uint64_t first) {
  chunks_.erase(first);
  const std::string path = ChunkPath(first);
  TW_ASSIGN_OR_RETURN(const auto names, storage_.List(path));
  for (const std::string& name : names) TW_RETURN_IF_ERROR(storage_.Remove(path + "/" + name));
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return Fail(ErrorCode::kIo, "{}: cannot be removed: {}", path, error.message());
  return {};
}

Result<void> Outbox::OpenChunks() {
  TW_ASSIGN_OR_RETURN(const auto names, storage_.List(directory_));
  std::vector<std::uint64_t> firsts;
  for (const std::string& name : names) {
    if (const auto first = ParseChunkName(name)) firsts.push_back(*first);
  }
  if (created_ && !firsts.empty()) {
    return Fail(ErrorCode::kCheckFailed,
                "{}: batches without their state.txt; put it back, or move them away", directory_);
  }
  // Names sort as their numbers do. A chunk whose successor holds an acknowledged batch was about
  // to be removed.
  while (firsts.size() > 1 && firsts[1] <= acknowledged_) {
    TW_RETURN_IF_ERROR(RemoveChunk(firsts.front()));
    firsts.erase(firsts.begin());
  }
  for (const std::uint64_t first : firsts) {
    if (!chunks_.empty() && chunks_.rbegin()->first + chunks_.rbegin()->second->last() != first) {
      return Fail(ErrorCode::kCheckFailed, "{}: batches before number {} are missing", directory_,
                  first);
    }
    TW_RETURN_IF_ERROR(OpenChunk(first));
  }
  if (chunks_.empty()) {
    if (acknowledged_ != 0) {
      return Fail(ErrorCode::kCheckFailed, "{}: no batches, but {} were acknowledged", directory_,
                  acknowledged_);
    }
    return OpenChunk(1);
  }
  const auto& [first, newest] = *chunks_.rbegin();
  const std::uint64_t last = first + newest->last() - 1;
  if (acknowledged_ > last || chunks_.begin()->first > acknowledged_ + 1) {
    return Fail(ErrorCode::kCheckFailed,
                "{}: holds batches {} to {}, but {} were acknowledged: some are missing",
                directory_, chunks_.begin()->first, last, acknowledged_);
  }
  if (last == 0) return {};
  const bool empty_chunk = newest->last() == 0;
  state_.sequence = last;
  TW_ASSIGN_OR_RETURN(const v1::OutboxRecord record, ReadRecord(last));
  auto batch = ParseBatch(record.batch().body());
  if (!batch) return Prefix(fmt::format("{}: batch {}", directory_, last), batch.error());
  if (batch->sequence() != last || batch->stream_id() != state_.stream_id) {
    return Fail(ErrorCode::kCheckFailed, "{}: batch {} of another stream lies at the end",
                directory_, batch->sequence());
  }
  state_.ended = batch->end_of_stream();
  state_.total_bytes = record.total_bytes();
  state_.total_records = record.total_records();
  for (const auto& position : record.position()) {
    state_.progress[position.source_id()] = ProgressOf(position);
  }
  // Sizes of what lies before, from the totals that every record carries.
  const auto total_before = [&](std::uint64_t sequence) -> Result<std::uint64_t> {
    if (sequence <= 1) return std::uint64_t{0};
    if (sequence > chunks_.begin()->first) {
      TW_ASSIGN_OR_RETURN(const v1::OutboxRecord before, ReadRecord(sequence - 1));
      return before.total_bytes();
    }
    TW_ASSIGN_OR_RETURN(const v1::OutboxRecord itself, ReadRecord(sequence));
    return itself.total_bytes() - itself.batch().ByteSizeLong();
  };
  TW_ASSIGN_OR_RETURN(acknowledged_bytes_, acknowledged_ == last
                                               ? Result<std::uint64_t>(state_.total_bytes)
                                               : total_before(acknowledged_ + 1));
  TW_ASSIGN_OR_RETURN(chunk_start_bytes_, empty_chunk ? Result<std::uint64_t>(state_.total_bytes)
                                                      : total_before(first));
  return {};
}

Result<v1::OutboxRecord> Outbox::ReadRecord(std::uint64_t sequence) {
  auto chunk = chunks_.upper_bound(sequence);
  if (chunk == chunks_.begin() || sequence > state_.sequence) {
    return Fail(ErrorCode::kCheckFailed, "{}: batch {} is not there", directory_, sequence);
  }
  --chunk;
  TW_ASSIGN_OR_RETURN(const LogBatch read,
                      chunk->second->ReadAfter(sequence - chunk->first, 1, Duration()));
  v1::OutboxRecord record;
  if (read.records.empty() || !record.ParseFromString(read.records.front().payload)) {
    return Fail(ErrorCode::kCheckFailed, "{}: batch {} is no outbox record", directory_, sequence);
  }
  return record;
}

Result<void> Outbox::Append(const v1::OutboxRecord& record) {
  TW_ASSIGN_OR_RETURN(const v1::StationBatch batch, ParseBatch(record.batch().body()));
  const std::string payload = record.SerializeAsString();
  Journal* newest = nullptr;
  {
    const std::lock_guard lock(mutex_);
    TW_CHECK(batch.sequence() == state_.sequence + 1 && batch.stream_id() == state_.stream_id);
    if (state_.total_bytes - chunk_start_bytes_ >= options_.chunk_bytes) {
      TW_RETURN_IF_ERROR(OpenChunk(batch.sequence()));
      chunk_start_bytes_ = state_.total_bytes;
    }
    newest = chunks_.rbegin()->second.get();
  }
  // Outside the lock: the other thread reads and sends meanwhile. The newest chunk is never
  // removed.
  TW_RETURN_IF_ERROR(newest->Append({{batch.sequence(), payload}}));
  const std::lock_guard lock(mutex_);
  state_.sequence = batch.sequence();
  state_.ended = batch.end_of_stream();
  state_.total_bytes = record.total_bytes();
  state_.total_records = record.total_records();
  for (const auto& position : record.position()) {
    state_.progress[position.source_id()] = ProgressOf(position);
  }
  return {};
}

Result<v1::SignedBatch> Outbox::Read(std::uint64_t sequence) {
  const std::lock_guard lock(mutex_);
  TW_ASSIGN_OR_RETURN(v1::OutboxRecord record, ReadRecord(sequence));
  return std::move(*record.mutable_batch());
}

Result<void> Outbox::Acknowledge(std::uint64_t sequence) {
  const std::lock_guard lock(mutex_);
  if (sequence <= acknowledged_) return {};
  if (sequence > state_.sequence) {
    return Fail(ErrorCode::kCheckFailed, "batch {} is acknowledged, but only {} were made",
                sequence, state_.sequence);
  }
  TW_ASSIGN_OR_RETURN(const v1::OutboxRecord record, ReadRecord(sequence));
  acknowledged_ = sequence;
  acknowledged_bytes_ = record.total_bytes();
  // Never the newest batch: it says where the stream stands.
  const auto removable = [&] {
    return chunks_.size() > 1 && std::next(chunks_.begin())->first <= acknowledged_;
  };
  if (!removable()) return {};
  TW_RETURN_IF_ERROR(WriteState(acknowledged_));
  while (removable()) TW_RETURN_IF_ERROR(RemoveChunk(chunks_.begin()->first));
  return {};
}

Result<void> Outbox::Save() {
  const std::lock_guard lock(mutex_);
  return WriteState(acknowledged_);
}

StreamState Outbox::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::uint64_t Outbox::first_retained() const {
  const std::lock_guard lock(mutex_);
  return acknowledged_ + 1;
}

std::uint64_t Outbox::last() const {
  const std::lock_guard lock(mutex_);
  return state_.sequence;
}

std::uint64_t Outbox::acknowledged() const {
  const std::lock_guard lock(mutex_);
  return acknowledged_;
}

std::uint64_t Outbox::unacknowledged_bytes() const {
  const std::lock_guard lock(mutex_);
  return state_.total_bytes - acknowledged_bytes_;
}

bool Outbox::finished() const {
  const std::lock_guard lock(mutex_);
  return state_.ended && acknowledged_ == state_.sequence;
}

}  // namespace trucewatch::station
