// SPDX-License-Identifier: Apache-2.0
#include "core/media/live_ts.h"

#include <string_view>

#include "core/media/internal/live_inputs.h"

namespace trucewatch {

Result<std::unique_ptr<LiveTs>> OpenLiveTs(const std::string& url, const LiveTsOptions& options) {
  constexpr std::string_view kGrowing = "file+grow:";
  const std::string name = WithoutCredentials(url);
  if (url.starts_with(kGrowing)) {
    return internal::OpenGrowingTs(url.substr(kGrowing.size()), name, options);
  }
  const auto parsed = internal::ParseLiveUrl(url);
  if (parsed && parsed->scheme == "udp") return internal::OpenUdpTs(*parsed, name);
  if (parsed && parsed->scheme == "srt") return internal::OpenSrtTs(*parsed, name, options);
  if (parsed && parsed->scheme == "tcp") return internal::OpenTcpTs(*parsed, name, options);
  if (parsed && parsed->scheme == "rtsp") return internal::OpenRtspTs(*parsed, name, options);
  return Fail(ErrorCode::kBadInput,
              "'{}' is no video feed; expected udp://, srt://, tcp:// or rtsp://ADDRESS:PORT, or "
              "file+grow:PATH",
              name);
}

}  // namespace trucewatch
