// SPDX-License-Identifier: Apache-2.0
#include "core/xml/xml.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <pugixml.hpp>

namespace trucewatch {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

std::string_view Trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string LocalName(std::string_view name) {
  const std::size_t colon = name.rfind(':');
  return std::string(colon == std::string_view::npos ? name : name.substr(colon + 1));
}

// With the C library's search: under the fuzzer's instrumentation a loop over the bytes took a
// fifth of the time of all that is done with a document.
std::size_t CountOf(std::string_view bytes, char wanted) {
  std::size_t count = 0;
  for (std::size_t at = bytes.find(wanted); at != std::string_view::npos;
       at = bytes.find(wanted, at + 1)) {
    ++count;
  }
  return count;
}

// The parser's memory grows with the number of its nodes, not with the bytes: both are bounded
// before it sees them. An element has one '<' at least, an attribute one '='.
Result<void> CheckBounds(std::string_view bytes, const std::string& name) {
  if (bytes.size() > kMaxXmlBytes) {
    return Fail(ErrorCode::kBadInput, "{}: {} bytes of XML; expected at most {}", name,
                bytes.size(), kMaxXmlBytes);
  }
  const auto opened = CountOf(bytes, '<');
  const auto equals = CountOf(bytes, '=');
  if (opened > 2 * kMaxXmlElements || equals > kMaxXmlAttributes) {
    return Fail(ErrorCode::kBadInput,
                "{}: XML with {} tags and {} equals signs; expected at most {} and {}", name,
                opened, equals, 2 * kMaxXmlElements, kMaxXmlAttributes);
  }
  if (const std::size_t zero = bytes.find('\0'); zero != std::string_view::npos) {
    return Fail(ErrorCode::kBadInput, "{}: byte {}: a zero byte in XML; expected UTF-8 text", name,
                zero);
  }
  return {};
}

XmlElement Shell(const pugi::xml_node& node) {
  XmlElement element;
  element.name = LocalName(node.name());
  for (const pugi::xml_attribute& attribute : node.attributes()) {
    element.attributes.emplace_back(LocalName(attribute.name()), attribute.value());
  }
  std::string text;
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) {
      text += child.value();
    }
  }
  element.text = Trim(text);
  return element;
}

// As deep as the document, which is bounded.
Result<void> Copy(const pugi::xml_node& node, std::size_t depth, const std::string& name,
                  XmlElement& into) {
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() != pugi::node_element) continue;
    if (depth >= kMaxXmlDepth) {
      return Fail(ErrorCode::kBadInput, "{}: byte {}: XML elements lie more than {} deep", name,
                  child.offset_debug(), kMaxXmlDepth);
    }
    into.children.push_back(Shell(child));
    TW_RETURN_IF_ERROR(Copy(child, depth + 1, name, into.children.back()));
  }
  return {};
}

}  // namespace

const XmlElement* XmlElement::Child(std::string_view child_name) const {
  const auto at = std::find_if(children.begin(), children.end(),
                               [&](const XmlElement& child) { return child.name == child_name; });
  return at == children.end() ? nullptr : &*at;
}

const XmlElement* XmlElement::At(std::string_view path) const {
  const XmlElement* at = this;
  while (at != nullptr && !path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    at = at->Child(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return at;
}

std::vector<const XmlElement*> XmlElement::All(std::string_view child_name) const {
  std::vector<const XmlElement*> found;
  for (const XmlElement& child : children) {
    if (child.name == child_name) found.push_back(&child);
  }
  return found;
}

const XmlElement* XmlElement::Find(std::string_view element_name) const {
  if (name == element_name) return this;
  for (const XmlElement& child : children) {
    if (const XmlElement* found = child.Find(element_name)) return found;
  }
  return nullptr;
}

std::string XmlElement::TextAt(std::string_view path) const {
  const XmlElement* at = At(path);
  return at == nullptr ? "" : at->text;
}

std::string XmlElement::Attribute(std::string_view attribute_name) const {
  for (const auto& [key, value] : attributes) {
    if (key == attribute_name) return value;
  }
  return "";
}

Result<XmlElement> ParseXml(std::string_view bytes, const std::string& name) {
  TW_RETURN_IF_ERROR(CheckBounds(bytes, name));
  pugi::xml_document document;
  // Declarations of document types are seen (parse_doctype) only so that they can be refused.
  const pugi::xml_parse_result parsed = document.load_buffer(
      bytes.data(), bytes.size(),
      pugi::parse_cdata | pugi::parse_escapes | pugi::parse_eol | pugi::parse_doctype,
      pugi::encoding_utf8);
  if (!parsed) {
    return Fail(ErrorCode::kBadInput, "{}: byte {}: is no well-formed XML: {}", name, parsed.offset,
                parsed.description());
  }
  for (const pugi::xml_node& node : document.children()) {
    if (node.type() == pugi::node_doctype) {
      return Fail(ErrorCode::kBadInput,
                  "{}: byte {}: has a document type declaration, which is not read", name,
                  node.offset_debug());
    }
  }
  const pugi::xml_node root = document.document_element();
  if (!root) return Fail(ErrorCode::kBadInput, "{}: has no XML element", name);
  XmlElement element = Shell(root);
  TW_RETURN_IF_ERROR(Copy(root, 1, name, element));
  return element;
}

std::optional<double> XmlNumber(std::string_view text) {
  text = Trim(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

Result<std::vector<double>> XmlNumbers(std::string_view text, std::size_t max,
                                       const std::string& name) {
  std::vector<double> numbers;
  std::size_t at = text.find_first_not_of(kSpace);
  while (at != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(kSpace, at), text.size());
    const auto number = XmlNumber(text.substr(at, end - at));
    if (!number) {
      return Fail(ErrorCode::kBadInput, "{}: \"{}\" is no number", name,
                  text.substr(at, std::min<std::size_t>(end - at, 32)));
    }
    if (numbers.size() >= max) {
      return Fail(ErrorCode::kBadInput, "{}: more than {} numbers", name, max);
    }
    numbers.push_back(*number);
    at = text.find_first_not_of(kSpace, end);
  }
  return numbers;
}

}  // namespace trucewatch
