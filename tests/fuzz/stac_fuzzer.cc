// SPDX-License-Identifier: Apache-2.0
// Whatever comes as a scene's texts: STAC items, Sentinel-1 and Sentinel-2 documents, the directory
// of a zip archive, and the chunks that a scene is put together from. The first byte says which.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/archive/zip_archive.h"
#include "core/storage/memory_file.h"
#include "core/types/codec.h"
#include "core/xml/xml.h"
#include "ingest/satellite/geolocation.h"
#include "ingest/satellite/scene_assembly.h"
#include "ingest/satellite/scene_builder.h"
#include "ingest/satellite/sentinel1.h"
#include "ingest/satellite/sentinel1_calibration.h"
#include "ingest/satellite/sentinel2.h"
#include "ingest/satellite/stac.h"

namespace trucewatch {
namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void Stac(const std::string& text) {
  const auto node = ParseStac(text, "f");
  if (!node) return;
  if (node->item) static_cast<void>(SceneImages(*node->item));
  for (const std::string& link : node->links) {
    const auto path = LocalStacPath("a/b", link);
    Require(!path || (path->front() != '/' && !path->starts_with("../")));
  }
}

void Annotation(const std::string& text) {
  const auto annotation = ParseSentinel1Annotation(text, "f");
  if (!annotation) return;
  const auto grid = GeolocationGrid::Create(*annotation);
  if (!grid) return;
  const Eigen::Vector2d at = grid->ImageFromMap({grid->map().west_m, grid->map().north_m});
  Require(at.allFinite());
}

// Calibration, a zero byte, noise.
void Calibration(const std::string& text) {
  const std::size_t cut = std::min(text.find('\0'), text.size());
  const auto calibration = Sentinel1Calibration::Parse(
      text.substr(0, cut), cut < text.size() ? text.substr(cut + 1) : "", "f");
  if (!calibration) return;
  const float dn[3] = {0, 1, 65'535};
  std::vector<double> row(3);
  calibration->Sigma0(5, 2, dn, row);
  for (const double value : row) Require(std::isfinite(value) && value >= 0);
}

void Zip(const std::string& text) {
  const MemoryFile file(text);
  const auto archive = ZipArchive::Open(file, "f");
  if (!archive) return;
  for (const ZipEntry& entry : archive->entries()) {
    Require(entry.name.front() != '/' && entry.name.find("../") == std::string::npos);
    auto reader = ZipEntryReader::Open(*archive, entry);
    std::uint64_t total = 0;
    while (reader) {
      const auto bytes = reader->Read(4096);
      if (!bytes || bytes->empty()) break;
      total += bytes->size();
      if (total > (1U << 20U)) break;
    }
  }
}

// SceneChunks, each behind two bytes of length.
void Chunks(const std::string& text) {
  MemoryBlobStore store;
  SceneAssembly assembly("x", store);
  for (std::size_t at = 0; at + 2 <= text.size();) {
    const std::size_t size = std::min<std::size_t>(
        static_cast<unsigned char>(text[at]) * 256U + static_cast<unsigned char>(text[at + 1]),
        text.size() - at - 2);
    v1::SceneChunk chunk;
    if (!chunk.ParseFromArray(text.data() + at + 2, static_cast<int>(size))) return;
    if (!assembly.Take(chunk)) return;
    at += 2 + size;
    if (!assembly.complete()) continue;
    SceneContext context;
    context.store = &store;
    static_cast<void>(BuildScene("x", assembly.files(), context));
    return;
  }
  static_cast<void>(assembly.Missing());
}

}  // namespace
}  // namespace trucewatch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trucewatch;
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 9) {
    case 0:
      Stac(text);
      break;
    case 1:
      if (const auto manifest = ParseSentinel1Manifest(text, "f")) {
        static_cast<void>(ChooseChannel(*manifest));
      }
      break;
    case 2:
      Annotation(text);
      break;
    case 3:
      Calibration(text);
      break;
    case 4:
      if (const auto product = ParseSentinel2Product(text, "f")) {
        static_cast<void>(Sentinel2Image(*product, "B04", 10));
      }
      break;
    case 5:
      static_cast<void>(ParseSentinel2Tile(text, "f"));
      break;
    case 6:
      static_cast<void>(ParseXml(text, "f"));
      break;
    case 7:
      Zip(text);
      break;
    default:
      Chunks(text);
  }
  return 0;
}
