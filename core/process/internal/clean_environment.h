// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace trucewatch::process {

// What of our environment a child gets: keys' passwords and the like may stand in it.
std::vector<std::string> CleanEnvironment();

// As exec takes them; valid as long as the texts are.
std::vector<char*> Pointers(std::vector<std::string>& texts);

}  // namespace trucewatch::process
