// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/single_file.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <optional>

#include "core/crypto/sha256.h"
#include "core/media/demuxer.h"
#include "core/media/ts_remuxer.h"
#include "core/media/ts_sync.h"
#include "core/storage/one_file_storage.h"
#include "ingest/asterix/capture.h"
#include "ingest/asterix/inspect_asterix.h"
#include "ingest/feed.h"
#include "ingest/klv/st0601.h"
#include "ingest/recorded/recorded_source.h"
#include "ingest/recorded/video_file.h"
#include "ingest/video/dji_srt.h"

namespace trucewatch {
extern const char kSingleFileDefaults[];  // configs/defaults/single_file.txtpb
}

namespace trucewatch::tools {
namespace {

constexpr std::size_t kChunk = 64U << 10U;
constexpr std::size_t kSearch = 64U << 20U;  // metadata must begin within so many bytes

Result<std::string> FirstBytes(const std::string& path, std::size_t size) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    return Fail(ErrorCode::kNotFound, "{}: no such file", path);
  }
  if (!std::filesystem::is_regular_file(path, ignored)) {
    return Fail(ErrorCode::kBadInput, "{}: is a folder or a device; expected a file", path);
  }
  std::ifstream in(path, std::ios::binary);
  std::string bytes(size, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  if (bytes.empty()) return Fail(ErrorCode::kBadInput, "{}: is empty", path);
  return bytes;
}

bool LooksLikeTransportStream(const std::string& bytes) {
  const auto sync = FindTsSync(AsBytes(bytes), true);
  return sync && sync->has_value();
}

// TIFF and BigTIFF, and what else scenes come as, which `inspect` refuses with the reason.
bool LooksLikeRaster(const std::string& bytes) {
  using std::literals::string_view_literals::operator""sv;
  for (const std::string_view magic : {"II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv, "NITF0"sv,
                                       "NSIF0"sv, "\0\0\0\x0CjP  "sv, "<VRTDataset"sv}) {
    if (bytes.rfind(magic, 0) == 0) return true;
  }
  return false;
}

// JSON that says stac_version; where in it is anybody's choice.
Result<bool> LooksLikeStac(const std::string& path, const std::string& start) {
  const std::size_t first = start.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || start[first] != '{') return false;
  TW_ASSIGN_OR_RETURN(const std::string bytes, FirstBytes(path, 1U << 20U));
  return bytes.find("\"stac_version\"") != std::string::npos;
}

struct Place {
  Geodetic origin;
  Instant start;
};

std::optional<Place> PlaceOf(const UasDatalink& set) {
  const auto latitude = set.Number(23), longitude = set.Number(24);
  const auto sensor_latitude = set.Number(13), sensor_longitude = set.Number(14);
  if (!set.time || !IsSound(set.checksum)) return std::nullopt;
  const double height = set.Number(78).value_or(set.Number(25).value_or(0.0));
  if (latitude && longitude)
    return Place{Geodetic::FromDegrees(*latitude, *longitude, height), *set.time};
  if (sensor_latitude && sensor_longitude) {
    return Place{Geodetic::FromDegrees(*sensor_latitude, *sensor_longitude, height), *set.time};
  }
  return std::nullopt;
}

// Frame centre and time of the first sound ST 0601 packet; nothing when the stream has none.
Result<std::optional<Place>> PlaceOfVideo(Storage& storage, const std::string& path) {
  TW_ASSIGN_OR_RETURN(const auto file, VideoFile::Open(storage, path));
  const auto demuxer = TsDemuxer::Create();
  while (file->at() < kSearch) {
    TW_ASSIGN_OR_RETURN(const std::string chunk, file->Read(kChunk));
    if (chunk.empty()) break;
    TW_ASSIGN_OR_RETURN(const auto packets, demuxer->Push(AsBytes(chunk)));
    for (const MediaPacket& packet : packets) {
      if (packet.kind != MediaKind::kKlv) continue;
      KlvSplitter splitter;
      auto records = splitter.Push(AsBytes(packet.data));
      for (auto& record : splitter.Finish()) records.push_back(std::move(record));
      for (const KlvRecord& record : records) {
        const auto* klv = std::get_if<KlvPacket>(&record);
        if (klv == nullptr || !IsSt0601(*klv)) continue;
        const auto set = DecodeSt0601(*klv);
        if (!set) continue;
        if (const auto place = PlaceOf(*set)) return place;
      }
    }
  }
  return std::nullopt;
}

