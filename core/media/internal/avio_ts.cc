// SPDX-License-Identifier: Apache-2.0
// MPEG-TS that FFmpeg's protocols hand over as bytes: SRT and TCP.
#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "core/media/ffmpeg_log.h"
#include "core/media/internal/av_owned.h"
#include "core/media/internal/live_inputs.h"
#include "core/media/internal/live_pump.h"

namespace trucewatch::internal {
namespace {

// A TCP connection that has carried nothing for so long is taken for dead; SRT knows by itself.
constexpr std::int64_t kDeadAfterUs = 30'000'000;

struct AvioPlan {
  std::string protocol;  // FFmpeg's name: the only one that may be used
  std::string url;
  std::vector<std::pair<std::string, std::string>> settings;
  bool listens = false;
};

class AvioTs final : public LiveTs {
 public:
  AvioTs(AvioPlan plan, std::string name) : plan_(std::move(plan)), name_(std::move(name)) {
    SilenceFfmpeg();
  }
  ~AvioTs() override { pump_.Stop(); }

  Result<void> Open(Duration timeout) {
    pump_.Start([this] { return Run(); });
    if (plan_.listens) return {};
    if (!pump_.WaitUntilOpened(timeout)) {
      return Fail(ErrorCode::kUnavailable, "{}: no answer within {} s", name_, timeout.seconds());
    }
    if (!opened_) return tl::unexpected<Error>(pump_.Take(Duration()).error());
    return {};
  }

  Result<std::optional<std::string>> Receive(Duration wait) override { return pump_.Take(wait); }

 private:
  Error Broken(const char* what, int code) const {
    return {ErrorCode::kUnavailable, fmt::format("{}: {}: {}", name_, what, FfmpegErrorText(code))};
  }

  Error Run() {
    AVDictionary* settings = nullptr;
    av_dict_set(&settings, "protocol_whitelist", plan_.protocol.c_str(), 0);
    for (const auto& [key, value] : plan_.settings) {
      av_dict_set(&settings, key.c_str(), value.c_str(), 0);
    }
    const AVIOInterruptCB interrupt{&LivePump::Interrupted, &pump_};
    AVIOContext* io = nullptr;
    const int opened = avio_open2(&io, plan_.url.c_str(), AVIO_FLAG_READ, &interrupt, &settings);
    av_dict_free(&settings);
    if (opened < 0) return Broken("cannot be opened", opened);
    opened_ = true;
    pump_.Opened();
    std::string buffer(LiveTs::kMaxBytes, '\0');
    int got = 0;
    do {
      got = avio_read_partial(io, reinterpret_cast<unsigned char*>(buffer.data()),
                              static_cast<int>(buffer.size()));
    } while (got > 0 &&
             pump_.Put(std::string_view(buffer).substr(0, static_cast<std::size_t>(got))));
    avio_closep(&io);
    if (got < 0 && got != AVERROR_EOF) return Broken("the connection broke", got);
    return {ErrorCode::kUnavailable, name_ + ": the other side has closed the connection"};
  }

  AvioPlan plan_;
  std::string name_;
  std::atomic<bool> opened_ = false;
  LivePump pump_;
};

Result<std::unique_ptr<LiveTs>> OpenPlan(AvioPlan plan, const std::string& name, Duration timeout) {
  auto live = std::make_unique<AvioTs>(std::move(plan), name);
  TW_RETURN_IF_ERROR(live->Open(timeout));
  return Result<std::unique_ptr<LiveTs>>(std::move(live));
}

bool HasPlainHost(const LiveUrl& url) {
  return IsIpv4(url.host) && !url.port.empty() && url.user.empty() && url.path.size() <= 1;
}

}  // namespace

Result<std::unique_ptr<LiveTs>> OpenSrtTs(const LiveUrl& url, const std::string& name,
                                          const LiveTsOptions& options) {
  const auto wrong = [&](const std::string& what) {
    return Fail(ErrorCode::kBadInput,
                "{}: {}; expected srt://IPv4:port, and after ? mode=caller or listener, "
                "passphrase (10 to 79 characters), pbkeylen (16, 24, 32), streamid, latency_ms",
                name, what);
  };
  if (!HasPlainHost(url)) return wrong("is no address");
  AvioPlan plan{"srt", "srt://" + url.host + ":" + url.port, {}, false};
  plan.settings.emplace_back("transtype", "live");
  plan.settings.emplace_back("connect_timeout", std::to_string(std::max<std::int64_t>(
                                                    options.open_timeout.micros() / 1000, 1)));
  for (const auto& [key, value] : url.query) {
    const bool number = !value.empty() && value.size() < 6 &&
                        value.find_first_not_of("0123456789") == std::string::npos;
    if (key == "mode" && (value == "caller" || value == "listener")) {
      plan.listens = value == "listener";
      plan.settings.emplace_back(key, value);
    } else if (key == "passphrase" && value.size() >= 10 && value.size() <= 79) {
      plan.settings.emplace_back(key, value);
    } else if (key == "pbkeylen" && (value == "16" || value == "24" || value == "32")) {
      plan.settings.emplace_back(key, value);
    } else if (key == "streamid" && !value.empty() && value.size() <= 512) {
      plan.settings.emplace_back(key, value);
    } else if (key == "latency_ms" && number) {
      plan.settings.emplace_back("latency", value + "000");  // FFmpeg counts in microseconds
    } else {
      return wrong("'" + key + "' is not understood");
    }
  }
  return OpenPlan(std::move(plan), name, options.open_timeout);
}

Result<std::unique_ptr<LiveTs>> OpenTcpTs(const LiveUrl& url, const std::string& name,
                                          const LiveTsOptions& options) {
  const auto mode = url.query.find("mode");
  const bool listens = mode != url.query.end() && mode->second == "listener";
  if (!HasPlainHost(url) || url.query.size() > (listens ? 1U : 0U)) {
    return Fail(ErrorCode::kBadInput, "{}: expected tcp://IPv4:port, or with ?mode=listener", name);
  }
  AvioPlan plan{"tcp", "tcp://" + url.host + ":" + url.port, {}, listens};
  if (listens) plan.settings.emplace_back("listen", "1");
  plan.settings.emplace_back("timeout", std::to_string(kDeadAfterUs));
  return OpenPlan(std::move(plan), name, options.open_timeout);
}

}  // namespace trucewatch::internal
