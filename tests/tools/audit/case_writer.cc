// SPDX-License-Identifier: Apache-2.0
#include "tests/tools/audit/case_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <vector>

#include "core/base/check.h"
#include "core/crypto/sha256.h"
#include "core/note/signed_note.h"
#include "core/storage/storage.h"
#include "evidence/leaf.h"
#include "evidence/ledger/merkle.h"
#include "evidence/ledger/proof_file.h"
#include "evidence/release/party_leaf.h"
#include "tests/evidence/ledger_fixture.h"
#include "tools/audit/policy.h"

namespace trucewatch::audit {
namespace {

namespace et = evidence::testing;

constexpr char kEvent[] = "c160032c95e496db45210a706c2ece5b";
constexpr char kOtherEvent[] = "0f60032c95e496db45210a706c2ece5b";
constexpr char kConfig[] = "name: \"test\"\nstatus: EXERCISE\n";
constexpr char kAgreement[] = "name: \"Test agreement\"\n# of two lines\n";
constexpr std::uint64_t kCameraRecord = 65424;

// The folder and what case.txt will say of it.
class CaseFiles {
 public:
  explicit CaseFiles(std::string folder) : folder_(std::move(folder)) {}

  void Add(const std::string& path, const std::string& bytes, bool hashed = true) {
    const std::filesystem::path whole = std::filesystem::path(folder_) / path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole, std::ios::binary) << bytes;
    lines_[path] =
        fmt::format("file {} {} {}\n", hashed ? HexEncode(Sha256(bytes)) : "-", bytes.size(), path);
  }
  void Sign(const std::string& heading) {
    std::string text = heading;
    for (const auto& [path, line] : lines_) text += line;
    std::ofstream(folder_ + "/case.txt", std::ios::binary) << SignCase(text, 0x40);
  }

 private:
  std::string folder_;
  std::map<std::string, std::string> lines_;
};

// A ledger of these leaves and the proofs of some.
void AddLeaves(const std::string& folder, const std::vector<std::string>& leaves,
               const std::vector<std::uint64_t>& chosen, CaseFiles& files) {
  const auto storage = MakePosixStorage();
  const evidence::SignerOptions options = et::PrepareSigner(*storage, et::kOrigin, folder);
  const auto signer = *evidence::InProcessSigner::Open(*storage, options);
  const auto ledger =
      *evidence::Ledger::Open(*storage, {folder + "/ledger", et::TestKey().public_key()});
  evidence::MerkleTree tree;
  for (const std::string& leaf : leaves) {
    TW_CHECK(ledger->Append(leaf));
    tree.Append(evidence::LeafHash(AsBytes(leaf)));
  }
  TW_CHECK(ledger->Publish(*signer));
  for (const std::uint64_t index : chosen) {
    files.Add(fmt::format("leaves/{}.leaf", index), leaves[index]);
    files.Add(fmt::format("leaves/{}.tlog-proof", index),
              evidence::FormatProofFile(index, tree.InclusionProof(index, leaves.size()),
                                        ledger->checkpoint_note()));
  }
  std::ofstream(folder + "/policy.txt") << PolicyForLog(FormatVkey(et::TestKey().public_key()));
}

// Bytes that compress and repeat as little as a sensor's.
std::string Noise(std::uint64_t size, std::uint64_t seed) {
  std::string out(size, '\0');
  for (char& c : out) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    c = static_cast<char>(seed >> 56);
  }
  return out;
}

// Returns the digest of every 20th record.
std::vector<std::string> AddSource(const std::string& source, std::uint64_t size,
                                   std::uint64_t record, bool hashed, CaseFiles& files,
                                   std::string& lines) {
  const std::string bytes = Noise(size, record);
  std::vector<std::string> digests;
  std::uint64_t number = 0;
  for (std::uint64_t offset = 0; offset < size; offset += record) {
    const std::uint64_t length = std::min(record, size - offset);
    const Digest digest = Sha256(std::string_view(bytes).substr(offset, length));
    if (number++ % 20 == 0) digests.emplace_back(AsText(digest));
    lines += fmt::format(R"({{"file":"{}.bin","offset":{},"length":{},"sha256":"{}","source":"{}",)"
                         R"("receive_time_utc":"2026-03-01T21:00:00Z"}})"
                         "\n",
                         source, offset, length, HexEncode(digest), source);
  }
  files.Add("raw/" + source + ".bin", bytes, hashed);
  return digests;
}

