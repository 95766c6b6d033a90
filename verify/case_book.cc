// SPDX-License-Identifier: Apache-2.0
#include "verify/case_book.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/crypto/sha256.h"
#include "core/types/codec.h"
#include "verify/corroboration/corroboration.h"

namespace trucewatch {
namespace {

EventState DecisionState(std::string_view word) {
  if (word == "confirmed") return EventState::kConfirmed;
  if (word == "not_confirmed") return EventState::kNotConfirmed;
  if (word == "inconclusive") return EventState::kInconclusive;
  if (word == "closed") return EventState::kClosed;
  if (word == "reopened") return EventState::kReopened;
  return EventState::kUnspecified;
}

ChallengeState RulingState(std::string_view word) {
  if (word == "answered") return ChallengeState::kAnswered;
  if (word == "upheld") return ChallengeState::kUpheld;
  if (word == "rejected") return ChallengeState::kRejected;
  if (word == "inconclusive") return ChallengeState::kInconclusive;
  if (word == "escalated") return ChallengeState::kEscalated;
  return ChallengeState::kUnspecified;
}

std::string_view ChallengeWords(ChallengeState state) {
  switch (state) {
    case ChallengeState::kFiled:
      return "filed";
    case ChallengeState::kAnswered:
      return "answered";
    case ChallengeState::kUpheld:
      return "upheld";
    case ChallengeState::kRejected:
      return "rejected";
    case ChallengeState::kInconclusive:
      return "inconclusive";
    case ChallengeState::kEscalated:
      return "escalated";
    case ChallengeState::kUnspecified:
      break;
  }
  return "not filed";
}

bool IsOutcome(EventState state) {
  return state == EventState::kConfirmed || state == EventState::kNotConfirmed ||
         state == EventState::kInconclusive;
}

bool IsOpen(ChallengeState state) {
  return state == ChallengeState::kFiled || state == ChallengeState::kAnswered ||
         state == ChallengeState::kEscalated;
}

std::string InQuotes(const std::string& text) { return fmt::format("\"{}\"", text); }

std::string PartyWords(std::string_view role) {
  return role == "party_a" ? "side A" : role == "party_b" ? "side B" : std::string(role);
}

}  // namespace

std::string_view StateWords(EventState state) {
  switch (state) {
    case EventState::kCandidate:
      return "candidate";
    case EventState::kCorroborated:
      return "corroborated";
    case EventState::kVerified:
      return "verified";
    case EventState::kConfirmed:
      return "confirmed";
    case EventState::kNotConfirmed:
      return "not confirmed";
    case EventState::kInconclusive:
      return "inconclusive";
    case EventState::kClosed:
      return "closed";
    case EventState::kReopened:
      return "reopened";
    case EventState::kUnspecified:
      break;
  }
  return "not decided";
}

CaseBook::CaseBook(std::map<std::string, std::vector<Ancestor>> breaking)
    : breaking_(std::move(breaking)) {}

void CaseBook::Note(Finding& finding) {
  if (finding.kind != FindingKind::kEventTransition || finding.event_id.empty()) return;
  EventCase& event = events_[finding.event_id];
  if (event.decided != EventState::kUnspecified && event.decided != EventState::kReopened) {
    finding.amended = true;
    finding.reason += fmt::format(
        " This came after the officers' decision '{}', which stands until they reopen the event.",
        StateWords(event.decided));
  }
  const auto breaking = breaking_.find(finding.agreement_hash);
  TW_CHECK(breaking != breaking_.end());
  for (const Support& a : finding.supports) {
    for (const Support& b : finding.supports)
      event.independent = event.independent || Independent(a.lineage, b.lineage, breaking->second);
  }
  event.last = finding;
  event.last.members.clear();
  for (Support& support : event.last.supports) support.raw_digests.clear();
  if (events_.size() <= kMaxEvents) return;
  const auto oldest = std::min_element(
      events_.begin(), events_.end(),
      [](const auto& a, const auto& b) { return a.second.last.time < b.second.last.time; });
  events_.erase(oldest);
}

const EventCase* CaseBook::Find(const std::string& event_id) const {
  const auto found = events_.find(event_id);
  return found == events_.end() ? nullptr : &found->second;
}

std::vector<Finding> CaseBook::Take(const HumanRecord& record) {
  Result<std::vector<Finding>> done = std::vector<Finding>();
  const auto one = [](Result<Finding> finding) -> Result<std::vector<Finding>> {
    if (!finding) return tl::unexpected(finding.error());
    return std::vector<Finding>{std::move(*finding)};
  };
  if (!taken_.insert(record.source.value + "\n" + record.record_id).second) {
    done = Fail(ErrorCode::kBadInput, "a record of this name was taken before");
  } else if (record.kind == HumanRecordKind::kDecision) {
    done = one(Decide(record));
  } else if (record.kind == HumanRecordKind::kChallenge) {
    done = one(File(record));
  } else {
    done = Rule(record);
  }
  if (done) return std::move(*done);
  // It stays on record as it was signed.
  Finding refused;
  refused.kind = FindingKind::kHumanRecord;
  refused.time = refused.time_first = refused.time_last = record.reported;
  refused.exercise = record.exercise;
  if (const EventCase* const event = Find(record.event_id)) {
    refused.event_id = record.event_id;
    refused.agreement_hash = event->last.agreement_hash;
  }
  refused.record_id = record.record_id;
  refused.human_record = record;
  refused.reason = fmt::format("The record '{}' of {} is kept and had no effect: {}.",
                               record.record_id, record.author, done.error().message);
  return {std::move(refused)};
}

Result<EventCase*> CaseBook::Known(const std::string& event_id) {
  const auto found = events_.find(event_id);
  if (found == events_.end())
    return Fail(ErrorCode::kNotFound, "no event {} is on record", event_id);
  return &found->second;
}

Finding CaseBook::Base(const EventCase& event, const HumanRecord& record) const {
  Finding finding = event.last;
  finding.time = record.reported;
  finding.amended = false;
  finding.record_id = record.record_id;
  finding.human_record = record;
  return finding;
}

// Not of people: of them there are counts, and nothing leaves the mission by which one is known.
Result<Finding> CaseBook::ReleaseRaw(EventCase& event, Finding finding) {
  constexpr const char* kRawToParties = "parties, recordings";
  const HumanRecord& record = *finding.human_record;
  if (event.last.object_class == ObjectClass::kPersonGroup)
    return Fail(ErrorCode::kBadInput, "it is about people; recordings of people are not released");
  if (!event.released_to.insert(kRawToParties).second)
    return Fail(ErrorCode::kBadInput, "its recordings were released before");
  finding.kind = FindingKind::kRelease;
  finding.audience = record.audience;
  finding.state = event.decided != EventState::kUnspecified ? event.decided : event.last.state;
  finding.reason = fmt::format(
      "{} released the recordings that this event ({}) rests on, and the entries that name them, "
      "to both parties alike: {}.",
      record.author, StateWords(finding.state), InQuotes(record.text));
  return finding;
}

Result<Finding> CaseBook::Decide(const HumanRecord& record) {
  if (record.role != "officer")
    return Fail(ErrorCode::kBadInput, "only officers of the mission decide");
  TW_ASSIGN_OR_RETURN(EventCase * event, Known(record.event_id));
  Finding finding = Base(*event, record);
  if (record.decision == "release_raw") return ReleaseRaw(*event, std::move(finding));
  if (record.decision == "release") {
    if (!event->released_to.insert(record.audience).second)
      return Fail(ErrorCode::kBadInput, "the event was released to '{}' before", record.audience);
    finding.kind = FindingKind::kRelease;
    finding.audience = record.audience;
    finding.state = event->decided != EventState::kUnspecified ? event->decided : event->last.state;
    finding.reason = fmt::format(
        "{} released this event ({}) to {}, with places and times as coarse and as late as the "
        "agreement says: {}.",
        record.author, StateWords(finding.state),
        record.audience == "parties" ? "both parties alike" : "the public", InQuotes(record.text));
    return finding;
  }
  const EventState next = DecisionState(record.decision);
  const EventState now = event->decided;
  if (IsOutcome(next) && now != EventState::kUnspecified && now != EventState::kReopened)
    return Fail(ErrorCode::kBadInput,
                "the event is {}; it must be reopened before it is decided again", StateWords(now));
  if (next == EventState::kClosed) {
    if (!IsOutcome(now))
      return Fail(ErrorCode::kBadInput, "the event is {}; only a decided event is closed",
                  StateWords(now));
    for (const EventCase::Challenge& challenge : event->challenges) {
      if (IsOpen(challenge.state))
        return Fail(ErrorCode::kBadInput, "challenge {} is {}; it must be ruled on first",
                    challenge.id, ChallengeWords(challenge.state));
    }
  }
  if (next == EventState::kReopened && !IsOutcome(now) && now != EventState::kClosed)
    return Fail(ErrorCode::kBadInput, "the event is {}; there is nothing to reopen",
                StateWords(now));
  if (next == EventState::kUnspecified)
    return Fail(ErrorCode::kBadInput, "'{}' is no decision", record.decision);
  event->decided = next;
  finding.state = next;
  std::string basis;
  if (next == EventState::kConfirmed) {
    basis =
        event->independent
            ? " At least two independent kinds of observation speak for it."
            : " It rests on a single modality: no second, independent kind of observation speaks "
              "for it, so it is confirmed by people and not verified by software.";
  }
  finding.reason =
      fmt::format("{} decided: {} (software had said: {}). Reason given: {}.{}", record.author,
                  StateWords(next), StateWords(event->last.state), InQuotes(record.text), basis);
  return finding;
}

Result<Finding> CaseBook::File(const HumanRecord& record) {
  if (record.role != "party_a" && record.role != "party_b")
    return Fail(ErrorCode::kBadInput, "only an accredited party files a challenge");
  TW_ASSIGN_OR_RETURN(EventCase * event, Known(record.event_id));
  const auto open = std::count_if(event->challenges.begin(), event->challenges.end(),
                                  [&](const EventCase::Challenge& challenge) {
                                    return challenge.role == record.role && IsOpen(challenge.state);
                                  });
  if (static_cast<std::size_t>(open) >= kMaxOpenChallenges)
    return Fail(ErrorCode::kBadInput,
                "{} has {} open challenges on this event; they are answered first",
                PartyWords(record.role), open);
  std::string content =
      "trucewatch challenge v1\n" + event->last.agreement_hash + "\n" + record.event_id + "\n";
  const Digest digest = record.raw_digests.empty() ? Sha256(ToProto(record).SerializeAsString())
                                                   : record.raw_digests.front();
  content.append(reinterpret_cast<const char*>(digest.data()), digest.size());
  Finding finding = Base(*event, record);
  finding.kind = FindingKind::kChallenge;
  finding.challenge_id = HexEncode(Bytes(Sha256(content)).first(16));
  finding.challenge_state = ChallengeState::kFiled;
  if (event->decided != EventState::kUnspecified) finding.state = event->decided;
  finding.reason = fmt::format(
      "{} ({}) challenges this event ({}): {}. The challenge has the number {} and awaits an "
      "answer.",
      record.author, PartyWords(record.role), StateWords(finding.state), InQuotes(record.text),
      finding.challenge_id);
  event->challenges.push_back({finding.challenge_id, ChallengeState::kFiled, record.role});
  event_of_challenge_[finding.challenge_id] = record.event_id;
  return finding;
}

Result<std::vector<Finding>> CaseBook::Rule(const HumanRecord& record) {
  if (record.role != "officer")
    return Fail(ErrorCode::kBadInput, "only officers of the mission answer challenges");
  const auto named = event_of_challenge_.find(record.challenge_id);
  if (named == event_of_challenge_.end())
    return Fail(ErrorCode::kNotFound, "no challenge {} is on record", record.challenge_id);
  TW_ASSIGN_OR_RETURN(EventCase * event, Known(named->second));
  const auto challenge =
      std::find_if(event->challenges.begin(), event->challenges.end(),
                   [&](const EventCase::Challenge& c) { return c.id == record.challenge_id; });
  TW_CHECK(challenge != event->challenges.end());
  const ChallengeState next = RulingState(record.decision);
  const ChallengeState now = challenge->state;
  const bool answers = next == ChallengeState::kAnswered;
  const bool allowed = answers ? now == ChallengeState::kFiled
                       : next == ChallengeState::kEscalated
                           ? now == ChallengeState::kAnswered
                           : now == ChallengeState::kAnswered || now == ChallengeState::kEscalated;
  if (next == ChallengeState::kUnspecified || !allowed) {
    return Fail(ErrorCode::kBadInput, "challenge {} is {}; it cannot become {} now{}",
                challenge->id, ChallengeWords(now), record.decision,
                now == ChallengeState::kFiled ? ", it must be answered first" : "");
  }
  challenge->state = next;
  std::vector<Finding> findings = {Base(*event, record)};
  Finding& finding = findings.back();
  finding.kind = FindingKind::kChallenge;
  finding.challenge_id = challenge->id;
  finding.challenge_state = next;
  if (event->decided != EventState::kUnspecified) finding.state = event->decided;
  finding.reason =
      answers ? fmt::format("{} answers challenge {} of {}: {}.", record.author, challenge->id,
                            PartyWords(challenge->role), InQuotes(record.text))
              : fmt::format("{} on challenge {} of {}: {}. Reason given: {}.", record.author,
                            challenge->id, PartyWords(challenge->role), ChallengeWords(next),
                            InQuotes(record.text));
  const bool decided = IsOutcome(event->decided) || event->decided == EventState::kClosed;
  if (next == ChallengeState::kUpheld && decided) {
    Finding reopened = Base(*event, record);
    reopened.state = EventState::kReopened;
    reopened.reason =
        fmt::format("The event was {} and is open again, because challenge {} of {} was upheld.",
                    StateWords(event->decided), challenge->id, PartyWords(challenge->role));
    event->decided = EventState::kReopened;
    findings.push_back(std::move(reopened));
  }
  return findings;
}

void CaseBook::Write(v1::VerifySnapshot::Cases* out) const {
  for (const auto& [id, event] : events_) {
    auto* in = out->add_events();
    *in->mutable_last() = ToProto(event.last);
    in->set_decided(static_cast<v1::EventState>(event.decided));
    in->set_independent(event.independent);
    for (const EventCase::Challenge& challenge : event.challenges) {
      auto* c = in->add_challenges();
      c->set_id(challenge.id);
      c->set_state(static_cast<v1::ChallengeState>(challenge.state));
      c->set_role(challenge.role);
    }
    for (const std::string& audience : event.released_to) in->add_released_to(audience);
  }
  for (const std::string& key : taken_) out->add_record_keys(key);
}

Result<void> CaseBook::Read(const v1::VerifySnapshot::Cases& in) {
  events_.clear();
  event_of_challenge_.clear();
  for (const auto& stored : in.events()) {
    TW_ASSIGN_OR_RETURN(Finding last, FromProto(stored.last()));
    if (!v1::EventState_IsValid(stored.decided()))
      return Fail(ErrorCode::kBadInput, "the snapshot has event {} in no known state",
                  last.event_id);
    EventCase event;
    event.decided = static_cast<EventState>(stored.decided());
    event.independent = stored.independent();
    for (const auto& c : stored.challenges()) {
      if (!v1::ChallengeState_IsValid(c.state()))
        return Fail(ErrorCode::kBadInput, "the snapshot has challenge {} in no known state",
                    c.id());
      event.challenges.push_back({c.id(), static_cast<ChallengeState>(c.state()), c.role()});
      event_of_challenge_[c.id()] = last.event_id;
    }
    event.released_to = {stored.released_to().begin(), stored.released_to().end()};
    event.last = std::move(last);
    const std::string id = event.last.event_id;
    events_[id] = std::move(event);
  }
  taken_ = {in.record_keys().begin(), in.record_keys().end()};
  return {};
}

}  // namespace trucewatch
