// SPDX-License-Identifier: Apache-2.0
#include "ingest/station/batch_wire.h"

#include <algorithm>

#include "core/base/bytes.h"

namespace trucewatch::station {
namespace {

// Keeps a signature over a batch from meaning anything else (and the other way round).
constexpr std::string_view kContext = "trucewatch station batch v1\n";

std::string SignedBytes(std::string_view body) {
  std::string bytes(kContext);
  bytes.append(body);
  return bytes;
}

}  // namespace

v1::SignedBatch SealBatch(const v1::StationBatch& batch, const Ed25519KeyPair& key) {
  v1::SignedBatch sealed;
  sealed.set_body(batch.SerializeAsString());
  const Ed25519Signature signature = key.Sign(AsBytes(SignedBytes(sealed.body())));
  sealed.set_signature(signature.data(), signature.size());
  return sealed;
}

Result<v1::StationBatch> OpenBatch(const v1::SignedBatch& sealed, const Ed25519PublicKey& key) {
  if (sealed.body().size() > kMaxBatchBytes) {
    return Fail(ErrorCode::kBadInput, "a batch of {} bytes; expected at most {}",
                sealed.body().size(), kMaxBatchBytes);
  }
  Ed25519Signature signature{};
  if (sealed.signature().size() != signature.size()) {
    return Fail(ErrorCode::kBadInput, "a signature of {} bytes; expected {}",
                sealed.signature().size(), signature.size());
  }
  std::copy(sealed.signature().begin(), sealed.signature().end(), signature.begin());
  if (!Ed25519Verify(key, AsBytes(SignedBytes(sealed.body())), signature)) {
    return Fail(ErrorCode::kCheckFailed,
                "the batch is not signed by the key that the hub's config names for this station");
  }
  return ParseBatch(sealed.body());
}

Result<v1::StationBatch> ParseBatch(std::string_view body) {
  v1::StationBatch batch;
  if (body.size() > kMaxBatchBytes ||
      !batch.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return Fail(ErrorCode::kBadInput, "{} bytes that are no StationBatch", body.size());
  }
  if (batch.stream_id().size() != kStreamIdBytes || batch.sequence() == 0) {
    return Fail(ErrorCode::kBadInput,
                "a batch with a stream id of {} bytes and the number {}; expected {} bytes and 1, "
                "2, 3 ...",
                batch.stream_id().size(), batch.sequence(), kStreamIdBytes);
  }
  for (const auto& loss : batch.losses()) {
    if (loss.first_sequence() == 0 || loss.last_sequence() < loss.first_sequence() ||
        loss.reason().size() > kMaxReasonBytes) {
      return Fail(ErrorCode::kBadInput,
                  "a declared loss of records {} to {} with a reason of {} bytes; expected rising "
                  "numbers from 1 and at most {} bytes",
                  loss.first_sequence(), loss.last_sequence(), loss.reason().size(),
                  kMaxReasonBytes);
    }
  }
  return batch;
}

Result<v1::StationFrame> ParseStationFrame(std::string_view bytes) {
  v1::StationFrame frame;
  if (bytes.size() > kMaxFrameBytes ||
      !frame.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      frame.frame_case() == v1::StationFrame::FRAME_NOT_SET) {
    return Fail(ErrorCode::kBadInput, "{} bytes that are no StationFrame", bytes.size());
  }
  return frame;
}

Result<v1::StationAck> ParseStationAck(std::string_view bytes) {
  constexpr std::size_t kMaxAckBytes = 4096;
  v1::StationAck ack;
  if (bytes.size() > kMaxAckBytes ||
      !ack.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Fail(ErrorCode::kBadInput, "{} bytes that are no StationAck", bytes.size());
  }
  return ack;
}

std::string ShortStreamId(std::string_view stream_id) {
  return HexEncode(AsBytes(stream_id.substr(0, 4)));
}

}  // namespace trucewatch::station
