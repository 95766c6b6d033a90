// SPDX-License-Identifier: Apache-2.0
// Packs of ST 0806, 1002, 1010 and arrays of ST 1303.
#include <array>
#include <bit>
#include <vector>

#include "core/json/json_writer.h"
#include "ingest/klv/klv_pack_reader.h"
#include "ingest/klv/klv_packs.h"

namespace trucewatch {
namespace {

constexpr std::size_t kMaxMembers = 256;  // of a covariance; ST 0601 has fewer items
constexpr std::size_t kMaxDimensions = 8;

std::optional<double> ReadReal(Bytes bytes) {
  if (bytes.size() == 4) return std::bit_cast<float>(ReadBe32(bytes));
  if (bytes.size() == 8) return std::bit_cast<double>(ReadBe64(bytes));
  return std::nullopt;
}

void WriteReal(JsonWriter& json, std::optional<double> value) {
  if (value) {
    json.Number(*value);
  } else {
    json.Null();
  }
}

// MISB ST 1303 multi-dimensional array pack: dimensions, element size, how elements are coded.
struct ArrayPack {
  std::vector<std::uint64_t> sizes;
  std::size_t element_size = 0;
  std::uint64_t coding = 0;  // 1: natural, 2: IMAPB
  ValueRange range;          // with 2
  Bytes elements;
};

std::optional<ArrayPack> ReadArray(Bytes bytes) {
  KlvPackReader pack(bytes);
  ArrayPack array;
  const std::uint64_t dimensions = pack.Oid();
  if (dimensions == 0 || dimensions > kMaxDimensions) return std::nullopt;
  std::uint64_t count = 1;
  for (std::uint64_t i = 0; i < dimensions; ++i) {
    array.sizes.push_back(pack.Oid());
    if (array.sizes.back() > bytes.size()) return std::nullopt;
    count *= array.sizes.back();
    if (count > bytes.size()) return std::nullopt;  // an element has a byte at least
  }
  const std::uint64_t size = pack.Oid();
  array.coding = pack.Oid();
  if (!pack.ok() || size == 0 || size > 8) return std::nullopt;
  array.element_size = size;
  if (count * size > pack.left()) return std::nullopt;
  const std::size_t parameters = pack.left() - count * size;
  if (array.coding == 2) {
    const auto low = ReadReal(pack.Take(parameters / 2));
    const auto high = ReadReal(pack.Take(parameters - parameters / 2));
    if (!low || !high || !(*low < *high) || !(*high - *low < 1e300)) return std::nullopt;
    array.range = {*low, *high};
  } else if (array.coding != 1 || parameters != 0) {
    return std::nullopt;
  }
  array.elements = pack.Rest();
  return array;
}

// `natural(row, bytes)` gives the number of an element in natural coding; row: the first index.
template <typename Natural>
bool WriteArray(Bytes bytes, JsonWriter& json, const Natural& natural) {
  const auto array = ReadArray(bytes);
  if (!array) {
    json.Null();
    return false;
  }
  json.BeginObject().Key("sizes").BeginArray();
  for (const std::uint64_t size : array->sizes) json.Unsigned(size);
  json.EndArray().Key("elements").BeginArray();
  const std::size_t count = array->elements.size() / array->element_size;
  const std::size_t row_size = array->sizes[0] == 0 ? 1 : count / array->sizes[0];
  for (std::size_t i = 0; i < count; ++i) {
    const Bytes element = array->elements.subspan(i * array->element_size, array->element_size);
    WriteReal(json, array->coding == 2 ? DecodeImapb(element, array->range)
                                       : natural(i / row_size, element));
  }
  json.EndArray().EndObject();
  return true;
}

// ST 1601: rows of standard deviations and correlations, each row with its own map.
bool WriteSdccArray(Bytes bytes, const std::array<ValueRange, 6>& rows, JsonWriter& json) {
  return WriteArray(bytes, json, [&](std::size_t row, Bytes element) -> std::optional<double> {
    return row < rows.size() ? DecodeImapb(element, rows[row]) : std::nullopt;
  });
}

struct SdccControl {
  std::size_t sigma_size = 0;
  std::size_t rho_size = 0;
  bool sigma_imapb = false;
  bool rho_imapb = true;
  bool sparse = false;
};

// ST 1010 mode 1 (one byte) and mode 2 (two bytes).
SdccControl ReadControl(KlvPackReader& pack) {
  const std::size_t before = pack.left();
  const std::uint64_t bits = pack.Oid();
  SdccControl control;
  if (before - pack.left() > 1) {
    control.sigma_size = bits & 0xF;
    control.sigma_imapb = (bits & 0x10) != 0;
    control.rho_size = (bits >> 7) & 0xF;
    control.rho_imapb = (bits & 0x800) != 0;
    control.sparse = (bits & 0x1000) != 0;
  } else {
    control.rho_size = bits & 7;
    control.sparse = (bits & 8) != 0;
    control.sigma_size = (bits >> 4) & 7;
  }
  return control;
}

}  // namespace

// The sigmas of the items that stand before this one in the set, in their order, and the upper
// triangle of their correlations, row by row.
bool WriteSdccFlp(Bytes bytes, JsonWriter& json) {
  KlvPackReader pack(bytes);
  const std::uint64_t members = pack.Oid();
  const SdccControl control = ReadControl(pack);
  if (!pack.ok() || members == 0 || members > kMaxMembers) {
    json.Null();
    return false;
  }
  const std::size_t pairs = members * (members - 1) / 2;
  const Bytes present = control.sparse ? pack.Take((pairs + 7) / 8) : Bytes();
  json.BeginObject().Field("members", members).Key("sigmas").BeginArray();
  // IMAPB sigmas are mapped by ranges that only the document in force names: null.
  for (std::size_t i = 0; i < members && control.sigma_size > 0 && pack.ok(); ++i) {
    const Bytes sigma = pack.Take(control.sigma_size);
    if (pack.ok()) WriteReal(json, control.sigma_imapb ? std::nullopt : ReadReal(sigma));
  }
  json.EndArray().Key("correlations").BeginArray();
  for (std::size_t i = 0; i < pairs && control.rho_size > 0 && pack.ok(); ++i) {
    if (control.sparse && ((present[i / 8] >> (7 - i % 8)) & 1) == 0) {
      json.Number(0);
      continue;
    }
    const Bytes rho = pack.Take(control.rho_size);
    if (pack.ok()) WriteReal(json, control.rho_imapb ? DecodeImapb(rho, {-1, 1}) : ReadReal(rho));
  }
  json.EndArray().EndObject();
  return pack.Whole();
}

bool WriteUserDataType(Bytes bytes, JsonWriter& json) {
  KlvPackReader pack(bytes);
  const std::uint64_t number = pack.Unsigned(1);
  json.BeginObject().Field("type", number >> 6).Field("id", number & 0x3F).EndObject();
  return pack.Whole();
}

bool WriteRangeImageKinds(Bytes bytes, JsonWriter& json) {
  KlvPackReader pack(bytes);
  const std::uint64_t bits = pack.Unsigned(1);
  json.BeginObject().Field("compression_method", bits & 7);
  json.Field("data_type", (bits >> 3) & 7).Field("source", (bits >> 6) & 1).EndObject();
  return pack.Whole();
}

bool WriteSectionData(Bytes bytes, JsonWriter& json) {
  KlvPackReader pack(bytes);
  bool whole = true;
  json.BeginObject();
  json.Field("section_x", ReadUnsigned(pack.Counted()).value_or(0));
  json.Field("section_y", ReadUnsigned(pack.Counted()).value_or(0));
  for (const char* key : {"measurements", "uncertainties"}) {
    const Bytes array = pack.at_end() ? Bytes() : pack.Counted();
    if (!array.empty()) whole = WriteRealArray(array, json.Key(key)) && whole;
  }
  for (const char* key : {"plane_x_scale", "plane_y_scale", "plane_constant"}) {
    const Bytes real = pack.at_end() ? Bytes() : pack.Counted();
    if (!real.empty()) WriteReal(json.Key(key), ReadReal(real));
  }
  json.EndObject();
  return whole && pack.Whole();
}

bool WriteUnsignedArray(Bytes bytes, JsonWriter& json) {
  return WriteArray(bytes, json, [](std::size_t, Bytes element) -> std::optional<double> {
    return static_cast<double>(ReadUnsigned(element).value_or(0));
  });
}

bool WriteRealArray(Bytes bytes, JsonWriter& json) {
  return WriteArray(bytes, json, [](std::size_t, Bytes element) { return ReadReal(element); });
}

bool WritePixelSdcc(Bytes bytes, JsonWriter& json) {
  constexpr ValueRange kSigma = {0, 100};
  constexpr ValueRange kRho = {-1, 1};
  return WriteSdccArray(bytes, {kSigma, kSigma, kRho, kSigma, kSigma, kRho}, json);
}

bool WriteGeographicSdcc(Bytes bytes, JsonWriter& json) {
  constexpr ValueRange kSigma = {0, 650};
  constexpr ValueRange kRho = {-1, 1};
  return WriteSdccArray(bytes, {kSigma, kSigma, kRho, ValueRange{0, 1000}, kRho, kRho}, json);
}

}  // namespace trucewatch
