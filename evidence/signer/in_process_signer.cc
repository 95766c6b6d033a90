// SPDX-License-Identifier: Apache-2.0
#include "evidence/signer/in_process_signer.h"

#include <algorithm>
#include <optional>

#include "evidence/ledger/merkle.h"

namespace trucewatch::evidence {
namespace {

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

InProcessSigner::InProcessSigner(const SignerOptions& options, LogKey key, SignerState state)
    : key_(std::move(key)),
      state_(std::move(state)),
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
  auto state = SignerState::Load(storage, options.state_file, key->name());
  if (!state) return Prefix(options.state_file, state.error());
  return std::unique_ptr<InProcessSigner>(new InProcessSigner(options, *key, std::move(*state)));
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
    const Checkpoint& last = state_.last();
    if (seen->size == last.size && seen->root != last.root) {
      retired_ = fmt::format(
          "size {} was signed with this key and another root: two histories exist; the log must be "
          "retired and the key revoked",
          seen->size);
    }
    if (seen->size <= last.size) continue;
    TW_RETURN_IF_ERROR(state_.Store(*seen));
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
                                         : Refusal(state_.last(), request));
  if (reply.error().empty()) {
    const Checkpoint next{key_.name(), request.size(), *DigestFrom(request.root())};
    if (next != state_.last() || next.size == 0) TW_RETURN_IF_ERROR(state_.Store(next));
    const std::string text = FormatCheckpoint(next);
    reply.set_checkpoint(FormatNote({text, {key_.Sign(text)}}));
  }
  reply.set_last_size(state_.last().size);
  reply.set_last_root(std::string(AsText(state_.last().root)));
  return reply;
}

}  // namespace trucewatch::evidence
