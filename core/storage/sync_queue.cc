// SPDX-License-Identifier: Apache-2.0
#include "core/storage/sync_queue.h"

#include <linux/aio_abi.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace trucewatch {
namespace {

constexpr std::size_t kAtOnce = 32;

}  // namespace

SyncQueue::~SyncQueue() {
  if (context_ != 0) ::syscall(SYS_io_destroy, context_);
}

bool SyncQueue::Open() {
  if (context_ != 0) return true;
  failed_ = failed_ || ::syscall(SYS_io_setup, kAtOnce, &context_) != 0;
  return !failed_;
}

bool SyncQueue::Sync(std::vector<Item>& items) {
  const std::lock_guard lock(mutex_);
  if (!Open()) return false;
  for (std::size_t begin = 0; begin < items.size(); begin += kAtOnce) {
    const std::size_t count = std::min(kAtOnce, items.size() - begin);
    std::vector<iocb> jobs(count);
    std::vector<iocb*> pointers(count);
    for (std::size_t i = 0; i < count; ++i) {
      jobs[i].aio_data = begin + i;
      jobs[i].aio_fildes = static_cast<std::uint32_t>(items[begin + i].fd);
      jobs[i].aio_lio_opcode = items[begin + i].data_only ? IOCB_CMD_FDSYNC : IOCB_CMD_FSYNC;
      pointers[i] = &jobs[i];
    }
    const long taken =
        ::syscall(SYS_io_submit, context_, static_cast<long>(count), pointers.data());
    std::vector<io_event> events(count);
    for (long done = 0; done < taken;) {
      const long got =
          ::syscall(SYS_io_getevents, context_, taken - done, taken - done, events.data(), nullptr);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return false;
      for (long i = 0; i < got; ++i) {
        const io_event& event = events[static_cast<std::size_t>(i)];
        items[event.data].error = event.res < 0 ? static_cast<int>(-event.res) : 0;
      }
      done += got;
    }
    if (taken != static_cast<long>(count)) return false;
  }
  return true;
}

}  // namespace trucewatch
