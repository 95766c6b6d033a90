// SPDX-License-Identifier: Apache-2.0
// Signed notes, checkpoints, verifier keys and policies, by the ledger's reader and by the audit's,
// which are written apart.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "core/base/check.h"
#include "core/note/signed_note.h"
#include "evidence/ledger/checkpoint.h"
#include "tools/audit/note.h"
#include "tools/audit/policy.h"

namespace trucewatch {
namespace {

// The audit counts sizes of up to 18 digits.
constexpr std::uint64_t kMaxAuditedSize = 999'999'999'999'999'999;

// What the ledger accepts, the audit reads the same; what it read, it writes back unchanged.
void CheckNote(std::string_view bytes) {
  const auto audited = audit::ReadNote(bytes);
  const auto note = ParseNote(bytes);
  if (!note) return;
  TW_CHECK(FormatNote(*note) == bytes);
  TW_CHECK(audited.has_value() && audited->text == note->text);
  TW_CHECK(audited->signatures.size() == note->signatures.size());
  for (std::size_t i = 0; i < note->signatures.size(); ++i) {
    TW_CHECK(audited->signatures[i].name == note->signatures[i].name);
    TW_CHECK(audited->signatures[i].id == note->signatures[i].key_id);
    TW_CHECK(audited->signatures[i].bytes == note->signatures[i].bytes);
  }
}

void CheckCheckpoint(std::string_view bytes) {
  const auto head = audit::ReadTreeHead(bytes);
  const auto checkpoint = evidence::ParseCheckpoint(bytes);
  if (!checkpoint) return;
  TW_CHECK(evidence::FormatCheckpoint(*checkpoint) == bytes);
  if (checkpoint->size > kMaxAuditedSize) return;
  TW_CHECK(head.has_value() && head->origin == checkpoint->origin);
  TW_CHECK(head->size == checkpoint->size && head->root == checkpoint->root);
}

void CheckKey(std::string_view bytes) {
  const auto audited = audit::ReadVerifierKey(bytes);
  const auto key = ParseVkey(bytes);
  if (!key) return;
  TW_CHECK(audited.has_value() && audited->name == key->name && audited->id == key->id());
  TW_CHECK(audited->type == key->type && audited->key == key->public_key);
}

}  // namespace
}  // namespace trucewatch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trucewatch;
  const std::string_view text = AsText(Bytes(data, size));
  CheckNote(text);
  CheckCheckpoint(text);
  if (const auto note = ParseNote(text)) CheckCheckpoint(note->text);
  CheckKey(text.substr(0, text.find('\n')));
  if (const auto policy = audit::ParsePolicy(text)) {
    for (const auto& [name, witness] : policy->witnesses) (void)policy->IsSatisfied({name});
  }
  return 0;
}
