// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/storage/storage.h"
#include "tools/trucewatch/case_files.h"

namespace trucewatch::tools {

// A picture of a case bundle.
struct CasePicture {
  std::string path;  // in the bundle, "pictures/1-drone1.png"
  std::string caption;
  std::string bytes;  // PNG
};

// For officers: what each camera saw at the moments that software's statements on the event rest
// on, with boxes about what it was said to have seen then; then what
// satellites saw of the place (case_chips.h). From the logs of a run's state folder,
// as they are; a moment that they do not hold (any more) has no picture. None of people: an event
// about a group of them has no picture at all. At most 12.
Result<std::vector<CasePicture>> CasePictures(Storage& storage, const std::string& state,
                                              const CaseEntries& entries);

// For parties: the newest of these moments at which vehicles can be drawn anew (detect/still.h);
// of the statements `told` alone. Nothing when there is none.
Result<std::optional<CasePicture>> RedrawnPicture(Storage& storage, const std::string& state,
                                                  const std::vector<Published>& told);

}  // namespace trucewatch::tools
