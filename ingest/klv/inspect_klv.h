// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "ingest/klv/klv_packet.h"

namespace trucewatch {

// Gives the next bytes of a file, at most `max`; empty at its end.
using ReadChunk = std::function<Result<std::string>(std::size_t max)>;
// Takes one line of output, without the line break.
using EmitLine = std::function<void(const std::string&)>;

// Where a KLV record was found.
struct KlvLineContext {
  std::string file;
  // In a transport stream: position of the transport packet its payload begins with, stream number
  // and time stamp.
  std::optional<std::uint64_t> offset;
  std::optional<int> stream;
  std::optional<double> pts_s;
  bool repaired = false;             // the first five bytes had been lost and were put back
  std::uint64_t video_width_px = 0;  // for ST 0903 pixel numbers without a frame width
};

// One line of `inspect --json` (docs/formats):
// {"file","offset","length","format","ok","error"?,"checksum_ok",
// "time_utc","tags":{"13":{"name","value","unit"}}}. An item without a value has "value": null and
// its bytes in "raw" (hex); a VMTI set (item 74) is read into "targets", a security set (item 48)
// into "tags" of its own. Damage is a line with "ok": false.
std::string KlvRecordLine(const KlvLineContext& context, const KlvRecord& record);

// Reads a file of KLV packets back to back. Damaged parts are lines too, and reading goes on.
// kBadInput when there is no KLV packet in the file at all; errors of `read` are passed on.
Result<void> InspectKlv(const std::string& file, const ReadChunk& read, const EmitLine& emit);

}  // namespace trucewatch
