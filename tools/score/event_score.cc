// SPDX-License-Identifier: Apache-2.0
#include "tools/score/event_score.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "tools/score/coverage_score.h"

namespace trucewatch::tools {
namespace {

using v1::config::CoverageLine;
using v1::config::EventLine;
using v1::config::TruthExpectation;

// Centroid of a group's vehicles at the truth's time step nearest to `time`, at most one second
// away.
std::optional<Geodetic> CentroidAt(const EventTruth& truth, const std::string& group,
                                   Instant time) {
  const Duration half_step = Duration::Millis(500);
  double lat = 0;
  double lon = 0;
  int count = 0;
  for (const TruePlace& place : truth.places) {
    if (place.group != group || place.time < time - half_step || place.time >= time + half_step)
      continue;
    lat += place.position.latitude.deg();
    lon += place.position.longitude.deg();
    ++count;
  }
  if (count == 0) return std::nullopt;
  return Geodetic::FromDegrees(lat / count, lon / count, 0);
}

bool IsEventState(const std::string& state) {
  return state == "CANDIDATE" || state == "CORROBORATED" || state == "VERIFIED";
}

// The last line of an event says where it ended up.
struct Event {
  EventLine last;
  std::string group;                // true group it belongs to; empty: none
  std::optional<Instant> verified;  // when it became so
  bool more_than_candidate = false;
};

std::string GroupOf(const EventTruth& truth, const EventLine& line) {
  const auto time = ParseUtc(line.time_last_utc());
  if (!time || line.geometry().coordinates_size() < 2) return {};
  const Geodetic at =
      Geodetic::FromDegrees(line.geometry().coordinates(1), line.geometry().coordinates(0), 0);
  std::string best;
  double best_m = kMatchM;
  for (const TruthExpectation& expectation : truth.truth.expected()) {
    if (expectation.group().empty()) continue;  // about a zone or a record
    const auto centroid = CentroidAt(truth, expectation.group(), *time);
    if (!centroid) continue;
    const double distance_m = GeodesicDistanceM(*centroid, at);
    if (distance_m < best_m) {
      best_m = distance_m;
      best = expectation.group();
    }
  }
  return best;
}

std::map<std::string, Event> EventsById(const EventTruth& truth,
                                        const std::vector<EventLine>& lines) {
  std::map<std::string, Event> events;
  for (const EventLine& line : lines) {
    if (!IsEventState(line.state())) continue;
    Event& event = events[line.event_id()];
    event.last = line;
    event.more_than_candidate = event.more_than_candidate || line.state() != "CANDIDATE";
    if (line.state() == "VERIFIED" && !event.verified) {
      const auto time = ParseUtc(line.published_utc());
      if (time) event.verified = *time;
    }
  }
  for (auto& [id, event] : events) event.group = GroupOf(truth, event.last);
  return events;
}

const char* Things(const EventLine& line) {
  return line.class_() == "person_group" ? "people" : "vehicles";
}

std::string States(const std::vector<const Event*>& events) {
  if (events.empty()) return "no event";
  std::string states;
  for (const Event* event : events) {
    states += fmt::format("{}{} of rule {} with {} to {} {}", states.empty() ? "" : "; ",
                          event->last.state(), event->last.rule(), event->last.count_min(),
                          event->last.count_max(), Things(event->last));
  }
  return states;
}

// What happens, for people; the group's id where the truth has no words for it.
std::string TitleOf(const TruthExpectation& e) {
  return e.title().empty() ? e.group() : fmt::format("{} ({})", e.title(), e.group());
}

std::string Times(int count) { return fmt::format("{} time{}", count, count == 1 ? "" : "s"); }

// How far the true count lies outside the stated interval.
int CountError(const TruthExpectation& e, const EventLine& line) {
  return std::max({0, line.count_min() - e.count(), e.count() - line.count_max()});
}

class Scorer {
 public:
  Scorer(const EventTruth& truth, const std::vector<EventLine>& lines,
         const std::vector<CoverageLine>& coverage)
      : truth_(truth), lines_(lines), coverage_(coverage), events_(EventsById(truth, lines)) {}

  EventScore Run() {
    score_.events = static_cast<int>(events_.size());
    for (const TruthExpectation& e : truth_.truth.expected()) Add(Score(e));
    AddUnexpected();
    int verified_events = 0;
    for (const auto& [id, event] : events_) verified_events += event.verified ? 1 : 0;
    if (verified_events > 0) {
      score_.precision = static_cast<double>(verified_found_) / verified_events;
    }
    if (verified_expected_ > 0) {
      score_.recall = static_cast<double>(verified_found_) / verified_expected_;
    }
    if (verified_found_ > 0) {
      score_.mean_delay_s /= verified_found_;
      score_.mean_count_error /= verified_found_;
    }
    return std::move(score_);
  }

 private:
  void Add(Expected expected) {
    score_.all_met = score_.all_met && expected.met;
    score_.expectations.push_back(std::move(expected));
  }

