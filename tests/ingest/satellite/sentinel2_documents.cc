// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "tests/ingest/satellite/safe_product.h"

namespace trucewatch::testing {
std::string MadeImagePath(const std::string& band, int resolution_m) {
  return fmt::format("{}/IMG_DATA/R{}m/T36RUU_20260301T083001_{}_{}m", kMadeGranule, resolution_m,
                     band, resolution_m);
}

std::string MadeUserProduct(const MadeSentinel2& made) {
  std::string offsets;
  if (made.offset) {
    offsets = "<BOA_ADD_OFFSET_VALUES_LIST>";
    for (int band = 0; band < 13; ++band) {
      offsets += fmt::format("<BOA_ADD_OFFSET band_id=\"{}\">-1000</BOA_ADD_OFFSET>", band);
    }
    offsets += "</BOA_ADD_OFFSET_VALUES_LIST>";
  }
  std::string images;
  for (const char* band : {"B02", "B03", "B04", "B08"}) {
    images += "<IMAGE_FILE>" + MadeImagePath(band, 10) + "</IMAGE_FILE>";
  }
  images += "<IMAGE_FILE>" + MadeImagePath("SCL", 20) + "</IMAGE_FILE>";
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<n1:Level-2A_User_Product "
         "xmlns:n1=\"https://psd-14.sentinel2.eo.esa.int/PSD/User_Product_Level-2A.xsd\">"
         "<n1:General_Info><Product_Info><PRODUCT_START_TIME>2026-03-01T08:30:01.024Z"
         "</PRODUCT_START_TIME><PRODUCT_STOP_TIME>2026-03-01T08:30:01.024Z</PRODUCT_STOP_TIME>"
         "<PRODUCT_URI>" +
         made.folder_name +
         "</PRODUCT_URI><PROCESSING_LEVEL>Level-2A</PROCESSING_LEVEL>"
         "<PRODUCT_TYPE>S2MSI2A</PRODUCT_TYPE><PROCESSING_BASELINE>" +
         (made.offset ? "05.11" : "02.14") +
         "</PROCESSING_BASELINE><Datatake datatakeIdentifier=\"GS2A\"><SPACECRAFT_NAME>"
         "Sentinel-2A</SPACECRAFT_NAME><SENSING_ORBIT_NUMBER>121</SENSING_ORBIT_NUMBER>"
         "<SENSING_ORBIT_DIRECTION>DESCENDING</SENSING_ORBIT_DIRECTION></Datatake>"
         "<Product_Organisation><Granule_List><Granule imageFormat=\"JPEG2000\">" +
         images +
         "</Granule></Granule_List></Product_Organisation></Product_Info>"
         "<Product_Image_Characteristics><Special_Values><SPECIAL_VALUE_TEXT>NODATA"
         "</SPECIAL_VALUE_TEXT><SPECIAL_VALUE_INDEX>0</SPECIAL_VALUE_INDEX></Special_Values>"
         "<Special_Values><SPECIAL_VALUE_TEXT>SATURATED</SPECIAL_VALUE_TEXT>"
         "<SPECIAL_VALUE_INDEX>65535</SPECIAL_VALUE_INDEX></Special_Values>"
         "<QUANTIFICATION_VALUES_LIST><BOA_QUANTIFICATION_VALUE unit=\"none\">10000"
         "</BOA_QUANTIFICATION_VALUE></QUANTIFICATION_VALUES_LIST>" +
         offsets +
         "</Product_Image_Characteristics></n1:General_Info><n1:Quality_Indicators_Info>"
         "<Cloud_Coverage_Assessment>1.5</Cloud_Coverage_Assessment>"
         "</n1:Quality_Indicators_Info></n1:Level-2A_User_Product>\n";
}

std::string MadeTile(const MadeSentinel2& made) {
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<n1:Level-2A_Tile_ID "
      "xmlns:n1=\"https://psd-14.sentinel2.eo.esa.int/PSD/S2_PDI_Level-2A_Tile_Metadata.xsd\">"
      "<n1:General_Info><TILE_ID metadataLevel=\"Brief\">S2A_OPER_MSI_L2A_TL_T36RUU</TILE_ID>"
      "<SENSING_TIME metadataLevel=\"Standard\">2026-03-01T08:34:25.123456Z</SENSING_TIME>"
      "</n1:General_Info><n1:Geometric_Info><Tile_Geocoding><HORIZONTAL_CS_NAME>WGS84 / UTM zone "
      "36N</HORIZONTAL_CS_NAME><HORIZONTAL_CS_CODE>EPSG:32636</HORIZONTAL_CS_CODE>"
      "<Size resolution=\"10\"><NROWS>{0}</NROWS><NCOLS>{0}</NCOLS></Size>"
      "<Size resolution=\"20\"><NROWS>{1}</NROWS><NCOLS>{1}</NCOLS></Size>"
      "<Geoposition resolution=\"10\"><ULX>500000</ULX><ULY>3300000</ULY><XDIM>10</XDIM>"
      "<YDIM>-10</YDIM></Geoposition></Tile_Geocoding><Tile_Angles><Mean_Sun_Angle>"
      "<ZENITH_ANGLE unit=\"deg\">42.5</ZENITH_ANGLE><AZIMUTH_ANGLE unit=\"deg\">150.25"
      "</AZIMUTH_ANGLE></Mean_Sun_Angle><Mean_Viewing_Incidence_Angle_List>"
      "<Mean_Viewing_Incidence_Angle bandId=\"0\"><ZENITH_ANGLE>4</ZENITH_ANGLE><AZIMUTH_ANGLE>350"
      "</AZIMUTH_ANGLE></Mean_Viewing_Incidence_Angle><Mean_Viewing_Incidence_Angle bandId=\"1\">"
      "<ZENITH_ANGLE>6</ZENITH_ANGLE><AZIMUTH_ANGLE>10</AZIMUTH_ANGLE>"
      "</Mean_Viewing_Incidence_Angle></Mean_Viewing_Incidence_Angle_List></Tile_Angles>"
      "</n1:Geometric_Info><n1:Quality_Indicators_Info><Image_Content_QI>"
      "<CLOUDY_PIXEL_PERCENTAGE>1.25</CLOUDY_PIXEL_PERCENTAGE></Image_Content_QI>"
      "</n1:Quality_Indicators_Info></n1:Level-2A_Tile_ID>\n",
      made.side, made.side / 2);
}

std::vector<int> MadeBand(const MadeSentinel2& made, const std::string& band) {
  std::vector<int> dn;
  unsigned state = static_cast<unsigned>(band[2]) * 977U;
  for (int i = 0; i < made.side * made.side; ++i) {
    state = state * 1664525U + 1013904223U;
    dn.push_back(i < made.side ? 0 : 1500 + static_cast<int>(state >> 22U));
  }
  dn[static_cast<std::size_t>(made.side) + 1] = 65535;
  return dn;
}

std::vector<int> MadeClasses(const MadeSentinel2& made) {
  const int side = made.side / 2;
  std::vector<int> classes(static_cast<std::size_t>(side) * static_cast<std::size_t>(side), 4);
  for (int y = side / 2 - 1; y <= side / 2 + 1; ++y) {
    for (int x = side / 2 - 1; x <= side / 2 + 1; ++x) {
      classes[static_cast<std::size_t>(y * side + x)] = 9;
    }
  }
  return classes;
}

}  // namespace trucewatch::testing