v1::Envelope StatementEnvelope(v1::FindingKind kind, int number, const std::string& event) {
  v1::Envelope envelope = et::FindingEnvelope(kind, number);
  v1::Finding& finding = *envelope.mutable_finding();
  finding.set_event_id(event);
  finding.set_rule("no_convoys");
  finding.set_zone("buffer");
  finding.set_count_min(7);
  finding.set_count_max(8 + number);
  finding.set_agreement_hash(HexEncode(Sha256(kAgreement)));
  finding.clear_supports();
  return envelope;
}

std::string EventLine(const v1::Finding& finding, const std::string& state, std::uint64_t index) {
  return fmt::format(
      R"({{"event_id":"{}","status":"EXERCISE","state":"{}","rule":"no_convoys","zone":"buffer",)"
      R"("count_min":7,"count_max":{},"probability":0.5e0,"lineages":[{{"raw_sha256":[]}}],)"
      R"("agreement_hash":"{}","ledger_index":{},"reason":"\"Zone\u00e9\" \ud83d\ude00"}})"
      "\n",
      finding.event_id(), state, finding.count_max(), finding.agreement_hash(), index);
}

// Gives the digests that the event names, by source; the last is of a record that is not there.
std::vector<std::vector<std::string>> AddRawFiles(std::uint64_t raw_bytes, CaseFiles& files) {
  std::string records;
  const auto camera = AddSource("drone1", raw_bytes, kCameraRecord, false, files, records);
  const auto radar = AddSource("gsr1", 4000, 100, true, files, records);
  files.Add("raw/records.jsonl", records);
  return {camera, radar, {std::string(32, 'x')}};
}

void NameRaw(const std::vector<std::vector<std::string>>& digests, v1::Finding* finding) {
  for (const auto& of_source : digests) {
    v1::Support& support = *finding->add_supports();
    for (const std::string& digest : of_source) support.add_raw_digests(digest);
  }
}

void WriteOfficersCase(const std::string& folder, std::uint64_t raw_bytes, CaseFiles& files) {
  const auto digests = AddRawFiles(raw_bytes, files);
  std::vector<v1::Envelope> envelopes = {et::HeaderEnvelope()};
  envelopes[0].mutable_mission_header()->set_config_text(kConfig);
  envelopes[0].mutable_mission_header()->set_agreement_text(kAgreement);
  const auto add = [&](v1::FindingKind kind, const std::string& event) {
    envelopes.push_back(StatementEnvelope(kind, static_cast<int>(envelopes.size()), event));
    return envelopes.back().mutable_finding();
  };
  add(v1::FINDING_KIND_EVENT_TRANSITION, kEvent)->set_state(v1::EVENT_STATE_CANDIDATE);
  add(v1::FINDING_KIND_HEARTBEAT, "");
  v1::Finding* verified = add(v1::FINDING_KIND_EVENT_TRANSITION, kEvent);
  verified->set_state(v1::EVENT_STATE_VERIFIED);
  NameRaw(digests, verified);
  add(v1::FINDING_KIND_EVENT_TRANSITION, kOtherEvent)->set_state(v1::EVENT_STATE_CANDIDATE);
  add(v1::FINDING_KIND_COVERAGE, "");
  add(v1::FINDING_KIND_CHALLENGE, kEvent)->set_challenge_state(v1::CHALLENGE_STATE_FILED);
  add(v1::FINDING_KIND_RELEASE, kEvent);
  add(v1::FINDING_KIND_HEARTBEAT, "");
  std::vector<std::string> leaves;
  for (const v1::Envelope& envelope : envelopes) leaves.push_back(et::LeafOf(envelope));
  AddLeaves(folder, leaves, {0, 1, 3, 5, 6, 7}, files);
  std::string lines;
  for (const auto& [index, state] : std::map<std::uint64_t, std::string>{
           {1, "CANDIDATE"}, {3, "VERIFIED"}, {6, "CHALLENGE_FILED"}, {7, "RELEASED"}}) {
    lines += EventLine(envelopes[index].finding(), state, index);
  }
  files.Add("events.jsonl", lines);
  files.Add("agreement.txtpb", kAgreement);
  files.Add("mission.txtpb", kConfig);
  files.Add("coverage.jsonl", "{\"zone\":\"buffer\"}\n");
}

