// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <set>

#include "core/raster/scene_reader.h"
#include "ingest/recorded/internal/file_reader.h"
#include "ingest/recorded/internal/scene_delivery.h"
#include "ingest/satellite/scene_chunk.h"
#include "ingest/satellite/stac.h"

namespace trucewatch::internal {
namespace {

constexpr const char* kExpectedCatalog =
    "a STAC item, catalog or collection (JSON), a SAFE folder or zip archive, or a GeoTIFF, JPEG "
    "2000 or NITF image";
constexpr std::size_t kMaxNodes = 10'000;  // files of a catalog
constexpr std::size_t kMaxDepth = 16;

class CatalogWalk {
 public:
  CatalogWalk(Storage& storage, std::string root, const SceneSearch& search)
      : storage_(storage), root_(std::move(root)), search_(search) {}

  // Adds the scenes at and below a STAC file. What cannot be followed is a delivery with a reason.
  Result<std::vector<Delivery>> Run(const std::string& first) {
    std::deque<std::pair<std::string, std::size_t>> open = {{first, 0}};
    std::set<std::string> seen = {first};
    while (!open.empty()) {
      const auto [path, depth] = open.front();
      open.pop_front();
      TW_ASSIGN_OR_RETURN(const auto links, Visit(path));
      for (const std::string& link : links) {
        const auto child = Follow(path, link);
        if (!child) {
          Refuse(path, child.error().message);
        } else if (depth + 1 > kMaxDepth) {
          Refuse(*child, fmt::format("lies more than {} catalogs deep", kMaxDepth));
        } else if (seen.size() >= kMaxNodes) {
          Refuse(path, fmt::format("the catalog has more than {} files; the others are not read",
                                   kMaxNodes));
          open.clear();
          break;
        } else if (seen.insert(*child).second) {
          open.emplace_back(*child, depth + 1);
        }
      }
    }
    return std::move(found_);
  }

 private:
  static std::string FolderOf(const std::string& path) {
    return std::filesystem::path(path).parent_path().string();
  }
  std::string OnDisk(const std::string& path) const {
    return path[0] == '/' ? path : root_ + "/" + path;
  }

  // A link's file: relative to the root folder, or absolute below an allowed one. No symbolic
  // links.
  Result<std::string> Follow(const std::string& from, const std::string& href) const {
    std::string absolute = href.rfind("file:///", 0) == 0 ? href.substr(7) : href;
    const bool inside_prefix =
        from[0] == '/' && absolute[0] != '/' && absolute.find(':') == std::string::npos;
    if (inside_prefix) absolute = FolderOf(from) + "/" + absolute;
    if (absolute.empty() || absolute[0] != '/') {
      TW_ASSIGN_OR_RETURN(std::string local, LocalStacPath(FolderOf(from), href));
      return local;
    }
    const std::string path = std::filesystem::path(absolute).lexically_normal().string();
    for (const std::string& allowed : search_.local_prefixes) {
      const std::string prefix = std::filesystem::path(allowed + "/").lexically_normal().string();
      if (path.rfind(prefix, 0) != 0) continue;
      const std::string oddity = Oddity(prefix, path.substr(prefix.size()));
      if (!oddity.empty()) return Fail(ErrorCode::kBadInput, "{}: {}", href, oddity);
      return path;
    }
    return Fail(ErrorCode::kBadInput,
                "{}: is an absolute path that no local_prefix of the source allows", href);
  }

  void Refuse(const std::string& path, const std::string& reason) {
    Delivery delivery;
    delivery.time = search_.start;
    delivery.item = Printable(path);
    delivery.reason = fmt::format("{}: {}", path, reason);
    found_.push_back(std::move(delivery));
  }

