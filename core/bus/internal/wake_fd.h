// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

namespace trucewatch::bus {

// Wakes a poll from other threads. Threads: Wake by any, Drain by the one that polls.
class WakeFd {
 public:
  WakeFd() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~WakeFd() {
    if (fd_ >= 0) ::close(fd_);
  }
  WakeFd(const WakeFd&) = delete;
  WakeFd& operator=(const WakeFd&) = delete;

  int fd() const { return fd_; }  // negative: no file descriptor was left
  void Wake() {
    // Fails only when the counter is full, and then a wake-up is pending anyway.
    [[maybe_unused]] const int status = ::eventfd_write(fd_, 1);
  }
  bool Drain() {
    eventfd_t value = 0;
    return ::eventfd_read(fd_, &value) == 0;
  }

 private:
  const int fd_;
};

}  // namespace trucewatch::bus
