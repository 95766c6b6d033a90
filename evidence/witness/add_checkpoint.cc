// SPDX-License-Identifier: Apache-2.0
#include "evidence/witness/add_checkpoint.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/crypto/sha256.h"

namespace trucewatch::evidence {
namespace {

// Takes the first line, without its newline, off `text`; nothing when no newline is there.
std::optional<std::string_view> TakeLine(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == text.npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

}  // namespace

std::string FormatAddCheckpoint(const AddCheckpointRequest& request) {
  std::string body = fmt::format("old {}\n", request.old_size);
  for (const Digest& hash : request.proof) body += Base64Encode(hash) + "\n";
  return body + "\n" + request.checkpoint;
}

Result<AddCheckpointRequest> ParseAddCheckpoint(std::string_view body) {
  if (body.size() > kMaxAddCheckpointBody) {
    return Fail(ErrorCode::kBadInput, "{} bytes: at most {} are read", body.size(),
                kMaxAddCheckpointBody);
  }
  AddCheckpointRequest request;
  const auto first = TakeLine(body);
  if (!first || !first->starts_with("old ")) {
    return Fail(ErrorCode::kBadInput, "line 1: 'old', a space and a tree size expected");
  }
  const auto old_size = ParseTreeSize(first->substr(4));
  if (!old_size) return Prefix("line 1", old_size.error());
  request.old_size = *old_size;
  for (std::size_t number = 2;; ++number) {
    const auto line = TakeLine(body);
    if (!line) {
      return Fail(ErrorCode::kBadInput, "line {}: a hash or the blank line is missing", number);
    }
    if (line->empty()) break;
    if (request.proof.size() == kMaxProofLines) {
      return Fail(ErrorCode::kBadInput, "line {}: more than {} hashes", number, kMaxProofLines);
    }
    const auto bytes = Base64Decode(*line);
    Digest hash{};
    if (!bytes || bytes->size() != hash.size()) {
      return Fail(ErrorCode::kBadInput, "line {}: is no base64 SHA-256", number);
    }
    std::copy(bytes->begin(), bytes->end(), hash.begin());
    request.proof.push_back(hash);
  }
  request.checkpoint = body;
  return request;
}

Result<std::uint64_t> ParseTreeSize(std::string_view digits) {
  std::uint64_t size = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, size);
  if (digits.empty() || error != std::errc() || stop != end || size > INT64_MAX ||
      (digits.size() > 1 && digits.front() == '0')) {
    return Fail(ErrorCode::kBadInput, "a decimal tree size without leading zeros expected");
  }
  return size;
}

std::string LatestCheckpointPath(std::string_view origin) {
  return HexEncode(Sha256(origin)) + "/checkpoint";
}

}  // namespace trucewatch::evidence
