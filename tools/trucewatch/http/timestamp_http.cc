// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/http/timestamp_http.h"

#include <httplib.h>

#include <chrono>

namespace trucewatch::tools {
namespace {

constexpr std::size_t kMaxTimestamp = 64 * 1024;

}  // namespace

Result<std::string> AskForTimestamp(const std::string& url, const std::string& request,
                                    Duration timeout) try {
  const std::size_t host = url.find("://");
  if (!url.starts_with("http://") && !url.starts_with("https://"))
    return Fail(ErrorCode::kUnavailable, "'{}' is no http:// or https:// address", url);
  const std::size_t slash = url.find('/', host + 3);
  httplib::Client client(url.substr(0, slash));
  if (!client.is_valid())
    return Fail(ErrorCode::kUnavailable, "'{}' is no http:// or https:// address", url);
  client.set_connection_timeout(0, timeout.micros());
  client.set_read_timeout(0, timeout.micros());
  client.set_write_timeout(0, timeout.micros());
  std::string body;
  // One that sends a byte at a time must not keep us either.
  const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(timeout.micros());
  httplib::Request post;
  post.method = "POST";
  post.path = slash == std::string::npos ? "/" : url.substr(slash);
  post.body = request;
  post.set_header("Content-Type", "application/timestamp-query");
  post.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    if (body.size() + size > kMaxTimestamp || std::chrono::steady_clock::now() > until)
      return false;
    body.append(data, size);
    return true;
  };
  const httplib::Result result = client.send(post);
  if (!result)
    return Fail(ErrorCode::kUnavailable, "no answer ({})", httplib::to_string(result.error()));
  const std::string type = result->get_header_value("Content-Type");
  if (result->status != 200 || !type.starts_with("application/timestamp-reply"))
    return Fail(ErrorCode::kUnavailable, "answered {} with content of type '{}'", result->status,
                type.substr(0, 60));
  return body;
} catch (const std::exception& e) {
  return Fail(ErrorCode::kUnavailable, "no answer ({})", e.what());
}

}  // namespace trucewatch::tools
