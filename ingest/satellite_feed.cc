// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>

#include "core/crypto/sha256.h"
#include "core/raster/scene_reader.h"
#include "core/types/codec.h"
#include "ingest/feed.h"
#include "ingest/satellite/scene_chunk.h"
#include "ingest/satellite/stac.h"

namespace trucewatch {
namespace {

constexpr std::uint64_t kMaxReasonBytes = 4096;

// Puts the chunks of one source together again. A scene is given up at its first fault.
class SatelliteFeed final : public Feed {
 public:
  explicit SatelliteFeed(const FeedOptions& options)
      : source_({options.source->id()}),
        lineage_(LineageOf(*options.source, Modality::kSatelliteOptical)),
        position_sigma_m_(options.source->position_sigma_m()),
        scenes_(options.scenes) {}

  Result<std::vector<FeedItem>> Push(const RawRecord& record, const Digest& digest) override {
    items_.clear();
    time_ = record.receive_time;
    offset_ = record.source_offset;
    if (record.end_of_source) {
      FinishScene();
      return std::move(items_);
    }
    v1::SceneChunk chunk;
    if (!chunk.ParseFromString(record.bytes)) {
      Fault("scene_chunk", "the record is no SceneChunk");
      return std::move(items_);
    }
    // After a scene that was given, or given up, the same id may come again.
    const bool again = scene_ && scene_->done && chunk.offset() == 0 &&
                       (chunk.name() == kSceneItemName || chunk.name() == kSceneReasonName);
    if (!scene_ || scene_->name != chunk.item() || again) {
      FinishScene();
      scene_.emplace();
      scene_->name = chunk.item();
    }
    if (scene_->done) {
      ++ignored_;
      return std::move(items_);
    }
    scene_->digests.push_back(digest);
    TW_RETURN_IF_ERROR(Take(chunk));
    return std::move(items_);
  }

  std::string Account() const override {
    return fmt::format(
        "{} scenes, {} faults, {} chunks of given-up scenes, {} checksums of a kind that is not "
        "checked",
        given_, faults_, ignored_, unchecked_);
  }

 private:
  struct FileUnderWay {
    std::string name;
    std::uint64_t size = 0;
    Digest sha256{};
    std::string bytes;
  };
  struct SceneUnderWay {
    std::string name;
    std::optional<FileUnderWay> file;
    std::optional<StacItem> item;
    std::vector<Digest> digests;
    bool done = false;  // given, or given up
  };

  // Errors: the scene store failed, which is not the source's fault.
  Result<void> Take(const v1::SceneChunk& chunk) {
    if (!scene_->file && !Begin(chunk)) return {};
    FileUnderWay& file = *scene_->file;
    if (chunk.name() != file.name || chunk.file_size() != file.size ||
        AsText(file.sha256) != chunk.file_sha256() || chunk.offset() != file.bytes.size() ||
        chunk.data().empty() || chunk.data().size() > file.size - file.bytes.size()) {
      GiveUp("scene_chunk",
             fmt::format("chunk of {} at byte {} with {} bytes, where byte {} of {} ({} bytes) was "
                         "to come",
                         chunk.name(), chunk.offset(), chunk.data().size(), file.bytes.size(),
                         file.name, file.size));
      return {};
    }
    file.bytes += chunk.data();
    if (file.bytes.size() < file.size) return {};
    const FileUnderWay whole = std::move(file);
    scene_->file.reset();
    if (Sha256(whole.bytes) != whole.sha256) {
      GiveUp("scene_chunk", fmt::format("{} has another SHA-256 than its chunks say", whole.name));
      return {};
    }
    if (whole.name == kSceneReasonName) {
      GiveUp("stac", whole.bytes);
    } else if (whole.name == kSceneItemName) {
      TakeItem(whole.bytes);
    } else {
      return TakeRaster(whole);
    }
    return {};
  }

  bool Begin(const v1::SceneChunk& chunk) {
    const std::uint64_t limit = chunk.name() == kSceneItemName     ? kMaxStacJsonBytes
                                : chunk.name() == kSceneReasonName ? kMaxReasonBytes
                                                                   : kMaxSceneFileBytes;
    if (chunk.file_size() == 0 || chunk.file_size() > limit || chunk.file_sha256().size() != 32 ||
        chunk.item().empty() || chunk.item().size() > 256 || chunk.name().size() > 1024 ||
        chunk.data().size() > kMaxSceneChunkBytes) {
      GiveUp("scene_chunk",
             fmt::format("a file of {} bytes in chunks of {}; expected 1 to {} in chunks of at "
                         "most {}, with a SHA-256 and short names",
                         chunk.file_size(), chunk.data().size(), limit, kMaxSceneChunkBytes));
      return false;
    }
    FileUnderWay file;
    file.name = chunk.name();
    file.size = chunk.file_size();
    const Bytes sha = AsBytes(chunk.file_sha256());
    std::copy(sha.begin(), sha.end(), file.sha256.begin());
    scene_->file = std::move(file);
    return true;
  }