// Officers' leaves that are opened: where the event was verified, the decision on it, an operation.
std::map<std::uint64_t, std::string> OpenedLeaves(
    const std::vector<std::vector<std::string>>& digests) {
  v1::Envelope verified = StatementEnvelope(v1::FINDING_KIND_EVENT_TRANSITION, 3, kEvent);
  verified.mutable_finding()->set_state(v1::EVENT_STATE_VERIFIED);
  NameRaw(digests, verified.mutable_finding());
  v1::Envelope release = StatementEnvelope(v1::FINDING_KIND_RELEASE, 7, kEvent);
  release.mutable_finding()->set_audience("parties");
  release.mutable_finding()->mutable_human_record()->set_decision("release_raw");
  // What this run said besides: it counts as an entry of the event, and releases nothing.
  const std::string said =
      evidence::MakeLeaf(evidence::LeafKind::kOperation, verified.SerializeAsString());
  return {{13, et::LeafOf(verified)}, {17, et::LeafOf(release)}, {19, said}};
}

void WritePartiesCase(const std::string& folder, CaseFiles& files,
                      const std::map<std::uint64_t, std::string>& opened) {
  std::vector<std::string> leaves;
  std::string lines;
  for (std::uint64_t i = 0; i < 70; ++i) {
    const auto found = opened.find(i);
    const std::string leaf = found == opened.end() ? "x" : found->second;
    const evidence::Salt salt = evidence::SaltOf({}, i);
    leaves.push_back(evidence::MakeCommitmentLeaf(evidence::Commit(salt, leaf)));
    if (found == opened.end()) continue;
    files.Add(fmt::format("opened/{}.leaf", i), leaf);
    files.Add(fmt::format("opened/{}.salt", i), std::string(AsText(salt)));
  }
  for (const std::string state : {"candidate", "verified"}) {
    for (const char* event : {kOtherEvent, kEvent}) {
      const std::string rest = fmt::format(
          R"("statement":"event","status":"EXERCISE","event":"{}","state":"{}"}})", event, state);
      if (event == kEvent) {
        lines += fmt::format("{{\"ledger_index\":{},{}\n", leaves.size(), rest);
      }
      leaves.push_back(evidence::MakeStatementLeaf("{" + rest));
    }
  }
  std::vector<std::uint64_t> chosen = {71, 73};
  for (const auto& [index, leaf] : opened) chosen.push_back(index);
  AddLeaves(folder, leaves, chosen, files);
  files.Add("events.jsonl", lines);
}

}  // namespace

std::string SignCase(const std::string& text, std::uint8_t seed) {
  return FormatNote(
      {text, {SignNote(text, "chief", Ed25519KeyPair::FromSeed(et::CountingSeed(seed)))}});
}

void WriteCase(const std::string& folder, CaseKind kind, std::uint64_t raw_bytes) {
  const bool officers = kind == CaseKind::kOfficers;
  std::filesystem::create_directories(folder);
  CaseFiles files(folder + "/case");
  if (officers) {
    WriteOfficersCase(folder, raw_bytes, files);
  } else {
    WritePartiesCase(folder, files,
                     kind == CaseKind::kParties ? std::map<std::uint64_t, std::string>()
                                                : OpenedLeaves(AddRawFiles(raw_bytes, files)));
  }
  files.Add("index.html", "<!doctype html>\n<title>Case</title>\n");
  const auto pair = Ed25519KeyPair::FromSeed(et::CountingSeed(0x40));
  std::ofstream(folder + "/signer.vkey")
      << FormatVkey({"chief", kNoteEd25519, pair.public_key()}) << "\n";
  files.Sign(fmt::format(
      "trucewatch case bundle v1\nevent {}\nstatus EXERCISE\naudience {}\nledger {} {}\n", kEvent,
      officers ? "officers" : "parties", et::kOrigin, officers ? 9 : 74));
}

}  // namespace trucewatch::audit
