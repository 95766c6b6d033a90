// SPDX-License-Identifier: Apache-2.0
#include "tools/audit/signed_head.h"

#include <set>

namespace trucewatch::audit {

Result<SignedHead> CheckCheckpoint(std::string_view file, const Policy& policy) {
  TW_ASSIGN_OR_RETURN(const Note note, ReadNote(file));
  TW_ASSIGN_OR_RETURN(const TreeHead head, ReadTreeHead(note.text));
  bool logged = false;
  std::set<std::string> cosigned;
  std::uint64_t cosigned_at = 0;
  for (const SignatureLine& line : note.signatures) {
    for (const VerifierKey& log : policy.logs) {
      if (!IsBy(line, log)) continue;
      if (!IsGood(line, log, note.text, &cosigned_at)) {
        return Fail(ErrorCode::kCheckFailed, "line {}: the signature of {} is not good", line.line,
                    log.name);
      }
      logged = logged || log.name == head.origin;
    }
    for (const auto& [name, witness] : policy.witnesses) {
      if (!IsBy(line, witness)) continue;
      if (!IsGood(line, witness, note.text, &cosigned_at)) {
        return Fail(ErrorCode::kCheckFailed, "line {}: the cosignature of {} is not good",
                    line.line, name);
      }
      cosigned.insert(name);
    }
  }
  if (!logged) {
    return Fail(ErrorCode::kCheckFailed, "line {}: no signature of a log that the policy names {}",
                note.signatures.front().line, head.origin);
  }
  if (!policy.IsSatisfied(cosigned)) {
    return Fail(ErrorCode::kCheckFailed, "line {}: {} good cosignatures do not make the quorum {}",
                note.signatures.back().line, cosigned.size(), policy.quorum);
  }
  return SignedHead{head, {cosigned.begin(), cosigned.end()}};
}

}  // namespace trucewatch::audit
