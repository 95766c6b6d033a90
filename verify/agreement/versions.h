// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/note/signed_note.h"
#include "verify/agreement/agreement.h"
#include "verify/agreement/lint.h"

namespace trucewatch {

// An agreement file: its name and its exact bytes.
struct AgreementFile {
  std::string name;
  std::string text;
};

// What is to be said about versions that are to follow one another, the first version first. Each
// names the SHA-256 of the one before and begins later, and both sides are called as before. Each
// message comes with the file it is about. Files that have errors of their own are not compared.
struct VersionMessage {
  std::string file;
  LintMessage message;
};
std::vector<VersionMessage> CheckVersions(const std::vector<AgreementFile>& versions);

// Reads versions that are to follow one another, the first version first; at least one. Fails with
// all that ParseAgreement and CheckVersions have to say, a sentence a line.
Result<std::vector<Agreement>> ParseVersions(const std::vector<AgreementFile>& versions);

// The version that holds at an instant: the last one that has begun, at its very microsecond.
// `valid_from`: of each version in order, as ParseVersions checked them. The first has no beginning
// of its own, so there is always one.
std::size_t VersionAt(std::span<const Instant> valid_from, Instant time);

// What both sides sign, each for itself: lines of text with the file's SHA-256, edition and title,
// in a C2SP signed note that lies beside the file. The file stays as it is.
std::string SealText(const Agreement& agreement);
// Adds a signature to a note (empty: a new one). Fails with kCheckFailed when the note is of
// another text, with kBadInput when it is no note or has a signature by this key.
Result<std::string> AddSeal(const Agreement& agreement, const std::string& note,
                            const NoteSignature& signature);
// Which of `keys` signed this file (positions in keys). Fails with kCheckFailed when the note is of
// another file or a signature by one of the keys is bad.
Result<std::vector<std::size_t>> CheckSeal(const Agreement& agreement, const std::string& note,
                                           std::span<const NoteKey> keys);

}  // namespace trucewatch
