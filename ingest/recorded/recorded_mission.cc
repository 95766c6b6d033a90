// SPDX-License-Identifier: Apache-2.0
#include "ingest/recorded/recorded_mission.h"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace trucewatch {
namespace {

// A feed that could not be opened: its end, with the reason, is all there is of it.
class FailedSource final : public RecordedSource {
 public:
  FailedSource(SourceId source, Instant time, std::string reason)
      : source_(std::move(source)), time_(time), reason_(std::move(reason)) {}
  const SourceId& id() const override { return source_; }
  Result<std::optional<RawRecord>> Next() override {
    if (ended_) return std::optional<RawRecord>();
    ended_ = true;
    RawRecord record;
    record.source = source_;
    record.source_sequence = 1;
    record.receive_time = time_;
    record.end_of_source = true;
    record.bytes = reason_;
    return record;
  }

 private:
  SourceId source_;
  Instant time_;
  std::string reason_;
  bool ended_ = false;
};

// The journal must not depend on where the mission's folder lies.
std::string WithoutFolder(std::string message, const std::string& path, const std::string& name) {
  for (std::size_t at = message.find(path); at != std::string::npos && !path.empty();
       at = message.find(path, at + name.size())) {
    message.replace(at, path.size(), name);
  }
  return message;
}

}  // namespace

Result<std::unique_ptr<RecordedSource>> OpenRecordedSource(Storage& storage,
                                                           const MissionFile& mission,
                                                           const v1::config::SourceConfig& source) {
  RecordedFileOptions options{{source.id()}, mission.Resolve(source.file()), mission.start()};
  for (const std::string& prefix : source.satellite().local_prefix()) {
    // The links they allow are absolute ones; a mission in the working folder has a relative path.
    options.local_prefixes.push_back(std::filesystem::absolute(mission.Resolve(prefix)).string());
  }
  options.rpc_path = mission.Resolve(source.satellite().rpc_file());
  switch (source.format()) {
    case v1::config::SourceConfig::MPEGTS_KLV:
      if (!source.dji_srt_file().empty()) {
        return OpenVideoWithDjiSrt(storage, options, mission.Resolve(source.dji_srt_file()),
                                   source);
      }
      return OpenMpegTsFile(storage, options);
    case v1::config::SourceConfig::STANAG4607:
      return OpenStanag4607File(storage, options);
    case v1::config::SourceConfig::ASTERIX:
      return OpenAsterixFile(storage, options);
    case v1::config::SourceConfig::SATELLITE:
      return OpenSceneFiles(storage, options);
    case v1::config::SourceConfig::HUMAN:
      return OpenHumanFiles(storage, options);
    default:
      return Fail(ErrorCode::kBadInput, "source {}: format {} cannot be read", source.id(),
                  static_cast<int>(source.format()));
  }
}

RecordedMission RecordedMission::Open(Storage& storage, const MissionFile& mission) {
  std::vector<std::unique_ptr<RecordedSource>> sources;
  std::vector<Problem> problems;
  for (const v1::config::SourceConfig& config : mission.config.source()) {
    auto source = OpenRecordedSource(storage, mission, config);
    if (source) {
      sources.push_back(std::move(*source));
      continue;
    }
    problems.push_back({{config.id()}, source.error()});
    sources.push_back(std::make_unique<FailedSource>(
        SourceId{config.id()}, mission.start(),
        WithoutFolder(source.error().message, mission.Resolve(config.file()), config.file())));
  }
  RecordedMission merged(std::move(sources));
  merged.problems_ = std::move(problems);
  return merged;
}

RecordedMission::RecordedMission(std::vector<std::unique_ptr<RecordedSource>> sources) {
  for (auto& source : sources) {
    Feed feed;
    feed.source = std::move(source);
    feeds_.push_back(std::move(feed));
  }
  std::sort(feeds_.begin(), feeds_.end(),
            [](const Feed& a, const Feed& b) { return a.source->id() < b.source->id(); });
}

void RecordedMission::Advance(Feed& feed) {
  if (feed.source == nullptr) {
    feed.head.reset();
    return;
  }
  auto next = feed.source->Next();
  if (!next) {
    problems_.push_back({feed.source->id(), next.error()});
    RawRecord end;
    end.source = feed.source->id();
    end.source_sequence = feed.sequence + 1;
    end.receive_time = feed.time;
    end.end_of_source = true;
    end.bytes = next.error().message;
    feed.head = std::move(end);
    feed.source.reset();
    return;
  }
  feed.head = std::move(*next);
  if (feed.head) {
    feed.sequence = feed.head->source_sequence;
    feed.time = feed.head->receive_time;
  }
}

std::optional<RawRecord> RecordedMission::Next() {
  if (!primed_) {
    for (Feed& feed : feeds_) Advance(feed);
    primed_ = true;
  }
  Feed* first = nullptr;
  for (Feed& feed : feeds_) {  // by source id, so that the first of equals wins
    if (!feed.head) continue;
    if (first == nullptr || feed.head->receive_time < first->head->receive_time) first = &feed;
  }
  if (first == nullptr) return std::nullopt;
  RawRecord record = std::move(*first->head);
  Advance(*first);
  return record;
}

}  // namespace trucewatch
