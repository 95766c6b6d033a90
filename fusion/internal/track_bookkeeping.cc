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

void TakeWord(std::vector<ClassWord>& words, const Look& look, const ClassWeights& said) {
  auto place = words.begin();
  while (place != words.end() && place->source < look.source) ++place;
  if (place == words.end() || place->source != look.source) {
    place = words.insert(place, ClassWord{.source = look.source,
                                          .words = 0,
                                          .first = look.time,
                                          .last = look.time,
                                          .mean_log = {},
                                          .spread = 0});
  }
  ++place->words;
  place->last = std::max(place->last, look.time);
  for (std::size_t c = 1; c < kObjectClassCount; ++c) {  // Welford
    const double off = std::log(said[c]) - place->mean_log[c];
    place->mean_log[c] += off / place->words;
    place->spread += off * (std::log(said[c]) - place->mean_log[c]);
  }
}

// How many of its words taken one by one a source's mean word is worth. A classifier errs anew with
// each look (variance s2, seen in how its words differ) and about one vehicle throughout (h2, not
// seen): its mean of n has variance h2 + s2 / n where one word has h2 + s2, and the weight of a
// logarithm is inverse to that.
double WordsWorth(const ClassWord& word, const TrackerOptions& options) {
  if (word.words < 2) return 1.0;
  constexpr double kDegrees = static_cast<double>(kObjectClassCount) - 2.0;  // they sum to one
  const double s2 = word.spread / (word.words - 1) / kDegrees, h2 = options.class_habit_variance;
  const double n = std::min<double>(
      word.words, 1.0 + (word.last - word.first).seconds() / options.class_period_s);
  return (h2 + s2) / (h2 + s2 / n);
}

// Information form; it never gets surer than what one source is wrong by throughout, and so follows
// a vehicle that turns its side.
void FuseSize(FusedSize& size, const LookPlot& plot, double weight, const TrackerOptions& options) {
  const double sigma = options.size_sigma_m + options.size_sigma_share * plot.length_m;
  const double information = weight / (sigma * sigma);
  const double gain = information / (size.information + information);
  size.length_m += gain * (plot.length_m - size.length_m);
  size.width_m += gain * (plot.width_m - size.width_m);
  size.information =
      std::min(size.information + information, 1.0 / (options.size_floor_m * options.size_floor_m));
}

}  // namespace

UpdateOptions UpdateOptionsFor(const TrackState& track, const Look& look,
                               const TrackerOptions& options) {
  UpdateOptions result;
  // Where a georeference is stated, what is shared is handled below.
  result.unknown_correlation =
      !look.lineage.derived_from.empty() && look.lineage.georeference.empty();
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

void FuseAppearance(TrackState& track, const Look& look, const LookPlot& plot,
                    const TrackerOptions& options) {
  if (plot.length_m > 0) {
    const TrackSupport* support = SupportOf(track, look.source);
    const bool repeated =
        support && (look.time - support->last).seconds() < options.georeference_memory_s;
    FuseSize(track.size, plot, repeated ? options.size_repeat_weight : 1.0, options);
  }
  double total = 0;
  for (const double p : plot.classes) total += p;
  if (!(total > 0)) return;
  ClassWeights said{};
  for (std::size_t c = 1; c < kObjectClassCount; ++c) {
    said[c] = std::max(plot.classes[c] / total, options.class_floor);
  }
  TakeWord(track.class_words, look, said);
  ClassWeights log_belief{};
  for (const ClassWord& word : track.class_words) {
    const double counts_for = WordsWorth(word, options);
    for (std::size_t c = 1; c < kObjectClassCount; ++c) {
      log_belief[c] += counts_for * word.mean_log[c];
    }
  }
  const double most = *std::max_element(log_belief.begin() + 1, log_belief.end());
  double sum = 0;
  track.classes[0] = 0;
  for (std::size_t c = 1; c < kObjectClassCount; ++c) {
    sum += track.classes[c] = std::max(std::exp(log_belief[c] - most), 1e-4);
  }
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
