// SPDX-License-Identifier: Apache-2.0
#include <zmq.h>

#include <atomic>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "core/bus/curve.h"
#include "core/bus/internal/door.h"
#include "core/bus/internal/wake_fd.h"
#include "core/bus/internal/zmq_socket.h"
#include "core/log/log.h"

namespace trucewatch {
namespace {

// RFC 27/ZMQ.
constexpr const char* kZapEndpoint = "inproc://zeromq.zap.01";
constexpr const char* kZapVersion = "1.0";
constexpr std::size_t kRequestFrames = 7;  // of a CURVE request; the last is the key
constexpr std::size_t kKeyBytes = 32;
constexpr std::int64_t kMaxRequestBytes = 4096;

struct Verdict {
  std::string user_id;  // empty: refused
  std::string reason;
};

std::string Z85Of(const std::string& key) {
  std::array<char, 41> text{};
  zmq_z85_encode(text.data(), reinterpret_cast<const std::uint8_t*>(key.data()), key.size());
  return text.data();
}

}  // namespace

class ZapHandler::Loop {
 public:
  explicit Loop(bus::ZmqSocket socket) : socket_(std::move(socket)) {}
  ~Loop() {
    thread_.request_stop();
    wake_.Wake();
  }

  Result<void> Start() {
    if (wake_.fd() < 0) return Fail(ErrorCode::kUnavailable, "no file descriptor is left");
    thread_ = std::jthread([this](std::stop_token stop) { Run(stop); });
    return {};
  }

  void Register(const std::string& domain, CurveClients clients) {
    const std::lock_guard lock(mutex_);
    domains_[domain] = std::move(clients);
  }

  std::uint64_t refused() const { return refused_; }

 private:
  void Run(std::stop_token stop) {
    while (!stop.stop_requested()) {
      if (!socket_.WaitReadable(Duration::Seconds(10), wake_.fd())) break;
      wake_.Drain();
      while (!stop.stop_requested()) {
        const auto request = socket_.TryReceive(kRequestFrames + 1);
        if (!request) return Broken(request.error());
        if (!*request) break;
        const auto sent = socket_.TrySend(Answer((*request)->frames));
        if (!sent) return Broken(sent.error());
      }
    }
  }

  // Nobody is asked any more, so nobody gets in any more.
  void Broken(const Error& error) {
    Log(LogLevel::kError, "zap_handler_ended", {{"why", error.message}});
  }

  std::vector<std::string> Answer(const std::vector<std::string>& frames) {
    const std::string id = frames.size() > 1 ? frames[1] : "";
    const Verdict verdict = Judge(frames);
    if (!verdict.user_id.empty()) return {kZapVersion, id, "200", "OK", verdict.user_id, ""};
    // 400 and not 300: the peer is told, and its own log says why it stays outside.
    return {kZapVersion, id, "400", verdict.reason, "", ""};
  }

  Verdict Judge(const std::vector<std::string>& frames) {
    // Version, request id, domain, address, identity, mechanism, key.
    const bool curve = frames.size() == kRequestFrames && frames[0] == kZapVersion &&
                       frames[5] == "CURVE" && frames[6].size() == kKeyBytes;
    if (!curve) {
      ++refused_;
      Log(LogLevel::kWarn, "peer_refused", {{"why", "no CURVE request"}});
      return {.user_id = {}, .reason = "CURVE is needed here"};
    }
    const std::string key = Z85Of(frames[6]);
    {
      const std::lock_guard lock(mutex_);
      const auto domain = domains_.find(frames[2]);
      if (domain != domains_.end()) {
        const auto client = domain->second.find(key);
        if (client != domain->second.end() && !client->second.empty()) {
          return {.user_id = client->second, .reason = {}};
        }
      }
    }
    if (frames[2].starts_with(bus::kSelfTestDomain)) return {.user_id = {}, .reason = "self-test"};
    ++refused_;
    Log(LogLevel::kWarn, "peer_refused",
        {{"door", frames[2]}, {"address", frames[3]}, {"key", key.substr(0, 8) + "..."}});
    return {.user_id = {}, .reason = "this key is not registered"};
  }

  bus::ZmqSocket socket_;
  bus::WakeFd wake_;
  std::mutex mutex_;
  std::map<std::string, CurveClients> domains_;
  std::atomic<std::uint64_t> refused_ = 0;
  std::jthread thread_;  // last: it ends before what it uses
};

ZapHandler::ZapHandler(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
ZapHandler::~ZapHandler() = default;

Result<std::unique_ptr<ZapHandler>> ZapHandler::Start(const ZmqContext& context) {
  TW_ASSIGN_OR_RETURN(bus::ZmqSocket socket,
                      bus::ZmqSocket::Open(context, ZMQ_REP, kMaxRequestBytes));
  TW_RETURN_IF_ERROR(socket.Bind(kZapEndpoint));
  auto loop = std::make_unique<Loop>(std::move(socket));
  TW_RETURN_IF_ERROR(loop->Start());
  return std::unique_ptr<ZapHandler>(new ZapHandler(std::move(loop)));
}

void ZapHandler::Register(const std::string& domain, CurveClients clients) {
  loop_->Register(domain, std::move(clients));
}

std::uint64_t ZapHandler::refused() const { return loop_->refused(); }

}  // namespace trucewatch
