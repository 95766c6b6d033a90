// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace trucewatch::tools {

// Reads a CSV without quoting row by row; columns are known by name. Its text outlives it.
class CsvRows {
 public:
  // The text's first row is the header; a column of `wanted` that is not there is kBadInput.
  static Result<CsvRows> Open(std::string_view text, std::string name,
                              std::initializer_list<std::string_view> wanted);

  bool Has(std::string_view column) const { return PlaceOf(column).has_value(); }
  std::optional<std::size_t> PlaceOf(std::string_view column) const;

  // Goes to the next row that is not empty; false at the end. kBadInput when it has another number
  // of cells than the header.
  Result<bool> Next();

  // Of the row; `place` from PlaceOf.
  std::string_view Text(std::size_t place) const { return cells_[place]; }
  // Nothing for an empty cell and for "nan". kBadInput for what is no number below 1e9.
  Result<std::optional<double>> Optional(std::size_t place) const;
  Result<double> Number(std::size_t place) const;

  // "file:line: sentence".
  tl::unexpected<Error> Wrong(std::string_view sentence) const {
    return Fail(ErrorCode::kBadInput, "{}:{}: {}", name_, line_, sentence);
  }

 private:
  bool Split();

  std::string name_;
  std::string_view text_;
  std::size_t line_ = 0;
  std::vector<std::string_view> header_, cells_;
};

}  // namespace trucewatch::tools
