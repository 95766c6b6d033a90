// SPDX-License-Identifier: Apache-2.0
// Mission configs and agreements: text that people write.
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/check.h"
#include "core/config/mission_config.h"
#include "core/config/text_config.h"
#include "tests/fuzz/share.h"
#include "verify/agreement/agreement.h"
#include "verify/agreement/lint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trucewatch;
  const std::string text(AsText(Bytes(data, size)));
  MissionFile file;
  FieldLines lines;
  fuzzing::Share share(Bytes(data, size));
  if (ParseTextConfig(text, "fuzz.txtpb", &file.config, &lines)) {
    if (ValidateMissionConfig(file.config, "fuzz.txtpb", lines)) {
      (void)file.start();  // aborts unless validation has checked it
      (void)file.origin();
    }
    // It is no agreement then, but for what the two have in common.
    if (!share.OneIn(8)) return 0;
  }
  const auto agreement = ParseAgreement(text, "fuzz.txtpb");
  // Lint's errors are exactly what ParseAgreement refuses. It reads the text with the same code.
  if (share.OneIn(agreement ? 4 : 16)) {
    TW_CHECK(agreement.has_value() == !HasErrors(LintAgreement(text, "fuzz.txtpb")));
  }
  if (agreement) {
    for (const Phase& phase : agreement->phases) {
      TW_CHECK(PhaseAt(*agreement, phase.start) == &phase);
      for (const Rule& rule : agreement->rules) (void)RuleApplies(*agreement, rule, phase.start);
    }
  }
  return 0;
}
