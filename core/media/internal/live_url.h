// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/base/result.h"

namespace trucewatch::internal {

// scheme://[user:password@]host:port/path?key=value&key=value
struct LiveUrl {
  std::string scheme;
  std::string user;  // with the password, as written
  std::string host;
  std::string port;                          // digits; may be empty
  std::string path;                          // from the slash on; may be empty
  std::string query_text;                    // as written, without the question mark
  std::map<std::string, std::string> query;  // of a key that is there twice the first
};

// Nothing when the text has no such form. Refuses control characters and blanks, so that nothing of
// it can become a line of somebody's protocol.
std::optional<LiveUrl> ParseLiveUrl(const std::string& url);

// Four numbers with dots. Names are not looked up: that may take as long as it likes.
bool IsIpv4(const std::string& host);

}  // namespace trucewatch::internal
