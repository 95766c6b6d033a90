// SPDX-License-Identifier: Apache-2.0
#include "evidence/signer/in_process_signer.h"

#include <algorithm>
#include <optional>

#include "evidence/ledger/merkle.h"

namespace trucewatch::evidence {
namespace {

constexpr std::string_view kStateHeader = "trucewatch/signer-state/v1\n";
constexpr std::uint64_t kMaxSmallFile = 4096;

std::optional<Digest> DigestFrom(std::string_view bytes) {
  Digest digest{};
  if (bytes.size() != digest.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

// Why this request must not be signed; empty when it may be.
std::string Refusal(const Checkpoint& last, const v1::SignRequest& request) {
  const auto root = DigestFrom(request.root());
  if (!root) return "the root is no SHA-256";
  if (request.size() > INT64_MAX) return "the size is out of range";
  if (request.size() < last.size) {
    return fmt::format("size {} is smaller than the {} signed before", request.size(), last.size);
  }
  if (request.size() == last.size) {
    return *root == last.root ? "" : fmt::format("size {} was signed with another root", last.size);
  }
  std::vector<Digest> proof;
  for (const std::string& bytes : request.consistency_proof()) {
    const auto hash = DigestFrom(bytes);
    if (!hash) return "a hash of the proof is no SHA-256";
    proof.push_back(*hash);
  }
  if (last.size == 0 && proof.empty()) return "";  // the first signature: nothing to extend
  if (!VerifyConsistency({last.size, request.size(), last.root, *root}, proof)) {
    return fmt::format("the proof does not show that size {} extends size {}", request.size(),
                       last.size);
  }
  return "";
}

}  // namespace

InProcessSigner::InProcessSigner(Storage& storage, const SignerOptions& options, LogKey key)
    : storage_(storage),
      state_file_(options.state_file),
      key_(std::move(key)),
      last_{key_.name(), 0, EmptyRoot()},
      waits_for_witnesses_(options.asks_witnesses) {}

Result<std::unique_ptr<InProcessSigner>> InProcessSigner::Open(Storage& storage,
                                                               const SignerOptions& options) {
  const auto text = ReadWholeFile(storage, options.key_file, kMaxSmallFile);
  if (!text) return Prefix("log key", text.error());
  const auto key = LogKey::Parse(*text);
  if (!key) return Prefix(options.key_file, key.error());
  if (key->name() != options.origin) {
    return Fail(ErrorCode::kBadInput,
                "{}: the key is named '{}', the ledger's origin is '{}': they must be equal",
                options.key_file, key->name(), options.origin);
  }
  std::unique_ptr<InProcessSigner> signer(new InProcessSigner(storage, options, *key));
  const auto loaded = signer->LoadState();
  if (!loaded) return Prefix(options.state_file, loaded.error());
  return signer;
}

Result<void> InProcessSigner::LoadState() {
  TW_ASSIGN_OR_RETURN(const bool exists, storage_.Exists(state_file_));
  if (!exists) return {};
  TW_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(storage_, state_file_, kMaxSmallFile));
  if (!text.starts_with(kStateHeader)) {
    return Fail(ErrorCode::kBadInput, "line 1: '{}' expected",
                kStateHeader.substr(0, kStateHeader.size() - 1));
  }
  TW_ASSIGN_OR_RETURN(last_, ParseCheckpoint(std::string_view(text).substr(kStateHeader.size())));
  if (last_.origin != key_.name()) {
    return Fail(ErrorCode::kBadInput, "is the state of '{}', not of '{}'", last_.origin,
                key_.name());
  }
  return {};
}

Result<void> InProcessSigner::StoreState(const Checkpoint& state) {
  const std::string text = std::string(kStateHeader) + FormatCheckpoint(state);
  return WriteFileAtomically(storage_, state_file_, AsBytes(text));
}

// The state file may have been lost or restored; a signature of ours is there or not.
Result<void> InProcessSigner::LearnFrom(const v1::SignRequest& request) {
  const NoteKey own = key_.public_key();
  for (const std::string& text : request.seen_checkpoint()) {
    const auto note = ParseNote(text);
    if (!note) continue;
    const auto signers = VerifyNote(*note, {&own, 1});
    const auto seen = ParseCheckpoint(note->text);
    if (!signers || signers->empty() || !seen || seen->origin != key_.name()) continue;
    if (seen->size == last_.size && seen->root != last_.root) {
      retired_ = fmt::format(
          "size {} was signed with this key and another root: two histories exist; the log must be "
          "retired and the key revoked",
          seen->size);
    }
    if (seen->size <= last_.size) continue;
    TW_RETURN_IF_ERROR(StoreState(*seen));
    last_ = *seen;
  }
  return {};
}

Result<v1::SignReply> InProcessSigner::Sign(const v1::SignRequest& request) {
  TW_RETURN_IF_ERROR(LearnFrom(request));
  waits_for_witnesses_ = waits_for_witnesses_ && !request.witnesses_answered();
  v1::SignReply reply;
  reply.set_error(!retired_.empty()      ? retired_
                  : waits_for_witnesses_ ? "the witnesses must say first what they hold "
                                           "(--asks-witnesses)"
                                         : Refusal(last_, request));
  if (reply.error().empty()) {
    const Checkpoint next{key_.name(), request.size(), *DigestFrom(request.root())};
    if (next != last_ || next.size == 0) TW_RETURN_IF_ERROR(StoreState(next));
    last_ = next;
    const std::string text = FormatCheckpoint(next);
    reply.set_checkpoint(FormatNote({text, {key_.Sign(text)}}));
  }
  reply.set_last_size(last_.size);
  reply.set_last_root(std::string(AsText(last_.root)));
  return reply;
}

}  // namespace trucewatch::evidence
