// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/base/result.h"

namespace trucewatch::evidence {

// Held by the one process that may use some state. Freed by the kernel when the process dies, so
// that a killed one never blocks its successor.
class StateLock {
 public:
  // Makes the file when it is not there. kUnavailable when another process, or this one, holds it.
  static Result<StateLock> Take(const std::string& path);
  StateLock(StateLock&& other) noexcept;
  StateLock& operator=(StateLock&&) = delete;
  ~StateLock();

 private:
  explicit StateLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace trucewatch::evidence