// Middle of the first dwell's footprint, and its time.
Result<std::optional<Place>> PlaceOfRadar(const std::string& path) {
  const std::unique_ptr<Storage> storage = MakePosixStorage();
  v1::config::SourceConfig config;
  config.set_id("source");
  config.set_format(v1::config::SourceConfig::STANAG4607);
  const v1::config::TerrainConfig terrain_config;
  const FlatTerrain terrain(0, 10);
  TW_ASSIGN_OR_RETURN(
      const auto source,
      OpenStanag4607File(*storage, {.source = {"source"}, .path = path, .start = {}}));
  TW_ASSIGN_OR_RETURN(
      const auto feed,
      MakeFeed({.source = &config, .terrain_config = &terrain_config, .terrain = &terrain}));
  for (std::size_t read = 0; read < kSearch;) {
    TW_ASSIGN_OR_RETURN(const auto record, source->Next());
    if (!record) break;
    read += record->bytes.size() + 1;
    TW_ASSIGN_OR_RETURN(const auto items, feed->Push(*record, Sha256(record->bytes)));
    for (const FeedItem& item : items) {
      const auto* dwell = std::get_if<RadarDwell>(&item);
      if (dwell == nullptr || dwell->footprint.empty()) continue;
      double latitude = 0;
      double longitude = 0;
      for (const Geodetic& p : dwell->footprint) {
        latitude += p.latitude.deg() / static_cast<double>(dwell->footprint.size());
        longitude += p.longitude.deg() / static_cast<double>(dwell->footprint.size());
      }
      return Place{Geodetic::FromDegrees(latitude, longitude, 0), dwell->time};
    }
  }
  return std::nullopt;
}

std::string NameOf(const std::string& path) {
  std::string name = std::filesystem::path(path).stem().string();
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_') c = '_';
  }
  name.resize(std::min<std::size_t>(name.size(), 40));
  return name.empty() ? "file" : name;
}

// A path inside a quoted text-format string.
std::string Quotable(const std::string& path) {
  std::string out;
  for (const char c : path) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

// A mission with this one source; start and origin are at `place`.
std::string MissionText(const std::string& path, const std::string& absolute_path,
                        const std::optional<Place>& place, const char* format) {
  // Without metadata nothing has a place or a time; the run still shows what moves.
  const Place at = place.value_or(Place{Geodetic::FromDegrees(0, 0, 0), Instant()});
  const std::string name = NameOf(path);
  return fmt::format(
             "# Made by trucewatch for {}\nname: \"{}\"\nstart_utc: \"{}\"\norigin_lat_deg: "
             "{:.7f}\norigin_lon_deg: {:.7f}\n"
             "origin_height_hae_m: {:.2f}\nsource {{\n  id: \"{}\"\n  file: \"{}\"\n  format: {}\n"
             "  platform: \"{}\" station: \"{}\" clock: \"{}\" georeference: \"{}\"\n"
             "  position_sigma_m: 10 platform_angle_sigma_deg: 0.3 sensor_angle_sigma_deg: 0.3\n"
             "  detection_probability: 0.8 false_alarms_per_km2: 0.1\n}}\n",
             std::filesystem::path(path).filename().string(), name, FormatUtc(at.start),
             at.origin.latitude.deg(), at.origin.longitude.deg(), at.origin.height_hae_m, name,
             Quotable(absolute_path), format, name, name, name, name) +
         std::string(kSingleFileDefaults);
}

// As LoadMissionConfig, of a text that is in no file.
Result<MissionFile> ParsedMission(std::string text) {
  MissionFile mission;
  mission.path = "mission.txtpb";
  mission.directory = ".";
  mission.text = std::move(text);
  FieldLines lines;
  TW_RETURN_IF_ERROR(ParseTextConfig(mission.text, mission.path, &mission.config, &lines));
  TW_RETURN_IF_ERROR(ValidateMissionConfig(mission.config, mission.path, lines));
  return mission;
}

}  // namespace