  void TakeItem(const std::string& json) {
    const auto node = ParseStac(json, kSceneItemName);
    if (!node) {
      GiveUp("stac", node.error().message);
    } else if (!node->item) {
      GiveUp("stac", "item.json is no STAC item");
    } else if (node->item->id != scene_->name) {
      GiveUp("stac", fmt::format("item.json has the id {}", node->item->id));
    } else if (!node->item->time) {
      GiveUp("stac", "no acquisition time: neither datetime nor start_datetime");
    } else if (scene_->item) {
      GiveUp("stac", "a second item.json");
    } else {
      scene_->item = *node->item;
    }
  }

  // Fails the scene when the file is not the one its item speaks of.
  bool MatchesItem(const FileUnderWay& file) {
    if (!scene_->item) return true;
    const auto& rasters = scene_->item->rasters;
    const auto raster = std::find_if(rasters.begin(), rasters.end(),
                                     [&](const StacRaster& r) { return r.href == file.name; });
    if (raster == rasters.end()) {
      GiveUp("stac", fmt::format("{} is none of the item's GeoTIFF assets", file.name));
      return false;
    }
    if (raster->size_bytes && *raster->size_bytes != file.size) {
      GiveUp("stac", fmt::format("{} has {} bytes, but file:size says {}", file.name, file.size,
                                 *raster->size_bytes));
      return false;
    }
    if (raster->sha256 && *raster->sha256 != file.sha256) {
      GiveUp("stac", fmt::format("{} has SHA-256 {}, but file:checksum says {}", file.name,
                                 HexEncode(file.sha256), HexEncode(*raster->sha256)));
      return false;
    }
    unchecked_ += raster->other_checksum ? 1 : 0;
    return true;
  }

  Result<void> TakeRaster(const FileUnderWay& file) {
    if (!MatchesItem(file)) return {};
    const auto reader = SceneReader::Open(file.bytes, file.name);
    if (!reader) {
      GiveUp("geotiff", reader.error().message);
      return {};
    }
    const SceneInfo& info = (*reader)->info();
    const std::optional<Instant> time = scene_->item ? scene_->item->time : info.time;
    if (!time) {
      GiveUp("geotiff",
             fmt::format("{}: no acquisition time: it has no DateTime tag (306) and no STAC item",
                         file.name));
      return {};
    }
    Scene scene;
    scene.source = source_;
    scene.lineage = lineage_;
    scene.item = scene_->name;
    scene.time = *time;
    scene.sha256 = file.sha256;
    scene.size_bytes = file.size;
    scene.width_px = info.width_px;
    scene.height_px = info.height_px;
    scene.bands = info.bands;
    scene.resolution_m = info.resolution_m;
    scene.footprint = info.footprint;
    scene.position_sigma_m = position_sigma_m_;
    scene.exercise = scene_->name.rfind("EXERCISE", 0) == 0;
    if (scene_->item) {
      scene.exercise = scene_->item->exercise;
      scene.sun_azimuth_deg = scene_->item->sun_azimuth_deg;
      scene.sun_elevation_deg = scene_->item->sun_elevation_deg;
    }
    scene.raw_digests = scene_->digests;
    // What the next stage would refuse must be a fault here, not an end there.
    if (const auto valid = FromProto(ToProto(scene)); !valid) {
      GiveUp("geotiff", valid.error().message);
      return {};
    }
    if (scenes_ != nullptr) TW_RETURN_IF_ERROR(scenes_->Put(file.sha256, AsBytes(file.bytes)));
    ++given_;
    scene_->done = true;
    items_.emplace_back(std::move(scene));
    return {};
  }

  // Another scene begins, or the source ends: says what the last one lacked.
  void FinishScene() {
    if (scene_ && !scene_->done) {
      if (scene_->file) {
        GiveUp("scene_chunk", fmt::format("{} ends at byte {} of {}", scene_->file->name,
                                          scene_->file->bytes.size(), scene_->file->size));
      } else if (scene_->item && scene_->item->rasters.empty()) {
        GiveUp("stac", "no GeoTIFF asset with the role data or visual");
      } else {
        GiveUp("stac", fmt::format("its raster was not delivered with it: {}",
                                   scene_->item ? scene_->item->rasters.front().href : ""));
      }
    }
    scene_.reset();
  }

  void GiveUp(const char* format, const std::string& reason) {
    Fault(format, fmt::format("scene {}: {}", scene_->name, reason));
    scene_->done = true;
    scene_->file.reset();
  }

  void Fault(const char* format, std::string reason) {
    ++faults_;
    items_.emplace_back(DataFault{source_, time_, format, offset_, std::move(reason)});
  }

  SourceId source_;
  Lineage lineage_;
  double position_sigma_m_;
  BlobStore* scenes_;
  std::optional<SceneUnderWay> scene_;
  // Of the record at hand.
  std::vector<FeedItem> items_;
  Instant time_;
  std::uint64_t offset_ = 0;
  std::uint64_t given_ = 0, faults_ = 0, ignored_ = 0, unchecked_ = 0;
};

}  // namespace

Result<std::unique_ptr<Feed>> MakeSatelliteFeed(const FeedOptions& options) {
  return std::make_unique<SatelliteFeed>(options);
}

}  // namespace trucewatch
