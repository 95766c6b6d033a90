// SPDX-License-Identifier: Apache-2.0
#include "ingest/recorded/video_file.h"

#include <filesystem>
#include <utility>

#include "core/crypto/sha256.h"
#include "core/media/ts_remuxer.h"
#include "core/media/ts_sync.h"
#include "ingest/recorded/internal/file_reader.h"

namespace trucewatch {
namespace {

constexpr std::size_t kPiece = 64 << 10;
// A transport stream may begin with this much of something else.
constexpr std::size_t kSearchSize = 1 << 20;
constexpr const char* kExpectedVideo =
    "an MPEG transport stream: the byte 0x47 every 188, 192 or 204 bytes, or an MP4, MOV or MKV "
    "file";

class TransportStreamFile final : public VideoFile {
 public:
  explicit TransportStreamFile(internal::FileReader file) : file_(std::move(file)) {}
  Result<std::string> Read(std::size_t max_size) override { return file_.Read(max_size); }
  std::uint64_t at() const override { return file_.at(); }
  std::string origin() const override { return {}; }

 private:
  internal::FileReader file_;
};

class ContainerFile final : public VideoFile {
 public:
  ContainerFile(std::unique_ptr<TsRemuxer> remuxer, std::string origin)
      : remuxer_(std::move(remuxer)), origin_(std::move(origin)) {}

  Result<std::string> Read(std::size_t max_size) override {
    while (!ended_ && held_.size() < max_size) {
      TW_ASSIGN_OR_RETURN(const std::string more, remuxer_->Next());
      ended_ = more.empty();
      held_ += more;
    }
    std::string bytes = held_.substr(0, max_size);
    held_.erase(0, bytes.size());
    at_ += bytes.size();
    return bytes;
  }
  std::uint64_t at() const override { return at_; }
  std::string origin() const override {
    return fmt::format("{} made into MPEG-TS; {}", origin_, remuxer_->note());
  }

 private:
  std::unique_ptr<TsRemuxer> remuxer_;
  std::string origin_;
  std::string held_;
  std::uint64_t at_ = 0;
  bool ended_ = false;
};

// A name as it may stand in a message, whatever bytes it has.
std::string Printable(std::string name) {
  for (char& c : name) {
    if (c < 0x20 || c > 0x7E) c = '?';
  }
  return name;
}

Result<std::string> DescribeFile(internal::FileReader& file) {
  Sha256Stream hash;
  while (true) {
    TW_ASSIGN_OR_RETURN(const std::string piece, file.Read(1 << 20));
    if (piece.empty()) break;
    hash.Add(AsBytes(piece));
  }
  return fmt::format("{} ({} bytes, SHA-256 {})",
                     Printable(std::filesystem::path(file.path()).filename().string()), file.size(),
                     HexEncode(hash.Finish()));
}

Result<std::unique_ptr<VideoFile>> OpenContainer(internal::FileReader file) {
  TW_ASSIGN_OR_RETURN(std::string origin, DescribeFile(file));
  auto shared = std::make_shared<internal::FileReader>(std::move(file));
  TW_ASSIGN_OR_RETURN(auto remuxer, TsRemuxer::Open({shared->size(),
                                                     [shared](std::uint64_t at, std::size_t size) {
                                                       return shared->ReadAt(at, size);
                                                     }},
                                                    shared->path()));
  return std::make_unique<ContainerFile>(std::move(remuxer), std::move(origin));
}

}  // namespace

Result<std::unique_ptr<VideoFile>> VideoFile::Open(Storage& storage, const std::string& path) {
  TW_ASSIGN_OR_RETURN(internal::FileReader file,
                      internal::FileReader::Open(storage, path, kExpectedVideo));
  std::string start;
  while (true) {
    TW_ASSIGN_OR_RETURN(const std::string bytes, file.Read(kPiece));
    start += bytes;
    if (RecogniseContainer(AsBytes(start))) {
      file.Rewind();
      return OpenContainer(std::move(file));
    }
    const bool final = file.at() == file.size() || start.size() >= kSearchSize;
    const auto sync = FindTsSync(AsBytes(start), final);
    if (sync && *sync) break;
    if (!sync || final) {
      return Fail(ErrorCode::kBadInput, "{}: it starts with {}; expected {}", path,
                  internal::DescribeStart(start), kExpectedVideo);
    }
  }
  file.Rewind();
  return std::make_unique<TransportStreamFile>(std::move(file));
}

}  // namespace trucewatch
