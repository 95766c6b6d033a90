// SPDX-License-Identifier: Apache-2.0
#include "ingest/recorded/recorded_source.h"

namespace trucewatch {

Result<std::unique_ptr<RecordedSource>> OpenSceneFiles(Storage&,
                                                       const RecordedFileOptions& options) {
  return Fail(ErrorCode::kBadInput, "{}: this format is not in this build", options.path);
}

}  // namespace trucewatch
