// SPDX-License-Identifier: Apache-2.0
#include "evidence/signer/run_signer.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/process/framing.h"
#include "evidence/signer/signer_process.h"

namespace trucewatch::evidence {
namespace {

// Freed by the kernel when the process dies, so that a killed signer never blocks its successor.
class StateLock {
 public:
  static Result<StateLock> Take(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return Fail(ErrorCode::kIo, "{}: {}", path, std::strerror(errno));
    StateLock lock(fd);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      return Fail(ErrorCode::kUnavailable, "{}: another signer of this log is running", path);
    }
    return lock;
  }
  StateLock(StateLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  StateLock& operator=(StateLock&&) = delete;
  ~StateLock() {
    if (fd_ >= 0) ::close(fd_);
  }

 private:
  explicit StateLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace

Result<void> RunSigner(Storage& storage, const SignerOptions& options, int in_fd, int out_fd) {
  TW_ASSIGN_OR_RETURN(const StateLock lock, StateLock::Take(options.state_file + ".lock"));
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<InProcessSigner> signer,
                      InProcessSigner::Open(storage, options));
  while (true) {
    TW_ASSIGN_OR_RETURN(const std::optional<std::string> frame,
                        ReceiveFrame(in_fd, kMaxSignerFrame, WaitAtMost({})));
    if (!frame) return {};
    v1::SignRequest request;
    if (!request.ParseFromString(*frame)) {
      return Fail(ErrorCode::kBadInput, "{} bytes that are no SignRequest", frame->size());
    }
    TW_ASSIGN_OR_RETURN(const v1::SignReply reply, signer->Sign(request));
    TW_RETURN_IF_ERROR(SendFrame(out_fd, reply.SerializeAsString(), kMaxSignerFrame));
  }
}

}  // namespace trucewatch::evidence
