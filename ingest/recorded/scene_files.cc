// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>
#include <filesystem>
#include <set>
#include <tuple>
#include <utility>

#include "core/crypto/sha256.h"
#include "core/raster/scene_reader.h"
#include "ingest/recorded/internal/file_reader.h"
#include "ingest/recorded/recorded_source.h"
#include "ingest/satellite/scene_chunk.h"
#include "ingest/satellite/stac.h"
#include "trucewatch/v1/observation.pb.h"

namespace trucewatch {
namespace {

constexpr const char* kExpected = "a STAC item, catalog or collection (JSON), or a GeoTIFF";
constexpr std::size_t kMaxNodes = 10'000;  // files of a catalog
constexpr std::size_t kMaxDepth = 16;

// One scene as it will be sent.
struct Delivery {
  Instant time;
  std::string item;
  std::string json_path;    // relative to the root folder; empty: a lone raster
  std::string raster_path;  // empty: there is none here
  std::string raster_name;
  std::string reason;  // not empty: why nothing of it can be sent
};

// Names come from folders and links; messages hold UTF-8 only.
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

// Why a file below the root is not read; empty when it may be. A link out of the folder would send
// a file of this machine to everybody.
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

class CatalogWalk {
 public:
  CatalogWalk(Storage& storage, std::string root, Instant start)
      : storage_(storage), root_(std::move(root)), start_(start) {}

