// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gdal.h>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace trucewatch::internal {

// How the samples of one band become values.
struct SampleRule {
  GDALDataType type = GDT_Byte;  // as they lie in memory
  std::optional<double> nodata;
  double scale = 1, offset = 0;
};

// The type in which a band is read: its own, but 64-bit and complex ones through float or double.
GDALDataType ReadType(GDALDataType stored);

// Turns `count` samples into values and validity (1: there is a value): not nodata, finite; complex
// ones into |z|^2. Values that are not valid are 0.
void ConvertSamples(const SampleRule& rule, const void* samples, std::size_t count, float* values,
                    std::uint8_t* valid);

}  // namespace trucewatch::internal
