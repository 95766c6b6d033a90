// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/agreement_texts.h"

namespace trucewatch::tools {

Result<std::vector<AgreementFile>> ReadAgreementFiles(const MissionFile& mission) {
  const auto& verify = mission.config.verify();
  std::vector<AgreementFile> out;
  const auto read = [&](const std::string& file) -> Result<void> {
    out.push_back({mission.Resolve(file), ""});
    TW_ASSIGN_OR_RETURN(out.back().text, ReadTextFile(out.back().name));
    return {};
  };
  if (!verify.agreement_file().empty()) TW_RETURN_IF_ERROR(read(verify.agreement_file()));
  if (out.empty() && verify.later_agreement_file_size() > 0)
    return Fail(ErrorCode::kBadInput,
                "verify.later_agreement_file: names versions that amend an agreement, and "
                "verify.agreement_file does not name the first one");
  for (const std::string& file : verify.later_agreement_file()) TW_RETURN_IF_ERROR(read(file));
  return out;
}

}  // namespace trucewatch::tools
