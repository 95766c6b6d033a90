// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "core/base/bytes.h"
#include "core/media/internal/live_url.h"
#include "core/media/live_ts.h"

namespace trucewatch::internal {

// One function a scheme; `name` is the URL as it may be logged.
Result<std::unique_ptr<LiveTs>> OpenUdpTs(const LiveUrl& url, const std::string& name);
Result<std::unique_ptr<LiveTs>> OpenGrowingTs(const std::string& path, const std::string& name,
                                              const LiveTsOptions& options);
Result<std::unique_ptr<LiveTs>> OpenSrtTs(const LiveUrl& url, const std::string& name,
                                          const LiveTsOptions& options);
Result<std::unique_ptr<LiveTs>> OpenTcpTs(const LiveUrl& url, const std::string& name,
                                          const LiveTsOptions& options);
Result<std::unique_ptr<LiveTs>> OpenRtspTs(const LiveUrl& url, const std::string& name,
                                           const LiveTsOptions& options);

// Payload of an RTP packet that carries transport packets (RFC 3550 section 5.1, RFC 2250), and its
// sequence number. Nothing when these bytes are no such packet.
struct RtpTs {
  Bytes payload;
  std::uint16_t sequence = 0;
};
std::optional<RtpTs> ParseRtpTs(Bytes datagram);

}  // namespace trucewatch::internal
