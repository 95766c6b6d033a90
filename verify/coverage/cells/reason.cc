// SPDX-License-Identifier: Apache-2.0
#include "verify/coverage/cells/reason.h"

#include <span>

namespace trucewatch {
namespace {

struct ReasonText {
  std::string_view name;
  std::string_view words;
};

constexpr std::array<ReasonText, kCoverageReasons> kReasonTexts = {{
    {"none", "observed"},
    {"nobody_looked", "no source looked here"},
    {"access_denied", "observers were kept from looking"},
    {"jamming", "jamming was reported"},
    {"weather", "weather or cloud hid the ground"},
    {"sensor_down", "a sensor was out of order"},
    {"overload", "more came in than detection could look at"},
    {"link_down", "the line to the source was broken"},
    {"source_silent", "the source gave no look"},
    {"data_refused", "what the source sent was refused"},
    {"too_faint", "no look was good enough"},
    {"only_moving", "who looked sees only what moves"},
    {"part_of_cell", "only part of the cell was seen"},
    {"part_of_period", "it was looked at for part of the time"},
    {"clock_not_trusted", "when it was looked at is not known: the clock is not trusted"},
    {"position_not_trusted", "where was looked is not known: the position is not trusted"},
    {"not_georeferenced", "where was looked is not known: no pose, or the horizon in view"},
    {"not_comparable", "pictures could not be laid on one another"},
    {"too_coarse", "the picture was too coarse"},
    {"without_data", "the picture has no data here"},
    {"wrong_kind", "a kind of picture that is not searched"},
    {"seen_before", "pictures that had come before"},
    {"other_limit", "a limit that the look states"},
}};

struct ReasonPhrase {
  std::string_view phrase;
  CoverageReason reason;
};

// The first that is in the text. Written by detect (motion, satellite), verify and stations.
constexpr ReasonPhrase kLookPhrases[] = {
    {"clock not trusted", CoverageReason::kClockNotTrusted},
    {"position not trusted", CoverageReason::kPositionNotTrusted},
    {"spoof", CoverageReason::kPositionNotTrusted},
    {"jam", CoverageReason::kJamming},
    {"shown before", CoverageReason::kSeenBefore},
    {"overload", CoverageReason::kOverload},
    {"no platform pose", CoverageReason::kNotGeoreferenced},
    {"horizon in view", CoverageReason::kNotGeoreferenced},
    {"registration failed", CoverageReason::kNotComparable},
    {"too short to compare", CoverageReason::kNotComparable},
    {"could not be laid on one another", CoverageReason::kNotComparable},
    {"coarser than", CoverageReason::kTooCoarse},
    {"without data", CoverageReason::kWithoutData},
    {"radar image", CoverageReason::kWrongKind},
    {"cloud", CoverageReason::kWeather},
    {"haze", CoverageReason::kWeather},
    {"rain", CoverageReason::kWeather},
    {"clutter", CoverageReason::kWeather},
};
constexpr ReasonPhrase kImpedimentPhrases[] = {
    {"jamming", CoverageReason::kJamming},
    {"weather", CoverageReason::kWeather},
    {"sensor_down", CoverageReason::kSensorDown},
};
constexpr ReasonPhrase kSilencePhrases[] = {
    {"what it sent was refused", CoverageReason::kDataRefused},
    {"jam", CoverageReason::kJamming},
    {"no line", CoverageReason::kLinkDown},
    {"line broken", CoverageReason::kLinkDown},
    {"disconnect", CoverageReason::kLinkDown},
    {"lost", CoverageReason::kLinkDown},
};

CoverageReason FirstPhraseIn(std::string_view text, std::span<const ReasonPhrase> phrases,
                             CoverageReason otherwise) {
  for (const ReasonPhrase& phrase : phrases) {
    if (text.find(phrase.phrase) != std::string_view::npos) return phrase.reason;
  }
  return otherwise;
}

}  // namespace

std::string_view CoverageReasonWords(CoverageReason reason) {
  return kReasonTexts.at(static_cast<std::size_t>(reason)).words;
}

std::string_view CoverageReasonName(CoverageReason reason) {
  return kReasonTexts.at(static_cast<std::size_t>(reason)).name;
}

bool CountsForAbsence(CoverageReason reason) {
  switch (reason) {
    case CoverageReason::kClockNotTrusted:
    case CoverageReason::kPositionNotTrusted:
    case CoverageReason::kNotGeoreferenced:
    case CoverageReason::kSeenBefore:
      return false;
    default:
      return true;
  }
}

CoverageReason ReasonOfLook(std::string_view degraded_reason) {
  return FirstPhraseIn(degraded_reason, kLookPhrases, CoverageReason::kOtherLimit);
}

CoverageReason ReasonOfImpediment(std::string_view impediment) {
  return FirstPhraseIn(impediment, kImpedimentPhrases, CoverageReason::kAccessDenied);
}

CoverageReason ReasonOfSilence(std::string_view text) {
  return FirstPhraseIn(text, kSilencePhrases, CoverageReason::kSourceSilent);
}

}  // namespace trucewatch
