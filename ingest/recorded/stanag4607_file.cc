// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "ingest/radar/stanag4607_stream.h"
#include "ingest/recorded/event_clock.h"
#include "ingest/recorded/internal/file_reader.h"
#include "ingest/recorded/recorded_source.h"

namespace trucewatch {
namespace {

using stanag4607::Packet;
using stanag4607::Stanag4607Stream;
using stanag4607::StreamFault;
using stanag4607::StreamItem;

constexpr std::size_t kReadSize = 64 * 1024;
// How far the first packets, which have no time, may look ahead for one.
constexpr std::size_t kMaxPendingPackets = 4096;
// How much of a file is searched for its first packet.
constexpr std::uint64_t kPacketSearchSize = 1 << 20;
constexpr const char* kExpectedPackets =
    "STANAG 4607 packets: two version digits, then the packet's size";

// Absolute times of packets: mission date plus milliseconds.
class PacketTimes {
 public:
  std::optional<Instant> Of(const Packet& packet) {
    Instant& midnight = midnights_[{packet.header.platform.str(), packet.header.mission_id}];
    std::optional<Instant> newest;
    for (const auto& segment : packet.segments) {
      std::optional<std::uint32_t> time_ms;
      if (const auto* mission = std::get_if<stanag4607::MissionSegment>(&segment.body)) {
        const auto date = UtcMidnight(mission->year, mission->month, mission->day);
        if (date) midnight = *date;
      } else if (const auto* dwell = std::get_if<stanag4607::DwellSegment>(&segment.body)) {
        time_ms = dwell->time_ms;
      } else if (const auto* location =
                     std::get_if<stanag4607::PlatformLocationSegment>(&segment.body)) {
        time_ms = location->time_ms;
      }
      if (time_ms && midnight != Instant()) newest = midnight + Duration::Millis(*time_ms);
    }
    if (midnights_.size() > kMaxMissions) midnights_.clear();
    return newest;
  }

 private:
  static constexpr std::size_t kMaxMissions = 64;
  std::map<std::pair<std::string, std::uint32_t>, Instant> midnights_;
};

class Stanag4607FileSource final : public RecordedSource {
 public:
  Stanag4607FileSource(RecordedFileOptions options, internal::FileReader file)
      : options_(std::move(options)), file_(std::move(file)) {}

  const SourceId& id() const override { return options_.source; }

  Result<std::optional<RawRecord>> Next() override {
    while (!finished_ && !clock_.now() && pending_.size() < kMaxPendingPackets) {
      TW_RETURN_IF_ERROR(Fill());
    }
    while (!finished_ && pending_.empty()) TW_RETURN_IF_ERROR(Fill());
    if (ended_) return std::optional<RawRecord>();
    RawRecord record;
    record.source = options_.source;
    record.source_sequence = ++sequence_;
    if (pending_.empty()) {
      ended_ = true;
      record.end_of_source = true;
      record.source_offset = file_.size();
      record.receive_time = last_.value_or(options_.start);
      return record;
    }
    const Piece piece = pending_.front();
    pending_.pop_front();
    TW_ASSIGN_OR_RETURN(record.bytes, file_.ReadAt(piece.offset, piece.length));
    record.source_offset = piece.offset;
    // Before the first time of the file, that first time.
    last_ = piece.time ? piece.time : last_ ? last_ : clock_first_;
    record.receive_time = last_.value_or(options_.start);
    return record;
  }

 private:
  struct Piece {
    std::uint64_t offset = 0;
    std::size_t length = 0;
    std::optional<Instant> time;  // of the source's clock when it was cut
  };

  Result<void> Fill() {
    TW_ASSIGN_OR_RETURN(const std::string bytes, file_.Read(kReadSize));
    finished_ = bytes.empty();
    for (const StreamItem& item : finished_ ? stream_.Finish() : stream_.Push(AsBytes(bytes))) {
      if (const auto* packet = std::get_if<Packet>(&item)) {
        const auto time = times_.Of(*packet);
        if (time) clock_.Read(*time);
        if (!clock_first_) clock_first_ = clock_.now();
        pending_.push_back({packet->offset, packet->header.size, clock_.now()});
        continue;
      }
      const auto& fault = std::get<StreamFault>(item);
      for (std::uint64_t at = 0; at < fault.length; at += kReadSize) {
        const auto length =
            static_cast<std::size_t>(std::min<std::uint64_t>(kReadSize, fault.length - at));
        pending_.push_back({fault.offset + at, length, clock_.now()});
      }
    }
    return {};
  }

  RecordedFileOptions options_;
  internal::FileReader file_;
  Stanag4607Stream stream_;
  PacketTimes times_;
  EventClock clock_;
  std::optional<Instant> clock_first_;
  std::optional<Instant> last_;
  std::deque<Piece> pending_;
  std::uint64_t sequence_ = 0;
  bool finished_ = false;  // the file is read
  bool ended_ = false;     // the last record was given
};

// Fails unless there is a packet near the start: a text file must not become a mission of damage.
Result<void> CheckHoldsPackets(internal::FileReader& file) {
  Stanag4607Stream stream;
  TW_ASSIGN_OR_RETURN(const std::string start,
                      file.ReadAt(0, std::min<std::uint64_t>(16, file.size())));
  bool finished = false;
  while (!finished && file.at() < kPacketSearchSize) {
    TW_ASSIGN_OR_RETURN(const std::string bytes, file.Read(kReadSize));
    finished = bytes.empty();
    for (const StreamItem& item : finished ? stream.Finish() : stream.Push(AsBytes(bytes))) {
      if (std::holds_alternative<Packet>(item)) {
        file.Rewind();
        return {};
      }
    }
  }
  return Fail(ErrorCode::kBadInput,
              "{}: no packet in the first {} bytes, which start with {}; expected {}", file.path(),
              file.at(), internal::DescribeStart(start), kExpectedPackets);
}

}  // namespace

Result<std::unique_ptr<RecordedSource>> OpenStanag4607File(Storage& storage,
                                                           const RecordedFileOptions& options) {
  TW_ASSIGN_OR_RETURN(internal::FileReader file,
                      internal::FileReader::Open(storage, options.path, kExpectedPackets));
  TW_RETURN_IF_ERROR(CheckHoldsPackets(file));
  return std::make_unique<Stanag4607FileSource>(options, std::move(file));
}

}  // namespace trucewatch
