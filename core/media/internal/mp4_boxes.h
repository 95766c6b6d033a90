// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"
#include "core/media/ts_remuxer.h"

namespace trucewatch::internal {

// Refuses, before anybody parses the file, an MP4 or MOV whose tracks lie in other files (a data
// reference without the self-contained flag, ISO/IEC 14496-12 section 8.7.2) or whose index is
// compressed (QuickTime `cmov`: its stated size is memory taken on somebody's word). kBadInput with
// the byte offset. Other oddities are left to the parser.
Result<void> CheckMp4Boxes(const ContainerBytes& bytes);

}  // namespace trucewatch::internal
