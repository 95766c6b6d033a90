// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"

namespace trucewatch::tools {

// 0: no error found (doubts are printed all the same); 4: it has errors; 3: it cannot be read.
struct CheckAgreementCommand {
  std::string file;
  bool json = false;  // docs/formats/agreement.md
};
Result<int> RunCheckAgreement(const CheckAgreementCommand& command);

}  // namespace trucewatch::tools
