// SPDX-License-Identifier: Apache-2.0
// CAT062 ed. 1.21, tracks of a system that watches with many sensors; 1.16 to 1.20 are read alike.
#include "ingest/asterix/internal/spec.h"

namespace trucewatch::asterix::internal {
namespace {

constexpr double kPosition23Deg = 180.0 / 8388608, kPosition25Deg = 180.0 / 33554432;
constexpr double kClimbMps = 6.25 * kFootM / 60;

constexpr Field kSource[] = {U("sac", 8), U("sic", 8)};
constexpr Field k015[] = {U("service", 8)};
constexpr Field k070[] = {TimeOfDay()};
constexpr Field k105[] = {S("lat_deg", 32, kPosition25Deg), S("lon_deg", 32, kPosition25Deg)};
constexpr Field k100[] = {S("x_m", 24, 0.5), S("y_m", 24, 0.5)};
constexpr Field k185[] = {S("vx_mps", 16, 0.25), S("vy_mps", 16, 0.25)};
constexpr Field k210[] = {S("ax_mps2", 8, 0.25), S("ay_mps2", 8, 0.25)};
constexpr Field k060[] = {B("v"), B("g"), B("ch"), Spare(1), Octal("mode_3a")};
constexpr Field k245[] = {U("sti", 2), Spare(6), Characters("identification")};
constexpr Field k040[] = {U("track_number", 16)};
constexpr Field k080[] = {
    B("mon"), B("spi"),  B("mrh"),    U("src", 3), B("cnf"),    Fx(),        B("sim"), B("tse"),
    B("tsb"), B("fpc"),  B("aff"),    B("stp"),    B("kos"),    Fx(),        B("ama"), U("md4", 2),
    B("me"),  B("mi"),   U("md5", 2), Fx(),        B("cst"),    B("psr"),    B("ssr"), B("mds"),
    B("ads"), B("suc"),  B("aac"),    Fx(),        U("sds", 2), U("ems", 3), B("pft"), B("fplt"),
    Fx(),     B("dupt"), B("dupf"),   B("dupm"),   B("sfc"),    B("idd"),    B("iec"), B("mlat"),
    Fx(),     B("m5i"),  Spare(6),    Fx()};
constexpr Field kAge[] = {U("age_s", 8, 0.25)};
constexpr Field kLongAge[] = {U("age_s", 16, 0.25)};
constexpr Layout k290[] = {
    Fixed("trk", kAge),     Fixed("psr", kAge), Fixed("ssr", kAge), Fixed("mds", kAge),
    Fixed("ads", kLongAge), Fixed("es", kAge),  Fixed("vdl", kAge), Fixed("uat", kAge),
    Fixed("lop", kAge),     Fixed("mlt", kAge), Unassigned(),       Unassigned(),
    Unassigned(),           Unassigned()};
constexpr Field k200[] = {U("trans", 2), U("long", 2), U("vert", 2), B("adf"), Spare(1)};
constexpr Layout k295[] = {
    Fixed("mfl", kAge), Fixed("md1", kAge), Fixed("md2", kAge), Fixed("mda", kAge),
    Fixed("md4", kAge), Fixed("md5", kAge), Fixed("mhg", kAge), Fixed("ias", kAge),
    Fixed("tas", kAge), Fixed("sal", kAge), Fixed("fss", kAge), Fixed("tid", kAge),
    Fixed("com", kAge), Fixed("sab", kAge), Fixed("acs", kAge), Fixed("bvr", kAge),
    Fixed("gvr", kAge), Fixed("ran", kAge), Fixed("tar", kAge), Fixed("tan", kAge),
    Fixed("gsp", kAge), Fixed("vun", kAge), Fixed("met", kAge), Fixed("emc", kAge),
    Fixed("pos", kAge), Fixed("gal", kAge), Fixed("pun", kAge), Fixed("mb", kAge),
    Fixed("iar", kAge), Fixed("mac", kAge), Fixed("bps", kAge)};
constexpr Field k136[] = {S("flight_level", 16, 0.25)};
constexpr Field k130[] = {S("height_m", 16, 6.25 * kFootM)};
constexpr Field k135[] = {B("qnh"), S("flight_level", 15, 0.25)};
constexpr Field kClimb[] = {S("climb_mps", 16, kClimbMps)};
constexpr Field k270[] = {U("length_m", 7, 1), Fx(), U("orientation_deg", 7, 360.0 / 128), Fx(),
                          U("width_m", 7, 1),  Fx()};
constexpr Field k300[] = {U("vehicle_fleet", 8)};

constexpr Field kSum[] = {B("m5"), B("id"), B("da"), B("m1"), B("m2"), B("m3"), B("mc"), B("x")};
constexpr Field kPmn[] = {Spare(2), U("pin", 14), Spare(3), U("nat", 5), Spare(2), U("mis", 6)};
constexpr Field kPosition[] = {S("lat_deg", 24, kPosition23Deg), S("lon_deg", 24, kPosition23Deg)};
constexpr Field kGa[] = {Spare(1), B("res"), S("height_m", 14, 25 * kFootM)};
constexpr Field kEm1[] = {Spare(4), Octal("mode_1")};
constexpr Field kTos[] = {S("offset_s", 8, kTickS)};
constexpr Field kXp[] = {Spare(3), B("x5"), B("xc"), B("x3"), B("x2"), B("x1")};
constexpr Layout k110[] = {Fixed("sum", kSum), Fixed("pmn", kPmn), Fixed("pos", kPosition),
                           Fixed("ga", kGa),   Fixed("em1", kEm1), Fixed("tos", kTos),
                           Fixed("xp", kXp)};
constexpr Field k120[] = {Spare(4), Octal("mode_2")};
// The first is the master's number, those behind it are slaves'.
constexpr Field k510[] = {U("unit", 8), U("track_number", 15), Fx()};

constexpr Field kApc[] = {U("x_m", 16, 0.5), U("y_m", 16, 0.5)};
constexpr Field kCov[] = {S("covariance_m", 16, 0.5)};
constexpr Field kApw[] = {U("lat_deg", 16, kPosition25Deg), U("lon_deg", 16, kPosition25Deg)};
constexpr Field kAga[] = {U("height_m", 8, 6.25 * kFootM)};
constexpr Field kAba[] = {U("flight_level", 8, 0.25)};
constexpr Field kAtv[] = {U("x_mps", 8, 0.25), U("y_mps", 8, 0.25)};
constexpr Field kAa[] = {U("x_mps2", 8, 0.25), U("y_mps2", 8, 0.25)};
constexpr Field kArc[] = {U("climb_mps", 8, kClimbMps)};
constexpr Layout k500[] = {Fixed("apc", kApc), Fixed("cov", kCov), Fixed("apw", kApw),
                           Fixed("aga", kAga), Fixed("aba", kAba), Fixed("atv", kAtv),
                           Fixed("aa", kAa),   Fixed("arc", kArc), Unassigned(),
                           Unassigned(),       Unassigned(),       Unassigned(),
                           Unassigned(),       Unassigned()};

constexpr Field kMeasured[] = {U("rho_m", 16, kNauticalMileM / 256),
                               U("theta_deg", 16, kCircle16Deg)};
constexpr Field kHeight[] = {S("height_m", 16, 25 * kFootM)};
constexpr Field kMdc[] = {B("v"), B("g"), S("flight_level", 14, 0.25)};
constexpr Field kMda[] = {B("v"), B("g"), B("l"), Spare(1), Octal("mode_3a")};
constexpr Field kTyp[] = {U("typ", 3), B("sim"), B("rab"), B("tst"), Spare(2)};
constexpr Layout k340[] = {Fixed("sid", kSource), Fixed("pos", kMeasured), Fixed("height", kHeight),
                           Fixed("mdc", kMdc),    Fixed("mda", kMda),      Fixed("typ", kTyp),
                           Unassigned()};

constexpr Field kAddress[] = {Hex("address", 24)};
constexpr Field kIdentification[] = {Characters("identification")};
constexpr Field kHeading[] = {U("magnetic_heading_deg", 16, kCircle16Deg)};
// Either an indicated airspeed in 2^-14 NM/s or a Mach number in 1/1000: `im` says which.
constexpr Field kIas[] = {B("im"), U("airspeed", 15)};
constexpr Field kTas[] = {U("true_airspeed_mps", 16, kKnotMps)};
constexpr Field kSal[] = {B("sas"), U("src", 2), S("altitude_m", 13, 25 * kFootM)};
constexpr Field kFss[] = {B("mv"), B("ah"), B("am"), S("altitude_m", 13, 25 * kFootM)};
constexpr Field kTis[] = {B("nav"), B("nvb"), Spare(5), Fx()};
constexpr Field kTid[] = {B("tca"),
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
constexpr Field kCom[] = {U("com", 3), U("stat", 3), Spare(2), B("ssc"),
                          B("arc"),    B("aic"),     B("b1a"), U("b1b", 4)};
constexpr Field kSab[] = {U("ac", 2), U("mn", 2), U("dc", 2), B("gbs"), Spare(6), U("stat", 3)};
constexpr Field kAcs[] = {Hex("mb", 56)};
constexpr Field kRoll[] = {S("roll_deg", 16, 0.01)};
constexpr Field kTurn[] = {U("ti", 2), Spare(6), S("track_rate_deg_s", 7, 0.25), Spare(1)};
constexpr Field kTrack[] = {U("track_angle_deg", 16, kCircle16Deg)};
constexpr Field kSpeed[] = {S("ground_speed_mps", 16, kSpeed14Mps)};
constexpr Field kVun[] = {U("category", 8)};
constexpr Field kMet[] = {B("ws"),
                          B("wd"),
                          B("tmp"),
                          B("trb"),
                          Spare(4),
                          U("wind_speed_mps", 16, kKnotMps),
                          U("wind_direction_deg", 16, 1),
                          S("temperature_celsius", 16, 0.25),
                          U("turbulence", 8)};
constexpr Field kEmc[] = {U("emitter_category", 8)};
constexpr Field kPun[] = {Spare(4), U("category", 4)};
constexpr Field kMb[] = {Hex("mb", 56), Hex("bds", 8)};
constexpr Field kIar[] = {U("indicated_airspeed_mps", 16, kKnotMps)};
constexpr Field kMac[] = {U("mach", 16, 0.008)};
// What it is above 800 mb.
constexpr Field kBps[] = {Spare(4), U("pressure_pa", 12, 10, 80'000)};
constexpr Layout k380[] = {Fixed("adr", kAddress),
                           Fixed("id", kIdentification),
                           Fixed("mhg", kHeading),
                           Fixed("ias", kIas),
                           Fixed("tas", kTas),
                           Fixed("sal", kSal),
                           Fixed("fss", kFss),
                           Of("tis", Rule::kExtended, kTis),
                           Of("tid", Rule::kRepeated, kTid),
                           Fixed("com", kCom),
                           Fixed("sab", kSab),
                           Fixed("acs", kAcs),
                           Fixed("bvr", kClimb),
                           Fixed("gvr", kClimb),
                           Fixed("ran", kRoll),
                           Fixed("tar", kTurn),
                           Fixed("tan", kTrack),
                           Fixed("gs", kSpeed),
                           Fixed("vun", kVun),
                           Fixed("met", kMet),
                           Fixed("emc", kEmc),
                           Fixed("pos", kPosition),
                           Fixed("gal", k130),
                           Fixed("pun", kPun),
                           Of("mb", Rule::kRegisters, kMb),
                           Fixed("iar", kIar),
                           Fixed("mac", kMac),
                           Fixed("bps", kBps)};

constexpr Field kCallsign[] = {Ascii("callsign", 7)};
constexpr Field kIfi[] = {U("typ", 2), Spare(3), U("number", 27)};
constexpr Field kFct[] = {U("gat_oat", 2), U("fr1_fr2", 2), U("rvsm", 2), B("hpr"), Spare(1)};
constexpr Field kTac[] = {Ascii("type", 4)};
constexpr Field kWtc[] = {Ascii("category", 1)};
constexpr Field kAirport[] = {Ascii("airport", 4)};
constexpr Field kRunway[] = {Ascii("nu1", 1), Ascii("nu2", 1), Ascii("ltr", 1)};
constexpr Field kCfl[] = {U("flight_level", 16, 0.25)};
constexpr Field kCtl[] = {U("centre", 8), U("position", 8)};
constexpr Field kTod[] = {U("typ", 5),     U("day", 2), Spare(4), U("hours", 5),  Spare(2),
                          U("minutes", 6), B("avs"),    Spare(1), U("seconds", 6)};
constexpr Field kAst[] = {Ascii("stand", 6)};
constexpr Field kSts[] = {U("emp", 2), U("avl", 2), Spare(4)};
constexpr Field kRoute[] = {Ascii("route", 7)};
constexpr Field kPem[] = {Spare(3), B("va"), Octal("mode_3a")};
constexpr Layout k390[] = {
    Fixed("tag", kSource),  Fixed("cs", kCallsign), Fixed("ifi", kIfi),
    Fixed("fct", kFct),     Fixed("tac", kTac),     Fixed("wtc", kWtc),
    Fixed("dep", kAirport), Fixed("dst", kAirport), Fixed("rds", kRunway),
    Fixed("cfl", kCfl),     Fixed("ctl", kCtl),     Of("tod", Rule::kRepeated, kTod),
    Fixed("ast", kAst),     Fixed("sts", kSts),     Fixed("std", kRoute),
    Fixed("sta", kRoute),   Fixed("pem", kPem),     Fixed("pec", kCallsign)};

constexpr Layout kItems[] = {Fixed("I062/010", kSource),
                             Unassigned(),
                             Fixed("I062/015", k015),
                             Fixed("I062/070", k070),
                             Fixed("I062/105", k105),
                             Fixed("I062/100", k100),
                             Fixed("I062/185", k185),
                             Fixed("I062/210", k210),
                             Fixed("I062/060", k060),
                             Fixed("I062/245", k245),
                             Compound("I062/380", k380),
                             Fixed("I062/040", k040),
                             Of("I062/080", Rule::kExtended, k080),
                             Compound("I062/290", k290),
                             Fixed("I062/200", k200),
                             Compound("I062/295", k295),
                             Fixed("I062/136", k136),
                             Fixed("I062/130", k130),
                             Fixed("I062/135", k135),
                             Fixed("I062/220", kClimb),
                             Compound("I062/390", k390),
                             Of("I062/270", Rule::kExtended, k270),
                             Fixed("I062/300", k300),
                             Compound("I062/110", k110),
                             Fixed("I062/120", k120),
                             Of("I062/510", Rule::kRepeatedFx, k510),
                             Compound("I062/500", k500),
                             Compound("I062/340", k340),
                             Unassigned(),
                             Unassigned(),
                             Unassigned(),
                             Unassigned(),
                             Unassigned(),
                             Explicit("I062/RE"),
                             Explicit("I062/SP")};

}  // namespace

const Category kCat062 = {62, "I062/010", {"I062/070"}, ProfileOf(kItems)};

}  // namespace trucewatch::asterix::internal
