// SPDX-License-Identifier: Apache-2.0
// What the tests of both checkers need of the C++ side.
//   tw_audit_peer write FOLDER COUNT SIZE...  a ledger of COUNT leaves, published at the sizes and
//       at COUNT, by the real writer; FOLDER/ledger, FOLDER/policy.txt, FOLDER/checkpoint.SIZE
//   tw_audit_peer fork FOLDER COUNT SIZE...  the same with the same key, but other leaves from
//       index 1 on: what no honest writer does
//   tw_audit_peer parties FOLDER COUNT SIZE...  the same with leaves of a parties' ledger, every
//       8th a statement
//   tw_audit_peer cosign FOLDER  its checkpoints get the cosignatures of two witnesses, and the
//       policy asks for both
//   tw_audit_peer prove FOLDER INDEX...  FOLDER/INDEX.tlog-proof and FOLDER/INDEX.leaf of such a
//       ledger, at its newest checkpoint
//   tw_audit_peer case FOLDER officers|parties|recordings BYTES  a case bundle (case_writer.h) with
//   so many raw
//       bytes of a camera
//   tw_audit_peer serve  for each line "LEDGER<tab>POLICY<tab>SEEN or -" the exit code of
//       `trucewatch audit`, a space and its sentence; "proof<tab>PROOF<tab>LEAF<tab>POLICY" is
//       `audit --proof`, "bundle<tab>CASE<tab>POLICY<tab>SIGNER" is `audit --bundle`,
//       "resign<tab>FILE<tab>SEED" signs the text in FILE as a case list, FILE.note, and
//       "sign<tab>FOLDER<tab>ROOT" signs a checkpoint of size 1, FOLDER/signed.note
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "core/base/check.h"
#include "core/note/signed_note.h"
#include "core/storage/storage.h"
#include "evidence/ledger/checkpoint.h"
#include "evidence/ledger/merkle.h"
#include "evidence/ledger/proof_file.h"
#include "evidence/release/party_leaf.h"
#include "tests/evidence/ledger_fixture.h"
#include "tests/tools/audit/case_writer.h"
#include "tools/audit/audit.h"
#include "tools/audit/bundle.h"
#include "tools/audit/proof.h"

