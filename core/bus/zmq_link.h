// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "core/bus/link.h"
#include "core/bus/zmq_context.h"

namespace trucewatch {

// A link to the LogServer at `endpoint` ("inproc://x", "ipc:///run/x", "tcp://127.0.0.1:5555"). The
// server may start later: Send waits up to a second for the connection and then fails with
// kTimeout. Fails with kBadInput when the endpoint is malformed. `context` outlives the link.
Result<std::unique_ptr<Link>> MakeZmqLink(const ZmqContext& context, const std::string& endpoint);

}  // namespace trucewatch
