// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>

#include "tests/support/shared_data.h"

// Readers that others wrote, asked about what the simulator writes.
namespace trucewatch::simulate::testing {

inline std::string OutputOf(const std::string& command) {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), &pclose);
  std::string text;
  std::array<char, 4096> block;
  while (const std::size_t n = fread(block.data(), 1, block.size(), pipe.get()))
    text.append(block.data(), n);
  return text;
}

// Whether the program is there; a missing one is a failure when CI=true.
inline bool Have(const std::string& program) {
  if (!OutputOf("command -v " + program).empty()) return true;
  if (trucewatch::testing::SharedDataRequired())
    ADD_FAILURE() << program << " is required when CI=true";
  return false;
}

}  // namespace trucewatch::simulate::testing
