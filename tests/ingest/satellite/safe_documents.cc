// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "tests/ingest/satellite/safe_product.h"

namespace trucewatch::testing {
namespace {

std::string Header(const MadeSafe& made) {
  return fmt::format(
      "<adsHeader><missionId>S1A</missionId><productType>{}</productType>"
      "<polarisation>VV</polarisation><mode>IW</mode><swath>IW</swath>"
      "<startTime>2026-03-01T08:30:00.250000</startTime>"
      "<stopTime>2026-03-01T08:30:01.750000</stopTime>"
      "<absoluteOrbitNumber>63456</absoluteOrbitNumber></adsHeader>",
      made.product_type);
}

std::string DataObject(const std::string& id, const std::string& kind, const std::string& href) {
  return fmt::format(
      "<dataObject ID=\"{}\" repID=\"{}\"><byteStream mimeType=\"text/xml\" size=\"1\">"
      "<fileLocation locatorType=\"URL\" href=\"./{}\"/></byteStream></dataObject>",
      id, kind, href);
}

// Numbers at each eighth pixel and the last one, of f(pixel).
template <typename F>
std::string Row(const MadeSafe& made, F f) {
  std::string row;
  for (int pixel = 0; pixel < made.samples; pixel += 8) row += fmt::format("{} ", f(pixel));
  return row + fmt::format("{}", f(made.samples - 1));
}

}  // namespace

std::string MadeManifest(const MadeSafe& made) {
  const std::string base = kMadeSafeBase;
  return fmt::format(
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<xfdu:XFDU xmlns:xfdu=\"urn:ccsds:schema:xfdu:1\" "
             "xmlns:safe=\"http://www.esa.int/safe/sentinel-1.0\" "
             "xmlns:s1=\"http://www.esa.int/safe/sentinel-1.0/sentinel-1\" "
             "xmlns:s1sarl1=\"http://www.esa.int/safe/sentinel-1.0/sentinel-1/sar/level-1\">"
             "<informationPackageMap><xfdu:contentUnit unitType=\"SAFE Archive Information "
             "Package\"><xfdu:contentUnit unitType=\"Measurement Data Unit\" "
             "repID=\"s1Level1MeasurementSchema\" dmdID=\"productAnnotation noiseAnnotation "
             "calibrationAnnotation\"><dataObjectPointer dataObjectID=\"measurement\"/>"
             "</xfdu:contentUnit></xfdu:contentUnit></informationPackageMap><metadataSection>") +
         "<metadataObject ID=\"productAnnotation\"><dataObjectPointer dataObjectID=\"product\"/>"
         "</metadataObject><metadataObject ID=\"noiseAnnotation\"><dataObjectPointer "
         "dataObjectID=\"noise\"/></metadataObject><metadataObject ID=\"calibrationAnnotation\">"
         "<dataObjectPointer dataObjectID=\"calibration\"/></metadataObject>"
         "<metadataObject ID=\"processing\"><metadataWrap><xmlData><safe:processing><safe:facility>"
         "<safe:software name=\"Sentinel-1 IPF\" version=\"003.90\"/></safe:facility>"
         "</safe:processing></xmlData></metadataWrap></metadataObject>"
         "<metadataObject ID=\"platform\"><metadataWrap><xmlData><safe:platform>"
         "<safe:familyName>SENTINEL-1</safe:familyName><safe:number>A</safe:number>"
         "<safe:instrument><safe:familyName abbreviation=\"SAR\">Synthetic Aperture Radar"
         "</safe:familyName><safe:extension><s1sarl1:instrumentMode><s1sarl1:mode>IW"
         "</s1sarl1:mode></s1sarl1:instrumentMode></safe:extension></safe:instrument>"
         "</safe:platform></xmlData></metadataWrap></metadataObject>"
         "<metadataObject ID=\"generalProductInformation\"><metadataWrap><xmlData>"
         "<s1sarl1:standAloneProductInformation><s1sarl1:transmitterReceiverPolarisation>VV"
         "</s1sarl1:transmitterReceiverPolarisation><s1sarl1:productType>" +
         made.product_type +
         "</s1sarl1:productType></s1sarl1:standAloneProductInformation></xmlData></metadataWrap>"
         "</metadataObject><metadataObject ID=\"acquisitionPeriod\"><metadataWrap><xmlData>"
         "<safe:acquisitionPeriod><safe:startTime>2026-03-01T08:30:00.250000</safe:startTime>"
         "<safe:stopTime>2026-03-01T08:30:01.750000</safe:stopTime></safe:acquisitionPeriod>"
         "</xmlData></metadataWrap></metadataObject><metadataObject "
         "ID=\"measurementOrbitReference\"><metadataWrap><xmlData><safe:orbitReference>"
         "<safe:orbitNumber type=\"start\">63456</safe:orbitNumber><safe:relativeOrbitNumber "
         "type=\"start\">79</safe:relativeOrbitNumber><safe:extension><s1:orbitProperties>"
         "<s1:pass>DESCENDING</s1:pass></s1:orbitProperties></safe:extension>"
         "</safe:orbitReference></xmlData></metadataWrap></metadataObject></metadataSection>"
         "<dataObjectSection>" +
         DataObject("product", "s1Level1ProductSchema", "annotation/" + base + ".xml") +
         DataObject("noise", "s1Level1NoiseSchema",
                    "annotation/calibration/noise-" + base + ".xml") +
         DataObject("calibration", "s1Level1CalibrationSchema",
                    "annotation/calibration/calibration-" + base + ".xml") +
         DataObject("measurement", "s1Level1MeasurementSchema", "measurement/" + base + ".tiff") +
         "</dataObjectSection></xfdu:XFDU>\n";
}

std::string MadeAnnotation(const MadeSafe& made) {
  std::string grid;
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < 3; ++column) {
      const int line = row * (made.lines - 1) / 2;
      const int pixel = column * (made.samples - 1) / 2;
      // 10 m pixels, flown south, looking west: lines run south, pixels west, turned by 10 degrees.
      const double east = -10 * (pixel * std::cos(0.17) + line * std::sin(0.17));
      const double north = -10 * (line * std::cos(0.17) - pixel * std::sin(0.17));
      grid += fmt::format(
          "<geolocationGridPoint><azimuthTime>2026-03-01T08:30:01</azimuthTime><line>{}</line>"
          "<pixel>{}</pixel><latitude>{:.12e}</latitude><longitude>{:.12e}</longitude>"
          "<height>100</height><incidenceAngle>{}</incidenceAngle></geolocationGridPoint>",
          line, pixel, 30 + north / 110'850, 33 + east / 96'490, 38 + column);
    }
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<product>" + Header(made) +
         "<generalAnnotation><productInformation><pass>Descending</pass>"
         "<platformHeading>-1.70e+02</platformHeading><projection>Ground Range</projection>"
         "</productInformation></generalAnnotation><imageAnnotation><imageInformation>"
         "<outputPixels>16 bit Unsigned Integer</outputPixels>"
         "<rangePixelSpacing>1.0e+01</rangePixelSpacing>"
         "<azimuthPixelSpacing>1.0e+01</azimuthPixelSpacing>" +
         fmt::format("<numberOfSamples>{}</numberOfSamples><numberOfLines>{}</numberOfLines>",
                     made.samples, made.lines) +
         "<incidenceAngleMidSwath>3.9e+01</incidenceAngleMidSwath></imageInformation>"
         "<processingInformation><thermalNoiseCorrectionPerformed>false"
         "</thermalNoiseCorrectionPerformed></processingInformation></imageAnnotation>"
         "<geolocationGrid><geolocationGridPointList count=\"9\">" +
         grid + "</geolocationGridPointList></geolocationGrid></product>\n";
}

