// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/time/instant.h"

namespace trucewatch {

// A wire to one peer that carries whole messages and promises nothing: a message may be lost,
// doubled or late. An interface so that tests can do just that. Threads: one caller at a time.
class Link {
 public:
  virtual ~Link() = default;
  virtual Result<void> Send(std::string message) = 0;
  // The next message, or nothing when none came within `wait`.
  virtual Result<std::optional<std::string>> Receive(Duration wait) = 0;
  // Drops the connection and makes a new one; messages under way may be lost.
  virtual Result<void> Reset() = 0;
};

}  // namespace trucewatch
