// SPDX-License-Identifier: Apache-2.0
// Packs of ST 0601 and ST 0903; arrays and the other standards: klv_arrays.cc.
#include "ingest/klv/klv_packs.h"

#include "core/json/json_writer.h"
#include "ingest/klv/klv_pack_reader.h"

namespace trucewatch {
namespace {

constexpr ValueRange kLatitude = {-90, 90};
constexpr ValueRange kLongitude = {-180, 180};
constexpr ValueRange kVmtiHeight = {-900, 19000};
constexpr ValueRange kPackSigma = {0, 650};
constexpr ValueRange kPackRho = {-1, 1};

void WriteMapped(JsonWriter& json, std::string_view key, std::optional<double> value) {
  if (value) json.Field(key, *value);
}

void WriteTextIf(JsonWriter& json, std::string_view key, Bytes bytes) {
  if (!bytes.empty()) json.Field(key, AsText(bytes));
}

// ST 0601 location: latitude, longitude and, where there are bytes for it, height.
bool WriteLocation(Bytes bytes, JsonWriter& json) {
  KlvPackReader pack(bytes);
  json.BeginObject();
  WriteMapped(json, "lat_deg", pack.Imapb(kLatitude, 4));
  WriteMapped(json, "lon_deg", pack.Imapb(kLongitude, 4));
  if (!pack.at_end()) WriteMapped(json, "height_hae_m", pack.Imapb({-900, 9000}, 3));
  json.EndObject();
  return pack.Whole();
}

// Three sigmas and three correlations, each triple optional.
void WriteSpread(KlvPackReader& pack, const char* const (&sigma)[3], JsonWriter& json) {
  if (pack.at_end()) return;
  for (const char* key : sigma) WriteMapped(json, key, pack.Imapb(kPackSigma, 2));
  if (pack.at_end()) return;
  for (const char* key : {"rho_east_north", "rho_east_up", "rho_north_up"}) {
    WriteMapped(json, key, pack.Imapb(kPackRho, 2));
  }
}

bool WriteOids(KlvPackReader& pack, JsonWriter& json) {
  json.BeginArray();
  while (!pack.at_end()) {
    const std::uint64_t number = pack.Oid();
    if (pack.ok()) json.Unsigned(number);
  }
  json.EndArray();
  return pack.ok();
}

// Numbers of the bits set in `bits`, the least significant is 0.
void WriteBits(std::uint64_t bits, JsonWriter& json) {
  json.BeginArray();
  for (unsigned i = 0; i < 64; ++i) {
    if (((bits >> i) & 1) != 0) json.Unsigned(i);
  }
  json.EndArray();
}

// An array of what `entry` writes for each entry of a series.
template <typename Entry>
bool WriteSeriesOf(KlvPackReader& pack, JsonWriter& json, const Entry& entry) {
  bool whole = true;
  json.BeginArray();
  while (!pack.at_end()) {
    const Bytes bytes = pack.Counted();
    if (pack.ok()) whole = entry(bytes, json) && whole;
  }
  json.EndArray();
  return whole && pack.ok();
}

bool WriteInterval(Bytes bytes, std::string_view key, ValueRange start, JsonWriter& json) {
  if (bytes.empty()) return true;
  const std::size_t half = bytes.size() / 2;
  if (bytes.size() % 2 != 0 || half > 8) return false;
  json.Key(key).BeginObject();
  WriteMapped(json, "start_deg", DecodeImapb(bytes.first(half), start));
  WriteMapped(json, "range_deg", DecodeImapb(bytes.subspan(half), {0, 360}));
  json.EndObject();
  return true;
}

}  // namespace

bool WriteFlags(Bytes bytes, JsonWriter& json) {
  const auto bits = ReadUnsigned(bytes);
  WriteBits(bits.value_or(0), json);
  return bits.has_value();
}

bool WriteHorizonPack(Bytes bytes, JsonWriter& json) {
  KlvPackReader pack(bytes);
  json.BeginObject();
  for (const char* key : {"x0_percent", "y0_percent", "x1_percent", "y1_percent"}) {
    json.Field(key, pack.Unsigned(1));
  }
  if (!pack.at_end()) {
    WriteMapped(json, "lat0_deg", DecodeSignedMap(pack.Take(4), 90));
    WriteMapped(json, "lon0_deg", DecodeSignedMap(pack.Take(4), 180));
    WriteMapped(json, "lat1_deg", DecodeSignedMap(pack.Take(4), 90));
    WriteMapped(json, "lon1_deg", DecodeSignedMap(pack.Take(4), 180));
  }
  json.EndObject();
  return pack.Whole();
}

// MISB ST 1204: version, usage bits, then the identifiers the usage announces.
bool WriteCoreIdentifier(Bytes bytes, JsonWriter& json) {
  static constexpr const char* kKinds[] = {"none", "managed", "virtual", "physical"};
  KlvPackReader pack(bytes);
  json.BeginObject();
  json.Field("version", pack.Unsigned(1));
  const std::uint64_t usage = pack.Unsigned(1);
  const std::uint64_t sensor = (usage >> 5) & 3;
  const std::uint64_t platform = (usage >> 3) & 3;
  json.Field("sensor_id_kind", std::string_view(kKinds[sensor]));
  json.Field("platform_id_kind", std::string_view(kKinds[platform]));
  const auto identifier = [&](bool present, const char* key) {
    if (!present) return;
    const Bytes id = pack.Take(16);
    if (pack.ok()) json.Field(key, HexEncode(id));
  };
  identifier(sensor != 0, "sensor_id");
  identifier(platform != 0, "platform_id");
  identifier((usage & 4) != 0, "window_id");
  identifier((usage & 2) != 0, "minor_id");
  json.EndObject();
  return pack.Whole();
}

bool WriteControlCommand(Bytes bytes, JsonWriter& json) {
  KlvPackReader pack(bytes);
  json.BeginObject();
  json.Field("id", pack.Oid());
  json.Field("command", AsText(pack.Counted()));
  if (!pack.at_end()) json.Field("time_us", pack.Unsigned(8));
  json.EndObject();
  return pack.Whole();
}

bool WriteOidList(Bytes bytes, JsonWriter& json) {
  KlvPackReader pack(bytes);
  return WriteOids(pack, json);
}

bool WriteCountryCodes(Bytes bytes, JsonWriter& json) {
  KlvPackReader pack(bytes);
  json.BeginObject();
  json.Field("coding_method", ReadUnsigned(pack.Counted()).value_or(0));
  for (const char* key : {"overflight_country", "operator_country", "country_of_manufacture"}) {
    if (!pack.at_end()) WriteTextIf(json, key, pack.Counted());
  }
  json.EndObject();
  return pack.Whole();
}

bool WriteFrameRate(Bytes bytes, JsonWriter& json) {
  KlvPackReader pack(bytes);
  json.BeginObject();
  json.Field("numerator", pack.Oid());
  json.Field("denominator", pack.at_end() ? std::uint64_t{1} : pack.Oid());
  json.EndObject();
  return pack.Whole();
}

bool WriteWavelengths(Bytes bytes, JsonWriter& json) {
  KlvPackReader series(bytes);
  return WriteSeriesOf(series, json, [](Bytes entry, JsonWriter& out) {
    KlvPackReader pack(entry);
    out.BeginObject();
    out.Field("id", pack.Oid());
    WriteMapped(out, "min_nm", pack.Imapb({0, 1e9}, 4));
    WriteMapped(out, "max_nm", pack.Imapb({0, 1e9}, 4));
    out.Field("name", AsText(pack.Rest()));
    out.EndObject();
    return pack.ok();
  });
}

bool WriteAirbaseLocations(Bytes bytes, JsonWriter& json) {
  KlvPackReader pack(bytes);
  bool whole = true;
  json.BeginObject();
  const Bytes take_off = pack.Counted();
  // Without a second place the aircraft comes back to the first.
  const Bytes recovery = pack.at_end() ? take_off : pack.Counted();
  if (!take_off.empty()) whole = WriteLocation(take_off, json.Key("take_off"));
  if (!recovery.empty()) whole = WriteLocation(recovery, json.Key("recovery")) && whole;
  json.EndObject();
  return whole && pack.Whole();
}

bool WritePayloadList(Bytes bytes, JsonWriter& json) {
  KlvPackReader series(bytes);
  const std::uint64_t count = series.Oid();
  std::uint64_t found = 0;
  const bool whole = WriteSeriesOf(series, json, [&found](Bytes entry, JsonWriter& out) {
    KlvPackReader pack(entry);
    ++found;
    out.BeginObject();
    out.Field("id", pack.Oid());
    out.Field("type", pack.Oid());
    out.Field("name", AsText(pack.Counted()));
    out.EndObject();
    return pack.Whole();
  });
  return whole && found == count;
}

bool WriteActivePayloads(Bytes bytes, JsonWriter& json) {
  json.BeginArray();
  for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
    if (((bytes[bytes.size() - 1 - i / 8] >> (i % 8)) & 1) != 0) json.Unsigned(i);
  }
  json.EndArray();
  return true;
}

