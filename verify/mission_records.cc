// SPDX-License-Identifier: Apache-2.0
#include "verify/mission_records.h"

#include <fmt/format.h>

#include <utility>

#include "core/crypto/sha256.h"
#include "core/keys/key_set.h"

namespace trucewatch {
namespace {

std::string_view ItemWords(std::string_view item) {
  if (item == "medium") return "medium";
  if (item == "bundle") return "case bundle";
  return "raw archive";
}

}  // namespace

Finding AboutMission(const HumanRecord& record) {
  Finding finding;
  finding.time = record.reported;
  finding.time_first = record.time_first;
  finding.time_last = record.time_last;
  finding.exercise = record.exercise;
  finding.record_id = record.record_id;
  finding.human_record = record;
  if (record.kind == HumanRecordKind::kKeySet) {
    finding.kind = FindingKind::kKeySet;
    // Said once, so that a long set still fits into a leaf.
    finding.reason =
        fmt::format("{} Brought in by {}: \"{}\".",
                    std::exchange(finding.human_record->outcome, ""), record.author, record.text);
  } else {
    finding.kind = FindingKind::kCustody;
    finding.reason = fmt::format(
        "Custody: the {} \"{}\" (SHA-256 {}) went from {} to {} at {}. Signed by {}: \"{}\".",
        ItemWords(record.item), record.item_name, record.item_sha256, record.handed_by,
        record.handed_to, FormatUtc(record.time_first), record.author, record.text);
  }
  return finding;
}

std::optional<Finding> KeySetAtStart(const v1::MissionHeader& header) {
  if (header.key_set_note().empty()) return std::nullopt;
  Finding finding;
  finding.kind = FindingKind::kKeySet;
  finding.time = finding.time_first = finding.time_last =
      Instant::FromMicros(header.start_time_us());
  finding.exercise = header.exercise();
  const std::string& newest = header.key_set_note(header.key_set_note_size() - 1);
  const auto note = ParseNote(newest);
  const auto set = note ? ParseKeySet(note->text) : tl::unexpected<Error>(note.error());
  // Ingest has begun with it, or there would be no header here.
  finding.reason =
      set ? fmt::format(
                "The mission begins with key set version {}: {} keys, good until {} (SHA-256 {}).",
                set->version, set->keys.size(), FormatUtc(set->expires),
                HexEncode(Sha256(note->text)))
          : fmt::format("The mission header has a key set that cannot be read: {}.",
                        set.error().message);
  return finding;
}

}  // namespace trucewatch
