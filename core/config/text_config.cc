// SPDX-License-Identifier: Apache-2.0
#include "core/config/text_config.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "core/base/utf8.h"

namespace trucewatch {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::TextFormat;

constexpr std::uintmax_t kMaxFileBytes = 16U << 20U;

// Finds an enum field by its name anywhere below a message type.
const FieldDescriptor* FindEnumField(const google::protobuf::Descriptor& type,
                                     const std::string& name, int depth) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    if (field->enum_type() != nullptr && field->name() == name) return field;
    if (field->message_type() == nullptr || depth == 0) continue;
    if (const auto* found = FindEnumField(*field->message_type(), name, depth - 1)) return found;
  }
  return nullptr;
}

struct TextError {
  int line = 0;  // from 0, as protobuf counts
  int column = 0;
  std::string message;
};

// Protobuf says 'Unknown enumeration value of "X" for field "y".' at the token that follows, and no
// more. A person wants the place of X, and to know which values there are.
TextError ExplainUnknownValue(TextError error, const std::string& text,
                              const google::protobuf::Descriptor& type) {
  static constexpr std::string_view kUnknown = "Unknown enumeration value of \"";
  static constexpr std::string_view kForField = "\" for field \"";
  const std::size_t middle = error.message.find(kForField);
  if (!error.message.starts_with(kUnknown) || middle == std::string::npos) return error;
  const std::string value = error.message.substr(kUnknown.size(), middle - kUnknown.size());
  const std::size_t start = middle + kForField.size();
  const std::size_t end = error.message.find('"', start);
  if (end == std::string::npos) return error;
  const FieldDescriptor* field = FindEnumField(type, error.message.substr(start, end - start), 4);
  if (field == nullptr) return error;
  std::string expected;
  for (int i = 0; i < field->enum_type()->value_count(); ++i) {
    if (field->enum_type()->value(i)->number() == 0) continue;  // UNSPECIFIED
    expected += (expected.empty() ? "" : ", ") + field->enum_type()->value(i)->name();
  }
  error.message += " Expected one of: " + expected;

  std::size_t after = 0;  // offset of the token that follows
  for (int line = 0; line < error.line && after < text.size(); ++line)
    after = std::min(text.find('\n', after), text.size() - 1) + 1;
  after = std::min(after + static_cast<std::size_t>(std::max(error.column, 0)), text.size());
  const std::size_t at = after == 0 ? std::string::npos : text.rfind(value, after - 1);
  if (at == std::string::npos) return error;
  const auto begin = text.begin();
  error.line = static_cast<int>(std::count(begin, begin + static_cast<std::ptrdiff_t>(at), '\n'));
  const std::size_t line_end = at == 0 ? std::string::npos : text.rfind('\n', at - 1);
  error.column = static_cast<int>(line_end == std::string::npos ? at : at - line_end - 1);
  return error;
}

// The first error; later ones are usually its echoes.
class FirstError final : public google::protobuf::io::ErrorCollector {
 public:
  FirstError(const std::string& text, const google::protobuf::Descriptor& type)
      : source_(text), type_(type) {}
  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& message) override {
    if (!text_.empty()) return;
    const TextError error = ExplainUnknownValue({line, column, message}, source_, type_);
    text_ = line < 0 ? error.message
                     : fmt::format("{}:{}: {}", error.line + 1, error.column + 1, error.message);
    located_ = line >= 0;
  }
  void AddWarning(int line, google::protobuf::io::ColumnNumber column,
                  const std::string& message) override {
    AddError(line, column, message);
  }
  const std::string& text() const { return text_; }
  bool located() const { return located_; }

 private:
  const std::string& source_;
  const google::protobuf::Descriptor& type_;
  std::string text_;
  bool located_ = false;
};

bool IsUtf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = Utf8Length(text.substr(i));
    if (length == 0) return false;
    i += length;
  }
  return true;
}

