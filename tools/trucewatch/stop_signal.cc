// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/stop_signal.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>

#include "core/base/check.h"

namespace trucewatch::tools {
namespace {

// The only thing a handler may touch: a pipe (signal-safety(7)).
std::atomic<int> g_wake_fd = -1;

extern "C" void OnSignal(int number) {
  const char byte = 's';
  if (write(g_wake_fd.load(), &byte, 1) < 0) _exit(128 + number);
  signal(number, SIG_DFL);
}

}  // namespace

StopOnSignal::StopOnSignal() {
  TW_CHECK(pipe2(wake_, O_CLOEXEC) == 0);
  g_wake_fd = wake_[1];
  for (const int number : {SIGINT, SIGTERM}) signal(number, OnSignal);
  waiter_ = std::jthread([this] {
    char byte = 0;
    if (read(wake_[0], &byte, 1) == 1 && byte == 's') source_.request_stop();
  });
}

StopOnSignal::~StopOnSignal() {
  for (const int number : {SIGINT, SIGTERM}) signal(number, SIG_DFL);
  const char byte = 'q';
  TW_CHECK(write(wake_[1], &byte, 1) == 1);
  waiter_.join();
  g_wake_fd = -1;
  close(wake_[0]);
  close(wake_[1]);
}

}  // namespace trucewatch::tools
