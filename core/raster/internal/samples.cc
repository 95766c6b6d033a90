// SPDX-License-Identifier: Apache-2.0
#include "core/raster/internal/samples.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "core/base/check.h"

namespace trucewatch::internal {
namespace {

// The nodata value as a sample of T can have it; nothing when none can.
template <typename T>
std::optional<T> NodataAs(const std::optional<double>& nodata) {
  if (!nodata) return std::nullopt;
  if constexpr (std::is_integral_v<T>) {
    const double value = *nodata;
    if (!(value >= static_cast<double>(std::numeric_limits<T>::min()) &&
          value <= static_cast<double>(std::numeric_limits<T>::max())) ||
        value != std::floor(value)) {
      return std::nullopt;
    }
    return static_cast<T>(value);
  } else {
    return static_cast<T>(*nodata);  // NaN: found by being not finite anyway
  }
}

// One loop for values and one for validity, without branches: both become vector instructions.
template <typename T>
void Convert(const SampleRule& rule, const T* __restrict in, std::size_t count,
             float* __restrict values, std::uint8_t* __restrict valid) {
  const std::optional<T> nodata = NodataAs<T>(rule.nodata);
  bool zero = true;  // what is not valid has the value 0 already
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(in[i]);
  if constexpr (std::is_integral_v<T>) {
    if (nodata) {
      const T none = *nodata;
      for (std::size_t i = 0; i < count; ++i) valid[i] = in[i] != none ? 1 : 0;
      zero = none == 0;
    } else {
      std::fill_n(valid, count, std::uint8_t{1});
    }
  } else {
    const T none = nodata.value_or(std::numeric_limits<T>::quiet_NaN());  // equal to nothing
    constexpr T kMost = static_cast<T>(std::numeric_limits<float>::max());
    for (std::size_t i = 0; i < count; ++i) {
      const T v = in[i];
      valid[i] = v != none && v >= -kMost && v <= kMost ? 1 : 0;  // NaN and infinity are not
    }
    zero = false;
  }
  if (rule.scale != 1 || rule.offset != 0) {
    const auto scale = static_cast<float>(rule.scale);
    const auto offset = static_cast<float>(rule.offset);
    for (std::size_t i = 0; i < count; ++i) values[i] = values[i] * scale + offset;
    zero = false;
  }
  if (zero) return;
  for (std::size_t i = 0; i < count; ++i) values[i] = valid[i] != 0 ? values[i] : 0.0F;
}

void ConvertComplex(const SampleRule& rule, const float* in, std::size_t count, float* values,
                    std::uint8_t* valid) {
  const std::optional<float> nodata = NodataAs<float>(rule.nodata);
  for (std::size_t i = 0; i < count; ++i) {
    const float re = in[2 * i];
    const float im = in[2 * i + 1];
    const float power = re * re + im * im;
    const bool there = std::isfinite(power) && !(nodata && re == *nodata && im == *nodata);
    values[i] = there ? power : 0.0F;
    valid[i] = there ? 1 : 0;
  }
}

}  // namespace

GDALDataType ReadType(GDALDataType stored) {
  if (GDALDataTypeIsComplex(stored) != 0) return GDT_CFloat32;
  switch (stored) {
    case GDT_Byte:
    case GDT_UInt16:
    case GDT_Int16:
    case GDT_UInt32:
    case GDT_Int32:
    case GDT_Float32:
      return stored;
    default:
      return GDT_Float64;
  }
}

void ConvertSamples(const SampleRule& rule, const void* samples, std::size_t count, float* values,
                    std::uint8_t* valid) {
  switch (rule.type) {
    case GDT_Byte:
      return Convert(rule, static_cast<const std::uint8_t*>(samples), count, values, valid);
    case GDT_UInt16:
      return Convert(rule, static_cast<const std::uint16_t*>(samples), count, values, valid);
    case GDT_Int16:
      return Convert(rule, static_cast<const std::int16_t*>(samples), count, values, valid);
    case GDT_UInt32:
      return Convert(rule, static_cast<const std::uint32_t*>(samples), count, values, valid);
    case GDT_Int32:
      return Convert(rule, static_cast<const std::int32_t*>(samples), count, values, valid);
    case GDT_Float32:
      return Convert(rule, static_cast<const float*>(samples), count, values, valid);
    case GDT_Float64:
      return Convert(rule, static_cast<const double*>(samples), count, values, valid);
    case GDT_CFloat32:
      return ConvertComplex(rule, static_cast<const float*>(samples), count, values, valid);
    default:
      TW_CHECK(false);
  }
}

}  // namespace trucewatch::internal
