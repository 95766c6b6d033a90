// SPDX-License-Identifier: Apache-2.0
#include "ingest/video/metadata_streams.h"

#include <algorithm>

namespace trucewatch {
namespace {

constexpr std::size_t kMaxWaiting = 4096;

std::string NameOf(int index) {
  return index == MetadataStreams::kBeside ? "the file beside the video"
                                           : fmt::format("stream {}", index);
}

}  // namespace

std::vector<MetadataReader::Fault> MetadataStreams::Push(const MediaPacket& packet, int width_px) {
  auto found = streams_.find(packet.stream_index);
  if (found == streams_.end()) {
    if (streams_.size() == kMaxStreams) {
      if (std::exchange(told_too_many_, true)) return {};
      return {{packet.offset,
               fmt::format("more than {} KLV streams: the others are not read", kMaxStreams)}};
    }
    found = streams_
                .emplace(packet.stream_index,
                         Stream{MetadataReader(options_, with_targets_), {}, {}, {}, {}})
                .first;
  }
  Stream& stream = found->second;
  MetadataReader::Output got = stream.reader.Push(packet, width_px);
  for (MetadataSample& sample : got.samples) {
    last_time_ = sample.time;
    ++stream.totals.packets;
    if (sample.pose) ++stream.totals.poses;
    if (sample.own_pts) {
      stream.track.Add(std::move(sample));
    } else if (stream.waiting.size() < kMaxWaiting) {
      stream.waiting.emplace_back(packet.offset, std::move(sample));
    }
  }
  for (MetadataReader::Targets& targets : got.targets) {
    stream.targets.push_back(std::move(targets));
  }
  // That a stream nobody follows has no pose is nothing that was lost.
  const bool followed = !followed_ || *followed_ == packet.stream_index;
  std::erase_if(got.faults, [&](const auto& fault) { return fault.of_use && !followed; });
  return std::move(got.faults);
}

void MetadataStreams::AddBeside(std::vector<MetadataSample> samples) {
  if (samples.empty()) return;
  const auto made = streams_.try_emplace(kBeside, Stream{MetadataReader(options_), {}, {}, {}, {}});
  for (MetadataSample& sample : samples) made.first->second.track.Add(std::move(sample));
}

void MetadataStreams::PlaceWaiting(std::uint64_t before_offset, Duration pts) {
  for (auto& [index, stream] : streams_) {
    while (!stream.waiting.empty() && stream.waiting.front().first <= before_offset) {
      MetadataSample sample = std::move(stream.waiting.front().second);
      stream.waiting.pop_front();
      sample.pts = pts;
      stream.track.Add(std::move(sample));
    }
  }
}

std::optional<std::string> MetadataStreams::Choose(Duration first_pts, Duration last_pts) {
  std::map<int, MetadataTrack::Count> counts;
  std::optional<int> best;
  for (const auto& [index, stream] : streams_) {
    MetadataTrack::Count count = stream.track.CountAround(first_pts, last_pts);
    // What stands beside the video is for what the video does not say.
    if (index == kBeside && best && counts[*best].poses > 0) count = {};
    counts[index] = count;
    if (!best || count > counts[*best]) best = index;
  }
  if (!best || counts[*best].packets == 0) return std::nullopt;
  if (followed_) {
    const MetadataTrack::Count now = counts[*followed_];
    if (now.packets > 0 && counts[*best].poses <= 2 * now.poses) return std::nullopt;
  }
  if (followed_ == best) return std::nullopt;
  followed_ = best;
  if (streams_.size() == 1) return std::nullopt;
  std::string others;
  for (const auto& [index, count] : counts) {
    if (index == *best) continue;
    others += fmt::format("{}{}: {}", others.empty() ? "" : ", ", NameOf(index), count.poses);
  }
  return fmt::format(
      "{} metadata streams: {} is followed, it has the most sound ST 0601 packets with a pose "
      "here, {} ({}; of equals the lowest index)",
      streams_.size(), NameOf(*best), counts[*best].poses, others);
}

MetadataStreams::Totals MetadataStreams::TotalsOf(int index) const {
  const auto found = streams_.find(index);
  return found == streams_.end() ? Totals() : found->second.totals;
}

void MetadataStreams::DropBefore(Duration pts) {
  for (auto& [index, stream] : streams_) stream.track.DropBefore(pts);
}

void MetadataStreams::Restart() {
  for (auto& [index, stream] : streams_) stream.track = MetadataTrack();
}

const MetadataStreams::Stream* MetadataStreams::Followed() const {
  if (followed_) return &streams_.at(*followed_);
  for (const auto& [index, stream] : streams_) {
    if (!stream.track.empty()) return &stream;
  }
  return streams_.empty() ? nullptr : &streams_.begin()->second;
}

const MetadataTrack& MetadataStreams::track() const {
  static const MetadataTrack kNone;
  const Stream* stream = Followed();
  return stream == nullptr ? kNone : stream->track;
}

bool MetadataStreams::infrared() const {
  const Stream* stream = Followed();
  return stream != nullptr && stream->reader.infrared();
}

bool MetadataStreams::exercise() const {
  return std::any_of(streams_.begin(), streams_.end(),
                     [](const auto& entry) { return entry.second.reader.exercise(); });
}

std::size_t MetadataStreams::target_sets() const {
  std::size_t most = 0;
  for (const auto& [index, stream] : streams_) most = std::max(most, stream.targets.size());
  return most;
}

std::vector<MetadataReader::Targets> MetadataStreams::TakeTargets(std::optional<Instant> last) {
  std::vector<MetadataReader::Targets> taken;
  const Stream* followed = Followed();
  for (auto& [index, stream] : streams_) {
    std::deque<MetadataReader::Targets> kept;
    for (MetadataReader::Targets& targets : stream.targets) {
      if (last && targets.time > *last) {
        kept.push_back(std::move(targets));
      } else if (&stream == followed || !targets.state.time) {
        taken.push_back(std::move(targets));
      }
    }
    stream.targets = std::move(kept);
  }
  std::stable_sort(taken.begin(), taken.end(),
                   [](const auto& a, const auto& b) { return a.time < b.time; });
  return taken;
}

}  // namespace trucewatch
