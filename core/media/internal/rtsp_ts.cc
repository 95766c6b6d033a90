// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <utility>

#include "core/media/ffmpeg_log.h"
#include "core/media/internal/av_owned.h"
#include "core/media/internal/live_inputs.h"
#include "core/media/internal/live_pump.h"
#include "core/media/internal/ts_muxer.h"

namespace trucewatch::internal {
namespace {

// A connection that has carried nothing for so long is taken for dead.
constexpr std::int64_t kRtspDeadAfterUs = 30'000'000;
// RTP clocks begin anywhere near zero, and sender reports move them: room below the first picture.
constexpr std::int64_t kLowestDts = 10 * 90'000;

class RtspTs final : public LiveTs {
 public:
  RtspTs(std::string url, std::string name, bool listens)
      : url_(std::move(url)), name_(std::move(name)), listens_(listens) {}
  ~RtspTs() override { pump_.Stop(); }

  Result<void> Open(Duration timeout) {
    pump_.Start([this] { return Run(); });
    if (listens_) return {};
    if (!pump_.WaitUntilOpened(timeout)) {
      return Fail(ErrorCode::kUnavailable, "{}: no answer within {} s", name_, timeout.seconds());
    }
    if (!opened_) return tl::unexpected<Error>(pump_.Take(Duration()).error());
    return {};
  }

  Result<std::optional<std::string>> Receive(Duration wait) override { return pump_.Take(wait); }
  std::string note() const override { return pump_.note(); }

 private:
  Error Broken(const char* what, int code) const {
    return {ErrorCode::kUnavailable, fmt::format("{}: {}: {}", name_, what, FfmpegErrorText(code))};
  }

  // What FFmpeg may use: its RTSP demuxer over TCP, and none of its other protocols and formats
  // (a description may ask for others, or a redirection for another scheme).
  Result<AvInput> Connect() {
    AVFormatContext* context = avformat_alloc_context();
    if (context == nullptr) return Fail(ErrorCode::kIo, "{}: out of memory", name_);
    context->interrupt_callback = {&LivePump::Interrupted, &pump_};
    context->io_open = RefuseToOpen;
    context->flags |= AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN;
    AVDictionary* settings = nullptr;
    LimitInput(*context, settings);
    av_dict_set(&settings, "protocol_whitelist", "tcp", 0);
    av_dict_set(&settings, "format_whitelist", "rtsp,mpegts", 0);
    av_dict_set(&settings, "rtsp_transport", "tcp", 0);
    av_dict_set(&settings, "allowed_media_types", "video+data", 0);
    av_dict_set_int(&settings, "timeout", kRtspDeadAfterUs, 0);
    if (listens_) av_dict_set(&settings, "rtsp_flags", "listen", 0);
    const int opened =
        avformat_open_input(&context, url_.c_str(), av_find_input_format("rtsp"), &settings);
    av_dict_free(&settings);
    if (opened < 0) return tl::unexpected<Error>(Broken("cannot be opened", opened));
    return AvInput(context);
  }

  Error Run() {
    auto input = Connect();
    if (!input) return input.error();
    opened_ = true;
    pump_.Opened();
    const AvOwned<AVPacket> packet(av_packet_alloc());
    if (packet == nullptr) return {ErrorCode::kIo, name_ + ": out of memory"};
    TsMuxer muxer({.live = true, .lowest_dts = kLowestDts});
    while (true) {
      const int read = av_read_frame(input->get(), packet.get());
      if (read == AVERROR(EAGAIN) && !pump_.stopped()) continue;
      const auto pushed = read < 0 ? muxer.Finish(**input) : muxer.Push(**input, *packet);
      av_packet_unref(packet.get());
      const std::string bytes = muxer.Take();
      if (!bytes.empty()) {
        pump_.Note("RTSP: " + muxer.Describe() + "; made into MPEG-TS");
        if (!pump_.Put(bytes)) return {ErrorCode::kUnavailable, name_ + ": stopped"};
      }
      if (read == AVERROR_EOF) {
        return {ErrorCode::kUnavailable, name_ + ": the other side has closed the connection"};
      }
      if (read < 0) return Broken("the connection broke", read);
      if (!pushed) return Prefix(name_, pushed.error()).value();
    }
  }

  std::string url_;
  std::string name_;
  bool listens_;
  std::atomic<bool> opened_ = false;
  mutable LivePump pump_;
};

}  // namespace

Result<std::unique_ptr<LiveTs>> OpenRtspTs(const LiveUrl& url, const std::string& name,
                                           const LiveTsOptions& options) {
  if (!IsIpv4(url.host)) {
    return Fail(ErrorCode::kBadInput,
                "{}: expected rtsp://IPv4[:port]/path, with user:password@ in front where the "
                "camera asks for them, or rtsp://IPv4:port/path?mode=listener",
                name);
  }
  const bool listens = url.query_text == "mode=listener";
  std::string text = "rtsp://" + (url.user.empty() ? "" : url.user + "@") + url.host;
  text += ":" + (url.port.empty() ? "554" : url.port) + url.path;
  if (!listens && !url.query_text.empty()) text += "?" + url.query_text;
  auto live = std::make_unique<RtspTs>(std::move(text), name, listens);
  TW_RETURN_IF_ERROR(live->Open(options.open_timeout));
  return Result<std::unique_ptr<LiveTs>>(std::move(live));
}

}  // namespace trucewatch::internal
