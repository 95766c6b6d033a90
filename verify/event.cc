// SPDX-License-Identifier: Apache-2.0
#include "verify/event.h"

#include <algorithm>
#include <map>

namespace trucewatch {
namespace {

// Late digests of one event: eight an hour and second would be more than any reader follows.
constexpr std::size_t kMaxLateDigests = 4096;

std::uint32_t SourceIndex(FollowedEvent& event, const SourceId& source, const Lineage& lineage) {
  const std::pair key(source, lineage);
  const auto found = std::find(event.sources.begin(), event.sources.end(), key);
  if (found != event.sources.end())
    return static_cast<std::uint32_t>(found - event.sources.begin());
  event.sources.push_back(key);
  return static_cast<std::uint32_t>(event.sources.size() - 1);
}

TrackSupport Expand(const FollowedEvent& event, const MomentSupport& in) {
  TrackSupport out;
  out.source = event.sources[in.source].first;
  out.lineage = event.sources[in.source].second;
  out.updates = in.updates;
  out.first = in.first;
  out.last = in.last;
  return out;
}

std::size_t Count(const EventMoment& moment, std::uint32_t source) {
  return static_cast<std::size_t>(
      std::count_if(moment.digests.begin(), moment.digests.end(),
                    [&](const SourceDigest& digest) { return digest.source == source; }));
}

void Compact(FollowedEvent& event, EventMoment& moment, std::span<const TrackSupport> supports,
             std::vector<MomentSupport>& out) {
  for (const TrackSupport& support : supports) {
    const std::uint32_t source = SourceIndex(event, support.source, support.lineage);
    out.push_back({source, support.updates, support.first, support.last});
    for (const Digest& digest : support.raw_digests) {
      if (Count(moment, source) >= kMomentDigests) break;
      const bool known =
          std::any_of(moment.digests.begin(), moment.digests.end(), [&](const SourceDigest& other) {
            return other.source == source && other.digest == digest;
          });
      if (!known) moment.digests.push_back({source, digest});
    }
  }
}

// Each source's digests go with the first that names it, so that each is named once.
void GiveDigests(const EventMoment& moment, std::set<std::uint32_t>& given, const MomentSupport& in,
                 TrackSupport& out) {
  if (!given.insert(in.source).second) return;
  for (const SourceDigest& digest : moment.digests) {
    if (digest.source == in.source) out.raw_digests.push_back(digest.digest);
  }
}

}  // namespace

void RememberMoment(FollowedEvent& event, EventMoment moment, std::span<const Track* const> inside,
                    std::span<const TrackSupport> whole) {
  if (!event.moments.empty() && moment.time - event.moments.back().time < kMomentSpacing) return;
  for (const Track* track : inside) {
    event.vehicles.insert(track->id);
    MomentVehicle vehicle{track->id, {}};
    Compact(event, moment, track->supports, vehicle.supports);
    moment.inside.push_back(std::move(vehicle));
  }
  Compact(event, moment, whole, moment.whole);
  const Instant now = moment.time;
  event.moments.push_back(std::move(moment));
  std::erase_if(event.moments,
                [&](const EventMoment& old) { return now - old.time > kEventMemory; });
  for (LateSeries& series : event.late)
    std::erase_if(series.times, [&](Instant time) { return now - time > kEventMemory; });
  std::erase_if(event.late, [](const LateSeries& series) { return series.times.empty(); });
}

bool TakeLateLook(FollowedEvent& event, const LateLook& look) {
  bool taken = false;
  for (const LateMatch& match : look.matches) {
    if (!event.vehicles.contains(match.track)) continue;
    const std::uint32_t source = SourceIndex(event, look.source, look.lineage);
    auto series = std::find_if(event.late.begin(), event.late.end(), [&](const LateSeries& known) {
      return known.track == match.track && known.source == source;
    });
    if (series == event.late.end()) {
      event.late.push_back({match.track, source, {}});
      series = event.late.end() - 1;
    }
    const auto at = std::lower_bound(series->times.begin(), series->times.end(), look.time);
    if (at != series->times.end() && *at == look.time) continue;  // one look counts once
    series->times.insert(at, look.time);
    if (!taken && !look.raw_digests.empty() && event.late_digests.size() < kMaxLateDigests) {
      const auto place =
          std::upper_bound(event.late_digests.begin(), event.late_digests.end(), look.time,
                           [](Instant time, const LateDigest& other) { return time < other.time; });
      event.late_digests.insert(place, {look.time, {source, look.raw_digests.front()}});
    }
    taken = true;
  }
  return taken;
}

std::optional<Instant> ReachOf(const FollowedEvent& event, const LateLook& look, int min_updates,
                               Duration recent) {
  Instant reach = look.time + recent;
  const auto enough = static_cast<std::size_t>(std::max(min_updates, 1));
  for (const LateSeries& series : event.late) {
    const auto& [source, lineage] = event.sources[series.source];
    const bool matched =
        source == look.source && lineage == look.lineage &&
        std::any_of(look.matches.begin(), look.matches.end(),
                    [&](const LateMatch& match) { return match.track == series.track; });
    if (!matched) continue;
    if (series.times.size() <= enough) return std::nullopt;
    reach = std::max(reach, series.times[enough]);
  }
  return reach;
}

void AddLateSupports(const FollowedEvent& event, Instant time, std::vector<Track>& vehicles) {
  std::set<std::uint32_t> given;
  for (Track& vehicle : vehicles) {
    for (const LateSeries& series : event.late) {
      if (series.track != vehicle.id) continue;
      const auto end = std::upper_bound(series.times.begin(), series.times.end(), time);
      if (end == series.times.begin()) continue;
      const auto& [source, lineage] = event.sources[series.source];
      auto support = std::find_if(vehicle.supports.begin(), vehicle.supports.end(),
                                  [&](const TrackSupport& known) {
                                    return known.source == source && known.lineage == lineage;
                                  });
      if (support == vehicle.supports.end()) {
        TrackSupport fresh;
        fresh.source = source;
        fresh.lineage = lineage;
        fresh.first = series.times.front();
        fresh.last = *(end - 1);
        vehicle.supports.push_back(std::move(fresh));
        support = vehicle.supports.end() - 1;
      }
      support->updates += static_cast<int>(end - series.times.begin());
      support->first = std::min(support->first, series.times.front());
      support->last = std::max(support->last, *(end - 1));
      if (!given.insert(series.source).second) continue;
      std::vector<Digest> newest;
      for (std::size_t i = event.late_digests.size(); i > 0 && newest.size() < kMomentDigests;
           --i) {
        const LateDigest& late = event.late_digests[i - 1];
        if (late.time <= time && late.digest.source == series.source)
          newest.push_back(late.digest.digest);
      }
      support->raw_digests.insert(support->raw_digests.begin(), newest.begin(), newest.end());
    }
  }
}

std::vector<Track> VehiclesAt(const FollowedEvent& event, const EventMoment& moment) {
  std::vector<Track> out;
  std::set<std::uint32_t> given;
  for (const MomentVehicle& vehicle : moment.inside) {
    Track track;
    track.id = vehicle.id;
    for (const MomentSupport& support : vehicle.supports) {
      track.supports.push_back(Expand(event, support));
      GiveDigests(moment, given, support, track.supports.back());
    }
    out.push_back(std::move(track));
  }
  AddLateSupports(event, moment.time, out);
  return out;
}

std::vector<TrackSupport> WholeAt(const FollowedEvent& event, const EventMoment& moment) {
  std::vector<TrackSupport> out;
  std::set<std::uint32_t> given;
  for (const MomentSupport& support : moment.whole) {
    out.push_back(Expand(event, support));
    GiveDigests(moment, given, support, out.back());
  }
  return out;
}

}  // namespace trucewatch
