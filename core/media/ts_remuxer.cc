// SPDX-License-Identifier: Apache-2.0
#include "core/media/ts_remuxer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "core/media/ffmpeg_log.h"
#include "core/media/internal/av_owned.h"
#include "core/media/internal/mp4_boxes.h"
#include "core/media/internal/ts_muxer.h"

namespace trucewatch {
namespace {

using internal::AvInput;
using internal::AvOwned;

constexpr int kIoBuffer = 64 << 10;
constexpr std::size_t kPieceBytes = 64 << 10;
constexpr int kMaxErrorsInARow = 64;

class RemuxerImpl final : public TsRemuxer {
 public:
  RemuxerImpl(ContainerBytes bytes, std::string name, VideoContainer kind)
      : bytes_(std::move(bytes)), name_(std::move(name)), kind_(kind) {}

  Result<void> Open() {
    auto* buffer = static_cast<unsigned char*>(av_malloc(kIoBuffer));
    if (buffer == nullptr) return Fail(ErrorCode::kIo, "{}: out of memory", name_);
    io_.reset(avio_alloc_context(buffer, kIoBuffer, 0, this, &RemuxerImpl::Read, nullptr,
                                 &RemuxerImpl::Seek));
    AVFormatContext* context = avformat_alloc_context();
    packet_.reset(av_packet_alloc());
    if (io_ == nullptr || context == nullptr || packet_ == nullptr) {
      avformat_free_context(context);
      return Fail(ErrorCode::kIo, "{}: out of memory", name_);
    }
    context->pb = io_.get();
    context->io_open = internal::RefuseToOpen;
    context->flags |= AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN;
    const char* format = kind_ == VideoContainer::kMp4 ? "mov" : "matroska";
    const AVInputFormat* demuxer = av_find_input_format(format);
    AVDictionary* settings = nullptr;
    internal::LimitInput(*context, settings);
    if (demuxer != nullptr) av_dict_set(&settings, "format_whitelist", demuxer->name, 0);
    if (kind_ == VideoContainer::kMp4) av_dict_set(&settings, "enable_drefs", "0", 0);
    const int opened = avformat_open_input(&context, "", demuxer, &settings);
    av_dict_free(&settings);
    if (error_) return tl::unexpected<Error>(*error_);
    if (opened < 0) {  // context is freed
      return Fail(ErrorCode::kBadInput, "{}: cannot be read as {}: {}", name_, KindName(),
                  FfmpegErrorText(opened));
    }
    input_.reset(context);
    return {};
  }

  Result<std::string> Next() override {
    if (failed_) return tl::unexpected<Error>(*failed_);
    while (!ended_ && muxer_.size() < kPieceBytes) {
      const auto step = Step();
      if (step) continue;
      failed_ = step.error();
      return tl::unexpected<Error>(*failed_);
    }
    return muxer_.Take();
  }

  std::string note() const override {
    std::string text = fmt::format("{}: {}", KindName(), muxer_.Describe());
    if (errors_ > 0) text += fmt::format("; {} places could not be read", errors_);
    return text;
  }

 private:
  const char* KindName() const { return kind_ == VideoContainer::kMp4 ? "MP4/MOV" : "Matroska"; }

  Result<void> Step() {
    const std::int64_t before = avio_tell(io_.get());
    const int read = av_read_frame(input_.get(), packet_.get());
    if (error_) return tl::unexpected<Error>(*error_);
    if (read >= 0) {
      errors_in_a_row_ = 0;
      const auto pushed = muxer_.Push(*input_, *packet_);
      av_packet_unref(packet_.get());
      if (!pushed) return Prefix(name_, pushed.error());
      return {};
    }
    // Damage is passed over as long as there is progress.
    if (read != AVERROR_EOF) {
      ++errors_;
      if (++errors_in_a_row_ < kMaxErrorsInARow && avio_tell(io_.get()) != before) return {};
    }
    ended_ = true;
    const auto finished = muxer_.Finish(*input_);
    if (!finished) return Prefix(name_, finished.error());
    return {};
  }

