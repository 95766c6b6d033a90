// SPDX-License-Identifier: Apache-2.0
#include "verify/wording.h"

#include <fmt/format.h>

#include "core/types/words.h"
#include "verify/rules/not_notified.h"

namespace trucewatch {
namespace {

// "a", "a and b", "a, b and c" (or with "or").
std::string Join(const std::vector<std::string>& items, const char* last) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += i + 1 == items.size() ? fmt::format(" {} ", last) : ", ";
    out += items[i];
  }
  return out;
}

std::string Named(const Support& support) {
  return fmt::format("{} ({})", support.source.value, SensorWords(support.lineage.modality));
}

std::string SeenBy(const std::vector<Support>& supports) {
  std::vector<std::string> names;
  for (const Support& support : supports) names.push_back(Named(support));
  return names.empty() ? "no single source alone" : Join(names, "and");
}

std::string Plural(ObjectClass object_class, int count) {
  return std::string(ClassName(object_class)) + (count == 1 ? "" : "s");
}

std::string AncestorNames(const std::vector<Ancestor>& ancestors, const char* last) {
  std::vector<std::string> names;
  for (const Ancestor ancestor : ancestors) names.push_back(AncestorName(ancestor));
  return Join(names, last);
}

// "no vehicle", "1 vehicle", "3 vehicles"
std::string Vehicles(int count) {
  return count == 0 ? "no vehicle" : fmt::format("{} vehicle{}", count, count == 1 ? "" : "s");
}

// Words of others in a sentence of ours: short, in one line.
std::string Quoted(const std::string& words) {
  constexpr std::size_t kMaxBytes = 160;
  std::string out = words.substr(0, kMaxBytes);
  // Not in the middle of a UTF-8 character.
  if (words.size() > kMaxBytes) {
    while (!out.empty() && (static_cast<unsigned char>(words[out.size()]) & 0xC0u) == 0x80u)
      out.pop_back();
    out += "...";
  }
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '"') c = ' ';
  }
  return out;
}

std::string Author(const HumanRecord& record) {
  return Quoted(record.author.empty() ? record.source.value : record.author);
}

std::string Means(const HumanRecord& record) {
  return record.means.empty() ? "" : fmt::format(" ({})", Quoted(record.means));
}

std::string AssessedAs(const HumanRecord& record) {
  return record.assessed_as.empty()
             ? ""
             : fmt::format(", assessed as \"{}\"", Quoted(record.assessed_as));
}

std::string AmountWords(const Measured& measured) {
  const std::string counted = Vehicles(measured.vehicles);
  if (!measured.whole) return "measured " + counted;
  return measured.vehicles == 0 ? "speaks of the whole, not of single vehicles"
                                : fmt::format("measured {} and counted others as a whole", counted);
}

// What the two sources on which independence rests have measured, and what both of them have.
std::string MeasuredSentence(const Corroboration& of) {
  const auto& [a, b] = of.measured;
  const std::string& first = of.counted[of.independent->first].source.value;
  const std::string& second = of.counted[of.independent->second].source.value;
  const bool one_by_one = !a.whole && !b.whole;
  if (one_by_one && of.told_apart == 1) return "Both measured this vehicle.";
  if (one_by_one && of.measured_by_both == of.told_apart)
    return fmt::format("Both measured all {} vehicles that were told apart.", of.told_apart);
  if (one_by_one)
    return fmt::format(
        "Of {} vehicles that were told apart {} measured {}, {} measured {}, and {} of these {} "
        "measured by both.",
        of.told_apart, first, a.vehicles, second, b.vehicles, of.measured_by_both,
        of.measured_by_both == 1 ? "was" : "were");
  if (a.vehicles == 0 && b.vehicles == 0) return "Both speak of the whole, not of single vehicles.";
  return fmt::format("{} {}; {} {}.", first, AmountWords(a), second, AmountWords(b));
}

