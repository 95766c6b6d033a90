// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/event_history.h"

#include <gtest/gtest.h>

#include <random>

namespace trucewatch::tools {
namespace {

Published Said(FindingKind kind, int event, double time_s, std::uint64_t index) {
  Published out;
  out.finding.kind = kind;
  out.finding.event_id = fmt::format("e{}", event);
  out.finding.time = Instant::FromMicros(static_cast<std::int64_t>(time_s * 1e6));
  out.ledger_index = index;
  return out;
}

// Thirty days of statements in random order of events; a model of its own follows along.
TEST(EventHistory, EveryStateOfEveryEventAtAnyPastTimeIsTheOneThatStoodThen) {
  std::mt19937_64 random(7);
  std::vector<Published> record;
  struct Model {
    EventState software = EventState::kUnspecified, officers = EventState::kUnspecified;
    std::map<std::string, ChallengeState> challenges;
    std::set<std::string> released;
    bool operator==(const Model&) const = default;
  };
  std::map<std::string, Model> now;
  std::vector<std::pair<double, std::map<std::string, Model>>> history;
  for (std::uint64_t i = 0; i < 3'000; ++i) {
    const double time_s = 864.0 * static_cast<double>(i);
    const int event = static_cast<int>(random() % 40);
    Published one = Said(FindingKind::kEventTransition, event, time_s, i);
    Model& model = now[one.finding.event_id];
    switch (random() % 4) {
      case 0:
        one.finding.state = static_cast<EventState>(1 + random() % 3);
        model.software = one.finding.state;
        break;
      case 1:
        one.finding.state = static_cast<EventState>(4 + random() % 5);
        model.officers = one.finding.state;
        break;
      case 2:
        one.finding.kind = FindingKind::kChallenge;
        one.finding.challenge_id = fmt::format("c{}-{}", event, random() % 3);
        one.finding.challenge_state = static_cast<ChallengeState>(1 + random() % 6);
        model.challenges[one.finding.challenge_id] = one.finding.challenge_state;
        break;
      default:
        one.finding.kind = FindingKind::kRelease;
        one.finding.audience = random() % 2 == 0 ? "parties" : "public";
        model.released.insert(one.finding.audience);
        break;
    }
    record.push_back(std::move(one));
    if (i % 25 == 0) history.emplace_back(time_s, now);
  }
  for (const auto& [time_s, model] : history) {
    const auto at = Instant::FromMicros(static_cast<std::int64_t>(time_s * 1e6));
    std::map<std::string, Model> told;
    for (const auto& [id, event] : StandingsAt(record, at))
      told[id] = {event.software, event.officers, event.challenges, event.released_to};
    EXPECT_EQ(told, model) << time_s;
  }
}

TEST(EventHistory, StatementsAboutNoEventAreLeftOut) {
  std::vector<Published> record = {Said(FindingKind::kCoverage, 1, 10, 0),
                                   Said(FindingKind::kHumanRecord, 2, 20, 1)};
  EXPECT_TRUE(StandingsAt(record, std::nullopt).empty());
}

}  // namespace
}  // namespace trucewatch::tools
