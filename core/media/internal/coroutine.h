// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

namespace trucewatch::internal {

// A function with a stack of its own that runs in turns with whoever calls it: in one thread, so a
// process that may start none can use it too. Threads: one caller at a time.
// Ownership: the body must have returned when the object goes.
class Coroutine {
 public:
  // Null when there is no memory for the stack (kStackBytes, mapped as it is used).
  static std::unique_ptr<Coroutine> Create(std::function<void(Coroutine&)> body);
  ~Coroutine();
  Coroutine(const Coroutine&) = delete;
  Coroutine& operator=(const Coroutine&) = delete;

  // Caller's side: lets the body run until it yields or returns; nothing to do after that.
  void Resume();
  // Body's side: back to the caller, until it resumes.
  void Yield();
  bool done() const;

  static constexpr std::size_t kStackBytes = std::size_t{1} << 20;

 private:
  struct Impl;
  explicit Coroutine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace trucewatch::internal
