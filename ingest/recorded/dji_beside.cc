// SPDX-License-Identifier: Apache-2.0
#include "ingest/recorded/internal/file_reader.h"
#include "ingest/recorded/recorded_source.h"
#include "ingest/video/dji_sidecar.h"
#include "ingest/video/video_options.h"

namespace trucewatch {
namespace {

constexpr std::size_t kSidecarChunkSize = 64 << 10;
constexpr std::uint64_t kMaxFile = 64 << 20;
constexpr const char* kExpectedSidecar = "a DJI .SRT sidecar: subtitles that say where a drone is";

// First the sidecar, whole, then the video; both from byte 0 on.
class DjiBesideSource final : public RecordedSource {
 public:
  DjiBesideSource(internal::FileReader sidecar, std::unique_ptr<RecordedSource> video)
      : sidecar_(std::move(sidecar)), video_(std::move(video)) {}

  const SourceId& id() const override { return video_->id(); }

  Result<std::optional<RawRecord>> Next() override {
    if (!first_) {
      TW_ASSIGN_OR_RETURN(first_, video_->Next());
      if (!first_) return std::optional<RawRecord>();
    }
    if (sidecar_.at() < sidecar_.size()) {
      RawRecord record;
      record.source = id();
      record.source_sequence = ++sequence_;
      record.receive_time = first_->receive_time;
      record.source_offset = sidecar_.at();
      TW_ASSIGN_OR_RETURN(record.bytes, sidecar_.Read(kSidecarChunkSize));
      return record;
    }
    std::optional<RawRecord> record;
    if (!first_given_) {
      first_given_ = true;
      record = std::move(first_);
      first_.emplace();
    } else {
      TW_ASSIGN_OR_RETURN(record, video_->Next());
    }
    if (record) record->source_sequence = ++sequence_;
    return record;
  }

 private:
  internal::FileReader sidecar_;
  std::unique_ptr<RecordedSource> video_;
  std::optional<RawRecord> first_;  // of the video: the sidecar has its time
  bool first_given_ = false;
  std::uint64_t sequence_ = 0;
};

}  // namespace

Result<std::unique_ptr<RecordedSource>> OpenVideoWithDjiSrt(
    Storage& storage, const RecordedFileOptions& options, const std::string& sidecar_path,
    const v1::config::SourceConfig& config) {
  TW_ASSIGN_OR_RETURN(auto sidecar,
                      internal::FileReader::Open(storage, sidecar_path, kExpectedSidecar));
  if (sidecar.size() > kMaxFile) {
    return Fail(ErrorCode::kBadInput, "{}: {} bytes; a sidecar of at most {} is read", sidecar_path,
                sidecar.size(), kMaxFile);
  }
  TW_ASSIGN_OR_RETURN(const std::string start, sidecar.Read(2048));
  if (!LooksLikeDjiSrt(start)) {
    return Fail(ErrorCode::kBadInput, "{}: it starts with {}; expected {}", sidecar_path,
                internal::DescribeStart(start), kExpectedSidecar);
  }
  // Where the video itself says no time, its first picture has that of the first cue.
  DjiSidecar reader(DjiOptionsFromConfig(config));
  reader.Push(AsBytes(start));
  while (!reader.first_time() && sidecar.at() < sidecar.size()) {
    TW_ASSIGN_OR_RETURN(const std::string bytes, sidecar.Read(kSidecarChunkSize));
    reader.Push(AsBytes(bytes));
  }
  sidecar.Rewind();
  RecordedFileOptions video = options;
  if (const auto time = reader.first_time()) video.start = *time;
  TW_ASSIGN_OR_RETURN(auto source, OpenMpegTsFile(storage, video));
  return std::make_unique<DjiBesideSource>(std::move(sidecar), std::move(source));
}

}  // namespace trucewatch
