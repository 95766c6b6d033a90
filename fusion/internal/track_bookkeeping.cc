// SPDX-License-Identifier: Apache-2.0
#include "fusion/internal/track_bookkeeping.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

namespace trucewatch {

bool IsLikelyPeople(const ClassWeights& classes) {
  return classes[static_cast<std::size_t>(ObjectClass::kPersonGroup)] >= 0.5;
}

namespace internal {
namespace {

const TrackSupport* SupportOf(const TrackState& track, const SourceId& source) {
  for (const TrackSupport& support : track.supports) {
    if (support.source == source) return &support;
  }
  return nullptr;
}

}  // namespace

UpdateOptions UpdateOptionsFor(const TrackState& track, const Look& look,
                               const TrackerOptions& options) {
  UpdateOptions result;
  const std::string& georeference = look.lineage.georeference;
  for (const TrackSupport& support : track.supports) {
    const double ago = (look.time - support.last).seconds();
    if (!georeference.empty() && support.lineage.georeference == georeference &&
        ago < options.georeference_memory_s) {
      result.shared_georeference = true;
    }
    if (support.source == look.source && ago < options.velocity_memory_s) {
      result.velocity_cov_factor = options.velocity_repeat_factor;
    }
  }
  return result;
}

void FuseClasses(TrackState& track, const Look& look, const ClassWeights& said,
                 const TrackerOptions& options) {
  double total = 0;
  for (const double p : said) total += p;
  if (!(total > 0)) return;
  const TrackSupport* support = SupportOf(track, look.source);
  const bool repeated =
      support && (look.time - support->last).seconds() < options.georeference_memory_s;
  const double exponent = repeated ? options.class_repeat_exponent : 1.0;
  double believed = 0;
  for (const double p : track.classes) believed += p;
  double sum = 0;
  for (std::size_t c = 1; c < kObjectClassCount; ++c) {
    const double prior = believed > 0 ? track.classes[c] : 1.0;
    const double word = std::max(said[c] / total, options.class_floor);
    track.classes[c] = std::max(prior, 1e-4) * std::pow(word, exponent);
    sum += track.classes[c];
  }
  track.classes[0] = 0;
  for (double& p : track.classes) p /= sum;
}

void NoteSupport(std::vector<TrackSupport>& supports, const Look& look) {
  auto place = supports.begin();
  while (place != supports.end() && place->source < look.source) ++place;
  if (place == supports.end() || place->source != look.source) {
    place = supports.insert(place, TrackSupport{.source = look.source,
                                                .lineage = look.lineage,
                                                .updates = 0,
                                                .first = look.time,
                                                .last = look.time,
                                                .raw_digests = {}});
  }
  place->lineage = look.lineage;
  ++place->updates;
  place->last = look.time;
  // Newest first, each once: digests of this look in front of the others.
  std::vector<Digest>& kept = place->raw_digests;
  for (std::size_t k = look.raw_digests.size(); k-- > 0;) {
    const Digest& digest = look.raw_digests[k];
    const auto known = std::find(kept.begin(), kept.end(), digest);
    if (known == kept.begin() && known != kept.end()) continue;
    if (known != kept.end()) kept.erase(known);
    kept.insert(kept.begin(), digest);
  }
  if (kept.size() > kMaxSupportDigests) kept.resize(kMaxSupportDigests);
}

void TakeSupport(TrackState& track, const Look& look) {
  NoteSupport(track.supports, look);
  ++track.updates;
  track.last_update = look.time;
}

void NoteOpportunity(TrackState& track, std::uint64_t look, bool reported) {
  track.opportunities[track.next_opportunity] = {look, reported};
  track.next_opportunity = (track.next_opportunity + 1) % kOpportunityMemory;
}

int MissesOnEnd(const TrackState& track) {
  int misses = 0;
  for (std::size_t k = 1; k <= kOpportunityMemory; ++k) {
    const Opportunity& o =
        track.opportunities[(track.next_opportunity + kOpportunityMemory - k) % kOpportunityMemory];
    if (o.look == 0 || o.reported) break;
    ++misses;
  }
  return misses;
}

bool IsWithinOneVehicle(const Gaussian& a, const Gaussian& b) {
  constexpr double kVehicleLengthM = 6.0;
  const double surely = a.cov.topLeftCorner<2, 2>().trace() + b.cov.topLeftCorner<2, 2>().trace();
  return (a.mean - b.mean).head<2>().norm() < kVehicleLengthM &&
         surely < 2.0 * kVehicleLengthM * kVehicleLengthM;
}

bool AreOneObject(const TrackState& a, const Gaussian& at_a, const TrackState& b,
                  const Gaussian& at_b, const TrackerOptions& options) {
  const Eigen::Vector4d d = at_a.mean - at_b.mean;
  const Eigen::Matrix4d sum = at_a.cov + at_b.cov;
  const double d2 = d.dot(sum.ldlt().solve(d));
  if (!(d2 <= options.duplicate_d2)) return false;
  int common = 0, both = 0;
  for (const Opportunity& x : a.opportunities) {
    if (x.look == 0) continue;
    for (const Opportunity& y : b.opportunities) {
      if (y.look != x.look) continue;
      ++common;
      both += x.reported && y.reported ? 1 : 0;
    }
  }
  if (both == 0) return common >= options.duplicate_looks;
  return IsWithinOneVehicle(at_a, at_b);  // reported side by side
}

bool IsBetterFounded(const TrackState& a, const TrackState& b) {
  if (a.confirmed != b.confirmed) return a.confirmed;
  if (a.updates != b.updates) return a.updates > b.updates;
  return a.id < b.id;
}

}  // namespace internal
}  // namespace trucewatch
