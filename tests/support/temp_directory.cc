// SPDX-License-Identifier: Apache-2.0
#include "tests/support/temp_directory.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace trucewatch::testing {

TempDirectory::TempDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "trucewatch-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
  path_ = name;
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace trucewatch::testing
