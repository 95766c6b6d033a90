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
// Where nobody watches, a line so often, and whenever the link or a live source comes or goes.
constexpr Duration kLinePeriod = Duration::Seconds(10);

std::string Mebibytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
}

std::string WholeSeconds(Instant time) {
  return FormatUtc(Instant::FromMicros(time.micros() / 1'000'000 * 1'000'000));
}

// "radar1: connected, 12.3 kB/s, last data 0.2 s ago": in short, for the line that is redrawn.
std::string LiveShort(const station::LiveStatus& live, Instant now) {
  if (!live.connected) return fmt::format("{}: no line", live.source);
  if (!live.last_data) return fmt::format("{}: connected, no data yet", live.source);
  return fmt::format("{}: {:.1f} kB/s, last data {:.1f} s ago{}", live.source,
                     live.bytes_per_s / 1000, (now - *live.last_data).seconds(),
                     live.late ? " (on record as silent)" : "");
}

std::string LiveLine(const station::LiveStatus& live, Instant now) {
  std::string line =
      fmt::format("  {} ({}): {} since {}", live.source, live.url,
                  live.connected ? "connected" : "not connected", WholeSeconds(live.since));
  if (!live.problem.empty()) line += " (" + live.problem + ")";
  line += live.last_data ? fmt::format("; {:.1f} kB/s, last data {:.1f} s ago",
                                       live.bytes_per_s / 1000, (now - *live.last_data).seconds())
                         : "; no data yet";
  line +=
      fmt::format("; {} records, {} declared lost; line lost {} times, opened or tried {} times",
                  live.records, live.lost, live.line_losses, live.attempts);
  if (live.late) line += "; on record as silent";
  return line;
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
    line += fmt::format("; {} since {}", status.link.connected ? "connected" : "not connected",
                        WholeSeconds(status.link.since));
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
    std::string line = StatusLine(id, status);
    if (terminal_) {
      for (const auto& live : status.live) line += "; " + LiveShort(live, now);
      std::fprintf(stderr, "\r\033[K%s", line.c_str());
      std::fflush(stderr);
      return;
    }
    std::string link = status.link.problem + (status.link.connected ? "+" : "-");
    for (const auto& live : status.live) {
      link += (live.connected ? "+" : "-") + std::string(live.late ? "late" : "");
      line += "\n" + LiveLine(live, now);
    }
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
  std::string live_lines;
  for (const auto& live : status.live) live_lines += LiveLine(live, clock.Now()) + "\n";
  if (!*result) {
    std::fprintf(stderr, "%s\n%sstopped; the same command goes on from here\n",
                 StatusLine(id, status).c_str(), live_lines.c_str());
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
