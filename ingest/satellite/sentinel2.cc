// SPDX-License-Identifier: Apache-2.0
#include "ingest/satellite/sentinel2.h"

#include <algorithm>
#include <cmath>

#include "core/xml/xml.h"
#include "ingest/satellite/sentinel1.h"
#include "ingest/satellite/stac.h"

namespace trucewatch {
namespace {

constexpr std::size_t kMaxImages = 1'000;
// In the order of band_id.
constexpr const char* kBands[] = {"B01", "B02", "B03", "B04", "B05", "B06", "B07",
                                  "B08", "B8A", "B09", "B10", "B11", "B12"};

Result<double> MetadataNumber(const std::string& text, std::string_view what, double low,
                              double high, const std::string& name) {
  const auto number = XmlNumber(text);
  if (!number || *number < low || *number > high) {
    return Fail(ErrorCode::kBadInput, "{}: {} is \"{}\"; expected a number from {} to {}", name,
                what, text.substr(0, 32), low, high);
  }
  return *number;
}

Result<double> MetadataNumberAt(const XmlElement* element, std::string_view path, double low,
                                double high, const std::string& name) {
  return MetadataNumber(element == nullptr ? "" : element->TextAt(path), path, low, high, name);
}

Result<void> ReadOffsets(const XmlElement& image, const std::string& name,
                         Sentinel2Product& product) {
  const XmlElement* list = image.Child("BOA_ADD_OFFSET_VALUES_LIST");
  if (list == nullptr) return {};  // processing baselines before 04.00
  for (const XmlElement* offset : list->All("BOA_ADD_OFFSET")) {
    TW_ASSIGN_OR_RETURN(const double id,
                        MetadataNumber(offset->Attribute("band_id"), "band_id", 0, 12, name));
    TW_ASSIGN_OR_RETURN(const double value,
                        MetadataNumber(offset->text, "BOA_ADD_OFFSET", -10'000, 10'000, name));
    if (id != std::floor(id)) return Fail(ErrorCode::kBadInput, "{}: band_id {}", name, id);
    product.offsets[kBands[static_cast<std::size_t>(id)]] = value;
  }
  return {};
}

Result<void> ReadSpecialValues(const XmlElement& image, const std::string& name,
                               Sentinel2Product& product) {
  for (const XmlElement* special : image.All("Special_Values")) {
    TW_ASSIGN_OR_RETURN(const double value,
                        MetadataNumberAt(special, "SPECIAL_VALUE_INDEX", 0, 65'535, name));
    const std::string text = special->TextAt("SPECIAL_VALUE_TEXT");
    if (text == "NODATA") product.nodata = static_cast<std::uint16_t>(value);
    if (text == "SATURATED") product.saturated = static_cast<std::uint16_t>(value);
  }
  return {};
}

Result<void> ReadImages(const XmlElement& information, const std::string& name,
                        Sentinel2Product& product) {
  const XmlElement* organisation = information.At("Product_Organisation");
  for (const XmlElement* list : organisation == nullptr ? std::vector<const XmlElement*>()
                                                        : organisation->All("Granule_List")) {
    for (const XmlElement* granule : list->All("Granule")) {
      for (const XmlElement* image : granule->All("IMAGE_FILE")) {
        TW_ASSIGN_OR_RETURN(std::string path, LocalStacPath("", image->text + ".jp2"));
        product.images.push_back(std::move(path));
      }
    }
  }
  if (product.images.empty() || product.images.size() > kMaxImages) {
    return Fail(ErrorCode::kBadInput, "{}: names {} images; expected 1 to {}", name,
                product.images.size(), kMaxImages);
  }
  // "GRANULE/<id>/IMG_DATA/R10m/<file>"
  const auto granule_of = [](const std::string& path) {
    const std::size_t end = path.find("/IMG_DATA/");
    return end == std::string::npos ? "" : path.substr(0, end);
  };
  product.granule = granule_of(product.images.front());
  const bool same = std::all_of(product.images.begin(), product.images.end(),
                                [&](const auto& i) { return granule_of(i) == product.granule; });
  if (product.granule.empty() || !same) {
    return Fail(ErrorCode::kBadInput,
                "{}: its images do not lie in one granule; expected GRANULE/.../IMG_DATA/...",
                name);
  }
  return {};
}

}  // namespace

Result<Sentinel2Product> ParseSentinel2Product(std::string_view xml, const std::string& name) {
  TW_ASSIGN_OR_RETURN(const XmlElement root, ParseXml(xml, name));
  const XmlElement* information = root.At("General_Info/Product_Info");
  const std::string level = information == nullptr ? "" : information->TextAt("PROCESSING_LEVEL");
  if (information == nullptr || level != "Level-2A") {
    return Fail(ErrorCode::kBadInput,
                "{}: is no Sentinel-2 product of Level-2A (root <{}>, level \"{}\")", name,
                root.name.substr(0, 32), level.substr(0, 32));
  }
  Sentinel2Product product;
  product.uri = information->TextAt("PRODUCT_URI").substr(0, 256);
  product.baseline = information->TextAt("PROCESSING_BASELINE").substr(0, 16);
  product.spacecraft = information->TextAt("Datatake/SPACECRAFT_NAME").substr(0, 64);
  product.pass = information->TextAt("Datatake/SENSING_ORBIT_DIRECTION").substr(0, 16);
  if (const auto orbit = XmlNumber(information->TextAt("Datatake/SENSING_ORBIT_NUMBER"));
      orbit && *orbit >= 1 && *orbit <= 143) {
    product.relative_orbit = static_cast<int>(*orbit);
  }
  TW_ASSIGN_OR_RETURN(product.start, ParseSentinelTime(information->TextAt("PRODUCT_START_TIME"),
                                                       name + ": PRODUCT_START_TIME"));
  TW_ASSIGN_OR_RETURN(product.stop, ParseSentinelTime(information->TextAt("PRODUCT_STOP_TIME"),
                                                      name + ": PRODUCT_STOP_TIME"));
  const XmlElement* image = root.At("General_Info/Product_Image_Characteristics");
  TW_ASSIGN_OR_RETURN(
      product.quantification,
      MetadataNumberAt(image, "QUANTIFICATION_VALUES_LIST/BOA_QUANTIFICATION_VALUE", 1, 1e6, name));
  TW_RETURN_IF_ERROR(ReadOffsets(*image, name, product));
  TW_RETURN_IF_ERROR(ReadSpecialValues(*image, name, product));
  TW_RETURN_IF_ERROR(ReadImages(*information, name, product));
  if (const auto cloud =
          XmlNumber(root.TextAt("Quality_Indicators_Info/Cloud_Coverage_Assessment"));
      cloud && *cloud >= 0 && *cloud <= 100) {
    product.cloud_percent = *cloud;
  }
  return product;
}

Result<std::string> Sentinel2Image(const Sentinel2Product& product, const std::string& band,
                                   int resolution_m) {
  const std::string ending = fmt::format("_{}_{}m.jp2", band, resolution_m);
  for (const std::string& image : product.images) {
    if (image.ends_with(ending)) return image;
  }
  return Fail(ErrorCode::kBadInput, "the product names no image {} at {} m", band, resolution_m);
}

Result<Sentinel2Tile> ParseSentinel2Tile(std::string_view xml, const std::string& name) {
  TW_ASSIGN_OR_RETURN(const XmlElement root, ParseXml(xml, name));
  const XmlElement* general = root.Child("General_Info");
  const XmlElement* geocoding = root.At("Geometric_Info/Tile_Geocoding");
  if (general == nullptr || geocoding == nullptr) {
    return Fail(ErrorCode::kBadInput,
                "{}: is no Sentinel-2 tile metadata: expected General_Info and "
                "Geometric_Info/Tile_Geocoding",
                name);
  }
  Sentinel2Tile tile;
  tile.id = general->TextAt("TILE_ID").substr(0, 256);
  TW_ASSIGN_OR_RETURN(tile.time,
                      ParseSentinelTime(general->TextAt("SENSING_TIME"), name + ": SENSING_TIME"));
  const std::string code = geocoding->TextAt("HORIZONTAL_CS_CODE");
  TW_ASSIGN_OR_RETURN(const double epsg,
                      MetadataNumber(code.starts_with("EPSG:") ? code.substr(5) : code,
                                     "HORIZONTAL_CS_CODE", 1024, 32'767, name));
  tile.epsg = static_cast<int>(epsg);
  for (const XmlElement* size : geocoding->All("Size")) {
    if (size->Attribute("resolution") != "10") continue;
    TW_ASSIGN_OR_RETURN(const double rows, MetadataNumberAt(size, "NROWS", 6, 20'000, name));
    TW_ASSIGN_OR_RETURN(const double columns, MetadataNumberAt(size, "NCOLS", 6, 20'000, name));
    tile.height_px = static_cast<int>(rows);
    tile.width_px = static_cast<int>(columns);
  }
  for (const XmlElement* place : geocoding->All("Geoposition")) {
    if (place->Attribute("resolution") != "10") continue;
    TW_ASSIGN_OR_RETURN(tile.ulx_m, MetadataNumberAt(place, "ULX", -1e7, 1e7, name));
    TW_ASSIGN_OR_RETURN(tile.uly_m, MetadataNumberAt(place, "ULY", -1e7, 2e7, name));
  }
  if (tile.width_px == 0 || tile.uly_m == 0) {
    return Fail(ErrorCode::kBadInput, "{}: no Size and Geoposition at 10 m", name);
  }
  const XmlElement* angles = root.At("Geometric_Info/Tile_Angles");
  TW_ASSIGN_OR_RETURN(tile.sun_zenith_deg,
                      MetadataNumberAt(angles, "Mean_Sun_Angle/ZENITH_ANGLE", 0, 180, name));
  TW_ASSIGN_OR_RETURN(tile.sun_azimuth_deg,
                      MetadataNumberAt(angles, "Mean_Sun_Angle/AZIMUTH_ANGLE", 0, 360, name));
  const XmlElement* views = angles->Child("Mean_Viewing_Incidence_Angle_List");
  double east = 0;
  double north = 0;
  int count = 0;
  for (const XmlElement* view : views == nullptr ? std::vector<const XmlElement*>()
                                                 : views->All("Mean_Viewing_Incidence_Angle")) {
    TW_ASSIGN_OR_RETURN(const double zenith, MetadataNumberAt(view, "ZENITH_ANGLE", 0, 90, name));
    TW_ASSIGN_OR_RETURN(const double azimuth,
                        MetadataNumberAt(view, "AZIMUTH_ANGLE", 0, 360, name));
    tile.view_zenith_deg += zenith;
    east += std::sin(azimuth * M_PI / 180);
    north += std::cos(azimuth * M_PI / 180);
    ++count;
  }
  if (count > 0) {
    tile.view_zenith_deg /= count;
    tile.view_azimuth_deg = std::fmod(std::atan2(east, north) * 180 / M_PI + 360, 360);
  }
  if (const auto cloud = XmlNumber(
          root.TextAt("Quality_Indicators_Info/Image_Content_QI/CLOUDY_PIXEL_PERCENTAGE"));
      cloud && *cloud >= 0 && *cloud <= 100) {
    tile.cloud_percent = *cloud;
  }
  return tile;
}

bool HidesGround(std::uint8_t scl_class) {
  return scl_class <= 1 || scl_class == 3 || IsCloud(scl_class) || scl_class > 11;
}

bool IsCloud(std::uint8_t scl_class) { return scl_class >= 8 && scl_class <= 10; }

std::vector<std::uint8_t> HiddenMask(const std::vector<std::uint8_t>& scl, int width,
                                     int dilation) {
  const auto w = static_cast<std::size_t>(std::max(width, 1));
  const auto reach = static_cast<std::size_t>(std::max(dilation, 0));
  const std::size_t height = scl.size() / w;
  std::vector<std::uint8_t> along(scl.size());
  for (std::size_t i = 0; i < scl.size(); ++i) {
    if (!HidesGround(scl[i])) continue;
    const std::size_t x = i % w;
    for (std::size_t k = i - std::min(x, reach); k <= i + std::min(w - 1 - x, reach); ++k) {
      along[k] = 1;
    }
  }
  std::vector<std::uint8_t> hidden = along;
  for (std::size_t y = 0; y < height; ++y) {
    const std::size_t end = std::min(height, y + reach + 1);
    for (std::size_t other = y - std::min(y, reach); other < end; ++other) {
      for (std::size_t x = 0; x < w; ++x) hidden[y * w + x] |= along[other * w + x];
    }
  }
  return hidden;
}

}  // namespace trucewatch
