// SPDX-License-Identifier: Apache-2.0
#include "tools/audit/opened.h"

#include <charconv>

#include "core/crypto/sha256.h"
#include "tools/audit/leaves.h"
#include "trucewatch/v1/envelope.pb.h"

namespace trucewatch::audit {
namespace {

constexpr std::string_view kFolder = "opened/";
constexpr std::string_view kCommitmentTag = "trucewatch/party-leaf/v1\n\x01";
constexpr std::size_t kLeafHead = std::string_view("trucewatch/leaf/v1\n").size() + 1;
constexpr std::size_t kSaltBytes = 32;

tl::unexpected<Error> BadOpened(const std::string& path, std::string_view what) {
  return Fail(ErrorCode::kCheckFailed, "{}: {}", path, what);
}

// "opened/12.leaf" -> 12; nothing of another name.
std::optional<std::uint64_t> IndexIn(std::string_view path, std::string_view ending) {
  if (!path.ends_with(ending)) return std::nullopt;
  const std::string_view number =
      path.substr(kFolder.size(), path.size() - kFolder.size() - ending.size());
  std::uint64_t index = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), index);
  if (error != std::errc() || end != number.data() + number.size() || number.size() > 18 ||
      std::to_string(index) != number)
    return std::nullopt;
  return index;
}

// What it says of an event, where it is a finding of the mission.
Result<v1::Finding> FindingIn(const std::string& path, std::string_view leaf,
                              const std::string& origin, bool exercise) {
  AuditReport said;
  said.origin = origin;
  said.exercise = exercise;
  const auto read = AddLeaf(leaf, 0, said);
  if (!read) return BadOpened(path, read.error().message);
  if (said.parties) return BadOpened(path, "is an entry of the parties' own ledger");
  v1::Envelope envelope;
  leaf.remove_prefix(kLeafHead);
  if (!envelope.ParseFromArray(leaf.data(), static_cast<int>(leaf.size())))
    return BadOpened(path, "holds no Envelope");
  return envelope.has_finding() ? std::move(*envelope.mutable_finding()) : v1::Finding();
}

bool ReleasesRecordings(std::string_view leaf, const v1::Finding& finding) {
  return leaf[kLeafHead - 1] == 1 && finding.kind() == v1::FINDING_KIND_RELEASE &&
         finding.audience() == "parties" && finding.human_record().decision() == "release_raw";
}

}  // namespace

Result<Opened> CheckOpened(const std::map<std::string, std::string>& files,
                           const std::map<std::uint64_t, std::string_view>& leaves,
                           const std::string& origin, bool exercise) {
  Opened opened;
  std::set<std::string> named, events;
  bool released = false;
  for (const auto& [path, bytes] : files) {
    if (!path.starts_with(kFolder)) continue;
    const auto of_leaf = IndexIn(path, ".leaf"), of_salt = IndexIn(path, ".salt");
    if (!of_leaf && !of_salt) return BadOpened(path, "is neither an opened leaf nor its salt");
    const std::uint64_t index = of_leaf ? *of_leaf : *of_salt;
    const auto leaf = files.find(fmt::format("{}{}.leaf", kFolder, index));
    const auto salt = files.find(fmt::format("{}{}.salt", kFolder, index));
    if (leaf == files.end()) return BadOpened(path, "has no leaf that it opens");
    if (salt == files.end()) return BadOpened(path, "has no salt");
    if (!of_leaf) continue;
    const auto committed = leaves.find(index);
    const Digest digest = Sha256("\x02" + salt->second + bytes);
    if (salt->second.size() != kSaltBytes || committed == leaves.end() ||
        committed->second != std::string(kCommitmentTag) + std::string(AsText(digest)))
      return BadOpened(path, fmt::format("is not what leaf {} commits to", index));
    TW_ASSIGN_OR_RETURN(const v1::Finding finding, FindingIn(path, bytes, origin, exercise));
    ++opened.entries;
    released = released || ReleasesRecordings(bytes, finding);
    events.insert(finding.event_id());
    for (const v1::Support& support : finding.supports()) {
      for (const std::string& raw : support.raw_digests()) named.insert(HexEncode(AsBytes(raw)));
    }
  }
  if (released && events.size() == 1) opened.raw_named = std::move(named);
  return opened;
}

}  // namespace trucewatch::audit
