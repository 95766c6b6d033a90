// SPDX-License-Identifier: Apache-2.0
#include "detect/parked/parked_site.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "detect/parked/parked_evidence.h"
#include "detect/parked/stands_apart.h"

namespace trucewatch::parked {
namespace {

constexpr float kNeverSeen = -1.0F;
constexpr float kReferenceShare = 1.0F / 16;  // of a new look in the reference
constexpr int kSearchM = 6;                   // poses lie within this of the reference
constexpr int kPoorToBeginAgain = 20;         // looks in a row that do not fit: the site is another
// Looks farther apart than this are not held against one another: shadows have wandered.
const Duration kGap = Duration::Seconds(300);
constexpr std::size_t kBefore = ParkedSite::kLooks / 2;  // the first look after the change tried

// Change (measured on rendered yards with seeds other than those of the published figures).
constexpr double kLeastStrength = 2.4;
constexpr double kLeastWeight = 2.3;
constexpr double kLeastJump = 0.72;      // from one look to the next, of the whole change
constexpr double kOverUnrest = 2.5;      // times the place's usual strength
constexpr double kMostUnrest = 1.0;      // usual strength at a place that can be judged at all
constexpr double kOverEverywhere = 1.6;  // times the strength that one cell in twenty exceeds
constexpr double kSameEdges = 0.8;       // correlation from which on the same thing stands there
constexpr int kUnrestCells = 4;
constexpr int kUnrestLooks = 60;
constexpr double kLeastAreaM2 = 3;  // of what changed
constexpr int kLooksToLearn = 24;   // before anything is decided: what never rests is not known

// Candidates of one moment.
constexpr double kSamePlaceM = 4.5;  // are one, within three looks
constexpr double kShadowM = 14;      // a vehicle's shadow reaches this far: within two looks
constexpr int kNetworkLooks = 3;     // after a change, before it is decided
constexpr int kLongestWait = 24;     // looks, then it is decided without them
constexpr std::size_t kEvidenceLooks = 5;
constexpr int kYoungLooks = 12;  // of the network
constexpr double kNearM = 1.8;   // of a place, of what the network sees there
constexpr double kSupport = 0.25;

// Places.
constexpr double kLeastScore = 0.3;  // of a box that makes a place
constexpr double kRateLooks = 40;
constexpr double kPlaceM = 1.6, kEventPlaceM = 3.5;
constexpr double kHalfRate = 0.35, kRateSlope = 20;  // mean score at which it is even odds
constexpr double kLeastProbability = 0.1;            // below it a place is none
constexpr int kLooksForPlace = 5;
constexpr int kLooksAfterGap = 6;
constexpr double kNoRate = 0.05, kSureRate = 0.45;

}  // namespace

void ParkedSite::UpdateReference(const GroundPicture& look) {
  if (reference_.empty()) reference_.assign(frame_.cells(), kNeverSeen);
  for (std::size_t i = 0; i < reference_.size(); ++i) {
    if (look.seen[i] == 0) continue;
    const auto grey = static_cast<float>(look.grey[i]);
    reference_[i] =
        reference_[i] < 0 ? grey : reference_[i] + (grey - reference_[i]) * kReferenceShare;
  }
}

std::vector<ParkedEvent> ParkedSite::Add(const GroundPicture& look, Instant time,
                                         const std::optional<std::vector<SeenVehicle>>& vehicles) {
  if (looks_ > 0 && time <= last_look_) {  // late: what it shows has been decided
    ++poor_looks_;
    ++poor_in_a_row_;
    return {};
  }
  GroundPicture aligned = look;
  std::optional<GroundAlignment> alignment;
  if (looks_ > 0) {
    GroundPicture reference;
    reference.grey.resize(frame_.cells());
    reference.seen.resize(frame_.cells());
    for (std::size_t i = 0; i < reference_.size(); ++i) {
      reference.seen[i] = reference_[i] < 0 ? 0 : 255;
      reference.grey[i] =
          reference_[i] < 0 ? std::uint8_t{0} : static_cast<std::uint8_t>(reference_[i] + 0.5F);
    }
    alignment = Align(reference, look, frame_.side_cells,
                      static_cast<int>(std::lround(kSearchM / frame_.cell_m)));
    if (!alignment) {
      ++poor_looks_;
      if (++poor_in_a_row_ < kPoorToBeginAgain) return {};
      // What has been looked at so often without fitting is the site now.
      ParkedSite fresh(frame_);
      fresh.poor_looks_ = poor_looks_;
      *this = std::move(fresh);
      return Add(look, time, vehicles);
    }
    aligned = Aligned(look, frame_.side_cells, *alignment);
  }
  poor_in_a_row_ = 0;
  alignment_ = alignment.value_or(GroundAlignment{});
  if (looks_ > 0 && time - last_look_ > kGap) {
    ring_.clear();
    candidates_.clear();
    gap_from_ = last_look_;
    gap_to_ = time;
    for (Place& place : places_) {
      if (place.looks >= kLooksAfterGap) {
        place.rate_before_gap = place.rate;
        place.looks_before_gap = place.looks;
      }
      place.rate = 0;
      place.looks = 0;
    }
  }
  ++looks_;
  last_look_ = time;
  UpdateReference(aligned);
  std::vector<ParkedEvent> events;
  if (vehicles) {
    NetworkLook seen{time, *vehicles};
    if (alignment) {
      for (SeenVehicle& vehicle : seen.vehicles) {
        vehicle.en_m =
            frame_.MetresFromCell(alignment->Earlier(frame_.CellFromMetres(vehicle.en_m)));
      }
    }
    UpdatePlaces(seen.vehicles, aligned);
    network_.push_back(std::move(seen));
    if (network_.size() > 4 * kEvidenceLooks) network_.pop_front();
    events = AfterGap();
  }
  ring_.push_back({std::move(aligned), time});
  if (ring_.size() > kLooks) ring_.pop_front();
  for (Candidate& candidate : candidates_) ++candidate.looks_since;
  if (ring_.size() == kLooks) FindCandidates();
  std::vector<ParkedEvent> decided = Decide();
  events.insert(events.end(), decided.begin(), decided.end());
  return events;
}

std::size_t ParkedSite::UnrestSquares() const {
  const auto side = static_cast<std::size_t>(frame_.side_cells / kUnrestCells);
  return side * side;
}

std::optional<std::size_t> ParkedSite::UnrestCell(const Eigen::Vector2d& cell) const {
  const int side = frame_.side_cells / kUnrestCells;
  const int x = static_cast<int>(cell.x()) / kUnrestCells,
            y = static_cast<int>(cell.y()) / kUnrestCells;
  if (x < 0 || y < 0 || x >= side || y >= side) return std::nullopt;
  return static_cast<std::size_t>(y) * static_cast<std::size_t>(side) + static_cast<std::size_t>(x);
}

void ParkedSite::FindCandidates() {
  std::vector<const GroundPicture*> all, earlier, later;
  for (const RingLook& look : ring_) all.push_back(&look.picture);
  for (std::size_t i = 0; i < 4; ++i) {  // the nearest four on either side
    earlier.push_back(all[kBefore - 4 + i]);
    later.push_back(all[kBefore + i]);
  }
  const GroundPicture before = MedianOf(earlier, frame_.side_cells),
                      after = MedianOf(later, frame_.side_cells);
  const PictureChange change = ChangeBetween(before, after, frame_, kLeastStrength);
  if (unrest_.empty()) unrest_.assign(UnrestSquares(), 0.0F);
  for (const ChangePeak& peak : change.peaks) {
    const auto here = UnrestCell(peak.cell);
    const double usual = here ? static_cast<double>(unrest_[*here]) : 0;
    if (!here || usual > kMostUnrest || peak.strength() < kOverUnrest * usual ||
        peak.strength() < kOverEverywhere * change.unrest || peak.same_edges > kSameEdges) {
      continue;
    }
    const Step step = StepOf(ProgressOf(all, before, after, frame_, peak.cell));
    const double weight = step.WeightOf(peak.strength());
    if (step.jump < kLeastJump || weight < kLeastWeight) continue;
    const StandsApart apart = StandsApartAt(before, after, frame_, peak.cell);
    if (!apart.judged || apart.area_m2 < kLeastAreaM2 || looks_ < kLooksToLearn) continue;
    candidates_.push_back({.before = ring_[kBefore - 1].time,
                           .since = ring_[kBefore].time,
                           .en_m = frame_.MetresFromCell(peak.cell),
                           .weight = weight,
                           .pictures = apart.Came(),
                           .middle_en_m = frame_.MetresFromCell(apart.middle_cell),
                           .looks_since = 0});
  }
  UpdateUnrest(change.peaks);
}

void ParkedSite::UpdateUnrest(const std::vector<ChangePeak>& peaks) {
  std::map<std::uint32_t, float> now;
  for (const ChangePeak& peak : peaks) {
    for (int dy = -2; dy <= 2; ++dy) {
      for (int dx = -2; dx <= 2; ++dx) {
        const auto cell =
            UnrestCell(peak.cell + Eigen::Vector2d(dx * kUnrestCells, dy * kUnrestCells));
        if (!cell) continue;
        float& strength = now[static_cast<std::uint32_t>(*cell)];
        strength = std::max(strength, static_cast<float>(peak.strength()));
      }
    }
  }
  recent_changes_.push_back(std::move(now));
  if (recent_changes_.size() <= kBefore) return;
  // The first looks count for more, or a place without rest would be taken for a quiet one.
  unrest_looks_ = std::min(unrest_looks_ + 1, kUnrestLooks);
  const float share = 1.0F / static_cast<float>(std::min(kUnrestLooks, unrest_looks_ + 4));
  for (float& usual : unrest_) usual -= usual * share;
  for (const auto& [square, strength] : recent_changes_.front()) {
    unrest_[square] += strength * share;
  }
  recent_changes_.pop_front();
}

ParkedSite::Evidence ParkedSite::EvidenceAt(const Candidate& candidate) const {
  Evidence evidence;
  std::vector<double> before, after;
  double best = 0;
  for (const NetworkLook& look : network_) {
    double score = 0;
    for (const SeenVehicle& vehicle : look.vehicles) {
      if ((vehicle.en_m - candidate.en_m).norm() > kNearM || vehicle.score <= score) continue;
      score = vehicle.score;
      if (score > best) {
        best = score;
        evidence.vehicle = vehicle;
      }
    }
    (look.time < candidate.since ? before : after).push_back(score);
  }
  const auto mean = [](const double* begin, std::size_t count) {
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += begin[i];
    return count == 0 ? 0.0 : sum / static_cast<double>(count);
  };
  const std::size_t used = std::min(before.size(), kEvidenceLooks);
  evidence.before = mean(before.data() + (before.size() - used), used);
  evidence.after = mean(after.data(), std::min(after.size(), kEvidenceLooks));
  return evidence;
}

std::vector<ParkedEvent> ParkedSite::Decide() {
  const auto network_since = [&](const Candidate& candidate) {
    return std::count_if(network_.begin(), network_.end(),
                         [&](const NetworkLook& look) { return look.time >= candidate.since; });
  };
  // Candidates come in the order of their moments; those of one moment are decided together.
  std::vector<ParkedEvent> events;
  while (!candidates_.empty()) {
    const Candidate& first = candidates_.front();
    if (first.looks_since < 4) break;  // others of this moment may still come
    if (network_since(first) < kNetworkLooks && first.looks_since < kLongestWait) break;
    // Those that hang together by shadow and time with the first.
    std::vector<Candidate> together = {first};
    std::vector<Candidate> rest;
    for (std::size_t i = 1; i < candidates_.size(); ++i) {
      const bool near = std::any_of(together.begin(), together.end(), [&](const Candidate& other) {
        return std::abs(other.looks_since - candidates_[i].looks_since) <= 3 &&
               (other.en_m - candidates_[i].en_m).norm() < kShadowM;
      });
      (near ? together : rest).push_back(candidates_[i]);
    }
    candidates_ = std::move(rest);
    for (const ParkedEvent& event : DecideTogether(together)) events.push_back(event);
  }
  return events;
}

std::vector<ParkedEvent> ParkedSite::DecideTogether(const std::vector<Candidate>& together) {
  struct Judged {
    const Candidate* candidate;
    Evidence evidence;
    Place* place;
    double direction, rank;
    double turn() const { return evidence.after - evidence.before; }
  };
  std::vector<Judged> judged;
  for (const Candidate& candidate : together) {
    Judged j{&candidate, EvidenceAt(candidate), PlaceAt(candidate.en_m, kEventPlaceM), 0, 0};
    const int pictured = j.place == nullptr ? 0 : j.place->pictured;
    j.direction = DirectionOf({.network_before = j.evidence.before,
                               .network_after = j.evidence.after,
                               .pictures = candidate.pictures,
                               .stood_before = pictured});
    j.rank = candidate.weight + std::abs(j.direction) + 4 * std::abs(j.turn());
    judged.push_back(j);
  }
  std::stable_sort(judged.begin(), judged.end(),
                   [](const Judged& a, const Judged& b) { return a.rank > b.rank; });
  std::vector<ParkedEvent> events;
  std::vector<const Judged*> taken;
  for (const Judged& j : judged) {
    const bool shadow = std::any_of(taken.begin(), taken.end(), [&](const Judged* other) {
      const double apart = (other->candidate->en_m - j.candidate->en_m).norm();
      // A shadow comes and goes in the same look as what throws it.
      const int looks = std::abs(other->candidate->looks_since - j.candidate->looks_since);
      return apart < kSamePlaceM ||
             (apart < kShadowM && looks <= 1 && std::abs(j.turn()) < kSupport);
    });
    if (shadow) continue;
    taken.push_back(&j);
    if (j.direction == 0) continue;  // something changed; which way is open
    ParkedEvent event;
    event.kind = j.direction > 0 ? ChangeKind::kAppeared : ChangeKind::kVanished;
    event.before = j.candidate->before;
    event.since = j.candidate->since;
    event.en_m = j.candidate->middle_en_m;
    if (j.evidence.vehicle) {
      event.en_m = j.evidence.vehicle->en_m;
      event.length_m = j.evidence.vehicle->length_m;
      event.width_m = j.evidence.vehicle->width_m;
    }
    event.probability = ProbabilityOf(j.candidate->weight, j.direction);
    events.push_back(event);
    Place* place = PlaceAt(event.en_m, kEventPlaceM);
    if (place == nullptr && places_.size() < kMaxPlaces) {
      places_.push_back({});
      place = &places_.back();
      place->en_m = event.en_m;
      for (Judged& other : judged) other.place = nullptr;  // the list may have moved
    }
    if (place == nullptr) continue;
    place->pictured = event.kind == ChangeKind::kAppeared ? 1 : -1;
    place->since = event.kind == ChangeKind::kAppeared ? std::optional(event.since) : std::nullopt;
    place->rate = event.kind == ChangeKind::kAppeared ? j.evidence.after : 0;
    place->looks = 1;
    if (event.length_m > 0) {
      place->length_m = event.length_m;
      place->width_m = event.width_m;
    }
  }
  return events;
}

ParkedSite::Place* ParkedSite::PlaceAt(const Eigen::Vector2d& en_m, double reach_m) {
  Place* nearest = nullptr;
  double best = reach_m;
  for (Place& place : places_) {
    // One that a change spoke of goes before one that only the network knows.
    const double apart = (place.en_m - en_m).norm() + (place.pictured == 0 ? 1.0 : 0.0);
    if ((place.en_m - en_m).norm() > reach_m || apart > best + 1) continue;
    if (nearest != nullptr && apart >= best) continue;
    nearest = &place;
    best = apart;
  }
  return nearest;
}

bool ParkedSite::Shows(const GroundPicture& look, const Eigen::Vector2d& en_m) const {
  const Eigen::Vector2d cell = frame_.CellFromMetres(en_m);
  const int x = static_cast<int>(std::lround(cell.x())),
            y = static_cast<int>(std::lround(cell.y()));
  if (x < 0 || y < 0 || x >= frame_.side_cells || y >= frame_.side_cells) return false;
  return look.seen[static_cast<std::size_t>(y) * static_cast<std::size_t>(frame_.side_cells) +
                   static_cast<std::size_t>(x)] != 0;
}

void ParkedSite::UpdatePlaces(const std::vector<SeenVehicle>& vehicles, const GroundPicture& look) {
  std::vector<bool> known(vehicles.size());
  // What the network alone said of ground of which nothing is known: letters, taken for vehicles
  // before it was found where symbols are.
  std::erase_if(places_, [&](const Place& place) {
    return place.pictured == 0 && place.looks <= kYoungLooks && place.looks_before_gap == 0 &&
           !Shows(look, place.en_m);
  });
  for (Place& place : places_) {
    if (!Shows(look, place.en_m)) continue;
    double score = 0;
    const SeenVehicle* seen = nullptr;
    for (std::size_t i = 0; i < vehicles.size(); ++i) {
      if ((vehicles[i].en_m - place.en_m).norm() > kPlaceM) continue;
      known[i] = true;
      if (vehicles[i].score <= score) continue;
      score = vehicles[i].score;
      seen = &vehicles[i];
    }
    place.looks = std::min(place.looks + 1, 1'000'000);
    place.rate += (score - place.rate) / std::min<double>(place.looks, kRateLooks);
    if (seen == nullptr || score < kLeastScore) continue;
    const double share = 1.0 / std::min<double>(place.looks, kRateLooks);
    place.en_m += (seen->en_m - place.en_m) * share;
    place.length_m = place.length_m > 0 ? place.length_m + (seen->length_m - place.length_m) * share
                                        : seen->length_m;
    place.width_m =
        place.width_m > 0 ? place.width_m + (seen->width_m - place.width_m) * share : seen->width_m;
  }
  for (std::size_t i = 0; i < vehicles.size(); ++i) {
    if (known[i] || vehicles[i].score < kLeastScore || places_.size() >= kMaxPlaces) continue;
    Place place;
    place.en_m = vehicles[i].en_m;
    place.length_m = vehicles[i].length_m;
    place.width_m = vehicles[i].width_m;
    // Earlier looks did not see it.
    place.looks = 1 + static_cast<int>(std::min<std::size_t>(network_.size(), 10));
    place.rate = vehicles[i].score / place.looks;
    places_.push_back(place);
  }
  // What was a car that passed, or a flicker.
  std::erase_if(places_, [](const Place& place) {
    return place.pictured == 0 && place.looks > 10 && place.rate < 0.01 &&
           place.looks_before_gap == 0;
  });
}

std::vector<ParkedEvent> ParkedSite::AfterGap() {
  std::vector<ParkedEvent> events;
  if (!gap_from_) return events;
  bool waiting = false;
  for (Place& place : places_) {
    if (place.looks_before_gap == 0) continue;
    if (place.looks < kLooksAfterGap) {
      waiting = true;
      continue;
    }
    const bool stood =
        place.pictured > 0 || (place.pictured == 0 && place.rate_before_gap >= kSureRate);
    const bool free =
        place.pictured < 0 || (place.pictured == 0 && place.rate_before_gap <= kNoRate);
    const bool came = free && place.rate >= kSureRate;
    const bool left = stood && place.rate_before_gap >= kSureRate && place.rate <= kNoRate;
    place.looks_before_gap = 0;
    if (!came && !left) continue;
    place.pictured = came ? 1 : -1;
    place.since = came ? gap_to_ : std::nullopt;
    events.push_back({.kind = came ? ChangeKind::kAppeared : ChangeKind::kVanished,
                      .before = *gap_from_,
                      .since = *gap_to_,
                      .en_m = place.en_m,
                      .length_m = place.length_m,
                      .width_m = place.width_m,
                      .probability = 0.7});
  }
  if (!waiting) gap_from_ = gap_to_ = std::nullopt;
  return events;
}

double ParkedSite::Probability(const Place& place) {
  if (place.pictured != 0) return place.pictured > 0 ? 0.97 : 0.03;
  // While the first looks after a gap say little, what was known before holds.
  const double rate = place.looks_before_gap > 0 ? place.rate_before_gap : place.rate;
  const int looks = std::max(place.looks, place.looks_before_gap);
  const double p = 1 / (1 + std::exp(-kRateSlope * (rate - kHalfRate)));
  return looks < kLooksForPlace || p < kLeastProbability ? 0 : p;
}

std::vector<ParkedVehicle> ParkedSite::Vehicles() const {
  std::vector<ParkedVehicle> vehicles;
  for (const Place& place : places_) {
    const double probability = Probability(place);
    if (probability < 0.5) continue;
    vehicles.push_back({place.en_m, place.length_m, place.width_m, probability, place.since});
  }
  return vehicles;
}

ParkedCount ParkedSite::Count() const {
  std::vector<double> probabilities;
  for (const Place& place : places_) {
    const double p = Probability(place);
    if (p > 0) probabilities.push_back(p);
  }
  return CountOf(probabilities);
}

}  // namespace trucewatch::parked
