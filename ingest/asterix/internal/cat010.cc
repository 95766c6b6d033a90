// SPDX-License-Identifier: Apache-2.0
// CAT010 ed. 1.1, monosensor surface movement data.
#include "ingest/asterix/internal/spec.h"

namespace trucewatch::asterix::internal {
namespace {

constexpr Field k010[] = {U("sac", 8), U("sic", 8)};
constexpr Field k000[] = {U("message_type", 8)};
constexpr Field k020[] = {U("typ", 3), B("dcr"), B("chn"), B("gbs"), B("crt"),
                          Fx(),        B("sim"), B("tst"), B("rab"), U("lop", 2),
                          U("tot", 2), Fx(),     B("spi"), Spare(6), Fx()};
constexpr Field k140[] = {TimeOfDay()};
constexpr Field k041[] = {S("lat_deg", 32, 180.0 / 2147483648.0),
                          S("lon_deg", 32, 180.0 / 2147483648.0)};
constexpr Field k040[] = {U("rho_m", 16, 1), U("theta_deg", 16, kCircle16Deg)};
constexpr Field k042[] = {S("x_m", 16, 1), S("y_m", 16, 1)};
constexpr Field k200[] = {U("ground_speed_mps", 16, kSpeed14Mps),
                          U("track_angle_deg", 16, kCircle16Deg)};
// 0.25: the LSB that fits the stated limits; docs of the machine-readable specification say 1/16.
constexpr Field k202[] = {S("vx_mps", 16, 0.25), S("vy_mps", 16, 0.25)};
constexpr Field k161[] = {Spare(4), U("track_number", 12)};
constexpr Field k170[] = {B("cnf"), B("tre"), U("cst", 2), B("mah"),    B("tcc"),
                          B("sth"), Fx(),     U("tom", 2), U("dou", 3), U("mrs", 2),
                          Fx(),     B("gho"), Spare(6),    Fx()};
constexpr Field k060[] = {B("v"), B("g"), B("l"), Spare(1), Octal("mode_3a")};
constexpr Field k220[] = {Hex("address", 24)};
constexpr Field k245[] = {U("sti", 2), Spare(6), Characters("identification")};
constexpr Field k250[] = {Hex("mb", 56), Hex("bds", 8)};
constexpr Field k300[] = {U("vehicle_fleet", 8)};
constexpr Field k090[] = {B("v"), B("g"), S("flight_level", 14, 0.25)};
constexpr Field k091[] = {S("height_m", 16, 6.25 * kFootM)};
constexpr Field k270[] = {U("length_m", 7, 1), Fx(), U("orientation_deg", 7, 360.0 / 128), Fx(),
                          U("width_m", 7, 1),  Fx()};
constexpr Field k550[] = {U("nogo", 2), B("ovl"), B("tsv"), B("div"), B("ttf"), Spare(2)};
constexpr Field k310[] = {B("trb"), U("msg", 7)};
constexpr Field k500[] = {U("sigma_x_m", 8, 0.25), U("sigma_y_m", 8, 0.25),
                          S("covariance_m2", 16, 0.25)};
constexpr Field k280[] = {S("drho_m", 8, 1), S("dtheta_deg", 8, 0.15)};
constexpr Field k131[] = {U("amplitude", 8)};
constexpr Field k210[] = {S("ax_mps2", 8, 0.25), S("ay_mps2", 8, 0.25)};

constexpr Layout kItems[] = {
    Fixed("I010/010", k010),
    Fixed("I010/000", k000),
    Of("I010/020", Rule::kExtended, k020),
    Fixed("I010/140", k140),
    Fixed("I010/041", k041),
    Fixed("I010/040", k040),
    Fixed("I010/042", k042),
    Fixed("I010/200", k200),
    Fixed("I010/202", k202),
    Fixed("I010/161", k161),
    Of("I010/170", Rule::kExtended, k170),
    Fixed("I010/060", k060),
    Fixed("I010/220", k220),
    Fixed("I010/245", k245),
    Of("I010/250", Rule::kRegisters, k250),
    Fixed("I010/300", k300),
    Fixed("I010/090", k090),
    Fixed("I010/091", k091),
    Of("I010/270", Rule::kExtended, k270),
    Fixed("I010/550", k550),
    Fixed("I010/310", k310),
    Fixed("I010/500", k500),
    Of("I010/280", Rule::kRepeated, k280),
    Fixed("I010/131", k131),
    Fixed("I010/210", k210),
    Unassigned(),
    Explicit("I010/SP"),
    Explicit("I010/RE"),
};

}  // namespace

const Category kCat010 = {10, "I010/010", {"I010/140"}, ProfileOf(kItems)};

}  // namespace trucewatch::asterix::internal
