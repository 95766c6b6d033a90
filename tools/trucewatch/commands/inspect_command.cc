// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <fstream>
#include <map>

#include "core/json/json_writer.h"
#include "core/storage/storage.h"
#include "ingest/asterix/inspect_asterix.h"
#include "ingest/klv/inspect_klv.h"
#include "ingest/radar/inspect_4607.h"
#include "ingest/recorded/inspect_product.h"
#include "ingest/recorded/video_file.h"
#include "ingest/satellite/inspect_scene.h"
#include "ingest/video/dji_srt.h"
#include "ingest/video/inspect_ts.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/single_file.h"

namespace trucewatch::tools {
namespace {

// Counts of what went by, for the summary that a person reads.
class Summary {
 public:
  void Count(const std::string& line) {
    ++records_;
    for (const char* format :
         {"st0601", "st0903", "st0102", "eg0104", "video", "dji_srt", "stanag4607", "asterix",
          "raster", "stac", "sentinel1", "sentinel2", "container"}) {
      if (line.find(fmt::format("\"format\":\"{}\"", format)) != std::string::npos)
        ++formats_[format];
    }
    if (line.find("\"ok\":false") != std::string::npos) ++bad_;
    if (line.find("\"checksum_ok\":true") != std::string::npos) ++good_checksums_;
    if (line.find("\"checksum_ok\":false") != std::string::npos) ++bad_checksums_;
  }
  void Print(const std::string& file) const {
    std::printf("%s: %llu records", file.c_str(), Number(records_));
    for (const auto& [format, count] : formats_)
      std::printf(", %llu %s", Number(count), format.c_str());
    if (good_checksums_ + bad_checksums_ > 0) {
      std::printf("; checksums: %llu good, %llu bad", Number(good_checksums_),
                  Number(bad_checksums_));
    }
    std::printf("; %llu damaged\n", Number(bad_));
  }

 private:
  static unsigned long long Number(std::uint64_t value) { return value; }
  std::uint64_t records_ = 0, bad_ = 0, good_checksums_ = 0, bad_checksums_ = 0;
  std::map<std::string, std::uint64_t> formats_;
};

// What it was made into MPEG-TS from, how, and then what is in the transport stream.
Result<void> InspectContainer(const std::string& file, const EmitLine& emit) {
  const std::unique_ptr<Storage> storage = MakePosixStorage();
  TW_ASSIGN_OR_RETURN(const auto video, VideoFile::Open(*storage, file));
  const ReadChunk read = [&](std::size_t max) { return video->Read(max); };
  TW_RETURN_IF_ERROR(InspectTs(file, read, emit));
  JsonWriter json;
  json.BeginObject().Field("file", file).Field("offset", 0).Field("length", video->at());
  json.Field("format", std::string_view("container")).Field("ok", true);
  json.Field("origin", video->origin());
  emit(json.EndObject().text());
  return {};
}

Result<void> InspectFile(const std::string& file, bool json) {
  TW_ASSIGN_OR_RETURN(const SensorFormat format, RecogniseFile(file));
  std::ifstream in(file, std::ios::binary);
  const ReadChunk read = [&](std::size_t max) -> Result<std::string> {
    std::string bytes(max, '\0');
    in.read(bytes.data(), static_cast<std::streamsize>(max));
    bytes.resize(static_cast<std::size_t>(in.gcount()));
    if (in.bad()) return Fail(ErrorCode::kIo, "{}: cannot be read", file);
    return bytes;
  };
  Summary summary;
  const EmitLine emit = [&](const std::string& line) {
    summary.Count(line);
    if (json) std::printf("%s\n", line.c_str());
  };
  switch (format) {
    case SensorFormat::kTransportStream:
      TW_RETURN_IF_ERROR(InspectTs(file, read, emit));
      break;
    case SensorFormat::kVideoContainer:
      TW_RETURN_IF_ERROR(InspectContainer(file, emit));
      break;
    case SensorFormat::kDjiSrt:
      TW_RETURN_IF_ERROR(InspectDjiSrt(file, read, emit));
      break;
    case SensorFormat::kKlv:
      TW_RETURN_IF_ERROR(InspectKlv(file, read, emit));
      break;
    case SensorFormat::kStanag4607:
      TW_RETURN_IF_ERROR(InspectStanag4607(file, read, emit));
      break;
    case SensorFormat::kAsterix:
      TW_RETURN_IF_ERROR(InspectAsterix(file, read, emit));
      break;
    case SensorFormat::kRaster:
      TW_RETURN_IF_ERROR(InspectRaster(file, emit));
      break;
    case SensorFormat::kProduct:
      TW_RETURN_IF_ERROR(InspectProduct(file, emit));
      break;
    case SensorFormat::kStac:
      TW_RETURN_IF_ERROR(InspectStac(file, read, emit));
      break;
    case SensorFormat::kUnknown:
      return tl::unexpected<Error>(NotASensorFile(file));
  }
  if (!json) summary.Print(file);
  return {};
}

}  // namespace

Result<int> RunInspect(const InspectCommand& command) {
  int code = 0;
  for (const std::string& file : command.files) {
    const Result<void> result = InspectFile(file, command.json);
    if (result) continue;
    // One bad file costs that file.
    std::fprintf(stderr, "trucewatch: %s\n", result.error().message.c_str());
    code = ExitCode(result.error());
  }
  return code;
}

}  // namespace trucewatch::tools
