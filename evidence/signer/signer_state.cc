// SPDX-License-Identifier: Apache-2.0
#include "evidence/signer/signer_state.h"

#include <array>

#include "core/base/check.h"
#include "core/crypto/sha256.h"
#include "evidence/ledger/merkle.h"

namespace trucewatch::evidence {
namespace {

constexpr std::string_view kFirstHeader = "trucewatch/signer-state/v1\n";
constexpr std::string_view kHeader = "trucewatch/signer-state/v2\n";
// A block of the disk and of the page cache: writing one leaves its neighbours alone.
constexpr std::size_t kRecordBytes = 4096;
constexpr std::size_t kCopies = 2;
constexpr std::size_t kPlaces = 2;
constexpr std::size_t kPlaceBytes = kCopies * kRecordBytes;
constexpr std::size_t kFileBytes = kPlaces * kPlaceBytes;

// Header, checkpoint, SHA-256 of both in hexadecimal; zeros up to the end of the block.
Result<std::string> FormatRecord(const Checkpoint& state) {
  std::string record = std::string(kHeader) + FormatCheckpoint(state);
  record += HexEncode(Sha256(record)) + "\n";
  if (record.size() > kRecordBytes) {
    return Fail(ErrorCode::kBadInput, "the origin has {} bytes: too long for a signer's state",
                state.origin.size());
  }
  record.resize(kRecordBytes, '\0');
  return record;
}

// Nothing when it is not whole.
std::optional<Checkpoint> ParseRecord(std::string_view record) {
  const std::size_t end = record.find('\0');
  if (!record.starts_with(kHeader) || end == std::string_view::npos) return std::nullopt;
  constexpr std::size_t kSumBytes = 2 * sizeof(Digest) + 1;
  if (end < kHeader.size() + kSumBytes) return std::nullopt;
  const std::string_view text = record.substr(kHeader.size(), end - kHeader.size() - kSumBytes);
  const auto state = ParseCheckpoint(text);
  if (!state) return std::nullopt;
  const auto again = FormatRecord(*state);
  if (!again || *again != record) return std::nullopt;
  return *state;
}

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<SignerState> SignerState::Load(Storage& storage, std::string path,
                                      const std::string& origin) {
  SignerState state(storage, std::move(path), {origin, 0, EmptyRoot()});
  TW_ASSIGN_OR_RETURN(const bool exists, storage.Exists(state.path_));
  if (!exists) return state;
  TW_ASSIGN_OR_RETURN(const std::string bytes, ReadWholeFile(storage, state.path_, kFileBytes));
  TW_RETURN_IF_ERROR(bytes.starts_with(kFirstHeader) ? state.ReadFirstFormat(bytes)
                                                     : state.Read(bytes));
  if (state.last_.origin != origin) {
    return Fail(ErrorCode::kBadInput, "is the state of '{}', not of '{}'", state.last_.origin,
                origin);
  }
  // A killed process may have left it in the kernel's memory alone; it must not be relied on there.
  TW_ASSIGN_OR_RETURN(const auto file, storage.Open(state.path_, /*create=*/false));
  TW_RETURN_IF_ERROR(file->Sync());
  TW_RETURN_IF_ERROR(storage.SyncDirectory(FolderOf(state.path_)));
  return state;
}

// Until the first Store of this version.
Result<void> SignerState::ReadFirstFormat(std::string_view text) {
  TW_ASSIGN_OR_RETURN(last_, ParseCheckpoint(text.substr(kFirstHeader.size())));
  return {};
}

Result<void> SignerState::Read(const std::string& bytes) {
  if (bytes.size() != kFileBytes) {
    return Fail(ErrorCode::kBadInput, "has {} bytes: a signer's state has {}", bytes.size(),
                kFileBytes);
  }
  for (std::size_t at = 0; at < kFileBytes; at += kRecordBytes) {
    const auto record = ParseRecord(std::string_view(bytes).substr(at, kRecordBytes));
    if (!record) continue;
    if (has_places_ && record->size == last_.size && *record != last_) {
      return Fail(ErrorCode::kBadInput, "holds two states of size {}", last_.size);
    }
    if (has_places_ && record->size <= last_.size) continue;
    has_places_ = true;
    last_ = *record;
    place_ = at / kPlaceBytes;
  }
  if (has_places_) return {};
  return Fail(ErrorCode::kBadInput, "no record of it is whole");
}

Result<void> SignerState::Store(const Checkpoint& state) {
  TW_ASSIGN_OR_RETURN(const std::string record, FormatRecord(state));
  const std::string copies = record + record;
  if (has_places_) {
    const std::size_t next = (place_ + 1) % kPlaces;
    // Opened each time: where somebody has put another file there, that is the one to write.
    TW_ASSIGN_OR_RETURN(const auto file, storage_->Open(path_, /*create=*/false));
    TW_RETURN_IF_ERROR(file->WriteAt(next * kPlaceBytes, AsBytes(copies)));
    TW_RETURN_IF_ERROR(file->Sync());
    place_ = next;
  } else {
    std::string bytes = copies;
    bytes.resize(kFileBytes, '\0');
    TW_RETURN_IF_ERROR(WriteFileAtomically(*storage_, path_, AsBytes(bytes)));
    has_places_ = true;
    place_ = 0;
  }
  last_ = state;
  return {};
}

}  // namespace trucewatch::evidence
