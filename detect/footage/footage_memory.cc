// SPDX-License-Identifier: Apache-2.0
#include "detect/footage/footage_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace trucewatch::footage {
namespace {

constexpr double kMinContrast = 4;  // grey levels: fog and darkness can't be told apart
constexpr int kNearSignature = 14;  // bits of 64
// Where a fit is good, and what is one view.
constexpr double kNearShift = 0.35, kNearTurn = 0.02, kNearResidual = 0.25;
constexpr double kOffShift = 4 * FootageMemory::kMaxShift;  // the same view, flown to again
constexpr std::size_t kNewRuns = 16;                        // begun with one picture
constexpr std::size_t kMaxRuns = 64;                        // of one source
constexpr std::uint64_t kSkippedKeys = 1;
constexpr Duration kLost = Duration::Seconds(10);
constexpr Duration kNeighbours =
    Duration::Millis(500);  // pictures between which motion is straight

// Where the straight way from one shift to the next is nearest to none: the share of it, and how
// near.
std::pair<double, double> NearestOnWay(const Eigen::Vector2d& from, const Eigen::Vector2d& to) {
  const Eigen::Vector2d way = to - from;
  const double length2 = way.squaredNorm();
  const double at = length2 > 0 ? std::clamp(-from.dot(way) / length2, 0.0, 1.0) : 1.0;
  return {at, (from + at * way).norm()};
}

bool IsOneView(const FootageFit& fit) {
  return fit.shift.norm() <= kNearShift && std::abs(fit.rotation_rad) <= kNearTurn &&
         std::abs(fit.scale) <= kNearTurn && fit.residual <= kNearResidual;
}

Duration Apart(Duration a, Duration b) { return a < b ? b - a : a - b; }

}  // namespace

void FootageMemory::Sight(Source& source, const Match& match, Instant time) {
  for (Run& run : source.runs) {
    if (run.of != match.of) continue;
    Sighting& newest = run.row.back();
    const Duration lag = time - match.key_time;
    if (match.key == newest.key) {
      double shift = match.shift.norm();
      Duration before;  // this picture
      if (time - run.seen <= kNeighbours) {
        const auto [share, nearest] = NearestOnWay(newest.at, match.shift);
        shift = nearest;
        before = Duration::FromSeconds((1 - share) * (time - run.seen).seconds());
      }
      if (shift < newest.shift) {
        newest.shift = shift;
        newest.lag = lag - before;
      }
      newest.at = match.shift;
      run.seen = time;
      return;
    }
    if (match.key < newest.key || match.key > newest.key + 1 + kSkippedKeys) continue;
    const Duration between = match.key_time - newest.key_time;
    if (Apart(lag, newest.lag).seconds() > kPace * (1 + between.seconds())) continue;
    run.row.push_back({match.key, match.key_time, lag, match.shift.norm(), match.shift});
    if (run.row.size() > kRow + 1) run.row.pop_front();
    run.seen = time;
    return;
  }
  Run run{.of = match.of, .row = {}, .seen = time};
  run.row.push_back(
      {match.key, match.key_time, time - match.key_time, match.shift.norm(), match.shift});
  source.runs.push_back(std::move(run));
}

std::vector<FootageMemory::Candidate> FootageMemory::CandidatesFor(const Source& source,
                                                                   Instant time,
                                                                   std::uint64_t signature) const {
  std::vector<Candidate> candidates;
  for (const auto& [id, other] : sources_) {
    for (std::size_t i = 0; i < other.keys.size(); ++i) {
      const Key& key = other.keys[i];
      if (time - key.time < kMinAge) break;
      const int differing = std::popcount(key.signature ^ signature);
      if (differing <= kNearSignature)
        candidates.push_back({&id, &key, other.first + i, differing});
    }
  }
  std::stable_sort(
      candidates.begin(), candidates.end(),
      [](const Candidate& a, const Candidate& b) { return a.differing < b.differing; });
  if (candidates.size() > kNewRuns) candidates.resize(kNewRuns);
  // What the runs wait for is looked at however little it seems to be that.
  for (const Run& run : source.runs) {
    const auto found = sources_.find(run.of);
    if (found == sources_.end()) continue;
    const Source& other = found->second;
    for (std::uint64_t ahead = 0; ahead <= 1 + kSkippedKeys; ++ahead) {
      const std::uint64_t number = run.row.back().key + ahead;
      if (number < other.first || number - other.first >= other.keys.size()) continue;
      const Key& key = other.keys[number - other.first];
      const bool there = std::any_of(candidates.begin(), candidates.end(),
                                     [&](const Candidate& c) { return c.key == &key; });
      if (!there && time - key.time >= kMinAge) candidates.push_back({&found->first, &key, number});
    }
  }
  return candidates;
}

