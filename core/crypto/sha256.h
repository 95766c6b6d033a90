// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/bytes.h"

namespace trucewatch {

// SHA-256 (FIPS 180-4) through OpenSSL, which uses the processor's SHA instructions.
Digest Sha256(Bytes bytes);
inline Digest Sha256(std::string_view text) { return Sha256(AsBytes(text)); }

}  // namespace trucewatch
