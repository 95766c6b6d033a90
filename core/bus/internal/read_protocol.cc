// SPDX-License-Identifier: Apache-2.0
#include "core/bus/internal/read_protocol.h"

#include <google/protobuf/stubs/logging.h>

#include <utility>

#include "trucewatch/v1/bus.pb.h"

namespace trucewatch::bus {
namespace {

constexpr std::size_t kMaxErrorBytes = 2000;

template <typename Message>
Result<Message> Parse(Bytes bytes, std::size_t max_bytes, const char* what) {
  if (bytes.size() > max_bytes) {
    return Fail(ErrorCode::kBadInput, "a {} of {} bytes, at most {} are allowed", what,
                bytes.size(), max_bytes);
  }
  // A hostile peer must not be able to fill our log with protobuf's complaints.
  const google::protobuf::LogSilencer silencer;
  Message message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Fail(ErrorCode::kBadInput, "{} bytes that are no {}", bytes.size(), what);
  }
  return message;
}

}  // namespace

std::string Encode(const Question& question) {
  v1::ReadRequest message;
  message.set_request_id(question.request_id);
  message.set_log(question.log);
  message.set_after(question.after);
  message.set_max_bytes(question.max_bytes);
  message.set_wait_us(question.wait.micros());
  return message.SerializeAsString();
}

std::string Encode(const Answer& answer) {
  v1::ReadReply message;
  message.set_request_id(answer.request_id);
  for (const LogRecord& record : answer.batch.records) {
    v1::LogRecord* out = message.add_records();
    out->set_sequence(record.sequence);
    out->set_origin(record.origin);
    out->set_payload(record.payload);
  }
  message.set_last(answer.batch.last);
  message.set_closed(answer.batch.closed);
  message.set_error(answer.error.substr(0, kMaxErrorBytes));
  return message.SerializeAsString();
}

Result<Question> ParseQuestion(Bytes bytes) {
  TW_ASSIGN_OR_RETURN(const v1::ReadRequest message,
                      Parse<v1::ReadRequest>(bytes, kMaxQuestionBytes, "read request"));
  return Question{.request_id = message.request_id(),
                  .log = message.log(),
                  .after = message.after(),
                  .max_bytes = message.max_bytes(),
                  .wait = Duration::Micros(message.wait_us())};
}

Result<Answer> ParseAnswer(Bytes bytes) {
  TW_ASSIGN_OR_RETURN(v1::ReadReply message,
                      Parse<v1::ReadReply>(bytes, kMaxAnswerBytes, "read reply"));
  Answer answer{.request_id = message.request_id(),
                .batch = {.records = {}, .last = message.last(), .closed = message.closed()},
                .error = std::move(*message.mutable_error())};
  answer.batch.records.reserve(static_cast<std::size_t>(message.records_size()));
  for (v1::LogRecord& record : *message.mutable_records()) {
    answer.batch.records.push_back({.sequence = record.sequence(),
                                    .origin = record.origin(),
                                    .payload = std::move(*record.mutable_payload())});
  }
  return answer;
}

}  // namespace trucewatch::bus
