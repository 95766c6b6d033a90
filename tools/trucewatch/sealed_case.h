// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"

namespace trucewatch::tools {

// A case bundle on its way to somebody: its folder as tar, encrypted in the age format
// (https://age-encryption.org/v1) by the programs of those names. Nothing of it is held in memory.

// kBadInput, in age's words, when there is no key in one of the files or one that is none.
Result<void> CheckRecipients(const std::vector<std::string>& recipients);

// Writes `out`, which must not be there yet. `recipients`: files of age or SSH public keys, one a
// line. When it fails there is no `out`.
Result<void> SealFolder(const std::string& folder, const std::vector<std::string>& recipients,
                        const std::string& out);

// The other way: the files come to lie in `out`, a folder that must not be there yet. `identities`:
// files of private keys. kCheckFailed, in age's words, when none of them opens it or a byte of it
// was changed; there is no `out` then. What was signed in it is for the audit to check.
Result<void> OpenSealed(const std::string& file, const std::vector<std::string>& identities,
                        const std::string& out);

// A folder beside `path` that nobody else may look into, with what lies in it gone at the end.
class PrivateFolder {
 public:
  static Result<PrivateFolder> MakeBeside(const std::string& path);
  ~PrivateFolder();
  PrivateFolder(PrivateFolder&& other) noexcept;
  PrivateFolder& operator=(PrivateFolder&&) = delete;
  const std::string& path() const { return path_; }

 private:
  explicit PrivateFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace trucewatch::tools
