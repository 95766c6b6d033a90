// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>

#include "core/archive/zip_archive.h"
#include "ingest/recorded/internal/scene_delivery.h"
#include "ingest/satellite/scene_chunk.h"
#include "ingest/satellite/sentinel1.h"
#include "ingest/satellite/sentinel2.h"

namespace trucewatch::internal {
namespace {

constexpr const char* kManifest = "manifest.safe";
constexpr const char* kUserProduct = "MTD_MSIL2A.xml";

// The files of a product, wherever they lie; paths are relative to the product's folder.
class ProductFiles {
 public:
  virtual ~ProductFiles() = default;
  // Why a file cannot be sent; empty when it can.
  virtual std::string Missing(const std::string& path) const = 0;
  virtual Result<std::string> ReadText(const std::string& path) const = 0;
  // As DeliveryFile.path says it.
  virtual std::string PathOf(const std::string& path) const = 0;
};

class FolderFiles final : public ProductFiles {
 public:
  FolderFiles(Storage& storage, std::string folder)
      : storage_(storage), folder_(std::move(folder)) {}
  std::string Missing(const std::string& path) const override {
    std::string oddity = Oddity(folder_, path);
    if (!oddity.empty()) return oddity;
    const auto exists = storage_.Exists(PathOf(path));
    return exists && *exists ? "" : "is not in the product";
  }
  Result<std::string> ReadText(const std::string& path) const override {
    return ReadWholeFile(storage_, PathOf(path), kMaxSceneTextBytes);
  }
  std::string PathOf(const std::string& path) const override { return folder_ + "/" + path; }

 private:
  Storage& storage_;
  std::string folder_;
};

class ArchiveFiles final : public ProductFiles {
 public:
  ArchiveFiles(const ZipArchive& archive, std::string folder)
      : archive_(archive), folder_(std::move(folder)) {}
  std::string Missing(const std::string& path) const override {
    return Find(path) != nullptr ? "" : "is not in the product";
  }
  Result<std::string> ReadText(const std::string& path) const override {
    const ZipEntry* entry = Find(path);
    if (entry == nullptr || entry->size > kMaxSceneTextBytes) {
      return Fail(ErrorCode::kBadInput, "{}: is not in the product, or has more than {} bytes",
                  path, kMaxSceneTextBytes);
    }
    TW_ASSIGN_OR_RETURN(auto reader, ZipEntryReader::Open(archive_, *entry));
    std::string text;
    while (true) {
      TW_ASSIGN_OR_RETURN(const std::string more, reader.Read(kMaxSceneTextBytes));
      if (more.empty()) return text;
      text += more;
    }
  }
  std::string PathOf(const std::string& path) const override { return folder_ + path; }

