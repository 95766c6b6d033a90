// SPDX-License-Identifier: Apache-2.0
#include "ingest/satellite/stac.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>

namespace trucewatch {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;
using google::protobuf::Value;

constexpr std::size_t kMaxIdBytes = 256;
constexpr std::size_t kMaxHrefBytes = 1024;
constexpr int kMaxLinks = 10'000;
constexpr int kMaxAssets = 1'000;

const Value* Find(const Struct& object, const std::string& key) {
  const auto at = object.fields().find(key);
  return at == object.fields().end() ? nullptr : &at->second;
}

// Empty when it is not there or no text.
std::string Text(const Struct& object, const std::string& key) {
  const Value* value = Find(object, key);
  return value == nullptr ? "" : value->string_value();
}

// Nothing when it is not there or null.
Result<std::optional<Instant>> Time(const Struct& object, const std::string& key,
                                    const std::string& name) {
  const Value* value = Find(object, key);
  if (value == nullptr || value->kind_case() == Value::kNullValue) return std::optional<Instant>();
  const auto time = ParseRfc3339(value->string_value());
  if (!time) return Prefix(fmt::format("{}: {}", name, key), time.error());
  return std::optional<Instant>(*time);
}

Result<double> Degrees(const Struct& object, const std::string& key, double limit,
                       const std::string& name) {
  const Value* value = Find(object, key);
  if (value == nullptr || value->kind_case() == Value::kNullValue) return 0.0;
  const double degrees = value->number_value();
  if (value->kind_case() != Value::kNumberValue || !(std::abs(degrees) <= limit)) {
    return Fail(ErrorCode::kBadInput, "{}: {} is no angle within {} degrees", name, key, limit);
  }
  return degrees;
}

bool IsText(const std::string& text, std::size_t max_bytes) {
  return !text.empty() && text.size() <= max_bytes &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool IsGeoTiff(const std::string& type, std::string href) {
  if (!type.empty()) {
    return type.rfind("image/tiff", 0) == 0 || type.rfind("image/vnd.stac.geotiff", 0) == 0;
  }
  std::transform(href.begin(), href.end(), href.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return href.ends_with(".tif") || href.ends_with(".tiff");
}

// Smaller is better; nothing for rasters that are no picture of the ground (masks, thumbnails).
std::optional<int> Rank(const std::vector<std::string>& roles) {
  const auto has = [&](const char* role) {
    return std::find(roles.begin(), roles.end(), role) != roles.end();
  };
  if (has("thumbnail") || has("overview") || has("metadata")) return std::nullopt;
  if (has("data")) return 0;
  if (has("visual")) return 1;
  return roles.empty() ? std::optional<int>(2) : std::nullopt;
}

Result<std::optional<StacRaster>> ParseAsset(const std::string& key, const Struct& asset,
                                             const std::string& name) {
  StacRaster raster;
  raster.key = key;
  raster.href = Text(asset, "href");
  raster.type = Text(asset, "type");
  if (!IsGeoTiff(raster.type, raster.href)) return std::optional<StacRaster>();
  const std::string where = fmt::format("{}: asset {}", name, key);
  if (!IsText(raster.href, kMaxHrefBytes)) {
    return Fail(ErrorCode::kBadInput, "{}: href is no text of 1 to {} bytes", where, kMaxHrefBytes);
  }
  if (const Value* roles = Find(asset, "roles"); roles != nullptr) {
    for (const Value& role : roles->list_value().values()) {
      raster.roles.push_back(role.string_value());
    }
  }
  // Multihash: 12 is SHA-256, 20 its length in bytes, both hexadecimal.
  if (const std::string checksum = Text(asset, "file:checksum"); !checksum.empty()) {
    const auto bytes = HexDecode(checksum);
    if (!bytes || bytes->size() < 3) {
      return Fail(ErrorCode::kBadInput, "{}: file:checksum is no multihash in hexadecimal", where);
    }
    raster.other_checksum = (*bytes)[0] != '\x12';
    if (!raster.other_checksum) {
      if (bytes->size() != 34 || (*bytes)[1] != '\x20') {
        return Fail(ErrorCode::kBadInput,
                    "{}: file:checksum says SHA-256 but has {} bytes; expected 34", where,
                    bytes->size());
      }
      raster.sha256.emplace();
      std::transform(bytes->begin() + 2, bytes->end(), raster.sha256->begin(),
                     [](char c) { return static_cast<std::uint8_t>(c); });
    }
  }
  if (const Value* size = Find(asset, "file:size"); size != nullptr) {
    const double bytes = size->number_value();
    if (!(bytes >= 0 && bytes < 9e15) || bytes != std::floor(bytes)) {
      return Fail(ErrorCode::kBadInput, "{}: file:size is no number of bytes", where);
    }
    raster.size_bytes = static_cast<std::uint64_t>(bytes);
  }
  return std::optional<StacRaster>(std::move(raster));
}

Result<StacItem> ParseItem(const Struct& json, const std::string& name) {
  StacItem item;
  item.id = Text(json, "id");
  const Value* properties = Find(json, "properties");
  if (properties == nullptr || !properties->has_struct_value()) {
    return Fail(ErrorCode::kBadInput, "{}: a STAC item without properties", name);
  }
  const Struct& p = properties->struct_value();
  TW_ASSIGN_OR_RETURN(item.time, Time(p, "datetime", name));
  if (!item.time) {
    TW_ASSIGN_OR_RETURN(item.time, Time(p, "start_datetime", name));
  }
  TW_ASSIGN_OR_RETURN(item.delivered, Time(p, "published", name));
  if (!item.delivered) {
    TW_ASSIGN_OR_RETURN(item.delivered, Time(p, "created", name));
  }
  if (!item.delivered) item.delivered = item.time;
  TW_ASSIGN_OR_RETURN(item.sun_azimuth_deg, Degrees(p, "view:sun_azimuth", 360, name));
  TW_ASSIGN_OR_RETURN(item.sun_elevation_deg, Degrees(p, "view:sun_elevation", 90, name));
  item.exercise = Text(p, "trucewatch:status") == "EXERCISE" || item.id.rfind("EXERCISE", 0) == 0;

  const Value* assets = Find(json, "assets");
  if (assets == nullptr) return item;
  if (assets->struct_value().fields_size() > kMaxAssets) {
    return Fail(ErrorCode::kBadInput, "{}: more than {} assets", name, kMaxAssets);
  }
  // By rank, then key: the order inside a JSON object means nothing.
  std::map<std::pair<int, std::string>, StacRaster> ordered;
  for (const auto& [key, asset] : assets->struct_value().fields()) {
    TW_ASSIGN_OR_RETURN(auto raster, ParseAsset(key, asset.struct_value(), name));
    if (!raster) continue;
    if (const auto rank = Rank(raster->roles)) ordered.emplace(std::pair(*rank, key), *raster);
  }
  for (auto& [order, raster] : ordered) item.rasters.push_back(std::move(raster));
  return item;
}

}  // namespace

Result<Instant> ParseRfc3339(std::string_view text) {
  const auto bad = [&] {
    return Fail(ErrorCode::kBadInput, "\"{}\" is no RFC 3339 time (2026-03-01T08:30:00Z)",
                text.substr(0, 64));
  };
  if (text.size() < 20 || text.size() > 64) return bad();
  std::string whole(text.substr(0, 19));
  if (whole[10] == 't' || whole[10] == ' ') whole[10] = 'T';
  std::string_view rest = text.substr(19);
  if (rest[0] == '.') {
    std::size_t digits = 0;
    while (1 + digits < rest.size() && std::isdigit(static_cast<unsigned char>(rest[1 + digits])))
      ++digits;
    if (digits == 0) return bad();
    whole += rest.substr(0, 1 + std::min<std::size_t>(digits, 6));
    rest = rest.substr(1 + digits);
  }
  const auto instant = ParseUtc(whole + "Z");
  if (!instant) return bad();
  if (rest == "Z" || rest == "z") return *instant;
  const auto digit = [&](std::size_t i) { return rest[i] - '0'; };
  if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') return bad();
  for (const std::size_t i : {1, 2, 4, 5}) {
    if (std::isdigit(static_cast<unsigned char>(rest[i])) == 0) return bad();
  }
  const std::int64_t hours = digit(1) * 10 + digit(2);
  const std::int64_t minutes = digit(4) * 10 + digit(5);
  if (hours > 23 || minutes > 59) return bad();
  const Duration offset = Duration::Seconds(hours * 3600 + minutes * 60);
  return rest[0] == '+' ? *instant - offset : *instant + offset;
}

Result<StacNode> ParseStac(std::string_view json, const std::string& name) {
  if (json.size() > kMaxStacJsonBytes) {
    return Fail(ErrorCode::kBadInput, "{}: {} bytes; expected at most {}", name, json.size(),
                kMaxStacJsonBytes);
  }
  Struct root;
  const auto status = google::protobuf::util::JsonStringToMessage(std::string(json), &root);
  if (!status.ok()) {
    const std::string why(status.message());  // the first line; the others draw an arrow
    return Fail(ErrorCode::kBadInput, "{}: is no JSON object: {}", name,
                why.substr(0, std::min<std::size_t>(why.find('\n'), 200)));
  }
  StacNode node;
  const std::string type = Text(root, "type");
  node.id = Text(root, "id");
  // Before STAC 1.0 catalogs had no type.
  const bool catalog =
      type == "Catalog" || type == "Collection" || (type.empty() && Find(root, "links") != nullptr);
  if (Text(root, "stac_version").empty() || (type != "Feature" && !catalog)) {
    return Fail(ErrorCode::kBadInput,
                "{}: is no STAC item, catalog or collection (stac_version \"{}\", type \"{}\")",
                name, Text(root, "stac_version"), type);
  }
  if (!IsText(node.id, kMaxIdBytes)) {
    return Fail(ErrorCode::kBadInput, "{}: id is no text of 1 to {} bytes", name, kMaxIdBytes);
  }
  if (!catalog) {
    TW_ASSIGN_OR_RETURN(node.item, ParseItem(root, name));
    return node;
  }
  const Value* links = Find(root, "links");
  if (links == nullptr) return node;
  if (links->list_value().values_size() > kMaxLinks) {
    return Fail(ErrorCode::kBadInput, "{}: more than {} links", name, kMaxLinks);
  }
  for (const Value& link : links->list_value().values()) {
    const std::string rel = Text(link.struct_value(), "rel");
    if (rel == "child" || rel == "item") node.links.push_back(Text(link.struct_value(), "href"));
  }
  return node;
}

Result<std::string> LocalStacPath(const std::string& folder, const std::string& href) {
  if (!IsText(href, kMaxHrefBytes)) {
    return Fail(ErrorCode::kBadInput, "a link without a path of 1 to {} bytes", kMaxHrefBytes);
  }
  if (href.find(':') != std::string::npos || href.find('\\') != std::string::npos ||
      href[0] == '/') {
    return Fail(ErrorCode::kBadInput,
                "{}: is a URL or an absolute path; only files beside the root file are read", href);
  }
  std::vector<std::string> parts;
  const std::string whole = folder.empty() ? href : folder + "/" + href;
  for (std::size_t at = 0; at <= whole.size();) {
    const std::size_t end = std::min(whole.find('/', at), whole.size());
    const std::string part = whole.substr(at, end - at);
    at = end + 1;
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (parts.empty()) {
      return Fail(ErrorCode::kBadInput, "{}: leads above the root folder", href);
    } else {
      parts.pop_back();
    }
  }
  if (parts.empty()) return Fail(ErrorCode::kBadInput, "{}: names no file", href);
  std::string path;
  for (const std::string& part : parts) path += (path.empty() ? "" : "/") + part;
  return path;
}

}  // namespace trucewatch
