// SPDX-License-Identifier: Apache-2.0
#include "ingest/radar/inspect_4607.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <optional>
#include <type_traits>
#include <utility>

#include "core/json/json_writer.h"
#include "core/time/instant.h"
#include "ingest/radar/internal/fields.h"
#include "ingest/radar/internal/geometry.h"
#include "ingest/radar/names.h"
#include "ingest/radar/stanag4607_stream.h"
#include "ingest/radar/target_class.h"

namespace trucewatch {
namespace {

using stanag4607::internal::Field;

constexpr std::size_t kChunk = 256 << 10;
constexpr const char* kFormat = "stanag4607";

// Wire count to the unit of the key. Divides where the scale is a fraction: 3 tenths are 0.3.
double Scaled(double raw, double scale) {
  return scale < 1.0 ? raw / std::round(1.0 / scale) : raw * scale;
}

struct FieldWriter {
  JsonWriter* json;

  template <typename T>
  void operator()(const Field& field, const T& value) const {
    json->Key(field.key);
    Value(field, value);
  }
  template <typename T>
  void operator()(const Field& field, const std::optional<T>& value) const {
    if (value) (*this)(field, *value);
  }

 private:
  template <typename T>
  void Value(const Field& field, const T& value) const {
    if constexpr (std::is_integral_v<T>) {
      if (field.scale != 1.0) {
        json->Number(Scaled(static_cast<double>(value), field.scale));
      } else {
        json->Signed(static_cast<std::int64_t>(value));
      }
    } else if constexpr (requires { value.longitude(); }) {
      json->Number(value.longitude().deg());
    } else if constexpr (requires { value.angle(); }) {
      json->Number(value.angle().deg());
    } else if constexpr (requires { value.str(); }) {
      json->String(value.str());
    } else {
      json->Number(Scaled(value.value(), field.scale));
    }
  }
};

// The job definition's performance fields say "no statement" with their largest value.
struct JobWriter {
  JsonWriter* json;
  template <typename T>
  void operator()(const Field& field, const T& value) const {
    const int number = std::atoi(field.id + 1);
    bool stated = true;
    if constexpr (std::is_unsigned_v<T>) {
      stated = number < 15 || number > 26 || value != std::numeric_limits<T>::max();
    } else if constexpr (std::is_same_v<T, stanag4607::Ba16>) {
      stated = stanag4607::Stated(value).has_value();
    }
    if (stated) {
      FieldWriter{json}(field, value);
    } else {
      json->Key(field.key).Null();
    }
  }
};

// Positions are written beside the fields, put together from deltas where need be.
struct TargetWriter {
  JsonWriter* json;
  template <typename T>
  void operator()(const Field& field, const T& value) const {
    if (field.bit != stanag4607::internal::TargetBit(2) &&
        field.bit != stanag4607::internal::TargetBit(3)) {
      FieldWriter{json}(field, value);
    }
  }
};

class Inspector {
 public:
  Inspector(const std::string& file, const EmitLine& emit) : file_(file), emit_(emit) {}

  void Packet(const stanag4607::Packet& packet) {
    found_ = true;
    if (early_fault_) EmitFault(early_fault_->first, early_fault_->second, {});
    early_fault_.reset();
    auto fault = packet.faults.begin();
    const auto faults_before = [&](std::uint64_t offset) {
      for (; fault != packet.faults.end() && fault->offset < offset; ++fault) {
        EmitFault({fault->offset, fault->length}, fault->reason,
                  stanag4607::SegmentName(fault->type));
      }
    };
    for (const auto& segment : packet.segments) {
      faults_before(segment.offset);
      EmitSegment(packet, segment);
    }
    faults_before(std::numeric_limits<std::uint64_t>::max());
    if (packet.segments.empty() && packet.faults.empty()) {
      JsonWriter json = Begin({packet.offset, packet.header.size}, true);
      json.Field("segment", std::string_view("none"));
      WritePacket(json, packet);
      emit_(json.EndObject().text());
    }
  }

  void Fault(const stanag4607::StreamFault& fault) {
    if (found_) {
      EmitFault({fault.offset, fault.length}, fault.reason, {});
    } else {
      // Held back: a file without any packet is no damaged radar file but something else.
      early_fault_ = {{fault.offset, fault.length}, fault.reason};
      start_ = fault.bytes;
    }
  }

