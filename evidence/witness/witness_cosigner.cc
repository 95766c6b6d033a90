// SPDX-License-Identifier: Apache-2.0
#include "evidence/witness/witness_cosigner.h"

#include <algorithm>

namespace trucewatch::evidence {
namespace {

constexpr std::size_t kMaxQuoted = 100;

// What a stranger wrote, short enough and plain enough for our record.
std::string Quoted(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kMaxQuoted)) {
    out.push_back(c >= 0x20 && c < 0x7F ? c : '.');
  }
  while (out.ends_with('.') || out.ends_with(' ')) out.pop_back();
  return out;
}

}  // namespace

WitnessCosigner::WitnessCosigner(WitnessCosignerOptions options, WitnessLink& link)
    : options_(std::move(options)),
      log_keys_(FormerKeys(options_.policy, options_.log_key)),
      link_(link) {
  log_keys_.push_back(options_.log_key);
}

std::vector<std::string> WitnessCosigner::NamesWithUrl() const {
  std::vector<std::string> names;
  for (const auto& [name, member] : options_.policy.witnesses) {
    if (!member.url.empty()) names.push_back(name);
  }
  return names;
}

void WitnessCosigner::Note(const std::string& name, Manner manner, const std::string& why) {
  Manner& before = asked_[name].manner;
  // A change is a statement; that it goes on is none.
  if (std::exchange(before, manner) == manner) return;
  statements_.push_back(fmt::format("witness {} ({}), checkpoint size {}: {}", name,
                                    FormatVkey(options_.policy.witnesses.at(name).key),
                                    pending_.checkpoint.size, why));
}

std::string WitnessCosigner::Waiting(const std::set<std::string>& have, const char* what) const {
  if (options_.policy.IsSatisfied(have)) return "";
  std::string missing;
  for (const auto& [name, member] : options_.policy.witnesses) {
    if (!have.contains(name)) missing += (missing.empty() ? "" : ", ") + name;
  }
  return fmt::format("{}: the quorum '{}' is not there ({} of {} witnesses, without {})", what,
                     options_.policy.quorum, have.size(), options_.policy.witnesses.size(),
                     missing);
}

Result<std::map<std::string, std::string>> WitnessCosigner::FetchHeld(
    const std::vector<std::string>& names, const MerkleTree& tree,
    std::set<std::string>* answered) {
  std::vector<WitnessCall> calls;
  for (const std::string& name : names) {
    calls.push_back(
        {options_.policy.witnesses.at(name).url, LatestCheckpointPath(options_.log_key.name), ""});
  }
  const auto replies = link_.Ask(calls);
  std::map<std::string, std::string> held;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!replies[i]) continue;
    if (replies[i]->status == 404) answered->insert(names[i]);
    const auto note =
        replies[i]->status == 200 ? ParseNote(replies[i]->body) : Fail(ErrorCode::kBadInput, "");
    if (!note) continue;
    // Only what our own key signed is believed: nobody can stop us by claiming something.
    const auto signers = VerifyNote(*note, log_keys_);
    const auto checkpoint = ParseCheckpoint(note->text);
    if (!signers || signers->empty() || !checkpoint ||
        checkpoint->origin != options_.log_key.name) {
      continue;
    }
    answered->insert(names[i]);
    held[names[i]] = replies[i]->body;
    asked_[names[i]].held = checkpoint->size;
    if (checkpoint->size > tree.size()) {
      return Fail(ErrorCode::kCheckFailed,
                  "witness {} holds size {} of {}, signed with our key; this ledger has {}: it was "
                  "restored from a backup, or another process signs with this key. Restore the "
                  "entries up to {} from a mirror, or retire the log; never go on from here",
                  names[i], checkpoint->size, checkpoint->origin, tree.size(), checkpoint->size);
    }
    if (checkpoint->root != tree.Root(checkpoint->size)) {
      return Fail(ErrorCode::kCheckFailed,
                  "witness {} holds size {} of {} with another root than this ledger has, signed "
                  "with our key: two histories exist. Stop the other process, revoke the key, "
                  "publish both checkpoints and retire the log",
                  names[i], checkpoint->size, checkpoint->origin);
    }
  }
  return held;
}

Result<std::optional<std::vector<std::string>>> WitnessCosigner::AskWhatTheyHold(
    const MerkleTree& tree) {
  std::set<std::string> answered;
  TW_ASSIGN_OR_RETURN(const auto held, FetchHeld(NamesWithUrl(), tree, &answered));
  waiting_for_ = Waiting(answered, "asking what the witnesses hold, before anything is signed");
  if (!waiting_for_.empty()) return std::nullopt;
  std::vector<std::string> notes;
  for (const auto& [name, note] : held) notes.push_back(note);
  return notes;
}

