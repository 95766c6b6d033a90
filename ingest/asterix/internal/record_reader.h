// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ingest/asterix/asterix.h"
#include "ingest/asterix/internal/spec.h"

namespace trucewatch::asterix::internal {

// Reads one record; stops at the first thing that is wrong. What it has read of the record then
// stays behind the end of out's arrays: the caller cuts it off.
class RecordReader {
 public:
  // The record lies in bytes[at, end).
  RecordReader(const Category& category, Bytes bytes, std::size_t at, std::size_t end,
               std::uint64_t base, Decoded& out);

  bool Read();

  std::size_t at() const { return at_; }  // behind the record
  std::uint8_t expansions() const { return expansions_; }
  std::uint64_t fault_offset() const { return base_ + fault_at_; }
  const std::string& reason() const { return reason_; }

 private:
  bool Wrong(std::string reason);
  std::size_t left() const { return end_ - at_; }
  bool Need(std::size_t size, const char* name) { return left() >= size || Short(size, name); }
  bool Short(std::size_t size, const char* name);
  bool Chain(const char* name, std::size_t max, std::size_t& octets);
  bool Announced(std::size_t chain_at, std::size_t bit) const {
    return (bytes_[chain_at + bit / 7] >> (7 - bit % 7) & 1U) != 0;
  }
  bool ReadFspec();
  const Profile* ChooseProfile();
  std::size_t Open(const char* name, Node::Type type);
  void Close(std::size_t node);
  bool ReadItem(const Layout& layout, std::size_t node);
  void ReadFields(const Layout& layout, std::size_t at, std::size_t bits);
  void ReadValue(const Field& field, const char* name, std::size_t at_bit);
  std::uint64_t Bits(std::size_t at_bit, int count) const;
  bool ReadExtended(const Layout& layout);
  bool ReadRepeated(const Layout& layout);
  bool ReadRepeatedFx(const Layout& layout);
  bool ReadCompound(const Layout& layout);
  bool ReadExplicit(const Layout& layout);

  const Category& category_;
  const Bytes bytes_;
  std::size_t at_;
  const std::size_t end_;
  const std::uint64_t base_;
  Decoded& out_;
  std::size_t fspec_at_;
  std::size_t fspec_octets_ = 0;
  std::size_t fault_at_ = 0;
  std::uint8_t expansions_ = 0;
  std::int64_t no_time_ = -1;  // a time of day beyond the day
  std::string reason_;
};

}  // namespace trucewatch::asterix::internal
