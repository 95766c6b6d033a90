// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/stac_seeds.h"

#include "core/crypto/sha256.h"
#include "ingest/satellite/scene_chunk.h"
#include "tests/ingest/satellite/safe_product.h"
#include "tests/ingest/satellite/scene_files.h"
#include "trucewatch/v1/observation.pb.h"

namespace trucewatch {
namespace {

std::string Kind(int kind, const std::string& text) {
  return std::string(1, static_cast<char>(kind)) + text;
}

// A chunk that is a whole file, behind its length.
std::string Chunk(const std::string& name, const char* role, const std::string& bytes,
                  std::uint32_t files) {
  v1::SceneChunk chunk;
  chunk.set_item("x");
  chunk.set_name(name);
  chunk.set_role(role);
  chunk.set_file_count(files);
  chunk.set_file_size(bytes.size());
  const Digest digest = Sha256(bytes);
  chunk.set_file_sha256(digest.data(), digest.size());
  chunk.set_data(bytes);
  const std::string message = chunk.SerializeAsString();
  return std::string{static_cast<char>(message.size() >> 8),
                     static_cast<char>(message.size() & 0xFF)} +
         message;
}

}  // namespace

void WriteStacSeeds(const std::function<void(const std::string&, std::string_view)>& write) {
  testing::MadeSafe safe;
  safe.lines = safe.samples = 16;
  const testing::MadeSentinel2 second;
  const std::string item = testing::StacItemJson(
      "x", "2026-03-01T08:30:00Z",
      R"(,"gsd":10,"eo:cloud_cover":5,"proj:code":"EPSG:32636","sar:product_type":"GRD")");
  write("stac/item", Kind(0, item));
  write("stac/catalog",
        Kind(0, R"({"type":"Catalog","stac_version":"1.1.0","id":"c","links":[{"rel":"item",)"
                R"("href":"./a/i.json"},{"rel":"child","href":"../c.json"}]})"));
  write("stac/manifest", Kind(1, testing::MadeManifest(safe)));
  write("stac/annotation", Kind(2, testing::MadeAnnotation(safe)));
  write("stac/calibration",
        Kind(3, testing::MadeCalibration(safe) + std::string(1, '\0') + testing::MadeNoise(safe)));
  safe.old_noise = true;
  write("stac/old_noise",
        Kind(3, testing::MadeCalibration(safe) + std::string(1, '\0') + testing::MadeNoise(safe)));
  write("stac/product", Kind(4, testing::MadeUserProduct(second)));
  write("stac/tile", Kind(5, testing::MadeTile(second)));
  write("stac/xml", Kind(6, "<a:b xmlns:a=\"u\" k=\"&lt;\"><!-- c --><![CDATA[x]]>&#65;</a:b>"));
  // A zip archive with one stored file, by hand (PKWARE APPNOTE 4.3).
  const std::string zip = *HexDecode(
      "504b03041400000000000000210063f3f3ad0400000004000000010000006164617461504b01021403140000"
      "0000000000210063f3f3ad040000000400000001000000000000000000000080010000000061504b05060000"
      "0000010001002f000000230000000000");
  write("stac/zip", Kind(7, zip));
  const std::string tif = testing::NoiseGeoTiff(1, 16, "2026:03:01 08:30:00");
  write("stac/chunks", Kind(8, Chunk(kSceneItemName, scene_role::kItem, item, 2) +
                                   Chunk("./scene.tif", scene_role::kImage, tif, 2)));
  write("stac/lone_image", Kind(8, Chunk("a.tif", scene_role::kImage, tif, 1)));
}

}  // namespace trucewatch
