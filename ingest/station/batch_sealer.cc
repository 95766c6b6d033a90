// SPDX-License-Identifier: Apache-2.0
#include "ingest/station/batch_sealer.h"

#include <utility>

#include "core/base/check.h"
#include "core/types/codec.h"
#include "ingest/station/batch_wire.h"

namespace trucewatch::station {
namespace {

// Tag and length of a record within its batch.
constexpr std::size_t kFieldBytes = 8;

}  // namespace

BatchSealer::BatchSealer(Options options, Ed25519KeyPair key, StreamState state)
    : options_(std::move(options)), key_(std::move(key)), state_(std::move(state)) {
  TW_CHECK(state_.stream_id.size() == kStreamIdBytes);
}

std::vector<v1::OutboxRecord> BatchSealer::SealBefore(std::size_t bytes, Instant now) {
  std::vector<v1::OutboxRecord> sealed;
  if (batch_bytes_ > 0 && batch_bytes_ + bytes > options_.batch_bytes) {
    sealed.push_back(*Seal(now));
  }
  batch_bytes_ += bytes;
  if (!first_at_) first_at_ = now;
  return sealed;
}

std::vector<v1::OutboxRecord> BatchSealer::Add(const RawRecord& record, Instant now) {
  std::vector<v1::OutboxRecord> sealed;
  v1::RawRecord message = ToProto(record);
  const std::size_t bytes = message.ByteSizeLong() + kFieldBytes;
  if (bytes > kMaxRawRecordBytes) {
    sealed = Declare(record.source, record.source_sequence, record.source_sequence,
                     fmt::format("a record of {} bytes at byte {}; the link carries {} at most",
                                 bytes, record.source_offset, kMaxRawRecordBytes),
                     now);
  } else {
    sealed = SealBefore(bytes, now);
    *batch_.add_records() = std::move(message);
    ++state_.total_records;
  }
  SourceProgress& progress = state_.progress[record.source.value];
  progress.sequence = record.source_sequence;
  progress.time = record.receive_time;
  progress.ended = record.end_of_source;
  progress.offset = record.source_offset + record.bytes.size();
  if (batch_bytes_ >= options_.batch_bytes) sealed.push_back(*Seal(now));
  return sealed;
}

std::vector<v1::OutboxRecord> BatchSealer::Declare(const SourceId& source, std::uint64_t first,
                                                   std::uint64_t last, const std::string& reason,
                                                   Instant now) {
  v1::DeclaredLoss loss;
  loss.set_source_id(source.value);
  loss.set_first_sequence(first);
  loss.set_last_sequence(last);
  loss.set_reason(reason.substr(0, kMaxReasonBytes));
  auto sealed = SealBefore(loss.ByteSizeLong() + kFieldBytes, now);
  *batch_.add_losses() = std::move(loss);
  state_.progress[source.value].sequence = last;
  return sealed;
}

std::vector<v1::OutboxRecord> BatchSealer::State(const SourceStatus& status, Instant now) {
  SourceProgress& progress = state_.progress[status.source.value];
  v1::SourceNotice notice;
  notice.set_source_id(status.source.value);
  notice.set_after_sequence(progress.sequence);
  notice.set_state(static_cast<v1::SourceState>(status.state));
  notice.set_time_us(status.time.micros());
  notice.set_reason(status.reason.substr(0, kMaxReasonBytes));
  auto sealed = SealBefore(notice.ByteSizeLong() + kFieldBytes, now);
  *batch_.add_notices() = std::move(notice);
  if (status.state != SourceState::kUnspecified) progress.late = status.state == SourceState::kLate;
  return sealed;
}

std::optional<Instant> BatchSealer::due() const {
  if (!first_at_) return std::nullopt;
  return *first_at_ + options_.batch_age;
}

std::optional<v1::OutboxRecord> BatchSealer::Seal(Instant now, bool end_of_stream) {
  if (state_.ended || (!first_at_ && !end_of_stream)) return std::nullopt;
  batch_.set_station_id(options_.station_id);
  batch_.set_stream_id(state_.stream_id);
  batch_.set_sequence(++state_.sequence);
  batch_.set_sealed_us(now.micros());
  batch_.set_end_of_stream(end_of_stream);
  v1::OutboxRecord record;
  *record.mutable_batch() = SealBatch(batch_, key_);
  TW_CHECK(record.batch().body().size() <= kMaxBatchBytes);
  state_.total_bytes += record.batch().ByteSizeLong();
  state_.ended = end_of_stream;
  record.set_total_bytes(state_.total_bytes);
  record.set_total_records(state_.total_records);
  for (const auto& [id, progress] : state_.progress) {
    v1::SourcePosition* position = record.add_position();
    position->set_source_id(id);
    position->set_sequence(progress.sequence);
    position->set_time_us(progress.time.micros());
    position->set_ended(progress.ended);
    position->set_late(progress.late);
    position->set_offset(progress.offset);
  }
  batch_.Clear();
  batch_bytes_ = 0;
  first_at_.reset();
  return record;
}

}  // namespace trucewatch::station
