// SPDX-License-Identifier: Apache-2.0
#include "ingest/asterix/inspect_asterix.h"

#include <optional>
#include <utility>

#include "core/json/json_writer.h"
#include "ingest/asterix/asterix.h"
#include "ingest/asterix/capture.h"
#include "ingest/asterix/framing.h"

namespace trucewatch {
namespace {

using asterix::Node;

constexpr std::size_t kChunkSize = 256 << 10;

void WriteNode(JsonWriter& json, const Node& node) {
  switch (node.type) {
    case Node::Type::kNumber:
      json.Number(node.number);
      break;
    case Node::Type::kInteger:
    case Node::Type::kFlag:
      json.Signed(node.raw);
      break;
    case Node::Type::kText:
      json.String(node.text());
      break;
    case Node::Type::kList:
      json.BeginArray();
      for (const Node& child : node.children()) WriteNode(json, child);
      json.EndArray();
      break;
    case Node::Type::kObject:
      json.BeginObject();
      for (const Node& child : node.children()) {
        json.Key(child.name);
        WriteNode(json, child);
      }
      json.EndObject();
      break;
  }
}

// The file from `base` on, as much of it as is needed at once.
class Window {
 public:
  explicit Window(const std::function<Result<std::string>(std::size_t)>& read) : read_(read) {}

  // True when `size` bytes are there; false at the end of the file.
  Result<bool> Have(std::size_t size) {
    while (bytes_.size() - at_ < size && !ended_) {
      TW_ASSIGN_OR_RETURN(const std::string more, read_(kChunkSize));
      ended_ = more.empty();
      bytes_.erase(0, at_);
      at_ = 0;
      bytes_ += more;
    }
    return bytes_.size() - at_ >= size;
  }
  Bytes view() const { return AsBytes(bytes_).subspan(at_); }
  void Skip(std::size_t size) {
    at_ += size;
    offset_ += size;
  }
  std::uint64_t offset() const { return offset_; }

 private:
  const std::function<Result<std::string>(std::size_t)>& read_;
  std::string bytes_;
  std::size_t at_ = 0;
  std::uint64_t offset_ = 0;
  bool ended_ = false;
};

class AsterixInspector {
 public:
  AsterixInspector(const std::string& file, const std::function<void(const std::string&)>& emit)
      : file_(file), emit_(emit) {}

  void Datagram(Bytes bytes, std::uint64_t offset, Instant captured) {
    const asterix::Framing framing = asterix::FindDatagramFraming(bytes);
    while (!bytes.empty()) {
      const asterix::FramePiece piece = asterix::CutFrame(framing, bytes, true);
      Piece(bytes, piece, offset, captured);
      bytes = bytes.subspan(piece.size);
      offset += piece.size;
    }
  }

  void Piece(Bytes bytes, const asterix::FramePiece& piece, std::uint64_t offset,
             std::optional<Instant> captured = std::nullopt) {
    if (piece.damaged) return Damage(offset, piece.size, "no frame of the recorder begins here");
    recorded_time_of_day_s_ = piece.recorded_time_of_day_s;
    Blocks(bytes.subspan(piece.content_at, piece.content_size), offset + piece.content_at,
           captured);
  }

  void Blocks(Bytes bytes, std::uint64_t offset, std::optional<Instant> captured) {
    for (const asterix::Block& block : asterix::DecodeBlocks(bytes, offset)) {
      for (const asterix::Record& record : block.records) Emit(record, captured);
      if (block.fault) {
        Damage(block.fault->offset, block.fault->length, block.fault->reason, block.category);
      } else if (!block.known) {
        JsonWriter json = Begin(block.offset, block.length, true);
        json.Field("category", static_cast<unsigned>(block.category));
        json.Field("decoded", false);
        if (captured) json.Field("captured_utc", FormatUtc(*captured));
        if (recorded_time_of_day_s_) json.Field("recorded_time_of_day_s", *recorded_time_of_day_s_);
        emit_(json.EndObject().text());
      }
    }
  }

