// SPDX-License-Identifier: Apache-2.0
#include "tests/tools/watch/test_hub.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

#include "core/types/codec.h"
#include "tools/trucewatch/event_json.h"

namespace trucewatch::testing {

std::string FreeEndpoint() {
  constexpr unsigned kFirst = 15000, kLast = 32000;
  static unsigned next = kFirst + static_cast<unsigned>(::getpid()) % (kLast - kFirst);
  for (unsigned i = kFirst; i < kLast; ++i) {
    const unsigned port = next;
    next = next + 1 < kLast ? next + 1 : kFirst;
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool is_free =
        ::bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(probe);
    if (is_free) return "tcp://127.0.0.1:" + std::to_string(port);
  }
  throw std::runtime_error("no port is free");
}

std::string PeerLines(const tools::SubscriberKeys& keys, const std::string& audience) {
  std::string lines = tools::SubscriberPeerLines(keys);
  return lines.insert(lines.rfind('}'), "  audience: " + audience + "\n");
}

Finding FindingAt(std::uint64_t index) {
  Finding finding;
  finding.exercise = true;
  finding.time = Instant::FromMicros(1'772'366'400'000'000) +
                 Duration::Seconds(static_cast<std::int64_t>(index));
  finding.reason = "entry " + std::to_string(index);
  if (index == 0) {
    finding.kind = FindingKind::kMissionHeader;
  } else if (index % 3 == 0) {
    finding.kind = FindingKind::kHeartbeat;
  } else {
    finding.kind = index % 3 == 1 ? FindingKind::kEventTransition : FindingKind::kNotifiedMovement;
    finding.state = EventState::kCandidate;
    finding.object_class = ObjectClass::kTruck;
    finding.event_id = std::to_string(index);
    finding.count_min = 5;
    finding.count_max = 7;
    finding.time_first = finding.time;
    finding.time_last = finding.time;
    finding.probability = 0.5;
    finding.position = Geodetic::FromDegrees(30, -40, 0);
    finding.cov_m2 = {1, 0, 1};
  }
  return finding;
}

std::string RecordAt(std::uint64_t index) {
  v1::Envelope envelope;
  v1::PublishedFinding& published = *envelope.mutable_published();
  published.set_ledger_index(index);
  published.set_checkpoint_size(index + 1);
  *published.mutable_finding() = ToProto(FindingAt(index));
  return SerializeEnvelope(envelope);
}

std::string LinesOf(std::uint64_t from, std::uint64_t to) {
  std::string lines;
  for (std::uint64_t i = from; i < to; ++i) {
    if (i % 3 == 0) continue;
    lines +=
        tools::EventJson({.finding = FindingAt(i), .ledger_index = i, .checkpoint_size = i + 1}) +
        "\n";
  }
  return lines;
}

Result<LogBatch> SmallBatches::ReadAfter(std::uint64_t after, std::uint64_t max_bytes,
                                         Duration wait) {
  auto batch = log_.ReadAfter(after, std::min(max_bytes, max_bytes_), wait);
  if (max_bytes > 0) {
    const std::lock_guard lock(mutex_);
    ++questions_;
    changed_.notify_all();
  }
  return batch;
}

void SmallBatches::AwaitQuestions(std::uint64_t count) {
  std::unique_lock lock(mutex_);
  const std::uint64_t until = questions_ + count;
  if (!changed_.wait_for(lock, std::chrono::seconds(20), [&] { return questions_ >= until; })) {
    throw std::runtime_error("nobody asks");
  }
}

TestHub::TestHub() : zap(ZapHandler::Start(context).value()) {
  zap->Register("subscribers", {{side_a.public_key, "side-a"}});
}

void TestHub::Publish(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!log.Append({{log.last() + 1, RecordAt(log.last())}})) throw std::runtime_error("append");
  }
}

void TestHub::Start() {
  auto server = LogServer::Start(context, endpoint, {{"published", &served}},
                                 {.keys = keys, .domain = "subscribers"});
  if (!server) throw std::runtime_error(server.error().message);
  server_ = std::move(*server);
}

}  // namespace trucewatch::testing
