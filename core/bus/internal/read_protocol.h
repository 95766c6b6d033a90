// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "core/base/bytes.h"
#include "core/bus/log.h"

namespace trucewatch::bus {

// The one question of the bus and its answer (proto/trucewatch/v1/bus.proto) as plain structs.
struct Question {
  std::uint64_t request_id = 0;
  std::string log;
  std::uint64_t after = 0;
  std::uint64_t max_bytes = 0;
  Duration wait;
};

struct Answer {
  std::uint64_t request_id = 0;
  LogBatch batch;
  std::string error = {};  // not empty: the question was refused
};

inline constexpr std::size_t kMaxQuestionBytes = 4096;
// A question is small; a peer that sends more than this is disconnected.
inline constexpr std::int64_t kMaxQuestionMessageBytes = 16 * kMaxQuestionBytes;
// One record of the largest size, or many small ones that count as much, and their framing.
inline constexpr std::size_t kMaxAnswerBytes = 2 * kMaxRecordBytes;

std::string Encode(const Question& question);
std::string Encode(const Answer& answer);
// Fail with kBadInput when the bytes are not such a message or are larger than one may be.
Result<Question> ParseQuestion(Bytes bytes);
Result<Answer> ParseAnswer(Bytes bytes);

}  // namespace trucewatch::bus