  // Adds an asset of an item; why not, when it cannot be had.
  std::string Add(const std::string& path, const StacRaster& asset, const char* role,
                  Delivery& delivery) const {
    const auto local = Follow(path, asset.href);
    if (!local) return local.error().message;
    const std::string oddity = (*local)[0] == '/' ? "" : Oddity(root_, *local);
    if (!oddity.empty()) return asset.href + ": " + oddity;
    const auto exists = storage_.Exists(OnDisk(*local));
    if (!exists || !*exists) {
      delivery.awaited = true;
      return asset.href + ": there is no such file";
    }
    delivery.files.push_back({OnDisk(*local), asset.href, role});
    return "";
  }

  void AddAssets(const std::string& path, const StacItem& item, Delivery& delivery) const {
    const std::vector<StacRaster> images = SceneImages(item);
    if (images.empty()) {
      delivery.reason = "no GeoTIFF asset with the role data or visual";
      return;
    }
    // Texts and masks that are not here are missed by nobody: the item still says what they were.
    for (const StacRaster& input : item.inputs) {
      const bool rpc =
          std::find(input.roles.begin(), input.roles.end(), "rpc") != input.roles.end();
      static_cast<void>(Add(path, input, rpc ? scene_role::kRpc : scene_role::kMetadata, delivery));
    }
    if (images.size() == 1) {
      // The first that is here: a catalogue may have been copied without its largest files.
      std::string first_reason;
      for (const StacRaster& raster : item.rasters) {
        const std::string reason = Add(path, raster, scene_role::kImage, delivery);
        if (reason.empty()) break;
        if (first_reason.empty()) first_reason = reason;
      }
      if (delivery.files.back().role != scene_role::kImage) {
        delivery.reason = fmt::format("its raster was not delivered with it: {} ({})",
                                      item.rasters.front().href, first_reason);
        return;
      }
    } else {
      for (const StacRaster& band : images) {
        const std::string reason = Add(path, band, scene_role::kImage, delivery);
        if (reason.empty()) continue;
        delivery.reason =
            fmt::format("its raster was not delivered with it: {} ({})", band.href, reason);
        return;
      }
    }
    if (item.mask && item.mask->href != delivery.files.back().name) {
      static_cast<void>(Add(path, *item.mask, scene_role::kMask, delivery));
    }
  }

  // Takes an item; gives the links of anything else.
  Result<std::vector<std::string>> Visit(const std::string& path) {
    const std::string whole = OnDisk(path);
    TW_ASSIGN_OR_RETURN(const bool exists, storage_.Exists(whole));
    std::string oddity = exists ? "" : "there is no such file";
    if (exists && path[0] != '/') oddity = Oddity(root_, path);
    if (!oddity.empty()) {
      Refuse(path, oddity);
      return std::vector<std::string>();
    }
    const auto bytes = ReadWholeFile(storage_, whole, kMaxStacJsonBytes);
    if (!bytes && bytes.error().code == ErrorCode::kIo) return tl::unexpected(bytes.error());
    if (!bytes) {
      Refuse(path, fmt::format("cannot be read or has more than {} bytes", kMaxStacJsonBytes));
      return std::vector<std::string>();
    }
    const auto node = ParseStac(*bytes, path);
    if (node && !node->item) return node->links;
    // A damaged item is sent as it is: its bytes are evidence, and ingest says what is wrong.
    Delivery delivery;
    delivery.item = node ? node->id : Printable(path);
    delivery.time = node ? node->item->delivered.value_or(search_.start) : search_.start;
    delivery.files.push_back({whole, kSceneItemName, scene_role::kItem});
    if (node) AddAssets(path, *node->item, delivery);
    found_.push_back(std::move(delivery));
    return std::vector<std::string>();
  }

