// SPDX-License-Identifier: Apache-2.0
#include "core/bus/log_server.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "core/bus/internal/read_protocol.h"
#include "core/bus/internal/zmq_socket.h"

namespace trucewatch {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t kMaxHeldQuestions = 1024;
constexpr std::uint64_t kMaxBatchBytes = kMaxRecordBytes;
constexpr Duration kMaxWait = Duration::Seconds(60);
// How long a watcher asks its log to wait: bounds how long stopping takes.
constexpr Duration kWatchWait = Duration::Millis(50);
constexpr Duration kIdleWait = Duration::Seconds(10);

// Wakes a poll from other threads.
class WakeFd {
 public:
  WakeFd() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~WakeFd() {
    if (fd_ >= 0) ::close(fd_);
  }
  WakeFd(const WakeFd&) = delete;
  WakeFd& operator=(const WakeFd&) = delete;

  int fd() const { return fd_; }
  void Wake() {
    // Fails only when the counter is full, and then a wake-up is pending anyway.
    [[maybe_unused]] const int status = ::eventfd_write(fd_, 1);
  }
  bool Drain() {
    eventfd_t value = 0;
    return ::eventfd_read(fd_, &value) == 0;
  }

 private:
  const int fd_;
};

}  // namespace

class LogServer::Loop {
 public:
  Loop(bus::ZmqSocket socket, std::vector<ServedLog> logs)
      : socket_(std::move(socket)), endpoint_(socket_.bound_endpoint()), logs_(std::move(logs)) {}

  ~Loop() {
    for (std::jthread& watcher : watchers_) watcher.request_stop();
    answerer_.request_stop();
    wake_.Wake();
  }

  Result<void> Start() {
    if (wake_.fd() < 0) return Fail(ErrorCode::kUnavailable, "no file descriptor is left");
    answerer_ = std::jthread([this](std::stop_token stop) { Answer(stop); });
    for (const ServedLog& log : logs_) {
      watchers_.emplace_back([this, &log](std::stop_token stop) { Watch(*log.reader, stop); });
    }
    return {};
  }

  const std::string& endpoint() const { return endpoint_; }

 private:
  struct Held {
    std::string peer;  // ZeroMQ's routing id
    bus::Question question;
    Steady::time_point deadline;
  };

  // Wakes the answering thread whenever the log grows.
  void Watch(LogReader& log, std::stop_token stop) {
    std::uint64_t seen = 0;
    std::mutex mutex;
    std::condition_variable_any stopped;
    while (!stop.stop_requested()) {
      const auto batch = log.ReadAfter(seen, 0, kWatchWait);
      if (!batch) {  // questions meet the same error and report it; here only not to spin
        std::unique_lock lock(mutex);
        stopped.wait_for(lock, stop, std::chrono::microseconds(kWatchWait.micros()),
                         [] { return false; });
        continue;
      }
      if (batch->last > seen || batch->closed) wake_.Wake();
      seen = batch->last;
      if (batch->closed) return;
    }
  }

  void Answer(std::stop_token stop) {
    while (!stop.stop_requested()) {
      if (!socket_.WaitReadable(NextWait(), wake_.fd())) return;
      const bool grown = wake_.Drain();
      // Bounded, so that a flood of questions cannot keep the held ones waiting.
      for (int i = 0; i < 64; ++i) {
        const auto frames = socket_.TryReceive();
        if (!frames) return;
        if (!*frames) break;
        if ((*frames)->size() == 2) Take(std::move((**frames)[0]), (**frames)[1]);
      }
      AnswerHeld(grown);
    }
  }

  Duration NextWait() const {
    auto next = Steady::now() + std::chrono::microseconds(kIdleWait.micros());
    for (const Held& held : held_) next = std::min(next, held.deadline);
    return Duration::Micros(
        std::chrono::duration_cast<std::chrono::microseconds>(next - Steady::now()).count());
  }

  void Take(std::string peer, const std::string& message) {
    auto question = bus::ParseQuestion(AsBytes(message));
    if (!question) return;  // it has no id that an answer could name
    // A peer asks one question at a time: a newer one means that the older was given up.
    std::erase_if(held_, [&](const Held& held) { return held.peer == peer; });
    const Duration wait = std::clamp(question->wait, Duration(), kMaxWait);
    Held held{.peer = std::move(peer),
              .question = std::move(*question),
              .deadline = Steady::now() + std::chrono::microseconds(wait.micros())};
    const bool can_hold = wait > Duration() && held_.size() < kMaxHeldQuestions;
    if (!TryAnswer(held, !can_hold)) held_.push_back(std::move(held));
  }

  void AnswerHeld(bool grown) {
    const auto now = Steady::now();
    std::erase_if(held_, [&](const Held& held) {
      const bool over = held.deadline <= now;
      return (grown || over) && TryAnswer(held, over);
    });
  }

  // True when the question is dealt with. An answer that cannot be sent is dropped: the consumer
  // asks again.
  bool TryAnswer(const Held& held, bool even_if_empty) {
    const bus::Question& question = held.question;
    bus::Answer answer{.request_id = question.request_id, .batch = {}, .error = {}};
    const auto log = std::find_if(logs_.begin(), logs_.end(), [&](const ServedLog& served) {
      return served.name == question.log;
    });
    if (log == logs_.end()) {
      answer.error = "there is no log '" + question.log + "' at " + endpoint_;
    } else if (auto batch = log->reader->ReadAfter(
                   question.after, std::min(question.max_bytes, kMaxBatchBytes), Duration())) {
      const bool something = batch->last > question.after || batch->closed;
      if (!something && !even_if_empty) return false;
      answer.batch = std::move(*batch);
    } else {
      answer.error = batch.error().message;
    }
    (void)socket_.TrySend({held.peer, Encode(answer)});
    return true;
  }

  bus::ZmqSocket socket_;
  const std::string endpoint_;
  const std::vector<ServedLog> logs_;
  WakeFd wake_;
  std::vector<Held> held_;
  // Last, so that they end before what they use.
  std::jthread answerer_;
  std::vector<std::jthread> watchers_;
};

LogServer::LogServer(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
LogServer::~LogServer() = default;
const std::string& LogServer::endpoint() const { return loop_->endpoint(); }

Result<std::unique_ptr<LogServer>> LogServer::Start(const ZmqContext& context,
                                                    const std::string& endpoint,
                                                    std::vector<ServedLog> logs) {
  TW_ASSIGN_OR_RETURN(bus::ZmqSocket socket, bus::ZmqSocket::Router(context, endpoint));
  auto loop = std::make_unique<Loop>(std::move(socket), std::move(logs));
  TW_RETURN_IF_ERROR(loop->Start());
  return std::unique_ptr<LogServer>(new LogServer(std::move(loop)));
}

}  // namespace trucewatch