Result<SensorFormat> RecogniseFile(const std::string& path) {
  std::error_code no_folder;
  if (std::filesystem::is_directory(path, no_folder) &&
      (std::filesystem::exists(path + "/manifest.safe", no_folder) ||
       std::filesystem::exists(path + "/MTD_MSIL2A.xml", no_folder))) {
    return SensorFormat::kProduct;
  }
  TW_ASSIGN_OR_RETURN(const std::string bytes, FirstBytes(path, 4096));
  if (asterix::LooksLikeCapture(AsBytes(bytes))) return SensorFormat::kAsterix;
  if (LooksLikeRaster(bytes)) return SensorFormat::kRaster;
  if (bytes.rfind("PK\x03\x04", 0) == 0) return SensorFormat::kProduct;
  if (RecogniseContainer(AsBytes(bytes))) return SensorFormat::kVideoContainer;
  TW_ASSIGN_OR_RETURN(const bool stac, LooksLikeStac(path, bytes));
  if (stac) return SensorFormat::kStac;
  if (LooksLikeTransportStream(bytes)) return SensorFormat::kTransportStream;
  if (LooksLikeDjiSrt(bytes)) return SensorFormat::kDjiSrt;
  if (bytes.find("\x06\x0E\x2B\x34") != std::string::npos) return SensorFormat::kKlv;
  // STANAG 4607: two digits, then a packet size (32-bit, header included) that is possible.
  if (bytes.size() >= 32 && std::isdigit(static_cast<unsigned char>(bytes[0])) != 0 &&
      std::isdigit(static_cast<unsigned char>(bytes[1])) != 0) {
    const std::uint32_t size = ReadBe32(AsBytes(bytes).subspan(2));
    if (size >= 32 && size <= (1U << 20U)) return SensorFormat::kStanag4607;
  }
  std::error_code ignored;
  const std::uintmax_t file_size = std::filesystem::file_size(path, ignored);
  TW_ASSIGN_OR_RETURN(const std::string more, FirstBytes(path, kAsterixStartSize));
  if (!ignored && LooksLikeAsterix(AsBytes(more), file_size)) return SensorFormat::kAsterix;
  return SensorFormat::kUnknown;
}

Error NotASensorFile(const std::string& path) {
  const auto bytes = FirstBytes(path, 8);
  return Error{
      ErrorCode::kBadInput,
      fmt::format(
          "{}: is no sensor file: it begins with {}; expected an MPEG transport stream (47 "
          "every 188 bytes), an MP4, MOV or MKV file, "
          "KLV (06 0e 2b 34), STANAG 4607 (a version of two digits and a packet size), a pcap "
          "capture or ASTERIX blocks (a category and a length), a GeoTIFF (49 49 2a 00), JPEG 2000 "
          "or NITF, a SAFE folder or zip "
          "archive, or STAC (JSON with stac_version)",
          path, bytes ? HexEncode(AsBytes(*bytes)) : "nothing")};
}

bool IsSensorFile(const std::string& path) {
  std::error_code ignored;
  return !std::filesystem::is_directory(path, ignored) &&
         std::filesystem::path(path).extension() != ".txtpb";
}

