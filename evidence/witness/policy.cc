// SPDX-License-Identifier: Apache-2.0
#include "evidence/witness/policy.h"

#include <algorithm>
#include <charconv>

namespace trucewatch::evidence {
namespace {

constexpr std::size_t kMaxPolicySize = 64 * 1024;
constexpr std::size_t kMaxOfAKind = 64;

// Between spaces and tabs, which alone separate words here.
std::vector<std::string> WordsOf(std::string_view line) {
  std::vector<std::string> words;
  while (true) {
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == line.npos) return words;
    const std::size_t end = std::min(line.find_first_of(" \t", begin), line.size());
    words.emplace_back(line.substr(begin, end - begin));
    line.remove_prefix(end);
  }
}

class PolicyReader {
 public:
  Result<void> Add(const std::vector<std::string>& words) {
    const std::string& what = words[0];
    const std::size_t n = words.size();
    if (what == "log" && (n == 2 || n == 3)) return AddLog(words);
    if (what == "witness" && (n == 3 || n == 4)) return AddWitness(words);
    if (what == "group" && n >= 4) return AddGroup(words);
    if (what == "quorum" && n == 2) return SetQuorum(words[1]);
    return Fail(ErrorCode::kBadInput,
                "'log <vkey> [url]', 'witness <name> <vkey> [url]', 'group <name> all|any|<k> "
                "<members>' or 'quorum <name>|none' expected");
  }

  Result<WitnessPolicy> End() {
    if (policy_.quorum.empty()) return Fail(ErrorCode::kBadInput, "no 'quorum' line");
    return std::move(policy_);
  }

 private:
  bool Knows(const std::string& name) const {
    return policy_.witnesses.contains(name) || policy_.groups.contains(name);
  }

  Result<void> CheckName(const std::string& name) const {
    if (name == "none" || Knows(name)) {
      return Fail(ErrorCode::kBadInput, "the name '{}' is taken", name);
    }
    if (policy_.witnesses.size() == kMaxOfAKind || policy_.groups.size() == kMaxOfAKind) {
      return Fail(ErrorCode::kBadInput, "more than {} of a kind", kMaxOfAKind);
    }
    return {};
  }

  Result<void> AddLog(const std::vector<std::string>& words) {
    TW_ASSIGN_OR_RETURN(const NoteKey key, ParseVkey(words[1]));
    if (key.type != kNoteEd25519) return Fail(ErrorCode::kBadInput, "a log's key has type 1");
    for (const NoteKey& other : policy_.logs) {
      if (other.public_key == key.public_key) {
        return Fail(ErrorCode::kBadInput, "the key of '{}' stands there twice", key.name);
      }
    }
    if (policy_.logs.size() == kMaxOfAKind) {
      return Fail(ErrorCode::kBadInput, "more than {} of a kind", kMaxOfAKind);
    }
    policy_.logs.push_back(key);
    return {};
  }

  Result<void> AddWitness(const std::vector<std::string>& words) {
    TW_RETURN_IF_ERROR(CheckName(words[1]));
    TW_ASSIGN_OR_RETURN(const NoteKey key, ParseVkey(words[2]));
    if (key.type != kNoteCosignature) {
      return Fail(ErrorCode::kBadInput, "a witness's key has type 4");
    }
    for (const auto& [name, other] : policy_.witnesses) {
      // A cosignature does not commit to the name of the one who made it: one key, one vote.
      if (other.key.public_key == key.public_key) {
        return Fail(ErrorCode::kBadInput, "witness '{}' has the key of '{}'", words[1], name);
      }
    }
    policy_.witnesses[words[1]] = {key, words.size() == 4 ? words[3] : ""};
    return {};
  }

  Result<void> AddGroup(const std::vector<std::string>& words) {
    TW_RETURN_IF_ERROR(CheckName(words[1]));
    WitnessPolicy::Group group;
    group.members.assign(words.begin() + 3, words.end());
    for (const std::string& member : group.members) {
      if (!Knows(member)) return Fail(ErrorCode::kBadInput, "'{}' is not known yet", member);
      if (!members_.insert(member).second) {
        return Fail(ErrorCode::kBadInput, "'{}' is a member already", member);
      }
    }
    const std::string& rule = words[2];
    if (rule == "all" || rule == "any") {
      group.threshold = rule == "any" ? 1 : group.members.size();
    } else {
      const char* const end = rule.data() + rule.size();
      const auto [stop, error] = std::from_chars(rule.data(), end, group.threshold);
      if (error != std::errc() || stop != end || group.threshold < 1 ||
          group.threshold > group.members.size()) {
        return Fail(ErrorCode::kBadInput, "'{}': all, any or 1 to {} expected", rule,
                    group.members.size());
      }
    }
    policy_.groups[words[1]] = std::move(group);
    return {};
  }

  Result<void> SetQuorum(const std::string& name) {
    if (!policy_.quorum.empty()) return Fail(ErrorCode::kBadInput, "a second 'quorum' line");
    if (name != "none" && !Knows(name)) {
      return Fail(ErrorCode::kBadInput, "'{}' is not known yet", name);
    }
    policy_.quorum = name;
    return {};
  }

  WitnessPolicy policy_;
  std::set<std::string> members_;  // of all groups
};

}  // namespace

bool WitnessPolicy::IsSatisfied(const std::set<std::string>& cosigned) const {
  // Members stand above their group, so the recursion ends.
  const auto holds = [&](const auto& self, const std::string& name) -> bool {
    const auto group = groups.find(name);
    if (group == groups.end()) return cosigned.contains(name);
    const auto votes = std::count_if(group->second.members.begin(), group->second.members.end(),
                                     [&](const std::string& member) { return self(self, member); });
    return static_cast<std::size_t>(votes) >= group->second.threshold;
  };
  return quorum == "none" || holds(holds, quorum);
}

std::vector<NoteKey> FormerKeys(const WitnessPolicy& policy, const NoteKey& log_key) {
  std::vector<NoteKey> keys;
  for (const NoteKey& key : policy.logs) {
    if (key.name == log_key.name && key.id() != log_key.id()) keys.push_back(key);
  }
  return keys;
}

Result<WitnessPolicy> ParseWitnessPolicy(std::string_view text) {
  if (text.size() > kMaxPolicySize) {
    return Fail(ErrorCode::kBadInput, "policy of {} bytes: at most {}", text.size(),
                kMaxPolicySize);
  }
  PolicyReader reader;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::vector<std::string> words = WordsOf(line);
    if (words.empty() || words[0][0] == '#') continue;
    const auto added = reader.Add(words);
    if (!added) return Prefix(fmt::format("policy line {}", number), added.error());
  }
  auto policy = reader.End();
  if (!policy) return Prefix("policy", policy.error());
  return policy;
}

}  // namespace trucewatch::evidence