  void Damage(std::uint64_t offset, std::uint64_t length, const std::string& error,
              std::optional<std::uint8_t> category = std::nullopt) {
    JsonWriter json = Begin(offset, length, false);
    json.Field("error", error);
    if (category) json.Field("category", static_cast<unsigned>(*category));
    emit_(json.EndObject().text());
  }

 private:
  JsonWriter Begin(std::uint64_t offset, std::uint64_t length, bool ok) const {
    JsonWriter json;
    json.BeginObject();
    json.Field("file", file_);
    json.Field("offset", offset);
    json.Field("length", length);
    json.Field("format", std::string_view("asterix"));
    json.Field("ok", ok);
    return json;
  }

  void Emit(const asterix::Record& record, std::optional<Instant> captured) {
    JsonWriter json = Begin(record.offset, record.length, true);
    json.Field("category", static_cast<unsigned>(record.category));
    if (const auto sac = record.sac()) json.Field("sac", *sac);
    if (const auto sic = record.sic()) json.Field("sic", *sic);
    if (captured) {
      json.Field("captured_utc", FormatUtc(*captured));
      if (const auto time = record.TimeNear(*captured)) json.Field("time_utc", FormatUtc(*time));
    }
    if (recorded_time_of_day_s_) json.Field("recorded_time_of_day_s", *recorded_time_of_day_s_);
    json.Key("items").BeginObject();
    for (const asterix::Item& item : record.items) {
      json.Key(item.id());
      WriteNode(json, *item.value);
    }
    json.EndObject();
    emit_(json.EndObject().text());
  }

