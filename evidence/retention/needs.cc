// SPDX-License-Identifier: Apache-2.0
#include "evidence/retention/needs.h"

#include <algorithm>

namespace trucewatch::evidence {
namespace {

std::string BytesOf(const Digest& digest) { return {digest.begin(), digest.end()}; }

bool IsUnruled(ChallengeState state) {
  return state == ChallengeState::kFiled || state == ChallengeState::kAnswered ||
         state == ChallengeState::kEscalated;
}

std::string SoftwareWord(EventState state) {
  switch (state) {
    case EventState::kCandidate:
      return "candidate";
    case EventState::kCorroborated:
      return "corroborated";
    case EventState::kVerified:
      return "verified";
    default:
      return "not assessed";
  }
}

std::string OfficersWord(EventState state) {
  switch (state) {
    case EventState::kConfirmed:
      return "confirmed and not closed";
    case EventState::kInconclusive:
      return "inconclusive and not closed";
    case EventState::kReopened:
      return "reopened";
    default:
      return "not decided";
  }
}

}  // namespace

void Needs::Add(const Finding& finding) {
  const bool is_case = finding.kind == FindingKind::kCase;
  const bool on_event = finding.kind == FindingKind::kEventTransition ||
                        finding.kind == FindingKind::kChallenge ||
                        finding.kind == FindingKind::kRelease;
  const std::string& id = is_case ? finding.case_id : finding.event_id;
  if ((!is_case && !on_event) || id.empty()) return;
  const auto [found, is_new] = subjects_.try_emplace(id);
  Subject& subject = found->second;
  // What is said by people about an event carries its times; those of a record without any do not.
  const auto cover = [&](Instant first, Instant last) {
    if (first.micros() == 0 || last < first) return;
    if (subject.first.micros() == 0 || first < subject.first) subject.first = first;
    subject.last = std::max(subject.last, last);
  };
  subject.is_case = is_case;
  if (is_case && finding.human_record) {
    cover(finding.human_record->time_first, finding.human_record->time_last);
  }
  cover(finding.time_first, finding.time_last);
  for (const Support& support : finding.supports) {
    cover(support.first, support.last);
    subject.digests.insert(support.raw_digests.begin(), support.raw_digests.end());
  }
  if (finding.human_record) {
    const auto& raw = finding.human_record->raw_digests;
    subject.digests.insert(raw.begin(), raw.end());
  }
  subject.newest = std::max(subject.newest, finding.time);
  if (finding.kind == FindingKind::kChallenge) {
    subject.challenges[finding.challenge_id] = finding.challenge_state;
  } else if (finding.kind == FindingKind::kEventTransition) {
    (finding.state > EventState::kVerified ? subject.officers : subject.software) = finding.state;
  }
}

void Needs::Add(const HoldStatement& statement) {
  using Kind = HoldStatement::Kind;
  if (!known_.insert(statement.id).second) return;
  switch (statement.kind) {
    case Kind::kHoldEvent:
    case Kind::kHoldTime:
      holds_.emplace(statement.id, statement);
      break;
    case Kind::kLiftHold:
      holds_.erase(statement.about);
      break;
    case Kind::kLiftEvent: {
      Instant& when = lifted_events_[statement.about];
      when = std::max(when, statement.time);
      break;
    }
  }
}

std::string Needs::WhyOpen(const std::string& id, const Subject& subject) const {
  const char* what = subject.is_case ? "case" : "event";
  for (const auto& [challenge, state] : subject.challenges) {
    if (IsUnruled(state))
      return fmt::format("challenge {} on {} {} is not ruled on", challenge.substr(0, 8), what,
                         id.substr(0, 8));
  }
  const auto lifted = lifted_events_.find(id);
  if (lifted != lifted_events_.end() && lifted->second >= subject.newest) return "";
  if (subject.is_case) return fmt::format("case {} is open", id.substr(0, 8));
  if (subject.officers == EventState::kClosed || subject.officers == EventState::kNotConfirmed)
    return "";
  return fmt::format("event {} is open ({}, {})", id.substr(0, 8), SoftwareWord(subject.software),
                     OfficersWord(subject.officers));
}

void Needs::Keep(const Subject& subject, const std::string& why) {
  // Nothing is known of when it was: only the records it names.
  if (subject.first.micros() != 0)
    items_.push_back({why, subject.first - margin_, subject.last + margin_, {}});
  for (const Digest& digest : subject.digests)
    digests_.try_emplace(BytesOf(digest), reasons_.size());
  reasons_.push_back(why);
}

void Needs::Settle() {
  items_.clear();
  digests_.clear();
  reasons_.clear();
  for (const auto& [id, subject] : subjects_) {
    const std::string why = WhyOpen(id, subject);
    if (!why.empty()) Keep(subject, why);
  }
  for (const auto& [id, hold] : holds_) {
    const std::string why = fmt::format("hold {} by {}: {}", id, hold.author, hold.reason);
    if (hold.kind == HoldStatement::Kind::kHoldTime) {
      items_.push_back({why, hold.first - margin_, hold.last + margin_, hold.sources});
    } else if (const auto subject = subjects_.find(hold.about); subject != subjects_.end()) {
      Keep(subject->second, why);
    }
  }
  std::stable_sort(items_.begin(), items_.end(),
                   [](const Item& a, const Item& b) { return a.first < b.first; });
}

std::string Needs::WhyTime(const SourceId& source, Instant first, Instant last) const {
  for (const Item& item : items_) {
    if (item.first > last) break;
    if (item.last >= first && (item.sources.empty() || item.sources.contains(source)))
      return item.why;
  }
  return "";
}

std::string Needs::WhyDigest(const Digest& raw) const {
  const auto found = digests_.find(BytesOf(raw));
  return found == digests_.end() ? "" : reasons_[found->second];
}

}  // namespace trucewatch::evidence
