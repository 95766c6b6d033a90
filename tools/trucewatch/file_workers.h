// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/process/job_client.h"
#include "core/process/job_server.h"
#include "detect/channel_file.h"
#include "detect/file_job.h"
#include "trucewatch/v1/detect_worker.pb.h"

namespace trucewatch::tools {

struct FileWorkerOptions {
  std::string program;  // that knows `worker`; empty: jobs are done in this process
  JobLimits limits;
  std::size_t workers = 1;
  std::string model;     // name or card of the one network; empty: that of `modality`
  std::string modality;  // "rgb", "ir" or "sar"; empty: that of what a picture is
};

// What `trucewatch detect FILE` has done for it by confined child processes (core/process), which
// alone look into the bytes of files: decode them, search them, take videos apart.
// Threads: any, one caller at a time for each worker.
class FileWorkers {
 public:
  explicit FileWorkers(FileWorkerOptions options);

  // Whether the network asked for by name, or by rgb or ir, is there: the same for every file.
  Result<void> FindNetwork();

  // Of a job: none; the one of --model or --modality; where these are not given, that of what the
  // picture is; that of the worker's picture before.
  enum class Network { kNone, kAsked, kAsPictureLooks, kAsPictureBefore };
  struct Done {
    v1::FileResult result;       // its lines are about the file, and one line each
    std::optional<Error> error;  // what is wrong with the file
    bool refused = false;        // the job ended without an answer; `error` says why
    FileDrawings drawings;
    Duration cpu;  // of the job
  };
  // A FileVideoPiece that the job said. An Error ends the job, and Run with it.
  using Pieces = std::function<Result<void>(const std::string& piece)>;
  // Does a job about files[0] with worker `worker`, from 0 on. Fails when no network can be had, or
  // no process: whatever the file holds is no such failure.
  Result<Done> Run(std::size_t worker, Network network, v1::FileJob job, const ServedFiles& files,
                   const Pieces& pieces = {});
  // Starts what Run would start, if it can be. Not kAsPictureLooks.
  void GetReady(std::size_t worker, Network network);

 private:
  // Does a job; with an empty request only starts what does it.
  using RunJob =
      std::function<Result<JobEnd>(const std::string& request, const JobClient::Serve& serve)>;
  struct Worker {
    std::map<std::string, RunJob> with;  // by the network's name; "": none
    std::string last;                    // network of a picture, by its looks
  };

  Result<std::string> Asked() const;
  Result<std::shared_ptr<const std::string>> SetupWith(const std::string& model);
  Result<RunJob> Start(const std::string& model);
  Result<const RunJob*> RunOf(Worker& worker, const std::string& model);
  Result<Done> RunWith(Worker& worker, const std::string& model, const v1::FileJob& job,
                       const ServedFiles& files, const Pieces& pieces);

  const FileWorkerOptions options_;
  std::deque<Worker> workers_;
  std::mutex mutex_;  // of setups_
  std::map<std::string, Result<std::shared_ptr<const std::string>>> setups_;
};

// Text that came from a worker, as it may stand in a terminal: without control characters.
std::string PlainText(std::string text);

// In the worker: what does FileJobs. Fails with what its network fails with.
Result<JobHandler> MakeFileJobHandler(v1::DetectWorkerSetup setup);

}  // namespace trucewatch::tools
