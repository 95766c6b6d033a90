// SPDX-License-Identifier: Apache-2.0
#include "tools/month/scene_fusion.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "tools/month/rates.h"
#include "verify/rules/class_shares.h"

namespace trucewatch::tools::month {
namespace {

using Eigen::Vector2d;

constexpr double kForgetS = 15.0;     // a track that nobody reports goes
constexpr double kOutOfViewS = 60.0;  // after that a sensor has to find a thing anew
constexpr double kNoiseLifeS = 15.0;
constexpr double kGroupLinkM = 200.0;
constexpr double kGroupSpeedMps = 3.0;
constexpr ObjectClass kClasses[] = {ObjectClass::kLightVehicle, ObjectClass::kTruck,
                                    ObjectClass::kTrackedVehicle};

Vector2d EnOf(const Geodetic& place) {
  static const LocalFrame frame(Geodetic::FromDegrees(30, -40, 0));
  return frame.EnuFromGeodetic(place).head<2>();
}

bool Misplaces(const Observer& observer) {
  return observer.fault != nullptr &&
         (observer.fault->kind == FaultKind::kSpoofed || observer.fault->kind == FaultKind::kClock);
}
bool Replays(const Observer& observer) {
  return observer.fault != nullptr && observer.fault->kind == FaultKind::kReplayed;
}
bool Jammed(const Observer& observer) {
  return observer.fault != nullptr && observer.fault->kind == FaultKind::kJammed;
}

Digest DigestOf(std::size_t observer, double time_s) {
  Digest digest{};
  digest[0] = static_cast<std::uint8_t>(observer + 1);
  const auto stamp = static_cast<std::uint64_t>(time_s * 10.0);
  for (std::size_t i = 0; i < 8; ++i) digest[24 + i] = static_cast<std::uint8_t>(stamp >> (8 * i));
  return digest;
}

}  // namespace

SceneFusion::SceneFusion(std::uint64_t seed, const World& world, Observers& observers,
                         const Mistakes& mistakes)
    : random_(seed, "fusion"), world_(world), observers_(observers), mistakes_(mistakes) {}

void SceneFusion::Enter(double time_s) {
  for (; next_ < world_.movements.size() && world_.movements[next_].start_s() <= time_s; ++next_) {
    const Movement& movement = world_.movements[next_];
    const int things = movement.people() ? 1 : movement.count;
    for (int k = 0; k < things; ++k) {
      Vehicle vehicle;
      vehicle.movement = &movement;
      vehicle.number = k;
      vehicle.seen.resize(observers_.all().size());
      vehicle.noise = {random_.Normal(), random_.Normal()};
      active_.push_back(std::move(vehicle));
    }
  }
  std::erase_if(active_, [&](const Vehicle& v) {
    const double tail_s = v.movement->people() ? 0 : v.number * v.movement->spacing_m / 5.0 + 60.0;
    return time_s > v.movement->end_s() + tail_s;
  });
}

void SceneFusion::LookAt(Vehicle& vehicle, const State& state, double time_s, double step_s,
                         TrueThing& thing) {
  const double keep = std::exp(-step_s / kNoiseLifeS);
  vehicle.noise = keep * vehicle.noise +
                  std::sqrt(1 - keep * keep) * Vector2d(random_.Normal(), random_.Normal());
  std::set<Modality> kinds;
  for (std::size_t i = 0; i < observers_.all().size(); ++i) {
    const Observer& o = observers_.all()[i];
    Seen& seen = vehicle.seen[i];
    if (!o.Covers(state) || Replays(o)) {
      if (seen.drawn && seen.gone_s < 0) seen.gone_s = time_s;
      if (seen.drawn && time_s - seen.gone_s > kOutOfViewS) seen = Seen();
      continue;
    }
    if (!Misplaces(o)) thing.covered |= 1U << i;
    seen.gone_s = -1;
    if (!seen.drawn) {
      seen.drawn = true;
      seen.since_s = time_s;
      seen.found = random_.Uniform() < o.recall;
      seen.ready_s = time_s - o.latency_s * std::log(1.0 - random_.Uniform());
      seen.evidence = {random_.Normal(), random_.Normal(), random_.Normal()};
    }
    if (seen.found && time_s >= seen.ready_s && random_.Uniform() < o.report) {
      if (seen.first_s < 0) seen.first_s = time_s;
      seen.last_s = time_s;
      ++seen.updates;
    }
    if (o.camera && seen.updates > 10 && !Misplaces(o)) kinds.insert(o.lineage.modality);
  }
  if (kinds.size() < 2) return;
  // Somebody who knew the usual shares, and how well cameras tell kinds apart, would be sure of it.
  const ClassProbabilities weighed = WeighClasses(ClassesOf(vehicle), kUsualShares);
  const auto tracked = weighed.find(ObjectClass::kTrackedVehicle);
  thing.classified = tracked != weighed.end() && tracked->second >= 0.95;
}

ClassProbabilities SceneFusion::ClassesOf(const Vehicle& vehicle) const {
  const ObjectClass truth = vehicle.movement->classes[static_cast<std::size_t>(vehicle.number)];
  Eigen::Vector3d log_likelihood = Eigen::Vector3d::Zero();
  bool any = false;
  for (std::size_t i = 0; i < vehicle.seen.size(); ++i) {
    const Seen& seen = vehicle.seen[i];
    if (!observers_.all()[i].camera || seen.updates == 0) continue;
    any = true;
    const double d = seen.updates < 10 ? rates::kSeparationOneReport : rates::kSeparationOneCamera;
    const double a = d / std::sqrt(2.0);
    for (int c = 0; c < 3; ++c)
      log_likelihood(c) += a * (seen.evidence(c) + (kClasses[c] == truth ? a : 0.0));
  }
  ClassProbabilities out;
  if (!any) return out;
  const Eigen::Vector3d p = (log_likelihood.array() - log_likelihood.maxCoeff()).exp();
  for (int c = 0; c < 3; ++c) out[kClasses[c]] = p(c) / p.sum();
  return out;
}

TrackSupport SceneFusion::Support(std::size_t observer, int updates, double first_s,
                                  double last_s) const {
  TrackSupport support;
  support.source = observers_.all()[observer].source;
  support.lineage = observers_.all()[observer].lineage;
  support.updates = updates;
  support.first = month::At(first_s);
  support.last = month::At(last_s);
  support.raw_digests = {DigestOf(observer, last_s)};
  return support;
}

Track SceneFusion::NewTrack(TrackId id, const Vector2d& en_m, const Vector2d& velocity,
                            double sigma_m) const {
  Track track;
  track.id = id;
  track.position = Place(en_m);
  track.velocity_en_mps = velocity;
  track.cov = Eigen::Vector4d(sigma_m * sigma_m, sigma_m * sigma_m, 0.5, 0.5).asDiagonal();
  return track;
}

// Vehicles of a convoy are taken for their neighbours. Each has two.
void SceneFusion::SwapNeighbours(double step_s) {
  for (std::size_t i = 0; i + 1 < active_.size(); ++i) {
    Vehicle& one = active_[i];
    Vehicle& next = active_[i + 1];
    if (one.movement != next.movement || one.movement->count < 3 || one.track.value == 0 ||
        next.track.value == 0) {
      continue;
    }
    if (random_.Uniform() >= step_s / (2 * rates::kSwapLifeS)) continue;
    std::swap(one.track, next.track);
    std::swap(one.initiated_s, next.initiated_s);
  }
}

void SceneFusion::AddTrack(Vehicle& vehicle, const State& state, double time_s, double step_s,
                           Picture& picture) {
  double weight_sum = 0;
  double last_s = -1;
  int updates = 0;
  for (std::size_t i = 0; i < vehicle.seen.size(); ++i) {
    const Seen& seen = vehicle.seen[i];
    const Observer& o = observers_.all()[i];
    if (seen.updates == 0 || Misplaces(o)) continue;
    updates += seen.updates;
    last_s = std::max(last_s, seen.last_s);
    const double bias_m = o.bias_m * (Jammed(o) ? 10 : 1);
    if (time_s - seen.last_s <= 5) weight_sum += 1.0 / (bias_m * bias_m + o.noise_m * o.noise_m);
  }
  if (updates < 2 || time_s - last_s > kForgetS) {
    if (vehicle.track.value != 0) {
      vehicle.track = {0};
      for (Seen& seen : vehicle.seen) seen.updates = 0, seen.first_s = -1;
    }
    return;
  }
  if (vehicle.track.value == 0 ||
      random_.Uniform() < step_s / (vehicle.movement->count > 2 ? rates::kIdentityLifeS
                                                                : rates::kIdentityLifeAloneS)) {
    vehicle.track = {next_id_++};
    vehicle.initiated_s = time_s;
  }
  const double age_s = time_s - last_s;
  Vector2d error = Vector2d::Zero();
  double variance = 0;
  for (std::size_t i = 0; i < vehicle.seen.size(); ++i) {
    const Seen& seen = vehicle.seen[i];
    const Observer& o = observers_.all()[i];
    if (seen.updates == 0 || Misplaces(o) || time_s - seen.last_s > 5) continue;
    const double bias_m = o.bias_m * (Jammed(o) ? 10 : 1);
    const double share = 1.0 / (bias_m * bias_m + o.noise_m * o.noise_m) / weight_sum;
    error += share * bias_m * mistakes_.georeference * o.bias_en;
    variance += share * share * o.noise_m * o.noise_m;
  }
  if (weight_sum <= 0) variance = 20.0 * 20.0;
  error += std::sqrt(variance) * vehicle.noise;
  const double sigma_m = weight_sum > 0 ? std::sqrt(1.0 / weight_sum) : 25.0;
  Track track = NewTrack(vehicle.track, state.en_m + rates::kErrorFactor * error,
                         state.velocity_mps, sigma_m + 2.0 * age_s);
  track.existence_probability = 0.99 * std::exp(-std::max(0.0, age_s - 4.0) / 10.0);
  track.initiated = month::At(vehicle.initiated_s);
  track.last_update = month::At(last_s);
  track.classes = ClassesOf(vehicle);
  for (std::size_t i = 0; i < vehicle.seen.size(); ++i) {
    const Seen& seen = vehicle.seen[i];
    if (seen.updates > 0 && !Misplaces(observers_.all()[i]))
      track.supports.push_back(Support(i, seen.updates, seen.first_s, seen.last_s));
  }
  picture.tracks.push_back(std::move(track));
}

// A camera that believes itself elsewhere, or at another time, puts what it sees where it is not: a
// track of its own.
void SceneFusion::AddMisplaced(Vehicle& vehicle, const State& state, double time_s,
                               Picture& picture) {
  for (std::size_t i = 0; i < vehicle.seen.size(); ++i) {
    const Observer& o = observers_.all()[i];
    const Seen& seen = vehicle.seen[i];
    if (!Misplaces(o) || seen.updates < 2 || time_s - seen.last_s > 5) continue;
    const Vector2d shift = o.fault->kind == FaultKind::kSpoofed
                               ? o.fault->offset_m
                               : Vector2d(-o.fault->clock_s * state.velocity_mps);
    // Its ids lie in a range of their own.
    const TrackId id{(1ULL << 40) + (static_cast<std::uint64_t>(vehicle.movement->id) << 12) +
                     (static_cast<std::uint64_t>(vehicle.number) << 4) + i};
    Track track = NewTrack(id, state.en_m + shift + 9.0 * vehicle.noise, state.velocity_mps, 12.0);
    track.existence_probability = 0.97;
    track.initiated = month::At(seen.first_s);
    track.last_update = month::At(seen.last_s);
    track.classes = ClassesOf(vehicle);
    track.supports = {Support(i, seen.updates, seen.first_s, seen.last_s)};
    picture.tracks.push_back(std::move(track));
  }
}

void SceneFusion::AddGhosts(double time_s, double step_s, Picture& picture) {
  for (std::size_t i = 0; i < observers_.all().size(); ++i) {
    const Observer& o = observers_.all()[i];
    if (!o.camera || !o.working) continue;
    const int born = random_.Poisson(rates::kGhostsAMinute * step_s / 60.0);
    for (int n = 0; n < born; ++n) {
      Ghost ghost;
      ghost.track = {next_id_++};
      ghost.observer = i;
      ghost.since_s = time_s;
      ghost.until_s = time_s - rates::kGhostLifeS * std::log(1.0 - random_.Uniform());
      ghost.en_m =
          o.en_m + o.half_m.cwiseProduct(Vector2d(random_.Uniform(-1, 1), random_.Uniform(-1, 1)));
      ghost.velocity = Vector2d(random_.Normal(), random_.Normal()) * 4.0;
      ghost.existence = random_.Uniform(0.3, 0.9);
      ghosts_.push_back(ghost);
    }
  }
  std::erase_if(ghosts_, [&](const Ghost& ghost) { return time_s > ghost.until_s; });
  for (Ghost& ghost : ghosts_) {
    ++ghost.updates;
    Track track = NewTrack(ghost.track, ghost.en_m + (time_s - ghost.since_s) * ghost.velocity,
                           ghost.velocity, 14.0);
    track.existence_probability = ghost.existence;
    track.initiated = month::At(ghost.since_s);
    track.last_update = month::At(time_s);
    track.supports = {Support(ghost.observer, ghost.updates, ghost.since_s, time_s)};
    picture.tracks.push_back(std::move(track));
  }
}

// Old pictures of a convoy, shown again.
void SceneFusion::AddReplayed(double time_s, Picture& picture) {
  for (std::size_t i = 0; i < observers_.all().size(); ++i) {
    const Observer& o = observers_.all()[i];
    if (!o.working || !Replays(o)) continue;
    const double age_s = time_s - o.fault->start_s;
    const double speed = 9.0;
    for (std::uint64_t k = 0; k < 8; ++k) {
      const double north_m = -800.0 + speed * age_s - 40.0 * static_cast<double>(k);
      if (std::abs(north_m) > 1'000.0) continue;
      Track track = NewTrack(
          {(1ULL << 41) + (i << 36) + (static_cast<std::uint64_t>(o.fault->start_s) << 4) + k},
          {o.en_m.x(), north_m}, {0, speed}, 12.0);
      track.existence_probability = 0.97;
      track.initiated = month::At(o.fault->start_s);
      track.last_update = month::At(time_s);
      track.supports = {Support(i, 5 + static_cast<int>(age_s), o.fault->start_s, time_s)};
      picture.tracks.push_back(std::move(track));
    }
  }
}

void SceneFusion::AddGathering(Vehicle& gathering, double time_s, Picture& picture) {
  const Movement& movement = *gathering.movement;
  TrueThing thing{&movement, 0, StateOf(movement, 0, time_s), 0, false};
  for (std::size_t i = 0; i < observers_.all().size(); ++i) {
    const Observer& o = observers_.all()[i];
    Seen& seen = gathering.seen[i];
    if (!o.camera || !o.CoversPlace(thing.state.en_m) || Replays(o) || Misplaces(o)) {
      if (seen.drawn && seen.gone_s < 0) seen.gone_s = time_s;
      if (seen.drawn && time_s - seen.gone_s > kOutOfViewS) seen = Seen();
      continue;
    }
    thing.covered |= 1U << i;
    seen.gone_s = -1;
    if (!seen.drawn) {
      seen.drawn = true;
      seen.found = random_.Uniform() < rates::kGatheringRecall;
      seen.evidence(0) = random_.Normal();  // how far this camera's count is off
      seen.first_s = time_s + 4.0;
    }
    if (!seen.found || time_s < seen.first_s) continue;
    ++seen.updates;
    seen.last_s = time_s;
    const double expected = movement.count * std::exp(rates::kCountSigma * seen.evidence(0));
    Group group;
    group.id = {(1ULL << 42) + (static_cast<std::uint64_t>(movement.id) << 4) + i};
    group.object_class = ObjectClass::kPersonGroup;
    group.count_expected = expected;
    group.count_min = std::max(0, static_cast<int>(expected * (1 - 1.96 * rates::kCountSigma)));
    group.count_max = static_cast<int>(expected * (1 + 1.96 * rates::kCountSigma)) + 1;
    const double sigma_m = std::hypot(o.bias_m, 3.0);
    group.position = Place(thing.state.en_m + o.bias_m * mistakes_.georeference * o.bias_en +
                           3.0 * gathering.noise);
    group.cov_en_m2 = sigma_m * sigma_m * Eigen::Matrix2d::Identity();
    group.extent_m = movement.radius_m();
    group.existence_probability = 0.97;
    group.first = month::At(seen.first_s);
    group.last = month::At(time_s);
    group.supports = {Support(i, seen.updates, seen.first_s, time_s)};
    picture.groups.push_back(std::move(group));
    break;  // fusion makes one of what two cameras see
  }
  truth_.push_back(thing);
}

// Vehicles near one another that move alike, as fusion groups them.
void SceneFusion::AddGroups(double step_s, Picture& picture) {
  const std::size_t n = picture.tracks.size();
  std::vector<std::size_t> parent(n);
  std::iota(parent.begin(), parent.end(), 0);
  const auto root = [&](std::size_t i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  };
  std::vector<Vector2d> places(n);
  for (std::size_t i = 0; i < n; ++i) places[i] = EnOf(picture.tracks[i].position);
  for (std::size_t i = 0; i < n; ++i) {
    if (picture.tracks[i].existence_probability < 0.5) continue;
    for (std::size_t j = i + 1; j < n; ++j) {
      if (picture.tracks[j].existence_probability >= 0.5 &&
          (places[i] - places[j]).squaredNorm() < kGroupLinkM * kGroupLinkM &&
          (picture.tracks[i].velocity_en_mps - picture.tracks[j].velocity_en_mps).norm() <
              kGroupSpeedMps)
        parent[root(i)] = root(j);
    }
  }
  std::map<std::size_t, std::vector<std::size_t>> clusters;
  for (std::size_t i = 0; i < n; ++i) clusters[root(i)].push_back(i);
  std::set<std::uint64_t> taken;
  std::map<std::uint64_t, std::uint64_t> now;
  for (const auto& [first, members] : clusters) {
    if (members.size() < 3) continue;
    std::map<std::uint64_t, int> votes;
    for (const std::size_t i : members) {
      const auto known = group_of_track_.find(picture.tracks[i].id.value);
      if (known != group_of_track_.end()) ++votes[known->second];
    }
    std::uint64_t id = 0;
    int best = 0;
    for (const auto& [group, count] : votes) {
      if (count > best && !taken.contains(group)) best = count, id = group;
    }
    if (id == 0 || random_.Uniform() < step_s / rates::kGroupLifeS) id = next_group_++;
    taken.insert(id);
    Group group;
    group.id = {id};
    Vector2d sum = Vector2d::Zero();
    Vector2d velocity = Vector2d::Zero();
    for (const std::size_t i : members) {
      group.members.push_back(picture.tracks[i].id);
      sum += places[i];
      velocity += picture.tracks[i].velocity_en_mps;
      now[picture.tracks[i].id.value] = id;
    }
    std::sort(group.members.begin(), group.members.end());
    const double count = static_cast<double>(members.size());
    group.position = Place(sum / count);
    group.velocity_en_mps = velocity / count;
    group.count_expected = count / 0.97;
    group.count_min = static_cast<int>(members.size());
    group.count_max = static_cast<int>(std::ceil(count / 0.97 + 1.96 * std::sqrt(count * 0.04)));
    for (const std::size_t i : members)
      group.extent_m = std::max(group.extent_m, (places[i] - sum / count).norm());
    picture.groups.push_back(std::move(group));
  }
  group_of_track_ = std::move(now);
}

Picture SceneFusion::At(double time_s, double step_s) {
  Enter(time_s);
  SwapNeighbours(step_s);
  truth_.clear();
  Picture picture;
  picture.time = month::At(time_s);
  picture.settled = true;
  picture.exercise = true;
  for (Vehicle& vehicle : active_) {
    if (vehicle.movement->people()) {
      AddGathering(vehicle, time_s, picture);
      continue;
    }
    TrueThing thing{vehicle.movement, vehicle.number,
                    StateOf(*vehicle.movement, vehicle.number, time_s), 0, false};
    LookAt(vehicle, thing.state, time_s, step_s, thing);
    AddTrack(vehicle, thing.state, time_s, step_s, picture);
    AddMisplaced(vehicle, thing.state, time_s, picture);
    truth_.push_back(thing);
  }
  AddGhosts(time_s, step_s, picture);
  AddReplayed(time_s, picture);
  std::sort(picture.tracks.begin(), picture.tracks.end(),
            [](const Track& a, const Track& b) { return a.id < b.id; });
  AddGroups(step_s, picture);
  std::sort(picture.groups.begin(), picture.groups.end(),
            [](const Group& a, const Group& b) { return a.id < b.id; });
  // Drones are called to what moves as a group near the zone, to gatherings, and to vehicles nearer
  // to the line than heavy ones may be, until it is known what they are.
  for (const Group& group : picture.groups) {
    const Vector2d en_m = EnOf(group.position);
    if (std::abs(en_m.y()) < kWithdrawalM) observers_.Call(en_m, 3);
  }
  for (const Track& track : picture.tracks) {
    const Vector2d en_m = EnOf(track.position);
    if (std::abs(en_m.y()) < kBufferM || std::abs(en_m.y()) > kWithdrawalM) continue;
    const auto tracked = track.classes.find(ObjectClass::kTrackedVehicle);
    if (track.classes.empty()) {
      observers_.Call(en_m, 1);
    } else if (tracked != track.classes.end() && tracked->second > 0.4) {
      observers_.Call(en_m, 2);
    }
  }
  return picture;
}

}  // namespace trucewatch::tools::month
