// SPDX-License-Identifier: Apache-2.0
#include "tools/audit/proof.h"

#include <algorithm>
#include <charconv>

#include "core/base/bytes.h"
#include "tools/audit/hash_tree.h"
#include "tools/audit/leaves.h"
#include "tools/audit/signed_head.h"

namespace trucewatch::audit {
namespace {

constexpr std::string_view kFirstLine = "c2sp.org/tlog-proof@v1";

// The lines above the checkpoint, one at a time.
class ProofLines {
 public:
  explicit ProofLines(std::string_view text) : rest_(text) {}

  // Nothing behind the last newline.
  std::optional<std::string_view> Next() {
    const std::size_t end = rest_.find('\n');
    if (end == rest_.npos) return std::nullopt;
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    ++number_;
    return line;
  }
  std::size_t number() const { return number_; }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

struct TlogProof {
  std::uint64_t index = 0;
  std::vector<Digest> path;
  std::string_view checkpoint;
};

std::optional<std::uint64_t> IndexOf(std::string_view line) {
  if (!line.starts_with("index ")) return std::nullopt;
  line.remove_prefix(6);
  std::uint64_t index = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), index);
  if (error != std::errc() || end != line.data() + line.size()) return std::nullopt;
  if (std::to_string(index) != line) return std::nullopt;  // no leading zeros
  return index;
}

Result<TlogProof> ReadProof(std::string_view text) {
  const auto bad = [](std::size_t line, std::string_view what) {
    return Fail(ErrorCode::kCheckFailed, "proof: line {}: {}", line, what);
  };
  ProofLines lines(text);
  if (lines.Next() != kFirstLine) return bad(1, "'c2sp.org/tlog-proof@v1' expected");
  auto line = lines.Next();
  // Extra data is signed by nobody; it must only be what it says it is.
  if (line && line->starts_with("extra ")) {
    if (!Base64Decode(line->substr(6))) return bad(2, "'extra' without base64");
    line = lines.Next();
  }
  TlogProof proof;
  const auto index = line ? IndexOf(*line) : std::nullopt;
  if (!index) return bad(lines.number(), "'index <n>' expected");
  proof.index = *index;
  for (line = lines.Next(); line && !line->empty(); line = lines.Next()) {
    const auto hash = Base64Decode(*line);
    if (!hash || hash->size() != Digest().size() || proof.path.size() == 63) {
      return bad(lines.number(), "is no hash of an inclusion proof");
    }
    std::copy(hash->begin(), hash->end(), proof.path.emplace_back().begin());
  }
  if (!line) return bad(lines.number() + 1, "a blank line and a checkpoint are missing");
  proof.checkpoint = lines.rest();
  if (proof.checkpoint.size() > kMaxCheckpoint) {
    return bad(lines.number() + 1, "the checkpoint is too long");
  }
  return proof;
}

}  // namespace

Result<ProofReport> AuditProof(const ProofOptions& options) {
  TW_ASSIGN_OR_RETURN(const Policy policy, ParsePolicy(options.policy));
  TW_ASSIGN_OR_RETURN(const TlogProof proof, ReadProof(options.proof));
  const auto signed_head = CheckCheckpoint(proof.checkpoint, policy);
  if (!signed_head) return Prefix("proof: checkpoint", signed_head.error());
  ProofReport report;
  report.index = proof.index;
  report.ledger.origin = signed_head->head.origin;
  report.ledger.exercise = signed_head->head.origin.starts_with("exercise.");
  report.ledger.size = signed_head->head.size;
  report.ledger.root = signed_head->head.root;
  report.ledger.cosigners = signed_head->cosigners;
  const auto root =
      RootByPath(HashEntry(AsBytes(options.leaf)), proof.index, report.ledger.size, proof.path);
  if (root != report.ledger.root) {
    return Fail(ErrorCode::kCheckFailed,
                "proof: the leaf is not entry {} of the {} entries that the checkpoint commits to",
                proof.index, report.ledger.size);
  }
  if (options.parse_leaves) {
    const auto read = AddLeaf(options.leaf, proof.index, report.ledger);
    if (!read) return Prefix("leaf", read.error());
  }
  return report;
}

std::string FormatProofReport(const ProofReport& report) {
  std::string out = FormatReport(report.ledger);
  // There are no files to count here.
  const std::size_t files = out.find("files checked: ");
  out.erase(files, out.find('\n', files) + 1 - files);
  return out;
}

}  // namespace trucewatch::audit
