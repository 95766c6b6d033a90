// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/bus/link.h"
#include "core/bus/zmq_context.h"

namespace trucewatch {

// CURVE (ZMTP 3.1, RFC 26/ZMQ): the hop's confidentiality and the peer's identity. Keys in Z85, 40
// characters. Evidence does not rest on it: batches carry signatures of their own.
struct CurveKeyPair {
  std::string public_key;
  std::string secret_key;
};
CurveKeyPair MakeCurveKeyPair();
// The pair that belongs to a secret of 32 bytes (exercises derive theirs from a seed).
CurveKeyPair CurveKeyPairFromSecret(const std::array<std::uint8_t, 32>& secret);
bool IsZ85Key(const std::string& key);
// The 32 bytes of a key; nothing when it is none.
std::optional<std::array<std::uint8_t, 32>> Z85KeyBytes(const std::string& key);

// Who may come in through one door: public key -> user id ("fs-north").
using CurveClients = std::map<std::string, std::string>;

// Asks ZeroMQ's authentication protocol (ZAP, RFC 27/ZMQ) for every CURVE door of the process. Made
// before the first door is opened and outlives all of them; one per ZmqContext. Fails closed: a
// domain that is not registered lets nobody in. Threads: thread-safe; one thread of its own.
class ZapHandler {
 public:
  static Result<std::unique_ptr<ZapHandler>> Start(const ZmqContext& context);
  ~ZapHandler();
  // `domain` is not empty and used by one door only.
  void Register(const std::string& domain, CurveClients clients);
  std::uint64_t refused() const;  // since the start, self-tests not counted

 private:
  class Loop;
  explicit ZapHandler(std::unique_ptr<Loop> loop);
  const std::unique_ptr<Loop> loop_;
};

// What a door needs: its own keys and its ZAP domain.
struct CurveServer {
  CurveKeyPair keys;
  std::string domain;
};

struct CurveClient {
  CurveKeyPair keys;
  std::string server_public;
};

// Opens a door on loopback with the same options as the real one, knocks with a random key and
// requires that it is refused within a second and no message comes through; then does the same with
// no CURVE at all. kCheckFailed when either gets in: do not open the real door.
Result<void> CurveSelfTest(const ZmqContext& context, ZapHandler& zap);

// Whole messages from and to peers that were let in. Threads: one caller at a time.
class PeerServer {
 public:
  // kUnavailable when the endpoint is in use.
  static Result<std::unique_ptr<PeerServer>> Start(const ZmqContext& context,
                                                   const std::string& endpoint,
                                                   const CurveServer& curve);
  virtual ~PeerServer() = default;
  struct Message {
    std::string peer;     // for Send; changes with every connection
    std::string user_id;  // as ZAP knows him; never empty
    std::string bytes;
  };
  virtual Result<std::optional<Message>> Receive(Duration wait) = 0;
  // False when the peer is gone or takes nothing now.
  virtual Result<bool> Send(const std::string& peer, std::string bytes) = 0;
  virtual const std::string& endpoint() const = 0;
};

// A link through a CURVE door. Send fails with kUnavailable, and says so, once the door has refused
// the key; Reset() destroys the socket and makes a new one, as libzmq 4.3.4 needs after a refusal.
Result<std::unique_ptr<Link>> MakeCurveLink(const ZmqContext& context, const std::string& endpoint,
                                            const CurveClient& curve);

}  // namespace trucewatch
