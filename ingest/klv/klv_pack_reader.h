// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "ingest/klv/ber.h"
#include "ingest/klv/mapping.h"

namespace trucewatch {

// Takes the fields of a pack from the front. What is not there gives nothing and makes ok() false.
class KlvPackReader {
 public:
  explicit KlvPackReader(Bytes bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  std::size_t left() const { return rest_.size(); }
  // All was there, and nothing is left over.
  bool Whole() const { return ok_ && rest_.empty(); }

  Bytes Take(std::uint64_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const Bytes taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  Bytes Rest() { return Take(rest_.size()); }
  std::uint64_t Unsigned(std::size_t size) { return ReadUnsigned(Take(size)).value_or(0); }
  std::int64_t Signed(std::size_t size) { return ReadSigned(Take(size)).value_or(0); }
  std::uint64_t Oid() { return Number(ReadBerOid(rest_)); }
  std::uint64_t Length() { return Number(ReadBerLength(rest_)); }
  // A BER length and that many bytes.
  Bytes Counted() { return Take(Length()); }
  std::optional<double> Imapb(ValueRange range, std::size_t size) {
    return DecodeImapb(Take(size), range);
  }

 private:
  std::uint64_t Number(std::optional<BerNumber> number) {
    if (!number) {
      ok_ = false;
      rest_ = {};
      return 0;
    }
    rest_ = rest_.subspan(number->size);
    return number->value;
  }

  Bytes rest_;
  bool ok_ = true;
};

}  // namespace trucewatch
