// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/descriptor.h>

#include <charconv>

#include "verify/agreement/internal/build.h"

namespace trucewatch::internal {
namespace {

// The id (or zone, or name) of the i-th element of a list of the agreement.
std::string ElementName(const google::protobuf::Message& message, const std::string& list,
                        int index) {
  const auto* field = message.GetDescriptor()->FindFieldByName(list);
  if (field == nullptr || !field->is_repeated() || field->message_type() == nullptr) return "";
  const auto* reflection = message.GetReflection();
  if (index < 0 || index >= reflection->FieldSize(message, field)) return "";
  const auto& element = reflection->GetRepeatedMessage(message, field, index);
  for (const char* key : {"id", "zone", "name"}) {
    const auto* name = element.GetDescriptor()->FindFieldByName(key);
    if (name == nullptr || name->is_repeated()) continue;
    return element.GetReflection()->GetString(element, name);
  }
  return "";
}

// How many elements a list of a message has; 0: not known.
int CountIn(const google::protobuf::Message* message, const std::string& list) {
  if (message == nullptr) return 0;
  const auto* field = message->GetDescriptor()->FindFieldByName(list);
  if (field == nullptr || !field->is_repeated()) return 0;
  return message->GetReflection()->FieldSize(*message, field);
}

// A message within another; nothing where there is none.
const google::protobuf::Message* Within(const google::protobuf::Message* message,
                                        const std::string& name, int index) {
  if (message == nullptr) return nullptr;
  const auto* field = message->GetDescriptor()->FindFieldByName(name);
  if (field == nullptr || field->message_type() == nullptr) return nullptr;
  const auto* reflection = message->GetReflection();
  if (!field->is_repeated()) return &reflection->GetMessage(*message, field);
  if (index < 0 || index >= reflection->FieldSize(*message, field)) return nullptr;
  return &reflection->GetRepeatedMessage(*message, field, index);
}

}  // namespace

std::string PathInWords(const std::string& path, const v1::config::Agreement& message) {
  std::string out;
  const google::protobuf::Message* here = &message;  // what the name is of, as far as it is known
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t dot = std::min(path.find('.', at), path.size());
    std::string name = path.substr(at, dot - at);
    at = dot + 1;
    const std::size_t bracket = name.find('[');
    int index = -1;
    if (bracket != std::string::npos) {
      std::from_chars(name.data() + bracket + 1, name.data() + name.size(), index);
      name.resize(bracket);
    }
    const std::string known =
        here == &message && index >= 0 ? ElementName(message, name, index) : "";
    out += (out.empty() ? "" : ", ") + name;
    if (!known.empty()) {
      out += fmt::format(" \"{}\"", known);
    } else if (index >= 0 && CountIn(here, name) != 1) {
      out += fmt::format(" {}", index + 1);
    }
    here = Within(here, name, index);
  }
  return out;
}

std::string ParserWords(const std::string& text) {
  // "Message type "trucewatch.v1.config.Zone" has no field named "vertexes"."
  static constexpr std::string_view kType = "Message type \"trucewatch.v1.config.";
  static constexpr std::string_view kNoField = "\" has no field named \"";
  const std::size_t middle = text.find(kNoField);
  if (!text.starts_with(kType) || middle == std::string::npos) return text;
  const std::string type = text.substr(kType.size(), middle - kType.size());
  const std::size_t start = middle + kNoField.size();
  const std::string field = text.substr(start, text.find('"', start) - start);
  std::string known;
  const auto* descriptor = v1::config::Agreement::descriptor()->file()->FindMessageTypeByName(type);
  for (int i = 0; descriptor != nullptr && i < descriptor->field_count(); ++i)
    known += (known.empty() ? "" : ", ") + descriptor->field(i)->name();
  return fmt::format(
      "\"{}\" is no entry that can stand here (in {}). Nothing can be read past it, so "
      "it may not be left in. Mend its spelling, or take it out; these are known "
      "here: {}",
      field, type == "Agreement" ? "the agreement itself" : type, known);
}

void Findings::Error(const std::string& path, std::string text, std::string meaning,
                     std::string advice) {
  LintMessage out;
  out.severity = LintMessage::Severity::kError;
  out.line = lines_.Of(path);
  out.column = lines_.ColumnOf(path);
  out.field = path;
  out.subject = PathInWords(path, message_);
  out.text = std::move(text);
  if (!meaning.empty() && out.text.back() != '.') out.text += '.';
  out.meaning = std::move(meaning);
  out.advice = std::move(advice);
  messages_.push_back(std::move(out));
}

void Findings::Add(LintMessage::Severity severity, const std::string& path, Doubt doubt) {
  LintMessage out;
  out.severity = severity;
  out.line = lines_.Of(path);
  out.column = lines_.ColumnOf(path);
  out.field = path;
  out.text = std::move(doubt.what);
  out.meaning = std::move(doubt.meaning);
  out.advice = std::move(doubt.advice);
  messages_.push_back(std::move(out));
}

}  // namespace trucewatch::internal
