// SPDX-License-Identifier: Apache-2.0
#include "tools/audit/raw_records.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <vector>

#include "core/crypto/sha256.h"
#include "tools/audit/json_line.h"

namespace trucewatch::audit {
namespace {

constexpr std::string_view kRecordsFile = "raw/records.jsonl";
constexpr std::size_t kRawBlock = 1 << 20;

struct RawRecordLine {
  std::size_t number = 0;
  std::int64_t offset = 0;
  std::int64_t length = 0;
  std::string sha256;
};

tl::unexpected<Error> BadRecord(std::size_t line, std::string_view what) {
  return Fail(ErrorCode::kCheckFailed, "{}: line {}: {}", kRecordsFile, line, what);
}

Result<void> CheckRawFile(const std::string& folder, const std::string& path,
                          const CaseList::File& listed, const std::vector<RawRecordLine>& records) {
  std::ifstream file(folder + "/" + path, std::ios::binary);
  const auto size = static_cast<std::int64_t>(listed.size);
  std::string block(kRawBlock, '\0');
  Sha256Stream whole;
  std::int64_t at = 0;
  for (const RawRecordLine& record : records) {
    if (record.offset != at || record.length > size - at) {
      return BadRecord(record.number,
                       "leaves a gap, lies upon another one or is not within " + path);
    }
    Sha256Stream part;
    for (std::int64_t left = record.length; left > 0;) {
      const std::int64_t wanted = std::min<std::int64_t>(left, kRawBlock);
      file.read(block.data(), wanted);
      if (file.gcount() != wanted)
        return BadRecord(record.number, "lies beyond the end of " + path);
      const Bytes bytes =
          AsBytes(std::string_view(block).substr(0, static_cast<std::size_t>(wanted)));
      part.Add(bytes);
      if (listed.sha256) whole.Add(bytes);
      left -= wanted;
    }
    if (HexEncode(part.Finish()) != record.sha256) {
      return BadRecord(record.number, "is not the SHA-256 of its bytes in " + path);
    }
    at += record.length;
  }
  const bool longer = file.peek() != std::ifstream::traits_type::eof();
  if (!file.is_open() || at != size || longer ||
      (listed.sha256 && HexEncode(whole.Finish()) != *listed.sha256)) {
    return Fail(ErrorCode::kCheckFailed, "{}: has not the bytes and the SHA-256 of case.txt", path);
  }
  return {};
}

}  // namespace

Result<std::set<std::string>> CheckRawRecords(const std::string& folder, const CaseList& list,
                                              std::string_view records) {
  std::map<std::string, std::vector<RawRecordLine>> files;
  for (const auto& [path, file] : list.files) {
    if (IsRawBytes(path)) files[path];
  }
  std::set<std::string> digests;
  std::size_t number = 0;
  for (const std::string_view line : Lines(records)) {
    ++number;
    auto words = ReadJsonObject(line);
    if (!words) return BadRecord(number, "is no JSON object");
    const JsonValue& offset = (*words)["offset"];
    const JsonValue& length = (*words)["length"];
    const JsonValue& sha256 = (*words)["sha256"];
    const JsonValue& name = (*words)["file"];
    const auto file = files.find("raw/" + name.text);
    if (name.kind != JsonValue::Kind::kString || file == files.end() ||
        offset.kind != JsonValue::Kind::kInteger || length.kind != JsonValue::Kind::kInteger ||
        length.integer < 0) {
      return BadRecord(number, "names no raw file of the bundle, offset and length");
    }
    file->second.push_back({number, offset.integer, length.integer, sha256.text});
    digests.insert(sha256.text);
  }
  for (const auto& [path, lines] : files) {
    TW_RETURN_IF_ERROR(CheckRawFile(folder, path, list.files.at(path), lines));
  }
  return digests;
}

}  // namespace trucewatch::audit
