// SPDX-License-Identifier: Apache-2.0
#include "core/media/internal/live_url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string_view>

#include "core/media/live_ts.h"

namespace trucewatch {
namespace internal {
namespace {

constexpr std::size_t kMaxUrl = 2048;

bool IsPlain(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c > 0x20 && c < 0x7F; });
}

}  // namespace

std::optional<LiveUrl> ParseLiveUrl(const std::string& text) {
  if (text.size() > kMaxUrl || !IsPlain(text)) return std::nullopt;
  const std::size_t colon = text.find("://");
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  LiveUrl url;
  url.scheme = text.substr(0, colon);
  std::string rest = text.substr(colon + 3);
  const std::size_t question = rest.find('?');
  if (question != std::string::npos) {
    url.query_text = rest.substr(question + 1);
    std::string_view query = url.query_text;
    while (!query.empty()) {
      const std::string_view part = query.substr(0, query.find('&'));
      query.remove_prefix(std::min(query.size(), part.size() + 1));
      const std::size_t equals = part.find('=');
      const bool bare = equals == std::string_view::npos;
      url.query.emplace(part.substr(0, equals), bare ? "" : part.substr(equals + 1));
    }
    rest.resize(question);
  }
  const std::size_t slash = rest.find('/');
  if (slash != std::string::npos) {
    url.path = rest.substr(slash);
    rest.resize(slash);
  }
  const std::size_t at = rest.rfind('@');
  if (at != std::string::npos) {
    url.user = rest.substr(0, at);
    rest.erase(0, at + 1);
  }
  const std::size_t port = rest.rfind(':');
  if (port != std::string::npos) {
    url.port = rest.substr(port + 1);
    rest.resize(port);
    if (url.port.empty() || url.port.size() > 5 || std::stoi("0" + url.port) > 65535 ||
        url.port.find_first_not_of("0123456789") != std::string::npos) {
      return std::nullopt;
    }
  }
  url.host = rest;
  return url;
}

bool IsIpv4(const std::string& host) {
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

}  // namespace internal

std::string WithoutCredentials(const std::string& url) {
  std::string out = url;
  const std::size_t scheme = out.find("://");
  if (scheme == std::string::npos) return out;
  // Only the host's part: an @ further on belongs to a path.
  const std::size_t from = scheme + 3;
  const std::size_t to = std::min(out.find_first_of("/?", from), out.size());
  const std::size_t at = to > from ? out.rfind('@', to - 1) : std::string::npos;
  if (at != std::string::npos && at > from) out.replace(from, at - from, "***");
  for (const std::string_view key : {"?passphrase=", "&passphrase="}) {
    const std::size_t begin = out.find(key);
    if (begin == std::string::npos) continue;
    const std::size_t value = begin + key.size();
    out.replace(value, std::min(out.find('&', value), out.size()) - value, "***");
  }
  return out;
}

}  // namespace trucewatch
