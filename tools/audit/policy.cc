// SPDX-License-Identifier: Apache-2.0
#include "tools/audit/policy.h"

#include <algorithm>
#include <charconv>
#include <sstream>

namespace trucewatch::audit {
namespace {

class PolicyParser {
 public:
  Result<void> AddLine(const std::vector<std::string>& words) {
    if (words[0] == "log" && (words.size() == 2 || words.size() == 3)) return AddLog(words);
    if (words[0] == "witness" && (words.size() == 3 || words.size() == 4)) return AddWitness(words);
    if (words[0] == "group" && words.size() >= 4) return AddGroup(words);
    if (words[0] == "quorum" && words.size() == 2) return SetQuorum(words[1]);
    return Fail(ErrorCode::kBadInput,
                "'log <vkey>', 'witness <name> <vkey>', 'group <name> all|any|<k> <members>' or "
                "'quorum <name>|none' expected");
  }

  Result<Policy> Finish() {
    if (policy_.logs.empty()) return Fail(ErrorCode::kBadInput, "no 'log' line");
    if (policy_.quorum.empty()) return Fail(ErrorCode::kBadInput, "no 'quorum' line");
    return std::move(policy_);
  }

 private:
  bool IsKnown(const std::string& name) const {
    return policy_.witnesses.count(name) + policy_.groups.count(name) > 0;
  }

  Result<void> CheckNewName(const std::string& name) const {
    if (name == "none" || IsKnown(name)) {
      return Fail(ErrorCode::kBadInput, "the name '{}' is taken", name);
    }
    return {};
  }

  Result<void> AddLog(const std::vector<std::string>& words) {
    TW_ASSIGN_OR_RETURN(const VerifierKey key, ReadVerifierKey(words[1]));
    if (key.type != 1) return Fail(ErrorCode::kBadInput, "a log's key has type 1");
    for (const VerifierKey& other : policy_.logs) {
      if (other.key == key.key)
        return Fail(ErrorCode::kBadInput, "this log's key is there already");
    }
    policy_.logs.push_back(key);
    return {};
  }

  Result<void> AddWitness(const std::vector<std::string>& words) {
    TW_RETURN_IF_ERROR(CheckNewName(words[1]));
    TW_ASSIGN_OR_RETURN(const VerifierKey key, ReadVerifierKey(words[2]));
    if (key.type != 4) return Fail(ErrorCode::kBadInput, "a witness's key has type 4");
    for (const auto& [name, other] : policy_.witnesses) {
      // One key, one vote: a cosignature does not commit to the name of the one who made it.
      if (other.key == key.key) {
        return Fail(ErrorCode::kBadInput, "witness '{}' has the key of '{}'", words[1], name);
      }
    }
    policy_.witnesses[words[1]] = key;
    return {};
  }

  Result<void> AddGroup(const std::vector<std::string>& words) {
    TW_RETURN_IF_ERROR(CheckNewName(words[1]));
    Policy::Group group;
    group.members.assign(words.begin() + 3, words.end());
    std::set<std::string> seen;
    for (const std::string& member : group.members) {
      if (!IsKnown(member)) return Fail(ErrorCode::kBadInput, "'{}' is not known yet", member);
      if (!seen.insert(member).second) {
        return Fail(ErrorCode::kBadInput, "'{}' is named twice", member);
      }
    }
    const std::string& rule = words[2];
    if (rule == "all" || rule == "any") {
      group.threshold = rule == "any" ? 1 : group.members.size();
    } else {
      const char* const end = rule.data() + rule.size();
      const auto [stop, error] = std::from_chars(rule.data(), end, group.threshold);
      if (error != std::errc() || stop != end || rule[0] == '0' || group.threshold < 1 ||
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
    if (name != "none" && !IsKnown(name)) {
      return Fail(ErrorCode::kBadInput, "'{}' is not known yet", name);
    }
    policy_.quorum = name;
    return {};
  }

  Policy policy_;
};

}  // namespace

bool Policy::IsSatisfied(const std::set<std::string>& cosigned) const {
  // Members are always defined above their group, so the recursion ends.
  const auto holds = [&](const auto& self, const std::string& name) -> bool {
    const auto group = groups.find(name);
    if (group == groups.end()) return cosigned.count(name) > 0;
    const auto votes = std::count_if(group->second.members.begin(), group->second.members.end(),
                                     [&](const std::string& member) { return self(self, member); });
    return static_cast<std::size_t>(votes) >= group->second.threshold;
  };
  return quorum == "none" || holds(holds, quorum);
}

Result<Policy> ParsePolicy(std::string_view text) {
  PolicyParser parser;
  const auto control = std::find_if(text.begin(), text.end(), [](char c) {
    return (static_cast<std::uint8_t>(c) < 0x20 && c != '\t' && c != '\n') || c == 0x7F;
  });
  if (control != text.end()) {
    return Fail(ErrorCode::kBadInput,
                "policy line {}: holds a control character; lines end in a newline alone",
                std::count(text.begin(), control, '\n') + 1);
  }
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::istringstream stream(line);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    if (words.empty() || words[0][0] == '#') continue;
    const auto added = parser.AddLine(words);
    if (!added) return Prefix(fmt::format("policy line {}", number), added.error());
  }
  auto policy = parser.Finish();
  if (!policy) return Prefix("policy", policy.error());
  return policy;
}

std::string PolicyForLog(std::string_view vkey) {
  return fmt::format("log {}\nquorum none\n", vkey);
}

}  // namespace trucewatch::audit
