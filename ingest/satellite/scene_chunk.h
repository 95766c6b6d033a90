// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace trucewatch {

// What a satellite source's raw records hold (SceneChunk): the item's file first, then its raster,
// each in order and without gaps.
inline constexpr std::size_t kMaxSceneChunkBytes = std::size_t{256} << 10;
inline constexpr const char* kSceneItemName = "item.json";
// No file of the scene: one sentence on why the source could not send it.
inline constexpr const char* kSceneReasonName = "reason.txt";

}  // namespace trucewatch
