// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "ingest/klv/keys.h"
#include "ingest/klv/klv_item.h"

namespace trucewatch {

// Bytes of an item by its specification, `size` of them where the standard leaves the width open
// (0: the usual one). Nothing when the value is out of the item's range or of another kind than its
// wire. Texts of KlvWire::kUtf16 are given as UTF-16BE.
std::optional<std::string> EncodeKlvValue(const KlvItemSpec& spec, const KlvValue& value,
                                          int size = 0);
// Bytes of a special value (IsSpecial); nothing when the item's wire has no such code.
std::optional<std::string> EncodeKlvSpecial(const KlvItemSpec& spec, KlvStatus special,
                                            int size = 0);

// Writes a local set, items in the order of the calls.
class KlvSetWriter {
 public:
  KlvSetWriter& Put(std::uint32_t tag, std::string_view bytes);
  const std::string& value() const { return value_; }
  // Key, length, the items, and a right checksum (item 1) behind them.
  std::string Packet(const KlvKey& key) const;

 private:
  std::string value_;
};

}  // namespace trucewatch
