// SPDX-License-Identifier: Apache-2.0
#include "core/media/internal/coroutine.h"

#include <sys/mman.h>
#include <ucontext.h>

#include <cstdint>
#include <utility>

#include "core/base/check.h"

// The sanitizers must be told on which stack the thread is.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1  // NOLINT: GCC's name for it
#endif
#if __has_feature(thread_sanitizer) && !defined(__SANITIZE_THREAD__)
#define __SANITIZE_THREAD__ 1  // NOLINT
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

namespace trucewatch::internal {
namespace {

constexpr std::size_t kGuardBytes = 64 << 10;  // below the stack; a whole number of pages anywhere

// One of the two stacks, as the sanitizers know it.
struct Side {
  ucontext_t context{};
  void* fake_stack = nullptr;
  const void* bottom = nullptr;
  std::size_t size = 0;
  void* fiber = nullptr;
};

void Switch(Side& from, Side& to, bool from_ends) {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_start_switch_fiber(from_ends ? nullptr : &from.fake_stack, to.bottom, to.size);
#endif
#ifdef __SANITIZE_THREAD__
  from.fiber = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(to.fiber, 0);
#endif
  static_cast<void>(from_ends);
  TW_CHECK(::swapcontext(&from.context, &to.context) == 0);
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(from.fake_stack, &to.bottom, &to.size);
#endif
}

}  // namespace

struct Coroutine::Impl {
  std::function<void(Coroutine&)> body;
  Coroutine* self = nullptr;
  void* mapped = nullptr;
  Side caller, inner;
  bool done = false;

  static void Enter(unsigned high, unsigned low) {
    auto* impl = reinterpret_cast<Impl*>((static_cast<std::uintptr_t>(high) << 32U) | low);
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(nullptr, &impl->caller.bottom, &impl->caller.size);
#endif
    impl->body(*impl->self);
    impl->done = true;
    Switch(impl->inner, impl->caller, true);
  }
};

Coroutine::Coroutine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

std::unique_ptr<Coroutine> Coroutine::Create(std::function<void(Coroutine&)> body) {
  auto impl = std::make_unique<Impl>();
  impl->body = std::move(body);
  void* mapped = ::mmap(nullptr, kGuardBytes + kStackBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  impl->mapped = mapped;
  // What overruns the stack ends the process.
  if (::mprotect(mapped, kGuardBytes, PROT_NONE) != 0 || ::getcontext(&impl->inner.context) != 0) {
    ::munmap(mapped, kGuardBytes + kStackBytes);
    return nullptr;
  }
  impl->inner.bottom = static_cast<char*>(mapped) + kGuardBytes;
  impl->inner.size = kStackBytes;
  impl->inner.context.uc_stack.ss_sp = static_cast<char*>(mapped) + kGuardBytes;
  impl->inner.context.uc_stack.ss_size = kStackBytes;
  impl->inner.context.uc_link = nullptr;
#ifdef __SANITIZE_THREAD__
  impl->inner.fiber = __tsan_create_fiber(0);
#endif
  const auto address = reinterpret_cast<std::uintptr_t>(impl.get());
  // makecontext(3): arguments are ints, so a pointer is two of them.
  ::makecontext(&impl->inner.context, reinterpret_cast<void (*)()>(&Impl::Enter), 2,
                static_cast<unsigned>(address >> 32U), static_cast<unsigned>(address));
  auto made = std::unique_ptr<Coroutine>(new Coroutine(std::move(impl)));
  made->impl_->self = made.get();
  return made;
}

Coroutine::~Coroutine() {
#ifdef __SANITIZE_THREAD__
  __tsan_destroy_fiber(impl_->inner.fiber);
#endif
  ::munmap(impl_->mapped, kGuardBytes + kStackBytes);
}

void Coroutine::Resume() {
  if (!impl_->done) Switch(impl_->caller, impl_->inner, false);
}

void Coroutine::Yield() { Switch(impl_->inner, impl_->caller, false); }

bool Coroutine::done() const { return impl_->done; }

}  // namespace trucewatch::internal