  const std::string& file_;
  const std::function<void(const std::string&)>& emit_;
  std::optional<double> recorded_time_of_day_s_;  // of the piece
};

void InspectFrame(Bytes frame, const asterix::CapturedPacket& packet, std::uint64_t offset,
                  AsterixInspector& inspector) {
  const asterix::Frame parsed = asterix::ParseFrame(frame, packet.link);
  if (parsed.fate == asterix::FrameFate::kUdp) {
    const auto& payload = parsed.payload;
    inspector.Datagram(frame.subspan(payload.offset, payload.size), offset + payload.offset,
                       packet.time);
  } else if (parsed.fate != asterix::FrameFate::kOther) {
    inspector.Damage(offset, frame.size(),
                     parsed.fate == asterix::FrameFate::kFragment
                         ? "a piece of a fragmented datagram; pieces are not put together"
                         : "a packet that is cut or whose lengths contradict one another");
  }
}

Result<void> InspectCapture(const std::string& file, Window& window, AsterixInspector& inspector) {
  TW_RETURN_IF_ERROR(window.Have(asterix::kCaptureStartSize));
  auto capture = asterix::CaptureParser::Begin(window.view());
  if (!capture) return Prefix(file, capture.error());
  window.Skip(static_cast<std::size_t>(capture->first()));
  while (true) {
    TW_ASSIGN_OR_RETURN(const bool more, window.Have(capture->head_size()));
    if (!more) {
      if (!window.view().empty()) {
        inspector.Damage(window.offset(), window.view().size(),
                         "the capture ends inside the head of a packet");
      }
      return {};
    }
    const auto damaged = [&](const Error& error) {
      inspector.Damage(window.offset(), capture->head_size(),
                       "the capture cannot be read on: " + error.message);
    };
    const auto size = capture->ElementSize(window.view());
    if (!size) return damaged(size.error()), Result<void>();
    TW_ASSIGN_OR_RETURN(const bool whole, window.Have(*size));
    if (!whole) {
      inspector.Damage(window.offset(), window.view().size(), "the capture ends inside a packet");
      return {};
    }
    const Bytes element = window.view().first(*size);
    const auto packet = capture->Read(element);
    if (!packet) return damaged(packet.error()), Result<void>();
    if (*packet) {
      const asterix::CapturedPacket& p = **packet;
      InspectFrame(element.subspan(p.offset, p.size), p, window.offset() + p.offset, inspector);
    }
    window.Skip(*size);
  }
}

Result<void> InspectRaw(Window& window, AsterixInspector& inspector) {
  while (true) {
    TW_ASSIGN_OR_RETURN(const bool head, window.Have(3));
    if (window.view().empty()) return {};
    const std::size_t stated = head ? ReadBe16(window.view().subspan(1)) : 0;
    TW_ASSIGN_OR_RETURN(const bool whole, window.Have(stated));
    if (stated < 3 || !whole) {
      // No length leads on from here.
      const auto blocks = asterix::DecodeBlocks(window.view(), window.offset());
      std::uint64_t rest = window.view().size();
      window.Skip(window.view().size());
      while (true) {
        TW_ASSIGN_OR_RETURN(const bool more, window.Have(1));
        if (!more) break;
        rest += window.view().size();
        window.Skip(window.view().size());
      }
      inspector.Damage(blocks.front().offset, rest,
                       blocks.front().fault ? blocks.front().fault->reason : "no block",
                       blocks.front().category);
      return {};
    }
    inspector.Blocks(window.view().first(stated), window.offset(), std::nullopt);
    window.Skip(stated);
  }
}

Result<void> InspectFramed(asterix::Framing framing, Window& window, AsterixInspector& inspector) {
  window.Skip(asterix::FramingStart(framing));
  while (true) {
    TW_ASSIGN_OR_RETURN(const bool more, window.Have(asterix::kFrameLook));
    if (window.view().empty()) return {};
    const asterix::FramePiece piece = asterix::CutFrame(framing, window.view(), !more);
    inspector.Piece(window.view(), piece, window.offset());
    window.Skip(piece.size);
  }
}

bool LooksLikeRaw(Bytes start, std::uint64_t file_size) {
  if (start.size() < 3) return false;
  // Any two bytes make a length and a line feed is category 10: a record that can be read decides.
  if (asterix::IsKnownCategory(start[0])) {
    const std::size_t size = ReadBe16(start.subspan(1));
    if (size > start.size()) return false;
    const auto blocks = asterix::DecodeBlocks(start.first(size), 0);
    return !blocks.empty() && !blocks[0].records.empty() && blocks[0].records[0].sac().has_value();
  }
  // Of other categories: lengths that lead to the end, or through enough blocks.
  constexpr int kEnoughBlocks = 8;
  std::uint64_t at = 0;
  int count = 0;
  for (; count < kEnoughBlocks && at < file_size; ++count) {
    if (at + 3 > start.size() || start[at] == 0) return false;
    const std::uint64_t size = ReadBe16(start.subspan(at + 1));
    if (size < 4 || at + size > file_size) return false;
    at += size;
  }
  return count > 1;
}

}  // namespace

bool LooksLikeAsterix(Bytes start, std::uint64_t file_size) {
  return asterix::LooksLikeCapture(start) || LooksLikeRaw(start, file_size) ||
         asterix::FindFraming(start, file_size) != asterix::Framing::kNone;
}

Result<void> InspectAsterix(const std::string& file,
                            const std::function<Result<std::string>(std::size_t max)>& read,
                            const std::function<void(const std::string&)>& emit) {
  Window window(read);
  AsterixInspector inspector(file, emit);
  TW_ASSIGN_OR_RETURN(const bool any, window.Have(3));
  TW_ASSIGN_OR_RETURN(const bool longer, window.Have(kAsterixStartSize));
  if (!any) {
    return Fail(ErrorCode::kBadInput,
                "{}: {} bytes; expected a pcap or pcapng capture or ASTERIX blocks (category, "
                "length), bare or "
                "framed",
                file, window.view().size());
  }
  if (asterix::LooksLikeCapture(window.view())) return InspectCapture(file, window, inspector);
  // Of a longer file more is to come than the first frames need.
  const std::uint64_t size = longer ? ~std::uint64_t{0} : window.view().size();
  const asterix::Framing framing = asterix::FindFraming(window.view(), size);
  if (framing != asterix::Framing::kNone) return InspectFramed(framing, window, inspector);
  return InspectRaw(window, inspector);
}

}  // namespace trucewatch
