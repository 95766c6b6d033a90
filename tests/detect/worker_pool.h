// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "detect/detect_pool.h"

namespace trucewatch::testing {

// Workers that run test_worker_main.cc. TW_TEST_WORKER is its path.
inline std::unique_ptr<DetectPool> WorkerPool(const v1::config::DetectConfig& config,
                                              unsigned workers, JobLimits limits = {}) {
  DetectWorkerOptions options;
  options.client.argv = {TW_TEST_WORKER};
  options.client.setup = std::make_shared<const std::string>(config.SerializeAsString());
  options.client.limits = limits;
  options.workers = workers;
  auto pool = MakeDetectWorkers(options);
  return pool ? std::move(*pool) : nullptr;
}

}  // namespace trucewatch::testing
