// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <utility>

#include "core/types/codec.h"
#include "ingest/feed.h"
#include "ingest/satellite/scene_assembly.h"
#include "ingest/satellite/scene_builder.h"
#include "ingest/satellite/scene_chunk.h"

namespace trucewatch {
namespace {

// Of the chunks of a large scene only the first of each file is named by a scene; its inputs name
// the files whole.
constexpr std::size_t kMaxRawDigests = 512;
constexpr int kBorderMarginPx = 3, kCloudDilationPx = 2;

// Puts the chunks of one source together again. A scene is given up at its first fault.
class SatelliteFeed final : public Feed {
 public:
  explicit SatelliteFeed(const FeedOptions& options) : store_(options.scenes) {
    if (store_ == nullptr) store_ = &scratch_;
    const auto& config = options.source->satellite();
    context_.source = {options.source->id()};
    context_.lineage = LineageOf(*options.source, Modality::kSatelliteOptical);
    context_.position_sigma_m = options.source->position_sigma_m();
    const auto time = ParseUtc(config.time_utc());
    if (time) context_.time = *time;
    context_.border_margin_px = config.border_margin_px() > 0
                                    ? static_cast<int>(config.border_margin_px())
                                    : kBorderMarginPx;
    context_.cloud_dilation_px = config.cloud_dilation_px() > 0
                                     ? static_cast<int>(config.cloud_dilation_px())
                                     : kCloudDilationPx;
    context_.terrain = options.terrain;
    context_.store = store_;
  }

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
    // After a scene that was given, or given up, the same id may come again, from its first file.
    const bool again = done_ && chunk.offset() == 0 && chunk.name() == first_file_;
    if (name_ != chunk.item() || !begun_ || again) {
      FinishScene();
      Start(chunk);
    }
    if (done_) {
      ++ignored_;
      return std::move(items_);
    }
    if (digests_.size() < kMaxRawDigests || chunk.offset() == 0) digests_.push_back(digest);
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
  void Start(const v1::SceneChunk& chunk) {
    name_ = chunk.item();
    first_file_ = chunk.name();
    begun_ = true;
    done_ = false;
    digests_.clear();
    assembly_.emplace(name_, *store_);
  }

  // Errors: the scene store failed, which is not the source's fault.
  Result<void> Take(const v1::SceneChunk& chunk) {
    if (const auto taken = assembly_->Take(chunk); !taken) {
      if (taken.error().code != ErrorCode::kBadInput) return taken;
      // What the source itself says is about the scene, all else about its chunks.
      GiveUp(chunk.name() == kSceneReasonName ? "stac" : "scene_chunk", taken.error().message);
      return {};
    }
    if (!assembly_->complete()) return {};
    auto built = BuildScene(name_, assembly_->files(), context_);
    if (!built) {
      if (built.error().code != ErrorCode::kBadInput) return tl::unexpected(built.error());
      GiveUp("scene", built.error().message);
      return {};
    }
    Scene& scene = built->scene;
    scene.raw_digests = digests_;
    // What the next stage would refuse must be a fault here, not an end there.
    if (const auto valid = FromProto(ToProto(scene)); !valid) {
      GiveUp("scene", valid.error().message);
      return {};
    }
    unchecked_ += static_cast<std::uint64_t>(built->unchecked_checksums);
    ++given_;
    Close();
    items_.emplace_back(std::move(scene));
    return {};
  }

  // Another scene begins, or the source ends: says what the last one lacked.
  void FinishScene() {
    if (begun_ && !done_) GiveUp("scene_chunk", assembly_->Missing());
    begun_ = false;
  }

  void GiveUp(const char* format, const std::string& reason) {
    Fault(format, fmt::format("scene {}: {}", name_, reason));
    Close();
  }

  void Close() {
    done_ = true;
    assembly_.reset();
  }

  void Fault(const char* format, std::string reason) {
    ++faults_;
    items_.emplace_back(DataFault{context_.source, time_, format, offset_, std::move(reason)});
  }

  SceneContext context_;
  MemoryBlobStore scratch_;  // where nothing is kept
  BlobStore* store_;
  std::string name_, first_file_;
  bool begun_ = false, done_ = false;  // done: given, or given up
  std::optional<SceneAssembly> assembly_;
  std::vector<Digest> digests_;
  // Of the record at hand.
  std::vector<FeedItem> items_;
  Instant time_;
  std::uint64_t offset_ = 0;
  std::uint64_t given_ = 0, faults_ = 0, ignored_ = 0, unchecked_ = 0;
};

}  // namespace

Result<std::unique_ptr<Feed>> MakeSatelliteFeed(const FeedOptions& options) {
  if (const std::string& time = options.source->satellite().time_utc(); !time.empty()) {
    if (const auto parsed = ParseUtc(time); !parsed) {
      return Prefix(fmt::format("source {}: satellite.time_utc", options.source->id()),
                    parsed.error());
    }
  }
  return std::make_unique<SatelliteFeed>(options);
}

}  // namespace trucewatch