bool WriteStores(Bytes bytes, JsonWriter& json) {
  KlvPackReader series(bytes);
  return WriteSeriesOf(series, json, [](Bytes entry, JsonWriter& out) {
    KlvPackReader pack(entry);
    out.BeginObject();
    for (const char* key : {"station", "hardpoint", "carriage", "store"}) {
      out.Field(key, pack.Oid());
    }
    const std::uint64_t status = pack.Oid();
    out.Field("general_status", status & 0x7F);
    WriteBits(status >> 8, out.Key("engagement_status_bits"));
    out.Field("type", AsText(pack.Counted()));
    out.EndObject();
    return pack.Whole();
  });
}

bool WriteWaypoints(Bytes bytes, JsonWriter& json) {
  KlvPackReader series(bytes);
  return WriteSeriesOf(series, json, [](Bytes entry, JsonWriter& out) {
    KlvPackReader pack(entry);
    bool whole = true;
    out.BeginObject();
    out.Field("id", pack.Oid());
    out.Field("order", pack.Signed(2));
    if (!pack.at_end()) WriteBits(pack.Oid(), out.Key("info_bits"));
    if (!pack.at_end()) whole = WriteLocation(pack.Rest(), out.Key("location"));
    out.EndObject();
    return whole && pack.ok();
  });
}

