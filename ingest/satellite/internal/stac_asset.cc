// SPDX-License-Identifier: Apache-2.0
#include "ingest/satellite/internal/stac_asset.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>

namespace trucewatch::internal {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

constexpr int kMaxBands = 64;
constexpr std::size_t kMaxInputs = 16;

// Nothing when it is not there or null; kBadInput outside the bounds.
Result<std::optional<double>> Number(const Struct& object, const std::string& key, double low,
                                     double high, const std::string& name) {
  const Value* value = Find(object, key);
  if (value == nullptr || value->kind_case() == Value::kNullValue) return std::optional<double>();
  const double number = value->number_value();
  if (value->kind_case() != Value::kNumberValue || !(number >= low && number <= high)) {
    return Fail(ErrorCode::kBadInput, "{}: {} is no number from {} to {}", name, key, low, high);
  }
  return std::optional<double>(number);
}

std::string LowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool IsImage(const std::string& type, const std::string& href) {
  for (const char* image : {"image/tiff", "image/vnd.stac.geotiff", "image/jp2", "image/jpx",
                            "application/vnd.nitf", "image/nitf"}) {
    if (type.rfind(image, 0) == 0) return true;
  }
  if (!type.empty()) return false;
  const std::string path = LowerCase(href);
  for (const char* ending : {".tif", ".tiff", ".jp2", ".ntf", ".nitf"}) {
    if (path.ends_with(ending)) return true;
  }
  return false;
}

bool HasRole(const StacRaster& asset, std::string_view role) {
  return std::find(asset.roles.begin(), asset.roles.end(), role) != asset.roles.end();
}

// Smaller is better; nothing for rasters that are no picture of the ground (masks, thumbnails).
std::optional<int> Rank(const StacRaster& asset) {
  if (HasRole(asset, "thumbnail") || HasRole(asset, "overview") || HasRole(asset, "metadata")) {
    return std::nullopt;
  }
  if (HasRole(asset, "data")) return 0;
  if (HasRole(asset, "visual")) return 1;
  return asset.roles.empty() ? std::optional<int>(2) : std::nullopt;
}

// Multihash: 12 is SHA-256, 20 its length in bytes, both hexadecimal.
Result<void> ParseChecksum(const std::string& checksum, const std::string& where,
                           StacRaster& asset) {
  const auto bytes = HexDecode(checksum);
  if (!bytes || bytes->size() < 3) {
    return Fail(ErrorCode::kBadInput, "{}: file:checksum is no multihash in hexadecimal", where);
  }
  asset.other_checksum = (*bytes)[0] != '\x12';
  if (asset.other_checksum) return {};
  if (bytes->size() != 34 || (*bytes)[1] != '\x20') {
    return Fail(ErrorCode::kBadInput,
                "{}: file:checksum says SHA-256 but has {} bytes; expected 34", where,
                bytes->size());
  }
  asset.sha256.emplace();
  std::transform(bytes->begin() + 2, bytes->end(), asset.sha256->begin(),
                 [](char c) { return static_cast<std::uint8_t>(c); });
  return {};
}

// One list of bands: what is in it comes on top of what is there.
Result<void> ParseBands(const Struct& asset, const std::string& key, const std::string& where,
                        std::vector<StacBand>& bands) {
  const Value* list = Find(asset, key);
  if (list == nullptr) return {};
  const auto& values = list->list_value().values();
  if (values.size() > kMaxBands) {
    return Fail(ErrorCode::kBadInput, "{}: {} has more than {} bands", where, key, kMaxBands);
  }
  bands.resize(std::max(bands.size(), static_cast<std::size_t>(values.size())));
  for (int i = 0; i < values.size(); ++i) {
    const Struct& band = values[i].struct_value();
    StacBand& into = bands[static_cast<std::size_t>(i)];
    const std::string in = fmt::format("{}: {} {}", where, key, i);
    if (const std::string name = Text(band, "name"); IsText(name, 64)) into.name = name;
    for (const char* common : {"eo:common_name", "common_name"}) {
      if (const std::string word = Text(band, common); IsText(word, 64)) into.common_name = word;
    }
    for (const std::string prefix : {"", "raster:"}) {
      TW_ASSIGN_OR_RETURN(const auto scale, Number(band, prefix + "scale", -1e9, 1e9, in));
      TW_ASSIGN_OR_RETURN(const auto offset, Number(band, prefix + "offset", -1e9, 1e9, in));
      if (scale) into.scale = *scale;
      if (offset) into.offset = *offset;
    }
    // "nan" and "inf" are words here: they are no sample that could be compared.
    if (const Value* nodata = Find(band, "nodata");
        nodata != nullptr && nodata->kind_case() == Value::kNumberValue) {
      into.nodata = nodata->number_value();
    }
  }
  return {};
}

Result<StacRaster> ParseAsset(const std::string& key, const Struct& json, const std::string& name,
                              const StacItem& item) {
  StacRaster asset;
  asset.key = key;
  asset.href = Text(json, "href");
  asset.type = Text(json, "type");
  const std::string where = fmt::format("{}: asset {}", name, key);
  if (!IsText(asset.href, kMaxHrefBytes)) {
    return Fail(ErrorCode::kBadInput, "{}: href is no text of 1 to {} bytes", where, kMaxHrefBytes);
  }
  if (const Value* roles = Find(json, "roles"); roles != nullptr) {
    for (const Value& role : roles->list_value().values()) {
      asset.roles.push_back(role.string_value());
    }
  }
  if (const std::string checksum = Text(json, "file:checksum"); !checksum.empty()) {
    TW_RETURN_IF_ERROR(ParseChecksum(checksum, where, asset));
  }
  if (const Value* size = Find(json, "file:size"); size != nullptr) {
    const double bytes = size->number_value();
    if (!(bytes >= 0 && bytes < 9e15) || bytes != std::floor(bytes)) {
      return Fail(ErrorCode::kBadInput, "{}: file:size is no number of bytes", where);
    }
    asset.size_bytes = static_cast<std::uint64_t>(bytes);
  }
  for (const char* list : {"raster:bands", "eo:bands", "bands"}) {
    TW_RETURN_IF_ERROR(ParseBands(json, list, where, asset.bands));
  }
  TW_ASSIGN_OR_RETURN(const auto gsd, Number(json, "gsd", 1e-3, 1e6, where));
  asset.gsd_m = gsd.value_or(item.gsd_m);
  return asset;
}

bool IsTextDocument(const StacRaster& asset) {
  return asset.type.rfind("text/", 0) == 0 || asset.type.rfind("application/xml", 0) == 0;
}

}  // namespace