std::string MadeCalibration(const MadeSafe& made) {
  std::string vectors;
  for (const int line : {0, made.lines / 3, made.lines}) {
    const auto values = [&](double base) {
      return Row(made, [&](int pixel) { return base - 0.37 * pixel + 0.9 * line; });
    };
    vectors += fmt::format(
        "<calibrationVector><azimuthTime>2026-03-01T08:30:{:09.6f}</azimuthTime><line>{}</line>"
        "<pixel count=\"9\">{}</pixel><sigmaNought count=\"9\">{}</sigmaNought>"
        "<betaNought count=\"9\">{}</betaNought><gamma count=\"9\">{}</gamma>"
        "<dn count=\"9\">{}</dn></calibrationVector>",
        0.25 + 1.5 * line / (made.lines - 1), line, Row(made, [](int pixel) { return pixel; }),
        values(665), values(474), values(618), values(474));
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<calibration>" + Header(made) +
         "<calibrationInformation><absoluteCalibrationConstant>1.0e+00"
         "</absoluteCalibrationConstant></calibrationInformation><calibrationVectorList "
         "count=\"3\">" +
         vectors + "</calibrationVectorList></calibration>\n";
}

std::string MadeNoise(const MadeSafe& made) {
  const std::string kind = made.old_noise ? "noiseVector" : "noiseRangeVector";
  const std::string lut = made.old_noise ? "noiseLut" : "noiseRangeLut";
  std::string vectors;
  for (const int line : {0, made.lines}) {
    vectors += fmt::format("<{0}><line>{1}</line><pixel>{2}</pixel><{3}>{4}</{3}></{0}>", kind,
                           line, Row(made, [](int pixel) { return pixel; }), lut,
                           Row(made, [&](int pixel) { return made.noise + pixel - line; }));
  }
  std::string all =
      "<noise>" + Header(made) + "<" + kind + "List>" + vectors + "</" + kind + "List>";
  if (made.old_noise) return all + "</noise>\n";
  // Two subswaths side by side, the second with half the noise.
  all += "<noiseAzimuthVectorList>";
  for (const int side : {0, 1}) {
    all += fmt::format(
        "<noiseAzimuthVector><firstAzimuthLine>0</firstAzimuthLine>"
        "<firstRangeSample>{}</firstRangeSample><lastAzimuthLine>{}</lastAzimuthLine>"
        "<lastRangeSample>{}</lastRangeSample><line>0 20</line><noiseAzimuthLut>{} {}"
        "</noiseAzimuthLut></noiseAzimuthVector>",
        side * 30, made.lines - 1, side * 30 + 29, side == 0 ? 1.0 : 0.5, side == 0 ? 1.5 : 0.5);
  }
  return all + "</noiseAzimuthVectorList></noise>\n";
}

std::vector<int> MadeAmplitudes(const MadeSafe& made) {
  std::vector<int> dn;
  unsigned state = 7;
  for (int line = 0; line < made.lines; ++line) {
    for (int pixel = 0; pixel < made.samples; ++pixel) {
      state = state * 1664525U + 1013904223U;
      dn.push_back(pixel < 3 ? 0 : 100 + 5 * line + 2 * pixel + static_cast<int>(state >> 26U));
    }
  }
  return dn;
}

}  // namespace trucewatch::testing
