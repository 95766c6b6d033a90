// SPDX-License-Identifier: Apache-2.0
#include "ingest/station/live_source.h"

#include <algorithm>
#include <future>
#include <optional>
#include <string_view>
#include <utility>

#include "core/base/check.h"
#include "core/media/live_ts.h"
#include "core/net/tcp_receiver.h"
#include "core/net/udp_receiver.h"
#include "ingest/station/record_cutter.h"

namespace trucewatch::station {
namespace {

using v1::config::SourceConfig;

// Taken at a time, so that nobody waits for the others long.
constexpr int kMaxDatagrams = 64;
constexpr std::string_view kListen = "?mode=listener";

struct Scheme {
  std::string_view start;
  std::string_view example;
  bool asterix = false, stanag4607 = false, video = false, scenes = false;
  bool Carries(SourceConfig::Format format) const {
    return (format == SourceConfig::ASTERIX && asterix) ||
           (format == SourceConfig::STANAG4607 && stanag4607) ||
           (format == SourceConfig::MPEGTS_KLV && video) ||
           (format == SourceConfig::SATELLITE && scenes);
  }
};
constexpr Scheme kSchemes[] = {
    {.start = "udp://",
     .example = "udp://239.1.1.1:8600",
     .asterix = true,
     .stanag4607 = true,
     .video = true},
    {.start = "tcp://", .example = "tcp://radar.example:4607", .stanag4607 = true, .video = true},
    {.start = "srt://", .example = "srt://drone.example:9000", .video = true},
    {.start = "rtsp://", .example = "rtsp://camera.example/stream", .video = true},
    {.start = "file+grow:", .example = "file+grow:/feeds/drone.ts", .video = true},
    {.start = "folder:", .example = "folder:/feeds/scenes", .scenes = true},
};

const Scheme* SchemeOf(std::string_view url) {
  for (const Scheme& scheme : kSchemes) {
    if (url.starts_with(scheme.start)) return &scheme;
  }
  return nullptr;
}

std::string ExamplesFor(SourceConfig::Format format) {
  std::string examples;
  for (const Scheme& scheme : kSchemes) {
    if (!scheme.Carries(format)) continue;
    examples += (examples.empty() ? "" : " or ") + std::string(scheme.example);
  }
  return examples;
}

bool EndsInPort(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view port = address.substr(colon + 1);
  return !port.empty() && port.size() <= 5 &&
         port.find_first_not_of("0123456789") == std::string_view::npos &&
         std::stoi(std::string(port)) <= 65'535;
}

bool IsIpv4(std::string_view host) {
  int parts = 0;
  while (!host.empty()) {
    const std::string_view part = host.substr(0, host.find('.'));
    if (part.empty() || part.size() > 3 ||
        part.find_first_not_of("0123456789") != std::string_view::npos ||
        std::stoi(std::string(part)) > 255) {
      return false;
    }
    ++parts;
    host.remove_prefix(std::min(host.size(), part.size() + 1));
  }
  return parts == 4;
}

class UdpSource final : public LiveSource {
 public:
  explicit UdpSource(std::unique_ptr<UdpReceiver> receiver) : receiver_(std::move(receiver)) {}
  Result<std::vector<std::string>> Receive(Duration wait) override {
    std::vector<std::string> records;
    for (int i = 0; i < kMaxDatagrams; ++i) {
      TW_ASSIGN_OR_RETURN(auto datagram, receiver_->Receive(i == 0 ? wait : Duration()));
      if (!datagram) break;
      datagram->shrink_to_fit();  // it came in a buffer for the largest
      records.push_back(std::move(*datagram));
    }
    return records;
  }
  std::uint64_t lost() const override { return receiver_->lost(); }
  bool calls() const override { return false; }

 private:
  std::unique_ptr<UdpReceiver> receiver_;
};

class TcpSource final : public LiveSource {
 public:
  TcpSource(std::unique_ptr<TcpReceiver> receiver, std::unique_ptr<RecordCutter> cutter,
            const Clock& clock, bool listens)
      : receiver_(std::move(receiver)),
        cutter_(std::move(cutter)),
        clock_(clock),
        listens_(listens) {}
  Result<std::vector<std::string>> Receive(Duration wait) override {
    TW_ASSIGN_OR_RETURN(const auto bytes, receiver_->Receive(wait));
    const Instant now = clock_.Now();
    return bytes ? cutter_->Push(*bytes, now) : cutter_->Due(now);
  }
  std::vector<std::string> Rest() override { return cutter_->Finish(); }
  bool connected() const override { return receiver_->connected(); }
  std::string waiting_for() const override { return listens_ ? "a caller" : "an answer"; }
  bool calls() const override { return !listens_; }