  Expected Score(const TruthExpectation& e) {
    if (e.expect() == "NOT_OBSERVED" || e.expect() == "COVERAGE_LOST") {
      return ScoreCoverage(e, coverage_);
    }
    if (e.expect() == "CASE") return Case(e);
    std::vector<const Event*> own;
    for (const auto& [id, event] : events_) {
      if (event.group == e.group()) own.push_back(&event);
    }
    if (e.expect() == "VERIFIED") return Verified(e, own);
    if (e.expect() == "CANDIDATE") return Candidate(e, own);
    if (e.expect() == "NOTIFIED") {
      return OnRecord(own, e.notification(), "NOTIFIED", 1,
                      fmt::format("{}: notified movement {}, on record once and no event",
                                  TitleOf(e), e.notification()));
    }
    if (e.expect() == "PERMITTED") {
      return OnRecord(own, e.corridor(), "PERMITTED", 1000,
                      fmt::format("{}: permitted in corridor {}, on record and no event",
                                  TitleOf(e), e.corridor()));
    }
    Expected out;
    out.sentence = fmt::format("{}: no event", TitleOf(e));
    out.met = e.expect() == "NONE" && own.empty();
    out.found = e.expect() == "NONE" ? States(own) : "cannot be scored: " + e.expect();
    return out;
  }

  static bool IsTheOne(const TruthExpectation& e, const std::vector<const Event*>& own) {
    return own.size() == 1 && own[0]->last.rule() == e.rule() && own[0]->last.zone() == e.zone();
  }

  Expected Verified(const TruthExpectation& e, const std::vector<const Event*>& own) {
    ++verified_expected_;
    Expected out;
    out.sentence = fmt::format("{}: {} vehicles, exactly one VERIFIED event of rule {} in zone {}",
                               TitleOf(e), e.count(), e.rule(), e.zone());
    out.met = IsTheOne(e, own) && own[0]->verified;
    out.found = States(own);
    if (!out.met) {
      ++score_.missed;
      return out;
    }
    ++verified_found_;
    AskFor(*own[0]);
    const auto first = ParseUtc(e.time_first_utc());
    const double delay_s = first ? (*own[0]->verified - *first).seconds() : 0.0;
    score_.mean_delay_s += delay_s;
    score_.mean_count_error += CountError(e, own[0]->last);
    out.found += fmt::format(", {:.0f} s after the first vehicle entered", delay_s);
    return out;
  }

  Expected Candidate(const TruthExpectation& e, const std::vector<const Event*>& own) {
    Expected out;
    const std::string near =
        e.count_tolerance() > 0 ? fmt::format(" (give or take {})", e.count_tolerance()) : "";
    out.sentence =
        fmt::format("{}: {}{}, exactly one event of rule {} in zone {}, and it stays a CANDIDATE",
                    TitleOf(e), e.count(), near, e.rule(), e.zone());
    const bool right = IsTheOne(e, own) && !own[0]->more_than_candidate;
    out.met = right && CountError(e, own[0]->last) <= e.count_tolerance();
    out.found = States(own);
    if (right) AskFor(*own[0]);
    return out;
  }

  // A movement that is put on record under an id, at least once and at most so often.
  Expected OnRecord(const std::vector<const Event*>& own, const std::string& id,
                    const std::string& state, int most, std::string sentence) {
    Expected out;
    int count = 0;
    for (const EventLine& line : lines_) {
      count += line.state() == state && line.notification() == id ? 1 : 0;
    }
    out.sentence = std::move(sentence);
    out.met = count >= 1 && count <= most && own.empty();
    out.found = fmt::format("{} on record, {}", Times(count), States(own));
    expected_records_.insert(state + " " + id);
    return out;
  }

  Expected Case(const TruthExpectation& e) {
    Expected out;
    int count = 0;
    for (const EventLine& line : lines_) {
      count += IsCase(line) && line.record_id() == e.record() ? 1 : 0;
    }
    out.sentence = fmt::format("{}: allegation {} opens one case",
                               e.title().empty() ? "an allegation" : e.title(), e.record());
    out.met = count == 1;
    out.found = fmt::format("{} case{}", count, count == 1 ? "" : "s");
    expected_records_.insert("CASE " + e.record());
    return out;
  }

  void AddUnexpected() {
    std::string others;
    const auto add = [&](const std::string& what) {
      ++score_.unexpected;
      others += (others.empty() ? "" : "; ") + what;
    };
    for (const auto& [id, event] : events_) {
      if (asked_for_.contains(id)) continue;
      add(fmt::format("{} of rule {} at {} ({})", event.last.state(), event.last.rule(),
                      event.last.time_first_utc(),
                      event.group.empty() ? "no true group" : event.group));
    }
    for (const EventLine& line : lines_) {
      const bool movement = line.state() == "NOTIFIED" || line.state() == "PERMITTED";
      std::string key;
      if (movement) key = line.state() + " " + line.notification();
      if (IsCase(line)) key = "CASE " + line.record_id();
      if (key.empty() || expected_records_.contains(key)) continue;
      add(fmt::format("{} at {}", key, line.published_utc()));
    }
    Add({.sentence = "everybody else, civilian traffic included: no event",
         .met = score_.unexpected == 0,
         .found = others.empty() ? "no event" : others});
  }

  static bool IsCase(const EventLine& line) { return line.state().rfind("CASE", 0) == 0; }

  void AskFor(const Event& event) {
    ++score_.matched;
    asked_for_.insert(event.last.event_id());
  }

  const EventTruth& truth_;
  const std::vector<EventLine>& lines_;
  const std::vector<CoverageLine>& coverage_;
  const std::map<std::string, Event> events_;
  std::set<std::string> asked_for_;         // ids of events
  std::set<std::string> expected_records_;  // "NOTIFIED N1", "CASE all-1"
  int verified_expected_ = 0, verified_found_ = 0;
  EventScore score_;
};

}  // namespace

EventScore ScoreEvents(const EventTruth& truth, const std::vector<EventLine>& lines,
                       const std::vector<CoverageLine>& coverage) {
  return Scorer(truth, lines, coverage).Run();
}

}  // namespace trucewatch::tools
