// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/time/instant.h"

namespace trucewatch {

// Trusted time (RFC 3161, Time-Stamp Protocol) through OpenSSL: an authority signs that some bytes,
// of which it sees the SHA-256 alone, were there at a time. Nothing here talks to a network.

// A TimeStampReq in DER (section 2.4.1): version 1, a random nonce, and the wish that the
// authority's certificate comes along, so that the answer can be checked without anything else.
struct TimestampRequest {
  std::string der;
  std::string nonce;  // big-endian, without leading zeros
};
TimestampRequest MakeTimestampRequest(const Digest& sha256);

struct Timestamp {
  Instant time;                      // genTime: the bytes were there then
  std::optional<Duration> accuracy;  // the time may be off by as much; nothing: not said
  std::string policy;                // OID, dotted: under which rules the authority works
  std::string serial;                // in hexadecimal
  std::string authority;             // subject of its certificate, RFC 2253
};

struct TimestampCheck {
  Digest sha256{};                   // of the bytes that were stamped
  std::string ca_pem;                // whom the reader trusts: certificates, one after the other
  std::optional<std::string> nonce;  // of the request; nothing: it is not known any more
};
// Checks a TimeStampResp in DER (section 2.4.2). The authority's chain is judged as of the time it
// states, so that a stamp stays good after its certificate has expired. Whether a certificate was
// revoked is not asked. Fails with kBadInput when it is no response, kNotFound when the authority
// refused and says why, kCheckFailed, in a sentence, when it is a stamp of other bytes, of another
// request, or not signed by whom the reader trusts.
Result<Timestamp> CheckTimestamp(Bytes response, const TimestampCheck& check);

}  // namespace trucewatch
