// SPDX-License-Identifier: Apache-2.0
#include "ingest/satellite/stac.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>

#include "ingest/satellite/internal/stac_asset.h"

namespace trucewatch {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;
using internal::Find;
using internal::IsText;
using internal::kMaxHrefBytes;
using internal::Text;

constexpr std::size_t kMaxIdBytes = 256;
constexpr int kMaxLinks = 10'000;
constexpr int kMaxAssets = 1'000;

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

  TW_RETURN_IF_ERROR(internal::ParseExtensions(p, name, item));
  const Value* assets = Find(json, "assets");
  if (assets == nullptr) return item;
  if (assets->struct_value().fields_size() > kMaxAssets) {
    return Fail(ErrorCode::kBadInput, "{}: more than {} assets", name, kMaxAssets);
  }
  TW_RETURN_IF_ERROR(internal::ParseAssets(assets->struct_value(), name, item));
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

std::vector<StacRaster> SceneImages(const StacItem& item) {
  if (item.rasters.empty()) return {};
  const StacRaster& first = item.rasters.front();
  const auto shows = [](const StacRaster& asset, std::string_view colour) {
    return asset.bands.size() == 1 && asset.bands[0].common_name == colour;
  };
  std::vector<StacRaster> images;
  for (const char* colour : {"red", "green", "blue", "nir"}) {
    const auto at = std::find_if(item.rasters.begin(), item.rasters.end(), [&](const auto& asset) {
      return shows(asset, colour) && asset.gsd_m == first.gsd_m && asset.roles == first.roles;
    });
    if (at != item.rasters.end()) images.push_back(*at);
  }
  const bool one_colour = first.bands.size() == 1 && !first.bands[0].common_name.empty();
  if (!one_colour || images.size() < 3 || !shows(images[2], "blue")) return {first};
  return images;
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
