// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/sealed_case.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "core/process/program_pipe.h"

namespace trucewatch::tools {
namespace {

namespace fs = std::filesystem;

// As a program's argument: never taken for an option.
std::string Absolute(const std::string& path) { return fs::absolute(path).lexically_normal(); }

Result<void> NotThereYet(const std::string& path) {
  std::error_code ignored;
  if (fs::symlink_status(path, ignored).type() == fs::file_type::not_found) return {};
  return Fail(ErrorCode::kUsage, "{}: is there already; nothing is written over", path);
}

ProgramLine Encryption(const std::vector<std::string>& recipients, const std::string& out) {
  ProgramLine age = {"age", "--encrypt", "--output", out};
  for (const std::string& file : recipients) {
    age.push_back("--recipients-file");
    age.push_back(Absolute(file));
  }
  return age;
}

Result<void> MoveTo(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) return Fail(ErrorCode::kIo, "{}: cannot be written: {}", to, error.message());
  return {};
}

}  // namespace

Result<PrivateFolder> PrivateFolder::MakeBeside(const std::string& path) {
  std::string name = Absolute(path) + ".part-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr)
    return Fail(ErrorCode::kIo, "{}: no folder can be made beside it: {}", path,
                std::strerror(errno));
  return PrivateFolder(name);
}

PrivateFolder::PrivateFolder(PrivateFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

PrivateFolder::~PrivateFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

Result<void> CheckRecipients(const std::vector<std::string>& recipients) {
  return RunPiped({Encryption(recipients, "/dev/null")});
}

Result<void> SealFolder(const std::string& folder, const std::vector<std::string>& recipients,
                        const std::string& out) {
  TW_RETURN_IF_ERROR(NotThereYet(out));
  TW_ASSIGN_OR_RETURN(const PrivateFolder part, PrivateFolder::MakeBeside(out));
  const fs::path whole = Absolute(folder);
  const std::string sealed = part.path() + "/sealed";
  // Neither who made it on which machine nor when is in it but as the bundle says so itself.
  TW_RETURN_IF_ERROR(
      RunPiped({{"tar", "--create", "--file=-", "--format=gnu", "--sort=name", "--mtime=@0",
                 "--owner=0", "--group=0", "--numeric-owner", "--mode=u=rwX,go=rX",
                 "--directory=" + whole.parent_path().string(), "--", whole.filename().string()},
                Encryption(recipients, sealed)}));
  return MoveTo(sealed, out);
}

Result<void> OpenSealed(const std::string& file, const std::vector<std::string>& identities,
                        const std::string& out) {
  TW_RETURN_IF_ERROR(NotThereYet(out));
  if (!fs::is_regular_file(file)) return Fail(ErrorCode::kNotFound, "{}: no such file", file);
  TW_ASSIGN_OR_RETURN(const PrivateFolder part, PrivateFolder::MakeBeside(out));
  ProgramLine age = {"age", "--decrypt"};
  for (const std::string& identity : identities) {
    age.push_back("--identity");
    age.push_back(Absolute(identity));
  }
  age.push_back(Absolute(file));
  const std::string inner = part.path() + "/case";
  std::error_code error;
  fs::create_directory(inner, error);
  // Whoever has the public key may have made it: GNU tar leaves out what leads elsewhere, and the
  // audit refuses links.
  const auto opened =
      RunPiped({age,
                {"tar", "--extract", "--file=-", "--strip-components=1", "--no-same-owner",
                 "--no-same-permissions", "--keep-old-files", "--directory=" + inner}});
  if (!opened) {
    const Error& why = opened.error();
    return Fail(why.code == ErrorCode::kBadInput ? ErrorCode::kCheckFailed : why.code, "{}: {}",
                file, why.message);
  }
  if (!fs::is_regular_file(inner + "/case.txt"))
    return Fail(ErrorCode::kCheckFailed, "{}: what is in it is no case bundle: no case.txt", file);
  return MoveTo(inner, out);
}

}  // namespace trucewatch::tools
