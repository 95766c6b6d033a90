// SPDX-License-Identifier: Apache-2.0
#include "evidence/ledger/spare_files.h"

#include <algorithm>
#include <iterator>

namespace trucewatch::evidence {

Result<bool> SpareFiles::Keep(const std::string& folder, const std::string& name,
                              std::size_t kind) {
  if (settled_[kind].size() + pending_[kind].size() >= kMost) return false;
  const std::string spare = prefix_ + std::to_string(kept_++);
  // Where the ledger is a file system of its own, nothing can be moved out of it.
  if (!storage_.Rename(folder + "/" + name, spare)) return false;
  pending_[kind].push_back(spare);
  emptied_.insert(folder);
  return true;
}

void SpareFiles::HaveSettled() {
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    std::move(pending_[kind].begin(), pending_[kind].end(), std::back_inserter(settled_[kind]));
    pending_[kind].clear();
  }
  emptied_.clear();
}

Result<std::unique_ptr<File>> SpareFiles::Reuse(const std::string& path, std::string_view bytes,
                                                std::size_t kind) {
  if (settled_[kind].empty()) return nullptr;
  const std::string spare = settled_[kind].back();
  settled_[kind].pop_back();
  TW_RETURN_IF_ERROR(storage_.Rename(spare, path));
  TW_ASSIGN_OR_RETURN(std::unique_ptr<File> file, storage_.Open(path, /*create=*/false));
  TW_ASSIGN_OR_RETURN(const std::uint64_t size, file->Size());
  if (bytes.size() < size) TW_RETURN_IF_ERROR(file->Truncate(bytes.size()));
  const std::string_view over = bytes.substr(0, std::min<std::uint64_t>(size, bytes.size()));
  if (!over.empty()) TW_RETURN_IF_ERROR(file->WriteAt(0, AsBytes(over)));
  const std::string_view beyond = bytes.substr(over.size());
  if (!beyond.empty()) TW_RETURN_IF_ERROR(file->Append(AsBytes(beyond)));
  return file;
}

Result<void> SpareFiles::Clear() {
  settled_ = pending_ = {};
  emptied_.clear();
  const std::size_t slash = prefix_.rfind('/');
  const std::string folder = slash == prefix_.npos ? "." : prefix_.substr(0, slash);
  const auto names = storage_.List(folder);
  if (!names) return {};  // one that may not be read has none of ours
  for (const std::string& name : *names) {
    const std::string path = slash == prefix_.npos ? name : folder + "/" + name;
    if (!path.starts_with(prefix_)) continue;
    const std::string number = path.substr(prefix_.size());
    const bool ours = !number.empty() && number.find_first_not_of("0123456789") == number.npos;
    if (ours) TW_RETURN_IF_ERROR(storage_.Remove(path));
  }
  return {};
}

}  // namespace trucewatch::evidence
