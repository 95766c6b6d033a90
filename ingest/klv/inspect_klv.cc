// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/inspect_klv.h"

#include <algorithm>
#include <bit>
#include <set>
#include <type_traits>

#include "core/json/json_writer.h"
#include "ingest/klv/ber.h"
#include "ingest/klv/eg0104.h"
#include "ingest/klv/keys.h"
#include "ingest/klv/nested_items.h"
#include "ingest/klv/platform_state.h"
#include "ingest/klv/st0601.h"
#include "ingest/klv/st0903.h"

namespace trucewatch {
namespace {

constexpr std::size_t kChunk = 256 << 10;

// Sets within sets; deeper ones are kept raw.
constexpr int kMaxDepth = 6;
constexpr std::uint32_t kVmtiTag = 74;
constexpr std::uint32_t kSdccTag = 102;

void WriteHead(JsonWriter& json, const KlvLineContext& context, std::uint64_t offset,
               std::uint64_t length, std::string_view format) {
  json.BeginObject();
  json.Field("file", context.file);
  json.Field("offset", context.offset.value_or(offset));
  json.Field("length", length);
  json.Field("format", format);
  if (context.stream) json.Field("stream", *context.stream);
  if (context.pts_s) json.Field("pts_s", *context.pts_s);
  if (context.repaired) json.Field("repaired", true);
}

void WriteValue(JsonWriter& json, const KlvItem& item) {
  json.Key("value");
  if (!item.value) {
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
        } else if (item.spec->wire == KlvWire::kUtf16) {
          json.String(Utf8FromUtf16(v));
        } else {
          json.String(v);
        }
      },
      *item.value);
}

// Meaning of an enumeration's number, bits of a set of flags.
void WriteMeaning(JsonWriter& json, const KlvItem& item) {
  const auto* number = item.value ? std::get_if<std::uint64_t>(&*item.value) : nullptr;
  if (number == nullptr) return;
  const auto& words = item.spec->words;
  if (*number < words.size() && words[*number][0] != '\0') {
    json.Field("meaning", std::string_view(words[*number]));
  }
  if (item.spec->pack != nullptr) item.spec->pack(AsBytes(item.raw), json.Key("bits"));
}

// `only`: the items to write; null: all.
void WriteTags(JsonWriter& json, KlvSchema schema, Bytes value, int depth,
               const std::vector<std::uint32_t>* only = nullptr);

void WriteNested(JsonWriter& json, const KlvItem& item, int depth) {
  const Bytes bytes = AsBytes(item.raw);
  switch (item.spec->wire) {
    case KlvWire::kPack:
      if (!item.spec->pack(bytes, json.Key("value"))) {
        json.Field("error", std::string_view("the pack's fields do not fill its bytes"));
        json.Field("raw", HexEncode(bytes));
      }
      return;
    case KlvWire::kSet:
      if (depth < kMaxDepth) return WriteTags(json, NestedSchema(*item.spec), bytes, depth + 1);
      break;
    case KlvWire::kSeries:
      if (const auto entries = SplitSeries(bytes); entries && depth < kMaxDepth) {
        json.Key("sets").BeginArray();
        for (const Bytes entry : *entries) {
          json.BeginObject();
          WriteTags(json, NestedSchema(*item.spec), entry, depth + 1);
          json.EndObject();
        }
        json.EndArray();
        return;
      }
      json.Field("error", std::string_view("the series breaks off"));
      break;
    default:
      break;
  }
  json.Key("value").Null();
  json.Field("raw", HexEncode(bytes));
}