// Where the fields stand, and which of them are text that is not UTF-8: Protobuf reads it, but what
// is later written with it nobody else can read.
void CollectLines(const Message& message, TextFormat::ParseInfoTree* tree,
                  const std::string& prefix, FieldLines* lines, std::vector<std::string>* no_text) {
  const auto* descriptor = message.GetDescriptor();
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    const bool repeated = field->is_repeated();
    // Not HasField: in proto3 a number written as 0 is not "had", and yet it stands somewhere.
    const int count = repeated ? reflection->FieldSize(message, field) : 1;
    for (int k = 0; k < count; ++k) {
      const int index = repeated ? k : -1;
      const std::string path =
          prefix + field->name() + (repeated ? fmt::format("[{}]", k) : std::string());
      const auto location = tree->GetLocation(field, index);
      if (location.line >= 0) lines->Set(path, location.line + 1, location.column + 1);
      if (field->type() == FieldDescriptor::TYPE_STRING) {
        const std::string text = repeated ? reflection->GetRepeatedString(message, field, k)
                                          : reflection->GetString(message, field);
        if (!IsUtf8(text)) no_text->push_back(path);
      }
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
      if (!repeated && !reflection->HasField(message, field)) continue;
      const Message& nested = repeated ? reflection->GetRepeatedMessage(message, field, k)
                                       : reflection->GetMessage(message, field);
      auto* nested_tree = tree->GetTreeForNested(field, index);
      if (nested_tree != nullptr) CollectLines(nested, nested_tree, path + ".", lines, no_text);
    }
  }
}

}  // namespace

FieldLines::Place FieldLines::PlaceOf(const std::string& path) const {
  std::string at = path;
  while (true) {
    const auto found = places_.find(at);
    if (found != places_.end()) return found->second;
    const std::size_t dot = at.rfind('.');
    if (dot == std::string::npos) return {};
    at.resize(dot);
  }
}

Result<void> ParseTextConfig(const std::string& text, const std::string& file_name,
                             Message* message, FieldLines* lines) {
  FirstError errors(text, *message->GetDescriptor());
  TextFormat::ParseInfoTree tree;
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  parser.WriteLocationsTo(&tree);
  google::protobuf::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  if (!parser.Parse(&stream, message)) {
    return Fail(ErrorCode::kBadInput, "{}:{}{}", file_name, errors.located() ? "" : " ",
                errors.text());
  }
  FieldLines found;
  std::vector<std::string> no_text;
  CollectLines(*message, &tree, "", &found, &no_text);
  ConfigProblems problems(file_name, found);
  for (const std::string& path : no_text) problems.Add(path, "is not UTF-8 text");
  TW_RETURN_IF_ERROR(problems.ToResult());
  if (lines != nullptr) *lines = std::move(found);
  return {};
}

void ConfigProblems::Add(const std::string& path, const std::string& sentence) {
  problems_.push_back(fmt::format("{}:{}: {}: {}", file_name_, lines_.Of(path), path, sentence));
}

void ConfigProblems::Range(const std::string& path, double value, double low, double high) {
  if (std::isfinite(value) && value >= low && value <= high) return;
  Add(path, fmt::format("{} is out of range; expected {} to {}", value, low, high));
}

void ConfigProblems::Required(const std::string& path, const std::string& value) {
  if (value.empty()) Add(path, "is missing; it is required");
}

Result<void> ConfigProblems::ToResult() const {
  if (problems_.empty()) return {};
  std::string all;
  for (const std::string& problem : problems_) all += (all.empty() ? "" : "\n") + problem;
  return Fail(ErrorCode::kBadInput, "{}", all);
}

Result<std::string> ReadTextFile(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    return Fail(ErrorCode::kNotFound, "{}: no such file", path);
  }
  if (!std::filesystem::is_regular_file(status)) {
    return Fail(ErrorCode::kBadInput, "{}: is not a file", path);
  }
  if (std::filesystem::file_size(path, error) > kMaxFileBytes || error) {
    return Fail(ErrorCode::kBadInput, "{}: larger than {} bytes, too large for a config", path,
                kMaxFileBytes);
  }
  // By hand: `stream << file.rdbuf()` does not tell a read that failed from a file that is empty.
  std::ifstream in(path, std::ios::binary);
  std::string text;
  std::vector<char> chunk(64U << 10U);
  while (in.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) || in.gcount() > 0) {
    text.append(chunk.data(), static_cast<std::size_t>(in.gcount()));
  }
  if (!in.eof() || in.bad()) return Fail(ErrorCode::kIo, "{}: cannot be read", path);
  return text;
}

}  // namespace trucewatch
