// SPDX-License-Identifier: Apache-2.0
#include <deque>
#include <set>
#include <utility>

#include "core/types/codec.h"
#include "ingest/asterix/asterix.h"
#include "ingest/asterix/framing.h"
#include "ingest/asterix/scan_builder.h"
#include "ingest/feed.h"

namespace trucewatch {
namespace {

constexpr const char* kAsterixFormat = "asterix";

// The same datagram on the second of two lines. Its time of day is inside, so that equal bytes are
// the same report and not the same thing reported twice.
class SecondLine {
 public:
  bool IsRepeated(Instant time, const Digest& digest) {
    while (!recent_.empty() && (time - recent_.front().first > kWindow || recent_.size() > kMax)) {
      seen_.erase(recent_.front().second);
      recent_.pop_front();
    }
    if (!seen_.insert(digest).second) return true;
    recent_.emplace_back(time, digest);
    return false;
  }

 private:
  static constexpr Duration kWindow = Duration::Seconds(2);
  static constexpr std::size_t kMax = 16'384;
  std::deque<std::pair<Instant, Digest>> recent_;
  std::set<Digest> seen_;
};

class AsterixFeed final : public Feed {
 public:
  explicit AsterixFeed(const FeedOptions& options)
      : source_({options.source->id()}),
        scans_(
            {
                .source = source_,
                .lineage = LineageOf(*options.source, Modality::kRadarSurveillance),
                .site = options.source->radar_site(),
                .detection_probability = options.source->detection_probability(),
                .false_alarms_per_km2 = options.source->false_alarms_per_km2(),
                .ground_height_hae_m = options.ground_height_hae_m,
            },
            options.terrain) {}

  Result<std::vector<FeedItem>> Push(const RawRecord& record, const Digest& digest) override {
    newest_time_.reset();
    std::vector<FeedItem> items;
    std::vector<asterix::ScanItem> built;
    if (record.end_of_source) {
      scans_.Finish(built);
    } else if (lines_.IsRepeated(record.receive_time, digest)) {
      ++repeated_;
    } else {
      TakeDatagram(record, digest, items);
    }
    Emit(std::move(built), record, items);
    return items;
  }

  std::optional<Instant> NewestSensorTime() const override { return newest_time_; }

  std::string Account() const override {
    return fmt::format(
        "{} scans, {} plots, {} datagrams repeated on a second line, {} blocks of other "
        "categories, {} SP and RE items passed over, {} records of other radars, {} without a "
        "usable time, {} scans withdrawn by "
        "the radar, {} faults; target reports kept back: {}",
        dwells_, plots_, repeated_, other_blocks_, expansions_, other_radars_, no_time_,
        scans_.withdrawn_scans(), faults_, scans_.kept_back().Text());
  }

 private:
  void TakeDatagram(const RawRecord& record, const Digest& digest, std::vector<FeedItem>& items) {
    const asterix::Framing framing = asterix::FindDatagramFraming(AsBytes(record.bytes));
    std::uint64_t offset = record.source_offset;
    for (Bytes left = AsBytes(record.bytes); !left.empty();) {
      const asterix::FramePiece piece = asterix::CutFrame(framing, left, true);
      if (piece.damaged) {
        AddFault(record.receive_time, offset,
                 fmt::format("{} bytes not read: no frame of the recorder begins here", piece.size),
                 items);
      }
      TakeBlocks(left.subspan(piece.content_at, piece.content_size), offset + piece.content_at,
                 record, digest, items);
      left = left.subspan(piece.size);
      offset += piece.size;
    }
  }

