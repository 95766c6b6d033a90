// SPDX-License-Identifier: Apache-2.0
#include "ingest/satellite/scene_assembly.h"

#include <algorithm>

#include "ingest/satellite/stac.h"
#include "trucewatch/v1/observation.pb.h"

namespace trucewatch {
namespace {

constexpr std::uint64_t kMaxReasonBytes = 4096;

// Records of before roles were sent say it by the name.
std::string RoleOf(const v1::SceneChunk& chunk) {
  if (!chunk.role().empty()) return chunk.role();
  if (chunk.name() == kSceneItemName) return scene_role::kItem;
  if (chunk.name() == kSceneReasonName) return scene_role::kReason;
  return scene_role::kImage;
}

bool IsRaster(const std::string& role) {
  return role == scene_role::kImage || role == scene_role::kMask;
}

std::uint64_t LimitOf(const std::string& role) {
  if (role == scene_role::kItem) return kMaxStacJsonBytes;
  if (role == scene_role::kReason) return kMaxReasonBytes;
  return IsRaster(role) ? kMaxSceneRasterBytes : kMaxSceneTextBytes;
}

}  // namespace

SceneFile* FindFile(std::vector<SceneFile>& files, std::string_view role) {
  const auto at = std::find_if(files.begin(), files.end(),
                               [&](const SceneFile& file) { return file.role == role; });
  return at == files.end() ? nullptr : &*at;
}

Result<void> SceneAssembly::Begin(const v1::SceneChunk& chunk) {
  const std::string role = RoleOf(chunk);
  const std::uint64_t limit = LimitOf(role);
  if (chunk.file_size() == 0 || chunk.file_size() > limit || chunk.file_sha256().size() != 32 ||
      chunk.item().empty() || chunk.item().size() > 256 || chunk.name().size() > 1024 ||
      role.size() > 32 || chunk.data().size() > kMaxSceneChunkBytes) {
    return Fail(
        ErrorCode::kBadInput,
        "a file of {} bytes in chunks of {}; expected 1 to {} in chunks of at most {}, with "
        "a SHA-256 and short names",
        chunk.file_size(), chunk.data().size(), limit, kMaxSceneChunkBytes);
  }
  if (files_.empty()) file_count_ = chunk.file_count();
  if (chunk.file_count() != file_count_ || file_count_ > kMaxSceneFiles ||
      files_.size() >= kMaxSceneFiles) {
    return Fail(ErrorCode::kBadInput, "a scene of {} files, or of {}; expected at most {}",
                file_count_, chunk.file_count(), kMaxSceneFiles);
  }
  if (!IsRaster(role) && chunk.file_size() > kMaxSceneTextsBytes - text_bytes_) {
    return Fail(ErrorCode::kBadInput, "texts of more than {} bytes", kMaxSceneTextsBytes);
  }
  const bool again = std::any_of(files_.begin(), files_.end(), [&](const SceneFile& file) {
    return file.name == chunk.name() && role != scene_role::kReason;
  });
  if (again) return Fail(ErrorCode::kBadInput, "a second {}", chunk.name());
  under_way_ = std::make_unique<UnderWay>();
  SceneFile& file = under_way_->file;
  file.name = chunk.name();
  file.role = role;
  file.size = chunk.file_size();
  const Bytes sha = AsBytes(chunk.file_sha256());
  std::copy(sha.begin(), sha.end(), file.sha256.begin());
  if (IsRaster(role)) {
    TW_ASSIGN_OR_RETURN(file.raster, store_.Begin());
  } else {
    text_bytes_ += file.size;
  }
  return {};
}

Result<void> SceneAssembly::Take(const v1::SceneChunk& chunk) {
  if (!under_way_) TW_RETURN_IF_ERROR(Begin(chunk));
  SceneFile& file = under_way_->file;
  if (chunk.name() != file.name || chunk.file_size() != file.size || RoleOf(chunk) != file.role ||
      AsText(file.sha256) != chunk.file_sha256() || chunk.offset() != under_way_->at ||
      chunk.data().empty() || chunk.data().size() > file.size - under_way_->at ||
      chunk.data().size() > kMaxSceneChunkBytes) {
    return Fail(ErrorCode::kBadInput,
                "chunk of {} at byte {} with {} bytes, where byte {} of {} ({} bytes) was to come",
                chunk.name(), chunk.offset(), chunk.data().size(), under_way_->at, file.name,
                file.size);
  }
  if (file.raster != nullptr) {
    TW_RETURN_IF_ERROR(file.raster->Append(AsBytes(chunk.data())));
  } else {
    file.text += chunk.data();
  }
  under_way_->hash.Add(AsBytes(chunk.data()));
  under_way_->at += chunk.data().size();
  return under_way_->at == file.size ? Finish() : Result<void>();
}

Result<void> SceneAssembly::Finish() {
  const std::unique_ptr<UnderWay> done = std::move(under_way_);
  if (done->hash.Finish() != done->file.sha256) {
    return Fail(ErrorCode::kBadInput, "{} has another SHA-256 than its chunks say",
                done->file.name);
  }
  if (done->file.role == scene_role::kReason) {
    return Fail(ErrorCode::kBadInput, "{}", done->file.text);
  }
  files_.push_back(std::move(done->file));
  return {};
}

bool SceneAssembly::complete() const {
  if (under_way_ || files_.empty()) return false;
  return file_count_ > 0 ? files_.size() >= file_count_ : files_.back().role == scene_role::kImage;
}

std::string SceneAssembly::Missing() const {
  if (under_way_) {
    return fmt::format("{} ends at byte {} of {}", under_way_->file.name, under_way_->at,
                       under_way_->file.size);
  }
  return fmt::format("{} of its {} files came", files_.size(), std::max(file_count_, 2U));
}

}  // namespace trucewatch
