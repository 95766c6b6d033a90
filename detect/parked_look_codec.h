// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>

#include "core/types/observation.h"
#include "detect/parked/parked_book.h"
#include "trucewatch/v1/detect_worker.pb.h"

namespace trucewatch {

// What a worker says of a whole look, besides where it was taken from.
void AddParkedVehicles(std::span<const Detection> vehicles, v1::DetectParkedLook* to);
// Its pixels and vehicles; nothing when it cannot be one: it comes from a worker that may have been
// taken over.
std::optional<parked::ParkedLook> ParkedPixels(const v1::DetectParkedLook& message);

}  // namespace trucewatch
