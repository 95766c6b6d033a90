// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace trucewatch {

// Why a cell was not observed, or only in part: the closed list. What belongs to one case (the
// source, how many seconds, an officer's words) stands beside it as text. Numbers are for good:
// they are in archives (docs/formats/coverage.md).
enum class CoverageReason : std::uint8_t {
  kNone = 0,                 // observed
  kNobodyLooked = 1,         // no look of any source reached the cell
  kAccessDenied = 2,         // an officer reported that observers were kept from looking
  kJamming = 3,              // an officer reported jamming, or the source fell silent for it
  kWeather = 4,              // cloud, haze, rain
  kSensorDown = 5,           // an officer reported that a sensor was out of order
  kOverload = 6,             // more came in than detection could look at
  kLinkDown = 7,             // the line to the source was broken
  kSourceSilent = 8,         // the source gave no look; its line was up, or nothing is known of it
  kDataRefused = 9,          // what the source sent was refused
  kTooFaint = 10,            // looks, but none that would have detected it often enough
  kOnlyMoving = 11,          // who looked sees only what moves: below the least speed it detects
  kPartOfCell = 12,          // the look's footprint had part of the cell in it
  kPartOfPeriod = 13,        // fewer looks than the source owes the period
  kClockNotTrusted = 14,     // when it was looked at is not known
  kPositionNotTrusted = 15,  // where it was looked at is not known: navigation jammed or spoofed
  kNotGeoreferenced = 16,    // no pose of the platform, or the horizon in view
  kNotComparable = 17,       // pictures that could not be laid on one another
  kTooCoarse = 18,           // pixels larger than the detection knows
  kWithoutData = 19,         // a scene's pixels without data: clouded over or beyond its edge
  kWrongKind = 20,           // a kind of picture that is not searched
  kSeenBefore = 21,          // pictures that had come before: a recording
  kOtherLimit = 22,          // what the look says of itself, of no kind above
};
inline constexpr std::size_t kCoverageReasons = 23;

// For people, in half a sentence: "no source looked here".
std::string_view CoverageReasonWords(CoverageReason reason);
// For machines: "nobody_looked".
std::string_view CoverageReasonName(CoverageReason reason);

// Whether the probability of looks that are limited so still says something of absence. Not when
// the time or the place of the look is not known, or it is a recording.
bool CountsForAbsence(CoverageReason reason);

// The kind of what a look says of itself (degraded_reason), of an officer's impediment, and of why
// a source was silent. Texts of stages and stations are matched by the phrases in reason.cc; none
// of them: kOtherLimit, kAccessDenied, kSourceSilent.
CoverageReason ReasonOfLook(std::string_view degraded_reason);
CoverageReason ReasonOfImpediment(std::string_view impediment);
CoverageReason ReasonOfSilence(std::string_view text);

}  // namespace trucewatch
