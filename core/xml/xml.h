// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace trucewatch {

// Bounds of a document. Real ones: Sentinel-1 annotation 1.7 MB and 13 000 elements, 8 deep;
// Sentinel-2 granule metadata 0.6 MB.
inline constexpr std::size_t kMaxXmlBytes = std::size_t{16} << 20;
inline constexpr std::size_t kMaxXmlElements = 200'000;
inline constexpr std::size_t kMaxXmlAttributes = 200'000;
inline constexpr std::size_t kMaxXmlDepth = 64;

// An element of a document that has been read. Names are without their namespace prefix: products
// of one kind differ in the prefixes they use.
struct XmlElement {
  std::string name;
  std::string text;  // character data directly inside, joined, without white space at both ends
  std::vector<std::pair<std::string, std::string>> attributes;
  std::vector<XmlElement> children;

  // The first child of that name; null: there is none.
  const XmlElement* Child(std::string_view child_name) const;
  // The first at a path of child names, "generalInfo/productInfo"; null: there is none.
  const XmlElement* At(std::string_view path) const;
  // All children of that name, in order.
  std::vector<const XmlElement*> All(std::string_view child_name) const;
  // The first of that name at any depth, in document order, this one included; null: none.
  const XmlElement* Find(std::string_view element_name) const;
  // Text at a path; empty when it is not there.
  std::string TextAt(std::string_view path) const;
  // Empty when it is not there.
  std::string Attribute(std::string_view attribute_name) const;
};

// Reads a document and gives its root. The bytes are untrusted: a document type declaration (and
// with it every entity but the five of XML itself), processing instructions and what is outside the
// bounds above are refused or passed over; no other file is ever read. `name` is for messages.
// kBadInput with the byte offset.
Result<XmlElement> ParseXml(std::string_view bytes, const std::string& name);

// The whole text as one finite number; nothing when it is none.
std::optional<double> XmlNumber(std::string_view text);
// Numbers separated by white space, at most `max`. kBadInput names what stands where.
Result<std::vector<double>> XmlNumbers(std::string_view text, std::size_t max,
                                       const std::string& name);

}  // namespace trucewatch
