// SPDX-License-Identifier: Apache-2.0
// Big-endian reading and writing of the field types.
#pragma once

#include <optional>
#include <string>
#include <type_traits>

#include "core/base/bytes.h"
#include "ingest/radar/stanag4607.h"

namespace trucewatch::stanag4607::internal {

template <typename T>
concept BinaryNumber = requires(T t) {
  t.raw;
}
&&std::is_integral_v<decltype(T::raw)>;

// Reads fields; a read past the end leaves the field alone and is remembered.
class WireReader {
 public:
  explicit WireReader(Bytes bytes) : bytes_(bytes) {}

  template <typename T>
  requires std::is_integral_v<T>
  void Read(T& value) {
    if (bytes_.size() - at_ < sizeof(T)) {
      short_ = true;
      return;
    }
    std::make_unsigned_t<T> raw = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      if constexpr (sizeof(T) == 1) {
        raw = bytes_[at_ + i];
      } else {
        raw = static_cast<std::make_unsigned_t<T>>((raw << 8U) | bytes_[at_ + i]);
      }
    }
    at_ += sizeof(T);
    value = static_cast<T>(raw);
  }
  template <BinaryNumber T>
  void Read(T& value) {
    Read(value.raw);
  }
  template <std::size_t N>
  void Read(Text<N>& text) {
    if (bytes_.size() - at_ < N) {
      short_ = true;
      return;
    }
    for (std::size_t i = 0; i < N; ++i) text.raw[i] = static_cast<char>(bytes_[at_ + i]);
    at_ += N;
  }
  template <typename T>
  void Read(std::optional<T>& value) {
    T read{};
    Read(read);
    value = read;
  }

  Bytes Rest() const { return bytes_.subspan(at_); }
  std::size_t at() const { return at_; }
  bool ran_short() const { return short_; }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
  bool short_ = false;
};

template <typename T>
requires std::is_integral_v<T>
void Write(std::string& out, T value) {
  const auto raw = static_cast<std::make_unsigned_t<T>>(value);
  for (std::size_t i = sizeof(T); i-- > 0;) {
    out.push_back(static_cast<char>((raw >> (8U * i)) & 0xFFU));
  }
}
template <BinaryNumber T>
void Write(std::string& out, const T& value) {
  Write(out, value.raw);
}
template <std::size_t N>
void Write(std::string& out, const Text<N>& text) {
  out.append(text.raw.data(), N);
}
template <typename T>
void Write(std::string& out, const std::optional<T>& value) {
  if (value) Write(out, *value);
}

}  // namespace trucewatch::stanag4607::internal
