// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/inspect_klv.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <type_traits>

#include "core/json/json_writer.h"
#include "ingest/klv/ber.h"
#include "ingest/klv/keys.h"
#include "ingest/klv/st0601.h"
#include "ingest/klv/st0903.h"

namespace trucewatch {
namespace {

constexpr std::size_t kChunk = 256 << 10;

// MISB ST 0102 security set. The tables of its country coding methods differ between editions:
// numbers are kept.
constexpr KlvItemSpec kSecurityItems[] = {
    {1, "security_classification", "", KlvWire::kUnsigned, 1, {}},
    {2, "classifying_country_coding_method", "", KlvWire::kUnsigned, 1, {}},
    {3, "classifying_country", "", KlvWire::kText, 0, {}},
    {4, "sci_shi_information", "", KlvWire::kText, 0, {}},
    {5, "caveats", "", KlvWire::kText, 0, {}},
    {6, "releasing_instructions", "", KlvWire::kText, 0, {}},
    {7, "classified_by", "", KlvWire::kText, 0, {}},
    {8, "derived_from", "", KlvWire::kText, 0, {}},
    {9, "classification_reason", "", KlvWire::kText, 0, {}},
    {10, "declassification_date", "", KlvWire::kText, 0, {}},
    {11, "marking_system", "", KlvWire::kText, 0, {}},
    {12, "object_country_coding_method", "", KlvWire::kUnsigned, 1, {}},
    {14, "classification_comments", "", KlvWire::kText, 0, {}},
    {22, "security_version", "", KlvWire::kUnsigned, 0, {}},
    {23, "classifying_country_coding_method_date", "", KlvWire::kText, 0, {}},
    {24, "object_country_coding_method_date", "", KlvWire::kText, 0, {}},
};

void WriteHead(JsonWriter& json, const KlvLineContext& context, std::uint64_t offset,
               std::uint64_t length, std::string_view format) {
  json.BeginObject();
  json.Field("file", context.file);
  json.Field("offset", context.offset.value_or(offset));
  json.Field("length", length);
  json.Field("format", format);
  if (context.stream) json.Field("stream", *context.stream);
  if (context.pts_s) json.Field("pts_s", *context.pts_s);
}

void WriteValue(JsonWriter& json, const std::optional<KlvValue>& value) {
  json.Key("value");
  if (!value) {
    json.Null();
    return;
  }
  std::visit(
      [&](const auto& v) {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, double>) {
          json.Number(v);
        } else if constexpr (std::is_same_v<T, std::int64_t>) {
          json.Signed(v);
        } else if constexpr (std::is_same_v<T, std::uint64_t>) {
          json.Unsigned(v);
        } else {
          json.String(v);
        }
      },
      *value);
}

void WriteItemBody(JsonWriter& json, const KlvItemSpec* spec, const std::optional<KlvValue>& value,
                   Bytes raw, const std::string& problem) {
  json.Field("name", std::string_view(spec == nullptr ? "unknown" : spec->name));
  WriteValue(json, value);
  if (spec != nullptr && spec->unit[0] != '\0') json.Field("unit", std::string_view(spec->unit));
  if (!value) json.Field("raw", HexEncode(raw));
  if (!problem.empty()) json.Field("error", problem);
}

void WriteSecurity(JsonWriter& json, Bytes value, std::uint64_t offset) {
  const auto items = SplitLocalSet(value, offset);
  if (!items) {
    json.Field("error", items.error().message);
    return;
  }
  json.Key("tags").BeginObject();
  std::set<std::uint32_t> seen;
  for (const RawKlvItem& item : *items) {
    if (!seen.insert(item.tag).second) continue;
    const auto* spec =
        std::find_if(std::begin(kSecurityItems), std::end(kSecurityItems),
                     [&](const KlvItemSpec& candidate) { return candidate.tag == item.tag; });
    if (spec == std::end(kSecurityItems)) spec = nullptr;
    std::string problem;
    const auto decoded =
        spec == nullptr ? std::nullopt : DecodeKlvValue(*spec, item.bytes, problem);
    json.Key(std::to_string(item.tag)).BeginObject();
    WriteItemBody(json, spec, decoded, item.bytes, problem);
    json.EndObject();
  }
  json.EndObject();
}

template <typename T>
void WriteIf(JsonWriter& json, std::string_view key, const std::optional<T>& value) {
  if (!value) return;
  if constexpr (std::is_same_v<T, Angle>) {
    json.Field(key, value->deg());
  } else {
    json.Field(key, *value);
  }
}

void WritePixel(JsonWriter& json, std::string_view key, const std::optional<VmtiPixel>& pixel) {
  if (!pixel) return;
  json.Key(key).BeginObject().Field("row", pixel->row).Field("column", pixel->column).EndObject();
}

void WriteTarget(JsonWriter& json, const VmtiTarget& target) {
  json.BeginObject().Field("id", target.id);
  WritePixel(json, "centroid_px", target.centroid);
  WritePixel(json, "box_top_left_px", target.box_top_left);
  WritePixel(json, "box_bottom_right_px", target.box_bottom_right);
  WriteIf(json, "priority", target.priority);
  WriteIf(json, "confidence_percent", target.confidence_percent);
  WriteIf(json, "latitude_offset_deg", target.latitude_offset);
  WriteIf(json, "longitude_offset_deg", target.longitude_offset);
  WriteIf(json, "height_hae_m", target.height_hae_m);
  if (target.location) {
    json.Field("lat_deg", target.location->latitude.deg());
    json.Field("lon_deg", target.location->longitude.deg());
    json.Field("location_height_hae_m", target.location->height_hae_m);
  }
  WriteIf(json, "sigma_east_m", target.sigma_east_m);
  WriteIf(json, "sigma_north_m", target.sigma_north_m);
  WriteIf(json, "sigma_up_m", target.sigma_up_m);
  WriteIf(json, "detection_status", target.detection_status);
  json.EndObject();
}

void WriteVmti(JsonWriter& json, Bytes value, std::uint64_t offset, std::uint64_t width_px) {
  const auto vmti = DecodeVmti(value, offset, width_px);
  if (!vmti) {
    json.Field("error", vmti.error().message);
    return;
  }
  WriteIf(json, "time_us", vmti->time_us);
  WriteIf(json, "system_name", vmti->system_name);
  WriteIf(json, "version", vmti->version);
  WriteIf(json, "targets_in_frame", vmti->targets_in_frame);
  WriteIf(json, "targets_reported", vmti->targets_reported);
  WriteIf(json, "frame_number", vmti->frame_number);
  WriteIf(json, "frame_width_px", vmti->frame_width_px);
  WriteIf(json, "frame_height_px", vmti->frame_height_px);
  WriteIf(json, "source_sensor", vmti->source_sensor);
  WriteIf(json, "horizontal_fov_deg", vmti->horizontal_fov);
  WriteIf(json, "vertical_fov_deg", vmti->vertical_fov);
  json.Key("targets").BeginArray();
  for (const VmtiTarget& target : vmti->targets) WriteTarget(json, target);
  json.EndArray();
  if (vmti->problems.empty()) return;
  json.Key("problems").BeginArray();
  for (const std::string& problem : vmti->problems) json.String(problem);
  json.EndArray();
}

void WriteChecksum(JsonWriter& json, KlvChecksumState state) {
  const bool sound = IsSound(state);
  json.Field("ok", sound);
  if (!sound) json.Field("error", fmt::format("the checksum (item 1) is {}", Name(state)));
  json.Field("checksum_ok", state == KlvChecksumState::kOk);
  if (sound && state != KlvChecksumState::kOk)
    json.Field("checksum", std::string_view(Name(state)));
}

std::string Failed(JsonWriter& json, const std::string& reason) {
  json.Field("ok", false).Field("error", reason).EndObject();
  return json.text();
}

std::string St0601Line(const KlvLineContext& context, const KlvPacket& packet) {
  JsonWriter json;
  WriteHead(json, context, packet.offset, packet.bytes.size(), "st0601");
  const auto set = DecodeSt0601(packet);
  if (!set) return Failed(json, set.error().message);
  WriteChecksum(json, set->checksum);
  if (set->time) json.Field("time_utc", FormatUtc(*set->time));
  json.Key("tags").BeginObject();
  std::set<std::uint32_t> seen;
  for (const KlvItem& item : set->items) {
    if (!seen.insert(item.tag).second) continue;  // told in "problems"
    json.Key(std::to_string(item.tag)).BeginObject();
    WriteItemBody(json, item.spec, item.value, AsBytes(item.raw), item.problem);
    if (item.tag == 48) WriteSecurity(json, AsBytes(item.raw), 0);
    if (item.tag == 74) WriteVmti(json, AsBytes(item.raw), 0, context.video_width_px);
    json.EndObject();
  }
  json.EndObject();
  if (!set->problems.empty()) {
    json.Key("problems").BeginArray();
    for (const std::string& problem : set->problems) json.String(problem);
    json.EndArray();
  }
  return json.EndObject().text();
}

std::string St0903Line(const KlvLineContext& context, const KlvPacket& packet) {
  JsonWriter json;
  WriteHead(json, context, packet.offset, packet.bytes.size(), "st0903");
  WriteChecksum(json, CheckKlvChecksum(packet));
  WriteVmti(json, packet.value(), packet.offset + packet.value_at, context.video_width_px);
  return json.EndObject().text();
}

// A universal set: 16-byte keys inside. Its items are given raw.
std::string Eg0104Line(const KlvLineContext& context, const KlvPacket& packet) {
  JsonWriter json;
  WriteHead(json, context, packet.offset, packet.bytes.size(), "eg0104");
  std::vector<std::pair<std::string, Bytes>> items;
  for (Bytes rest = packet.value(); !rest.empty();) {
    const auto length =
        rest.size() > kKlvKeySize ? ReadBerLength(rest.subspan(kKlvKeySize)) : std::nullopt;
    if (!length || length->value > rest.size() - kKlvKeySize - length->size) {
      return Failed(json, fmt::format("byte {}: the set breaks off inside an item",
                                      packet.offset + packet.bytes.size() - rest.size()));
    }
    const std::size_t begin = kKlvKeySize + length->size;
    items.emplace_back(HexEncode(rest.first(kKlvKeySize)), rest.subspan(begin, length->value));
    rest = rest.subspan(begin + length->value);
  }
  json.Field("ok", true).Key("tags").BeginObject();
  std::set<std::string> seen;
  for (const auto& [key, bytes] : items) {
    if (!seen.insert(key).second) continue;
    json.Key(key).BeginObject();
    WriteItemBody(json, nullptr, std::nullopt, bytes, "");
    json.EndObject();
  }
  return json.EndObject().EndObject().text();
}

std::string OtherLine(const KlvLineContext& context, const KlvPacket& packet) {
  JsonWriter json;
  WriteHead(json, context, packet.offset, packet.bytes.size(), "klv");
  return json.Field("ok", true).Field("key", HexEncode(packet.key())).EndObject().text();
}

bool HasKey(const KlvPacket& packet, const KlvKey& key) {
  const Bytes found = packet.key();
  return std::equal(found.begin(), found.end(), key.begin());
}

}  // namespace

