// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/crypto/ed25519.h"
#include "trucewatch/v1/station.pb.h"

// The bytes between a station and the hub (docs/formats/station.md).
namespace trucewatch::station {

// A signed batch with its frame. The bus takes messages of at most 1 MiB (RELIABILITY.md 2.B).
inline constexpr std::size_t kMaxBatchBytes = 512 << 10;
// A raw record as it is serialised in a batch; a larger one is declared lost, never cut.
inline constexpr std::size_t kMaxRawRecordBytes = kMaxBatchBytes - (8 << 10);
inline constexpr std::size_t kMaxFrameBytes = kMaxBatchBytes + 1024;
inline constexpr std::size_t kStreamIdBytes = 16;
inline constexpr std::size_t kMaxReasonBytes = 512;  // of a refusal, of a declared loss

// How an ack's `refused` starts when nothing is wrong but the order: the station sends again from
// `contiguous` + 1.
inline constexpr std::string_view kGap = "gap: ";

// Serialises the batch and signs exactly those bytes.
v1::SignedBatch SealBatch(const v1::StationBatch& batch, const Ed25519KeyPair& key);
// The batch inside, once its size, signature and form are good. Errors: kCheckFailed for the
// signature, kBadInput for the rest.
Result<v1::StationBatch> OpenBatch(const v1::SignedBatch& sealed, const Ed25519PublicKey& key);
// The same without a key, for bytes that were checked before they were stored.
Result<v1::StationBatch> ParseBatch(std::string_view body);

Result<v1::StationFrame> ParseStationFrame(std::string_view bytes);
Result<v1::StationAck> ParseStationAck(std::string_view bytes);

// "a1b2c3d4": enough of a stream id to tell two apart in a log line.
std::string ShortStreamId(std::string_view stream_id);

}  // namespace trucewatch::station
