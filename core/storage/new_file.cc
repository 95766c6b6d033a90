// SPDX-License-Identifier: Apache-2.0
#include "core/storage/new_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace trucewatch {

Result<void> WriteNewFile(const std::string& path, std::string_view text, mode_t mode) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) {
    if (errno == EEXIST) {
      return Fail(ErrorCode::kBadInput, "{}: is there already; a key is never overwritten", path);
    }
    return Fail(ErrorCode::kIo, "{}: cannot be created: {}", path, std::strerror(errno));
  }
  const ssize_t written = ::write(fd, text.data(), text.size());
  const bool good = written == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  ::close(fd);
  if (!good) return Fail(ErrorCode::kIo, "{}: writing failed", path);
  return {};
}

}  // namespace trucewatch
