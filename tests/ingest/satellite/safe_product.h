// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace trucewatch::testing {

// A small Sentinel-1 GRD product, made here: the documents have the structure of the real ones.
struct MadeSafe {
  std::string folder_name =
      "S1A_IW_GRDH_1SDV_20260301T083000_20260301T083001_063456_07F000_ABCD.SAFE";
  int lines = 40, samples = 60;
  bool old_noise = false;  // noiseVectorList, as before IPF 2.90
  double noise = 900;      // eta in the middle
  std::string product_type = "GRD";
};

// Name of the files of its one channel, without endings.
inline constexpr const char* kMadeSafeBase =
    "s1a-iw-grd-vv-20260301t083000-20260301t083001-063456-07f000-001";
// The documents, from the product alone.
std::string MadeManifest(const MadeSafe& made);
std::string MadeAnnotation(const MadeSafe& made);
std::string MadeCalibration(const MadeSafe& made);
std::string MadeNoise(const MadeSafe& made);
// DN of the measurement, row-major: a ramp with noise, a frame of zeros 3 pixels wide on the left.
std::vector<int> MadeAmplitudes(const MadeSafe& made);

// Writes the product below `parent`; gives its folder. Images are made with gdal_translate.
std::string WriteMadeSafe(const MadeSafe& made, const std::string& parent);

// A small Sentinel-2 level 2A product: 10 m bands of 60 x 60 pixels, classes of 30 x 30.
struct MadeSentinel2 {
  std::string folder_name = "S2A_MSIL2A_20260301T083001_N0511_R121_T36RUU_20260301T120000.SAFE";
  bool offset = true;  // BOA_ADD_OFFSET -1000, from processing baseline 04.00 on
  int side = 60;
};
inline constexpr const char* kMadeGranule = "GRANULE/L2A_T36RUU_A054321_20260301T083425";
std::string MadeImagePath(const std::string& band, int resolution_m);  // without .jp2
std::string MadeUserProduct(const MadeSentinel2& made);                // MTD_MSIL2A.xml
std::string MadeTile(const MadeSentinel2& made);                       // MTD_TL.xml
// DN of a band ("B04" ...), row-major: a texture, the first row no data, its second pixel
// saturated.
std::vector<int> MadeBand(const MadeSentinel2& made, const std::string& band);
// Classes: vegetation, with a cloud of 3 x 3 pixels in the middle.
std::vector<int> MadeClasses(const MadeSentinel2& made);
std::string WriteMadeSentinel2(const MadeSentinel2& made, const std::string& parent);

// A text image (ESRI ASCII grid) turned into `path` by gdal_translate with these options.
void TranslateGrid(const std::vector<int>& values, int width,
                   const std::vector<std::string>& options, const std::string& path);

}  // namespace trucewatch::testing
