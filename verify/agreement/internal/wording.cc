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

}  // namespace

std::string PathInWords(const std::string& path, const v1::config::Agreement& message) {
  std::string out;
  bool first = true;
  for (std::size_t at = 0; at < path.size(); first = false) {
    const std::size_t dot = std::min(path.find('.', at), path.size());
    std::string name = path.substr(at, dot - at);
    at = dot + 1;
    const std::size_t bracket = name.find('[');
    int index = -1;
    if (bracket != std::string::npos) {
      std::from_chars(name.data() + bracket + 1, name.data() + name.size(), index);
      name.resize(bracket);
    }
    const std::string known = first && index >= 0 ? ElementName(message, name, index) : "";
    out += (out.empty() ? "" : ", ") + name;
    if (!known.empty()) {
      out += fmt::format(" \"{}\"", known);
    } else if (index >= 0) {
      out += fmt::format(" {}", index + 1);
    }
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

void Findings::Error(const std::string& path, std::string text) {
  LintMessage out;
  out.severity = LintMessage::Severity::kError;
  out.line = lines_.Of(path);
  out.column = lines_.ColumnOf(path);
  out.field = path;
  out.subject = PathInWords(path, message_);
  out.text = std::move(text);
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
