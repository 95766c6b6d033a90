// SPDX-License-Identifier: Apache-2.0
#include "tools/audit/case_list.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace trucewatch::audit {
namespace {

tl::unexpected<Error> BadCaseLine(std::size_t line, std::string_view what) {
  return Fail(ErrorCode::kCheckFailed, "case.txt: line {}: {}", line, what);
}

bool IsLowerHex(std::string_view text, std::size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == text.npos;
}

std::optional<std::uint64_t> PlainNumber(std::string_view text) {
  if (text.empty() || text.size() > 18 || (text[0] == '0' && text.size() > 1)) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

// What follows the word and a space; nothing for another line.
std::optional<std::string_view> After(std::string_view word, std::string_view line) {
  if (!line.starts_with(word) || line.substr(word.size(), 1) != " ") return std::nullopt;
  return line.substr(word.size() + 1);
}

bool IsPlainPath(std::string_view path) {
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '_' || c == '-' || c == '/';
    if (!plain) return false;
  }
  while (true) {
    const std::string_view part = path.substr(0, path.find('/'));
    if (part.empty() || part == "." || part == "..") return false;
    if (part.size() == path.size()) return true;
    path.remove_prefix(part.size() + 1);
  }
}

Result<void> ReadHeading(const std::vector<std::string_view>& lines, CaseList& list) {
  const auto line = [&](std::size_t i) { return i < lines.size() ? lines[i] : std::string_view(); };
  if (line(0) != "trucewatch case bundle v1") {
    return BadCaseLine(1, "'trucewatch case bundle v1' expected");
  }
  const auto event = After("event", line(1));
  if (!event || !IsLowerHex(*event, 32)) return BadCaseLine(2, "is no event");
  list.event = *event;
  const auto status = After("status", line(2));
  if (status != "EXERCISE" && status != "OPERATIONAL") return BadCaseLine(3, "is no status");
  list.exercise = status == "EXERCISE";
  const auto audience = After("audience", line(3));
  if (audience != "officers" && audience != "parties") return BadCaseLine(4, "is no audience");
  list.officers = audience == "officers";
  const auto ledger = After("ledger", line(4));
  const std::size_t space = ledger ? ledger->rfind(' ') : std::string_view::npos;
  const auto size = space == std::string_view::npos || space == 0
                        ? std::nullopt
                        : PlainNumber(ledger->substr(space + 1));
  if (!size) return BadCaseLine(5, "is no origin and size of a ledger");
  list.origin = ledger->substr(0, space);
  list.size = *size;
  if (list.exercise != list.origin.starts_with("exercise.")) {
    return BadCaseLine(3, "is not the status of the ledger's origin");
  }
  return {};
}

Result<void> AddCaseFile(std::string_view line, std::size_t number, CaseList& list) {
  const auto rest = After("file", line);
  const std::string_view hash = rest ? rest->substr(0, rest->find(' ')) : std::string_view();
  const auto sized = rest ? After(hash, *rest) : std::nullopt;
  const std::size_t space = sized ? sized->find(' ') : std::string_view::npos;
  const auto size =
      space == std::string_view::npos ? std::nullopt : PlainNumber(sized->substr(0, space));
  if (!size || (hash != "-" && !IsLowerHex(hash, 64))) {
    return BadCaseLine(number, "'file <SHA-256> <bytes> <path>' expected");
  }
  const std::string path(sized->substr(space + 1));
  const bool later = list.files.empty() || list.files.rbegin()->first < path;
  if (!later || !IsPlainPath(path) || path == "case.txt" || (hash == "-" && !IsRawBytes(path))) {
    return BadCaseLine(number, "has no path that may stand here, or no hash");
  }
  CaseList::File& file = list.files[path];
  if (hash != "-") file.sha256 = hash;
  file.size = *size;
  return {};
}

}  // namespace

bool IsRawBytes(std::string_view path) {
  constexpr std::string_view kFolder = "raw/";
  constexpr std::string_view kEnding = ".bin";
  return path.starts_with(kFolder) && path.ends_with(kEnding) &&
         path.size() > kFolder.size() + kEnding.size() &&
         path.find('/', kFolder.size()) == path.npos;
}

Result<std::vector<VerifierKey>> ReadSigners(std::string_view text) {
  std::vector<VerifierKey> keys;
  for (std::string_view line : Lines(text)) {
    constexpr std::string_view kBlank = " \t\r";
    line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
    line = line.substr(0, line.find_last_not_of(kBlank) + 1);
    if (line.empty() || line.front() == '#') continue;
    TW_ASSIGN_OR_RETURN(const VerifierKey key, ReadVerifierKey(line));
    if (key.type != 1) {
      return Fail(ErrorCode::kBadInput, "'{}': key type {}, 1 expected", line, key.type);
    }
    keys.push_back(key);
  }
  if (keys.empty()) return Fail(ErrorCode::kBadInput, "no key");
  return keys;
}

Result<CaseList> ReadCaseList(std::string_view file, const std::vector<VerifierKey>& signers) {
  if (file.size() > kMaxCaseList) {
    return Fail(ErrorCode::kCheckFailed, "case.txt: has more than {} bytes", kMaxCaseList);
  }
  const auto note = ReadNote(file);
  if (!note) return Prefix("case.txt", note.error());
  CaseList list;
  std::set<std::string> names;
  std::set<std::tuple<std::string, std::uint32_t, std::string>> seen;
  for (const SignatureLine& signature : note->signatures) {
    if (!seen.emplace(signature.name, signature.id, signature.bytes).second) {
      return BadCaseLine(signature.line, "holds a signature for the second time");
    }
    for (const VerifierKey& key : signers) {
      std::uint64_t unused = 0;
      if (!IsBy(signature, key)) continue;
      if (!IsGood(signature, key, note->text, &unused)) {
        return BadCaseLine(signature.line, "the signature of " + key.name + " is not good");
      }
      names.insert(key.name);
    }
  }
  if (names.empty()) {
    return Fail(ErrorCode::kCheckFailed, "case.txt: is signed by none of the signers' keys");
  }
  list.signers.assign(names.begin(), names.end());
  const std::vector<std::string_view> lines = Lines(note->text);
  TW_RETURN_IF_ERROR(ReadHeading(lines, list));
  for (std::size_t i = 5; i < lines.size(); ++i) {
    TW_RETURN_IF_ERROR(AddCaseFile(lines[i], i + 1, list));
  }
  if (list.files.empty()) return Fail(ErrorCode::kCheckFailed, "case.txt: lists no file");
  return list;
}

}  // namespace trucewatch::audit
