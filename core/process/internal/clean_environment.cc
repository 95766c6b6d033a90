// SPDX-License-Identifier: Apache-2.0
#include "core/process/internal/clean_environment.h"

#include <cstdlib>

namespace trucewatch::process {

std::vector<std::string> CleanEnvironment() {
  // One thread: OpenBLAS, which GDAL and OpenCV bring along, starts others as it is loaded.
  std::vector<std::string> clean = {"LC_ALL=C", "OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1"};
  for (const char* name :
       {"LD_LIBRARY_PATH", "ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"}) {
    if (const char* value = std::getenv(name)) clean.push_back(std::string(name) + "=" + value);
  }
  return clean;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace trucewatch::process
