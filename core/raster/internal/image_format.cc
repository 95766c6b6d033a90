// SPDX-License-Identifier: Apache-2.0
#include "core/raster/internal/image_format.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "core/base/bytes.h"

namespace trucewatch::internal {
namespace {

using std::literals::string_view_literals::operator""sv;

constexpr std::string_view kJp2Box = "\0\0\0\x0CjP  \r\n\x87\n"sv;
constexpr std::string_view kCodestream = "\xFF\x4F\xFF\x51"sv;  // SOC, SIZ

bool StartsWith(std::string_view bytes, std::string_view magic) {
  return bytes.substr(0, magic.size()) == magic;
}

bool IsTiff(std::string_view bytes) {
  return StartsWith(bytes, "II*\0"sv) || StartsWith(bytes, "MM\0*"sv) ||
         StartsWith(bytes, "II+\0"sv) || StartsWith(bytes, "MM\0+"sv);
}

// What bytes are that are none of the formats, for what people are likely to hand in.
std::string WhatItIs(std::string_view bytes) {
  if (StartsWith(bytes, "PK\x03\x04")) {
    return "a zip archive (a SAFE product?), not an image; unpack it, or give it as a product";
  }
  if (StartsWith(bytes, "<VRTDataset")) {
    return "a GDAL virtual file that names other files, not an image";
  }
  if (bytes.empty()) return "empty; expected a GeoTIFF, JPEG 2000 or NITF image";
  return fmt::format("no GeoTIFF, JPEG 2000 or NITF image: it begins with {}",
                     HexEncode(AsBytes(bytes.substr(0, 8))));
}

std::string ReadSome(const File& file, std::uint64_t at, std::size_t size) {
  const auto whole = file.Size();
  if (!whole || at >= *whole) return {};
  auto bytes = file.ReadAt(at, std::min<std::uint64_t>(size, *whole - at));
  return bytes ? *std::move(bytes) : std::string();
}

// Where the codestream of a JP2 file begins (ISO/IEC 15444-1 annex I).
std::optional<std::uint64_t> FindCodestreamBox(const File& file) {
  std::uint64_t at = 0;
  for (int box = 0; box < 1000; ++box) {
    const std::string head = ReadSome(file, at, 16);
    if (head.size() < 8) return std::nullopt;
    std::uint64_t size = ReadBe32(AsBytes(head));
    std::uint64_t header = 8;
    if (size == 1) {
      if (head.size() < 16) return std::nullopt;
      size = ReadBe64(AsBytes(head).subspan(8));
      header = 16;
    }
    if (std::string_view(head).substr(4, 4) == "jp2c") return at + header;
    if (size < header || size > UINT64_MAX - at) return std::nullopt;
    at += size;
  }
  return std::nullopt;
}

// Tiles and components of a codestream against the memory that decoding takes (ISO/IEC 15444-1
// A.5.1).
Result<void> CheckCodestream(const File& file, std::uint64_t at, const std::string& name) {
  constexpr std::uint64_t kMaxTileBytes = std::uint64_t{256} << 20;    // of one decoded tile
  constexpr std::uint64_t kMaxTableBytes = std::uint64_t{64} << 20;    // of all tiles' tables
  constexpr std::uint64_t kTableBytes = 6000, kComponentBytes = 1100;  // OpenJPEG 2.5, rounded up
  const std::string bytes = ReadSome(file, at, 42);
  if (bytes.size() < 42 || !StartsWith(bytes, kCodestream)) {
    return Fail(ErrorCode::kBadInput, "{}: byte {}: no JPEG 2000 codestream header", name, at);
  }
  const auto field = [&](std::size_t offset) -> std::uint64_t {
    return ReadBe32(AsBytes(bytes).subspan(offset));
  };
  const std::uint64_t x1 = field(8), y1 = field(12), x0 = field(16), y0 = field(20);
  const std::uint64_t tile_x = field(24), tile_y = field(28), tx0 = field(32), ty0 = field(36);
  const std::uint64_t components = ReadBe16(AsBytes(bytes).subspan(40));
  if (x1 <= x0 || y1 <= y0 || tile_x == 0 || tile_y == 0 || tx0 > x0 || ty0 > y0 ||
      components < 1 || components > 64) {
    return Fail(
        ErrorCode::kBadInput,
        "{}: byte {}: a JPEG 2000 image of {} x {} pixels, tiles of {} x {}, {} components; "
        "expected a positive size and 1 to 64 components",
        name, at, x1 - std::min(x0, x1), y1 - std::min(y0, y1), tile_x, tile_y, components);
  }
  const std::uint64_t across = (x1 - tx0 + tile_x - 1) / tile_x;
  const std::uint64_t down = (y1 - ty0 + tile_y - 1) / tile_y;
  const std::uint64_t wide = std::min(tile_x, x1 - x0);
  const std::uint64_t high = std::min(tile_y, y1 - y0);
  if (across * down > kMaxTableBytes / (kTableBytes + components * kComponentBytes)) {
    return Fail(ErrorCode::kBadInput, "{}: {} JPEG 2000 tiles; expected at most {}", name,
                across * down, kMaxTableBytes / (kTableBytes + components * kComponentBytes));
  }
  // OpenJPEG decodes a tile as a whole, into 32-bit samples of all components.
  if (wide * high > kMaxTileBytes / 4 / components) {
    return Fail(ErrorCode::kBadInput,
                "{}: JPEG 2000 tiles of {} x {} samples in {} components; expected at most {} MiB "
                "decoded: write it with smaller tiles",
                name, wide, high, components, kMaxTileBytes >> 20);
  }
  return {};
}

}  // namespace

Result<ImageFormat> RecogniseImage(const File& file, const std::string& name) {
  const std::string start = ReadSome(file, 0, 16);
  if (IsTiff(start)) return ImageFormat{"GTiff", "tif"};
  if (StartsWith(start, kJp2Box)) {
    const auto at = FindCodestreamBox(file);
    if (!at) return Fail(ErrorCode::kBadInput, "{}: JPEG 2000 without a codestream box", name);
    TW_RETURN_IF_ERROR(CheckCodestream(file, *at, name));
    return ImageFormat{"JP2OpenJPEG", "jp2"};
  }
  if (StartsWith(start, kCodestream)) {
    TW_RETURN_IF_ERROR(CheckCodestream(file, 0, name));
    return ImageFormat{"JP2OpenJPEG", "j2k"};
  }
  if (StartsWith(start, "NITF02") || StartsWith(start, "NSIF01")) {
    // A JPEG 2000 compressed image lies in it as a codestream, after at most some hundred kB.
    const std::string head = ReadSome(file, 0, std::size_t{4} << 20);
    const std::size_t at = head.find(kCodestream);
    if (at != std::string::npos) TW_RETURN_IF_ERROR(CheckCodestream(file, at, name));
    return ImageFormat{"NITF", "ntf"};
  }
  return Fail(ErrorCode::kBadInput, "{}: is {}", name, WhatItIs(start));
}

}  // namespace trucewatch::internal
