// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/base/result.h"
#include "ingest/klv/inspect_klv.h"

namespace trucewatch {

// One line of `inspect --json` (docs/formats/inspect.md) for an image: size, place, resolution, and
// what it lacks to be used alone, or the reason why it cannot be read ("ok": false). Only its head
// is read. Fails only when there is no such file.
Result<void> InspectRaster(const std::string& file, const EmitLine& emit);

// One line for a STAC item, catalog or collection. Checksums of an item's local assets are checked.
Result<void> InspectStac(const std::string& file, const ReadChunk& read, const EmitLine& emit);

}  // namespace trucewatch
