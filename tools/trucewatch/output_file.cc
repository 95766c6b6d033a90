// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/output_file.h"

#include <filesystem>

namespace trucewatch::tools {

Result<void> WriteOutputFile(Storage& storage, const std::string& path, Bytes bytes) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(path, ignored);
  if (std::filesystem::is_directory(status)) {
    return Fail(ErrorCode::kUsage, "{}: is a folder; expected the name of a file", path);
  }
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    return Fail(ErrorCode::kUsage, "{}: is no ordinary file; expected the name of a file", path);
  }
  const Result<void> written = WriteFileAtomically(storage, path, bytes);
  if (!written)
    return Fail(written.error().code, "{}: cannot be written: {}", path, written.error().message);
  return {};
}

}  // namespace trucewatch::tools
