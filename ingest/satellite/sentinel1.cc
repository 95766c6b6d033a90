// SPDX-License-Identifier: Apache-2.0
#include "ingest/satellite/sentinel1.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "core/xml/xml.h"
#include "ingest/satellite/stac.h"

namespace trucewatch {
namespace {

constexpr std::size_t kMaxFiles = 1'000;
constexpr std::size_t kMaxGridPoints = 10'000;
constexpr int kMaxImageSide = 200'000;

Result<double> NumberAt(const XmlElement& element, std::string_view path, double low, double high,
                        const std::string& name) {
  const std::string text = element.TextAt(path);
  const auto number = XmlNumber(text);
  if (!number || *number < low || *number > high) {
    return Fail(ErrorCode::kBadInput, "{}: {} is \"{}\"; expected a number from {} to {}", name,
                path, text.substr(0, 32), low, high);
  }
  return *number;
}

// What lies in a metadata object of the manifest.
const XmlElement* MetadataObject(const XmlElement& root, std::string_view id) {
  const XmlElement* section = root.Child("metadataSection");
  if (section == nullptr) return nullptr;
  for (const XmlElement* object : section->All("metadataObject")) {
    if (object->Attribute("ID") == id) return object;
  }
  return nullptr;
}

std::string TextOf(const XmlElement* object, std::string_view element) {
  const XmlElement* found = object == nullptr ? nullptr : object->Find(element);
  return found == nullptr ? "" : found->text;
}

Result<SafeFile> ParseDataObject(const XmlElement& object, const std::string& name) {
  SafeFile file;
  file.kind = object.Attribute("repID");
  const XmlElement* stream = object.Child("byteStream");
  const XmlElement* location = stream == nullptr ? nullptr : stream->Child("fileLocation");
  if (location == nullptr) {
    return Fail(ErrorCode::kBadInput, "{}: dataObject {} names no file", name,
                object.Attribute("ID"));
  }
  auto href = LocalStacPath("", location->Attribute("href"));
  if (!href) return Prefix(name, href.error());
  file.href = std::move(*href);
  const auto size = XmlNumber(stream->Attribute("size"));
  if (!size || *size < 0 || *size > 9e15 || *size != std::floor(*size)) {
    return Fail(ErrorCode::kBadInput, "{}: {}: size \"{}\" is no number of bytes", name, file.href,
                stream->Attribute("size").substr(0, 32));
  }
  file.size = static_cast<std::uint64_t>(*size);
  if (const XmlElement* sum = stream->Child("checksum");
      sum != nullptr && sum->Attribute("checksumName") == "MD5") {
    file.md5 = sum->text;
  }
  return file;
}

Result<void> ReadOrbit(const XmlElement* orbit, const std::string& name,
                       Sentinel1Manifest& manifest) {
  if (orbit == nullptr) {
    return Fail(ErrorCode::kBadInput, "{}: no measurementOrbitReference", name);
  }
  const XmlElement* reference = orbit->Find("orbitReference");
  if (reference == nullptr) return Fail(ErrorCode::kBadInput, "{}: no orbitReference", name);
  TW_ASSIGN_OR_RETURN(const double absolute,
                      NumberAt(*reference, "orbitNumber", 0, 10'000'000, name));
  TW_ASSIGN_OR_RETURN(const double relative,
                      NumberAt(*reference, "relativeOrbitNumber", 1, 175, name));
  manifest.absolute_orbit = static_cast<int>(absolute);
  manifest.relative_orbit = static_cast<int>(relative);
  manifest.pass = TextOf(orbit, "pass");
  if (manifest.pass != "ASCENDING" && manifest.pass != "DESCENDING") {
    return Fail(ErrorCode::kBadInput, "{}: pass \"{}\"; expected ASCENDING or DESCENDING", name,
                manifest.pass.substr(0, 32));
  }
  return {};
}

Result<void> ReadGrid(const XmlElement& root, const std::string& name,
                      Sentinel1Annotation& annotation) {
  const XmlElement* list = root.At("geolocationGrid/geolocationGridPointList");
  if (list == nullptr || list->children.size() < 4 || list->children.size() > kMaxGridPoints) {
    return Fail(ErrorCode::kBadInput, "{}: a geolocation grid of {} points; expected 4 to {}", name,
                list == nullptr ? 0 : list->children.size(), kMaxGridPoints);
  }
  for (const XmlElement& element : list->children) {
    GeolocationPoint point;
    TW_ASSIGN_OR_RETURN(point.line, NumberAt(element, "line", -1e6, 1e6, name));
    TW_ASSIGN_OR_RETURN(point.pixel, NumberAt(element, "pixel", -1e6, 1e6, name));
    TW_ASSIGN_OR_RETURN(point.lat_deg, NumberAt(element, "latitude", -90, 90, name));
    TW_ASSIGN_OR_RETURN(point.lon_deg, NumberAt(element, "longitude", -180, 180, name));
    TW_ASSIGN_OR_RETURN(point.height_hae_m, NumberAt(element, "height", -1e4, 1e5, name));
    TW_ASSIGN_OR_RETURN(point.incidence_deg, NumberAt(element, "incidenceAngle", 0, 90, name));
    annotation.grid.push_back(point);
  }
  const auto& grid = annotation.grid;
  std::size_t columns = 1;
  while (columns < grid.size() && grid[columns].line == grid[0].line) ++columns;
  bool rectangle = columns >= 2 && grid.size() % columns == 0 && grid.size() / columns >= 2;
  for (std::size_t i = 0; rectangle && i < grid.size(); ++i) {
    rectangle = grid[i].line == grid[i - i % columns].line &&
                grid[i].pixel == grid[i % columns].pixel &&
                (i % columns == 0 || grid[i].pixel > grid[i - 1].pixel) &&
                (i < columns || grid[i].line > grid[i - columns].line);
  }
  if (!rectangle) {
    return Fail(ErrorCode::kBadInput,
                "{}: the {} points of the geolocation grid are no rectangle of rising lines and "
                "pixels",
                name, grid.size());
  }
  annotation.grid_columns = static_cast<int>(columns);
  return {};
}

}  // namespace

Result<Instant> ParseSentinelTime(std::string_view text, const std::string& name) {
  std::string whole(text.substr(0, 64));
  if (!whole.empty() && std::isdigit(static_cast<unsigned char>(whole.back())) != 0 &&
      whole.find('+') == std::string::npos) {
    whole += 'Z';
  }
  auto time = ParseRfc3339(whole);
  if (!time) return Prefix(name, time.error());
  return *time;
}

Result<Sentinel1Manifest> ParseSentinel1Manifest(std::string_view xml, const std::string& name) {
  TW_ASSIGN_OR_RETURN(const XmlElement root, ParseXml(xml, name));
  const XmlElement* product = MetadataObject(root, "generalProductInformation");
  Sentinel1Manifest manifest;
  manifest.product_type = TextOf(product, "productType");
  const std::string family = TextOf(MetadataObject(root, "platform"), "familyName");
  if (root.name != "XFDU" || family != "SENTINEL-1") {
    return Fail(ErrorCode::kBadInput,
                "{}: is no manifest of a Sentinel-1 product (platform \"{}\")", name,
                family.substr(0, 32));
  }
  if (manifest.product_type != "GRD") {
    return Fail(ErrorCode::kBadInput,
                "{}: a Sentinel-1 product of type \"{}\"; expected GRD (detected, ground range)",
                name, manifest.product_type.substr(0, 32));
  }
  manifest.platform = family + TextOf(MetadataObject(root, "platform"), "number");
  manifest.mode = TextOf(MetadataObject(root, "platform"), "mode");
  if (const XmlElement* processing = MetadataObject(root, "processing")) {
    if (const XmlElement* software = processing->Find("software")) {
      manifest.processor = software->Attribute("name") + " " + software->Attribute("version");
    }
  }
  const XmlElement* period = MetadataObject(root, "acquisitionPeriod");
  TW_ASSIGN_OR_RETURN(manifest.start,
                      ParseSentinelTime(TextOf(period, "startTime"), name + ": startTime"));
  TW_ASSIGN_OR_RETURN(manifest.stop,
                      ParseSentinelTime(TextOf(period, "stopTime"), name + ": stopTime"));
  if (manifest.stop < manifest.start || manifest.stop > manifest.start + Duration::Seconds(3600)) {
    return Fail(ErrorCode::kBadInput, "{}: acquired from {} to {}", name, FormatUtc(manifest.start),
                FormatUtc(manifest.stop));
  }
  TW_RETURN_IF_ERROR(ReadOrbit(MetadataObject(root, "measurementOrbitReference"), name, manifest));
  if (const XmlElement* information = product->Find("standAloneProductInformation")) {
    for (const XmlElement* p : information->All("transmitterReceiverPolarisation")) {
      if (p->text.size() == 2 && manifest.polarisations.size() < 4) {
        manifest.polarisations.push_back(p->text);
      }
    }
  }
  const XmlElement* section = root.Child("dataObjectSection");
  if (section == nullptr || section->children.size() > kMaxFiles) {
    return Fail(ErrorCode::kBadInput, "{}: {} data objects; expected 1 to {}", name,
                section == nullptr ? 0 : section->children.size(), kMaxFiles);
  }
  for (const XmlElement* object : section->All("dataObject")) {
    TW_ASSIGN_OR_RETURN(SafeFile file, ParseDataObject(*object, name));
    manifest.files.push_back(std::move(file));
  }
  return manifest;
}

Result<Sentinel1Channel> ChooseChannel(const Sentinel1Manifest& manifest) {
  Sentinel1Channel channel;
  for (const char* wanted : {"VV", "HH", "VH", "HV"}) {
    const auto& all = manifest.polarisations;
    if (channel.polarisation.empty() && std::find(all.begin(), all.end(), wanted) != all.end()) {
      channel.polarisation = wanted;
    }
  }
  std::string mark = "-" + channel.polarisation + "-";
  std::transform(mark.begin(), mark.end(), mark.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::pair<const char*, SafeFile*> wanted[] = {
      {"s1Level1ProductSchema", &channel.annotation},
      {"s1Level1CalibrationSchema", &channel.calibration},
      {"s1Level1NoiseSchema", &channel.noise},
      {"s1Level1MeasurementSchema", &channel.measurement}};
  for (const auto& [kind, into] : wanted) {
    // clang 14 does not capture structured bindings.
    const auto file = std::find_if(
        manifest.files.begin(), manifest.files.end(), [&, kind = kind](const SafeFile& f) {
          return f.kind == kind && f.href.find(mark) != std::string::npos;
        });
    if (channel.polarisation.empty() || file == manifest.files.end()) {
      return Fail(ErrorCode::kBadInput,
                  "the manifest names no {} of a polarisation VV, HH, VH or HV", kind);
    }
    *into = *file;
  }
  return channel;
}

Result<Sentinel1Annotation> ParseSentinel1Annotation(std::string_view xml,
                                                     const std::string& name) {
  TW_ASSIGN_OR_RETURN(const XmlElement root, ParseXml(xml, name));
  if (root.name != "product") {
    return Fail(ErrorCode::kBadInput, "{}: is no Sentinel-1 annotation: its root is <{}>", name,
                root.name.substr(0, 32));
  }
  Sentinel1Annotation annotation;
  annotation.polarisation = root.TextAt("adsHeader/polarisation");
  TW_ASSIGN_OR_RETURN(annotation.start,
                      ParseSentinelTime(root.TextAt("adsHeader/startTime"), name + ": startTime"));
  TW_ASSIGN_OR_RETURN(annotation.stop,
                      ParseSentinelTime(root.TextAt("adsHeader/stopTime"), name + ": stopTime"));
  const XmlElement* image = root.At("imageAnnotation/imageInformation");
  if (image == nullptr) return Fail(ErrorCode::kBadInput, "{}: no imageInformation", name);
  TW_ASSIGN_OR_RETURN(const double lines,
                      NumberAt(*image, "numberOfLines", 2, kMaxImageSide, name));
  TW_ASSIGN_OR_RETURN(const double samples,
                      NumberAt(*image, "numberOfSamples", 2, kMaxImageSide, name));
  annotation.lines = static_cast<int>(lines);
  annotation.samples = static_cast<int>(samples);
  TW_ASSIGN_OR_RETURN(annotation.range_spacing_m,
                      NumberAt(*image, "rangePixelSpacing", 0.1, 1000, name));
  TW_ASSIGN_OR_RETURN(annotation.azimuth_spacing_m,
                      NumberAt(*image, "azimuthPixelSpacing", 0.1, 1000, name));
  TW_ASSIGN_OR_RETURN(annotation.incidence_deg,
                      NumberAt(*image, "incidenceAngleMidSwath", 1, 89, name));
  TW_ASSIGN_OR_RETURN(
      annotation.heading_deg,
      NumberAt(root, "generalAnnotation/productInformation/platformHeading", -360, 360, name));
  annotation.projection = root.TextAt("generalAnnotation/productInformation/projection");
  if (annotation.projection != "Ground Range") {
    return Fail(ErrorCode::kBadInput, "{}: projection \"{}\"; expected Ground Range", name,
                annotation.projection.substr(0, 32));
  }
  annotation.noise_removed =
      root.TextAt("imageAnnotation/processingInformation/thermalNoiseCorrectionPerformed") ==
      "true";
  TW_RETURN_IF_ERROR(ReadGrid(root, name, annotation));
  return annotation;
}

}  // namespace trucewatch