  bool found() const { return found_; }
  const std::string& start() const { return start_; }

 private:
  struct Place {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
  };
  using MissionKey = std::pair<std::string, std::uint32_t>;

  JsonWriter Begin(Place place, bool ok) const {
    JsonWriter json;
    json.BeginObject();
    json.Field("file", file_);
    json.Field("offset", place.offset);
    json.Field("length", place.length);
    json.Field("format", std::string_view(kFormat));
    json.Field("ok", ok);
    return json;
  }

  void EmitFault(Place place, const std::string& reason, std::string_view segment) const {
    JsonWriter json = Begin(place, false);
    json.Field("error", reason);
    if (!segment.empty()) json.Field("segment", segment);
    emit_(json.EndObject().text());
  }

  static void WritePacket(JsonWriter& json, const stanag4607::Packet& packet) {
    json.Key("packet").BeginObject();
    json.Field("offset", packet.offset);
    stanag4607::internal::VisitPacketHeader(packet.header, FieldWriter{&json});
    json.Field("exercise_indicator_name", stanag4607::ExerciseName(packet.header.exercise));
    json.EndObject();
  }

  static void WriteNames(JsonWriter& json, const char* key,
                         const std::vector<std::string_view>& names) {
    json.Key(key).BeginArray();
    for (const std::string_view name : names) json.String(name);
    json.EndArray();
  }

  void EmitSegment(const stanag4607::Packet& packet, const stanag4607::DecodedSegment& segment) {
    JsonWriter json = Begin({segment.offset, segment.length}, true);
    const std::uint8_t type = stanag4607::TypeOf(segment.body);
    json.Field("segment", stanag4607::SegmentName(type));
    json.Field("segment_type", type);
    WritePacket(json, packet);
    const MissionKey key{packet.header.platform.str(), packet.header.mission_id};
    std::visit([&](const auto& body) { Write(json, key, segment, body); }, segment.body);
    if (!segment.remarks.empty()) {
      json.Key("remarks").BeginArray();
      for (const std::string& remark : segment.remarks) json.String(remark);
      json.EndArray();
    }
    emit_(json.EndObject().text());
  }

  void WriteTime(JsonWriter& json, const MissionKey& key, std::uint32_t time_ms) const {
    const auto midnight = midnights_.find(key);
    if (midnight == midnights_.end()) return;
    json.Field("time_utc", FormatUtc(midnight->second + Duration::Millis(time_ms)));
  }

  void Write(JsonWriter& json, const MissionKey& key, const stanag4607::DecodedSegment&,
             const stanag4607::MissionSegment& mission) {
    constexpr std::size_t kMaxMissions = 64;
    const auto midnight = UtcMidnight(mission.year, mission.month, mission.day);
    if (midnight && (midnights_.size() < kMaxMissions || midnights_.contains(key))) {
      midnights_[key] = *midnight;
    }
    stanag4607::internal::VisitMission(mission, FieldWriter{&json});
    json.Field("platform_type_name", stanag4607::PlatformTypeName(mission.platform_type));
  }

  void Write(JsonWriter& json, const MissionKey& key, const stanag4607::DecodedSegment& segment,
             const stanag4607::DwellSegment& dwell) const {
    WriteTime(json, key, dwell.time_ms);
    json.Field("existence_mask", fmt::format("{:016x}", segment.existence_mask));
    stanag4607::internal::VisitDwellHead(dwell, FieldWriter{&json});
    json.Field("target_count", dwell.targets.size());
    stanag4607::internal::VisitDwellBody(dwell, FieldWriter{&json});
    json.Key("targets").BeginArray();
    for (const stanag4607::TargetReport& target : dwell.targets) {
      json.BeginObject();
      if (const auto position = stanag4607::internal::TargetPosition(dwell, target)) {
        json.Field("lat_deg", position->latitude.angle().deg());
        json.Field("lon_deg", position->longitude.longitude().deg());
      }
      stanag4607::internal::VisitTarget(target, TargetWriter{&json});
      if (target.classification) {
        json.Field("class", stanag4607::TargetClassName(*target.classification));
      }
      json.EndObject();
    }
    json.EndArray();
  }

