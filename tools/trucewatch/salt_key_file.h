// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/base/result.h"
#include "evidence/release/party_leaf.h"

namespace trucewatch::tools {

// The key of the salts of a parties' ledger: two lines, "trucewatch/salt-key/v1" and 64 hexadecimal
// digits. Who has it can open every commitment.
Result<evidence::SaltKey> ReadSaltKey(const std::string& path);
// A new random one, mode 0600; never overwritten, since without the old one nothing that was
// committed can be opened.
Result<void> WriteSaltKey(const std::string& path);

}  // namespace trucewatch::tools
