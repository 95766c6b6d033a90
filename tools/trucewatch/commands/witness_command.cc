// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cstdio>

#include "core/config/text_config.h"
#include "core/storage/storage.h"
#include "core/time/clock.h"
#include "evidence/signer/state_lock.h"
#include "evidence/witness/policy.h"
#include "evidence/witness/witness.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/http/witness_http.h"
#include "tools/trucewatch/stop_signal.h"

namespace trucewatch::tools {
namespace {

struct Address {
  std::string host;
  int port = 0;
};

Result<Address> ParseListenAddress(const std::string& text) {
  Address address;
  const std::size_t colon = text.rfind(':');
  const char* const end = text.data() + text.size();
  const char* const digits = colon == text.npos ? end : text.data() + colon + 1;
  const auto [stop, error] = std::from_chars(digits, end, address.port);
  if (digits == end || colon == 0 || error != std::errc() || stop != end || address.port < 0 ||
      address.port > 65'535) {
    return Fail(ErrorCode::kUsage, "--listen {}: ADDRESS:PORT expected, e.g. 127.0.0.1:5801", text);
  }
  address.host = text.substr(0, colon);
  return address;
}

Result<std::vector<NoteKey>> WatchedLogs(const WitnessCommand& command) {
  std::vector<NoteKey> logs;
  for (const std::string& vkey : command.logs) {
    TW_ASSIGN_OR_RETURN(NoteKey key, ParseVkey(vkey));
    logs.push_back(std::move(key));
  }
  if (!command.policy.empty()) {
    TW_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(command.policy));
    auto policy = evidence::ParseWitnessPolicy(text);
    if (!policy) return Prefix(command.policy, policy.error());
    logs.insert(logs.end(), policy->logs.begin(), policy->logs.end());
  }
  if (logs.empty()) return Fail(ErrorCode::kUsage, "--log or --policy must name a log to watch");
  return logs;
}

}  // namespace

Result<int> RunWitness(const WitnessCommand& command) {
  TW_ASSIGN_OR_RETURN(const Address address, ParseListenAddress(command.listen));
  TW_ASSIGN_OR_RETURN(const std::vector<NoteKey> logs, WatchedLogs(command));
  const std::unique_ptr<Storage> storage = MakePosixStorage();
  TW_RETURN_IF_ERROR(storage->MakeDirectories(command.state));
  const auto lock = evidence::StateLock::Take(command.state + "/lock");
  if (!lock) return Prefix("another witness has this state", lock.error());
  SystemClock clock;
  TW_ASSIGN_OR_RETURN(
      const std::unique_ptr<evidence::Witness> witness,
      evidence::Witness::Open(*storage, clock,
                              {.key_file = command.key, .logs = logs, .directory = command.state}));
  StopOnSignal signals;
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<WitnessServer> server,
                      WitnessServer::Start(*witness, address.host, address.port));
  std::printf("witness %s watches %zu key(s) of logs at http://%s:%d\n",
              FormatVkey(witness->public_key()).c_str(), logs.size(), address.host.c_str(),
              server->port());
  std::fflush(stdout);
  while (!signals.token().stop_requested() && !witness->failed()) {
    clock.SleepFor(Duration::Millis(100));
  }
  if (witness->failed()) {
    return Fail(ErrorCode::kIo, "{}: the state could not be stored; start again when the disk is",
                command.state);
  }
  return 0;
}

}  // namespace trucewatch::tools