const Value* Find(const Struct& object, const std::string& key) {
  const auto at = object.fields().find(key);
  return at == object.fields().end() ? nullptr : &at->second;
}

std::string Text(const Struct& object, const std::string& key) {
  const Value* value = Find(object, key);
  return value == nullptr ? "" : value->string_value();
}

bool IsText(const std::string& text, std::size_t max_bytes) {
  return !text.empty() && text.size() <= max_bytes &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

Result<void> ParseExtensions(const Struct& p, const std::string& name, StacItem& item) {
  item.platform = Text(p, "platform").substr(0, 64);
  item.constellation = Text(p, "constellation").substr(0, 64);
  TW_ASSIGN_OR_RETURN(const auto gsd, Number(p, "gsd", 1e-3, 1e6, name));
  item.gsd_m = gsd.value_or(0);
  TW_ASSIGN_OR_RETURN(const auto cloud, Number(p, "eo:cloud_cover", 0, 100, name));
  item.cloud_percent = cloud.value_or(-1);
  TW_ASSIGN_OR_RETURN(item.view.off_nadir_deg, Number(p, "view:off_nadir", 0, 90, name));
  TW_ASSIGN_OR_RETURN(item.view.incidence_deg, Number(p, "view:incidence_angle", 0, 90, name));
  TW_ASSIGN_OR_RETURN(item.view.azimuth_deg, Number(p, "view:azimuth", 0, 360, name));
  TW_ASSIGN_OR_RETURN(const auto epsg, Number(p, "proj:epsg", 1024, 999'999, name));
  item.epsg = static_cast<int>(epsg.value_or(0));
  if (const std::string code = Text(p, "proj:code"); code.rfind("EPSG:", 0) == 0) {
    if (code.size() > 11 || !std::all_of(code.begin() + 5, code.end(),
                                         [](unsigned char c) { return std::isdigit(c) != 0; })) {
      return Fail(ErrorCode::kBadInput, "{}: proj:code \"{}\" is no EPSG code", name,
                  code.substr(0, 32));
    }
    item.epsg = std::atoi(code.c_str() + 5);
  }
  TW_ASSIGN_OR_RETURN(const auto orbit, Number(p, "sat:relative_orbit", 0, 1e6, name));
  item.relative_orbit = static_cast<int>(orbit.value_or(0));
  item.orbit_state = Text(p, "sat:orbit_state").substr(0, 16);
  const std::string mode = Text(p, "sar:instrument_mode");
  const std::string product = Text(p, "sar:product_type");
  if (mode.empty() && product.empty()) return {};
  StacSar sar;
  sar.mode = mode.substr(0, 16);
  sar.product_type = product.substr(0, 16);
  sar.frequency_band = Text(p, "sar:frequency_band").substr(0, 16);
  sar.observation_direction = Text(p, "sar:observation_direction").substr(0, 16);
  if (const Value* list = Find(p, "sar:polarizations"); list != nullptr) {
    for (const Value& word : list->list_value().values()) {
      if (IsText(word.string_value(), 4) && sar.polarizations.size() < 4) {
        sar.polarizations.push_back(word.string_value());
      }
    }
  }
  item.sar = std::move(sar);
  return {};
}

Result<void> ParseAssets(const Struct& assets, const std::string& name, StacItem& item) {
  // By rank, then key: the order inside a JSON object means nothing.
  std::map<std::pair<int, std::string>, StacRaster> images;
  std::map<std::string, StacRaster> masks, inputs;
  for (const auto& [key, json] : assets.fields()) {
    const Struct& object = json.struct_value();
    StacRaster head;
    head.type = Text(object, "type");
    if (const Value* roles = Find(object, "roles"); roles != nullptr) {
      for (const Value& role : roles->list_value().values()) {
        head.roles.push_back(role.string_value());
      }
    }
    const bool image = IsImage(head.type, Text(object, "href"));
    const bool scl = LowerCase(key) == "scl";
    const bool mask = image && (scl || HasRole(head, "cloud") || HasRole(head, "cloud-mask") ||
                                HasRole(head, "udm"));
    const bool input =
        !image && IsTextDocument(head) &&
        (HasRole(head, "metadata") || HasRole(head, "rpc") || HasRole(head, "calibration"));
    if (!image && !input) continue;
    TW_ASSIGN_OR_RETURN(StacRaster asset, ParseAsset(key, object, name, item));
    if (mask) {
      masks.emplace(key, std::move(asset));
    } else if (input) {
      inputs.emplace(key, std::move(asset));
    } else if (const auto rank = Rank(asset)) {
      images.emplace(std::pair(*rank, key), std::move(asset));
    }
  }
  for (auto& [order, asset] : images) item.rasters.push_back(std::move(asset));
  for (auto& [key, asset] : inputs) {
    if (item.inputs.size() < kMaxInputs) item.inputs.push_back(std::move(asset));
  }
  if (!masks.empty()) {
    item.mask_is_scl = LowerCase(masks.begin()->first) == "scl";
    item.mask = std::move(masks.begin()->second);
  }
  return {};
}

}  // namespace trucewatch::internal