  // Adds the scenes at and below a STAC file. What cannot be followed is a delivery with a reason.
  Result<std::vector<Delivery>> Run(const std::string& first) {
    std::deque<std::pair<std::string, std::size_t>> open = {{first, 0}};
    std::set<std::string> seen = {first};
    while (!open.empty()) {
      const auto [path, depth] = open.front();
      open.pop_front();
      TW_ASSIGN_OR_RETURN(const auto links, Visit(path));
      for (const std::string& link : links) {
        const auto child = LocalStacPath(FolderOf(path), link);
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

  void Refuse(const std::string& path, const std::string& reason) {
    Delivery delivery;
    delivery.time = start_;
    delivery.item = Printable(path);
    delivery.reason = fmt::format("{}: {}", path, reason);
    found_.push_back(std::move(delivery));
  }

  // Takes an item; gives the links of anything else.
  Result<std::vector<std::string>> Visit(const std::string& path) {
    const std::string whole = root_ + "/" + path;
    TW_ASSIGN_OR_RETURN(const bool exists, storage_.Exists(whole));
    const std::string oddity = exists ? Oddity(root_, path) : "there is no such file";
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
    delivery.json_path = path;
    delivery.time = node ? node->item->delivered.value_or(start_) : start_;
    if (node) {
      for (const StacRaster& raster : node->item->rasters) {
        const auto local = LocalStacPath(FolderOf(path), raster.href);
        if (!local || !Oddity(root_, *local).empty()) continue;
        TW_ASSIGN_OR_RETURN(const bool present, storage_.Exists(root_ + "/" + *local));
        if (!present) continue;
        delivery.raster_path = *local;
        delivery.raster_name = raster.href;
        break;
      }
    }
    found_.push_back(std::move(delivery));
    return std::vector<std::string>();
  }

  Storage& storage_;
  std::string root_;
  Instant start_;
  std::vector<Delivery> found_;
};

class SceneSource final : public RecordedSource {
 public:
  SceneSource(Storage& storage, RecordedFileOptions options, std::string root,
              std::vector<Delivery> deliveries)
      : storage_(storage), options_(std::move(options)), root_(std::move(root)) {
    std::sort(deliveries.begin(), deliveries.end(), [](const Delivery& a, const Delivery& b) {
      return std::tie(a.time, a.item, a.json_path, a.reason) <
             std::tie(b.time, b.item, b.json_path, b.reason);
    });
    deliveries_.assign(deliveries.begin(), deliveries.end());
  }

  const SourceId& id() const override { return options_.source; }

  Result<std::optional<RawRecord>> Next() override {
    while (at_ >= bytes_.size() && !(reasons_.size() + files_.size() + deliveries_.size() == 0)) {
      TW_RETURN_IF_ERROR(OpenNextFile());
    }
    if (ended_) return std::optional<RawRecord>();
    RawRecord record;
    record.source = options_.source;
    record.source_sequence = ++sequence_;
    record.source_offset = offset_;
    record.receive_time = last_;
    if (at_ >= bytes_.size()) {
      ended_ = true;
      record.end_of_source = true;
      return record;
    }
    const std::size_t size = std::min(kMaxSceneChunkBytes, bytes_.size() - at_);
    head_.set_offset(at_);
    head_.set_data(bytes_.substr(at_, size));
    at_ += size;
    record.bytes = head_.SerializeAsString();
    offset_ += record.bytes.size();
    return record;
  }

 private:
  struct PendingFile {
    std::string path;
    std::string name;
  };

  Result<void> OpenNextFile() {
    if (reasons_.empty() && files_.empty()) {
      const Delivery delivery = deliveries_.front();
      deliveries_.pop_front();
      last_ = std::max(last_, delivery.time);
      head_.set_item(delivery.item);
      if (!delivery.reason.empty()) reasons_.push_back(delivery.reason);
      if (!delivery.json_path.empty()) {
        files_.push_back({delivery.json_path, kSceneItemName});
      }
      if (!delivery.raster_path.empty()) {
        files_.push_back({delivery.raster_path, delivery.raster_name});
      }
      return {};
    }
    if (!reasons_.empty()) {
      Load(kSceneReasonName, reasons_.front());
      reasons_.pop_front();
      return {};
    }
    const PendingFile file = files_.front();
    files_.pop_front();
    auto bytes = ReadWholeFile(storage_, root_ + "/" + file.path, kMaxSceneFileBytes);
    if (bytes && !bytes->empty()) {
      Load(file.name, std::move(*bytes));
      return {};
    }
    if (!bytes && bytes.error().code == ErrorCode::kIo) return tl::unexpected(bytes.error());
    Load(kSceneReasonName, bytes ? fmt::format("{}: is empty", file.path)
                                 : fmt::format("{}: cannot be read or has more than {} bytes",
                                               file.path, kMaxSceneFileBytes));
    return {};
  }

  void Load(const std::string& name, std::string bytes) {
    bytes_ = std::move(bytes);
    at_ = 0;
    head_.set_name(name);
    head_.set_file_size(bytes_.size());
    const Digest digest = Sha256(bytes_);
    head_.set_file_sha256(digest.data(), digest.size());
  }

  Storage& storage_;
  RecordedFileOptions options_;
  std::string root_;
  std::deque<Delivery> deliveries_;
  std::deque<std::string> reasons_;
  std::deque<PendingFile> files_;  // of the delivery under way
  v1::SceneChunk head_;
  std::string bytes_;  // of the file under way
  std::size_t at_ = 0;
  Instant last_ = Instant::FromMicros(0);
  std::uint64_t sequence_ = 0, offset_ = 0;
  bool ended_ = false;
};

Result<Delivery> LoneRaster(Storage& storage, const std::string& path, Instant start) {
  Delivery delivery;
  delivery.item = Printable(std::filesystem::path(path).stem().string());
  delivery.raster_path = std::filesystem::path(path).filename().string();
  delivery.raster_name = Printable(delivery.raster_path);
  delivery.time = start;
  TW_ASSIGN_OR_RETURN(std::string bytes, ReadWholeFile(storage, path, kMaxSceneFileBytes));
  const auto scene = SceneReader::Open(std::move(bytes), path);
  if (scene && (*scene)->info().time) delivery.time = *(*scene)->info().time;
  return delivery;
}

}  // namespace

Result<std::unique_ptr<RecordedSource>> OpenSceneFiles(Storage& storage,
                                                       const RecordedFileOptions& options) {
  TW_ASSIGN_OR_RETURN(internal::FileReader file,
                      internal::FileReader::Open(storage, options.path, kExpected));
  TW_ASSIGN_OR_RETURN(const std::string start, file.Read(64));
  const std::filesystem::path path(options.path);
  const std::string root = path.has_parent_path() ? path.parent_path().string() : ".";
  const std::size_t first = start.find_first_not_of(" \t\r\n");
  std::vector<Delivery> deliveries;
  if (first != std::string::npos && start[first] == '{') {
    // The root itself must be STAC: a text file must not become a mission of damage.
    TW_ASSIGN_OR_RETURN(const std::string bytes,
                        ReadWholeFile(storage, options.path, kMaxStacJsonBytes));
    const auto node = ParseStac(bytes, options.path);
    if (!node) return tl::unexpected(node.error());
    TW_ASSIGN_OR_RETURN(deliveries,
                        CatalogWalk(storage, root, options.start).Run(path.filename().string()));
  } else if (start.rfind("II", 0) == 0 || start.rfind("MM", 0) == 0) {
    TW_ASSIGN_OR_RETURN(const Delivery lone, LoneRaster(storage, options.path, options.start));
    deliveries.push_back(lone);
  } else {
    return Fail(ErrorCode::kBadInput, "{}: starts with {}; expected {}", options.path,
                internal::DescribeStart(start), kExpected);
  }
  return std::make_unique<SceneSource>(storage, options, root, std::move(deliveries));
}

}  // namespace trucewatch
