// SPDX-License-Identifier: Apache-2.0
#include "verify/agreement/internal/located.h"

#include <fmt/format.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <utility>

#include "core/base/check.h"

namespace trucewatch::internal {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::TextFormat;

constexpr std::size_t kMaxTextBytes = 4u << 20;
constexpr std::size_t kMaxMessages = 50;

// Finds an enum field by its name anywhere below a message type: text-format errors carry no more than the name.
const FieldDescriptor* FindEnumField(const Descriptor& type, const std::string& name, int depth) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    if (field->enum_type() != nullptr && field->name() == name) return field;
    if (field->message_type() == nullptr || depth == 0) continue;
    if (const auto* found = FindEnumField(*field->message_type(), name, depth - 1)) return found;
  }
  return nullptr;
}

// Adds what was expected to protobuf's 'Unknown enumeration value of "X" for field "y".'
std::string Explain(const std::string& message) {
  static constexpr std::string_view kUnknownValue = "Unknown enumeration value of \"";
  static constexpr std::string_view kForField = "\" for field \"";
  const auto start = message.find(kUnknownValue);
  const auto middle = message.find(kForField);
  if (start == std::string::npos || middle == std::string::npos) return message;
  const auto name_start = middle + kForField.size();
  const auto name_end = message.find('"', name_start);
  if (name_end == std::string::npos) return message;
  const std::string name = message.substr(name_start, name_end - name_start);
  const auto value_start = start + kUnknownValue.size();
  const FieldDescriptor* field = FindEnumField(*v1::config::Agreement::descriptor(), name, 3);
  if (field == nullptr) return message;
  std::string expected;
  for (int i = 0; i < field->enum_type()->value_count(); ++i) {
    if (field->enum_type()->value(i)->number() == 0) continue;
    if (!expected.empty()) expected += ", ";
    expected += field->enum_type()->value(i)->name();
  }
  return fmt::format("\"{}\" is not known as {}; expected one of {}",
                     message.substr(value_start, middle - value_start), name, expected);
}

class Collector : public google::protobuf::io::ErrorCollector {
 public:
  explicit Collector(std::vector<LintMessage>& out) : out_(out) {}
  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& message) override {
    if (out_.size() >= kMaxMessages) return;
    out_.push_back({LintMessage::Severity::kError, line + 1, column + 1, "", Explain(message)});
  }

 private:
  std::vector<LintMessage>& out_;
};

}  // namespace

Located Located::Child(const char* field, int index) const {
  const FieldDescriptor* descriptor = message_->GetDescriptor()->FindFieldByName(field);
  TW_CHECK(descriptor != nullptr && descriptor->message_type() != nullptr);
  const auto* reflection = message_->GetReflection();
  const auto& message = index < 0 ? reflection->GetMessage(*message_, descriptor)
                                  : reflection->GetRepeatedMessage(*message_, descriptor, index);
  std::string path = path_.empty() ? field : path_ + "." + field;
  if (index >= 0) path += fmt::format("[{}]", index);
  int line = line_;
  int column = column_;
  const TextFormat::ParseInfoTree* tree = nullptr;
  const bool present = index >= 0 || reflection->HasField(*message_, descriptor);
  if (tree_ != nullptr && present) {
    const auto location = tree_->GetLocation(descriptor, index);
    if (location.line >= 0) {
      line = location.line + 1;
      column = location.column + 1;
    }
    tree = tree_->GetTreeForNested(descriptor, index);
  }
  return Located(message, tree, std::move(path), line, column);
}

void Located::Say(std::vector<LintMessage>& out, LintMessage::Severity severity, const char* field,
                  int index, std::string text) const {
  if (out.size() >= kMaxMessages) return;
  LintMessage message{severity, line_, column_, path_, std::move(text)};
  if (field != nullptr) {
    const FieldDescriptor* descriptor = message_->GetDescriptor()->FindFieldByName(field);
    TW_CHECK(descriptor != nullptr);
    message.field = path_.empty() ? field : path_ + "." + field;
    if (index >= 0) message.field += fmt::format("[{}]", index);
    if (tree_ != nullptr) {
      // A repeated field spoken of as a whole has no place of its own: that of the message stands in.
      const bool whole = descriptor->is_repeated() && index < 0;
      const auto location =
          whole ? TextFormat::ParseLocation() : tree_->GetLocation(descriptor, index);
      if (location.line >= 0) {
        message.line = location.line + 1;
        message.column = location.column + 1;
      }
    }
  }
  out.push_back(std::move(message));
}

std::unique_ptr<AgreementText> ReadAgreementText(const std::string& text,
                                                 std::vector<LintMessage>& out) {
  if (text.size() > kMaxTextBytes) {
    out.push_back({LintMessage::Severity::kError, 0, 0, "",
                   fmt::format("the file has {} bytes; an agreement has at most {}", text.size(),
                               kMaxTextBytes)});
    return nullptr;
  }
  auto parsed = std::make_unique<AgreementText>();
  Collector collector(out);
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&collector);
  parser.WriteLocationsTo(&parsed->tree);
  google::protobuf::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  if (parser.Parse(&stream, &parsed->message)) return parsed;
  if (out.empty()) {
    out.push_back({LintMessage::Severity::kError, 0, 0, "", "the text could not be read"});
  }
  return nullptr;
}

}  // namespace trucewatch::internal
