// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/bus/curve.h"
#include "core/bus/log.h"
#include "core/bus/zmq_context.h"

namespace trucewatch {

// A log and the name that consumers ask for it by. The reader is thread-safe and outlives the
// server.
struct ServedLog {
  std::string name;
  LogReader* reader = nullptr;
  // Behind a CURVE door: user ids that may read it; to others it is as if it were not there.
  // Nothing: everybody whom the door lets in.
  std::optional<std::set<std::string>> users = std::nullopt;
};

// Answers consumers' questions to numbered logs over ZeroMQ. A question that nothing answers yet is
// held until the log grows or the time it allows is over
// (docs/decisions/0001-long-poll-instead-of-pub.md). Keeps nothing about consumers but the
// questions held, at most 1024. Threads: one for the socket and one for each log that waits for it
// to grow; all end with the object.
class LogServer {
 public:
  // Serves from when it returns. Fails with kUnavailable when the endpoint is in use or cannot be
  // had, with kBadInput when it is malformed.
  static Result<std::unique_ptr<LogServer>> Start(const ZmqContext& context,
                                                  const std::string& endpoint,
                                                  std::vector<ServedLog> logs);
  // The same behind a CURVE door: it answers only those that the ZAP handler knows in this domain.
  static Result<std::unique_ptr<LogServer>> Start(const ZmqContext& context,
                                                  const std::string& endpoint,
                                                  std::vector<ServedLog> logs,
                                                  const CurveServer& curve);
  ~LogServer();
  LogServer(const LogServer&) = delete;
  LogServer& operator=(const LogServer&) = delete;

  // Where it really serves: "tcp://127.0.0.1:49152" when asked for "tcp://127.0.0.1:*".
  const std::string& endpoint() const;

 private:
  class Loop;
  static Result<std::unique_ptr<LogServer>> Start(const ZmqContext& context,
                                                  const std::string& endpoint,
                                                  std::vector<ServedLog> logs,
                                                  const CurveServer* curve);
  explicit LogServer(std::unique_ptr<Loop> loop);
  const std::unique_ptr<Loop> loop_;
};

}  // namespace trucewatch
