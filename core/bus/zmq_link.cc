// SPDX-License-Identifier: Apache-2.0
#include "core/bus/zmq_link.h"

#include <utility>

#include "core/bus/internal/zmq_socket.h"

namespace trucewatch {
namespace {

constexpr Duration kConnectWait = Duration::Seconds(1);

class ZmqLink final : public Link {
 public:
  ZmqLink(const ZmqContext& context, std::string endpoint, bus::ZmqSocket socket)
      : context_(context), endpoint_(std::move(endpoint)), socket_(std::move(socket)) {}

  Result<void> Send(std::string message) override {
    const std::vector<std::string> frames{std::move(message)};
    TW_ASSIGN_OR_RETURN(bool sent, socket_.TrySend(frames));
    if (!sent) {
      TW_RETURN_IF_ERROR(socket_.WaitWritable(kConnectWait));
      TW_ASSIGN_OR_RETURN(sent, socket_.TrySend(frames));
    }
    if (sent) return {};
    return Fail(ErrorCode::kTimeout, "{}: nobody serves there yet", endpoint_);
  }

  Result<std::optional<std::string>> Receive(Duration wait) override {
    TW_ASSIGN_OR_RETURN(auto message, socket_.TryReceive());
    if (!message) {
      TW_RETURN_IF_ERROR(socket_.WaitReadable(wait));
      TW_ASSIGN_OR_RETURN(message, socket_.TryReceive());
    }
    if (!message) return std::nullopt;
    return std::move(message->frames.front());
  }

  // libzmq never tries again after a refused handshake, so the socket goes too (RELIABILITY.md 2.B,
  // rule 5).
  Result<void> Reset() override {
    TW_ASSIGN_OR_RETURN(socket_, bus::ZmqSocket::Dealer(context_, endpoint_));
    return {};
  }

 private:
  const ZmqContext& context_;
  const std::string endpoint_;
  bus::ZmqSocket socket_;
};

}  // namespace

Result<std::unique_ptr<Link>> MakeZmqLink(const ZmqContext& context, const std::string& endpoint) {
  TW_ASSIGN_OR_RETURN(bus::ZmqSocket socket, bus::ZmqSocket::Dealer(context, endpoint));
  return std::make_unique<ZmqLink>(context, endpoint, std::move(socket));
}

}  // namespace trucewatch