  void TakeBlocks(Bytes bytes, std::uint64_t offset, const RawRecord& record, const Digest& digest,
                  std::vector<FeedItem>& items) {
    asterix::DecodeBlocks(bytes, offset, blocks_);
    std::vector<asterix::ScanItem> built;
    for (const asterix::Block& block : blocks_) {
      for (const asterix::Record& r : block.records) {
        Take(r, record.receive_time, digest, built, items);
      }
      Emit(std::move(built), record, items);
      built.clear();
      if (block.fault) {
        AddFault(record.receive_time, block.fault->offset,
                 fmt::format("{} bytes not read: {}", block.fault->length, block.fault->reason),
                 items);
      } else if (!block.known) {
        ++other_blocks_;
        if (categories_.insert(block.category).second) {
          AddFault(
              record.receive_time, block.offset,
              fmt::format("blocks of category {} are passed over; read are 1, 2, 10, 21, 34, 48, "
                          "62 and 65",
                          block.category),
              items);
        }
      }
    }
  }

  // A clock this far from the receive time puts looks where they do not belong.
  static constexpr Duration kMaxClockError = Duration::Seconds(60);

  void Take(const asterix::Record& r, Instant received, const Digest& digest,
            std::vector<asterix::ScanItem>& built, std::vector<FeedItem>& items) {
    const auto sac = r.sac(), sic = r.sic();
    if (!sac || !sic) {
      AddFault(received, r.offset, "a record that does not name its radar (SAC, SIC)", items);
      return;
    }
    const std::pair<int, int> radar{*sac, *sic};
    if (!radar_) radar_ = radar;
    if (radar != *radar_) {
      ++other_radars_;
      if (others_.insert(radar).second) {
        AddFault(
            received, r.offset,
            fmt::format("records of the radar SAC {} SIC {}; this source is SAC {} SIC {}, and "
                        "the config gives one site",
                        radar.first, radar.second, radar_->first, radar_->second),
            items);
      }
      return;
    }
    expansions_ += r.expansions;
    const auto stated = r.TimeNear(received);
    if (!stated) {
      ++no_time_;
      return;
    }
    const Instant time = *stated;
    if (!newest_time_ || time > *newest_time_) newest_time_ = time;
    const Duration error = time - received;
    if (error > kMaxClockError || -error > kMaxClockError) {
      ++no_time_;
      if (!clock_wrong_) {
        AddFault(received, r.offset,
                 fmt::format("its time of day, {}, is {:.1f} s away from the receive time; records "
                             "are not used while it is more than {:.0f} s",
                             FormatUtc(time), error.seconds(), kMaxClockError.seconds()),
                 items);
      }
      clock_wrong_ = true;
      return;
    }
    clock_wrong_ = false;
    scans_.Add(r, time, digest, built);
  }

  void Emit(std::vector<asterix::ScanItem> built, const RawRecord& record,
            std::vector<FeedItem>& items) {
    for (asterix::ScanItem& item : built) {
      if (const auto* fault = std::get_if<asterix::ScanFault>(&item)) {
        AddFault(record.receive_time, fault->offset, fault->reason, items);
        continue;
      }
      RadarDwell& dwell = std::get<RadarDwell>(item);
      // What the next stage would refuse must be a fault here, not an end there.
      if (const auto valid = Check(dwell); !valid) {
        AddFault(record.receive_time, record.source_offset, valid.error().message, items);
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
    items.emplace_back(DataFault{source_, time, kAsterixFormat, offset, std::move(reason)});
  }

  SourceId source_;
  asterix::ScanBuilder scans_;
  asterix::Decoded blocks_;
  SecondLine lines_;
  std::optional<std::pair<int, int>> radar_;
  std::set<std::pair<int, int>> others_;
  std::set<int> categories_;
  bool clock_wrong_ = false;
  std::optional<Instant> newest_time_;  // in the record pushed last
  std::uint64_t dwells_ = 0, plots_ = 0, repeated_ = 0, other_blocks_ = 0, expansions_ = 0,
                other_radars_ = 0, no_time_ = 0, faults_ = 0;
};

}  // namespace

Result<std::unique_ptr<Feed>> MakeAsterixFeed(const FeedOptions& options) {
  if (!(options.source->radar_site().scan_period_s() > 0)) {
    return Fail(ErrorCode::kBadInput, "source {}: radar_site.scan_period_s is missing",
                options.source->id());
  }
  return std::make_unique<AsterixFeed>(options);
}

}  // namespace trucewatch
