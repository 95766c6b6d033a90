// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/storage/storage.h"

namespace trucewatch::internal {

struct ImageFormat {
  const char* driver;     // the only one that GDAL may use
  const char* extension;  // of the name that GDAL sees
};

// By the first bytes. kBadInput says what it is instead; checks of a JPEG 2000 codestream what its
// header declares, because the decoder takes memory for every tile when it is opened.
Result<ImageFormat> RecogniseImage(const File& file, const std::string& name);

}  // namespace trucewatch::internal
