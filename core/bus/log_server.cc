// SPDX-License-Identifier: Apache-2.0
#include "core/bus/log_server.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "core/bus/internal/door.h"
#include "core/bus/internal/read_protocol.h"
#include "core/bus/internal/wake_fd.h"

namespace trucewatch {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t kMaxHeldQuestions = 1024;
constexpr std::uint64_t kMaxBatchBytes = kMaxRecordBytes;
constexpr Duration kMaxWait = Duration::Seconds(60);
// How long a watcher asks its log to wait: bounds how long stopping takes.
constexpr Duration kWatchWait = Duration::Millis(50);
constexpr Duration kIdleWait = Duration::Seconds(10);

}  // namespace

class LogServer::Loop {
 public:
  Loop(std::unique_ptr<bus::Door> door, std::vector<ServedLog> logs)
      : door_(std::move(door)), logs_(std::move(logs)) {}

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

  const std::string& endpoint() const { return door_->endpoint(); }

 private:
  struct Held {
    std::string peer;     // ZeroMQ's routing id
    std::string user_id;  // as ZAP knows him; empty without CURVE
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
      if (!door_->Wait(NextWait(), wake_.fd())) return;
      const bool grown = wake_.Drain();
      // Bounded, so that a flood of questions cannot keep the held ones waiting.
      for (int i = 0; i < 64; ++i) {
        auto message = door_->TryReceive();
        if (!message) return;
        if (!*message) break;
        Take(std::move(**message));
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

  void Take(bus::Door::Message message) {
    auto question = bus::ParseQuestion(AsBytes(message.bytes));
    if (!question) return;  // it has no id that an answer could name
    // A peer asks one question at a time: a newer one means that the older was given up.
    std::erase_if(held_, [&](const Held& held) { return held.peer == message.peer; });
    const Duration wait = std::clamp(question->wait, Duration(), kMaxWait);
    Held held{.peer = std::move(message.peer),
              .user_id = std::move(message.user_id),
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
      return served.name == question.log && (!served.users || served.users->contains(held.user_id));
    });
    if (log == logs_.end()) {
      answer.error = "there is no log '" + question.log + "' at " + endpoint();
    } else if (auto batch = log->reader->ReadAfter(
                   question.after, std::min(question.max_bytes, kMaxBatchBytes), Duration())) {
      const bool something = batch->last > question.after || batch->closed;
      if (!something && !even_if_empty) return false;
      answer.batch = std::move(*batch);
    } else {
      answer.error = batch.error().message;
    }
    (void)door_->TrySend(held.peer, Encode(answer));
    return true;
  }

  const std::unique_ptr<bus::Door> door_;
  const std::vector<ServedLog> logs_;
  bus::WakeFd wake_;
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
  return Start(context, endpoint, std::move(logs), nullptr);
}

Result<std::unique_ptr<LogServer>> LogServer::Start(const ZmqContext& context,
                                                    const std::string& endpoint,
                                                    std::vector<ServedLog> logs,
                                                    const CurveServer& curve) {
  return Start(context, endpoint, std::move(logs), &curve);
}

Result<std::unique_ptr<LogServer>> LogServer::Start(const ZmqContext& context,
                                                    const std::string& endpoint,
                                                    std::vector<ServedLog> logs,
                                                    const CurveServer* curve) {
  TW_ASSIGN_OR_RETURN(std::unique_ptr<bus::Door> door,
                      bus::Door::Open(context, endpoint, bus::kMaxQuestionMessageBytes, curve));
  auto loop = std::make_unique<Loop>(std::move(door), std::move(logs));
  TW_RETURN_IF_ERROR(loop->Start());
  return std::unique_ptr<LogServer>(new LogServer(std::move(loop)));
}

}  // namespace trucewatch