// Why the sources named do or do not confirm one another.
std::string Standing(const Finding& finding, const Corroboration& corroboration,
                     const CorroborationTerms& terms) {
  if (finding.state == EventState::kCandidate && !corroboration.distinct)
    return ". One kind of observation alone; nothing confirms it yet.";
  if (!corroboration.distinct) return ".";
  const Lineage& a = corroboration.counted[corroboration.distinct->first].lineage;
  const Lineage& b = corroboration.counted[corroboration.distinct->second].lineage;
  if (corroboration.independent) {
    return fmt::format(
        ". {} and {} are of different kinds; according to the mission's configuration they share "
        "no {}. {}",
        Named(corroboration.counted[corroboration.independent->first]),
        Named(corroboration.counted[corroboration.independent->second]),
        AncestorNames(terms.breaking, "or"), MeasuredSentence(corroboration));
  }
  if (corroboration.present) {
    return fmt::format(
        ". They agree independently that something was there; but what kind of vehicle it is rests "
        "on {}, because a radar does not tell kinds apart.",
        TellsClass(a.modality)
            ? Named(corroboration.counted[corroboration.present->first]) + " alone"
        : TellsClass(b.modality)
            ? Named(corroboration.counted[corroboration.present->second]) + " alone"
            : "what was seen before");
  }
  std::vector<std::string> reasons;
  if (a.modality == b.modality) reasons.push_back("are of the same kind");
  const auto shared = SharedAncestors(a, b, terms.breaking);
  if (!shared.empty()) reasons.push_back("share " + AncestorNames(shared, "and"));
  return fmt::format(". They are different sensors but {}, so they are not independent.",
                     Join(reasons, "and"));
}

// "6" or "5 to 8".
std::string CountWords(int low, int high) {
  return low == high ? fmt::format("{}", low) : fmt::format("{} to {}", low, high);
}

// "40 s", "3 minutes", "2 hours".
std::string LengthWords(Duration length) {
  const auto s = length.micros() / 1'000'000;
  if (s < 120) return fmt::format("{} s", s);
  if (s < 7200) return fmt::format("{} minutes", s / 60);
  return fmt::format("{} hours", s / 3600);
}

MovementFacts FactsOf(const EventMoment& at) {
  return {at.time, at.position, at.velocity_en_mps, at.count_min, at.count_max, at.object_class};
}

// Which notification was near and what differs; a sentence.
std::string NearNotificationSentence(const Agreement& agreement,
                                     const std::optional<NotificationDifference>& near,
                                     const MovementFacts& facts) {
  if (!near) return "No notified movement is near it in time and place.";
  const NotifiedMovement& notified = agreement.notified[near->notified];
  std::vector<std::string> differs;
  if (near->early > Duration())
    differs.push_back(fmt::format("it was {} before its window", LengthWords(near->early)));
  if (near->late > Duration())
    differs.push_back(fmt::format("it was {} after its window", LengthWords(near->late)));
  if (near->off_route_m >= 1.0)
    differs.push_back(fmt::format("it was {:.0f} m outside its corridor", near->off_route_m));
  if (near->other_number)
    differs.push_back(fmt::format("there were {} vehicles, where the agreement file accepts {}",
                                  CountWords(facts.count_min, facts.count_max),
                                  CountWords(notified.min_count, notified.max_count)));
  if (near->other_direction) differs.push_back("it went in another direction");
  if (near->other_class)
    differs.push_back(fmt::format("it was of another class ({})", ClassName(facts.object_class)));
  return fmt::format("Nearest to it is notified movement '{}'{}: {}.", notified.id,
                     notified.reference.empty() ? "" : fmt::format(" ({})", notified.reference),
                     differs.empty() ? "nothing differs, but it covers one movement only and this "
                                       "is another, or one on record before"
                                     : Join(differs, "and"));
}

// What a later picture of a site shows otherwise: "no longer shows 2 vehicles".
std::string SiteWords(const EventMoment& at) {
  std::vector<std::string> shows;
  if (at.vanished > 0) shows.push_back("no longer shows " + Vehicles(at.vanished));
  if (at.appeared > 0)
    shows.push_back(
        fmt::format("shows {} new vehicle{}", at.appeared, at.appeared == 1 ? "" : "s"));
  return shows.empty() ? "shows changes, none of them likely by itself" : Join(shows, "and");
}

// What nobody should read into a verified event. The agreement says whose a storage site is.
std::string NotSaid(const Finding& finding, const Rule& rule) {
  if (finding.state != EventState::kVerified || rule.arrival || rule.kind == RuleKind::kSiteChanged)
    return "";
  if (SpeaksOfPeople(rule)) return " This does not say who they were or why they were there.";
  const bool one = rule.min_count == 1 && finding.count_max == 1;
  return one ? " This does not say whose it was or why it was there."
             : " This does not say whose they were or why they were there.";
}

