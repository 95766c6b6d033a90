// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>

#include "ingest/asterix/asterix.h"
#include "ingest/asterix/capture.h"
#include "ingest/asterix/framing.h"
#include "ingest/asterix/inspect_asterix.h"
#include "ingest/recorded/event_clock.h"
#include "ingest/recorded/internal/file_reader.h"
#include "ingest/recorded/recorded_source.h"

namespace trucewatch {
namespace {

constexpr std::size_t kMaxPiece = 64 * 1024;
constexpr const char* kExpected =
    "a pcap or pcapng capture of UDP, or ASTERIX blocks (category, length of 16 bits), bare or in "
    "frames of ORADIS, FINAL, IOSS or GPS";

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

  // The day is the mission's, then the newest time's: a recording may run over midnight.
  void ReadTimes(const std::string& bytes) {
    for (const asterix::Block& block : asterix::DecodeBlocks(AsBytes(bytes), 0)) {
      for (const asterix::Record& record : block.records) {
        const auto time = record.TimeNear(clock_.now().value_or(options_.start));
        if (time) clock_.Read(*time);
      }
    }
  }

  RecordedFileOptions options_;
  internal::FileReader file_;
  EventClock clock_;

 private:
  std::uint64_t sequence_ = 0;
  bool ended_ = false;
};

class CaptureSource final : public AsterixSource {
 public:
  CaptureSource(RecordedFileOptions options, internal::FileReader file,
                asterix::CaptureParser capture)
      : AsterixSource(std::move(options), std::move(file)),
        capture_(std::move(capture)),
        at_(capture_.first()) {}

  Result<std::optional<RawRecord>> Next() override {
    while (damage_.empty() && at_ < file_.size()) {
      const std::uint64_t element_at = at_;
      TW_ASSIGN_OR_RETURN(const std::string element, ReadElement());
      if (!damage_.empty()) break;
      const auto packet = capture_.Read(AsBytes(element));
      if (!packet) {
        damage_ = fmt::format("the capture is damaged at byte {}: {}", element_at,
                              packet.error().message);
        break;
      }
      at_ = element_at + element.size();
      if (!*packet) continue;
      clock_.Read((*packet)->time);
      const Bytes frame = AsBytes(element).subspan((*packet)->offset, (*packet)->size);
      const asterix::Frame parsed = asterix::ParseFrame(frame, (*packet)->link);
      if (parsed.fate == asterix::FrameFate::kUdp) {
        const std::size_t payload = (*packet)->offset + parsed.payload.offset;
        return Make(element_at + payload, element.substr(payload, parsed.payload.size));
      }
      fragments_ += parsed.fate == asterix::FrameFate::kFragment ? 1 : 0;
      damaged_ += parsed.fate == asterix::FrameFate::kDamaged ? 1 : 0;
      other_ += parsed.fate == asterix::FrameFate::kOther ? 1 : 0;
    }
    return MakeEnd(at_, EndReason());
  }

 private:
  // The element at at_; when it is not whole, damage_ says so.
  Result<std::string> ReadElement() {
    if (file_.size() - at_ < capture_.head_size()) {
      damage_ = fmt::format("the capture ends inside the head of a packet at byte {}", at_);
      return std::string();
    }
    TW_ASSIGN_OR_RETURN(const std::string head, file_.ReadAt(at_, capture_.head_size()));
    const auto size = capture_.ElementSize(AsBytes(head));
    if (!size) {
      damage_ = fmt::format("the capture is damaged at byte {}: {}", at_, size.error().message);
      return std::string();
    }
    if (file_.size() - at_ < *size) {
      damage_ = fmt::format("the capture ends inside the packet at byte {}", at_);
      return std::string();
    }
    return file_.ReadAt(at_, *size);
  }

  std::string EndReason() const {
    std::string reason = damage_;
    if (fragments_ + damaged_ + other_ > 0) {
      if (reason.empty()) reason = "end of the recording";
      reason += fmt::format(
          "; packets passed over: {} pieces of datagrams, {} cut or damaged, {} not UDP",
          fragments_, damaged_, other_);
    }
    return reason;
  }

  asterix::CaptureParser capture_;
  std::uint64_t at_;
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
  std::uint64_t at_ = 0;
  bool damaged_ = false;
};

// The blocks of each frame; the time is the recorder's where the frame has one.
class FramedSource final : public AsterixSource {
 public:
  FramedSource(RecordedFileOptions options, internal::FileReader file, asterix::Framing framing)
      : AsterixSource(std::move(options), std::move(file)),
        framing_(framing),
        base_(asterix::FramingStart(framing)) {}

  Result<std::optional<RawRecord>> Next() override {
    while (true) {
      TW_RETURN_IF_ERROR(Fill());
      const Bytes bytes = AsBytes(buffer_).subspan(at_);
      const std::uint64_t offset = base_ + at_;
      if (bytes.empty()) return MakeEnd(offset, EndReason());
      const asterix::FramePiece piece =
          asterix::CutFrame(framing_, bytes, base_ + buffer_.size() >= file_.size());
      at_ += piece.size;
      if (piece.damaged) {
        if (damage_end_ != offset) ++stretches_;
        damage_end_ = offset + piece.size;
        damaged_bytes_ += piece.size;
        continue;
      }
      std::string content(AsText(bytes.subspan(piece.content_at, piece.content_size)));
      if (!piece.recorded_time_of_day_s) {
        ReadTimes(content);
      } else {
        clock_.Read(asterix::AbsoluteTime(*piece.recorded_time_of_day_s,
                                          clock_.now().value_or(options_.start)));
      }
      return Make(offset + piece.content_at, std::move(content));
    }
  }

 private:
  // As much as CutFrame wants to see, and more, so that little is moved.
  Result<void> Fill() {
    constexpr std::size_t kChunk = 4 * asterix::kFrameLook;
    const std::uint64_t end = base_ + buffer_.size();
    if (buffer_.size() - at_ >= asterix::kFrameLook || end >= file_.size()) return {};
    TW_ASSIGN_OR_RETURN(const std::string more,
                        file_.ReadAt(end, std::min<std::uint64_t>(kChunk, file_.size() - end)));
    buffer_.erase(0, at_);
    base_ += at_;
    at_ = 0;
    buffer_ += more;
    return {};
  }

  std::string EndReason() const {
    if (stretches_ == 0) return {};
    return fmt::format(
        "end of the recording; passed over between the recorder's frames: {} stretches of damage, "
        "{} bytes",
        stretches_, damaged_bytes_);
  }

  asterix::Framing framing_;
  std::uint64_t base_;  // of buffer_ in the file
  std::string buffer_;
  std::size_t at_ = 0;
  std::uint64_t stretches_ = 0, damaged_bytes_ = 0;
  std::optional<std::uint64_t> damage_end_;
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
  const asterix::Framing framing = asterix::FindFraming(AsBytes(start), file.size());
  if (framing != asterix::Framing::kNone) {
    return std::make_unique<FramedSource>(options, std::move(file), framing);
  }
  if (!asterix::LooksLikeCapture(AsBytes(start))) {
    return std::make_unique<RawBlockSource>(options, std::move(file));
  }
  auto capture = asterix::CaptureParser::Begin(AsBytes(start));
  if (!capture) return Prefix(options.path, capture.error());
  return std::make_unique<CaptureSource>(options, std::move(file), std::move(*capture));
}

}  // namespace trucewatch