bool WriteViewDomain(Bytes bytes, JsonWriter& json) {
  KlvPackReader pack(bytes);
  bool whole = true;
  json.BeginObject();
  whole = WriteInterval(pack.Counted(), "azimuth", {0, 360}, json);
  if (!pack.at_end()) {
    whole = WriteInterval(pack.Counted(), "elevation", {-180, 180}, json) && whole;
  }
  if (!pack.at_end()) whole = WriteInterval(pack.Counted(), "roll", {0, 360}, json) && whole;
  json.EndObject();
  return whole && pack.Whole();
}

bool WriteLocationPack(Bytes bytes, JsonWriter& json) {
  KlvPackReader pack(bytes);
  json.BeginObject();
  WriteMapped(json, "lat_deg", pack.Imapb(kLatitude, 4));
  WriteMapped(json, "lon_deg", pack.Imapb(kLongitude, 4));
  WriteMapped(json, "height_hae_m", pack.Imapb(kVmtiHeight, 2));
  WriteSpread(pack, {"sigma_east_m", "sigma_north_m", "sigma_up_m"}, json);
  json.EndObject();
  return pack.Whole();
}

bool WriteLocationSeries(Bytes bytes, JsonWriter& json) {
  KlvPackReader series(bytes);
  return WriteSeriesOf(series, json, WriteLocationPack);
}

bool WriteVelocityPack(Bytes bytes, JsonWriter& json) {
  KlvPackReader pack(bytes);
  json.BeginObject();
  for (const char* key : {"east", "north", "up"}) {
    WriteMapped(json, key, pack.Imapb({-900, 900}, 2));
  }
  WriteSpread(pack, {"sigma_east", "sigma_north", "sigma_up"}, json);
  json.EndObject();
  return pack.Whole();
}

bool WriteFpaIndex(Bytes bytes, JsonWriter& json) {
  KlvPackReader pack(bytes);
  json.BeginObject();
  json.Field("row", pack.Unsigned(1));
  json.Field("column", pack.Unsigned(1));
  json.EndObject();
  return pack.Whole();
}

bool WritePolygon(Bytes bytes, JsonWriter& json) {
  KlvPackReader series(bytes);
  return WriteSeriesOf(series, json, [](Bytes entry, JsonWriter& out) {
    const auto pixel = ReadUnsigned(entry);
    out.Unsigned(pixel.value_or(0));
    return pixel.has_value();
  });
}

bool WriteBitMask(Bytes bytes, JsonWriter& json) {
  KlvPackReader series(bytes);
  return WriteSeriesOf(series, json, [](Bytes entry, JsonWriter& out) {
    KlvPackReader pack(entry);
    out.BeginObject();
    out.Field("first_pixel", ReadUnsigned(pack.Counted()).value_or(0));
    out.Field("pixels", pack.Length());
    out.EndObject();
    return pack.Whole();
  });
}

bool WriteUuid(Bytes bytes, JsonWriter& json) {
  json.String(HexEncode(bytes));
  return bytes.size() == 16;
}

}  // namespace trucewatch
