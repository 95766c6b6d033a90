// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>

#include "ingest/asterix/asterix.h"
#include "ingest/asterix/inspect_asterix.h"
#include "ingest/asterix/pcap.h"
#include "ingest/recorded/event_clock.h"
#include "ingest/recorded/internal/file_reader.h"
#include "ingest/recorded/recorded_source.h"

namespace trucewatch {
namespace {

constexpr std::size_t kMaxPiece = 64 * 1024;
constexpr const char* kExpected =
    "a pcap capture of UDP over Ethernet, or ASTERIX blocks (category, length of 16 bits)";

// What captures and raw files have in common: numbering, times and the end.
class AsterixSource : public RecordedSource {
 public:
  AsterixSource(RecordedFileOptions options, internal::FileReader file)
      : options_(std::move(options)), file_(std::move(file)) {}
  const SourceId& id() const override { return options_.source; }

 protected:
  RawRecord Make(std::uint64_t offset, std::string bytes) {
    RawRecord record;
    record.source = options_.source;
    record.source_sequence = ++sequence_;
    record.source_offset = offset;
    record.receive_time = clock_.now().value_or(options_.start);
    record.bytes = std::move(bytes);
    return record;
  }
  std::optional<RawRecord> MakeEnd(std::uint64_t offset, std::string reason) {
    if (ended_) return std::nullopt;
    ended_ = true;
    RawRecord record = Make(offset, std::move(reason));
    record.end_of_source = true;
    return record;
  }

  RecordedFileOptions options_;
  internal::FileReader file_;
  EventClock clock_;

 private:
  std::uint64_t sequence_ = 0;
  bool ended_ = false;
};

class PcapSource final : public AsterixSource {
 public:
  PcapSource(RecordedFileOptions options, internal::FileReader file, asterix::PcapFormat format)
      : AsterixSource(std::move(options), std::move(file)), format_(format) {}

  Result<std::optional<RawRecord>> Next() override {
    while (damage_.empty() && at_ < file_.size()) {
      if (file_.size() - at_ < asterix::kPcapRecordHeaderSize) {
        damage_ = fmt::format("the capture ends inside the head of a packet at byte {}", at_);
        break;
      }
      TW_ASSIGN_OR_RETURN(const std::string head,
                          file_.ReadAt(at_, asterix::kPcapRecordHeaderSize));
      const auto header = asterix::ParsePcapRecordHeader(format_, AsBytes(head));
      if (!header) {
        damage_ = fmt::format("the capture is damaged at byte {}: {}", at_, header.error().message);
        break;
      }
      const std::uint64_t frame_at = at_ + asterix::kPcapRecordHeaderSize;
      if (file_.size() - frame_at < header->captured) {
        damage_ = fmt::format("the capture ends inside the packet at byte {}", at_);
        break;
      }
      TW_ASSIGN_OR_RETURN(const std::string bytes, file_.ReadAt(frame_at, header->captured));
      at_ = frame_at + header->captured;
      clock_.Read(header->time);
      const asterix::Frame frame = asterix::ParseFrame(AsBytes(bytes));
      if (frame.fate == asterix::FrameFate::kUdp) {
        const auto& payload = frame.payload;
        return Make(frame_at + payload.offset, bytes.substr(payload.offset, payload.size));
      }
      fragments_ += frame.fate == asterix::FrameFate::kFragment ? 1 : 0;
      damaged_ += frame.fate == asterix::FrameFate::kDamaged ? 1 : 0;
      other_ += frame.fate == asterix::FrameFate::kOther ? 1 : 0;
    }
    return MakeEnd(at_, EndReason());
  }

 private:
  std::string EndReason() const {
    std::string reason = damage_;
    if (fragments_ + damaged_ + other_ > 0) {
      if (reason.empty()) reason = "end of the recording";
      reason += fmt::format(
          "; packets passed over: {} pieces of datagrams, {} cut or damaged, {} not UDP over IPv4",
          fragments_, damaged_, other_);
    }
    return reason;
  }

  asterix::PcapFormat format_;
  std::uint64_t at_ = asterix::kPcapHeaderSize;
  std::string damage_;
  std::uint64_t fragments_ = 0, damaged_ = 0, other_ = 0;
};

// Blocks back to back. What is no block is passed on in pieces: the parser says what is wrong.
class RawBlockSource final : public AsterixSource {
 public:
  using AsterixSource::AsterixSource;

  Result<std::optional<RawRecord>> Next() override {
    if (at_ >= file_.size()) return MakeEnd(at_, {});
    const std::uint64_t left = file_.size() - at_;
    std::uint64_t size = std::min<std::uint64_t>(left, kMaxPiece);
    if (!damaged_ && left >= 3) {
      TW_ASSIGN_OR_RETURN(const std::string head, file_.ReadAt(at_, 3));
      const std::uint64_t stated = ReadBe16(AsBytes(head).subspan(1));
      damaged_ = stated < 3 || stated > left;
      if (!damaged_) size = stated;
    }
    TW_ASSIGN_OR_RETURN(std::string bytes, file_.ReadAt(at_, static_cast<std::size_t>(size)));
    const std::uint64_t offset = at_;
    at_ += size;
    if (!damaged_) ReadTimes(bytes);
    return Make(offset, std::move(bytes));
  }

 private:
  // The day is the mission's, then the newest time's: a recording may run over midnight.
  void ReadTimes(const std::string& bytes) {
    for (const asterix::Block& block : asterix::DecodeBlocks(AsBytes(bytes), 0)) {
      for (const asterix::Record& record : block.records) {
        const auto time = record.TimeNear(clock_.now().value_or(options_.start));
        if (time) clock_.Read(*time);
      }
    }
  }

  std::uint64_t at_ = 0;
  bool damaged_ = false;
};

}  // namespace

Result<std::unique_ptr<RecordedSource>> OpenAsterixFile(Storage& storage,
                                                        const RecordedFileOptions& options) {
  TW_ASSIGN_OR_RETURN(internal::FileReader file,
                      internal::FileReader::Open(storage, options.path, kExpected));
  TW_ASSIGN_OR_RETURN(const std::string start,
                      file.ReadAt(0, std::min<std::uint64_t>(kAsterixStartSize, file.size())));
  // Another file must not become a mission of damage.
  if (!LooksLikeAsterix(AsBytes(start), file.size())) {
    return Fail(ErrorCode::kBadInput, "{}: starts with {}; expected {}", options.path,
                internal::DescribeStart(start), kExpected);
  }
  if (!asterix::LooksLikePcap(AsBytes(start))) {
    return std::make_unique<RawBlockSource>(options, std::move(file));
  }
  const auto format = asterix::ParsePcapHeader(AsBytes(start));
  if (!format) return Prefix(options.path, format.error());
  return std::make_unique<PcapSource>(options, std::move(file), *format);
}

}  // namespace trucewatch
