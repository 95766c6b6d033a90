// SPDX-License-Identifier: Apache-2.0
#include "verify/wording.h"

#include <fmt/format.h>

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
  return fmt::format("{} ({})", support.source.value, ModalityName(support.lineage.modality));
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

// Why the sources named do or do not confirm one another.
std::string Standing(const Finding& finding, const Corroboration& corroboration,
                     const CorroborationTerms& terms) {
  if (finding.state == EventState::kCandidate && !corroboration.distinct)
    return ". One kind of observation alone; nothing confirms it yet";
  if (!corroboration.distinct) return "";
  const Lineage& a = corroboration.counted[corroboration.distinct->first].lineage;
  const Lineage& b = corroboration.counted[corroboration.distinct->second].lineage;
  if (corroboration.independent) {
    return fmt::format(". {} and {} are of different kinds and share no {}",
                       Named(corroboration.counted[corroboration.independent->first]),
                       Named(corroboration.counted[corroboration.independent->second]),
                       AncestorNames(terms.breaking, "or"));
  }
  std::vector<std::string> reasons;
  if (a.modality == b.modality) reasons.push_back("are of the same kind");
  const auto shared = SharedAncestors(a, b, terms.breaking);
  if (!shared.empty()) reasons.push_back("share " + AncestorNames(shared, "and"));
  return fmt::format(". They are different sensors but {}, so they are not independent",
                     Join(reasons, "and"));
}

}  // namespace

std::string ModalityName(Modality modality) {
  switch (modality) {
    case Modality::kVideoRgb:
      return "video";
    case Modality::kVideoInfrared:
      return "infrared video";
    case Modality::kRadarGmti:
      return "moving-vehicle radar";
    case Modality::kSatelliteOptical:
      return "satellite images";
    case Modality::kRadarSurveillance:
      return "ground-surveillance radar";
    case Modality::kHuman:
      return "patrol";
    case Modality::kUnspecified:
      break;
  }
  return "kind not stated";
}

std::string TransitionSentence(const Finding& finding, const Rule& rule, const Zone& zone,
                               const Corroboration& corroboration, const CorroborationTerms& terms,
                               Duration held) {
  const char* together = finding.velocity_en_mps.norm() >= 1.0 ? "moving" : "standing";
  const std::int64_t held_s = held.micros() / 1'000'000;
  const std::string estimate = finding.count_min == finding.count_max
                                   ? fmt::format("{}", finding.count_min)
                                   : fmt::format("{} to {}", finding.count_min, finding.count_max);
  return fmt::format(
      "At least {} {} {} together were inside zone '{}'{} (probability {:.3f}, estimate {}); "
      "seen by {}{}.",
      rule.min_count, Plural(finding.object_class, rule.min_count), together, zone.name,
      held_s > 0 ? fmt::format(" for {} s", held_s) : "", finding.probability, estimate,
      SeenBy(corroboration.counted), Standing(finding, corroboration, terms));
}

std::string NotifiedSentence(const Finding& finding, const NotifiedMovement& notified) {
  return fmt::format(
      "{} to {} vehicles were seen inside the corridor and the window of notified movement '{}'{}, "
      "which speaks of "
      "{} to {} vehicles; seen by {}. This is a movement on record, not an event.",
      finding.count_min, finding.count_max, notified.id,
      notified.reference.empty() ? "" : fmt::format(" ({})", notified.reference),
      notified.min_count, notified.max_count, SeenBy(finding.supports));
}

std::string HeartbeatSentence(const HeartbeatFacts& facts, Instant now) {
  return fmt::format(
      "{} to {}: {} pictures examined, the last with {} vehicles and {} groups; tracks were fed by "
      "{}; {} inputs "
      "refused. On record so far: {} events, of these {} verified, and {} notified movements. "
      "This says nothing about places that were not watched.",
      FormatUtc(facts.since), FormatUtc(now), facts.pictures, facts.tracks, facts.groups,
      facts.sources.empty() ? "no source" : Join(facts.sources, "and"), facts.refused, facts.events,
      facts.verified, facts.notified);
}

std::string SourceStatusSentence(const SourceStatus& status) {
  const char* what = "changed its state";
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
