// SPDX-License-Identifier: Apache-2.0
#include <deque>
#include <utility>

#include "core/types/codec.h"
#include "ingest/feed.h"
#include "ingest/radar/dwell_builder.h"
#include "ingest/radar/stanag4607_stream.h"

namespace trucewatch {
namespace {

constexpr const char* kFormat = "stanag4607";

// Which raw records hold which bytes of the stream.
class RecordRanges {
 public:
  void Add(const RawRecord& record, const Digest& digest) {
    ranges_.push_back({record.source_offset, record.source_offset + record.bytes.size(), digest});
  }
  std::vector<Digest> Of(std::uint64_t begin, std::uint64_t end) {
    // Items come in order: what lies before this one is not asked for again.
    while (!ranges_.empty() && ranges_.front().end <= begin) ranges_.pop_front();
    std::vector<Digest> digests;
    for (const Range& range : ranges_) {
      if (range.begin < end && begin < range.end) digests.push_back(range.digest);
    }
    return digests;
  }

 private:
  struct Range {
    std::uint64_t begin;
    std::uint64_t end;
    Digest digest;
  };
  std::deque<Range> ranges_;
};

class RadarFeed final : public Feed {
 public:
  explicit RadarFeed(const FeedOptions& options)
      : source_({options.source->id()}),
        builder_(
            {
                .source = source_,
                .lineage = LineageOf(*options.source, Modality::kRadarGmti),
                .detection_probability = options.source->detection_probability(),
                .false_alarms_per_km2 = options.source->false_alarms_per_km2(),
                .ground_height_hae_m = options.ground_height_hae_m,
            },
            options.terrain) {}

  Result<std::vector<FeedItem>> Push(const RawRecord& record, const Digest& digest) override {
    newest_time_.reset();
    std::vector<FeedItem> items;
    if (record.end_of_source) {
      for (const auto& item : stream_.Finish()) Take(item, record.receive_time, items);
      return items;
    }
    ranges_.Add(record, digest);
    for (const auto& item : stream_.Push(AsBytes(record.bytes))) {
      Take(item, record.receive_time, items);
    }
    return items;
  }

  std::optional<Instant> NewestSensorTime() const override { return newest_time_; }

  std::string Account() const override {
    const auto& dropped = builder_.dropped();
    return fmt::format(
        "{} dwells, {} plots, {} segments of other kinds, {} faults; reports kept back: {} of "
        "persons, {} of "
        "animals, {} of aircraft, {} of other things, {} without a position",
        dwells_, plots_, skipped_, faults_, dropped.persons, dropped.animals, dropped.aircraft,
        dropped.other, dropped.no_position);
  }

 private:
  void Take(const stanag4607::StreamItem& item, Instant time, std::vector<FeedItem>& items) {
    if (const auto* fault = std::get_if<stanag4607::StreamFault>(&item)) {
      AddFault(time, fault->offset,
               fmt::format("{} bytes skipped: {}", fault->length, fault->reason), items);
      return;
    }
    const auto& packet = std::get<stanag4607::Packet>(item);
    for (const auto& segment : packet.segments) {
      if (std::holds_alternative<stanag4607::SkippedSegment>(segment.body)) ++skipped_;
    }
    for (const stanag4607::SegmentFault& fault : packet.faults) {
      AddFault(time, fault.offset, fault.reason, items);
    }
    for (auto& built : builder_.Add(packet)) {
      if (const auto* fault = std::get_if<stanag4607::SegmentFault>(&built)) {
        AddFault(time, fault->offset, fault->reason, items);
        continue;
      }
      RadarDwell dwell = std::move(std::get<stanag4607::BuiltDwell>(built).dwell);
      if (!newest_time_ || dwell.time > *newest_time_) newest_time_ = dwell.time;
      dwell.raw_digests = ranges_.Of(packet.offset, packet.offset + packet.header.size);
      // What the next stage would refuse must be a fault here, not an end there.
      if (const auto valid = Check(dwell); !valid) {
        AddFault(time, packet.offset, valid.error().message, items);
        continue;
      }
      plots_ += dwell.plots.size();
      ++dwells_;
      items.emplace_back(std::move(dwell));
    }
  }

  void AddFault(Instant time, std::uint64_t offset, std::string reason,
                std::vector<FeedItem>& items) {
    ++faults_;
    items.emplace_back(DataFault{source_, time, kFormat, offset, std::move(reason)});
  }

  SourceId source_;
  stanag4607::Stanag4607Stream stream_;
  stanag4607::DwellBuilder builder_;
  RecordRanges ranges_;
  std::optional<Instant> newest_time_;  // in the record pushed last
  std::uint64_t dwells_ = 0, plots_ = 0, skipped_ = 0, faults_ = 0;
};

}  // namespace

std::unique_ptr<Feed> MakeRadarFeed(const FeedOptions& options) {
  return std::make_unique<RadarFeed>(options);
}

}  // namespace trucewatch
