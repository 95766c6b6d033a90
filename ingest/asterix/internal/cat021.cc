// SPDX-License-Identifier: Apache-2.0
// CAT021 ed. 2.6, ADS-B target reports; editions 2.1 to 2.5 are read alike, 0.23 to 0.26 are not.
#include "ingest/asterix/internal/spec.h"

namespace trucewatch::asterix::internal {
namespace {

constexpr Field k010[] = {U("sac", 8), U("sic", 8)};
constexpr Field k040[] = {
    U("atp", 3), U("arc", 2), B("rc"),     B("rab"),    Fx(),     B("dcr"), B("gbs"),
    B("sim"),    B("tst"),    B("saa"),    U("cl", 2),  Fx(),     Spare(1), B("llc"),
    B("ipc"),    B("nogo"),   B("cpr"),    B("ldpj"),   B("rcf"), Fx(),     B("tbc_ep"),
    U("tbc", 6), Fx(),        B("mbc_ep"), U("mbc", 6), Fx()};
constexpr Field k161[] = {Spare(4), U("track_number", 12)};
constexpr Field k015[] = {U("service", 8)};
constexpr Field kTime[] = {TimeOfDay()};
constexpr double kPosition23Deg = 180.0 / 8388608, kPosition30Deg = 180.0 / 1073741824;
constexpr Field k130[] = {S("lat_deg", 24, kPosition23Deg), S("lon_deg", 24, kPosition23Deg)};
constexpr Field k131[] = {S("lat_deg", 32, kPosition30Deg), S("lon_deg", 32, kPosition30Deg)};
// Either an indicated airspeed in 2^-14 NM/s or a Mach number in 1/1000: `im` says which.
constexpr Field k150[] = {B("im"), U("airspeed", 15)};
constexpr Field k151[] = {B("re"), U("true_airspeed_mps", 15, kKnotMps)};
constexpr Field k080[] = {Hex("address", 24)};
constexpr Field kFraction[] = {U("fsi", 2), U("fraction_s", 30, 1.0 / 1073741824)};
constexpr Field k140[] = {S("height_m", 16, 6.25 * kFootM)};
constexpr Field k090[] = {U("nucr_nacv", 3), U("nucp_nic", 4), Fx(),        B("nicbaro"),
                          U("sil", 2),       U("nacp", 4),     Fx(),        Spare(2),
                          B("sils"),         U("sda", 2),      U("gva", 2), Fx(),
                          U("pic", 4),       Spare(3),         Fx()};
constexpr Field k210[] = {Spare(1), B("vns"), U("vn", 3), U("ltt", 3)};
constexpr Field k070[] = {Spare(4), Octal("mode_3a")};
constexpr Field k230[] = {S("roll_deg", 16, 0.01)};
constexpr Field k145[] = {S("flight_level", 16, 0.25)};
constexpr Field k152[] = {U("magnetic_heading_deg", 16, kCircle16Deg)};
constexpr Field k200[] = {B("icf"), B("lnav"), B("me"), U("ps", 3), U("ss", 2)};
constexpr double kClimbMps = 6.25 * kFootM / 60;
constexpr Field kClimb[] = {B("re"), S("climb_mps", 15, kClimbMps)};
constexpr Field k160[] = {B("re"), U("ground_speed_mps", 15, kSpeed14Mps),
                          U("track_angle_deg", 16, kCircle16Deg)};
constexpr Field k165[] = {Spare(6), S("track_rate_deg_s", 10, 1.0 / 32)};
constexpr Field k170[] = {Characters("identification")};
constexpr Field k020[] = {U("emitter_category", 8)};
constexpr Field kWindSpeed[] = {U("speed_mps", 16, kKnotMps)};
constexpr Field kWindDirection[] = {U("deg", 16, 1)};
constexpr Field kTemperature[] = {S("celsius", 16, 0.25)};
constexpr Field kTurbulence[] = {U("level", 8)};
constexpr Layout k220[] = {Fixed("ws", kWindSpeed),
                           Fixed("wd", kWindDirection),
                           Fixed("tmp", kTemperature),
                           Fixed("trb", kTurbulence),
                           Unassigned(),
                           Unassigned(),
                           Unassigned()};
constexpr Field k146[] = {B("sas"), U("s", 2), S("altitude_m", 13, 25 * kFootM)};
constexpr Field k148[] = {B("mv"), B("ah"), B("am"), S("altitude_m", 13, 25 * kFootM)};
constexpr Field kIntentStatus[] = {B("nav"), B("nvb"), Spare(5), Fx()};
constexpr Field kIntent[] = {B("tca"),
                             B("nc"),
                             U("tcpn", 6),
                             S("altitude_m", 16, 10 * kFootM),
                             S("lat_deg", 24, kPosition23Deg),
                             S("lon_deg", 24, kPosition23Deg),
                             U("pt", 4),
                             U("td", 2),
                             B("tra"),
                             B("toa"),
                             U("time_over_s", 24, 1),
                             U("turn_radius_m", 16, kNauticalMileM / 100)};
constexpr Layout k110[] = {Of("tis", Rule::kExtended, kIntentStatus),
                           Of("tid", Rule::kRepeated, kIntent),
                           Unassigned(),
                           Unassigned(),
                           Unassigned(),
                           Unassigned(),
                           Unassigned()};
constexpr Field k016[] = {U("report_period_s", 8, 0.5)};
constexpr Field k008[] = {B("ra"),    U("tc", 2),   B("ts"), B("arv"),
                          B("cdtia"), B("nottcas"), B("sa")};
constexpr Field k271[] = {Spare(2),   B("poa"), B("cdtis"), B("b2low"), B("ras"),
                          B("ident"), Fx(),     U("lw", 4), Spare(3),   Fx()};
constexpr Field k132[] = {S("amplitude_dbm", 8, 1)};
constexpr Field k250[] = {Hex("mb", 56), Hex("bds", 8)};
constexpr Field k260[] = {U("typ", 5), U("styp", 3), U("ara", 14), U("rac", 4),
                          B("rat"),    B("mte"),     U("tti", 2),  U("tid", 26)};
constexpr Field k400[] = {U("receiver", 8)};
constexpr Field kAge[] = {U("age_s", 8, 0.1)};
constexpr Layout k295[] = {
    Fixed("aos", kAge), Fixed("trd", kAge), Fixed("m3a", kAge), Fixed("qi", kAge),
    Fixed("ti1", kAge), Fixed("mam", kAge), Fixed("gh", kAge),  Fixed("fl", kAge),
    Fixed("sal", kAge), Fixed("fsa", kAge), Fixed("as", kAge),  Fixed("tas", kAge),
    Fixed("mh", kAge),  Fixed("bvr", kAge), Fixed("gvr", kAge), Fixed("gv", kAge),
    Fixed("tar", kAge), Fixed("ti2", kAge), Fixed("ts", kAge),  Fixed("met", kAge),
    Fixed("roa", kAge), Fixed("ara", kAge), Fixed("scc", kAge)};

constexpr Layout kItems[] = {
    Fixed("I021/010", k010),
    Of("I021/040", Rule::kExtended, k040),
    Fixed("I021/161", k161),
    Fixed("I021/015", k015),
    Fixed("I021/071", kTime),
    Fixed("I021/130", k130),
    Fixed("I021/131", k131),
    Fixed("I021/072", kTime),
    Fixed("I021/150", k150),
    Fixed("I021/151", k151),
    Fixed("I021/080", k080),
    Fixed("I021/073", kTime),
    Fixed("I021/074", kFraction),
    Fixed("I021/075", kTime),
    Fixed("I021/076", kFraction),
    Fixed("I021/140", k140),
    Of("I021/090", Rule::kExtended, k090),
    Fixed("I021/210", k210),
    Fixed("I021/070", k070),
    Fixed("I021/230", k230),
    Fixed("I021/145", k145),
    Fixed("I021/152", k152),
    Fixed("I021/200", k200),
    Fixed("I021/155", kClimb),
    Fixed("I021/157", kClimb),
    Fixed("I021/160", k160),
    Fixed("I021/165", k165),
    Fixed("I021/077", kTime),
    Fixed("I021/170", k170),
    Fixed("I021/020", k020),
    Compound("I021/220", k220),
    Fixed("I021/146", k146),
    Fixed("I021/148", k148),
    Compound("I021/110", k110),
    Fixed("I021/016", k016),
    Fixed("I021/008", k008),
    Of("I021/271", Rule::kExtended, k271),
    Fixed("I021/132", k132),
    Of("I021/250", Rule::kRegisters, k250),
    Fixed("I021/260", k260),
    Fixed("I021/400", k400),
    Compound("I021/295", k295),
    Unassigned(),
    Unassigned(),
    Unassigned(),
    Unassigned(),
    Unassigned(),
    Explicit("I021/RE"),
    Explicit("I021/SP"),
};

}  // namespace

const Category kCat021 = {
    21, "I021/010", {"I021/071", "I021/073", "I021/077", "I021/075"}, ProfileOf(kItems)};

}  // namespace trucewatch::asterix::internal
