// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace trucewatch {

// Seeds of stac_fuzzer, from the documents and files that the tests make.
void WriteStacSeeds(const std::function<void(const std::string&, std::string_view)>& write);

}  // namespace trucewatch
