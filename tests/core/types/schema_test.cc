// SPDX-License-Identifier: Apache-2.0
// No message can carry a single person (DESIGN.md section 1): people exist only as counts of
// groups.
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include "trucewatch/v1/envelope.pb.h"

namespace trucewatch {
namespace {

bool Contains(std::string text, const std::string& word) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text.find(word) != std::string::npos;
}

void CheckMessage(const google::protobuf::Descriptor* message, std::set<std::string>* seen) {
  if (!seen->insert(message->full_name()).second) return;
  for (int i = 0; i < message->field_count(); ++i) {
    const auto* field = message->field(i);
    EXPECT_FALSE(Contains(field->name(), "person") || Contains(field->name(), "face"))
        << field->full_name();
    if (field->message_type() != nullptr) CheckMessage(field->message_type(), seen);
    if (field->enum_type() == nullptr) continue;
    for (int k = 0; k < field->enum_type()->value_count(); ++k) {
      const std::string& name = field->enum_type()->value(k)->name();
      if (Contains(name, "person") || Contains(name, "people")) {
        EXPECT_TRUE(Contains(name, "group")) << name;
      }
    }
  }
}

TEST(Schema, NoMessageOfThePipelineCanCarryAnIndividual) {
  std::set<std::string> seen;
  CheckMessage(v1::Envelope::descriptor(), &seen);
  EXPECT_GT(seen.size(), 15U);  // the walk really went through the pipeline's messages
}

}  // namespace
}  // namespace trucewatch
