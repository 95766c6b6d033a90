// SPDX-License-Identifier: Apache-2.0
// Notes of human records, and the flat JSON inside them.
#include <cstddef>
#include <cstdint>

#include "core/base/check.h"
#include "ingest/human/flat_json.h"
#include "ingest/human/human_record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trucewatch;
  static const Ed25519KeyPair pair = Ed25519KeyPair::FromSeed(Ed25519Seed{});
  const std::string_view text = AsText(Bytes(data, size));
  const NoteKey key{"fuzz", kNoteEd25519, pair.public_key()};
  (void)ReportedTime(text);
  (void)ParseHumanRecord(text, std::span(&key, 1));
  const auto object = human::ParseFlatJson(text);
  if (!object) return 0;
  // The same text, signed: what is taken can be written, and reads the same.
  const std::string signed_text = std::string(kHumanRecordHeader) + "\n" + std::string(text) + "\n";
  const std::string note = FormatNote({signed_text, {SignNote(signed_text, "fuzz", pair)}});
  const auto record = ParseHumanRecord(note, std::span(&key, 1));
  if (!record) return 0;
  const auto again = WriteHumanRecord(*record, "fuzz", pair);
  TW_CHECK(again.has_value());
  const auto back = ParseHumanRecord(*again, std::span(&key, 1));
  TW_CHECK(back.has_value() && back->text == record->text && back->reported == record->reported);
  return 0;
}
