// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/base/result.h"
#include "ingest/klv/inspect_klv.h"

namespace trucewatch {

// One line of `inspect --json` (docs/formats/inspect.md) for a SAFE folder or zip archive: what the
// product is, when and from where it was taken, which files a scene of it would be made of, and
// what is missing or damaged ("ok": false). Fails only when there is nothing at the path.
Result<void> InspectProduct(const std::string& path, const EmitLine& emit);

}  // namespace trucewatch
