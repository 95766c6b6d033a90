// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/base/result.h"

namespace trucewatch::tools {

struct AuditBundleCommand {
  std::string folder;  // of the case bundle
  std::string signer;  // file of vkeys that may have signed it
  std::string policy;
  std::string ca;  // PEM file; empty: no time-stamp is asked for
};
Result<int> RunAuditBundle(const AuditBundleCommand& command);

}  // namespace trucewatch::tools
