// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <utility>

#include "core/types/codec.h"
#include "core/types/names.h"
#include "ingest/feed.h"
#include "ingest/human/human_record.h"
#include "ingest/human/keyed_record.h"

namespace trucewatch {
namespace {

class HumanFeed final : public Feed {
 public:
  HumanFeed(const FeedOptions& options, std::vector<NoteKey> signers)
      : source_({options.source->id()}),
        lineage_(LineageOf(*options.source, Modality::kHuman)),
        terrain_(options.terrain),
        ground_height_hae_m_(options.ground_height_hae_m),
        role_(options.source->human_role()),
        keys_(options.keys),
        signers_(std::move(signers)) {}

  Result<std::vector<FeedItem>> Push(const RawRecord& record, const Digest& digest) override {
    std::vector<FeedItem> items;
    if (record.end_of_source) return items;
    auto parsed = Read(record, digest);
    if (parsed) {
      ++records_;
      items.emplace_back(std::move(*parsed));
    } else {
      ++faults_;
      items.emplace_back(DataFault{source_, record.receive_time, "human_record",
                                   record.source_offset, parsed.error().message});
    }
    return items;
  }

  std::string Account() const override {
    return fmt::format("{} human records, {} refused", records_, faults_);
  }

 private:
  Result<HumanRecord> Read(const RawRecord& record, const Digest& digest) {
    KeyedRecord keyed;
    if (keys_ != nullptr) {
      TW_ASSIGN_OR_RETURN(keyed,
                          ReadKeyedRecord(record.bytes, *keys_, RoleName(), record.receive_time));
    } else {
      TW_ASSIGN_OR_RETURN(keyed.record, ParseHumanRecord(record.bytes, signers_));
    }
    HumanRecord& human = keyed.record;
    TW_RETURN_IF_ERROR(TakeRole(human));
    human.source = source_;
    human.lineage = lineage_;
    // Two patrols are two witnesses, whoever carries their records in.
    human.lineage.sensor = human.lineage.platform = human.author;
    human.position.height_hae_m =
        terrain_->HeightHaeM(human.position.latitude, human.position.longitude)
            .value_or(ground_height_hae_m_);
    human.raw_digests = {digest};
    TW_RETURN_IF_ERROR(FromProto(ToProto(human)));
    if (ids_.size() >= kMaxRecords) {
      return Fail(ErrorCode::kBadInput, "more than {} human records in one source", kMaxRecords);
    }
    // A key set is taken once because its number and digest say which one it follows, and the hub,
    // which knows of no names, has taken it by then.
    if (!ids_.insert(human.record_id).second && human.kind != HumanRecordKind::kKeySet) {
      return Fail(ErrorCode::kBadInput, "record_id '{}' was used before; the first one counts",
                  human.record_id);
    }
    if (keyed.next) human.outcome = keys_->Take(std::move(*keyed.next));
    for (const NoteKey& key : keyed.signers)
      keys_->Remember(key, record.receive_time, human.record_id);
    return std::move(human);
  }

  // Who may say what: a party's word is an allegation or a challenge, whatever it calls it.
  Result<void> TakeRole(HumanRecord& human) const {
    const bool party = role_ != v1::config::SourceConfig::OFFICERS;
    const bool of_party =
        human.kind == HumanRecordKind::kAllegation || human.kind == HumanRecordKind::kChallenge;
    if (party && !of_party) {
      return Fail(ErrorCode::kBadInput,
                  "human record, kind: a party files allegations and challenges, not a {}",
                  HumanRecordKindName(human.kind));
    }
    if (!party && human.kind == HumanRecordKind::kChallenge) {
      return Fail(ErrorCode::kBadInput,
                  "human record, kind: an officer files no challenge; the source has no human_role "
                  "of a party");
    }
    if (human.kind == HumanRecordKind::kKeySet && keys_ == nullptr) {
      return Fail(ErrorCode::kBadInput,
                  "human record, kind: the mission's config has no keys {{ }} that a key set could "
                  "follow");
    }
    human.role = RoleName();
    return {};
  }

  std::string RoleName() const {
    switch (role_) {
      case v1::config::SourceConfig::PARTY_A:
        return std::string(kRolePartyA);
      case v1::config::SourceConfig::PARTY_B:
        return std::string(kRolePartyB);
      default:
        return std::string(kRoleOfficer);
    }
  }

  static constexpr std::size_t kMaxRecords = 1'000'000;
  SourceId source_;
  Lineage lineage_;
  const Terrain* terrain_;
  double ground_height_hae_m_;
  v1::config::SourceConfig::HumanRole role_;
  KeyBook* keys_;
  std::vector<NoteKey> signers_;
  std::set<std::string> ids_;
  std::uint64_t records_ = 0, faults_ = 0;
};

}  // namespace

Result<std::unique_ptr<Feed>> MakeHumanFeed(const FeedOptions& options) {
  std::vector<NoteKey> signers;
  std::set<std::string> names;
  for (const std::string& vkey : options.source->signer_vkey()) {
    const std::string where = fmt::format("source {}: signer_vkey", options.source->id());
    auto key = ParseVkey(vkey);
    if (!key) return Prefix(where, key.error());
    // Authors are known by their names.
    if (!names.insert(key->name).second) {
      return Fail(ErrorCode::kBadInput, "{}: the name '{}' is used twice", where, key->name);
    }
    signers.push_back(std::move(*key));
  }
  return std::make_unique<HumanFeed>(options, std::move(signers));
}

}  // namespace trucewatch
