// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "core/crypto/ed25519.h"

namespace trucewatch::audit {

// Writes, from docs/formats/bundle.md and apart from `trucewatch export bundle`, a small case
// bundle in FOLDER/case, with FOLDER/ledger, FOLDER/policy.txt and FOLDER/signer.vkey (the key of
// CaseKey(0x40), "chief"). Officers' bundles have `raw_bytes` of one camera in records of 65,424
// bytes, whose file has no hash of its own in case.txt, and 4,000 of a radar, whose file has one.
// kRecordings: a party's, with the same raw bytes and the entries opened that release them.
enum class CaseKind { kOfficers, kParties, kRecordings };
void WriteCase(const std::string& folder, CaseKind kind, std::uint64_t raw_bytes);

// A note over the text by "chief" with this key.
std::string SignCase(const std::string& text, std::uint8_t seed);

}  // namespace trucewatch::audit
