// SPDX-License-Identifier: Apache-2.0
#include "evidence/retention/hold.h"

#include <algorithm>
#include <vector>

namespace trucewatch::evidence {
namespace {

constexpr std::string_view kHoldTitle = "trucewatch hold v1\n";
constexpr std::size_t kMaxId = 64;
constexpr std::size_t kMaxHoldReason = 2000;

bool IsPlainId(std::string_view id) {
  return !id.empty() && id.size() <= kMaxId && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '.';
  });
}

bool IsOneLine(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
}

// "key rest\n" at the beginning of `text`, which is cut off there.
Result<std::string> TakeLine(std::string_view& text, std::string_view key) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  if (end == std::string_view::npos || line.size() <= key.size() + 1 || !line.starts_with(key) ||
      line[key.size()] != ' ') {
    return Fail(ErrorCode::kBadInput, "hold: a line '{} ...' expected", key);
  }
  text.remove_prefix(end + 1);
  return std::string(line.substr(key.size() + 1));
}

Result<void> TakeSubject(std::string_view& text, HoldStatement* out) {
  using Kind = HoldStatement::Kind;
  struct Form {
    std::string_view key;
    Kind kind;
  };
  constexpr Form kForms[] = {{"hold event", Kind::kHoldEvent},
                             {"hold time", Kind::kHoldTime},
                             {"lift event", Kind::kLiftEvent},
                             {"lift hold", Kind::kLiftHold}};
  for (const Form& form : kForms) {
    if (!text.starts_with(std::string(form.key) + " ")) continue;
    out->kind = form.kind;
    TW_ASSIGN_OR_RETURN(out->about, TakeLine(text, form.key));
    if (form.kind != Kind::kHoldTime) return {};
    const std::size_t space = out->about.find(' ');
    TW_ASSIGN_OR_RETURN(out->first, ParseUtc(out->about.substr(0, space)));
    if (space == std::string::npos) return Fail(ErrorCode::kBadInput, "hold: two times expected");
    TW_ASSIGN_OR_RETURN(out->last, ParseUtc(out->about.substr(space + 1)));
    out->about.clear();
    while (text.starts_with("source ")) {
      TW_ASSIGN_OR_RETURN(std::string source, TakeLine(text, "source"));
      out->sources.insert({std::move(source)});
    }
    return {};
  }
  return Fail(ErrorCode::kBadInput,
              "hold: a line 'hold event', 'hold time', 'lift event' or 'lift hold' expected");
}

}  // namespace

Result<std::string> HoldText(const HoldStatement& statement) {
  using Kind = HoldStatement::Kind;
  if (!IsPlainId(statement.id)) {
    return Fail(ErrorCode::kUsage,
                "the hold's id '{}': 1 to {} of letters, digits, '-', '_' and '.' expected",
                statement.id, kMaxId);
  }
  if (!IsOneLine(statement.reason) || statement.reason.size() > kMaxHoldReason) {
    return Fail(ErrorCode::kUsage, "the hold's reason: one line of 1 to {} bytes expected",
                kMaxHoldReason);
  }
  std::string text(kHoldTitle);
  text += fmt::format("mission {}\nid {}\n", statement.mission, statement.id);
  if (statement.kind == Kind::kHoldTime) {
    if (statement.last < statement.first)
      return Fail(ErrorCode::kUsage, "the hold ends before it begins");
    text += fmt::format("hold time {} {}\n", FormatUtc(statement.first), FormatUtc(statement.last));
    for (const SourceId& source : statement.sources) {
      if (!IsOneLine(source.value)) return Fail(ErrorCode::kUsage, "a source without a name");
      text += fmt::format("source {}\n", source.value);
    }
  } else {
    if (!IsPlainId(statement.about)) {
      return Fail(ErrorCode::kUsage, "'{}' is the id of no event, case or hold", statement.about);
    }
    const char* verb = statement.kind == Kind::kHoldEvent   ? "hold event"
                       : statement.kind == Kind::kLiftEvent ? "lift event"
                                                            : "lift hold";
    text += fmt::format("{} {}\n", verb, statement.about);
  }
  return text + fmt::format("signed {}\nreason {}\n", FormatUtc(statement.time), statement.reason);
}

Result<HoldStatement> ParseHold(std::string_view note, std::string_view mission,
                                std::span<const NoteKey> holders) {
  TW_ASSIGN_OR_RETURN(const SignedNote parsed, ParseNote(note));
  TW_ASSIGN_OR_RETURN(const std::vector<std::size_t> signers, VerifyNote(parsed, holders));
  if (signers.size() != 1) {
    return Fail(ErrorCode::kCheckFailed,
                "hold: signed by {} of those who may place and lift holds, one expected",
                signers.size());
  }
  std::string_view text = parsed.text;
  if (!text.starts_with(kHoldTitle))
    return Fail(ErrorCode::kBadInput, "hold: does not begin with 'trucewatch hold v1'");
  text.remove_prefix(kHoldTitle.size());
  HoldStatement out;
  out.author = holders[signers.front()].name;
  TW_ASSIGN_OR_RETURN(out.mission, TakeLine(text, "mission"));
  if (out.mission != mission)
    return Fail(ErrorCode::kBadInput, "hold: is of mission {}, not {}", out.mission, mission);
  TW_ASSIGN_OR_RETURN(out.id, TakeLine(text, "id"));
  TW_RETURN_IF_ERROR(TakeSubject(text, &out));
  TW_ASSIGN_OR_RETURN(const std::string time, TakeLine(text, "signed"));
  TW_ASSIGN_OR_RETURN(out.time, ParseUtc(time));
  TW_ASSIGN_OR_RETURN(out.reason, TakeLine(text, "reason"));
  // One text only for one statement: what was signed is what is said.
  const auto again = HoldText(out);
  if (!text.empty() || !again || *again != parsed.text)
    return Fail(ErrorCode::kBadInput, "hold: is not written as docs/formats/retention.md says");
  return out;
}

}  // namespace trucewatch::evidence
