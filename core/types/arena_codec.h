// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/arena.h>

#include <string_view>

#include "core/base/result.h"
#include "trucewatch/v1/envelope.pb.h"

namespace trucewatch {

// ParseEnvelope (codec.h) for who reads very many: the message lives in `arena`, and all of its
// parts go with it at once.
Result<const v1::Envelope*> ParseEnvelope(std::string_view payload, google::protobuf::Arena& arena);

}  // namespace trucewatch