// "at T" or "from T to U".
std::string WhenWords(Instant first, Instant last) {
  return first == last ? fmt::format("at {}", FormatUtc(first))
                       : fmt::format("from {} to {}", FormatUtc(first), FormatUtc(last));
}

}  // namespace

std::string TransitionSentence(const Finding& finding, const EventMoment& at,
                               const Agreement& agreement, const Rule& rule,
                               const Corroboration& corroboration, Duration held) {
  const Zone& zone = agreement.zones[rule.zone];
  const CorroborationTerms& terms = agreement.corroboration;
  const std::int64_t held_s = held.micros() / 1'000'000;
  const std::string during = held_s > 0 ? fmt::format(" for {} s", held_s) : "";
  const std::string estimate = finding.count_min == finding.count_max
                                   ? fmt::format("{}", finding.count_min)
                                   : fmt::format("{} to {}", finding.count_min, finding.count_max);
  const std::string seen =
      fmt::format("seen by {}{}{}", SeenBy(corroboration.counted),
                  Standing(finding, corroboration, terms), NotSaid(finding, rule));
  const std::string probability = ProbabilityWords(finding.probability);
  const MovementFacts facts = FactsOf(at);
  const char* together = finding.velocity_en_mps.norm() >= 1.0 ? "moving" : "standing";
  switch (rule.kind) {
    case RuleKind::kGroupInZone:
      break;
    case RuleKind::kNotNotified:
      return fmt::format(
          "At least {} {} {} together were inside zone '{}'{} (probability {}, estimate {}), "
          "where movements are notified beforehand. {} It was {}",
          rule.min_count, Plural(finding.object_class, rule.min_count), together, zone.name, during,
          probability, estimate,
          NearNotificationSentence(agreement, NearestNotification(agreement, facts), facts), seen);
    case RuleKind::kLineCrossed:
    case RuleKind::kConvoyTowards:
    case RuleKind::kCeiling:
    case RuleKind::kBuildUp:
    case RuleKind::kWithdrawalMissing:
      return RuleSentence(finding, at, agreement, rule, during, seen);
    case RuleKind::kVehicleInZone: {
      const ObjectClass named =
          rule.classes.size() == 1 ? rule.classes.front() : finding.object_class;
      return fmt::format("At least {} {} {} inside zone '{}'{} (probability {}, estimate {}); {}",
                         rule.min_count, Plural(named, rule.min_count),
                         rule.min_count == 1 ? "was" : "were", zone.name, during, probability,
                         estimate, seen);
    }
    case RuleKind::kConcentration: {
      const bool people = SpeaksOfPeople(rule);
      const std::string what = people ? "people" : "vehicles";
      if (at.extent_m > 0.0 || people) {
        return fmt::format(
            "About {:.0f} {} ({}) were together inside zone '{}'{}{} (probability {} that there "
            "were at least {} within {:.0f} m); {}",
            at.count_expected, what, estimate, zone.name, during,
            at.extent_m > 0.0 ? fmt::format(", nine in ten of them within {:.0f} m", at.extent_m)
                              : "",
            probability, rule.min_count, rule.radius_m, seen);
      }
      return fmt::format(
          "At least {} {} {} within {:.0f} m of one of them were inside zone '{}'{} (probability "
          "{}, estimate {}); {}",
          rule.min_count, what, together, rule.radius_m, zone.name, during, probability, estimate,
          seen);
    }
    case RuleKind::kSiteChanged:
      return fmt::format(
          "Compared with the pass of {}, that of {} {} in zone '{}' (probability {} that at least "
          "{} came, left or {} moved); {}",
          FormatUtc(at.since), FormatUtc(at.time), SiteWords(at), zone.name, probability,
          rule.min_count, rule.min_count == 1 ? "was" : "were", seen);
  }
  return fmt::format(
      "At least {} {} {} together were inside zone '{}'{} (probability {}, estimate {}); {}",
      rule.min_count, Plural(finding.object_class, rule.min_count), together, zone.name, during,
      probability, estimate, seen);
}