 private:
  std::unique_ptr<TcpReceiver> receiver_;
  std::unique_ptr<RecordCutter> cutter_;
  const Clock& clock_;
  const bool listens_;
};

// A handshake may take its time: it is done aside, so that nobody waits for it.
class TsSource final : public LiveSource {
 public:
  TsSource(std::string url, const Clock& clock)
      : opening_(
            std::async(std::launch::async, [url = std::move(url)] { return OpenLiveTs(url); })),
        cutter_(MakeTsCutter(kMaxRecordAge)),
        clock_(clock) {}
  Result<std::vector<std::string>> Receive(Duration wait) override {
    if (!feed_) {
      if (opening_.wait_for(std::chrono::microseconds(wait.micros())) !=
          std::future_status::ready) {
        return std::vector<std::string>();
      }
      TW_ASSIGN_OR_RETURN(feed_, opening_.get());
      return std::vector<std::string>();
    }
    TW_ASSIGN_OR_RETURN(const auto bytes, feed_->Receive(wait));
    const Instant now = clock_.Now();
    return bytes ? cutter_->Push(*bytes, now) : cutter_->Due(now);
  }
  std::vector<std::string> Rest() override { return cutter_->Finish(); }
  bool connected() const override { return feed_ != nullptr; }
  bool calls() const override { return false; }  // it gives up by itself

 private:
  std::future<Result<std::unique_ptr<LiveTs>>> opening_;
  std::unique_ptr<LiveTs> feed_;
  std::unique_ptr<RecordCutter> cutter_;
  const Clock& clock_;
};

}  // namespace

Result<void> CheckLiveUrl(const std::string& url, SourceConfig::Format format) {
  const std::string name = WithoutCredentials(url);
  const std::string expected = ExamplesFor(format);
  if (expected.empty()) {
    return Fail(ErrorCode::kBadInput, "sources of this format come as files; expected file");
  }
  const Scheme* const scheme = SchemeOf(url);
  if (scheme == nullptr || !scheme->Carries(format)) {
    return Fail(ErrorCode::kBadInput, "'{}' is no live feed of {}; expected {}", name,
                SourceConfig::Format_Name(format), expected);
  }
  std::string_view rest = std::string_view(url).substr(scheme->start.size());
  const auto wrong = [&](std::string_view what) {
    return Fail(ErrorCode::kBadInput, "'{}': {}; expected e.g. {}", name, what, scheme->example);
  };
  if (std::any_of(url.begin(), url.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7F; })) {
    return wrong("has a blank or control character in it");
  }
  if (rest.empty()) return wrong("names nothing");
  if (scheme->start == "tcp://" && rest.ends_with(kListen)) rest.remove_suffix(kListen.size());
  if (scheme->start == "udp://" || scheme->start == "tcp://") {
    if (!EndsInPort(rest)) return wrong("has no port from 0 to 65535");
    const bool listens = scheme->start == "udp://" || url.ends_with(kListen);
    if (listens && !IsIpv4(rest.substr(0, rest.rfind(':')))) {
      return wrong("listens, and that needs an IPv4 address: 0.0.0.0, or one of this machine's");
    }
  }
  return {};
}

Result<std::unique_ptr<LiveSource>> OpenLiveSource(const std::string& url,
                                                   SourceConfig::Format format,
                                                   const Clock& clock) {
  TW_RETURN_IF_ERROR(CheckLiveUrl(url, format));
  if (format == SourceConfig::MPEGTS_KLV) return std::make_unique<TsSource>(url, clock);
  if (url.starts_with("tcp://")) {
    std::string address = url.substr(6);
    const bool listens = address.ends_with(kListen);
    if (listens) address.resize(address.size() - kListen.size());
    TW_ASSIGN_OR_RETURN(auto receiver,
                        listens ? TcpReceiver::Listen(address) : TcpReceiver::Connect(address));
    return std::make_unique<TcpSource>(std::move(receiver), MakeStanag4607Cutter(), clock, listens);
  }
  TW_CHECK(url.starts_with("udp://"));
  TW_ASSIGN_OR_RETURN(auto receiver, UdpReceiver::Open(url.substr(6)));
  return std::make_unique<UdpSource>(std::move(receiver));
}

}  // namespace trucewatch::station
