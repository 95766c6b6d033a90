// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <vector>

namespace trucewatch {

// Syncs of several files at the same time, by the kernel's asynchronous I/O: without threads of our
// own, which cost more than the syncs where the disk is fast. Threads: thread-safe.
class SyncQueue {
 public:
  SyncQueue() = default;
  ~SyncQueue();
  SyncQueue(const SyncQueue&) = delete;
  SyncQueue& operator=(const SyncQueue&) = delete;

  struct Item {
    int fd = -1;
    bool data_only = true;  // fdatasync, else fsync
    int error = 0;          // of the sync, as in errno; 0: durable
  };
  // Sets `error` of those that were done. False: not all were, because this kernel, or what
  // confines the process, does not allow it.
  bool Sync(std::vector<Item>& items);

 private:
  bool Open();

  std::mutex mutex_;
  unsigned long context_ = 0;  // aio_context_t
  bool failed_ = false;        // to be made, and not tried again
};

}  // namespace trucewatch
