// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/bus/zmq_context.h"
#include "core/config/mission_config.h"
#include "core/journal/journal.h"
#include "core/metrics/metrics.h"
#include "core/process/confinement.h"
#include "core/stage/stage_health.h"
#include "core/storage/storage.h"
#include "core/time/clock.h"
#include "ingest/station/hub_receiver.h"

namespace trucewatch::tools {

// In the order of the chain; each reads the log of the one before.
inline const std::vector<std::string> kStageNames = {"ingest", "detect", "fusion", "verify",
                                                     "evidence"};

struct PipelineOptions {
  // Everything below this folder belongs to the run: NAME/ the log of a stage, journal/ the raw
  // records, received/ and refused/ what stations sent, published/, released/ and open/ what the
  // parties and the public may have, coverage/ the coverage account
  // by cell, NAME.snapshot.*, signer.state. The same folder again: the run goes on where it was.
  std::string state_directory;
  std::string ledger_directory;
  std::vector<std::string> stages = kStageNames;  // those that run in this process
  // Stages that run here meet over inproc; otherwise everything goes over the config's endpoints.
  bool in_process = true;
  std::optional<unsigned> detect_threads;  // instead of the config's
  std::optional<double> speed;  // of all sources, instead of the config's; 0: as fast as possible
  std::string signer_program = "/proc/self/exe";
  // Empty: detection runs in this process.
  std::string worker_program = kSanitized ? "" : "/proc/self/exe";
};

// The stages of one mission with their logs, wired over the bus. Threads: Run by one thread;
// health() and the logs by any.
class Pipeline {
 public:
  // Opens the logs, loads agreement, terrain and key, starts serving. Fails before anything runs
  // when one of them is missing, wrong or in use. Everything passed outlives the pipeline.
  static Result<std::unique_ptr<Pipeline>> Create(const MissionFile& mission,
                                                  const PipelineOptions& options, Storage& storage,
                                                  Clock& clock, Metrics& metrics,
                                                  const ZmqContext& context);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  // Until every stage here has finished, one has failed (its error), or a stop is asked for.
  Result<void> Run(std::stop_token stop);

  std::vector<StageHealth> health() const;
  // Sources that could not be opened or broke; the mission goes on without them.
  std::vector<std::string> source_problems() const;
  // What came over each link; empty when the mission has no hub, or its ingest is not here.
  std::vector<station::StationAccount> stations() const;
  // A log of a stage that runs here: a stage's name, "received" (with a hub), "journal" or
  // "published". Null when it is not here.
  Journal* log(const std::string& name) const;

 private:
  class Impl;
  explicit Pipeline(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace trucewatch::tools
