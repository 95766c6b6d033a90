// SPDX-License-Identifier: Apache-2.0
#include "ingest/receiver.h"

#include <algorithm>
#include <utility>

#include "core/types/codec.h"

namespace trucewatch {

Receiver::Receiver(ReceiverOptions options, RecordedMission* mission, LogReader* journal_reader,
                   LogWriter* journal_writer, Clock* clock)
    : options_(std::move(options)),
      mission_(mission),
      reader_(journal_reader),
      writer_(journal_writer),
      clock_(clock) {}

std::optional<Receiver::Item> Receiver::NextItem() {
  if (!header_given_) {
    header_given_ = true;
    return Item{options_.mission_header, std::nullopt, {}};
  }
  auto record = mission_->Next();
  if (!record) return std::nullopt;
  Item item{{}, record->receive_time, record->source};
  v1::Envelope envelope;
  *envelope.mutable_raw_record() = ToProto(*record);
  item.payload = SerializeEnvelope(envelope);
  return item;
}

Result<void> Receiver::CompareStored() {
  constexpr std::uint64_t kReadBytes = 4 << 20;
  while (true) {
    TW_ASSIGN_OR_RETURN(const LogBatch batch,
                        reader_->ReadAfter(compared_, kReadBytes, Duration()));
    for (const LogRecord& stored : batch.records) {
      const auto item = NextItem();
      if (!item) {
        return Fail(ErrorCode::kCheckFailed,
                    "the journal goes on at record {}, where the recording has ended: it belongs "
                    "to another recording; use a new folder",
                    stored.sequence);
      }
      if (item->payload != stored.payload) {
        return Fail(ErrorCode::kCheckFailed,
                    "record {} of the journal differs from the recording ({} bytes stored, {} "
                    "expected): it belongs to another recording, config, agreement or build; use a "
                    "new folder",
                    stored.sequence, stored.payload.size(), item->payload.size());
      }
      ++compared_;
    }
    closed_ = batch.closed;
    if (compared_ >= writer_->last()) return {};
    if (batch.records.empty()) {
      return Fail(ErrorCode::kIo, "the journal says it has {} records, but gives none after {}",
                  writer_->last(), compared_);
    }
  }
}

Result<void> Receiver::Flush() {
  if (batch_.empty()) return {};
  TW_RETURN_IF_ERROR(writer_->Append(batch_));
  appended_ += batch_.size();
  batch_.clear();
  batch_bytes_ = 0;
  return {};
}

Result<bool> Receiver::WaitFor(const Item& item, const std::function<bool()>& stop) {
  if (stop && stop()) return false;
  const auto speed = options_.speed.find(item.source);
  if (!item.release) return true;
  if (!start_) {
    start_ = clock_->Now();
    first_time_ = item.release;
  }
  if (speed == options_.speed.end() || speed->second <= 0) return true;
  const Instant due =
      *start_ + Duration::FromSeconds((*item.release - *first_time_).seconds() / speed->second);
  for (Instant now = clock_->Now(); now < due; now = clock_->Now()) {
    // What is taken must not wait for what comes later.
    TW_RETURN_IF_ERROR(Flush());
    clock_->SleepFor(std::min(due - now, kStopInterval));
    if (stop && stop()) return false;
  }
  return true;
}

Result<void> Receiver::Run(const std::function<bool()>& stop) {
  TW_RETURN_IF_ERROR(CompareStored());
  while (auto item = NextItem()) {
    if (closed_) {
      return Fail(ErrorCode::kCheckFailed,
                  "the journal is closed after {} records, but the recording goes on: it belongs "
                  "to another recording; use a new folder",
                  compared_);
    }
    TW_ASSIGN_OR_RETURN(const bool go_on, WaitFor(*item, stop));
    if (!go_on) return Flush();
    batch_bytes_ += item->payload.size();
    batch_.push_back({0, std::move(item->payload)});
    if (batch_bytes_ >= options_.batch_bytes || batch_.size() >= options_.batch_records) {
      TW_RETURN_IF_ERROR(Flush());
    }
  }
  TW_RETURN_IF_ERROR(Flush());
  if (!closed_) TW_RETURN_IF_ERROR(writer_->Close());
  finished_ = true;
  return {};
}

}  // namespace trucewatch
