// SPDX-License-Identifier: Apache-2.0
// What our decoder read, as the integers of the wire: to be held against other readers.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "ingest/radar/internal/fields.h"
#include "ingest/radar/stanag4607_decoder.h"

namespace trucewatch::stanag4607::testing {

// ("D32.2", "12345") in wire order; text is in hexadecimal.
using WireValues = std::vector<std::pair<std::string, std::string>>;

struct WireCollector {
  WireValues* out;
  template <typename T>
  void operator()(const internal::Field& field, const T& value) const {
    if constexpr (requires { value.raw.data(); }) {
      out->emplace_back(field.id,
                        HexEncode(AsBytes(std::string_view(value.raw.data(), value.raw.size()))));
    } else if constexpr (requires { value.raw; }) {
      out->emplace_back(field.id, fmt::format("{}", value.raw));
    } else {
      out->emplace_back(field.id, fmt::format("{}", static_cast<std::int64_t>(value)));
    }
  }
  template <typename T>
  void operator()(const internal::Field& field, const std::optional<T>& value) const {
    if (value) (*this)(field, *value);
  }
};

struct WireValuesOf {
  WireValues operator()(const MissionSegment& mission) const {
    WireValues out;
    internal::VisitMission(mission, WireCollector{&out});
    return out;
  }
  WireValues operator()(const DwellSegment& dwell) const {
    WireValues out;
    internal::VisitDwellHead(dwell, WireCollector{&out});
    out.emplace_back("D5", fmt::format("{}", dwell.targets.size()));
    internal::VisitDwellBody(dwell, WireCollector{&out});
    for (const TargetReport& target : dwell.targets) {
      internal::VisitTarget(target, WireCollector{&out});
    }
    return out;
  }
  WireValues operator()(const JobDefinitionSegment& job) const {
    WireValues out;
    internal::VisitJobDefinition(job, WireCollector{&out});
    return out;
  }
  WireValues operator()(const FreeTextSegment& free_text) const {
    WireValues out;
    internal::VisitFreeText(free_text, WireCollector{&out});
    out.emplace_back("F3", HexEncode(AsBytes(free_text.text)));
    return out;
  }
  WireValues operator()(const TestStatusSegment& status) const {
    WireValues out;
    internal::VisitTestStatus(status, WireCollector{&out});
    return out;
  }
  WireValues operator()(const ProcessingHistorySegment& history) const {
    WireValues out;
    internal::VisitProcessingHistory(history, WireCollector{&out});
    for (const ProcessingRecord& record : history.records) {
      internal::VisitProcessingRecord(record, WireCollector{&out});
    }
    return out;
  }
  WireValues operator()(const PlatformLocationSegment& location) const {
    WireValues out;
    internal::VisitPlatformLocation(location, WireCollector{&out});
    return out;
  }
  WireValues operator()(const SkippedSegment& skipped) const {
    return {{"raw", HexEncode(AsBytes(skipped.payload))}};
  }
  WireValues operator()(const PacketHeader& header) const {
    WireValues out;
    internal::VisitPacketHeader(header, WireCollector{&out});
    return out;
  }
};

}  // namespace trucewatch::stanag4607::testing
