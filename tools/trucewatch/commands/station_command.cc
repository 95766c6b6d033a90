// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <string>
#include <thread>

#include "core/bus/curve.h"
#include "core/bus/zmq_context.h"
#include "ingest/station/station.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/key_files.h"
#include "tools/trucewatch/stop_signal.h"

namespace trucewatch::tools {
namespace {

constexpr Duration kRedraw = Duration::Millis(200);
// Where nobody watches, a line so often, and whenever the link comes or goes.
constexpr Duration kLinePeriod = Duration::Seconds(10);

std::string Mebibytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
}

std::string StatusLine(const std::string& id, const station::GroundStation::Status& status) {
  std::string line =
      fmt::format("station {}: {} records in {} batches sealed, {} acknowledged, outbox {}", id,
                  status.sealed.total_records, status.sealed.sequence, status.acknowledged,
                  Mebibytes(status.outbox_bytes));
  if (status.reading_stopped) line += " (full: reading has stopped)";
  if (status.link.since == Instant()) {
    line += "; not connected yet";
  } else {
    line += fmt::format(
        "; {} since {}", status.link.connected ? "connected" : "not connected",
        FormatUtc(Instant::FromMicros(status.link.since.micros() / 1'000'000 * 1'000'000)));
  }
  if (!status.link.problem.empty()) line += " (" + status.link.problem + ")";
  return line;
}

// One line on standard error, redrawn on a terminal.
class StatusDisplay {
 public:
  explicit StatusDisplay(bool quiet) : quiet_(quiet), terminal_(isatty(STDERR_FILENO) == 1) {}

  void Show(const std::string& id, const station::GroundStation::Status& status, Instant now) {
    if (quiet_) return;
    const std::string line = StatusLine(id, status);
    if (terminal_) {
      std::fprintf(stderr, "\r\033[K%s", line.c_str());
      std::fflush(stderr);
      return;
    }
    const std::string link = status.link.problem + (status.link.connected ? "+" : "-");
    if (link == last_link_ && now < next_) return;
    last_link_ = link;
    next_ = now + kLinePeriod;
    std::fprintf(stderr, "%s\n", line.c_str());
  }
  void End() const {
    if (terminal_ && !quiet_) std::fputs("\r\033[K", stderr);
  }

 private:
  const bool quiet_;
  const bool terminal_;
  std::string last_link_ = "?";
  Instant next_;
};

}  // namespace

Result<int> RunStation(const StationCommand& command) {
  TW_ASSIGN_OR_RETURN(const station::StationFile config,
                      station::LoadStationConfig(command.config));
  const std::string& id = config.config.id();
  if (!IsZ85Key(config.config.hub_public())) {
    return Fail(ErrorCode::kBadInput, "{}: hub_public is no key; expected 40 characters of Z85",
                config.path);
  }
  const std::string key_file = config.Resolve(config.config.key_file());
  TW_ASSIGN_OR_RETURN(const StationKeys keys, ReadStationKeys(key_file));
  if (keys.id != id) {
    return Fail(ErrorCode::kBadInput, "{}: is the key of station '{}'; expected '{}'", key_file,
                keys.id, id);
  }
  const std::unique_ptr<Storage> storage = MakePosixStorage();
  SystemClock clock;
  const ZmqContext context;
  const CurveClient curve{.keys = keys.curve, .server_public = config.config.hub_public()};
  TW_ASSIGN_OR_RETURN(
      const auto ground_station,
      station::GroundStation::Create(
          config, Ed25519KeyPair::FromSeed(keys.sign_seed),
          [&] { return MakeCurveLink(context, config.config.hub_endpoint(), curve); }, *storage,
          clock));
  for (const std::string& problem : ground_station->source_problems()) {
    std::fprintf(stderr, "trucewatch: %s; the other sources go on\n", problem.c_str());
  }
  StopOnSignal signals;
  StatusDisplay display(command.quiet);
  Result<bool> result = false;
  std::atomic<bool> done = false;
  {
    const std::jthread runner([&] {
      result = ground_station->Run(signals.token());
      done = true;
    });
    while (!done) {
      display.Show(id, ground_station->status(), clock.Now());
      clock.SleepFor(kRedraw);
    }
  }
  display.End();
  if (!result) return tl::unexpected<Error>(result.error());
  const station::GroundStation::Status status = ground_station->status();
  if (!*result) {
    std::fprintf(stderr, "%s\nstopped; the same command goes on from here\n",
                 StatusLine(id, status).c_str());
    return 130;
  }
  std::fprintf(stderr,
               "station %s: %llu records in %llu batches delivered, all acknowledged; connected "
               "%llu times, cut off %llu times\n",
               id.c_str(), static_cast<unsigned long long>(status.sealed.total_records),
               static_cast<unsigned long long>(status.sealed.sequence),
               static_cast<unsigned long long>(status.link.connections),
               static_cast<unsigned long long>(status.link.cuts));
  return ground_station->source_problems().empty() ? 0 : 3;
}

}  // namespace trucewatch::tools