  Storage& storage_;
  std::string root_;
  const SceneSearch& search_;
  std::vector<Delivery> found_;
};

Result<Delivery> DeliverRaster(const std::string& path, const SceneSearch& search) {
  Delivery delivery;
  delivery.item = Printable(std::filesystem::path(path).stem().string());
  delivery.time = search.start;
  if (!search.rpc_path.empty()) {
    delivery.files.push_back({search.rpc_path,
                              Printable(std::filesystem::path(search.rpc_path).filename().string()),
                              scene_role::kRpc});
  }
  const std::string name = Printable(std::filesystem::path(path).filename().string());
  delivery.files.push_back({path, name, scene_role::kImage});
  SceneOptions options;
  options.placed = false;
  const auto scene = SceneReader::OpenFile(path, options);
  if (scene && (*scene)->info().time) delivery.time = *(*scene)->info().time;
  return delivery;
}

bool IsImage(std::string_view start) {
  using std::literals::string_view_literals::operator""sv;
  for (const std::string_view magic :
       {"II"sv, "MM"sv, "NITF"sv, "NSIF"sv, "\0\0\0\x0CjP  "sv, "\xFF\x4F\xFF\x51"sv}) {
    if (start.starts_with(magic)) return true;
  }
  return false;
}

}  // namespace

std::string Printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7E;
      },
      '_');
  text.resize(std::min<std::size_t>(text.size(), 256));
  return text.empty() ? "scene" : text;
}

std::string Oddity(const std::string& root, const std::string& path) {
  std::filesystem::path whole(root);
  std::filesystem::file_status status;
  std::error_code ignored;
  for (const auto& part : std::filesystem::path(path)) {
    whole /= part;
    status = std::filesystem::symlink_status(whole, ignored);
    if (std::filesystem::is_symlink(status)) return "is a symbolic link, which is not followed";
  }
  // Storage of a test knows files that the file system does not.
  return std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)
             ? "is a folder or a device; expected a file"
             : "";
}

Result<std::vector<Delivery>> WalkCatalog(Storage& storage, const std::string& path,
                                          const SceneSearch& search) {
  const std::filesystem::path file(path);
  const std::string root = file.has_parent_path() ? file.parent_path().string() : ".";
  // The root itself must be STAC: a text file must not become a mission of damage.
  TW_ASSIGN_OR_RETURN(const std::string bytes, ReadWholeFile(storage, path, kMaxStacJsonBytes));
  const auto node = ParseStac(bytes, path);
  if (!node) return tl::unexpected(node.error());
  return CatalogWalk(storage, root, search).Run(file.filename().string());
}

Result<std::vector<Delivery>> FindDeliveries(Storage& storage, const std::string& path,
                                             const SceneSearch& search) {
  std::vector<Delivery> deliveries;
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    if (!IsProductFolder(path)) {
      // A folder that was watched, replayed: everything in it.
      TW_ASSIGN_OR_RETURN(auto entries, ListFolder(storage, path, search));
      for (FolderEntry& entry : entries) deliveries.push_back(std::move(entry.delivery));
      if (deliveries.empty()) {
        return Fail(ErrorCode::kBadInput, "{}: is a folder without scenes; expected {}", path,
                    kExpectedCatalog);
      }
      return deliveries;
    }
    TW_ASSIGN_OR_RETURN(Delivery delivery, DeliverFolder(storage, path, search.start));
    deliveries.push_back(std::move(delivery));
    return deliveries;
  }
  TW_ASSIGN_OR_RETURN(FileReader file, FileReader::Open(storage, path, kExpectedCatalog));
  TW_ASSIGN_OR_RETURN(const std::string start, file.Read(64));
  const std::size_t first = start.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && start[first] == '{') {
    return WalkCatalog(storage, path, search);
  }
  if (start.rfind("PK\x03\x04", 0) == 0) {
    TW_ASSIGN_OR_RETURN(Delivery delivery, DeliverArchive(storage, path, search.start));
    deliveries.push_back(std::move(delivery));
  } else if (IsImage(start)) {
    TW_ASSIGN_OR_RETURN(Delivery delivery, DeliverRaster(path, search));
    deliveries.push_back(std::move(delivery));
  } else {
    return Fail(ErrorCode::kBadInput, "{}: starts with {}; expected {}", path, DescribeStart(start),
                kExpectedCatalog);
  }
  return deliveries;
}

}  // namespace trucewatch::internal
