// SPDX-License-Identifier: Apache-2.0
#include "tools/audit/timestamps.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include "core/crypto/sha256.h"
#include "tools/audit/ledger_files.h"
#include "tools/audit/signed_head.h"

namespace trucewatch::audit {
namespace {

constexpr std::uint64_t kMaxStamp = 1U << 16U;

// "57.tsr" -> 57; nothing when it is not written so.
std::optional<std::uint64_t> SizeOfName(std::string_view name, std::string_view ending) {
  if (!name.ends_with(ending)) return std::nullopt;
  name.remove_suffix(ending.size());
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), size);
  const bool plain = error == std::errc() && end == name.data() + name.size() &&
                     (name == "0" || !name.starts_with('0'));
  return plain ? std::optional(size) : std::nullopt;
}

// The second line of a checkpoint, in decimal; its signature is checked elsewhere.
std::string_view SizeLine(std::string_view checkpoint) {
  const std::size_t first = checkpoint.find('\n');
  if (first == std::string_view::npos) return "";
  checkpoint.remove_prefix(first + 1);
  return checkpoint.substr(0, checkpoint.find('\n'));
}

}  // namespace

Result<std::vector<StampedCheckpoint>> CheckTimestamps(const std::string& folder,
                                                       const std::string& ca_pem) {
  std::set<std::uint64_t> sizes, stamped;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(folder, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const auto stamp = SizeOfName(name, ".tsr");
    const auto checkpoint = SizeOfName(name, ".checkpoint");
    if (stamp) stamped.insert(*stamp);
    if (stamp || checkpoint) sizes.insert(stamp ? *stamp : *checkpoint);
  }
  if (error) return Fail(ErrorCode::kNotFound, "{}: {}", folder, error.message());
  if (sizes.empty()) return Fail(ErrorCode::kNotFound, "{}: holds no time-stamps", folder);
  std::vector<StampedCheckpoint> out;
  for (const std::uint64_t size : sizes) {
    StampedCheckpoint one;
    one.size = size;
    const std::string name = fmt::format("{}.checkpoint", size);
    const std::string stamp_name = fmt::format("{}.tsr", size);
    auto checkpoint = ReadLedgerFile(folder, name, kMaxCheckpoint);
    if (!checkpoint) return Fail(ErrorCode::kCheckFailed, "{}", checkpoint.error().message);
    one.checkpoint = std::move(*checkpoint);
    // A writer that died between the two has no stamp yet: nothing is claimed.
    if (size == *sizes.rbegin() && !stamped.contains(size)) break;
    const auto response = ReadLedgerFile(folder, stamp_name, kMaxStamp);
    if (!response) return Fail(ErrorCode::kCheckFailed, "{}", response.error().message);
    if (SizeLine(one.checkpoint) != std::to_string(size))
      return Fail(ErrorCode::kCheckFailed, "{}: is the checkpoint of another size", name);
    auto stamp = CheckTimestamp(AsBytes(*response),
                                {.sha256 = Sha256(one.checkpoint), .ca_pem = ca_pem, .nonce = {}});
    if (!stamp) return Fail(ErrorCode::kCheckFailed, "{}: {}", stamp_name, stamp.error().message);
    one.stamp = std::move(*stamp);
    out.push_back(std::move(one));
  }
  return out;
}

std::string FormatStamp(std::uint64_t size, const Timestamp& stamp) {
  const std::string accuracy =
      stamp.accuracy ? fmt::format("to {:g} s", stamp.accuracy->seconds()) : "accuracy not stated";
  return fmt::format("stamped: size {} was there at {} ({}), policy {}, by {}\n", size,
                     FormatUtc(stamp.time), accuracy, stamp.policy, stamp.authority);
}

}  // namespace trucewatch::audit
