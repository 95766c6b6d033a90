// SPDX-License-Identifier: Apache-2.0
#include "ingest/video/inspect_ts.h"

#include "core/json/json_writer.h"
#include "core/media/demuxer.h"
#include "ingest/video/misp_time.h"

namespace trucewatch {
namespace {

constexpr std::size_t kChunk = 256 << 10;

class TsInspector {
 public:
  TsInspector(const std::string& file, const EmitLine& emit)
      : file_(file), emit_(emit), demuxer_(TsDemuxer::Create()) {}

  Result<void> Run(const ReadChunk& read) {
    while (true) {
      TW_ASSIGN_OR_RETURN(const std::string chunk, read(kChunk));
      size_ += chunk.size();
      auto packets = chunk.empty() ? demuxer_->Finish() : demuxer_->Push(AsBytes(chunk));
      if (!packets) return Prefix(file_, packets.error());
      for (const MediaPacket& packet : *packets) Take(packet);
      TellDamage();
      if (chunk.empty()) return {};
    }
  }

 private:
  void Take(const MediaPacket& packet) {
    if (packet.kind == MediaKind::kVideo) {
      const MediaStream& stream =
          demuxer_->streams()[static_cast<std::size_t>(packet.stream_index)];
      if (video_width_px_ == 0) video_width_px_ = static_cast<std::uint64_t>(stream.width_px);
      TellPicture(packet, stream);
    } else if (packet.kind == MediaKind::kKlv) {
      KlvLineContext context;
      context.file = file_;
      context.offset = packet.offset;
      context.stream = packet.stream_index;
      if (packet.pts) context.pts_s = packet.pts->seconds();
      context.video_width_px = video_width_px_;
      for (const KlvRecord& record : SplitKlv(AsBytes(packet.data)))
        emit_(KlvRecordLine(context, record));
    }
  }

  void TellPicture(const MediaPacket& packet, const MediaStream& stream) {
    JsonWriter json;
    json.BeginObject().Field("file", file_).Field("offset", packet.offset);
    json.Field("length", std::uint64_t{packet.data.size()})
        .Field("format", std::string_view("video"));
    json.Field("ok", true).Field("stream", packet.stream_index).Field("codec", stream.codec);
    if (packet.pts) json.Field("pts_s", packet.pts->seconds());
    if (const auto stamp = ReadMispTime(packet.data)) {
      json.Field("time_utc", FormatUtc(stamp->time));
      json.Field("time_locked", stamp->locked());
      json.Field("time_discontinuity", stamp->discontinuity());
      if (stamp->discontinuity()) json.Field("time_reverse", stamp->reverse());
      json.Field("time_status", HexEncode(Bytes(&stamp->status, 1)));
      json.Field("time_unit", std::string_view(stamp->nanoseconds ? "ns" : "us"));
    }
    json.Field("key", packet.key);
    json.Field("width_px", stream.width_px).Field("height_px", stream.height_px);
    emit_(json.EndObject().text());
  }

  void TellDamage() {
    const std::uint64_t corrupt = demuxer_->corrupt_packets();
    if (corrupt == corrupt_told_) return;
    JsonWriter json;
    json.BeginObject().Field("file", file_).Field("offset", size_).Field("length", 0);
    json.Field("format", std::string_view("video")).Field("ok", false);
    json.Field("error", fmt::format("{} damaged or missing transport packets before this byte",
                                    corrupt - corrupt_told_));
    emit_(json.EndObject().text());
    corrupt_told_ = corrupt;
  }

  const std::string& file_;
  const EmitLine& emit_;
  std::unique_ptr<TsDemuxer> demuxer_;
  std::uint64_t size_ = 0;
  std::uint64_t corrupt_told_ = 0;
  std::uint64_t video_width_px_ = 0;
};

}  // namespace

Result<void> InspectTs(const std::string& file, const ReadChunk& read, const EmitLine& emit) {
  return TsInspector(file, emit).Run(read);
}

}  // namespace trucewatch
