// SPDX-License-Identifier: Apache-2.0
#include "core/stage/snapshot_store.h"

#include <utility>

#include "core/crypto/sha256.h"

namespace trucewatch {
namespace {

constexpr std::string_view kMagic = "TWSNAP01";
constexpr std::size_t kDigestBytes = sizeof(Digest);

// magic, SHA-256 of (length and bytes of stage, length and bytes of config digest), u64 input, u64
// output, state, SHA-256 of all before.
std::string Prelude(const SnapshotStore::Options& options) {
  std::string owner;
  AppendBe64(owner, options.stage.size());
  owner += options.stage;
  AppendBe64(owner, options.config_digest.size());
  owner += options.config_digest;
  const Digest digest = Sha256(owner);
  return std::string(kMagic) + std::string(AsText(digest));
}

}  // namespace

SnapshotStore::SnapshotStore(Storage& storage, Options options)
    : storage_(storage), options_(std::move(options)) {}

Result<StageSnapshot> SnapshotStore::Read(const std::string& path) const {
  const std::string prelude = Prelude(options_);
  const std::size_t fixed = prelude.size() + 16 + kDigestBytes;
  TW_ASSIGN_OR_RETURN(const std::string text,
                      ReadWholeFile(storage_, path, options_.max_bytes + fixed));
  if (text.size() < fixed || !text.starts_with(prelude)) {
    return Fail(ErrorCode::kBadInput, "{}: no snapshot of this stage and config", path);
  }
  const Bytes bytes = AsBytes(text);
  const Bytes covered = bytes.first(text.size() - kDigestBytes);
  const Digest digest = Sha256(covered);
  if (AsText(digest) != AsText(bytes.last(kDigestBytes))) {
    return Fail(ErrorCode::kCheckFailed, "{}: the snapshot is damaged", path);
  }
  return StageSnapshot{.input = ReadBe64(bytes.subspan(prelude.size(), 8)),
                       .output = ReadBe64(bytes.subspan(prelude.size() + 8, 8)),
                       .state = std::string(AsText(covered.subspan(prelude.size() + 16)))};
}

std::vector<StageSnapshot> SnapshotStore::Load() {
  std::vector<StageSnapshot> out;
  auto a = Read(options_.path + ".a");
  auto b = Read(options_.path + ".b");
  write_b_ = a && (!b || a->input >= b->input);
  if (a) out.push_back(std::move(*a));
  if (b) out.push_back(std::move(*b));
  if (out.size() == 2 && out[0].input < out[1].input) std::swap(out[0], out[1]);
  return out;
}

Result<void> SnapshotStore::Write(const StageSnapshot& snapshot) {
  if (snapshot.state.size() > options_.max_bytes) {
    return Fail(ErrorCode::kIo, "{}: a snapshot of {} bytes, at most {} are allowed", options_.path,
                snapshot.state.size(), options_.max_bytes);
  }
  std::string text = Prelude(options_);
  AppendBe64(text, snapshot.input);
  AppendBe64(text, snapshot.output);
  text += snapshot.state;
  const Digest digest = Sha256(text);
  text += AsText(digest);
  TW_RETURN_IF_ERROR(
      WriteFileAtomically(storage_, options_.path + (write_b_ ? ".b" : ".a"), AsBytes(text)));
  write_b_ = !write_b_;
  return {};
}

}  // namespace trucewatch
