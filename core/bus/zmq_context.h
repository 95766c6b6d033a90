// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace trucewatch {

// The ZeroMQ context: one per process, made by main and passed in; inproc endpoints meet only
// within one. It outlives every ZmqLink and LogServer made with it. Threads: thread-safe.
class ZmqContext {
 public:
  ZmqContext();
  ~ZmqContext();
  ZmqContext(const ZmqContext&) = delete;
  ZmqContext& operator=(const ZmqContext&) = delete;

  void* handle() const { return handle_; }  // for core/bus

 private:
  void* const handle_;
};

}  // namespace trucewatch