WitnessCosigner::Round WitnessCosigner::AskToCosign(const std::vector<std::string>& names,
                                                    const std::string& signed_note,
                                                    const MerkleTree& tree) const {
  Round round;
  for (const std::string& name : names) {
    const auto asked = asked_.find(name);
    const std::uint64_t held = asked == asked_.end() ? 0 : asked->second.held;
    const std::uint64_t from = std::min(held, pending_.checkpoint.size);
    round.names.push_back(name);
    round.calls.push_back(
        {options_.policy.witnesses.at(name).url, "add-checkpoint",
         FormatAddCheckpoint(
             {from, tree.ConsistencyProof(from, pending_.checkpoint.size), signed_note})});
  }
  return round;
}

bool WitnessCosigner::TakeCosignature(const std::string& name, const std::string& body) {
  const NoteKey& key = options_.policy.witnesses.at(name).key;
  const auto lines = ParseNote("x\n\n" + body);
  if (!lines) return false;
  for (const NoteSignature& line : lines->signatures) {
    if (line.name != key.name || line.key_id != key.id()) continue;
    const auto good = VerifyNote({pending_.text, {line}}, {&key, 1});
    if (!good || good->empty()) return false;
    pending_.lines[name] = line;
    return true;
  }
  return false;
}

bool WitnessCosigner::TakeReply(const std::string& name, const Result<WitnessReply>& reply,
                                std::set<std::string>* in_doubt) {
  if (!reply) {
    Note(name, Manner::kSilent, reply.error().message);
    return false;
  }
  Asked& asked = asked_[name];
  if (reply->status == 200) {
    if (!TakeCosignature(name, reply->body)) {
      Note(name, Manner::kRefuses, "answered 200 without a good cosignature");
      return false;
    }
    asked.held = pending_.checkpoint.size;
    Note(name, Manner::kCosigns, "cosigns again");
    return false;
  }
  if (reply->status == 409) {
    std::string_view digits = reply->body;
    if (digits.ends_with('\n')) digits.remove_suffix(1);
    const auto held = ParseTreeSize(digits);
    if (held && *held <= pending_.checkpoint.size && *held != asked.held) {
      asked.held = *held;
      return true;
    }
  }
  if (reply->status == 409 || reply->status == 422) in_doubt->insert(name);
  Note(name, Manner::kRefuses, fmt::format("refused: {} '{}'", reply->status, Quoted(reply->body)));
  return false;
}

Result<std::optional<std::string>> WitnessCosigner::Cosign(const std::string& signed_note,
                                                           const MerkleTree& tree) {
  TW_ASSIGN_OR_RETURN(const SignedNote note, ParseNote(signed_note));
  if (note.text != pending_.text) {
    TW_ASSIGN_OR_RETURN(Checkpoint checkpoint, ParseCheckpoint(note.text));
    pending_ = {note.text, std::move(checkpoint), {}};
  }
  std::vector<std::string> names = NamesWithUrl();
  std::erase_if(names, [&](const std::string& name) { return pending_.lines.contains(name); });
  std::set<std::string> in_doubt;
  // The second round is for those that told us which size to start from.
  for (int turn = 0; turn < 2 && !names.empty(); ++turn) {
    const Round round = AskToCosign(names, signed_note, tree);
    const auto replies = link_.Ask(round.calls);
    names.clear();
    for (std::size_t i = 0; i < replies.size(); ++i) {
      if (TakeReply(round.names[i], replies[i], &in_doubt)) names.push_back(round.names[i]);
    }
  }
  for (const std::string& name : names) {
    Note(name, Manner::kRefuses, "keeps changing the size that it says it holds");
    in_doubt.insert(name);
  }
  if (!in_doubt.empty()) {
    std::set<std::string> ignored;
    TW_RETURN_IF_ERROR(FetchHeld({in_doubt.begin(), in_doubt.end()}, tree, &ignored));
  }
  SignedNote whole = note;
  std::set<std::string> cosigned;
  for (const auto& [name, line] : pending_.lines) {
    whole.signatures.push_back(line);
    cosigned.insert(name);
  }
  waiting_for_ =
      Waiting(cosigned, fmt::format("checkpoint of size {}", pending_.checkpoint.size).c_str());
  if (!waiting_for_.empty()) return std::nullopt;
  return FormatNote(whole);
}

}  // namespace trucewatch::evidence
