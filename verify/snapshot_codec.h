// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "trucewatch/v1/verify_snapshot.pb.h"
#include "verify/rule_engine.h"

namespace trucewatch {

// Bit-exact both ways. Reading fails with kBadInput on a state that does not fit the agreement.
v1::VerifySnapshot::EngineState ToProto(const EngineState& state);
Result<EngineState> FromProto(const v1::VerifySnapshot::EngineState& message,
                              const Agreement& agreement);

}  // namespace trucewatch