std::string NotifiedSentence(const Finding& finding, const NotifiedMovement& notified) {
  return fmt::format(
      "{} vehicles were seen inside the corridor and the window of notified movement '{}'{}. The "
      "agreement file accepts {} vehicles as those announced. They were seen by {}. This is a "
      "movement on record, not an event.",
      CountWords(finding.count_min, finding.count_max), notified.id,
      notified.reference.empty() ? "" : fmt::format(" ({})", notified.reference),
      CountWords(notified.min_count, notified.max_count), SeenBy(finding.supports));
}

std::string PermittedSentence(const Finding& finding, const PermittedCorridor& corridor) {
  return fmt::format(
      "{} vehicles were seen inside permitted corridor '{}'; seen by {}. This is a movement on "
      "record, not an event.",
      CountWords(finding.count_min, finding.count_max), corridor.id, SeenBy(finding.supports));
}

std::string HumanRecordSentence(const HumanRecord& record) {
  const std::string when = WhenWords(record.time_first, record.time_last);
  const std::string where =
      record.radius_m > 0.0 ? fmt::format(" within {:.0f} m of the place", record.radius_m) : "";
  if (record.kind == HumanRecordKind::kImpediment) {
    return fmt::format("{} reports an impediment ({}) {}{}{}.", Author(record),
                       record.impediment.empty() ? "kind not stated" : Quoted(record.impediment),
                       when, where, AssessedAs(record));
  }
  if (record.nothing_observed)
    return fmt::format("{} reports that nothing was observed {}{}{}{}.", Author(record), when,
                       where, Means(record), AssessedAs(record));
  std::string count = "an uncounted number of";
  if (record.count_max > 0) count = CountWords(record.count_min, record.count_max);
  std::string what = "objects of a class not stated";
  if (record.object_class == ObjectClass::kPersonGroup) {
    what = "people";
  } else if (record.object_class != ObjectClass::kUnspecified) {
    what = Plural(record.object_class, record.count_max == 1 && record.count_min == 1 ? 1 : 2);
  }
  return fmt::format("{} reports {} {} {}{}{}{}.", Author(record), count, what, when, where,
                     Means(record), AssessedAs(record));
}

std::string CaseSentence(const HumanRecord& record, const std::string& case_id,
                         const std::vector<std::string>& events) {
  return fmt::format(
      "{} received an allegation{} of what was {}, and case {} was opened. An allegation confirms "
      "nothing; on record near it in place and time: {}.",
      Author(record),
      record.informant.empty() ? "" : fmt::format(" (informant: {})", Quoted(record.informant)),
      WhenWords(record.time_first, record.time_last), case_id,
      events.empty() ? "no event" : Join(events, "and"));
}

std::string HeartbeatSentence(const HeartbeatFacts& facts, Instant now) {
  std::string notes;
  for (const std::string& note : facts.notes) notes += note + " ";
  return fmt::format(
      "{} to {}: {} pictures examined, the last with {} vehicles and {} groups; tracks were fed by "
      "{}; {} inputs "
      "refused. On record so far: {} events, of these {} verified, and {} notified movements. {}"
      "This says nothing about places that were not watched.",
      FormatUtc(facts.since), FormatUtc(now), facts.pictures, facts.tracks, facts.groups,
      facts.sources.empty() ? "no source" : Join(facts.sources, "and"), facts.refused, facts.events,
      facts.verified, facts.notified, notes);
}

std::string SourceStatusSentence(const SourceStatus& status) {
  const char* what = "reports";
  switch (status.state) {
    case SourceState::kStarted:
      what = "started";
      break;
    case SourceState::kLate:
      what = "fell silent";
      break;
    case SourceState::kResumed:
      what = "came back";
      break;
    case SourceState::kEnded:
      what = "ended";
      break;
    case SourceState::kUnspecified:
      break;
  }
  return fmt::format("Source {} {}{}.", status.source.value, what,
                     status.reason.empty() ? "" : ": " + status.reason);
}

std::string DataFaultSentence(const DataFault& fault) {
  return fmt::format("Input of {} was refused and kept ({}, byte {}): {}.", fault.source.value,
                     fault.format.empty() ? "format not stated" : fault.format, fault.source_offset,
                     fault.reason);
}

}  // namespace trucewatch
