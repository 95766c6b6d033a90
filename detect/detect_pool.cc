// SPDX-License-Identifier: Apache-2.0
#include "detect/detect_pool.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <mutex>
#include <opencv2/core/utility.hpp>
#include <optional>
#include <thread>

#include "core/log/log.h"

namespace trucewatch {
namespace {

// Does work(worker, task) for all tasks, on `threads` threads; each is a worker of its own.
void ShareOut(std::span<const DetectTask> tasks, std::size_t threads,
              const std::function<void(std::size_t worker, std::size_t task)>& work) {
  const std::vector<std::size_t> order = FairOrder(tasks);
  std::atomic<std::size_t> next{0};
  const auto run = [&](std::size_t worker) {
    for (std::size_t i = next++; i < order.size(); i = next++) work(worker, order[i]);
  };
  std::vector<std::jthread> helpers;
  for (std::size_t i = 1; i < std::min(threads, tasks.size()); ++i) helpers.emplace_back(run, i);
  run(0);
}

class DetectThreads final : public DetectPool {
 public:
  DetectThreads(DetectTools tools, unsigned threads) : tools_(std::move(tools)), threads_(threads) {
    // These threads share out whole segments; OpenCV's would only get in their way.
    cv::setNumThreads(1);
  }
  Result<std::vector<JobEnd>> Do(std::span<const DetectTask> tasks, const Ended& ended) override {
    std::vector<JobEnd> ends(tasks.size());
    ShareOut(tasks, threads_, [&](std::size_t, std::size_t task) {
      v1::DetectJob job;
      if (job.ParseFromString(tasks[task].job)) {
        ends[task].answer = DoDetectJob(job, tasks[task].files, tools_).SerializeAsString();
      }
      if (ended) ended(task, ends[task]);
    });
    return ends;
  }

 private:
  const DetectTools tools_;
  const std::size_t threads_;
};

class DetectWorkers final : public DetectPool {
 public:
  explicit DetectWorkers(const DetectWorkerOptions& options) {
    for (unsigned i = 0; i < std::max(1U, options.workers); ++i)
      clients_.emplace_back(options.client);
  }
  Result<void> Start() {
    TW_RETURN_IF_ERROR(clients_.front().Start());
    if (clients_.front().landlock_abi() == 0) {
      Log(LogLevel::kWarn, "detect_worker_without_landlock",
          {{"effect", "this kernel cannot hide files from it: it may open none at all"}});
    }
    return {};
  }
  Result<std::vector<JobEnd>> Do(std::span<const DetectTask> tasks, const Ended& ended) override {
    std::vector<JobEnd> ends(tasks.size());
    std::mutex mutex;
    std::optional<Error> failure;
    ShareOut(tasks, clients_.size(), [&](std::size_t worker, std::size_t task) {
      {
        const std::lock_guard lock(mutex);
        if (failure) return;
      }
      auto end = clients_[worker].Run(tasks[task].job, [&](const std::string& question) {
        return AnswerFileQuestion(tasks[task].files, question);
      });
      if (end) {
        if (!end->answer) {
          Log(LogLevel::kWarn, "detect_refused",
              {{"source", tasks[task].stream.value}, {"why", end->refusal}});
        }
        if (ended) ended(task, *end);
        ends[task] = std::move(*end);
        return;
      }
      const std::lock_guard lock(mutex);
      if (!failure) failure = end.error();
    });
    if (failure) return tl::unexpected<Error>(*failure);
    return ends;
  }

 private:
  std::deque<JobClient> clients_;
};

}  // namespace

Result<std::unique_ptr<DetectPool>> MakeDetectWorkers(const DetectWorkerOptions& options) {
  auto workers = std::make_unique<DetectWorkers>(options);
  TW_RETURN_IF_ERROR(workers->Start());
  return std::unique_ptr<DetectPool>(std::move(workers));
}

std::unique_ptr<DetectPool> MakeDetectThreads(DetectTools tools, unsigned threads) {
  return std::make_unique<DetectThreads>(std::move(tools), std::max(1U, threads));
}

std::vector<std::size_t> FairOrder(std::span<const DetectTask> tasks) {
  struct Stream {
    SourceId id;
    std::uint64_t bytes = 0;  // begun
    std::deque<std::size_t> waiting = {};
  };
  std::vector<Stream> streams;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    auto stream = std::find_if(streams.begin(), streams.end(),
                               [&](const Stream& s) { return s.id == tasks[i].stream; });
    if (stream == streams.end()) stream = streams.insert(stream, {tasks[i].stream});
    stream->waiting.push_back(i);
  }
  std::vector<std::size_t> order;
  while (order.size() < tasks.size()) {
    Stream* next = nullptr;
    for (Stream& stream : streams) {
      if (stream.waiting.empty()) continue;
      if (next == nullptr || stream.bytes < next->bytes) next = &stream;
    }
    order.push_back(next->waiting.front());
    next->bytes += tasks[next->waiting.front()].job.size();
    next->waiting.pop_front();
  }
  return order;
}

}  // namespace trucewatch
