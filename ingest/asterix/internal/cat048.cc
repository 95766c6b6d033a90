// SPDX-License-Identifier: Apache-2.0
// CAT048 ed. 1.32, monoradar target reports.
#include "ingest/asterix/internal/spec.h"

namespace trucewatch::asterix::internal {
namespace {

constexpr Field k010[] = {U("sac", 8), U("sic", 8)};
constexpr Field k140[] = {TimeOfDay()};
constexpr Field k020[] = {
    U("typ", 3),    B("sim"),      B("rdp"),       B("spi"),       B("rab"),       Fx(),
    B("tst"),       B("err"),      B("xpp"),       B("me"),        B("mi"),        U("foe_fri", 2),
    Fx(),           U("adsb", 2),  U("scn", 2),    U("pai", 2),    Spare(1),       Fx(),
    U("acasxv", 5), U("poxpr", 2), Fx(),           U("poact", 2),  U("dtfxpr", 2), U("dtfact", 2),
    Spare(1),       Fx(),          U("irmxpr", 2), U("irmact", 2), Spare(3),       Fx()};
constexpr Field k040[] = {U("rho_m", 16, kNauticalMileM / 256), U("theta_deg", 16, kCircle16Deg)};
constexpr Field k070[] = {B("v"), B("g"), B("l"), Spare(1), Octal("mode_3a")};
constexpr Field k090[] = {B("v"), B("g"), S("flight_level", 14, 0.25)};
constexpr Field kSrl[] = {U("deg", 8, 360.0 / 8192)};
constexpr Field kCount8[] = {U("count", 8)};
constexpr Field kDbm[] = {S("dbm", 8, 1)};
constexpr Field kRpd[] = {S("m", 8, kNauticalMileM / 256)};
constexpr Field kApd[] = {S("deg", 8, 360.0 / 16384)};
constexpr Layout k130[] = {Fixed("srl", kSrl), Fixed("srr", kCount8), Fixed("sam", kDbm),
                           Fixed("prl", kSrl), Fixed("pam", kDbm),    Fixed("rpd", kRpd),
                           Fixed("apd", kApd)};
constexpr Field k220[] = {Hex("address", 24)};
constexpr Field k240[] = {Characters("identification")};
constexpr Field k250[] = {Hex("mb", 56), Hex("bds", 8)};
constexpr Field k161[] = {Spare(4), U("track_number", 12)};
constexpr Field k042[] = {S("x_m", 16, kNauticalMileM / 128), S("y_m", 16, kNauticalMileM / 128)};
constexpr Field k200[] = {U("ground_speed_mps", 16, kSpeed14Mps),
                          U("heading_deg", 16, kCircle16Deg)};
constexpr Field k170[] = {B("cnf"), U("rad", 2), B("dou"), B("mah"), U("cdm", 2), Fx(),
                          B("tre"), B("gho"),    B("sup"), B("tcc"), Spare(3),    Fx()};
constexpr Field k210[] = {
    U("sigma_x_m", 8, kNauticalMileM / 128), U("sigma_y_m", 8, kNauticalMileM / 128),
    U("sigma_speed_mps", 8, kSpeed14Mps), U("sigma_heading_deg", 8, 360.0 / 4096)};
constexpr Field k030[] = {U("code", 7), Fx()};
constexpr Field k080[] = {Spare(4), U("pulse_quality", 12)};
constexpr Field k100[] = {
    B("v"), B("g"), Spare(2), U("mode_c_gray", 12), Spare(4), U("pulse_quality", 12)};
constexpr Field k110[] = {Spare(2), S("height_m", 14, 25 * kFootM)};
constexpr Field kCal[] = {B("d"), Spare(5), S("speed_mps", 10, 1)};
constexpr Field kRds[] = {U("speed_mps", 16, 1), U("ambiguity_mps", 16, 1),
                          U("frequency_hz", 16, 1e6)};
constexpr Layout k120[] = {Fixed("cal", kCal), Of("rds", Rule::kRepeated, kRds),
                           Unassigned(),       Unassigned(),
                           Unassigned(),       Unassigned(),
                           Unassigned()};
constexpr Field k230[] = {U("com", 3), U("stat", 3), B("si"),  Spare(1),   B("mssc"),
                          B("arc"),    B("aic"),     B("b1a"), U("b1b", 4)};
constexpr Field k260[] = {Hex("mb", 56)};
constexpr Field k055[] = {B("v"), B("g"), B("l"), U("mode_1", 5)};
constexpr Field k050[] = {B("v"), B("g"), B("l"), Spare(1), Octal("mode_2")};
constexpr Field k065[] = {Spare(3), U("pulse_quality", 5)};
constexpr Field k060[] = {Spare(4), U("pulse_quality", 12)};

constexpr Layout kItems[] = {
    Fixed("I048/010", k010),
    Fixed("I048/140", k140),
    Of("I048/020", Rule::kExtended, k020),
    Fixed("I048/040", k040),
    Fixed("I048/070", k070),
    Fixed("I048/090", k090),
    Compound("I048/130", k130),
    Fixed("I048/220", k220),
    Fixed("I048/240", k240),
    Of("I048/250", Rule::kRegisters, k250),
    Fixed("I048/161", k161),
    Fixed("I048/042", k042),
    Fixed("I048/200", k200),
    Of("I048/170", Rule::kExtended, k170),
    Fixed("I048/210", k210),
    Of("I048/030", Rule::kRepeatedFx, k030),
    Fixed("I048/080", k080),
    Fixed("I048/100", k100),
    Fixed("I048/110", k110),
    Compound("I048/120", k120),
    Fixed("I048/230", k230),
    Fixed("I048/260", k260),
    Fixed("I048/055", k055),
    Fixed("I048/050", k050),
    Fixed("I048/065", k065),
    Fixed("I048/060", k060),
    Explicit("I048/SP"),
    Explicit("I048/RE"),
};

// ICAO Doc 9871, Mode S registers 4,0 (selected vertical intention), 5,0 (track and turn) and 6,0
// (heading and speed).
constexpr Field kBds40[] = {B("mcp_altitude_status"),
                            U("mcp_altitude_m", 12, 16 * kFootM),
                            B("fms_altitude_status"),
                            U("fms_altitude_m", 12, 16 * kFootM),
                            B("pressure_status"),
                            U("pressure_pa", 12, 10, 80'000),
                            Spare(8),
                            B("mode_status"),
                            B("vnav"),
                            B("alt_hold"),
                            B("approach"),
                            Spare(2),
                            B("target_source_status"),
                            U("target_source", 2)};
constexpr Field kBds50[] = {B("roll_status"),       S("roll_deg", 10, 45.0 / 256),
                            B("track_status"),      S("track_deg", 11, 90.0 / 512),
                            B("speed_status"),      U("ground_speed_mps", 10, 2 * kKnotMps),
                            B("track_rate_status"), S("track_rate_deg_s", 10, 8.0 / 256),
                            B("airspeed_status"),   U("true_airspeed_mps", 10, 2 * kKnotMps)};
constexpr double kClimb = 32 * kFootM / 60;
constexpr Field kBds60[] = {B("heading_status"),        S("heading_deg", 11, 90.0 / 512),
                            B("airspeed_status"),       U("indicated_airspeed_mps", 10, kKnotMps),
                            B("mach_status"),           U("mach", 10, 0.004),
                            B("climb_status"),          S("climb_mps", 10, kClimb),
                            B("inertial_climb_status"), S("inertial_climb_mps", 10, kClimb)};

}  // namespace

const Category kCat048 = {48, "I048/010", {"I048/140"}, ProfileOf(kItems)};

Layout RegisterLayout(std::uint8_t bds) {
  switch (bds) {
    case 0x40:
      return Fixed("", kBds40);
    case 0x50:
      return Fixed("", kBds50);
    case 0x60:
      return Fixed("", kBds60);
    default:
      return {"", Rule::kFixed, nullptr, 0, 0, nullptr, 0};
  }
}

}  // namespace trucewatch::asterix::internal
