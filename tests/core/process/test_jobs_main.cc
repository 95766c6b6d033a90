// SPDX-License-Identifier: Apache-2.0
// A job server whose jobs do what hostile bytes would make them do, by the request's first word.
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <vector>

#include "core/process/job_server.h"

namespace trucewatch {
namespace {

int g_jobs = 0;  // seen by this process

std::string Word(bool done) { return done ? "done" : std::strerror(errno); }

std::string ReadFile(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY);
  if (fd < 0) return std::strerror(errno);
  char bytes[64] = {};
  const ssize_t got = ::read(fd, bytes, sizeof(bytes));
  return got < 0 ? std::strerror(errno)
                 : "read: " + std::string(bytes, static_cast<std::size_t>(got));
}

std::string OpenDescriptors() {
  std::string open;
  for (int fd = 0; fd < 256; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) open += (open.empty() ? "" : " ") + std::to_string(fd);
  }
  return open;
}

// Keeps the compiler from leaving memory out that nobody reads.
void Touch(void* memory, std::size_t size) {
  for (std::size_t i = 0; i < size; i += 4096) static_cast<volatile char*>(memory)[i] = 1;
}

std::string Eat(std::size_t bytes, bool with_new) {
  constexpr std::size_t kPiece = 8 << 20;
  for (std::size_t eaten = 0; eaten < bytes; eaten += kPiece) {
    void* memory = with_new ? static_cast<void*>(new char[kPiece]) : std::malloc(kPiece);
    if (memory == nullptr) return "no memory after " + std::to_string(eaten >> 20) + " MiB";
    Touch(memory, kPiece);
  }
  return "eaten";
}

using Trick = std::function<std::string(const std::string& argument, JobChannel& channel)>;

const std::map<std::string, Trick>& Tricks() {
  static const std::map<std::string, Trick> tricks = {
      {"echo", [](const std::string& text, JobChannel&) { return text; }},
      {"count", [](const std::string&, JobChannel&) { return std::to_string(++g_jobs); }},
      {"ask",
       [](const std::string& text, JobChannel& channel) {
         const auto first = channel.Ask(text);
         const auto second = channel.Ask(text + text);
         return first && second ? *first + "/" + *second : "no answer";
       }},
      {"ask-without-end",
       [](const std::string&, JobChannel& channel) -> std::string {
         while (channel.Ask("more")) {
         }
         return "nobody answers";
       }},
      {"descriptors", [](const std::string&, JobChannel&) { return OpenDescriptors(); }},
      {"environment",
       [](const std::string&, JobChannel&) {
         std::string all;
         for (char** entry = ::environ; *entry != nullptr; ++entry)
           all += std::string(*entry) + "\n";
         return all;
       }},
      {"read", [](const std::string& path, JobChannel&) { return ReadFile(path); }},
      {"write",
       [](const std::string& path, JobChannel&) {
         return Word(::open(path.c_str(), O_WRONLY | O_CREAT, 0600) >= 0);
       }},
      {"remove",
       [](const std::string& path, JobChannel&) { return Word(::unlink(path.c_str()) == 0); }},
      {"socket", [](const std::string&,
                    JobChannel&) { return Word(::socket(AF_INET, SOCK_STREAM, 0) >= 0); }},
      {"unix-socket", [](const std::string&,
                         JobChannel&) { return Word(::socket(AF_UNIX, SOCK_STREAM, 0) >= 0); }},
      {"fork", [](const std::string&, JobChannel&) { return Word(::fork() >= 0); }},
      {"exec", [](const std::string&,
                  JobChannel&) { return Word(::execl("/bin/true", "true", nullptr) == 0); }},
      {"thread",
       [](const std::string&, JobChannel&) {
         pthread_t thread{};
         return Word(::pthread_create(
                         &thread, nullptr, [](void*) -> void* { return nullptr; }, nullptr) == 0);
       }},
      {"kill-parent",
       [](const std::string&, JobChannel&) { return Word(::kill(::getppid(), SIGKILL) == 0); }},
      {"signal-other",
       [](const std::string& pid, JobChannel&) {
         const int other = std::atoi(pid.c_str());
         return Word(::syscall(SYS_tgkill, other, other, SIGKILL) == 0);
       }},
      {"trace",
       [](const std::string&, JobChannel&) {
         return Word(::ptrace(PTRACE_ATTACH, ::getpid(), nullptr, nullptr) == 0);
       }},
      {"executable-memory",
       [](const std::string&, JobChannel&) {
         return Word(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
       }},
      {"make-executable",
       [](const std::string&, JobChannel&) {
         void* memory =
             ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
         return Word(::mprotect(memory, 4096, PROT_READ | PROT_EXEC) == 0);
       }},
      {"raise-limit",
       [](const std::string&, JobChannel&) {
         const rlimit more{RLIM_INFINITY, RLIM_INFINITY};
         return Word(::setrlimit(RLIMIT_CPU, &more) == 0);
       }},
      {"sleep", [](const std::string&, JobChannel&) { return Word(::usleep(1000) == 0); }},
      {"crash",
       [](const std::string&, JobChannel&) -> std::string {
         *static_cast<volatile int*>(nullptr) = 1;
         return "alive";
       }},
      {"abort", [](const std::string&, JobChannel&) -> std::string { std::abort(); }},
      {"quit", [](const std::string&, JobChannel&) -> std::string { ::_exit(0); }},
      {"spin",
       [](const std::string&, JobChannel&) -> std::string {
         volatile unsigned turns = 0;
         while (true) turns = turns + 1;
       }},
      {"stop-working",
       [](const std::string&, JobChannel&) -> std::string {
         char byte = 0;
         // The job's socket: nobody will say anything more.
         while (::read(3, &byte, 1) > 0 || ::read(4, &byte, 1) > 0) {
         }
         return "gone";
       }},
      {"stop-itself",
       [](const std::string&, JobChannel&) -> std::string {
         ::raise(SIGSTOP);
         return "went on";
       }},
      {"garbage",
       [](const std::string&, JobChannel&) -> std::string {
         const char garbage[] = "\xff\xff\xff\xff and more";
         for (int fd = 3; fd < 8; ++fd)
           static_cast<void>(::write(fd, garbage, sizeof(garbage)) > 0);
         return "garbage";
       }},
      {"eat-new", [](const std::string&, JobChannel&) { return Eat(std::size_t{1} << 30, true); }},
      {"eat-malloc",
       [](const std::string&, JobChannel&) { return Eat(std::size_t{1} << 30, false); }},
  };
  return tricks;
}

std::string Do(const std::string& request, JobChannel& channel) {
  const std::size_t space = request.find(' ');
  const auto trick = Tricks().find(request.substr(0, space));
  if (trick == Tricks().end()) return "unknown";
  return trick->second(space == std::string::npos ? "" : request.substr(space + 1), channel);
}

Result<JobServerParts> SetUp(const std::string& setup) {
  if (setup == "refuse") return Fail(ErrorCode::kBadInput, "the model is not there");
  // What a server has open is not its jobs' to see.
  static_cast<void>(::open("/etc/passwd", O_RDONLY));
  JobServerParts parts{.handler = Do, .readable = {}};
  if (!setup.empty()) parts.readable = {setup};
  return parts;
}

}  // namespace
}  // namespace trucewatch

int main() { return trucewatch::RunJobServer(trucewatch::SetUp) ? 0 : 1; }
