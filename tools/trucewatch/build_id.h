// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace trucewatch::tools {

// "0.1.0 (a1b2c3d)".
std::string BuildId();

}  // namespace trucewatch::tools
