// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>
#include <thread>

namespace trucewatch::tools {

// Turns SIGINT and SIGTERM into a stop request, while it lives; at most one at a time. A second
// signal kills.
class StopOnSignal {
 public:
  StopOnSignal();
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  std::stop_token token() const { return source_.get_token(); }
  void RequestStop() { source_.request_stop(); }

 private:
  std::stop_source source_;
  int wake_[2] = {-1, -1};
  std::jthread waiter_;
};

}  // namespace trucewatch::tools
