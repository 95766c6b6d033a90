// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/build_id.h"

#ifndef TRUCEWATCH_BUILD_ID
#error "set by tools/trucewatch/CMakeLists.txt"
#endif

namespace trucewatch::tools {

std::string BuildId() { return TRUCEWATCH_BUILD_ID; }

}  // namespace trucewatch::tools
