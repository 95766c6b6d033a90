// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/crypto/sha256.h"
#include "ingest/recorded/internal/scene_delivery.h"
#include "ingest/satellite/scene_chunk.h"

namespace trucewatch::internal {
namespace {
constexpr std::size_t kReadBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxReasonBytes = 4000;
}  // namespace

SceneSender::SceneSender(Storage& storage, Delivery delivery)
    : storage_(storage), delivery_(std::move(delivery)) {
  head_.set_item(delivery_.item);
  const std::size_t reasons = delivery_.reason.empty() ? 0 : 1;
  head_.set_file_count(static_cast<std::uint32_t>(delivery_.files.size() + reasons));
}

Result<std::string> SceneSender::Piece::Read(std::size_t max_size) {
  if (entry) return entry->Read(max_size);
  TW_ASSIGN_OR_RETURN(const std::uint64_t size, file->Size());
  const std::size_t count = std::min<std::uint64_t>(max_size, size - std::min(size, at));
  TW_ASSIGN_OR_RETURN(std::string bytes, file->ReadAt(at, count));
  at += count;
  return bytes;
}

Result<std::unique_ptr<SceneSender::Piece>> SceneSender::Open(const DeliveryFile& file) {
  auto piece = std::make_unique<Piece>();
  const bool zipped = !delivery_.archive.empty();
  auto opened = storage_.Open(zipped ? delivery_.archive : file.path, /*create=*/false);
  // Reasons are part of the record: they name what was delivered, not where it lies on this
  // machine.
  if (!opened && opened.error().code == ErrorCode::kIo) return tl::unexpected(opened.error());
  if (!opened) return Fail(ErrorCode::kBadInput, "{}: cannot be opened", file.name);
  piece->file = std::move(*opened);
  if (!zipped) return piece;
  TW_ASSIGN_OR_RETURN(piece->archive, ZipArchive::Open(*piece->file, delivery_.item));
  const auto& entries = piece->archive->entries();
  const auto entry = std::find_if(entries.begin(), entries.end(),
                                  [&](const ZipEntry& e) { return e.name == file.path; });
  if (entry == entries.end()) {
    return Fail(ErrorCode::kBadInput, "{} is not in the archive", file.name);
  }
  TW_ASSIGN_OR_RETURN(piece->entry, ZipEntryReader::Open(*piece->archive, *entry));
  return piece;
}

Result<void> SceneSender::Begin(const DeliveryFile& file) {
  TW_ASSIGN_OR_RETURN(auto piece, Open(file));
  Sha256Stream hash;
  std::uint64_t size = 0;
  while (true) {
    TW_ASSIGN_OR_RETURN(const std::string bytes, piece->Read(kReadBytes));
    if (bytes.empty()) break;
    hash.Add(AsBytes(bytes));
    size += bytes.size();
    if (size > kMaxSceneRasterBytes) break;
  }
  if (size == 0) return Fail(ErrorCode::kBadInput, "{}: is empty", file.name);
  if (size > kMaxSceneRasterBytes) {
    return Fail(ErrorCode::kBadInput, "{}: has more than {} bytes", file.name,
                kMaxSceneRasterBytes);
  }
  TW_ASSIGN_OR_RETURN(piece_, Open(file));
  const Digest digest = hash.Finish();
  head_.set_name(file.name);
  head_.set_role(file.role);
  head_.set_file_size(size);
  head_.set_file_sha256(digest.data(), digest.size());
  left_ = size;
  offset_ = 0;
  return {};
}

void SceneSender::BeginReason(const std::string& reason) {
  text_ = reason.substr(0, kMaxReasonBytes);
  const Digest digest = Sha256(text_);
  head_.set_name(kSceneReasonName);
  head_.set_role(scene_role::kReason);
  head_.set_file_size(text_.size());
  head_.set_file_sha256(digest.data(), digest.size());
  left_ = text_.size();
  offset_ = 0;
  piece_.reset();
  reason_given_ = true;
  next_ = delivery_.files.size();
}

Result<std::optional<v1::SceneChunk>> SceneSender::Next() {
  if (left_ == 0) {
    if (next_ < delivery_.files.size()) {
      const DeliveryFile& file = delivery_.files[next_++];
      if (const auto begun = Begin(file); !begun) {
        if (begun.error().code == ErrorCode::kIo) return tl::unexpected(begun.error());
        BeginReason(begun.error().message);
      }
    } else if (!delivery_.reason.empty() && !reason_given_) {
      BeginReason(delivery_.reason);
    } else {
      return std::optional<v1::SceneChunk>();
    }
  }
  v1::SceneChunk chunk = head_;
  chunk.set_offset(offset_);
  const std::size_t size = std::min<std::uint64_t>(kMaxSceneChunkBytes, left_);
  std::string bytes = piece_ ? "" : text_.substr(offset_, size);
  while (piece_ && bytes.size() < size) {
    TW_ASSIGN_OR_RETURN(const std::string more, piece_->Read(size - bytes.size()));
    if (more.empty()) {
      // It was longer a moment ago: whoever reads it sees a file that ends too early.
      return Fail(ErrorCode::kIo, "{}: changed while it was read", head_.name());
    }
    bytes += more;
  }
  left_ -= bytes.size();
  offset_ += bytes.size();
  chunk.set_data(std::move(bytes));
  return std::optional<v1::SceneChunk>(std::move(chunk));
}

}  // namespace trucewatch::internal
