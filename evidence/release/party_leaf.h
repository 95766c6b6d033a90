// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace trucewatch::evidence {

// Leaves of the parties' ledger (docs/formats/release.md): a commitment to a leaf of the officers'
// ledger that says nothing of it, or a statement in words that both parties may read.
inline constexpr std::string_view kPartyLeafTag = "trucewatch/party-leaf/v1\n";

enum class PartyLeafKind : std::uint8_t { kCommitment = 1, kStatement = 2 };

using Salt = std::array<std::uint8_t, 32>;
using SaltKey = std::array<std::uint8_t, 32>;

// SHA-256("trucewatch/salt/v1\n" || key || be64(index)): the same salt in any replay, and nothing
// to anybody without the key.
Salt SaltOf(const SaltKey& key, std::uint64_t ledger_index);
// What an event or a challenge is called in statements: its id is computed from when and where it
// began, and could be searched for. The first 32 hex digits of
// SHA-256("trucewatch/name/v1\n" || key || id); empty for an empty id.
std::string PartyName(const SaltKey& key, const std::string& id);
// SHA-256(0x02 || salt || leaf): of the officers' leaf, byte for byte. 0x02 keeps it apart from the
// hashes of leaves and nodes.
Digest Commit(const Salt& salt, std::string_view leaf);

std::string MakeCommitmentLeaf(const Digest& commitment);
std::string MakeStatementLeaf(std::string_view json);

struct PartyLeaf {
  PartyLeafKind kind = PartyLeafKind::kCommitment;
  std::string_view body;  // 32 bytes, or JSON
};
// Fails with kBadInput on another tag, kind or length.
Result<PartyLeaf> ParsePartyLeaf(std::string_view leaf);

}  // namespace trucewatch::evidence
