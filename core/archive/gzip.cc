// SPDX-License-Identifier: Apache-2.0
#include "core/archive/gzip.h"

#include <zlib.h>

#include <algorithm>

namespace trucewatch {
namespace {

constexpr std::size_t kGunzipStep = std::size_t{1} << 20;

// Ends the stream on every way out.
struct GzipStream {
  // 16: a gzip header and trailer, and nothing else.
  GzipStream() : started(inflateInit2(&z, 16 + MAX_WBITS) == Z_OK) {}
  ~GzipStream() {
    if (started) inflateEnd(&z);
  }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  z_stream z{};
  bool started;
};

}  // namespace

bool IsGzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

Result<std::string> Gunzip(std::string_view packed, const std::string& name,
                           std::uint64_t max_size) {
  GzipStream stream;
  if (!stream.started) return Fail(ErrorCode::kUnavailable, "zlib cannot be started");
  z_stream& z = stream.z;
  std::string out;
  std::size_t at = 0;    // of `packed`: given to zlib
  std::size_t size = 0;  // of `out`: unpacked
  bool ended = false;    // a member is complete
  while (true) {
    if (z.avail_in == 0 && at < packed.size()) {
      const std::size_t part = std::min(kGunzipStep, packed.size() - at);
      // zlib does not write through it; its interface is older than const.
      z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + at));
      z.avail_in = static_cast<uInt>(part);
      at += part;
    }
    if (ended) {
      if (z.avail_in == 0) break;
      inflateReset(&z);
      ended = false;
    }
    if (size == out.size()) {
      // One byte more than allowed shows that there is more.
      const std::uint64_t room = max_size - size + 1;
      out.resize(size + static_cast<std::size_t>(std::min<std::uint64_t>(kGunzipStep, room)));
    }
    z.next_out = reinterpret_cast<Bytef*>(out.data() + size);
    z.avail_out = static_cast<uInt>(out.size() - size);
    const int code = inflate(&z, Z_NO_FLUSH);
    size = out.size() - z.avail_out;
    if (size > max_size) {
      return Fail(ErrorCode::kBadInput, "{}: unpacks to more than the {} bytes allowed", name,
                  max_size);
    }
    ended = code == Z_STREAM_END;
    if (code != Z_OK && code != Z_STREAM_END) {
      return Fail(ErrorCode::kBadInput, "{}: byte {}: damaged gzip data ({})", name,
                  at - z.avail_in, z.msg != nullptr ? z.msg : "it ends before its end");
    }
  }
  out.resize(size);
  return out;
}

}  // namespace trucewatch
