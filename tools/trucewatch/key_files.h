// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/bus/curve.h"
#include "core/crypto/ed25519.h"

namespace trucewatch::tools {

// Private keys of those who meet at the hub. FILE holds the secrets (mode 0600; never overwritten),
// FILE.pub what the other side's config needs, as lines of text format ready to paste.
// Read fails with kBadInput and the line when the file is no such key file or its halves do not
// belong together; no message holds a secret. Formats: docs/formats/key_files.md.

// A ground station: CURVE for the hop, Ed25519 for its batches.
struct StationKeys {
  std::string id;  // SourceConfig.station, StationPeer.id
  CurveKeyPair curve;
  Ed25519Seed sign_seed{};
};
StationKeys MakeStationKeys(std::string id);
Result<StationKeys> ReadStationKeys(const std::string& path);
Result<void> WriteStationKeys(const std::string& path, const StationKeys& keys);
// For the hub's config: station { id: ... curve_public: ... sign_public: ... }
std::string StationPeerLines(const StationKeys& keys);
// For a key set: "id+keyid+base64".
std::string StationVkey(const StationKeys& keys);

// The hub has one pair for all of its doors.
Result<CurveKeyPair> ReadHubKeys(const std::string& path);
Result<void> WriteHubKeys(const std::string& path, const CurveKeyPair& keys);
// For the config of stations: hub_public: "..."
std::string HubPublicLines(const CurveKeyPair& keys);
// From the file that holds such lines (FILE.pub of the hub).
Result<std::string> ReadHubPublic(const std::string& path);

struct SubscriberKeys {
  std::string id;  // SubscriberPeer.id
  CurveKeyPair curve;
};
Result<SubscriberKeys> ReadSubscriberKeys(const std::string& path);
Result<void> WriteSubscriberKeys(const std::string& path, const SubscriberKeys& keys);
// For the hub's config: subscriber { id: ... curve_public: ... }
// What he may read is not his to say: whoever pastes them adds the audience.
std::string SubscriberPeerLines(const SubscriberKeys& keys);

}  // namespace trucewatch::tools
