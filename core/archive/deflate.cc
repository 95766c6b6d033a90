// SPDX-License-Identifier: Apache-2.0
#include "core/archive/deflate.h"

#include <zlib.h>

#include "core/base/check.h"

namespace trucewatch {

std::string Deflate(std::string_view bytes, int level) {
  uLongf size = compressBound(static_cast<uLong>(bytes.size()));
  std::string packed(size, '\0');
  // It fails only without memory: the room is what zlib asks for.
  TW_CHECK(compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                     reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uLong>(bytes.size()),
                     level) == Z_OK);
  packed.resize(size);
  return packed;
}

Result<std::string> Inflate(std::string_view packed, std::uint64_t size, const std::string& name) {
  std::string bytes(size, '\0');
  uLongf made = static_cast<uLongf>(size);
  uLong used = static_cast<uLong>(packed.size());
  const int code = uncompress2(reinterpret_cast<Bytef*>(bytes.data()), &made,
                               reinterpret_cast<const Bytef*>(packed.data()), &used);
  if (code != Z_OK || made != size || used != packed.size()) {
    return Fail(ErrorCode::kBadInput,
                "{}: {} bytes that are no zlib stream of {} bytes (zlib says {})", name,
                packed.size(), size, code);
  }
  return bytes;
}

}  // namespace trucewatch
