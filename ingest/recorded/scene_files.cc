// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>
#include <tuple>
#include <utility>

#include "ingest/recorded/internal/scene_delivery.h"
#include "ingest/recorded/recorded_source.h"

namespace trucewatch {
namespace {

using internal::Delivery;
using internal::SceneSender;

class SceneSource final : public RecordedSource {
 public:
  SceneSource(Storage& storage, RecordedFileOptions options, std::vector<Delivery> deliveries)
      : storage_(storage), options_(std::move(options)) {
    std::stable_sort(
        deliveries.begin(), deliveries.end(), [](const Delivery& a, const Delivery& b) {
          return std::tie(a.time, a.item, a.reason) < std::tie(b.time, b.item, b.reason);
        });
    deliveries_.assign(deliveries.begin(), deliveries.end());
  }

  const SourceId& id() const override { return options_.source; }

  Result<std::optional<RawRecord>> Next() override {
    if (ended_) return std::optional<RawRecord>();
    RawRecord record;
    record.source = options_.source;
    record.source_offset = offset_;
    TW_ASSIGN_OR_RETURN(const auto chunk, NextChunk());
    record.source_sequence = ++sequence_;
    record.receive_time = last_;
    if (!chunk) {
      ended_ = true;
      record.end_of_source = true;
      return record;
    }
    record.bytes = chunk->SerializeAsString();
    offset_ += record.bytes.size();
    return record;
  }

 private:
  Result<std::optional<v1::SceneChunk>> NextChunk() {
    while (true) {
      if (sender_) {
        TW_ASSIGN_OR_RETURN(auto chunk, sender_->Next());
        if (chunk) return chunk;
        sender_.reset();
      }
      if (deliveries_.empty()) return std::optional<v1::SceneChunk>();
      last_ = std::max(last_, deliveries_.front().time);
      sender_.emplace(storage_, std::move(deliveries_.front()));
      deliveries_.pop_front();
    }
  }

  Storage& storage_;
  RecordedFileOptions options_;
  std::deque<Delivery> deliveries_;
  std::optional<SceneSender> sender_;
  Instant last_ = Instant::FromMicros(0);
  std::uint64_t sequence_ = 0, offset_ = 0;
  bool ended_ = false;
};

}  // namespace

Result<std::unique_ptr<RecordedSource>> OpenSceneFiles(Storage& storage,
                                                       const RecordedFileOptions& options) {
  internal::SceneSearch search;
  search.start = options.start;
  search.local_prefixes = options.local_prefixes;
  search.rpc_path = options.rpc_path;
  TW_ASSIGN_OR_RETURN(auto deliveries, internal::FindDeliveries(storage, options.path, search));
  return std::make_unique<SceneSource>(storage, options, std::move(deliveries));
}

}  // namespace trucewatch
