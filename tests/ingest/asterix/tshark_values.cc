// SPDX-License-Identifier: Apache-2.0
#include "tests/ingest/asterix/tshark_values.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string_view>

#include "core/base/check.h"
#include "ingest/asterix/pcap.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch::asterix::testing {
namespace {

constexpr std::size_t kHeaders = 42;  // Ethernet, IPv4, UDP

// Of `name="..."` in a line of PDML.
std::string_view Attribute(std::string_view line, std::string_view start) {
  const std::size_t at = line.find(start);
  if (at == std::string_view::npos) return {};
  const std::size_t from = at + start.size();
  return line.substr(from, line.find('"', from) - from);
}

// "...0 11.. = SRC, Source: ..." says which bits; "RHO, [NM]: 1.5" the unit.
void ReadShownName(std::string_view text, TsharkValue& value) {
  const std::size_t bits = text.find(" = ");
  const bool masked = bits != std::string_view::npos &&
                      text.substr(0, bits).find_first_not_of(".01 ") == std::string_view::npos;
  if (masked) {
    value.bits = static_cast<int>(
        std::ranges::count_if(text.substr(0, bits), [](char c) { return c == '0' || c == '1'; }));
  }
  const std::size_t unit_end = text.rfind("]: ");
  const std::size_t unit = text.rfind('[', unit_end);
  if (masked || unit_end == std::string_view::npos || unit == std::string_view::npos) return;
  value.unit = text.substr(unit + 1, unit_end - unit - 1);
  value.scaled = true;
}

std::vector<TsharkRecord> ReadPdml(const std::string& path) {
  constexpr std::string_view kPrefix = "asterix.";
  std::ifstream in(path);
  std::vector<TsharkRecord> records;
  std::size_t frame = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("</packet>")) ++frame;
    std::string_view name = Attribute(line, "<field name=\"");
    if (!name.starts_with(kPrefix)) continue;
    name.remove_prefix(kPrefix.size());
    if (name == "message") records.push_back({frame, {}});
    if (name.empty() || name[0] < '0' || name[0] > '9') continue;  // FX, spare, counter, fspec
    TW_CHECK(!records.empty());
    const std::size_t offset = std::stoul(std::string(Attribute(line, " pos=\""))) - kHeaders;
    if (std::ranges::count(name, '_') == 1) {
      // Elements of a repeated item have its name once more.
      if (records.back().items.empty() || records.back().items.back().name != name) {
        records.back().items.push_back({std::string(name), offset, {}});
      }
    } else if (const std::string_view bytes = Attribute(line, " value=\""); !bytes.empty()) {
      TsharkValue value{std::string(name), std::string(Attribute(line, " show=\"")), "", 0, false};
      ReadShownName(Attribute(line, " showname=\""), value);
      if (value.bits == 0 && !value.scaled) value.bits = static_cast<int>(bytes.size() * 4);
      records.back().items.back().values.push_back(std::move(value));
    }
  }
  return records;
}

}  // namespace

bool TsharkIsThere() { return trucewatch::testing::RunProcess({"tshark", "--version"}).code == 0; }

std::vector<TsharkRecord> ReadWithTshark(const std::vector<std::string>& payloads) {
  const trucewatch::testing::TempDirectory folder;
  const std::string capture = folder.path() + "/capture.pcap";
  const std::string pdml = folder.path() + "/capture.pdml";
  {
    std::ofstream out(capture, std::ios::binary);
    out << PcapHeader();
    for (const std::string& payload : payloads) {
      // Not from port 4000: that is ICQ's, whose dissector would have them.
      out << PcapUdpPacket(Instant(), 0x0A000001, 20'000, 0xEF010101, 8600, payload);
    }
  }
  trucewatch::testing::Process tshark(
      {"tshark", "-r", capture, "-d", "udp.port==8600,asterix", "-T", "pdml", "-J", "asterix"},
      pdml);
  TW_CHECK(tshark.Wait() == 0);
  return ReadPdml(pdml);
}

}  // namespace trucewatch::asterix::testing
