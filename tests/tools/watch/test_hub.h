// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "core/bus/curve.h"
#include "core/bus/log_server.h"
#include "core/bus/memory_log.h"
#include "core/types/finding.h"
#include "tools/trucewatch/key_files.h"

namespace trucewatch::testing {

// A port of loopback that is free, below the range that the kernel gives to clients (a client that
// tries again and again on such a port could meet itself).
std::string FreeEndpoint();

// Of a subscriber, for hub { }, with what he may read.
std::string PeerLines(const tools::SubscriberKeys& keys, const std::string& audience);

// What the ledger's entry `index` is in these tests: the header, events and, every third one, a
// heartbeat, which watch does not print.
Finding FindingAt(std::uint64_t index);
std::string RecordAt(std::uint64_t index);
// The lines of the entries `from` to `to` (excluded) as watch --json must print them.
std::string LinesOf(std::uint64_t from, std::uint64_t to);

// Gives few records at a time, and says how often it was asked.
class SmallBatches final : public LogReader {
 public:
  SmallBatches(LogReader& log, std::uint64_t max_bytes) : log_(log), max_bytes_(max_bytes) {}
  Result<LogBatch> ReadAfter(std::uint64_t after, std::uint64_t max_bytes, Duration wait) override;
  // Waits until it was asked `count` times more.
  void AwaitQuestions(std::uint64_t count);

 private:
  LogReader& log_;
  const std::uint64_t max_bytes_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t questions_ = 0;
};

// A hub with one subscriber, "side-a", and a log of published findings that the test fills.
class TestHub {
 public:
  TestHub();
  void Publish(std::uint64_t count);  // so many entries more
  void Start();                       // opens the door, again too
  void Stop() { server_.reset(); }

  ZmqContext context;
  MemoryLog log;
  SmallBatches served{log, 3000};
  const CurveKeyPair keys = MakeCurveKeyPair();
  const CurveKeyPair side_a = MakeCurveKeyPair();
  const std::string endpoint = FreeEndpoint();
  const std::unique_ptr<ZapHandler> zap;

 private:
  std::unique_ptr<LogServer> server_;
};

}  // namespace trucewatch::testing