namespace trucewatch {
namespace {

namespace et = evidence::testing;

std::string TextOf(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::vector<std::string> PartyLeaves(std::uint64_t count) {
  std::vector<std::string> leaves;
  for (std::uint64_t i = 0; i < count; ++i) {
    leaves.push_back(
        i % 8 == 7 ? evidence::MakeStatementLeaf(fmt::format(
                         R"({{"statement":"event","status":"EXERCISE","event":"{:032x}"}})", i))
                   : evidence::MakeCommitmentLeaf(evidence::Commit(evidence::SaltOf({}, i), "x")));
  }
  return leaves;
}

int WriteLedger(const std::string& folder, const std::vector<std::uint64_t>& sizes,
                const std::string& how) {
  const auto storage = MakePosixStorage();
  const evidence::SignerOptions options = et::PrepareSigner(*storage, et::kOrigin, folder);
  const auto signer = *evidence::InProcessSigner::Open(*storage, options);
  const auto ledger =
      *evidence::Ledger::Open(*storage, {folder + "/ledger", et::TestKey().public_key()});
  auto leaves = how == "parties" ? PartyLeaves(sizes.back())
                                 : et::MissionLeaves(static_cast<int>(sizes.back()) + 1);
  if (how == "fork") leaves.erase(leaves.begin() + 1);
  for (const std::uint64_t size : sizes) {
    while (ledger->size() < size) TW_CHECK(ledger->Append(leaves[ledger->size()]));
    TW_CHECK(ledger->Publish(*signer));
    std::ofstream(folder + "/checkpoint." + std::to_string(size)) << ledger->checkpoint_note();
  }
  TW_CHECK(ledger->TidyUp());
  std::ofstream(folder + "/policy.txt")
      << audit::PolicyForLog(FormatVkey(et::TestKey().public_key()));
  return 0;
}

int CosignCheckpoints(const std::string& folder) {
  std::vector<std::string> files = {folder + "/ledger/checkpoint"};
  for (const auto& item : std::filesystem::directory_iterator(folder)) {
    if (item.path().filename().string().starts_with("checkpoint.")) {
      files.push_back(item.path().string());
    }
  }
  std::string policy = "log " + FormatVkey(et::TestKey().public_key()) + "\n";
  for (const int number : {1, 2}) {
    const std::string name = "witness.example/w" + std::to_string(number);
    const auto pair =
        Ed25519KeyPair::FromSeed(et::CountingSeed(static_cast<std::uint8_t>(0x20 + number)));
    for (const std::string& file : files) {
      SignedNote note = *ParseNote(TextOf(file));
      note.signatures.push_back(CosignNote(note.text, name, pair, 1'700'000'000));
      std::ofstream(file, std::ios::binary) << FormatNote(note);
    }
    policy += fmt::format("witness N{} {}\n", number,
                          FormatVkey({name, kNoteCosignature, pair.public_key()}));
  }
  std::ofstream(folder + "/policy.txt") << policy << "group neutral all N1 N2\nquorum neutral\n";
  return 0;
}

int ProveEntries(const std::string& folder, const std::vector<std::uint64_t>& indexes) {
  const std::string note = TextOf(folder + "/ledger/checkpoint");
  const auto checkpoint = *evidence::ParseCheckpoint(ParseNote(note)->text);
  const auto leaves = et::MissionLeaves(static_cast<int>(checkpoint.size));
  evidence::MerkleTree tree;
  for (const std::string& leaf : leaves) tree.Append(evidence::LeafHash(AsBytes(leaf)));
  for (const std::uint64_t index : indexes) {
    const std::string name = folder + "/" + std::to_string(index);
    std::ofstream(name + ".tlog-proof", std::ios::binary)
        << evidence::FormatProofFile(index, tree.InclusionProof(index, checkpoint.size), note);
    std::ofstream(name + ".leaf", std::ios::binary) << leaves[index];
  }
  return 0;
}

void PrintVerdict(const Error* error) {
  if (error == nullptr) {
    std::cout << "0 good" << std::endl;
    return;
  }
  const bool refused = error->code == ErrorCode::kCheckFailed;
  std::cout << (refused ? "4 " : "3 ") << error->message << std::endl;
}

int ServeAudits() {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string ledger, policy, seen;
    std::getline(words, ledger, '\t');
    std::getline(words, policy, '\t');
    std::getline(words, seen, '\t');
    if (ledger == "sign") {
      const std::string text = std::string(et::kOrigin) + "\n1\n" + seen + "\n";
      const auto pair = Ed25519KeyPair::FromSeed(et::CountingSeed(0));
      std::ofstream(policy + "/signed.note", std::ios::binary)
          << FormatNote({text, {SignNote(text, et::kOrigin, pair)}});
      PrintVerdict(nullptr);
      continue;
    }
    if (ledger == "resign") {
      std::ofstream(policy + ".note", std::ios::binary)
          << audit::SignCase(TextOf(policy), static_cast<std::uint8_t>(std::stoi(seen)));
      PrintVerdict(nullptr);
      continue;
    }
    std::string last;
    std::getline(words, last);
    if (ledger == "bundle") {
      const auto bundle =
          audit::AuditBundle({.folder = policy, .policy = TextOf(seen), .signers = TextOf(last)});
      PrintVerdict(bundle ? nullptr : &bundle.error());
      continue;
    }
    if (ledger == "proof") {
      const auto proof = audit::AuditProof(
          {.proof = TextOf(policy), .leaf = TextOf(seen), .policy = TextOf(last)});
      PrintVerdict(proof ? nullptr : &proof.error());
      continue;
    }
    audit::AuditOptions options{.ledger = ledger, .policy = TextOf(policy), .seen = {}};
    if (seen != "-") options.seen = TextOf(seen);
    const auto report = audit::AuditLedger(options);
    PrintVerdict(report ? nullptr : &report.error());
  }
  return 0;
}

}  // namespace
}  // namespace trucewatch

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() >= 3 && (words[0] == "write" || words[0] == "fork" || words[0] == "parties")) {
    std::vector<std::uint64_t> sizes;
    for (std::size_t i = 3; i < words.size(); ++i) {
      sizes.push_back(std::strtoull(words[i].c_str(), nullptr, 10));
    }
    sizes.push_back(std::strtoull(words[2].c_str(), nullptr, 10));
    return trucewatch::WriteLedger(words[1], sizes, words[0]);
  }
  if (words.size() == 2 && words[0] == "cosign") return trucewatch::CosignCheckpoints(words[1]);
  if (words.size() >= 3 && words[0] == "prove") {
    std::vector<std::uint64_t> indexes;
    for (std::size_t i = 2; i < words.size(); ++i) {
      indexes.push_back(std::strtoull(words[i].c_str(), nullptr, 10));
    }
    return trucewatch::ProveEntries(words[1], indexes);
  }
  if (words.size() == 4 && words[0] == "case") {
    using trucewatch::audit::CaseKind;
    trucewatch::audit::WriteCase(words[1],
                                 words[2] == "officers"  ? CaseKind::kOfficers
                                 : words[2] == "parties" ? CaseKind::kParties
                                                         : CaseKind::kRecordings,
                                 std::strtoull(words[3].c_str(), nullptr, 10));
    return 0;
  }
  if (words.size() == 1 && words[0] == "serve") return trucewatch::ServeAudits();
  std::cerr
      << "usage: tw_audit_peer write|fork|parties FOLDER COUNT SIZE... | cosign FOLDER | prove "
         "FOLDER INDEX... | case FOLDER officers|parties|recordings BYTES | serve\n";
  return 2;
}
