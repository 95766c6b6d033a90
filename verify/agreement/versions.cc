// SPDX-License-Identifier: Apache-2.0
#include "verify/agreement/versions.h"

#include <algorithm>

#include "verify/agreement/internal/build.h"

namespace trucewatch {
namespace {

// Collects what is said about one version, with its lines.
class Sayer {
 public:
  Sayer(const AgreementFile& file, std::vector<VersionMessage>* out) : file_(file), out_(out) {
    (void)ParseTextConfig(file.text, file.name, &message_, &lines_);
  }
  void Say(const std::string& path, internal::Doubt doubt) {
    LintMessage message;
    message.line = lines_.Of(path);
    message.column = lines_.ColumnOf(path);
    message.field = path;
    message.text = std::move(doubt.what);
    message.meaning = std::move(doubt.meaning);
    message.advice = std::move(doubt.advice);
    out_->push_back({file_.name, std::move(message)});
  }

 private:
  const AgreementFile& file_;
  std::vector<VersionMessage>* out_;
  v1::config::Agreement message_;
  FieldLines lines_;
};

void CheckFirst(const Agreement& first, Sayer& say) {
  if (first.amendment.version == 1) return;
  say.Say("amendment",
          {fmt::format("This is version {}, and the version that it replaces was not "
                       "given.",
                       first.amendment.version),
           "What held before cannot be known.", "Give all versions, the first one first."});
}

void CheckNext(const AgreementFile& before_file, const Agreement& before, const Agreement& after,
               Sayer& say) {
  if (after.amendment.version == 1) {
    say.Say(
        "amendment",
        {fmt::format("This file does not say that it amends another; {} comes before it.",
                     before_file.name),
         "Two agreements would hold at once.",
         fmt::format("Write amendment {{ version: {} valid_from_utc: ... replaces_sha256: \"{}\" "
                     "}}.",
                     before.amendment.version + 1, before.hash)});
    return;
  }
  if (after.amendment.version != before.amendment.version + 1)
    say.Say("amendment.version", {fmt::format("Version {} follows version {}.",
                                              after.amendment.version, before.amendment.version),
                                  "A version is missing, or two have the same number.",
                                  fmt::format("Number it {}, or give the version that is missing.",
                                              before.amendment.version + 1)});
  if (after.amendment.replaces_hash != before.hash)
    say.Say("amendment.replaces_sha256",
            {fmt::format("This version replaces a text with the SHA-256 {}; that of {} is {}.",
                         after.amendment.replaces_hash, before_file.name, before.hash),
             "It was written for another text than the one that holds before it.",
             "Compare the two texts; if they say the same, write the right SHA-256 and let both "
             "sides sign anew."});
  if (after.amendment.valid_from <= before.amendment.valid_from)
    say.Say(
        "amendment.valid_from_utc",
        {fmt::format("This version begins at {}, which is not after the version that it "
                     "replaces ({}).",
                     FormatUtc(after.amendment.valid_from), FormatUtc(before.amendment.valid_from)),
         "The version before it would never hold.", "Let it begin later."});
  if (after.side_a_name != before.side_a_name || after.side_b_name != before.side_b_name)
    say.Say("party[0]", {"The sides are not called as in the version before.",
                         "Events of before and after would seem to be about others.",
                         "Keep the names, or sign a new agreement."});
}

}  // namespace

std::vector<VersionMessage> CheckVersions(const std::vector<AgreementFile>& versions) {
  std::vector<VersionMessage> out;
  std::vector<std::optional<Agreement>> parsed;
  for (const AgreementFile& file : versions) {
    auto agreement = ParseAgreement(file.text, file.name);
    parsed.push_back(agreement ? std::optional(std::move(*agreement)) : std::nullopt);
  }
  for (std::size_t i = 0; i < versions.size(); ++i) {
    if (!parsed[i]) continue;
    Sayer say(versions[i], &out);
    if (i == 0) {
      CheckFirst(*parsed[0], say);
    } else if (parsed[i - 1]) {
      CheckNext(versions[i - 1], *parsed[i - 1], *parsed[i], say);
    }
  }
  return out;
}

Result<std::vector<Agreement>> ParseVersions(const std::vector<AgreementFile>& versions) {
  std::vector<Agreement> out;
  for (const AgreementFile& file : versions) {
    TW_ASSIGN_OR_RETURN(Agreement agreement, ParseAgreement(file.text, file.name));
    out.push_back(std::move(agreement));
  }
  // A single file may be any version: whoever has only the last one says so by giving it alone.
  if (versions.size() < 2) return out;
  std::string wrong;
  for (const VersionMessage& said : CheckVersions(versions)) {
    if (said.message.severity != LintMessage::Severity::kError) continue;
    wrong += (wrong.empty() ? "" : "\n") + FormatLintMessage(said.message, said.file);
  }
  if (!wrong.empty()) return Fail(ErrorCode::kBadInput, "{}", wrong);
  return out;
}

std::size_t VersionAt(std::span<const Instant> valid_from, Instant time) {
  std::size_t at = 0;
  for (std::size_t i = 1; i < valid_from.size(); ++i)
    if (valid_from[i] <= time) at = i;
  return at;
}

std::string SealText(const Agreement& agreement) {
  const auto line = [](std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    return text;
  };
  return fmt::format("trucewatch agreement v1\nsha256 {}\nedition {}\ntitle {}\n", agreement.hash,
                     line(agreement.edition), line(agreement.title));
}

Result<std::string> AddSeal(const Agreement& agreement, const std::string& note,
                            const NoteSignature& signature) {
  SignedNote out{SealText(agreement), {}};
  if (!note.empty()) {
    TW_ASSIGN_OR_RETURN(SignedNote given, ParseNote(note));
    if (given.text != out.text) {
      return Fail(ErrorCode::kCheckFailed,
                  "the note that is there is of another text than this file, whose SHA-256 is {}; "
                  "expected one that begins\n{}",
                  agreement.hash, out.text);
    }
    out = std::move(given);
  }
  for (const NoteSignature& other : out.signatures)
    if (other.name == signature.name && other.key_id == signature.key_id) {
      return Fail(ErrorCode::kBadInput, "'{}' has signed it before", signature.name);
    }
  out.signatures.push_back(signature);
  return FormatNote(out);
}

Result<std::vector<std::size_t>> CheckSeal(const Agreement& agreement, const std::string& note,
                                           std::span<const NoteKey> keys) {
  TW_ASSIGN_OR_RETURN(const SignedNote given, ParseNote(note));
  if (given.text != SealText(agreement)) {
    return Fail(ErrorCode::kCheckFailed,
                "the signatures are of another text than this file, whose SHA-256 is {}; they are "
                "of\n{}",
                agreement.hash, given.text);
  }
  return VerifyNote(given, keys);
}

}  // namespace trucewatch