void FootageMemory::Look(Source& source, Instant time, const FootagePrint& print,
                         std::uint64_t signature) {
  std::vector<Match> matches;
  for (const Candidate& c : CandidatesFor(source, time, signature)) {
    const auto fit = FitOf(c.key->print, print);
    if (fit && IsOneView(*fit)) matches.push_back({*c.of, c.number, c.key->time, fit->shift});
  }
  for (const Match& match : matches) Sight(source, match, time);
  for (Run& run : source.runs) {
    // The newest key is being flown over; of the others the last that is off ends what was before.
    for (std::size_t i = run.row.size() - 1; i-- > 0;) {
      if (run.row[i].shift <= kOffShift) continue;
      run.row.erase(run.row.begin(), run.row.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      break;
    }
  }
  std::erase_if(source.runs, [&](const Run& run) { return time - run.seen > kLost; });
  if (source.runs.size() > kMaxRuns) {
    std::stable_sort(source.runs.begin(), source.runs.end(),
                     [](const Run& a, const Run& b) { return a.row.size() > b.row.size(); });
    source.runs.resize(kMaxRuns);
  }
}

const FootageMemory::Run* FootageMemory::OldRun(const Source& source) {
  // The newest key is left out: the picture nearest to it may be yet to come.
  const double most = source.old ? 2 * kMaxShift : kMaxShift;
  for (const Run& run : source.runs) {
    if (run.row.size() < kRow + 1) continue;
    double squares = 0;
    for (std::size_t i = 0; i < kRow; ++i) squares += run.row[i].shift * run.row[i].shift;
    if (std::sqrt(squares / kRow) <= most) return &run;
  }
  return nullptr;
}

void FootageMemory::Keep(Source& source, Instant time, const FootagePrint& print,
                         const FootageBits& bits) {
  if (!source.keys.empty() && (time - source.keys.back().time < kKeySpacing ||
                               Differing(bits, source.last_bits) < kNewView)) {
    return;
  }
  source.keys.push_back({time, print, SignatureOf(bits)});
  source.last_bits = bits;
  if (++keys_ <= kMaxKeys) return;
  Source* oldest = nullptr;
  for (auto& [id, other] : sources_) {
    if (other.keys.empty()) continue;
    if (oldest == nullptr || other.keys.front().time < oldest->keys.front().time) oldest = &other;
  }
  oldest->keys.pop_front();
  ++oldest->first;
  --keys_;
}

std::optional<std::string> FootageMemory::Add(const SourceId& id, Instant time,
                                              const FootagePrint& print) {
  if (!sources_.contains(id) && sources_.size() >= kMaxSources) return std::nullopt;
  Source& source = sources_[id];
  if (source.newest && time <= *source.newest) return std::nullopt;
  source.newest = time;
  if (ContrastOf(print) >= kMinContrast) {
    const FootageBits bits = BitsOf(print);
    Look(source, time, print, SignatureOf(bits));
    // What is old is not kept again.
    if (OldRun(source) == nullptr) Keep(source, time, print, bits);
  } else {
    std::erase_if(source.runs, [&](const Run& run) { return time - run.seen > kLost; });
  }
  const Run* const run = OldRun(source);
  if ((run != nullptr) == source.old) return std::nullopt;
  source.old = run != nullptr;
  if (run == nullptr) return std::string();
  const Duration lag = run->row[kRow - 1].lag;
  return fmt::format(
      "the pictures are those that {} showed {:.1f} s earlier, at {} ({} views in a "
      "row lie on them)",
      run->of.value, lag.seconds(), FormatUtc(time - lag), kRow);
}

bool FootageMemory::IsOld(const SourceId& source) const {
  const auto found = sources_.find(source);
  return found != sources_.end() && found->second.old;
}

void FootageMemory::Write(v1::DetectSnapshot* out) const {
  for (const auto& [id, source] : sources_) {
    v1::FootageSource* to = out->add_footage();
    to->set_source_id(id.value);
    to->set_first_key(source.first);
    for (const Key& key : source.keys) {
      to->add_key_us(key.time.micros());
      to->mutable_grey()->append(key.print.grey.begin(), key.print.grey.end());
    }
    if (source.newest) to->set_newest_us(source.newest->micros());
    to->set_old(source.old);
    for (const Run& run : source.runs) {
      v1::FootageRun* r = to->add_runs();
      r->set_of(run.of.value);
      r->set_seen_us(run.seen.micros());
      for (const Sighting& sighting : run.row) {
        v1::FootageSighting* s = r->add_row();
        s->set_key(sighting.key);
        s->set_key_us(sighting.key_time.micros());
        s->set_lag_us(sighting.lag.micros());
        s->set_shift(sighting.shift);
        s->set_right(sighting.at.x());
        s->set_down(sighting.at.y());
      }
    }
  }
}

Result<void> FootageMemory::Read(const v1::DetectSnapshot& in) {
  FootageMemory read;
  for (const v1::FootageSource& from : in.footage()) {
    Source& source = read.sources_[{from.source_id()}];
    source.first = from.first_key();
    const auto count = static_cast<std::size_t>(from.key_us_size());
    if (from.grey().size() != count * kPrintParts) {
      return Fail(ErrorCode::kBadInput, "the snapshot's footage of {} has {} bytes for {} pictures",
                  from.source_id(), from.grey().size(), count);
    }
    for (std::size_t i = 0; i < count; ++i) {
      Key key{Instant::FromMicros(from.key_us(static_cast<int>(i))), {}, 0};
      std::copy_n(from.grey().begin() + static_cast<std::ptrdiff_t>(i * kPrintParts), kPrintParts,
                  key.print.grey.begin());
      source.last_bits = BitsOf(key.print);
      key.signature = SignatureOf(source.last_bits);
      source.keys.push_back(key);
    }
    read.keys_ += count;
    if (from.has_newest_us()) source.newest = Instant::FromMicros(from.newest_us());
    source.old = from.old();
    for (const v1::FootageRun& r : from.runs()) {
      if (r.row_size() == 0) continue;
      Run run{.of = {r.of()}, .row = {}, .seen = Instant::FromMicros(r.seen_us())};
      for (const v1::FootageSighting& s : r.row()) {
        run.row.push_back({s.key(),
                           Instant::FromMicros(s.key_us()),
                           Duration::Micros(s.lag_us()),
                           s.shift(),
                           {s.right(), s.down()}});
      }
      source.runs.push_back(std::move(run));
    }
  }
  *this = std::move(read);
  return {};
}

}  // namespace trucewatch::footage