  static void Write(JsonWriter& json, const MissionKey&, const stanag4607::DecodedSegment&,
                    const stanag4607::JobDefinitionSegment& job) {
    stanag4607::internal::VisitJobDefinition(job, JobWriter{&json});
    json.Field("sensor_type_name", stanag4607::SensorTypeName(job.sensor_type));
    json.Field("radar_mode_name", stanag4607::RadarModeName(job.radar_mode));
    json.Field("terrain_model_name", stanag4607::TerrainModelName(job.terrain_model));
    json.Field("geoid_model_name", stanag4607::GeoidModelName(job.geoid_model));
    WriteNames(json, "target_filtering_names", stanag4607::FilteringNames(job.filtering));
  }
  static void Write(JsonWriter& json, const MissionKey&, const stanag4607::DecodedSegment&,
                    const stanag4607::FreeTextSegment& free_text) {
    stanag4607::internal::VisitFreeText(free_text, FieldWriter{&json});
    json.Field("text", free_text.text);
  }
  void Write(JsonWriter& json, const MissionKey& key, const stanag4607::DecodedSegment&,
             const stanag4607::TestStatusSegment& status) const {
    WriteTime(json, key, status.time_ms);
    stanag4607::internal::VisitTestStatus(status, FieldWriter{&json});
    WriteNames(json, "hardware_failed", stanag4607::HardwareNames(status.hardware));
    WriteNames(json, "mode_limits", stanag4607::ModeNames(status.mode));
  }
  static void Write(JsonWriter& json, const MissionKey&, const stanag4607::DecodedSegment&,
                    const stanag4607::ProcessingHistorySegment& history) {
    stanag4607::internal::VisitProcessingHistory(history, FieldWriter{&json});
    json.Key("records").BeginArray();
    for (const stanag4607::ProcessingRecord& record : history.records) {
      json.BeginObject();
      stanag4607::internal::VisitProcessingRecord(record, FieldWriter{&json});
      WriteNames(json, "processing_names", stanag4607::ProcessingNames(record.processing));
      json.EndObject();
    }
    json.EndArray();
  }
  void Write(JsonWriter& json, const MissionKey& key, const stanag4607::DecodedSegment&,
             const stanag4607::PlatformLocationSegment& location) const {
    WriteTime(json, key, location.time_ms);
    stanag4607::internal::VisitPlatformLocation(location, FieldWriter{&json});
  }
  static void Write(JsonWriter& json, const MissionKey&, const stanag4607::DecodedSegment&,
                    const stanag4607::SkippedSegment& skipped) {
    json.Field("decoded", false);
    json.Field("payload_length", skipped.payload.size());
  }

  const std::string& file_;
  const EmitLine& emit_;
  bool found_ = false;
  std::string start_;
  std::optional<std::pair<Place, std::string>> early_fault_;
  std::map<MissionKey, Instant> midnights_;
};

}  // namespace

Result<void> InspectStanag4607(const std::string& file, const ReadChunk& read,
                               const EmitLine& emit) {
  stanag4607::Stanag4607Stream stream;
  Inspector inspector(file, emit);
  std::uint64_t size = 0;
  for (bool finished = false; !finished;) {
    TW_ASSIGN_OR_RETURN(const std::string bytes, read(kChunk));
    finished = bytes.empty();
    size += bytes.size();
    for (const auto& item : finished ? stream.Finish() : stream.Push(AsBytes(bytes))) {
      if (const auto* packet = std::get_if<stanag4607::Packet>(&item)) {
        inspector.Packet(*packet);
      } else {
        inspector.Fault(std::get<stanag4607::StreamFault>(item));
      }
    }
  }
  if (inspector.found()) return {};
  if (size == 0) {
    return Fail(ErrorCode::kBadInput, "{}: the file is empty; expected STANAG 4607 packets", file);
  }
  return Fail(ErrorCode::kBadInput,
              "{}: no STANAG 4607 packet in {} bytes, which start with {}; expected two version "
              "digits, then the packet's size",
              file, size, HexEncode(AsBytes(inspector.start())));
}

}  // namespace trucewatch
