// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ingest/klv/klv_item.h"

namespace trucewatch {

// Writers of the packs inside MISB sets as JSON, for KlvItemSpec::pack. Values that a pack leaves
// out, or whose code is a special one, are left out of the object.

// ST 0601.
bool WriteFlags(Bytes bytes, JsonWriter& json);             // 47, 124: numbers of the bits set
bool WriteHorizonPack(Bytes bytes, JsonWriter& json);       // 81
bool WriteCoreIdentifier(Bytes bytes, JsonWriter& json);    // 94, ST 1204
bool WriteSdccFlp(Bytes bytes, JsonWriter& json);           // 102, ST 1010
bool WriteControlCommand(Bytes bytes, JsonWriter& json);    // 115
bool WriteOidList(Bytes bytes, JsonWriter& json);           // 116, 121
bool WriteCountryCodes(Bytes bytes, JsonWriter& json);      // 122
bool WriteFrameRate(Bytes bytes, JsonWriter& json);         // 127
bool WriteWavelengths(Bytes bytes, JsonWriter& json);       // 128
bool WriteAirbaseLocations(Bytes bytes, JsonWriter& json);  // 130
bool WritePayloadList(Bytes bytes, JsonWriter& json);       // 138
bool WriteActivePayloads(Bytes bytes, JsonWriter& json);    // 139
bool WriteStores(Bytes bytes, JsonWriter& json);            // 140
bool WriteWaypoints(Bytes bytes, JsonWriter& json);         // 141
bool WriteViewDomain(Bytes bytes, JsonWriter& json);        // 142

// ST 0903.
bool WriteLocationPack(Bytes bytes, JsonWriter& json);    // VTarget 17
bool WriteLocationSeries(Bytes bytes, JsonWriter& json);  // VTarget 18, VTracker 5 and 9
bool WriteVelocityPack(Bytes bytes, JsonWriter& json);    // VTracker 10 (m/s), 11 (m/s^2)
bool WriteFpaIndex(Bytes bytes, JsonWriter& json);        // VTarget 21
bool WritePolygon(Bytes bytes, JsonWriter& json);         // VMask 1: pixel numbers
bool WriteBitMask(Bytes bytes, JsonWriter& json);         // VMask 2: runs of pixels
bool WriteUuid(Bytes bytes, JsonWriter& json);            // VTracker 1, ST 1601 item 7

// Others.
bool WriteUserDataType(Bytes bytes, JsonWriter& json);     // ST 0806 user set, item 1
bool WriteRangeImageKinds(Bytes bytes, JsonWriter& json);  // ST 1002 item 12
bool WriteSectionData(Bytes bytes, JsonWriter& json);      // ST 1002 item 20
bool WriteUnsignedArray(Bytes bytes, JsonWriter& json);    // ST 1303 array of integers
bool WriteRealArray(Bytes bytes, JsonWriter& json);        // ST 1303 array of reals
bool WritePixelSdcc(Bytes bytes, JsonWriter& json);        // ST 1601 item 9
bool WriteGeographicSdcc(Bytes bytes, JsonWriter& json);   // ST 1601 item 10

}  // namespace trucewatch
