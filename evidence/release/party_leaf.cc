// SPDX-License-Identifier: Apache-2.0
#include "evidence/release/party_leaf.h"

#include "core/crypto/sha256.h"

namespace trucewatch::evidence {
namespace {

std::string_view AsText(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string PartyLeafOf(PartyLeafKind kind, std::string_view body) {
  std::string leaf(kPartyLeafTag);
  leaf.push_back(static_cast<char>(kind));
  leaf.append(body);
  return leaf;
}

}  // namespace

Salt SaltOf(const SaltKey& key, std::uint64_t ledger_index) {
  std::string text = "trucewatch/salt/v1\n";
  text.append(AsText(Bytes(key)));
  AppendBe64(text, ledger_index);
  return Sha256(text);
}

std::string PartyName(const SaltKey& key, const std::string& id) {
  if (id.empty()) return "";
  std::string text = "trucewatch/name/v1\n";
  text.append(AsText(Bytes(key)));
  text.append(id);
  return HexEncode(Bytes(Sha256(text)).first(16));
}

Digest Commit(const Salt& salt, std::string_view leaf) {
  std::string text(1, '\x02');
  text.append(AsText(Bytes(salt)));
  text.append(leaf);
  return Sha256(text);
}

std::string MakeCommitmentLeaf(const Digest& commitment) {
  return PartyLeafOf(PartyLeafKind::kCommitment, AsText(Bytes(commitment)));
}
std::string MakeStatementLeaf(std::string_view json) {
  return PartyLeafOf(PartyLeafKind::kStatement, json);
}

Result<PartyLeaf> ParsePartyLeaf(std::string_view leaf) {
  if (!leaf.starts_with(kPartyLeafTag) || leaf.size() == kPartyLeafTag.size()) {
    return Fail(ErrorCode::kBadInput,
                "is no leaf of a parties' ledger: 'trucewatch/party-leaf/v1' expected");
  }
  const auto kind = static_cast<std::uint8_t>(leaf[kPartyLeafTag.size()]);
  const std::string_view body = leaf.substr(kPartyLeafTag.size() + 1);
  if (kind == static_cast<std::uint8_t>(PartyLeafKind::kCommitment)) {
    if (body.size() != 32)
      return Fail(ErrorCode::kBadInput, "a commitment of {} bytes; 32 expected", body.size());
    return PartyLeaf{PartyLeafKind::kCommitment, body};
  }
  if (kind == static_cast<std::uint8_t>(PartyLeafKind::kStatement))
    return PartyLeaf{PartyLeafKind::kStatement, body};
  return Fail(ErrorCode::kBadInput, "party leaf of kind {}; 1 or 2 expected", kind);
}

}  // namespace trucewatch::evidence
