// SPDX-License-Identifier: Apache-2.0
#include "ingest/station/receive_stage.h"

#include <limits>
#include <utility>

#include "core/types/codec.h"
#include "core/types/source_notes.h"
#include "ingest/station/batch_wire.h"

namespace trucewatch::station {
namespace {

constexpr std::uint64_t kNoMore = std::numeric_limits<std::uint64_t>::max();

// Reasons quote what a station says: anything but printable ASCII becomes '?'.
std::string Printable(std::string text) {
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return text;
}

std::string Range(std::uint64_t first, std::uint64_t last) {
  return first == last ? fmt::format("record {}", first)
                       : fmt::format("records {} to {}", first, last);
}

}  // namespace

std::string ReceiveStage::Fault(const std::string& source, std::uint64_t offset,
                                std::string reason) const {
  const auto known = sources_.find(source);
  v1::Envelope envelope;
  *envelope.mutable_data_fault() =
      ToProto(DataFault{{source},
                        known == sources_.end() ? Instant() : known->second.time,
                        "station",
                        offset,
                        std::move(reason)});
  return SerializeEnvelope(envelope);
}

void ReceiveStage::StateLosses(const std::string& station, const std::string& source_id,
                               std::uint64_t sequence, Losses& losses,
                               std::vector<std::string>& out) {
  auto& due = losses[source_id];
  Source& source = sources_[source_id];
  while (!due.empty() && due.begin()->first < sequence) {
    const v1::DeclaredLoss& loss = *due.begin()->second;
    due.erase(due.begin());
    if (loss.last_sequence() <= source.sequence) continue;  // declared before
    const std::uint64_t first = std::max(loss.first_sequence(), source.sequence + 1);
    if (first > source.sequence + 1) {
      const std::uint64_t missing = first - source.sequence - 1;
      out.push_back(Fault(source_id, 0,
                          fmt::format("{} neither came from station {} nor was declared lost",
                                      Range(source.sequence + 1, first - 1), station)));
      source.lost += missing;
    }
    source.lost += loss.last_sequence() - first + 1;
    source.sequence = loss.last_sequence();
    out.push_back(Fault(
        source_id, 0,
        fmt::format("station {} declares {} lost: {}; sent {} = delivered {} + declared lost {}",
                    station, Range(first, source.sequence), Printable(loss.reason()),
                    source.sequence, source.sequence - source.lost, source.lost)));
  }
}

void ReceiveStage::StateNotices(const std::string& source, std::uint64_t sequence, Notices& notices,
                                std::vector<std::string>& out) {
  auto& due = notices[source];
  while (!due.empty() && due.front()->after_sequence() < sequence) {
    const v1::SourceNotice& notice = *due.front();
    due.pop_front();
    v1::Envelope envelope;
    SourceStatus status{{source},
                        Instant::FromMicros(notice.time_us()),
                        static_cast<SourceState>(notice.state()),
                        Printable(notice.reason())};
    // What detection can look at is not a station's to say.
    if (OneSegmentIn(status)) status.reason = "the station says: " + status.reason;
    *envelope.mutable_source_status() = ToProto(status);
    out.push_back(SerializeEnvelope(envelope));
  }
}

std::vector<std::string> ReceiveStage::HandleBatch(const v1::StationBatch& batch) {
  std::vector<std::string> out;
  std::string& stream = streams_[batch.station_id()];
  if (!stream.empty() && stream != batch.stream_id() && batch.records_size() > 0) {
    out.push_back(Fault(batch.records(0).source_id(), 0,
                        fmt::format("station {} begins a new stream: its outbox was lost, and with "
                                    "it what the hub had not received yet",
                                    batch.station_id())));
  }
  stream = batch.stream_id();
  Losses losses;
  for (const auto& loss : batch.losses()) losses[loss.source_id()][loss.first_sequence()] = &loss;
  Notices notices;
  for (const auto& notice : batch.notices()) notices[notice.source_id()].push_back(&notice);
  std::map<std::string, std::uint64_t> repeated;
  for (const auto& message : batch.records()) {
    const RawRecord record = *FromProto(message);  // cannot fail: it has no field that may be wrong
    const std::string& id = record.source.value;
    StateLosses(batch.station_id(), id, record.source_sequence, losses, out);
    StateNotices(id, record.source_sequence, notices, out);
    Source& source = sources_[id];
    if (record.source_sequence <= source.sequence) {
      ++repeated[id];
      continue;
    }
    if (record.source_sequence > source.sequence + 1) {
      out.push_back(Fault(
          id, record.source_offset,
          fmt::format("{} neither came from station {} nor was declared lost",
                      Range(source.sequence + 1, record.source_sequence - 1), batch.station_id())));
      source.lost += record.source_sequence - source.sequence - 1;
    }
    source.sequence = record.source_sequence;
    source.time = record.receive_time;
    source.ended = record.end_of_source;
    v1::Envelope envelope;
    *envelope.mutable_raw_record() = ToProto(record);
    out.push_back(SerializeEnvelope(envelope));
  }
  for (const auto& [id, unused] : std::map(losses)) {
    StateLosses(batch.station_id(), id, kNoMore, losses, out);
  }
  for (const auto& [id, unused] : std::map(notices)) StateNotices(id, kNoMore, notices, out);
  for (const auto& [id, count] : repeated) {
    out.push_back(Fault(id, 0,
                        fmt::format("{} records came again from station {} and were not passed on "
                                    "a second time; they are in the log of what was received",
                                    count, batch.station_id())));
  }
  return out;
}

Result<std::vector<std::vector<std::string>>> ReceiveStage::Handle(
    std::span<const LogRecord> inputs) {
  std::vector<std::vector<std::string>> outputs;
  outputs.reserve(inputs.size());
  for (const LogRecord& input : inputs) {
    v1::ReceivedRecord received;
    if (!received.ParseFromString(input.payload)) {
      return Fail(ErrorCode::kCheckFailed,
                  "received record {}: {} bytes that are no ReceivedRecord", input.sequence,
                  input.payload.size());
    }
    switch (received.record_case()) {
      case v1::ReceivedRecord::kMissionHeader:
        outputs.push_back({received.mission_header()});
        break;
      case v1::ReceivedRecord::kBatch: {
        auto batch = ParseBatch(received.batch().body());
        if (!batch) {
          return Fail(ErrorCode::kCheckFailed, "received record {}: {}", input.sequence,
                      batch.error().message);
        }
        outputs.push_back(HandleBatch(*batch));
        break;
      }
      case v1::ReceivedRecord::kDecided: {
        v1::Envelope envelope;
        *envelope.mutable_source_status() = received.decided();
        outputs.push_back({SerializeEnvelope(envelope)});
        break;
      }
      case v1::ReceivedRecord::RECORD_NOT_SET:
        return Fail(ErrorCode::kCheckFailed, "received record {} is empty", input.sequence);
    }
  }
  return outputs;
}

Result<std::string> ReceiveStage::Snapshot() const {
  v1::ReceiveState state;
  for (const auto& [id, stream] : streams_) {
    auto* station = state.add_station();
    station->set_id(id);
    station->set_stream_id(stream);
  }
  for (const auto& [id, source] : sources_) {
    v1::SourcePosition* position = state.add_position();
    position->set_source_id(id);
    position->set_sequence(source.sequence);
    position->set_time_us(source.time.micros());
    position->set_ended(source.ended);
    position->set_lost(source.lost);
  }
  return state.SerializeAsString();
}

Result<void> ReceiveStage::Restore(std::string_view snapshot) {
  v1::ReceiveState state;
  if (!state.ParseFromArray(snapshot.data(), static_cast<int>(snapshot.size()))) {
    return Fail(ErrorCode::kBadInput, "the snapshot is no ReceiveState");
  }
  streams_.clear();
  sources_.clear();
  for (const auto& station : state.station()) streams_[station.id()] = station.stream_id();
  for (const auto& position : state.position()) {
    sources_[position.source_id()] = {position.sequence(), position.lost(),
                                      Instant::FromMicros(position.time_us()), position.ended()};
  }
  return {};
}

}  // namespace trucewatch::station
