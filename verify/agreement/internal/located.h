// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/text_format.h>

#include <memory>
#include <string>
#include <vector>

#include "trucewatch/v1/config/agreement.pb.h"
#include "verify/agreement/lint.h"

namespace trucewatch::internal {

// A message of the text file together with the place of each of its fields.
class Located {
 public:
  Located(const google::protobuf::Message& message,
          const google::protobuf::TextFormat::ParseInfoTree* tree, std::string path, int line,
          int column)
      : message_(&message), tree_(tree), path_(std::move(path)), line_(line), column_(column) {}

  // A message field; index for repeated ones. An absent one has the place of this message.
  Located Child(const char* field, int index = -1) const;

  // Adds a sentence about a field of this message (about the message itself for nullptr).
  void Say(std::vector<LintMessage>& out, LintMessage::Severity severity, const char* field,
           int index, std::string text) const;
  void Error(std::vector<LintMessage>& out, const char* field, std::string text) const {
    Say(out, LintMessage::Severity::kError, field, -1, std::move(text));
  }
  void Warn(std::vector<LintMessage>& out, const char* field, std::string text) const {
    Say(out, LintMessage::Severity::kWarning, field, -1, std::move(text));
  }

 private:
  const google::protobuf::Message* message_;
  const google::protobuf::TextFormat::ParseInfoTree* tree_;
  std::string path_;
  int line_;
  int column_;
};

// The parsed text. The root refers into it, so it lives on the heap.
struct AgreementText {
  v1::config::Agreement message;
  google::protobuf::TextFormat::ParseInfoTree tree;
  Located Root() const { return Located(message, &tree, "", 0, 0); }
};

// Nothing when the text is no agreement message; the reasons are in `out`.
std::unique_ptr<AgreementText> ReadAgreementText(const std::string& text,
                                                 std::vector<LintMessage>& out);

}  // namespace trucewatch::internal
