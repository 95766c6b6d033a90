// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "ingest/feed.h"
#include "ingest/video/video_assembler.h"
#include "ingest/video/video_options.h"

namespace trucewatch {
namespace {

class VideoFeed final : public Feed {
 public:
  explicit VideoFeed(const FeedOptions& options)
      : assembler_(VideoAssembler::Create(
            VideoOptionsFromConfig(*options.source, *options.terrain_config, options.terrain))),
        use_vmti_(options.source->use_vmti()) {}

  Result<std::vector<FeedItem>> Push(const RawRecord& record, const Digest& digest) override {
    TW_ASSIGN_OR_RETURN(auto outputs, assembler_->Push(record, digest));
    std::vector<FeedItem> items;
    items.reserve(outputs.size());
    for (auto& output : outputs) {
      if (auto* segment = std::get_if<VideoSegment>(&output)) {
        ++segments_;
        pictures_ += segment->frames.size();
        items.emplace_back(std::move(*segment));
      } else if (auto* look = std::get_if<ObservationSet>(&output)) {
        items.emplace_back(std::move(*look));
      } else {
        ++faults_;
        items.emplace_back(std::move(std::get<DataFault>(output)));
      }
    }
    return items;
  }

  std::optional<Instant> NewestSensorTime() const override {
    return assembler_->last_metadata_time();
  }

  std::string Account() const override {
    std::string account =
        fmt::format("{} segments, {} pictures, {} faults", segments_, pictures_, faults_);
    if (!use_vmti_) return account;
    const VideoAssembler::VmtiCounts& vmti = assembler_->vmti_counts();
    account += fmt::format("; VMTI: {} sets, {} detections", vmti.looks, vmti.detections);
    const auto kept_back = [&](std::uint64_t count, const char* what) {
      if (count > 0) account += fmt::format(", {} {} kept back", count, what);
    };
    kept_back(vmti.persons, "persons");
    kept_back(vmti.others, "other things");
    kept_back(vmti.unseen, "inactive or coasted");
    kept_back(vmti.unplaced, "without a place");
    kept_back(vmti.beyond, "beyond the limit of a set");
    return account;
  }

 private:
  std::unique_ptr<VideoAssembler> assembler_;
  bool use_vmti_;
  std::uint64_t segments_ = 0, pictures_ = 0, faults_ = 0;
};

}  // namespace

std::unique_ptr<Feed> MakeVideoFeed(const FeedOptions& options) {
  return std::make_unique<VideoFeed>(options);
}

}  // namespace trucewatch
