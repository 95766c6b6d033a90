// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace trucewatch {

// What a satellite source's raw records hold (SceneChunk): the files of one scene after another,
// each in order and without gaps, texts before rasters.
inline constexpr std::size_t kMaxSceneChunkBytes = std::size_t{256} << 10;
inline constexpr std::uint32_t kMaxSceneFiles = 64;
inline constexpr std::uint64_t kMaxSceneTextBytes = std::uint64_t{16} << 20;   // of one file
inline constexpr std::uint64_t kMaxSceneTextsBytes = std::uint64_t{64} << 20;  // of a scene
inline constexpr std::uint64_t kMaxSceneRasterBytes = std::uint64_t{4} << 30;  // of one file

inline constexpr const char* kSceneItemName = "item.json";
// No file of the scene: one sentence on why the source could not send it.
inline constexpr const char* kSceneReasonName = "reason.txt";

// What a file is to its scene.
namespace scene_role {
inline constexpr const char* kItem = "item";              // STAC item
inline constexpr const char* kReason = "reason";          // kSceneReasonName
inline constexpr const char* kImage = "image";            // a raster, or one band of the scene
inline constexpr const char* kMask = "mask";              // raster of what hides the ground
inline constexpr const char* kRpc = "rpc";                // sensor model, RPC text
inline constexpr const char* kMetadata = "metadata";      // text that is kept and not read
inline constexpr const char* kManifest = "manifest";      // Sentinel-1 manifest.safe
inline constexpr const char* kAnnotation = "annotation";  // of one polarisation
inline constexpr const char* kCalibration = "calibration";
inline constexpr const char* kNoise = "noise";
inline constexpr const char* kProduct = "product";  // Sentinel-2 MTD_MSIL2A.xml
inline constexpr const char* kTile = "tile";        // Sentinel-2 MTD_TL.xml
}  // namespace scene_role

}  // namespace trucewatch
