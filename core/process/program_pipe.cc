// SPDX-License-Identifier: Apache-2.0
#include "core/process/program_pipe.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include "core/process/internal/clean_environment.h"

namespace trucewatch {
namespace {

constexpr std::size_t kMaxWords = 2000;  // of what a program complained

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { Close(); }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    Close();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

struct Started {
  pid_t pid = -1;
  Descriptor words;  // its standard error, in memory
  int status = 0;
};

Result<Started> StartProgram(ProgramLine argv, int in, int out) {
  Started started;
  started.words = Descriptor(::memfd_create("words", MFD_CLOEXEC));
  if (started.words.get() < 0)
    return Fail(ErrorCode::kUnavailable, "memfd_create: {}", std::strerror(errno));
  std::vector<std::string> environment = process::CleanEnvironment();
  if (const char* path = std::getenv("PATH")) environment.push_back(std::string("PATH=") + path);
  const std::vector<char*> arguments = process::Pointers(argv);
  const std::vector<char*> variables = process::Pointers(environment);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  const auto stands_for = [&](int fd, int standard, int flags) {
    if (fd >= 0) {
      posix_spawn_file_actions_adddup2(&actions, fd, standard);
    } else {
      posix_spawn_file_actions_addopen(&actions, standard, "/dev/null", flags, 0);
    }
  };
  stands_for(in, STDIN_FILENO, O_RDONLY);
  stands_for(out, STDOUT_FILENO, O_WRONLY);
  posix_spawn_file_actions_adddup2(&actions, started.words.get(), STDERR_FILENO);
  // One whose reader has failed ends by the signal, whatever we do with ours: so that it is known
  // which of them failed by itself.
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &broken_pipe);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  const int error = ::posix_spawnp(&started.pid, arguments[0], &actions, &attributes,
                                   arguments.data(), variables.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    return Fail(ErrorCode::kUnavailable, "{}: cannot be started: {}; is it installed?", argv[0],
                std::strerror(error));
  }
  return started;
}

// What it wrote to standard error, without control characters that a terminal would obey.
std::string WordsOf(const Descriptor& words) {
  std::array<char, kMaxWords> text{};
  const ssize_t size = ::pread(words.get(), text.data(), text.size(), 0);
  std::string out;
  for (ssize_t i = 0; i < size; ++i) {
    const char c = text[static_cast<std::size_t>(i)];
    if (c == '\n') {
      out += "; ";
    } else if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) {
      out.push_back(c);
    }
  }
  while (out.ends_with("; ")) out.resize(out.size() - 2);
  return out;
}

}  // namespace

Result<void> RunPiped(const std::vector<ProgramLine>& programs) {
  std::vector<Started> running;
  std::optional<Error> not_started;
  Descriptor in;
  for (std::size_t i = 0; i < programs.size() && !not_started; ++i) {
    Descriptor out, next;
    if (i + 1 < programs.size()) {
      int ends[2];
      if (::pipe2(ends, O_CLOEXEC) != 0) {
        not_started = Error{ErrorCode::kUnavailable, std::string("pipe: ") + std::strerror(errno)};
        break;
      }
      next = Descriptor(ends[0]);
      out = Descriptor(ends[1]);
    }
    auto started = StartProgram(programs[i], in.get(), out.get());
    if (started) {
      running.push_back(std::move(*started));
    } else {
      not_started = started.error();
    }
    in = std::move(next);
  }
  in.Close();  // a writer without a reader ends
  for (Started& one : running) {
    while (::waitpid(one.pid, &one.status, 0) < 0 && errno == EINTR) {
    }
  }
  if (not_started) return tl::unexpected<Error>(*not_started);
  const auto failed_by_itself = [](int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) != 0 : WTERMSIG(status) != SIGPIPE;
  };
  for (std::size_t i = 0; i < running.size(); ++i) {
    const int status = running[i].status;
    if (!failed_by_itself(status)) continue;
    const std::string words = WordsOf(running[i].words);
    if (WIFSIGNALED(status))
      return Fail(ErrorCode::kBadInput, "{}: ended by signal {}: {}", programs[i][0],
                  WTERMSIG(status), words);
    return Fail(ErrorCode::kBadInput, "{}: ended with {}: {}", programs[i][0], WEXITSTATUS(status),
                words);
  }
  for (std::size_t i = 0; i < running.size(); ++i) {
    if (running[i].status != 0)
      return Fail(ErrorCode::kBadInput, "{}: could not write all it had", programs[i][0]);
  }
  return {};
}

}  // namespace trucewatch