  static int Read(void* opaque, std::uint8_t* to, int size) {
    auto& self = *static_cast<RemuxerImpl*>(opaque);
    if (self.error_ || self.at_ >= self.bytes_.size) return AVERROR_EOF;
    const auto want = static_cast<std::size_t>(
        std::min<std::uint64_t>(static_cast<std::uint64_t>(size), self.bytes_.size - self.at_));
    auto bytes = self.bytes_.read_at(self.at_, want);
    if (!bytes || bytes->size() != want) {
      self.error_ =
          bytes ? Error{ErrorCode::kIo, self.name_ + ": fewer bytes than its size"} : bytes.error();
      return AVERROR(EIO);
    }
    std::memcpy(to, bytes->data(), want);
    self.at_ += want;
    return static_cast<int>(want);
  }

  static std::int64_t Seek(void* opaque, std::int64_t offset, int whence) {
    auto& self = *static_cast<RemuxerImpl*>(opaque);
    const auto size = static_cast<std::int64_t>(self.bytes_.size);
    if ((whence & AVSEEK_SIZE) != 0) return size;
    whence &= ~AVSEEK_FORCE;
    if (whence == SEEK_CUR) offset += static_cast<std::int64_t>(self.at_);
    if (whence == SEEK_END) offset += size;
    if (offset < 0) return AVERROR(EINVAL);
    self.at_ = static_cast<std::uint64_t>(offset);
    return offset;
  }

  ContainerBytes bytes_;
  std::string name_;
  VideoContainer kind_;
  std::uint64_t at_ = 0;
  std::optional<Error> error_;   // of read_at
  std::optional<Error> failed_;  // of Next
  AvOwned<AVIOContext> io_;
  AvInput input_;  // after io_, which it uses
  AvOwned<AVPacket> packet_;
  internal::TsMuxer muxer_{{}};
  std::uint64_t errors_ = 0;
  int errors_in_a_row_ = 0;
  bool ended_ = false;
};

}  // namespace

std::optional<VideoContainer> RecogniseContainer(Bytes head) {
  using std::literals::string_view_literals::operator""sv;
  const std::string_view text = AsText(head);
  if (text.starts_with("\x1A\x45\xDF\xA3"sv)) return VideoContainer::kMatroska;
  if (text.size() < 8) return std::nullopt;
  // A first box as files begin with; its size too must be possible.
  constexpr std::array kFirst = {"ftyp"sv, "moov"sv, "mdat"sv, "wide"sv,
                                 "free"sv, "skip"sv, "pnot"sv};
  const std::uint32_t size = ReadBe32(head);
  if (size != 1 && size < 8) return std::nullopt;
  if (std::find(kFirst.begin(), kFirst.end(), text.substr(4, 4)) == kFirst.end())
    return std::nullopt;
  return VideoContainer::kMp4;
}

Result<std::unique_ptr<TsRemuxer>> TsRemuxer::Open(ContainerBytes bytes, const std::string& name) {
  TW_ASSIGN_OR_RETURN(
      const std::string head,
      bytes.read_at(0, static_cast<std::size_t>(std::min<std::uint64_t>(12, bytes.size))));
  const auto kind = RecogniseContainer(AsBytes(head));
  if (!kind) {
    return Fail(ErrorCode::kBadInput, "{}: is no MP4, MOV or MKV file: it begins with {}", name,
                HexEncode(AsBytes(head)));
  }
  if (*kind == VideoContainer::kMp4) {
    const auto checked = internal::CheckMp4Boxes(bytes);
    if (!checked) return Prefix(name, checked.error());
  }
  auto remuxer = std::make_unique<RemuxerImpl>(std::move(bytes), name, *kind);
  TW_RETURN_IF_ERROR(remuxer->Open());
  return Result<std::unique_ptr<TsRemuxer>>(std::move(remuxer));
}

}  // namespace trucewatch
