// SPDX-License-Identifier: Apache-2.0
#include "ingest/station/station_uplink.h"

#include <algorithm>
#include <utility>

#include "ingest/station/batch_wire.h"

namespace trucewatch::station {

StationUplink::StationUplink(Options options, Outbox& outbox, MakeLink make_link)
    : options_(std::move(options)),
      outbox_(outbox),
      make_link_(std::move(make_link)),
      backoff_(options_.backoff_first) {}

void StationUplink::RequestCut(Duration duration) {
  const std::lock_guard lock(mutex_);
  cuts_.push_back(duration);
}

StationUplink::Status StationUplink::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void StationUplink::SetProblem(const std::string& problem) {
  const std::lock_guard lock(mutex_);
  status_.problem = problem;
}

void StationUplink::Connect(Instant now) {
  if (away_until_ && now < *away_until_) return;
  away_until_.reset();
  auto made = make_link_();
  if (!made) {
    Disconnect(now, made.error().message);
    return;
  }
  link_ = std::move(*made);
  last_heard_ = now;
  answered_ = false;
  sizes_.clear();
  under_way_ = 0;
  SendHello(now);
}

// Destroys the socket: libzmq does not try again after a refused handshake.
void StationUplink::Disconnect(Instant now, const std::string& why) {
  link_.reset();
  answered_ = false;
  away_until_ = now + backoff_;
  backoff_ = std::min(backoff_ * 2, options_.backoff_last);
  const std::lock_guard lock(mutex_);
  if (status_.connected) status_.since = now;
  status_.connected = false;
  status_.problem = why;
}

void StationUplink::DoCut(Instant now) {
  const std::lock_guard lock(mutex_);
  if (cuts_.empty()) return;
  link_.reset();
  answered_ = false;
  away_until_ = now + cuts_.front();
  cuts_.pop_front();
  ++status_.cuts;
  status_.connected = false;
  status_.since = now;
  status_.problem = "an exercise: the link is cut";
}

bool StationUplink::SendFrame(Instant now, std::string bytes) {
  const auto sent = link_->Send(std::move(bytes));
  if (sent) return true;
  Disconnect(now, sent.error().message);
  return false;
}

bool StationUplink::SendHello(Instant now) {
  v1::StationFrame frame;
  v1::StationHello* hello = frame.mutable_hello();
  hello->set_station_id(options_.station_id);
  hello->set_stream_id(outbox_.state().stream_id);
  hello->set_first_retained(outbox_.first_retained());
  hello->set_last(outbox_.last());
  hello->set_clock_us(now.micros());
  last_hello_ = now;
  return SendFrame(now, frame.SerializeAsString());
}

Result<void> StationUplink::SendBatches(Instant now) {
  for (std::size_t i = 0; i < options_.max_sends && link_ != nullptr; ++i) {
    if (next_ > outbox_.last()) return {};
    // One batch always, so that a credit smaller than a batch does not stop everything.
    if (credit_ == 0 || (!sizes_.empty() && under_way_ >= credit_)) return {};
    v1::StationFrame frame;
    TW_ASSIGN_OR_RETURN(*frame.mutable_batch(), outbox_.Read(next_));
    std::string bytes = frame.SerializeAsString();
    if (sizes_.empty()) last_progress_ = now;
    sizes_.emplace_back(next_, bytes.size());
    under_way_ += bytes.size();
    if (!SendFrame(now, std::move(bytes))) return {};
    ++next_;
    const std::lock_guard lock(mutex_);
    ++status_.sent;
  }
  return {};
}

Result<void> StationUplink::HandleAck(Instant now, const std::string& bytes) {
  const auto ack = ParseStationAck(bytes);
  if (!ack) {
    SetProblem("the hub answers with something else: " + ack.error().message);
    return {};
  }
  if (!ack->refused().empty() && !ack->refused().starts_with(kGap)) {
    SetProblem("the hub refuses: " + ack->refused());
  }
  if (ack->stream_id() != outbox_.state().stream_id) return {};
  if (ack->contiguous() > outbox_.last()) {
    SetProblem(
        fmt::format("the hub says that it has batch {}, but only {} were made: its log is "
                    "of another outbox",
                    ack->contiguous(), outbox_.last()));
    return {};
  }
  last_heard_ = now;
  ++answers_;
  credit_ = ack->credit_bytes();
  const std::uint64_t before = outbox_.acknowledged();
  if (!answered_) {
    answered_ = true;
    backoff_ = options_.backoff_first;
    next_ = std::max(ack->contiguous(), before) + 1;
    const std::lock_guard lock(mutex_);
    status_.connected = true;
    status_.since = now;
    ++status_.connections;
    if (ack->refused().empty()) status_.problem.clear();
  }
  if (ack->contiguous() > before) {
    TW_RETURN_IF_ERROR(outbox_.Acknowledge(ack->contiguous()));
    last_progress_ = now;
    if (ack->refused().empty()) SetProblem("");
  }
  while (!sizes_.empty() && sizes_.front().first <= ack->contiguous()) {
    under_way_ -= sizes_.front().second;
    sizes_.pop_front();
  }
  next_ = std::max(next_, outbox_.acknowledged() + 1);
  // Once for each position: the batches under way behind a lost one are all told as gaps.
  if (ack->refused().starts_with(kGap) && ack->contiguous() >= outbox_.acknowledged() &&
      gap_at_ != ack->contiguous() + 1) {
    gap_at_ = ack->contiguous() + 1;
    next_ = gap_at_;
    sizes_.clear();
    under_way_ = 0;
  }
  if (ack->refused().starts_with(kGap) && ack->contiguous() < before) {
    SetProblem(
        fmt::format("the hub has batches up to {}, but {} were acknowledged and are no "
                    "longer here: its `received` log is not the one it was",
                    ack->contiguous(), before));
  }
  return {};
}

void StationUplink::SayGoodbye(Instant now) {
  if (link_ != nullptr && answered_) SendHello(now);
}

Result<void> StationUplink::Step(Instant now, Duration wait) {
  if (link_ == nullptr) Connect(now);
  if (answered_) {
    DoCut(now);
    if (link_ == nullptr) return {};
    // Sent and never answered: lost on the way.
    if (!sizes_.empty() && now - last_progress_ >= options_.resend_after) {
      next_ = outbox_.acknowledged() + 1;
      sizes_.clear();
      under_way_ = 0;
      gap_at_ = 0;
    }
    TW_RETURN_IF_ERROR(SendBatches(now));
  }
  const Duration silence = now - last_heard_;
  if (link_ != nullptr && silence >= options_.reset_after) {
    Disconnect(now, fmt::format("the hub has not answered for {:.0f} s", silence.seconds()));
  } else if (link_ != nullptr && silence >= options_.hello_every &&
             now - last_hello_ >= options_.hello_every) {
    SendHello(now);
  }
  while (link_ != nullptr) {
    auto received = link_->Receive(wait);
    if (!received) {
      Disconnect(now, received.error().message);
      return {};
    }
    if (!*received) return {};
    TW_RETURN_IF_ERROR(HandleAck(now, **received));
    wait = Duration();
  }
  return {};
}

}  // namespace trucewatch::station
