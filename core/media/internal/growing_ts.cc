// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/media/internal/live_inputs.h"

namespace trucewatch::internal {
namespace {

struct Descriptor {
  int fd = -1;
  Descriptor() = default;
  explicit Descriptor(int open_fd) : fd(open_fd) {}
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
  Descriptor(Descriptor&& other) noexcept : fd(std::exchange(other.fd, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
};

class GrowingTs final : public LiveTs {
 public:
  GrowingTs(Descriptor file, Descriptor watch, std::string name, Duration quiet_end)
      : file_(std::move(file)),
        watch_(std::move(watch)),
        name_(std::move(name)),
        quiet_end_(quiet_end) {}

  Result<std::optional<std::string>> Receive(Duration wait) override {
    if (ended_) return std::optional<std::string>();
    TW_ASSIGN_OR_RETURN(std::string bytes, ReadNew());
    if (bytes.empty()) {
      TW_RETURN_IF_ERROR(WaitForGrowth(wait));
      TW_ASSIGN_OR_RETURN(bytes, ReadNew());
    }
    if (!bytes.empty()) {
      quiet_ = Duration();
      return std::optional<std::string>(std::move(bytes));
    }
    // The sum of the waits in vain, so that no clock is needed here. A wait may end early for a
    // change that brought no bytes: then it counts for nothing.
    if (waited_in_full_) quiet_ = quiet_ + wait;
    ended_ = quiet_end_ > Duration() && quiet_ >= quiet_end_;
    return std::optional<std::string>();
  }

  bool ended() const override { return ended_; }

 private:
  Result<std::string> ReadNew() {
    struct stat now {};
    if (fstat(file_.fd, &now) != 0) return Failed("fstat");
    if (static_cast<std::uint64_t>(now.st_size) < at_) {
      return Fail(ErrorCode::kIo,
                  "{}: became shorter than the {} bytes that were read of it: it was written anew",
                  name_, at_);
    }
    std::string bytes(
        std::min<std::uint64_t>(kMaxBytes, static_cast<std::uint64_t>(now.st_size) - at_), '\0');
    if (bytes.empty()) return bytes;
    const ssize_t size = pread(file_.fd, bytes.data(), bytes.size(), static_cast<off_t>(at_));
    if (size < 0 && errno != EINTR) return Failed("cannot be read");
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    at_ += bytes.size();
    return bytes;
  }

  // Until the kernel says that the file was changed, or `wait` is over. On a network file system
  // the kernel says nothing; then each Receive sees what has come since the last.
  Result<void> WaitForGrowth(Duration wait) {
    pollfd waiting{watch_.fd, POLLIN, 0};
    const std::int64_t ms = std::clamp<std::int64_t>((wait.micros() + 999) / 1000, 0, 3'600'000);
    const int ready = poll(&waiting, 1, static_cast<int>(ms));
    if (ready < 0 && errno != EINTR) return Failed("poll");
    waited_in_full_ = ready == 0;
    if (ready > 0) {  // what was said does not matter, only that it was
      char events[4096];
      while (read(watch_.fd, events, sizeof events) > 0) {
      }
    }
    return {};
  }

  tl::unexpected<Error> Failed(const char* what) const {
    return Fail(ErrorCode::kIo, "{}: {}: {}", name_, what, std::strerror(errno));
  }

  Descriptor file_;
  Descriptor watch_;
  std::string name_;
  Duration quiet_end_;
  Duration quiet_;
  std::uint64_t at_ = 0;
  bool waited_in_full_ = false;
  bool ended_ = false;
};

}  // namespace

Result<std::unique_ptr<LiveTs>> OpenGrowingTs(const std::string& path, const std::string& name,
                                              const LiveTsOptions& options) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (file.fd < 0) {
    return Fail(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo, "{}: cannot be opened: {}",
                name, std::strerror(errno));
  }
  struct stat status {};
  if (fstat(file.fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    return Fail(ErrorCode::kBadInput, "{}: is no file", name);
  }
  Descriptor watch(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (watch.fd < 0 || inotify_add_watch(watch.fd, path.c_str(), IN_MODIFY | IN_CLOSE_WRITE) < 0) {
    return Fail(ErrorCode::kUnavailable, "{}: cannot be watched: {}", name, std::strerror(errno));
  }
  return std::make_unique<GrowingTs>(std::move(file), std::move(watch), name, options.quiet_end);
}

}  // namespace trucewatch::internal