Result<MissionFile> MissionForSingleFile(const std::string& path, const std::string& out) {
  TW_ASSIGN_OR_RETURN(const SensorFormat format, RecogniseFile(path));
  std::optional<Place> place;
  if (IsVideo(format)) {
    TW_ASSIGN_OR_RETURN(place, PlaceOfVideo(*MakePosixStorage(), path));
  } else if (format == SensorFormat::kStanag4607) {
    TW_ASSIGN_OR_RETURN(place, PlaceOfRadar(path));
  } else if (format == SensorFormat::kRaster || format == SensorFormat::kStac ||
             format == SensorFormat::kProduct) {
    return Fail(ErrorCode::kBadInput,
                "{}: is a satellite scene, which needs a mission config to be compared with "
                "others; `trucewatch inspect` reads it",
                path);
  } else if (format == SensorFormat::kDjiSrt) {
    return Fail(ErrorCode::kBadInput,
                "{}: is a DJI sidecar without pictures; `trucewatch inspect` reads it, a source "
                "with dji_srt_file uses it",
                path);
  } else if (format == SensorFormat::kKlv) {
    return Fail(ErrorCode::kBadInput,
                "{}: is bare KLV without pictures; `trucewatch inspect` reads it", path);
  } else if (format == SensorFormat::kAsterix) {
    return Fail(ErrorCode::kBadInput,
                "{}: is ASTERIX, which does not say where its radar stands; `trucewatch inspect` "
                "reads it, a mission config with a radar_site replays it",
                path);
  } else {
    return tl::unexpected<Error>(NotASensorFile(path));
  }
  const std::string text = MissionText(path, std::filesystem::absolute(path).string(), place,
                                       IsVideo(format) ? "MPEGTS_KLV" : "STANAG4607");
  const std::string config = out + "/mission.txtpb";
  const std::unique_ptr<Storage> storage = MakePosixStorage();
  TW_RETURN_IF_ERROR(WriteFileAtomically(*storage, config, AsBytes(text)));
  return LoadMissionConfig(config);
}

Result<MissionFile> DefaultMission() {
  return ParsedMission(MissionText("file", "/file", {}, "MPEGTS_KLV"));
}

Result<void> ReadVideoFile(const std::string& path, const std::string& absolute_path,
                           std::shared_ptr<const File> bytes, const VideoPieceSink& sink) {
  OneFileStorage storage({path, absolute_path}, std::move(bytes));
  TW_ASSIGN_OR_RETURN(const auto place, PlaceOfVideo(storage, path));
  TW_ASSIGN_OR_RETURN(const MissionFile mission,
                      ParsedMission(MissionText(path, absolute_path, place, "MPEGTS_KLV")));
  const auto& config = mission.config.source(0);
  const double ground_hae_m = mission.config.origin_height_hae_m();
  const FlatTerrain terrain(ground_hae_m, mission.config.terrain().sigma_m());
  TW_ASSIGN_OR_RETURN(const auto source, OpenRecordedSource(storage, mission, config));
  TW_ASSIGN_OR_RETURN(const auto feed, MakeFeed({.source = &config,
                                                 .terrain_config = &mission.config.terrain(),
                                                 .terrain = &terrain,
                                                 .ground_height_hae_m = ground_hae_m}));
  while (true) {
    TW_ASSIGN_OR_RETURN(const auto record, source->Next());
    if (!record) return {};
    TW_ASSIGN_OR_RETURN(auto items, feed->Push(*record, Sha256(record->bytes)));
    for (FeedItem& item : items) {
      if (auto* segment = std::get_if<VideoSegment>(&item)) {
        TW_RETURN_IF_ERROR(sink({std::move(*segment), ground_hae_m}));
      } else if (auto* fault = std::get_if<DataFault>(&item)) {
        TW_RETURN_IF_ERROR(sink({std::move(*fault), ground_hae_m}));
      }
    }
  }
}

}  // namespace trucewatch::tools
