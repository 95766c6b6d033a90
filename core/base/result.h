// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace trucewatch {

// Why an operation failed. Programmer errors are not here: they abort (core/base/check.h).
enum class ErrorCode {
  kUsage,        // the command line is wrong                          -> exit code 2
  kBadInput,     // a file, message or config does not say what it must -> exit code 3
  kNotFound,     // a named thing is not there                          -> exit code 3
  kUnavailable,  // a peer, port or device cannot be had now            -> exit code 3
  kCheckFailed,  // a verification was done and failed                  -> exit code 4
  kTimeout,      // nothing arrived in the time allowed
  kIo,           // storage failed
};

struct Error {
  ErrorCode code = ErrorCode::kBadInput;
  std::string message;  // what, where (file, line, byte), what was expected, what to do
};

// A value or an Error. Input and peer errors travel as values; nothing of ours throws.
template <typename T>
using Result = tl::expected<T, Error>;

template <typename... Args>
[[nodiscard]] tl::unexpected<Error> Fail(ErrorCode code, fmt::format_string<Args...> format,
                                         Args&&... args) {
  return tl::unexpected<Error>(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

// Same error with "where: " in front, for callers that know the file or source.
[[nodiscard]] inline tl::unexpected<Error> Prefix(const std::string& where, const Error& error) {
  return tl::unexpected<Error>(Error{error.code, where + ": " + error.message});
}

// Exit code of the program for an error (DESIGN.md rule 10).
int ExitCode(const Error& error);

}  // namespace trucewatch

#define TW_CONCAT_INNER(a, b) a##b
#define TW_CONCAT(a, b) TW_CONCAT_INNER(a, b)

// Returns the error of `expression` from the enclosing function, if it has one.
#define TW_RETURN_IF_ERROR(expression)                                             \
  do {                                                                             \
    auto tw_status = (expression);                                                 \
    if (!tw_status) return tl::unexpected<::trucewatch::Error>(tw_status.error()); \
  } while (false)

// Declares or assigns `lhs` from a Result, or returns its error.
#define TW_ASSIGN_OR_RETURN(lhs, expression) \
  TW_ASSIGN_OR_RETURN_INNER(TW_CONCAT(tw_result_, __LINE__), lhs, expression)
#define TW_ASSIGN_OR_RETURN_INNER(result, lhs, expression)                 \
  auto result = (expression);                                              \
  if (!result) return tl::unexpected<::trucewatch::Error>(result.error()); \
  lhs = std::move(*result)
