// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/message.h>

#include <map>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace trucewatch {

// Where each field of a parsed config stands: "source[1].speed" -> line and column, from 1.
class FieldLines {
 public:
  void Set(const std::string& path, int line, int column = 1) { places_[path] = {line, column}; }
  // Line of the field, or of the nearest message around it, or 1.
  int Of(const std::string& path) const { return PlaceOf(path).line; }
  int ColumnOf(const std::string& path) const { return PlaceOf(path).column; }

 private:
  struct Place {
    int line = 1;
    int column = 1;
  };
  Place PlaceOf(const std::string& path) const;

  std::map<std::string, Place> places_;
};

// Parses Protobuf text format strictly: an unknown or repeated singular field and a wrong type are
// refused with "file:line:column: what". `lines`, when given, learns where the fields stand, for
// Validate.
Result<void> ParseTextConfig(const std::string& text, const std::string& file_name,
                             google::protobuf::Message* message, FieldLines* lines = nullptr);

// Collects everything Validate finds wrong, so that a person sees all of it at once.
class ConfigProblems {
 public:
  ConfigProblems(std::string file_name, const FieldLines& lines)
      : file_name_(std::move(file_name)), lines_(lines) {}

  // "file:line: path: sentence".
  void Add(const std::string& path, const std::string& sentence);
  // Adds a problem when value is not within [low, high] (or not finite).
  void Range(const std::string& path, double value, double low, double high);
  void Required(const std::string& path, const std::string& value);

  bool empty() const { return problems_.empty(); }
  // kBadInput with all problems, one a line; success when there are none.
  Result<void> ToResult() const;

 private:
  std::string file_name_;
  const FieldLines& lines_;
  std::vector<std::string> problems_;
};

// A whole text file of at most 16 MiB. kNotFound when it is not there.
Result<std::string> ReadTextFile(const std::string& path);

}  // namespace trucewatch
