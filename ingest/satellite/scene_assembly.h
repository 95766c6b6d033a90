// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/crypto/sha256.h"
#include "core/storage/blob_store.h"
#include "ingest/satellite/scene_chunk.h"

namespace trucewatch {
namespace v1 {
class SceneChunk;
}

// A file of a scene that has arrived in full and has the digest its chunks say.
struct SceneFile {
  std::string name, role;
  std::uint64_t size = 0;
  Digest sha256{};
  std::string text;                    // of everything but rasters
  std::unique_ptr<BlobWriter> raster;  // in the store, not committed; null for texts
};

// Puts the files of one scene together from their chunks, which come from outside: order, sizes and
// counts are checked before a byte is kept. Rasters go into the store as they come and are never
// whole in memory; what is not committed goes away with the assembly.
class SceneAssembly {
 public:
  // `store` outlives the assembly.
  SceneAssembly(std::string item, BlobStore& store) : item_(std::move(item)), store_(store) {}

  // kBadInput: the scene must be given up, for that reason. Other codes: the store failed, which is
  // not the source's fault.
  Result<void> Take(const v1::SceneChunk& chunk);

  const std::string& item() const { return item_; }
  // Every file has arrived: as many as the chunks announced, or in older records the first image.
  bool complete() const;
  std::vector<SceneFile>& files() { return files_; }
  // What is missing; for scenes that end before they are complete.
  std::string Missing() const;

 private:
  struct UnderWay {
    SceneFile file;
    std::uint64_t at = 0;
    Sha256Stream hash;
  };
  Result<void> Begin(const v1::SceneChunk& chunk);
  Result<void> Finish();

  std::string item_;
  BlobStore& store_;
  std::uint32_t file_count_ = 0;
  std::uint64_t text_bytes_ = 0;
  std::unique_ptr<UnderWay> under_way_;
  std::vector<SceneFile> files_;
};

// The first file of a role; null: there is none.
SceneFile* FindFile(std::vector<SceneFile>& files, std::string_view role);

}  // namespace trucewatch
