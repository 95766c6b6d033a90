// SPDX-License-Identifier: Apache-2.0
#include "tools/score/csv_rows.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace trucewatch::tools {

Result<CsvRows> CsvRows::Open(std::string_view text, std::string name,
                              std::initializer_list<std::string_view> wanted) {
  CsvRows rows;
  rows.text_ = text;
  rows.name_ = std::move(name);
  if (!rows.Split()) return Fail(ErrorCode::kBadInput, "{}: empty; expected a header", rows.name_);
  rows.header_ = rows.cells_;
  for (const std::string_view column : wanted) {
    if (!rows.Has(column)) return rows.Wrong(fmt::format("no column '{}'", column));
  }
  return rows;
}

std::optional<std::size_t> CsvRows::PlaceOf(std::string_view column) const {
  const auto found = std::find(header_.begin(), header_.end(), column);
  if (found == header_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header_.begin());
}

bool CsvRows::Split() {
  while (!text_.empty()) {
    ++line_;
    const std::size_t end = text_.find('\n');
    std::string_view row = text_.substr(0, end);
    text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 1);
    if (row.ends_with('\r')) row.remove_suffix(1);
    if (row.empty()) continue;
    cells_.clear();
    while (true) {
      const std::size_t comma = row.find(',');
      cells_.push_back(row.substr(0, comma));
      if (comma == std::string_view::npos) return true;
      row.remove_prefix(comma + 1);
    }
  }
  return false;
}

Result<bool> CsvRows::Next() {
  if (!Split()) return false;
  if (cells_.size() != header_.size()) {
    return Wrong(fmt::format("{} cells; the header has {}", cells_.size(), header_.size()));
  }
  return true;
}

Result<std::optional<double>> CsvRows::Optional(std::size_t place) const {
  const std::string_view cell = cells_[place];
  if (cell.empty()) return std::optional<double>();
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error == std::errc() && end == cell.data() + cell.size()) {
    if (std::isnan(value)) return std::optional<double>();
    if (std::abs(value) < 1e9) return std::optional<double>(value);
  }
  return Wrong(fmt::format("{} '{}' is no number below 1e9", header_[place], cell.substr(0, 40)));
}

Result<double> CsvRows::Number(std::size_t place) const {
  TW_ASSIGN_OR_RETURN(const std::optional<double> value, Optional(place));
  if (!value) return Wrong(fmt::format("{} is missing", header_[place]));
  return *value;
}

}  // namespace trucewatch::tools
