// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"

namespace trucewatch::tools {

// 0: no error found (doubts are printed all the same); 4: errors, or a signature that is missing or
// bad; 3: a file cannot be read.
struct CheckAgreementCommand {
  std::vector<std::string> files;  // several: versions, the first one first
  bool json = false;               // docs/formats/agreement.md
  std::string map;                 // empty: no picture of the (last) version
  std::vector<std::string> keys;   // public keys (.vkey) that must have signed the (last) version
};
Result<int> RunCheckAgreement(const CheckAgreementCommand& command);

// Writes the points of map files into the text.
struct FreezeAgreementCommand {
  std::string file;
  std::string out;
};
Result<int> RunFreezeAgreement(const FreezeAgreementCommand& command);

// Adds a signature to FILE.note.
struct SignAgreementCommand {
  std::string file;
  std::string key;  // private key file of a side
};
Result<int> RunSignAgreement(const SignAgreementCommand& command);

}  // namespace trucewatch::tools