void WriteItemBody(JsonWriter& json, const KlvItem& item, int depth) {
  json.Field("name", std::string_view(item.spec == nullptr ? "unknown" : item.spec->name));
  const bool has_unit = item.spec != nullptr && item.spec->unit[0] != '\0';
  if (item.status == KlvStatus::kNested) {
    WriteNested(json, item, depth);
    if (has_unit) json.Field("unit", std::string_view(item.spec->unit));
    return;
  }
  WriteValue(json, item);
  if (IsSpecial(item.status)) {
    json.Field("special", std::string_view(SpecialName(item.status, *item.spec)));
  }
  if (has_unit) json.Field("unit", std::string_view(item.spec->unit));
  WriteMeaning(json, item);
  if (!item.value) json.Field("raw", HexEncode(AsBytes(item.raw)));
  if (const std::string problem = item.Problem(); !problem.empty()) json.Field("error", problem);
}

// "tags" of a nested set, and "error" when its items do not fill it. Of an item that is there twice
// the first is given.
void WriteTags(JsonWriter& json, KlvSchema schema, Bytes value, int depth,
               const std::vector<std::uint32_t>* only) {
  json.Key("tags").BeginObject();
  std::set<std::uint32_t> seen;
  KlvItemCursor cursor(value);
  while (const auto raw = cursor.Next()) {
    if (only != nullptr && std::find(only->begin(), only->end(), raw->tag) == only->end()) continue;
    if (!seen.insert(raw->tag).second) continue;
    json.Key(std::to_string(raw->tag)).BeginObject();
    WriteItemBody(json, DecodeKlvItem(raw->tag, FindKlvItem(schema, raw->tag), raw->bytes), depth);
    json.EndObject();
  }
  json.EndObject();
  if (!cursor.ok()) json.Field("error", cursor.WhatIsWrong(0).message);
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

void WriteTarget(JsonWriter& json, const VmtiTarget& target, VmtiMaps maps) {
  json.BeginObject().Field("id", target.id);
  WritePixel(json, "centroid_px", target.centroid);
  WritePixel(json, "box_top_left_px", target.box_top_left);
  WritePixel(json, "box_bottom_right_px", target.box_bottom_right);
  WriteIf(json, "priority", target.priority);
  WriteIf(json, "confidence_percent", target.confidence_percent);
  WriteIf(json, "history_frames", target.history);
  WriteIf(json, "target_pixels_percent", target.pixels_percent);
  WriteIf(json, "color_rgb", target.color_rgb);
  WriteIf(json, "intensity", target.intensity);
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
  WriteIf(json, "rho_east_north", target.rho_east_north);
  WriteIf(json, "rho_east_up", target.rho_east_up);
  WriteIf(json, "rho_north_up", target.rho_north_up);
  WriteIf(json, "box_top_left_latitude_offset_deg", target.box_top_left_latitude_offset);
  WriteIf(json, "box_top_left_longitude_offset_deg", target.box_top_left_longitude_offset);
  WriteIf(json, "box_bottom_right_latitude_offset_deg", target.box_bottom_right_latitude_offset);
  WriteIf(json, "box_bottom_right_longitude_offset_deg", target.box_bottom_right_longitude_offset);
  WriteIf(json, "algorithm_id", target.algorithm_id);
  WriteIf(json, "detection_status", target.detection_status);
  if (!target.other_items.empty()) {
    WriteTags(json, VTargetSchema(maps), target.items, 1, &target.other_items);
  }
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
  const VmtiMaps maps = vmti->early_edition ? VmtiMaps::kLinear : VmtiMaps::kImapb;
  for (const VmtiTarget& target : vmti->targets) WriteTarget(json, target, maps);
  json.EndArray();
  if (!vmti->other_items.empty()) {
    WriteTags(json, VmtiSchema(maps), value, 1, &vmti->other_items);
  }
  if (vmti->problems.empty()) return;
  json.Key("problems").BeginArray();
  for (const std::string& problem : vmti->problems) json.String(problem);
  json.EndArray();
}

// ST 1010: the matrix is about the items that stand before it; which they are.
void WriteSdccTags(JsonWriter& json, const UasDatalink& set, std::size_t index) {
  const auto members = ReadBerOid(AsBytes(set.items[index].raw));
  if (!members || members->value > index) return;
  json.Key("applies_to").BeginArray();
  for (std::size_t i = index - members->value; i < index; ++i) json.Unsigned(set.items[i].tag);
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

// How the angles of the set are to be read, and how well they then meet the frame centre. Heights
// above mean sea level count as ellipsoidal: the geoid is not known here and moves both ends alike.
void WriteClosure(JsonWriter& json, const UasDatalink& set) {
  const PlatformState state = PlatformStateFromSt0601(set, {});
  const bool refused = state.problem.find("misses the frame centre") != std::string::npos;
  if (!state.closure && !refused) return;
  json.Key("closure").BeginObject();
  json.Field("convention", std::string_view(state.closure ? Name(state.convention) : "none"));
  if (state.closure) json.Field("miss_deg", state.closure->deg());
  if (state.corners) {
    json.Field("picture_level", state.corners->reading == RollReading::kLevel);
    json.Field("corner_miss_deg", state.corners->miss.deg());
  }
  if (refused) json.Field("reason", state.problem);
  json.EndObject();
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
  for (std::size_t i = 0; i < set->items.size(); ++i) {
    const KlvItem& item = set->items[i];
    if (!seen.insert(item.tag).second) continue;  // told in "problems"
    json.Key(std::to_string(item.tag)).BeginObject();
    if (item.tag == kVmtiTag) {
      json.Field("name", std::string_view(item.spec->name));
      WriteVmti(json, AsBytes(item.raw), packet.offset, context.video_width_px);
    } else {
      WriteItemBody(json, item, 0);
    }
    if (item.tag == kSdccTag) WriteSdccTags(json, *set, i);
    json.EndObject();
  }
  json.EndObject();
  WriteClosure(json, *set);
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

// A universal set: 16-byte keys inside, which are the names of its "tags".
std::string Eg0104Line(const KlvLineContext& context, const KlvPacket& packet) {
  JsonWriter json;
  WriteHead(json, context, packet.offset, packet.bytes.size(), "eg0104");
  const auto items = DecodeEg0104(packet);
  if (!items) return Failed(json, items.error().message);
  json.Field("ok", true);
  const auto time = std::find_if(items->begin(), items->end(), [](const UniversalItem& entry) {
    return entry.item.spec != nullptr && entry.item.spec->wire == KlvWire::kTime;
  });
  if (time != items->end() && time->item.value) {
    const auto micros = static_cast<std::int64_t>(std::get<std::uint64_t>(*time->item.value));
    json.Field("time_utc", FormatUtc(Instant::FromMicros(micros)));
  }
  json.Key("tags").BeginObject();
  std::set<std::string> seen;
  for (const auto& [key, item] : *items) {
    const std::string name = HexEncode(key);
    if (!seen.insert(name).second) continue;
    json.Key(name).BeginObject();
    WriteItemBody(json, item, 0);
    json.EndObject();
  }
  return json.EndObject().EndObject().text();
}

// A key that is one of ours but for one bit: a damaged one.
bool IsNearlyOurs(Bytes key) {
  for (const KlvKey& ours : {kSt0601Key, kSt0903Key, kEg0104Key}) {
    int bits = 0;
    for (std::size_t i = 0; i < ours.size(); ++i) {
      bits += std::popcount(static_cast<unsigned>(ours[i] ^ key[i]));
    }
    if (bits == 1) return true;
  }
  return false;
}

std::string OtherLine(const KlvLineContext& context, const KlvPacket& packet) {
  JsonWriter json;
  WriteHead(json, context, packet.offset, packet.bytes.size(), "klv");
  const bool damaged = IsNearlyOurs(packet.key());
  json.Field("ok", !damaged);
  if (damaged) {
    json.Field("error", std::string_view("one bit of the key is wrong: the packet is not read"));
  }
  return json.Field("key", HexEncode(packet.key())).EndObject().text();
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
