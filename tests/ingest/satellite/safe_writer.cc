// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/ingest/satellite/safe_product.h"
#include "tests/support/process.h"

namespace trucewatch::testing {
namespace {

void WriteText(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace

void TranslateGrid(const std::vector<int>& values, int width,
                   const std::vector<std::string>& options, const std::string& path) {
  std::string text = fmt::format("ncols {}\nnrows {}\nxllcorner 0\nyllcorner 0\ncellsize 1\n",
                                 width, values.size() / static_cast<std::size_t>(width));
  for (std::size_t i = 0; i < values.size(); ++i) {
    text += std::to_string(values[i]);
    text += (i + 1) % static_cast<std::size_t>(width) == 0 ? '\n' : ' ';
  }
  WriteText(path + ".asc", text);
  std::vector<std::string> command = {"gdal_translate", "-q"};
  command.insert(command.end(), options.begin(), options.end());
  command.insert(command.end(), {path + ".asc", path});
  const Finished ran = RunProcess(command);
  EXPECT_EQ(ran.code, 0) << ran.output;
  std::filesystem::remove(path + ".asc");
}

std::string WriteMadeSafe(const MadeSafe& made, const std::string& parent) {
  const std::string folder = parent + "/" + made.folder_name;
  const std::string base = kMadeSafeBase;
  WriteText(folder + "/manifest.safe", MadeManifest(made));
  WriteText(folder + "/annotation/" + base + ".xml", MadeAnnotation(made));
  WriteText(folder + "/annotation/calibration/calibration-" + base + ".xml", MadeCalibration(made));
  WriteText(folder + "/annotation/calibration/noise-" + base + ".xml", MadeNoise(made));
  std::filesystem::create_directories(folder + "/measurement");
  TranslateGrid(MadeAmplitudes(made), made.samples,
                {"-ot", made.product_type == "SLC" ? "CInt16" : "UInt16", "-of", "GTiff", "-co",
                 "BLOCKYSIZE=1"},
                folder + "/measurement/" + base + ".tiff");
  return folder;
}

std::string WriteMadeSentinel2(const MadeSentinel2& made, const std::string& parent) {
  const std::string folder = parent + "/" + made.folder_name;
  WriteText(folder + "/MTD_MSIL2A.xml", MadeUserProduct(made));
  WriteText(folder + "/" + kMadeGranule + "/MTD_TL.xml", MadeTile(made));
  const std::string east = std::to_string(500'000 + made.side * 10);
  const std::string south = std::to_string(3'300'000 - made.side * 10);
  const auto options = [&](const char* type) {
    return std::vector<std::string>{
        "-ot",     type,          "-of",    "JP2OpenJPEG", "-co",     "REVERSIBLE=YES",
        "-co",     "QUALITY=100", "-a_srs", "EPSG:32636",  "-a_ullr", "500000",
        "3300000", east,          south};
  };
  for (const char* band : {"B02", "B03", "B04", "B08"}) {
    const std::string path = folder + "/" + MadeImagePath(band, 10) + ".jp2";
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    TranslateGrid(MadeBand(made, band), made.side, options("UInt16"), path);
  }
  const std::string path = folder + "/" + MadeImagePath("SCL", 20) + ".jp2";
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  TranslateGrid(MadeClasses(made), made.side / 2, options("Byte"), path);
  return folder;
}

}  // namespace trucewatch::testing
