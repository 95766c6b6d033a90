// SPDX-License-Identifier: Apache-2.0
#include "evidence/ledger/proof_file.h"

namespace trucewatch::evidence {

std::string FormatProofFile(std::uint64_t index, std::span<const Digest> path,
                            std::string_view checkpoint_note) {
  std::string out = "c2sp.org/tlog-proof@v1\nindex " + std::to_string(index) + "\n";
  for (const Digest& hash : path) out += Base64Encode(hash) + "\n";
  out += "\n";
  out += checkpoint_note;
  return out;
}

}  // namespace trucewatch::evidence