 private:
  const ZipEntry* Find(const std::string& path) const {
    const auto& entries = archive_.entries();
    const auto at = std::find_if(entries.begin(), entries.end(),
                                 [&](const ZipEntry& e) { return e.name == folder_ + path; });
    return at == entries.end() ? nullptr : &*at;
  }
  const ZipArchive& archive_;
  std::string folder_;  // with a slash at its end
};

// Adds files in this order until one is missing.
void AddFiles(const ProductFiles& files,
              const std::vector<std::pair<std::string, const char*>>& wanted, Delivery& delivery) {
  for (const auto& [path, role] : wanted) {
    const std::string missing = files.Missing(path);
    if (!missing.empty()) {
      delivery.reason = path + ": " + missing;
      delivery.awaited = true;
      return;
    }
    delivery.files.push_back({files.PathOf(path), path, role});
  }
}

// The manifest is sent even when it cannot be read: it is the evidence of what came.
Result<void> AddSentinel1(const ProductFiles& files, Delivery& delivery) {
  TW_ASSIGN_OR_RETURN(const std::string text, files.ReadText(kManifest));
  AddFiles(files, {{kManifest, scene_role::kManifest}}, delivery);
  TW_ASSIGN_OR_RETURN(const Sentinel1Manifest manifest, ParseSentinel1Manifest(text, kManifest));
  delivery.time = manifest.stop;
  TW_ASSIGN_OR_RETURN(const Sentinel1Channel channel, ChooseChannel(manifest));
  AddFiles(files,
           {{channel.annotation.href, scene_role::kAnnotation},
            {channel.calibration.href, scene_role::kCalibration},
            {channel.noise.href, scene_role::kNoise},
            {channel.measurement.href, scene_role::kImage}},
           delivery);
  return {};
}

Result<void> AddSentinel2(const ProductFiles& files, Delivery& delivery) {
  TW_ASSIGN_OR_RETURN(const std::string text, files.ReadText(kUserProduct));
  AddFiles(files, {{kUserProduct, scene_role::kProduct}}, delivery);
  TW_ASSIGN_OR_RETURN(const Sentinel2Product product, ParseSentinel2Product(text, kUserProduct));
  delivery.time = product.stop;
  std::vector<std::pair<std::string, const char*>> wanted = {
      {product.granule + "/MTD_TL.xml", scene_role::kTile}};
  for (const char* band : {"B04", "B03", "B02", "B08"}) {
    TW_ASSIGN_OR_RETURN(std::string image, Sentinel2Image(product, band, 10));
    wanted.emplace_back(std::move(image), scene_role::kImage);
  }
  TW_ASSIGN_OR_RETURN(std::string classes, Sentinel2Image(product, "SCL", 20));
  wanted.emplace_back(std::move(classes), scene_role::kMask);
  AddFiles(files, wanted, delivery);
  return {};
}

Result<Delivery> DeliverProduct(const ProductFiles& files, Delivery delivery) {
  const bool second = files.Missing(kUserProduct).empty();
  const auto added = second ? AddSentinel2(files, delivery) : AddSentinel1(files, delivery);
  if (!added && added.error().code == ErrorCode::kIo) return tl::unexpected(added.error());
  if (!added && delivery.reason.empty()) delivery.reason = added.error().message;
  delivery.awaited = delivery.awaited || !added;
  return delivery;
}

std::string ItemName(const std::string& folder) {
  std::string name = std::filesystem::path(folder).filename().string();
  if (name.ends_with(".SAFE")) name.resize(name.size() - 5);
  return Printable(name);
}

}  // namespace

bool IsProductFolder(const std::string& folder) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(folder + "/" + kManifest, ignored) ||
         std::filesystem::is_regular_file(folder + "/" + kUserProduct, ignored);
}

Result<Delivery> DeliverFolder(Storage& storage, const std::string& folder, Instant start) {
  std::string path = folder;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  Delivery delivery;
  delivery.time = start;
  delivery.item = ItemName(path);
  return DeliverProduct(FolderFiles(storage, path), std::move(delivery));
}

Result<Delivery> DeliverArchive(Storage& storage, const std::string& path, Instant start) {
  Delivery delivery;
  delivery.time = start;
  delivery.item = ItemName(std::filesystem::path(path).stem().string());
  delivery.archive = path;
  TW_ASSIGN_OR_RETURN(const auto file, storage.Open(path, /*create=*/false));
  const auto archive = ZipArchive::Open(*file, std::filesystem::path(path).filename().string());
  if (!archive && archive.error().code == ErrorCode::kIo) return tl::unexpected(archive.error());
  if (!archive) {
    delivery.reason = archive.error().message;
    delivery.awaited = true;
    return delivery;
  }
  // One product: the folder of the one manifest that lies highest.
  std::vector<std::string> folders;
  for (const ZipEntry& entry : archive->entries()) {
    for (const char* manifest : {kUserProduct, kManifest}) {
      const std::filesystem::path name(entry.name);
      if (name.filename() != manifest) continue;
      const std::string folder = name.parent_path().string();
      folders.push_back(folder.empty() ? "" : folder + "/");
    }
  }
  std::sort(folders.begin(), folders.end());
  folders.erase(std::unique(folders.begin(), folders.end()), folders.end());
  if (folders.size() != 1) {
    delivery.reason =
        fmt::format("{}: holds {} products (manifest.safe or MTD_MSIL2A.xml); expected one",
                    std::filesystem::path(path).filename().string(), folders.size());
    return delivery;
  }
  if (!folders[0].empty()) {
    delivery.item = ItemName(folders[0].substr(0, folders[0].size() - 1));
  }
  return DeliverProduct(ArchiveFiles(*archive, folders[0]), std::move(delivery));
}

}  // namespace trucewatch::internal
