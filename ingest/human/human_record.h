// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/crypto/ed25519.h"
#include "core/note/signed_note.h"
#include "core/types/observation.h"

// Signed records of officers: docs/formats/human_record.md.
namespace trucewatch {

// First line of the note's text.
inline constexpr std::string_view kHumanRecordHeader = "trucewatch human record v1";
inline constexpr std::size_t kMaxHumanRecordSize = kMaxNoteSize;

// Fails with kCheckFailed when nobody of `signers` signed it, or a signature of one of them is bad;
// with kBadInput, naming the field, when the record is not what the format says. `author` is the
// name of the key that signed. source, lineage and raw_digests stay empty: they are the reader's.
Result<HumanRecord> ParseHumanRecord(std::string_view note, std::span<const NoteKey> signers);

// What a note's text says, whoever signed it, or nobody: for finding out who should have. Errors as
// above.
Result<HumanRecord> ReadHumanRecordText(std::string_view text);

// The signed note. Checks the record as ParseHumanRecord does. `author` must be empty or the
// signer's name; source, lineage and raw_digests are not written.
Result<std::string> WriteHumanRecord(const HumanRecord& record, const std::string& signer_name,
                                     const Ed25519KeyPair& pair);

// The text that is signed. Checks the record as ParseHumanRecord does.
Result<std::string> HumanRecordText(const HumanRecord& record);

// When the note says that it was reported, whoever signed it: for putting notes in order, never for
// believing them. Nothing when it says no time.
std::optional<Instant> ReportedTime(std::string_view note);

// The reverse of HumanRecordKindName (core/types/names.h).
Result<HumanRecordKind> HumanRecordKindFromName(std::string_view name);
// "vehicle", "truck", ... as core/types/names.h writes them.
Result<ObjectClass> ObjectClassFromName(std::string_view name);

}  // namespace trucewatch