std::string KlvRecordLine(const KlvLineContext& context, const KlvRecord& record) {
  if (const auto* damage = std::get_if<KlvDamage>(&record)) {
    JsonWriter json;
    WriteHead(json, context, damage->offset, damage->length, "klv");
    return Failed(json, damage->reason);
  }
  const auto& packet = std::get<KlvPacket>(record);
  if (HasKey(packet, kSt0601Key)) return St0601Line(context, packet);
  if (HasKey(packet, kSt0903Key)) return St0903Line(context, packet);
  if (HasKey(packet, kEg0104Key)) return Eg0104Line(context, packet);
  return OtherLine(context, packet);
}

Result<void> InspectKlv(const std::string& file, const ReadChunk& read, const EmitLine& emit) {
  KlvSplitter splitter;
  KlvLineContext context;
  context.file = file;
  bool any_packet = false;
  std::vector<std::string>
      held;  // lines of damage before the first packet: a file of other content gives none
  const auto take = [&](const std::vector<KlvRecord>& records) {
    for (const KlvRecord& record : records) {
      const std::string line = KlvRecordLine(context, record);
      const bool damage = std::holds_alternative<KlvDamage>(record);
      if (!any_packet && damage && held.size() < 16) {
        held.push_back(line);
        continue;
      }
      for (const std::string& earlier : held) emit(earlier);
      held.clear();
      any_packet = any_packet || !damage;
      emit(line);
    }
  };
  while (true) {
    TW_ASSIGN_OR_RETURN(const std::string chunk, read(kChunk));
    if (chunk.empty()) break;
    take(splitter.Push(AsBytes(chunk)));
  }
  take(splitter.Finish());
  if (any_packet) return {};
  return Fail(ErrorCode::kBadInput,
              "{}: no KLV packet in it: expected the key 06 0e 2b 34 and a length that fits", file);
}

}  // namespace trucewatch
