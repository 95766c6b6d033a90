// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tools/trucewatch/mission_record.h"

namespace trucewatch::tools {

// Whether a finding has a line in events.jsonl: transitions of events, notified and permitted
// movements, cases and human records.
bool HasEventLine(FindingKind kind);

// One of them as one JSON line: docs/formats/events.md, the contract of `replay --json`.
std::string EventJson(const Published& published);

// The same for a person: one line with time, state, what, where, who saw it.
std::string EventText(const Published& published);

// A GeoJSON FeatureCollection (RFC 7946: longitude before latitude) of zones, tracks and events.
std::string MissionGeoJson(const MissionRecord& record);

}  // namespace trucewatch::tools
