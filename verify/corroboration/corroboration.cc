// SPDX-License-Identifier: Apache-2.0
#include "verify/corroboration/corroboration.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

namespace trucewatch {
namespace {

bool Same(const std::string& a, const std::string& b) { return !a.empty() && a == b; }

bool Shares(const Lineage& a, const Lineage& b, Ancestor ancestor) {
  switch (ancestor) {
    case Ancestor::kSensor:
      return Same(a.sensor, b.sensor);
    case Ancestor::kPlatform:
      return Same(a.platform, b.platform);
    case Ancestor::kStation:
      return Same(a.station, b.station);
    case Ancestor::kClock:
      return Same(a.clock, b.clock);
    case Ancestor::kGeoreference:
      return Same(a.georeference, b.georeference);
    case Ancestor::kModel:
      return Same(a.model, b.model);
    case Ancestor::kDerivedFrom:
      return Same(a.derived_from, b.derived_from) || Same(a.derived_from, b.sensor) ||
             Same(a.sensor, b.derived_from);
  }
  return true;
}

struct Share {
  int members = 0;
  bool whole = false;
  std::set<TrackId> vehicles;
  Support support;
  std::vector<const TrackSupport*> parts;
};

// Whether two sources speak of the same: of a vehicle both have measured, or of the whole. A radar
// whose clock is slow sees the convoy where it was; a second sensor has nothing in common with
// that.
bool Meet(const Share& a, const Share& b) {
  return a.whole || b.whole || std::any_of(a.vehicles.begin(), a.vehicles.end(), [&](TrackId id) {
           return b.vehicles.contains(id);
         });
}

bool ToldApart(TrackId id) { return (id.value & kNotToldApart) == 0; }

Measured MeasuredBy(const Share& share) {
  Measured out;
  out.vehicles =
      static_cast<int>(std::count_if(share.vehicles.begin(), share.vehicles.end(), ToldApart));
  out.whole = share.whole || out.vehicles < static_cast<int>(share.vehicles.size());
  return out;
}

std::vector<Digest> NewestDigests(const std::vector<const TrackSupport*>& parts) {
  std::vector<Digest> out;
  std::set<Digest> taken;
  for (std::size_t i = 0; i < kMaxSupportDigests; ++i) {
    for (const TrackSupport* part : parts) {
      if (i >= part->raw_digests.size() || out.size() >= kMaxFindingDigests) continue;
      if (taken.insert(part->raw_digests[i]).second) out.push_back(part->raw_digests[i]);
    }
  }
  return out;
}

void Take(Share& share, const TrackSupport& part) {
  if (share.parts.empty()) {
    share.support.source = part.source;
    share.support.lineage = part.lineage;
    share.support.first = part.first;
    share.support.last = part.last;
  }
  share.support.updates += part.updates;
  share.support.first = std::min(share.support.first, part.first);
  share.support.last = std::max(share.support.last, part.last);
  share.parts.push_back(&part);
}

}  // namespace

std::vector<Ancestor> SharedAncestors(const Lineage& a, const Lineage& b,
                                      std::span<const Ancestor> listed) {
  std::vector<Ancestor> shared;
  for (const Ancestor ancestor : listed) {
    if (Shares(a, b, ancestor)) shared.push_back(ancestor);
  }
  return shared;
}

bool Independent(const Lineage& a, const Lineage& b, std::span<const Ancestor> breaking) {
  return a.modality != Modality::kUnspecified && b.modality != Modality::kUnspecified &&
         a.modality != b.modality && !a.sensor.empty() && !b.sensor.empty() &&
         a.sensor != b.sensor && SharedAncestors(a, b, breaking).empty();
}

bool TellsClass(Modality modality) {
  switch (modality) {
    case Modality::kVideoRgb:
    case Modality::kVideoInfrared:
    case Modality::kSatelliteOptical:
    case Modality::kHuman:
      return true;
    case Modality::kRadarGmti:
    case Modality::kRadarSurveillance:
    case Modality::kSatelliteSar:
    case Modality::kUnspecified:
      break;
  }
  return false;
}

Claim ClaimOf(const Rule& rule) {
  const bool any = std::find(rule.classes.begin(), rule.classes.end(),
                             ObjectClass::kUnknownVehicle) != rule.classes.end();
  return any || SpeaksOfPeople(rule) ? Claim::kPresence : Claim::kClass;
}

Corroboration Corroborate(std::span<const Track* const> vehicles, int min_count,
                          const CorroborationTerms& terms, Instant now,
                          std::span<const TrackSupport> whole, Claim claim) {
  std::map<std::tuple<SourceId, Lineage>, Share> shares;
  for (const Track* track : vehicles) {
    // A track may name one lineage twice only by mistake; it must not count as two vehicles.
    std::set<std::tuple<SourceId, Lineage>> seen;
    for (const TrackSupport& part : track->supports) {
      if (part.updates < terms.min_updates || now - part.last > terms.recent) continue;
      const std::tuple key(part.source, part.lineage);
      if (!seen.insert(key).second) continue;
      Share& share = shares[key];
      ++share.members;
      share.vehicles.insert(track->id);
      Take(share, part);
    }
  }
  for (const TrackSupport& part : whole) {
    Share& share = shares[std::tuple(part.source, part.lineage)];
    share.whole = true;
    Take(share, part);
  }
  const int needed = std::max(
      1, static_cast<int>(std::ceil(terms.member_share_ratio * static_cast<double>(min_count))));
  Corroboration out;
  std::vector<const Share*> counted;
  for (auto& [key, share] : shares) {
    if (share.members < needed && !share.whole) continue;
    share.support.raw_digests = NewestDigests(share.parts);
    out.counted.push_back(std::move(share.support));
    counted.push_back(&share);
  }
  for (std::size_t i = 0; i < out.counted.size(); ++i) {
    for (std::size_t j = i + 1; j < out.counted.size(); ++j) {
      const Lineage& a = out.counted[i].lineage;
      const Lineage& b = out.counted[j].lineage;
      if (a.sensor.empty() || b.sensor.empty() || a.sensor == b.sensor) continue;
      if (!Meet(*counted[i], *counted[j])) continue;
      if (!out.distinct) out.distinct = {i, j};
      if (!Independent(a, b, terms.breaking)) continue;
      if (!out.present) out.present = {i, j};
      const bool tells =
          claim == Claim::kPresence || (TellsClass(a.modality) && TellsClass(b.modality));
      if (!out.independent && tells) out.independent = {i, j};
    }
  }
  if (out.present) out.distinct = out.present;
  if (!out.independent) return out;
  out.distinct = out.independent;
  const Share& a = *counted[out.independent->first];
  const Share& b = *counted[out.independent->second];
  out.measured = {MeasuredBy(a), MeasuredBy(b)};
  for (const TrackId id : a.vehicles)
    out.measured_by_both += ToldApart(id) && b.vehicles.contains(id) ? 1 : 0;
  for (const Track* track : vehicles) out.told_apart += ToldApart(track->id) ? 1 : 0;
  return out;
}

std::vector<TrackSupport> WholeSupports(std::span<const TrackSupport> supports,
                                        const CorroborationTerms& terms, Instant now) {
  std::vector<TrackSupport> out;
  for (const TrackSupport& part : supports) {
    if (part.updates >= terms.min_updates && now - part.last <= terms.recent) out.push_back(part);
  }
  return out;
}

std::string AncestorName(Ancestor ancestor) {
  switch (ancestor) {
    case Ancestor::kSensor:
      return "sensor";
    case Ancestor::kPlatform:
      return "platform";
    case Ancestor::kStation:
      return "station";
    case Ancestor::kClock:
      return "clock";
    case Ancestor::kGeoreference:
      return "georeference";
    case Ancestor::kModel:
      return "detection model";
    case Ancestor::kDerivedFrom:
      return "derived product";
  }
  return "ancestor";
}

}  // namespace trucewatch
