// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/base/result.h"
#include "ingest/klv/inspect_klv.h"

namespace trucewatch {

// `inspect --json` of an MPEG transport stream: one line a picture ("format": "video", "stream",
// "codec", "pts_s", "time_utc" when the picture carries a stamp, "key", "width_px", "height_px")
// and one a KLV record (inspect_klv.h; its "offset" is that of the transport packet its payload
// begins with), in the order of the stream; the last line ("format": "alignment") says which KLV
// stream would be followed and how far it is beside the pictures. Transport damage is a line with
// "ok": false ("format": "video", "offset" where it was noticed). kBadInput when the file is no
// transport stream; errors of `read` are passed on.
Result<void> InspectTs(const std::string& file, const ReadChunk& read, const EmitLine& emit);

}  // namespace trucewatch
