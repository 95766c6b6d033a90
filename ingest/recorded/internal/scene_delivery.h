// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/archive/zip_archive.h"
#include "core/base/result.h"
#include "core/storage/storage.h"
#include "core/time/instant.h"
#include "trucewatch/v1/observation.pb.h"

namespace trucewatch::internal {

// A file of a scene as it will be sent.
struct DeliveryFile {
  std::string path;  // on disk, or in the delivery's archive
  std::string name;  // within the scene
  std::string role;  // ingest/satellite/scene_chunk.h
};

// One scene as it will be sent.
struct Delivery {
  Instant time;  // when it was delivered, as far as its files say
  std::string item;
  std::string archive;              // a zip file; empty: plain files
  std::vector<DeliveryFile> files;  // texts first
  std::string reason;               // not empty: why its files, or further ones, cannot be sent
  bool awaited = false;             // because one is not there, or not whole: it may still come
};

// Names come from folders and links; messages hold UTF-8 only.
std::string Printable(std::string text);

// Why a file below a folder is not read; empty when it may be. A link out of the folder would send
// a file of this machine to everybody.
std::string Oddity(const std::string& root, const std::string& path);

// Gives the chunks of one delivery, in order. Every file is read twice, for its digest and for its
// bytes: a file is never in memory as a whole. What cannot be read ends the scene with the reason.
class SceneSender {
 public:
  SceneSender(Storage& storage, Delivery delivery);
  const Delivery& delivery() const { return delivery_; }
  // Nothing after the last chunk. kIo: the disk failed.
  Result<std::optional<v1::SceneChunk>> Next();

 private:
  struct Piece {
    std::unique_ptr<File> file;
    std::optional<ZipArchive> archive;
    std::optional<ZipEntryReader> entry;
    std::uint64_t at = 0;
    Result<std::string> Read(std::size_t max_size);
  };
  Result<std::unique_ptr<Piece>> Open(const DeliveryFile& file);
  Result<void> Begin(const DeliveryFile& file);
  void BeginReason(const std::string& reason);

  Storage& storage_;
  Delivery delivery_;
  std::size_t next_ = 0;
  bool reason_given_ = false;
  v1::SceneChunk head_;
  std::unique_ptr<Piece> piece_;
  std::string text_;  // of a reason
  std::uint64_t left_ = 0, offset_ = 0;
};

struct SceneSearch {
  Instant start;                            // time where the files say none
  std::vector<std::string> local_prefixes;  // folders that absolute links may lead into
  std::string rpc_path;                     // sensor model of the one image that is meant
};

// What lies at a path: a STAC item, catalog or collection, a SAFE folder or zip archive, or one
// raster. What cannot be followed is a delivery with a reason; kNotFound and kBadInput only when
// the path itself is nothing of this.
Result<std::vector<Delivery>> FindDeliveries(Storage& storage, const std::string& path,
                                             const SceneSearch& search);

// What lies directly in a folder that scenes are put into (SceneFolderWatcher).
struct FolderEntry {
  std::string name;
  std::string key;  // SHA-256 in hexadecimal of its name and of the names and sizes of its files
  Delivery delivery;
  bool done = false;        // NAME.done lies beside it
  bool incomplete = false;  // files that it names are not there, or it cannot be read yet
  bool lone_image = false;  // no item names it
};
Result<std::vector<FolderEntry>> ListFolder(Storage& storage, const std::string& folder,
                                            const SceneSearch& search);

// Parts of FindDeliveries.
Result<std::vector<Delivery>> WalkCatalog(Storage& storage, const std::string& path,
                                          const SceneSearch& search);
// A product in a folder, or in a zip archive (which has one folder). Never fails on what is inside.
Result<Delivery> DeliverFolder(Storage& storage, const std::string& folder, Instant start);
Result<Delivery> DeliverArchive(Storage& storage, const std::string& path, Instant start);
// True when a folder holds a product's manifest.
bool IsProductFolder(const std::string& folder);

}  // namespace trucewatch::internal
