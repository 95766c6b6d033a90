// SPDX-License-Identifier: Apache-2.0
#include "evidence/release/release_book.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/crypto/sha256.h"
#include "core/json/json_writer.h"
#include "core/types/names.h"

namespace trucewatch::evidence {
namespace {

constexpr std::int64_t kDayUs = 86'400'000'000;
constexpr Duration kDayClosed = Duration::Seconds(2 * 3600);  // accounts are amended for an hour
constexpr double kMetresADegree = 111'319.5;  // of longitude at the equator; of latitude it is less

std::int64_t FloorDiv(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

std::string DayText(std::int64_t day) {
  return FormatUtc(Instant::FromMicros(day * kDayUs)).substr(0, 10);
}

std::string_view StateName(EventState state) {
  constexpr std::array<std::string_view, 9> kNames = {"unspecified",  "candidate", "corroborated",
                                                      "verified",     "confirmed", "not_confirmed",
                                                      "inconclusive", "closed",    "reopened"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string_view ChallengeName(ChallengeState state) {
  constexpr std::array<std::string_view, 7> kNames = {
      "unspecified", "filed", "answered", "upheld", "rejected", "inconclusive", "escalated"};
  return kNames[static_cast<std::size_t>(state)];
}

// The cell of the grid a place is in: rows of equal height from the south pole on, each cut into
// cells that are at least grid_m wide at the row's edge that is nearer to the pole.
struct GridCell {
  double south_deg, north_deg, west_deg, east_deg;
};
GridCell CellOf(const Geodetic& place, double grid_m) {
  const double height_deg = grid_m / 110'574.0;  // the shortest degree of latitude, at the equator
  GridCell cell{};
  cell.south_deg = std::floor(place.latitude.deg() / height_deg) * height_deg;
  cell.north_deg = cell.south_deg + height_deg;
  const double widest = std::max(std::abs(cell.south_deg), std::abs(cell.north_deg));
  const double shrink = std::max(0.01, std::cos(Angle::Degrees(std::min(widest, 89.0)).rad()));
  const double width_deg = grid_m / (kMetresADegree * shrink);
  cell.west_deg = std::floor(place.longitude.deg() / width_deg) * width_deg;
  cell.east_deg = cell.west_deg + width_deg;
  return cell;
}

double Rounded(double deg) { return std::round(deg * 1e5) / 1e5; }

}  // namespace

ReleaseBook::ReleaseBook(ReleaseTerms terms, const SaltKey& key, bool exercise,
                         Instant mission_start)
    : terms_(std::move(terms)), key_(key), exercise_(exercise), start_(mission_start) {}

std::int64_t ReleaseBook::WindowOf(Instant time) const {
  return std::max<std::int64_t>(0, (time - start_).micros() / kWindow.micros());
}

ReleaseBook::Window& ReleaseBook::At(Instant time) {
  // Windows that were given stay as they are; the ledger goes on in the newest.
  current_ = std::max({current_, taken_, WindowOf(time)});
  return windows_[current_];
}

Instant ReleaseBook::Coarse(Instant time) const {
  const std::int64_t step = terms_.parties.delay.micros();
  return Instant::FromMicros(FloorDiv(time.micros(), step) * step);
}

void ReleaseBook::State(const Finding& f, const char* what, Window& window) {
  JsonWriter json;
  json.BeginObject().Field("statement", what);
  json.Field("status", exercise_ ? "EXERCISE" : "OPERATIONAL");
  json.Field("event", PartyName(key_, f.event_id)).Field("state", StateName(f.state));
  if (!f.challenge_id.empty()) {
    json.Field("challenge", PartyName(key_, f.challenge_id));
    json.Field("challenge_state", ChallengeName(f.challenge_state));
  }
  json.Field("rule", f.rule).Field("zone", f.zone);
  json.Field("class", std::string_view(ObjectClassName(f.object_class)));
  json.Field("count_min", f.count_min).Field("count_max", f.count_max);
  const Duration step = terms_.parties.delay;
  json.Field("time_from_utc", FormatUtc(Coarse(f.time_first)));
  json.Field("time_to_utc", FormatUtc(Coarse(f.time_last) + step));
  const GridCell cell = CellOf(f.position, terms_.parties.grid_m);
  json.Key("cell_deg").BeginObject();
  json.Field("south", Rounded(cell.south_deg)).Field("north", Rounded(cell.north_deg));
  json.Field("west", Rounded(cell.west_deg)).Field("east", Rounded(cell.east_deg)).EndObject();
  std::set<Modality> kinds;
  for (const Support& support : f.supports) kinds.insert(support.lineage.modality);
  json.Key("kinds_of_observation").BeginArray();
  for (const Modality kind : kinds) json.String(ModalityName(kind));
  json.EndArray().Field("agreement_sha256", f.agreement_hash).EndObject();
  window.statements.push_back(MakeStatementLeaf(json.text()));
}

void ReleaseBook::Add(const std::string& leaf, const Finding& f) {
  // Days that ended long enough before this leaf are told in its window.
  Window& window = At(f.time);
  TellDays(start_ + Duration::Micros(current_ * kWindow.micros()) - kDayClosed, window);
  window.commitments.push_back(MakeCommitmentLeaf(Commit(SaltOf(key_, index_), leaf)));
  ++index_;
  switch (f.kind) {
    case FindingKind::kEventTransition: {
      Known& event = events_[f.event_id];
      event.last = f;
      event.last.human_record.reset();
      event.last.reason.clear();
      event.to_parties |= terms_.parties.automatic && f.state == EventState::kVerified;
      if (event.to_parties) State(f, "event", window);
      if (event.to_public)
        days_[FloorDiv(f.time.micros(), kDayUs)].released[f.zone].insert(f.event_id);
      return;
    }
    case FindingKind::kRelease: {
      Known& event = events_[f.event_id];
      if (f.audience == "public") {
        event.to_public = true;
        days_[FloorDiv(f.time.micros(), kDayUs)].released[f.zone].insert(f.event_id);
      } else if (!event.to_parties) {
        event.to_parties = true;
        State(f, "event", window);
      }
      return;
    }
    case FindingKind::kChallenge: {
      if (events_[f.event_id].to_parties) State(f, "challenge", window);
      return;
    }
    case FindingKind::kCoverage:
      if (f.coverage)
        days_[FloorDiv(f.coverage->start.micros(), kDayUs)]
            .accounts[{f.coverage->zone, f.coverage->start}] = *f.coverage;
      return;
    default:
      return;
  }
}

void ReleaseBook::TellDays(Instant until, Window& window) {
  for (auto& [number, day] : days_) {
    if (day.told || Instant::FromMicros((number + 1) * kDayUs) > until) continue;
    day.told = true;
    // Share of cells and time in each state, by zone and class.
    std::map<std::pair<std::string, CoverageClass>, std::array<double, 5>> sums;
    for (const auto& [key, account] : day.accounts) {
      const double seconds = (account.end - account.start).seconds();
      for (const ClassCoverage& of_class : account.classes) {
        auto& sum = sums[{account.zone, of_class.coverage_class}];
        for (const CoverageShare& share : of_class.shares)
          sum[static_cast<std::size_t>(share.state)] += seconds * share.cells;
      }
    }
    JsonWriter json;
    json.BeginObject()
        .Field("statement", "day")
        .Field("status", exercise_ ? "EXERCISE" : "OPERATIONAL");
    json.Field("day", DayText(number)).Key("coverage").BeginArray();
    for (const auto& [key, sum] : sums) {
      const double all = sum[1] + sum[2] + sum[3] + sum[4];
      if (all <= 0) continue;
      const auto percent = [&](double part) { return std::round(100.0 * part / all); };
      const auto side = terms_.side_of_zone.find(key.first);
      constexpr std::array<const char*, 4> kClasses = {"", "moving_vehicle", "standing_vehicle",
                                                       "group"};
      json.BeginObject().Field("zone", key.first);
      json.Field("side", side == terms_.side_of_zone.end() ? "NEITHER" : side->second);
      json.Field("class", kClasses[static_cast<std::size_t>(key.second)]);
      // Activity is a kind of being observed: that there was some is told by events alone.
      json.Field("observed_percent", percent(sum[1] + sum[2]))
          .Field("degraded_percent", percent(sum[3]));
      json.Field("not_observed_percent", percent(sum[4])).EndObject();
    }
    json.EndArray().Key("released_events").BeginArray();
    for (const auto& [zone, ids] : day.released)
      json.BeginObject().Field("zone", zone).Field("events", ids.size()).EndObject();
    json.EndArray().EndObject();
    window.statements.push_back(MakeStatementLeaf(json.text()));
    day.accounts.clear();
  }
}

std::vector<std::string> ReleaseBook::Take(Instant as_of) {
  std::vector<std::string> out;
  for (;; ++taken_) {
    const Instant end = start_ + Duration::Micros((taken_ + 1) * kWindow.micros());
    if (end + terms_.parties.delay > as_of) return out;
    const auto found = windows_.find(taken_);
    Window window = found == windows_.end() ? Window() : std::move(found->second);
    if (found != windows_.end()) windows_.erase(found);
    // Some that stand for nothing, one at the least, so that an hour without any leaf looks like
    // others.
    for (std::uint64_t i = 0;
         window.commitments.empty() || window.commitments.size() % kPadding != 0; ++i) {
      std::string nothing = "trucewatch/padding/v1\n";
      AppendBe64(nothing, static_cast<std::uint64_t>(taken_));
      AppendBe64(nothing, i);
      window.commitments.push_back(MakeCommitmentLeaf(Commit(SaltOf(key_, ~i), nothing)));
    }
    for (std::string& leaf : window.commitments) out.push_back(std::move(leaf));
    for (std::string& leaf : window.statements) out.push_back(std::move(leaf));
  }
}

}  // namespace trucewatch::evidence
