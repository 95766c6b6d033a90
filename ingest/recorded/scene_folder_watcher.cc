// SPDX-License-Identifier: Apache-2.0
#include "ingest/recorded/scene_folder_watcher.h"

#include <algorithm>
#include <filesystem>
#include <tuple>

#include "core/crypto/sha256.h"
#include "ingest/recorded/internal/scene_delivery.h"

namespace trucewatch {
namespace {

using internal::Delivery;
using internal::FolderEntry;
using internal::SceneSender;

constexpr std::uint64_t kMaxStateBytes = std::uint64_t{64} << 20;
constexpr std::size_t kKeyBytes = 64;  // a SHA-256 in hexadecimal

}  // namespace

struct SceneFolderWatcher::Impl {
  std::vector<FolderEntry> ready;    // complete at the last look, the first at the back
  bool gave = false;                 // something since the last look
  std::optional<FolderEntry> entry;  // under way, or given whole and not confirmed
  std::unique_ptr<SceneSender> sender;
  std::optional<v1::SceneChunk> next;  // read ahead, so that the last one is known as such
};

SceneFolderWatcher::SceneFolderWatcher(Storage& storage, SceneFolderOptions options)
    : storage_(storage), options_(std::move(options)), impl_(std::make_unique<Impl>()) {}
SceneFolderWatcher::~SceneFolderWatcher() = default;

Result<std::unique_ptr<SceneFolderWatcher>> SceneFolderWatcher::Open(Storage& storage,
                                                                     SceneFolderOptions options) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(options.folder, ignored)) {
    return Fail(ErrorCode::kNotFound, "{}: is no folder; expected one to watch for scenes",
                options.folder);
  }
  std::unique_ptr<SceneFolderWatcher> watcher(new SceneFolderWatcher(storage, std::move(options)));
  TW_RETURN_IF_ERROR(watcher->LoadState());
  return watcher;
}

Result<void> SceneFolderWatcher::LoadState() {
  TW_ASSIGN_OR_RETURN(const bool exists, storage_.Exists(options_.state_file));
  if (!exists) return {};
  TW_ASSIGN_OR_RETURN(const std::string text,
                      ReadWholeFile(storage_, options_.state_file, kMaxStateBytes));
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string::npos) break;  // a line that was cut: its scene is sent again
    const std::string key = text.substr(at, std::min(end - at, kKeyBytes));
    if (key.size() != kKeyBytes || !HexDecode(key)) {
      return Fail(ErrorCode::kBadInput, "{}: byte {}: expected a SHA-256 in hexadecimal",
                  options_.state_file, at);
    }
    sent_.insert(key);
    at = end + 1;
  }
  return {};
}

Result<void> SceneFolderWatcher::Look() {
  internal::SceneSearch search;
  search.start = options_.start;
  search.local_prefixes = options_.local_prefixes;
  TW_ASSIGN_OR_RETURN(std::vector<FolderEntry> entries,
                      internal::ListFolder(storage_, options_.folder, search));
  waiting_ = 0;
  std::map<std::string, std::string> seen;
  for (const FolderEntry& entry : entries) {
    seen[entry.name] = entry.key;
    if (sent_.contains(entry.key)) continue;
    const auto before = last_.find(entry.name);
    const bool stable = before != last_.end() && before->second == entry.key;
    if (!entry.done && (!stable || entry.incomplete || entry.lone_image)) {
      ++waiting_;
      continue;
    }
    impl_->ready.push_back(entry);
  }
  last_ = std::move(seen);
  std::sort(impl_->ready.begin(), impl_->ready.end(),
            [](const FolderEntry& a, const FolderEntry& b) {
              return std::tie(a.delivery.time, a.name) > std::tie(b.delivery.time, b.name);
            });
  return {};
}

Result<std::optional<SceneFolderWatcher::Chunk>> SceneFolderWatcher::Poll() {
  if (!impl_->sender) {
    if (impl_->ready.empty() && impl_->gave) {
      // Two looks must not follow one another only because a scene came between them.
      impl_->gave = false;
      return std::optional<Chunk>();
    }
    if (impl_->ready.empty()) TW_RETURN_IF_ERROR(Look());
    if (impl_->ready.empty()) return std::optional<Chunk>();
    impl_->entry = std::move(impl_->ready.back());
    impl_->ready.pop_back();
    impl_->gave = true;
    // Known from now on: what fails half-way is not begun again and again.
    sent_.insert(impl_->entry->key);
    impl_->sender = std::make_unique<SceneSender>(storage_, impl_->entry->delivery);
    auto head = impl_->sender->Next();
    if (!head) impl_->sender.reset();
    if (!head) return tl::unexpected(head.error());
    impl_->next = std::move(*head);
  }
  if (!impl_->next) {
    impl_->sender.reset();
    return std::optional<Chunk>();
  }
  Chunk chunk;
  chunk.bytes = impl_->next->SerializeAsString();
  chunk.delivered = impl_->entry->delivery.time;
  chunk.entry = impl_->entry->name;
  auto following = impl_->sender->Next();
  if (!following) {
    impl_->sender.reset();
    return tl::unexpected(following.error());
  }
  impl_->next = std::move(*following);
  chunk.last = !impl_->next;
  if (chunk.last) impl_->sender.reset();
  return std::optional<Chunk>(std::move(chunk));
}

Result<void> SceneFolderWatcher::Confirm() {
  if (!impl_->entry || impl_->sender) {
    return Fail(ErrorCode::kBadInput, "no scene was given whole that could be confirmed");
  }
  TW_ASSIGN_OR_RETURN(const auto file, storage_.Open(options_.state_file, /*create=*/true));
  const std::string line = impl_->entry->key + "\n";
  TW_RETURN_IF_ERROR(file->Append(AsBytes(line)));
  TW_RETURN_IF_ERROR(file->Sync());
  impl_->entry.reset();
  return {};
}

}  // namespace trucewatch
