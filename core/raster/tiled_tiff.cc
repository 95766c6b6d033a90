// SPDX-License-Identifier: Apache-2.0
#include "core/raster/tiled_tiff.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "core/base/check.h"

namespace trucewatch {
namespace {

constexpr std::uint64_t kMaxSamples = std::uint64_t{2} << 30;
constexpr std::size_t kHeaderBytes = 16;

enum Type : std::uint16_t { kAscii = 2, kShort = 3, kDouble = 12, kLong8 = 16 };

void Le(std::string& out, std::uint64_t value, int width) {
  for (int i = 0; i < width; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

struct Tag {
  std::uint16_t id;
  Type type;
  std::uint64_t count;
  std::string data;
};

Tag Ascii(std::uint16_t id, const std::string& text) {
  return {id, kAscii, text.size() + 1, text + std::string(1, '\0')};
}
Tag NumbersTag(std::uint16_t id, Type type, const std::vector<std::uint64_t>& values) {
  Tag tag{id, type, values.size(), {}};
  for (const std::uint64_t value : values) Le(tag.data, value, type == kShort ? 2 : 8);
  return tag;
}
Tag Doubles(std::uint16_t id, const std::vector<double>& values) {
  Tag tag{id, kDouble, values.size(), {}};
  for (const double value : values) Le(tag.data, std::bit_cast<std::uint64_t>(value), 8);
  return tag;
}

std::string Escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '&') {
      out += "&amp;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string GdalMetadata(const TiledTiffSpec& spec) {
  std::string xml = "<GDALMetadata>\n";
  for (int band = 0; band < spec.bands; ++band) {
    const auto item = [&](const char* name, const char* role, const std::string& value) {
      xml += fmt::format("  <Item name=\"{}\" sample=\"{}\" role=\"{}\">{}</Item>\n", name, band,
                         role, Escaped(value));
    };
    const auto index = static_cast<std::size_t>(band);
    if (index < spec.band_names.size()) {
      item("DESCRIPTION", "description", spec.band_names[index]);
    }
    item("SCALE", "scale", fmt::format("{}", spec.scale));
    item("OFFSET", "offset", fmt::format("{}", spec.offset));
    if (!spec.unit.empty()) item("UNITTYPE", "unittype", spec.unit);
  }
  return xml + "</GDALMetadata>\n";
}

}  // namespace

TiledTiffWriter::TiledTiffWriter(TiledTiffSpec spec, Sink sink)
    : spec_(std::move(spec)), sink_(std::move(sink)) {
  across_ = (spec_.width_px + kTile - 1) / kTile;
  down_ = (spec_.height_px + kTile - 1) / kTile;
}

std::uint64_t TiledTiffWriter::BytesOf(const TiledTiffSpec& spec) {
  return static_cast<std::uint64_t>((spec.width_px + kTile - 1) / kTile) *
         static_cast<std::uint64_t>((spec.height_px + kTile - 1) / kTile) * kTile * kTile *
         static_cast<std::uint64_t>(spec.bands) * (spec.floats ? 4 : 2);
}

Result<TiledTiffWriter> TiledTiffWriter::Begin(TiledTiffSpec spec, Sink sink) {
  const std::uint64_t bytes =
      spec.width_px < 1 || spec.height_px < 1 || spec.bands < 1 ? 0 : BytesOf(spec);
  if (bytes == 0 || spec.bands > 64 || bytes / (spec.floats ? 4 : 2) > kMaxSamples ||
      spec.epsg < 1024 || spec.epsg > 32'767 || !(spec.pixel_m > 0) ||
      !std::isfinite(spec.west_m + spec.north_m + spec.pixel_m)) {
    return Fail(
        ErrorCode::kBadInput,
        "an image of {} x {} pixels of {} m, {} bands, EPSG:{}; expected at most {} samples "
        "in a projected coordinate system",
        spec.width_px, spec.height_px, spec.pixel_m, spec.bands, spec.epsg, kMaxSamples);
  }
  TiledTiffWriter writer(std::move(spec), std::move(sink));
  const std::string directory = writer.Directory();
  TW_RETURN_IF_ERROR(writer.sink_(AsBytes(directory)));
  return writer;
}

std::string TiledTiffWriter::Directory() const {
  const auto bands = static_cast<std::size_t>(spec_.bands);
  const auto tiles = static_cast<std::size_t>(across_) * static_cast<std::size_t>(down_);
  const std::uint64_t tile_bytes = std::uint64_t{kTile} * kTile * bands * (spec_.floats ? 4U : 2U);
  std::vector<Tag> tags = {
      NumbersTag(256, kLong8, {static_cast<std::uint64_t>(spec_.width_px)}),
      NumbersTag(257, kLong8, {static_cast<std::uint64_t>(spec_.height_px)}),
      NumbersTag(258, kShort, std::vector<std::uint64_t>(bands, spec_.floats ? 32 : 16)),
      NumbersTag(259, kShort, {1}),  // no compression
      NumbersTag(262, kShort, {1}),  // zero is black
      NumbersTag(277, kShort, {bands}),
      NumbersTag(284, kShort, {1}),  // pixel by pixel
      NumbersTag(322, kShort, {kTile}),
      NumbersTag(323, kShort, {kTile}),
      NumbersTag(324, kLong8, std::vector<std::uint64_t>(tiles, 0)),  // filled in below
      NumbersTag(325, kLong8, std::vector<std::uint64_t>(tiles, tile_bytes))};
  if (bands > 1) tags.push_back(NumbersTag(338, kShort, std::vector<std::uint64_t>(bands - 1, 0)));
  tags.push_back(NumbersTag(339, kShort, std::vector<std::uint64_t>(bands, spec_.floats ? 3 : 1)));
  tags.push_back(Doubles(33550, {spec_.pixel_m, spec_.pixel_m, 0}));
  tags.push_back(Doubles(33922, {0, 0, 0, spec_.west_m, spec_.north_m, 0}));
  // Keys of GeoTIFF: projected, pixels are areas, and which system.
  tags.push_back(NumbersTag(34735, kShort,
                            {1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1,
                             static_cast<std::uint64_t>(spec_.epsg)}));
  tags.push_back(Ascii(42112, GdalMetadata(spec_)));
  tags.push_back(Ascii(42113, fmt::format("{}", spec_.nodata)));

  std::uint64_t at = kHeaderBytes + 8 + 20 * tags.size() + 8;
  std::uint64_t end = at;
  for (const Tag& tag : tags) end += tag.data.size() > 8 ? (tag.data.size() + 7) / 8 * 8 : 0;
  for (Tag& tag : tags) {
    if (tag.id != 324) continue;
    tag.data.clear();
    for (std::size_t i = 0; i < tiles; ++i) Le(tag.data, end + i * tile_bytes, 8);
  }
  std::string out = "II";
  Le(out, 43, 2);
  Le(out, 8, 2);
  Le(out, 0, 2);
  Le(out, kHeaderBytes, 8);
  Le(out, tags.size(), 8);
  std::string far;
  for (const Tag& tag : tags) {
    Le(out, tag.id, 2);
    Le(out, tag.type, 2);
    Le(out, tag.count, 8);
    if (tag.data.size() <= 8) {
      out += tag.data + std::string(8 - tag.data.size(), '\0');
      continue;
    }
    Le(out, at + far.size(), 8);
    far += tag.data;
    far.resize((far.size() + 7) / 8 * 8);
  }
  Le(out, 0, 8);  // no further directory
  out += far;
  TW_CHECK(out.size() == end);
  return out;
}

Result<void> TiledTiffWriter::WriteTile(std::span<const float> samples) {
  const std::size_t count = std::size_t{kTile} * kTile * static_cast<std::size_t>(spec_.bands);
  TW_CHECK(samples.size() == count && !complete());
  ++written_;
  buffer_.resize(count * (spec_.floats ? 4 : 2));
  if (spec_.floats) {
    std::memcpy(buffer_.data(), samples.data(), buffer_.size());
  } else {
    for (std::size_t i = 0; i < count; ++i) {
      const float value = samples[i];
      const auto sample = value >= 0 && value <= 65535
                              ? static_cast<std::uint16_t>(std::lround(value))
                              : static_cast<std::uint16_t>(spec_.nodata);
      buffer_[2 * i] = static_cast<char>(sample & 0xFF);
      buffer_[2 * i + 1] = static_cast<char>(sample >> 8);
    }
  }
  return sink_(AsBytes(buffer_));
}

}  // namespace trucewatch
