// SPDX-License-Identifier: Apache-2.0
#include "ingest/station/hub_receiver.h"

#include <algorithm>
#include <utility>

#include "core/crypto/sha256.h"
#include "core/log/log.h"
#include "core/types/codec.h"
#include "core/types/source_notes.h"
#include "ingest/human/keyed_record.h"
#include "ingest/station/batch_wire.h"

namespace trucewatch::station {
namespace {

constexpr std::uint64_t kReadBytes = 8 << 20;
constexpr const char* kRefusedKey = "its signature does not count";

// Calls `handle` with every record of a log.
template <typename Handle>
Result<void> ForEachRecord(LogReader& log, const Handle& handle, bool* closed = nullptr) {
  std::uint64_t after = 0;
  while (true) {
    TW_ASSIGN_OR_RETURN(const LogBatch batch, log.ReadAfter(after, kReadBytes, Duration()));
    for (const LogRecord& record : batch.records) TW_RETURN_IF_ERROR(handle(record));
    if (!batch.records.empty()) after = batch.records.back().sequence;
    if (closed != nullptr) *closed = batch.closed;
    if (after >= batch.last) return {};
  }
}

Result<v1::ReceivedRecord> ParseReceived(const LogRecord& record) {
  v1::ReceivedRecord message;
  if (!message.ParseFromString(record.payload) ||
      message.record_case() == v1::ReceivedRecord::RECORD_NOT_SET) {
    return Fail(ErrorCode::kCheckFailed, "record {} is no ReceivedRecord", record.sequence);
  }
  return message;
}

bool IsPowerOfTwo(std::uint64_t number) { return (number & (number - 1)) == 0; }

}  // namespace

HubReceiver::HubReceiver(HubOptions options, Log received, Log refused, Instant now)
    : options_(std::move(options)), received_(received), refused_(refused), keys_(options_.keys) {
  for (const HubStation& config : options_.stations) {
    // One that no source comes from has nothing to say.
    if (config.sources.empty()) continue;
    Station& station = stations_[config.id];
    station.config = config;
    station.heard = now;
    station.account.id = config.id;
    for (const std::string& source : config.sources) station.sources[source].time = options_.start;
  }
}

Result<std::unique_ptr<HubReceiver>> HubReceiver::Open(HubOptions options, Log received,
                                                       Log refused, Instant now) {
  std::unique_ptr<HubReceiver> hub(new HubReceiver(std::move(options), received, refused, now));
  TW_RETURN_IF_ERROR(hub->Recover());
  TW_RETURN_IF_ERROR(hub->RecoverRefused());
  return hub;
}

Result<void> HubReceiver::Recover() {
  if (received_.writer.last() == 0) {
    v1::ReceivedRecord header;
    header.set_mission_header(options_.mission_header);
    pending_.push_back({0, header.SerializeAsString()});
    if (stations_.size() > 1) {
      for (auto& [id, station] : stations_) {
        for (const std::string& source : station.config.sources) {
          if (station.config.occasional.contains(source)) continue;
          Decide(station, source, v1::SOURCE_STATE_STARTED, "expected from station " + id);
        }
      }
    }
    return Flush();
  }
  TW_RETURN_IF_ERROR(ForEachRecord(
      received_.reader,
      [&](const LogRecord& record) -> Result<void> {
        TW_ASSIGN_OR_RETURN(const v1::ReceivedRecord message, ParseReceived(record));
        if (record.sequence == 1) {
          if (message.mission_header() == options_.mission_header) return {};
          return Fail(ErrorCode::kCheckFailed,
                      "the received log belongs to another mission, config, agreement or build; "
                      "use a new folder");
        }
        if (message.has_decided() && message.decided().state() == v1::SOURCE_STATE_UNSPECIFIED) {
          Remember(message.decided());
          return {};
        }
        if (message.has_decided()) {
          for (auto& [id, station] : stations_) {
            const std::string& source = message.decided().source_id();
            if (message.decided().state() == v1::SOURCE_STATE_LATE) {
              if (station.config.sources.contains(source)) station.late.insert(source);
            } else {
              station.late.erase(source);
            }
          }
          return {};
        }
        auto batch = ParseBatch(message.batch().body());
        if (!batch) return Prefix(fmt::format("record {}", record.sequence), batch.error());
        const auto station = stations_.find(batch->station_id());
        if (station == stations_.end()) {
          return Fail(ErrorCode::kCheckFailed, "record {} is of station '{}', which is not known",
                      record.sequence, batch->station_id());
        }
        Take(station->second, *batch, message.batch().body());
        return {};
      },
      &closed_));
  return CloseIfDone();
}

Result<void> HubReceiver::RecoverRefused() {
  return ForEachRecord(refused_.reader, [&](const LogRecord& record) -> Result<void> {
    TW_ASSIGN_OR_RETURN(const v1::ReceivedRecord message, ParseReceived(record));
    kept_aside_.insert(Sha256(message.batch().body()));
    return {};
  });
}

void HubReceiver::Take(Station& station, const v1::StationBatch& batch, const std::string& body) {
  Stream& stream = station.streams[batch.stream_id()];
  station.newest_stream = batch.stream_id();
  stream.bodies.push_back(Sha256(body));
  stream.ended = batch.end_of_stream();
  station.account.ended = batch.end_of_stream();
  ++station.account.batches;
  station.account.records += static_cast<std::uint64_t>(batch.records_size());
  station.account.bytes += body.size();
  for (const auto& record : batch.records()) {
    SourceProgress& source = station.sources[record.source_id()];
    source.sequence = record.source_sequence();
    source.time = std::max(source.time, Instant::FromMicros(record.receive_time_us()));
    source.ended = source.ended || record.end_of_source();
  }
  TakeKeySets(station, batch);
  for (const auto& notice : batch.notices()) {
    if (notice.state() == v1::SOURCE_STATE_LATE) station.stalled.insert(notice.source_id());
    if (notice.state() == v1::SOURCE_STATE_RESUMED) station.stalled.erase(notice.source_id());
  }
  for (const auto& loss : batch.losses()) {
    station.account.declared_lost += loss.last_sequence() - loss.first_sequence() + 1;
  }
}

Result<void> HubReceiver::Flush() {
  if (pending_.empty()) return {};
  TW_RETURN_IF_ERROR(received_.writer.Append(pending_));
  pending_.clear();
  return {};
}

Result<void> HubReceiver::CloseIfDone() {
  if (closed_) return {};
  for (const auto& [id, station] : stations_) {
    if (!station.account.ended) return {};
  }
  TW_RETURN_IF_ERROR(received_.writer.Close());
  closed_ = true;
  return {};
}

void HubReceiver::Decide(Station& station, const std::string& source, v1::SourceState state,
                         const std::string& reason) {
  v1::ReceivedRecord record;
  v1::SourceStatus* status = record.mutable_decided();
  status->set_source_id(source);
  status->set_time_us(station.sources[source].time.micros());
  status->set_state(state);
  status->set_reason(reason);
  pending_.push_back({0, record.SerializeAsString()});
  if (state == v1::SOURCE_STATE_UNSPECIFIED) {
    Remember(*status);
  } else if (state == v1::SOURCE_STATE_LATE) {
    station.late.insert(source);
  } else {
    station.late.erase(source);
  }
}

void HubReceiver::CountRefusal(Station* station, const std::string& user_id,
                               const std::string& why) {
  const std::uint64_t count = station != nullptr ? ++station->account.refused : ++strangers_;
  // Somebody who repeats himself for ever must not fill the disk with log lines.
  if (!IsPowerOfTwo(count)) return;
  trucewatch::Log(LogLevel::kWarn, "station_frame_refused",
                  {{"station", user_id}, {"count", count}, {"why", why}});
}

void HubReceiver::ReadClock(Station& station, Instant clock, Instant now) {
  constexpr std::size_t kHellos = 9;
  // Any 64 bits may stand there: far from all times that are meant, and no overflow.
  constexpr std::int64_t kMost = std::int64_t{1} << 60;
  auto& offsets = station.clock_offsets_us;
  offsets.push_back(now.micros() - std::clamp(clock.micros(), -kMost, kMost));
  if (offsets.size() > kHellos) offsets.pop_front();
  std::vector<std::int64_t> sorted(offsets.begin(), offsets.end());
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  const Duration offset = Duration::Micros(*middle);
  station.account.clock_offset = offset;
  const bool wrong = offset > kMaxClockOffset || -offset > kMaxClockOffset;
  if (wrong == station.clock_wrong) return;
  station.clock_wrong = wrong;
  trucewatch::Log(
      LogLevel::kWarn, wrong ? "station_clock_wrong" : "station_clock_right",
      {{"station", station.config.id}, {"offset_s", fmt::format("{:.3f}", offset.seconds())}});
}

std::string HubReceiver::HandleHello(Station& station, const v1::StationHello& hello, Instant now) {
  if (hello.station_id() != station.config.id) {
    return fmt::format("Hello of a station '{}' by the key of '{}'", hello.station_id(),
                       station.config.id);
  }
  if (hello.stream_id().size() != kStreamIdBytes) {
    return fmt::format("a stream id of {} bytes; expected {}", hello.stream_id().size(),
                       kStreamIdBytes);
  }
  if (hello.clock_us() != 0) ReadClock(station, Instant::FromMicros(hello.clock_us()), now);
  const auto stream = station.streams.find(hello.stream_id());
  if (stream != station.streams.end() && stream->second.ended &&
      hello.first_retained() > stream->second.bodies.size()) {
    station.knows_end = true;
  }
  return {};
}

std::string HubReceiver::CheckSources(const Station& station, const v1::StationBatch& batch) const {
  const auto foreign = [&](const std::string& source) {
    return !station.config.sources.contains(source);
  };
  for (const auto& record : batch.records()) {
    if (foreign(record.source_id())) {
      return fmt::format("source '{}' is not one of station '{}' in the mission's config",
                         record.source_id(), station.config.id);
    }
  }
  for (const auto& loss : batch.losses()) {
    if (foreign(loss.source_id())) {
      return fmt::format("a declared loss of source '{}', which is not one of station '{}'",
                         loss.source_id(), station.config.id);
    }
  }
  for (const auto& notice : batch.notices()) {
    if (foreign(notice.source_id())) {
      return fmt::format("a statement about source '{}', which is not one of station '{}'",
                         notice.source_id(), station.config.id);
    }
    if (notice.state() != v1::SOURCE_STATE_LATE && notice.state() != v1::SOURCE_STATE_RESUMED &&
        notice.state() != v1::SOURCE_STATE_UNSPECIFIED) {
      return fmt::format("a statement about source '{}' that is neither LATE, RESUMED nor a note",
                         notice.source_id());
    }
  }
  return {};
}

// Both batches are signed, so this is evidence; the first one stands.
Result<std::string> HubReceiver::KeepAside(Station& station, const v1::StationBatch& batch,
                                           const v1::SignedBatch& sealed) {
  if (kept_aside_.size() < kMaxRefusedKept && kept_aside_.insert(Sha256(sealed.body())).second) {
    v1::ReceivedRecord record;
    *record.mutable_batch() = sealed;
    TW_RETURN_IF_ERROR(refused_.writer.Append({{0, record.SerializeAsString()}}));
    trucewatch::Log(LogLevel::kError, "station_equivocation",
                    {{"station", station.config.id},
                     {"stream", ShortStreamId(batch.stream_id())},
                     {"batch", batch.sequence()}});
  }
  return fmt::format(
      "equivocation: batch {} was received before with other bytes; both are on "
      "record, the first stands",
      batch.sequence());
}

void HubReceiver::TakeKeySets(const Station& station, const v1::StationBatch& batch) {
  if (!keys_) return;
  for (const auto& record : batch.records()) {
    if (!station.config.officers.contains(record.source_id()) || !BringsKeySet(record.payload()))
      continue;
    // As ingest will read it; what it refuses it puts on record.
    auto read = ReadKeyedRecord(record.payload(), *keys_, kRoleOfficer,
                                Instant::FromMicros(record.receive_time_us()));
    if (!read || !read->next) continue;
    const std::string said = keys_->Take(std::move(*read->next));
    trucewatch::Log(LogLevel::kInfo, "key_set_taken", {{"said", said}});
  }
}

Result<v1::StationBatch> HubReceiver::OpenSigned(const Station& station,
                                                 const v1::SignedBatch& sealed, Instant now) const {
  if (!keys_) return OpenBatch(sealed, station.config.sign_key);
  Result<v1::StationBatch> batch =
      Fail(ErrorCode::kCheckFailed, "key set version {} has no key of station '{}'",
           keys_->set().version, station.config.id);
  for (const NoteKey& key : keys_->KeysOf(kRoleStation)) {
    if (key.name != station.config.id) continue;
    batch = OpenBatch(sealed, key.public_key);
    if (!batch) continue;
    const auto counts = keys_->Admit(key, kRoleStation, now, now);
    if (!counts) return Prefix(kRefusedKey, counts.error());
    return batch;
  }
  return batch;
}

void HubReceiver::StateRefusedKey(Station& station, const std::string& why) {
  // What its sentence says of the moment changes all the time.
  const std::string reason = why.substr(0, why.find("; this "));
  if (station.key_refused == reason) return;
  station.key_refused = reason;
  for (const std::string& source : station.config.sources) {
    Decide(station, source, v1::SOURCE_STATE_UNSPECIFIED,
           fmt::format("what station {} sends is refused: {}", station.config.id, reason));
  }
}

Result<std::string> HubReceiver::HandleBatch(Station& station, const v1::SignedBatch& sealed,
                                             Instant now, std::string* stream_id) {
  const auto batch = OpenSigned(station, sealed, now);
  if (!batch) {
    if (batch.error().message.starts_with(kRefusedKey))
      StateRefusedKey(station, batch.error().message);
    return batch.error().message;
  }
  station.key_refused.clear();
  if (batch->station_id() != station.config.id) {
    return fmt::format("a batch of station '{}' by the key of '{}'", batch->station_id(),
                       station.config.id);
  }
  *stream_id = batch->stream_id();
  const auto found = station.streams.find(batch->stream_id());
  const std::uint64_t contiguous = found == station.streams.end() ? 0 : found->second.bodies.size();
  if (batch->sequence() <= contiguous) {
    if (found->second.bodies[batch->sequence() - 1] == Sha256(sealed.body())) {
      ++station.account.repeated;
      return std::string();
    }
    return KeepAside(station, *batch, sealed);
  }
  if (batch->sequence() > contiguous + 1) {
    return fmt::format("{}batch {} came where {} was due", kGap, batch->sequence(), contiguous + 1);
  }
  if (contiguous > 0 && found->second.ended) {
    return fmt::format("batch {} comes after the end of its stream", batch->sequence());
  }
  if (contiguous > 0 && station.newest_stream != batch->stream_id()) {
    return fmt::format("a batch of stream {}, after stream {} had begun",
                       ShortStreamId(batch->stream_id()), ShortStreamId(station.newest_stream));
  }
  if (closed_) return std::string("the mission has ended");
  if (std::string foreign = CheckSources(station, *batch); !foreign.empty()) return foreign;
  if (contiguous == 0 && !station.newest_stream.empty()) {
    trucewatch::Log(LogLevel::kWarn, "station_stream_new",
                    {{"station", station.config.id},
                     {"stream", ShortStreamId(batch->stream_id())},
                     {"before", ShortStreamId(station.newest_stream)}});
  }
  const std::set<std::string> late = station.late;
  for (const std::string& source : late) {
    trucewatch::Log(LogLevel::kWarn, "source_resumed",
                    {{"source", source}, {"station", station.config.id}});
    Decide(station, source, v1::SOURCE_STATE_RESUMED,
           "station " + station.config.id + " sends again");
  }
  Take(station, *batch, sealed.body());
  v1::ReceivedRecord record;
  *record.mutable_batch() = sealed;
  pending_.push_back({0, record.SerializeAsString()});
  return std::string();
}

Result<std::vector<HubReceiver::Outbound>> HubReceiver::Handle(const std::vector<Inbound>& frames,
                                                               Instant now) {
  struct Answer {
    std::string peer;
    std::string user_id;
    std::string stream_id;
    std::string refused;
  };
  std::vector<Answer> answers;
  for (const Inbound& inbound : frames) {
    Answer answer{inbound.peer, inbound.user_id, {}, {}};
    const auto found = stations_.find(inbound.user_id);
    Station* station = found == stations_.end() ? nullptr : &found->second;
    const auto frame = ParseStationFrame(inbound.bytes);
    if (station == nullptr) {
      answer.refused = fmt::format("no source of the mission comes from '{}'", inbound.user_id);
    } else if (!frame) {
      answer.refused = frame.error().message;
    } else if (frame->has_hello()) {
      answer.refused = HandleHello(*station, frame->hello(), now);
      if (answer.refused.empty()) answer.stream_id = frame->hello().stream_id();
    } else {
      TW_ASSIGN_OR_RETURN(answer.refused,
                          HandleBatch(*station, frame->batch(), now, &answer.stream_id));
    }
    const bool gap = answer.refused.starts_with(kGap);
    if (station != nullptr && (answer.refused.empty() || gap)) {
      station->heard = now;
      if (station->peer != inbound.peer) {
        station->peer = inbound.peer;
        ++station->account.connections;
      }
    }
    if (!answer.refused.empty() && !gap) CountRefusal(station, inbound.user_id, answer.refused);
    // Cumulative: the newest answer to a peer about a stream stands for those before, unless they
    // were refusals.
    const auto earlier = std::find_if(answers.begin(), answers.end(), [&](const Answer& a) {
      return a.peer == answer.peer && a.stream_id == answer.stream_id && a.refused.empty() &&
             answer.refused.empty();
    });
    if (earlier == answers.end()) answers.push_back(std::move(answer));
  }
  TW_RETURN_IF_ERROR(Flush());
  TW_RETURN_IF_ERROR(CloseIfDone());
  std::vector<Outbound> out;
  for (const Answer& answer : answers) {
    v1::StationAck ack;
    ack.set_stream_id(answer.stream_id);
    if (const auto station = stations_.find(answer.user_id); station != stations_.end()) {
      const auto stream = station->second.streams.find(answer.stream_id);
      if (stream != station->second.streams.end()) ack.set_contiguous(stream->second.bodies.size());
    }
    ack.set_credit_bytes(options_.credit_bytes);
    ack.set_refused(answer.refused.substr(0, kMaxReasonBytes));
    out.push_back({answer.peer, ack.SerializeAsString()});
  }
  return out;
}

Result<void> HubReceiver::Tick(Instant now) {
  if (closed_) return {};
  for (auto& [id, station] : stations_) {
    const Duration silence = now - station.heard;
    if (silence < options_.late_after) continue;
    for (const auto& [source, progress] : station.sources) {
      if (progress.ended || station.late.contains(source) || station.stalled.contains(source) ||
          station.config.occasional.contains(source)) {
        continue;
      }
      trucewatch::Log(LogLevel::kWarn, "source_late", {{"source", source}, {"station", id}});
      Decide(station, source, v1::SOURCE_STATE_LATE,
             fmt::format("station {} was not heard for {:g} s", id, options_.late_after.seconds()));
    }
  }
  if (options_.notes) {
    for (const SourceNote& note : options_.notes(now, thinned_)) {
      for (auto& [id, station] : stations_) {
        if (!station.config.sources.contains(note.source.value)) continue;
        trucewatch::Log(LogLevel::kWarn, "source_note",
                        {{"source", note.source.value}, {"note", note.reason}});
        Decide(station, note.source.value, v1::SOURCE_STATE_UNSPECIFIED, note.reason);
      }
    }
  }
  return Flush();
}

void HubReceiver::Remember(const v1::SourceStatus& note) {
  const auto status = FromProto(note);
  const auto one_in = status ? OneSegmentIn(*status) : std::nullopt;
  if (!one_in) return;
  if (*one_in > 1) {
    thinned_[status->source] = *one_in;
  } else {
    thinned_.erase(status->source);
  }
}

bool HubReceiver::settled() const {
  return std::all_of(stations_.begin(), stations_.end(),
                     [](const auto& entry) { return entry.second.knows_end; });
}

std::vector<StationAccount> HubReceiver::accounts() const {
  std::vector<StationAccount> accounts;
  for (const auto& [id, station] : stations_) accounts.push_back(station.account);
  return accounts;
}

}  // namespace trucewatch::station
