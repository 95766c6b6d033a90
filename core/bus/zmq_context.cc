// SPDX-License-Identifier: Apache-2.0
#include "core/bus/zmq_context.h"

#include <zmq.h>

#include "core/base/check.h"

namespace trucewatch {

ZmqContext::ZmqContext() : handle_(zmq_ctx_new()) { TW_CHECK(handle_ != nullptr); }

ZmqContext::~ZmqContext() {
  // Returns once every socket is closed; all of ours have LINGER 0.
  while (zmq_ctx_term(handle_) != 0 && zmq_errno() == EINTR) {
  }
}

}  // namespace trucewatch
