// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/process/job_client.h"
#include "core/types/ids.h"
#include "detect/detect_job.h"

namespace trucewatch {

// One segment or scene to be looked at.
struct DetectTask {
  SourceId stream;
  std::string job;  // a serialised DetectJob
  ServedFiles files = {};
};

// Where segments and scenes are looked at, several at a time.
// Threads: one caller at a time. Determinism: the ends do not depend on how many work at once.
class DetectPool {
 public:
  virtual ~DetectPool() = default;
  // One end for each task, in order; an answer is a serialised DetectJobResult. They are begun in
  // FairOrder. `ended`: called as each ends, by any thread. An Error: no task was done for good.
  using Ended = std::function<void(std::size_t task, const JobEnd& end)>;
  virtual Result<std::vector<JobEnd>> Do(std::span<const DetectTask> tasks,
                                         const Ended& ended = {}) = 0;
};

// In confined child processes (core/process), `workers` at a time. The first one is started now, so
// that what is wrong with its set-up is known: kUnavailable, or what it says.
struct DetectWorkerOptions {
  JobClientOptions client;
  unsigned workers = 1;
};
Result<std::unique_ptr<DetectPool>> MakeDetectWorkers(const DetectWorkerOptions& options);

// In this process, on threads: for bytes that are trusted, such as a test's. A hostile segment may
// end the process.
std::unique_ptr<DetectPool> MakeDetectThreads(DetectTools tools, unsigned threads);

// The order in which tasks are begun: always the next of the stream that has had the fewest bytes
// begun so far (of equals, the one that is heard first), so that a stream with much to look at
// keeps no other from its share of the processors.
std::vector<std::size_t> FairOrder(std::span<const DetectTask> tasks);

}  // namespace trucewatch
