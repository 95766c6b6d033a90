// SPDX-License-Identifier: Apache-2.0
// CAT001 ed. 1.4, monoradar target reports of older radars: plots and tracks.
#include "ingest/asterix/internal/spec.h"

namespace trucewatch::asterix::internal {
namespace {

constexpr Field k010[] = {U("sac", 8), U("sic", 8)};
constexpr Field k020[] = {B("typ"), B("sim"), U("ssrpsr", 2), B("ant"), B("spi"), B("rab"),
                          Fx(),     B("tst"), U("ds1ds2", 2), B("me"),  B("mi"),  Spare(2),
                          Fx()};
constexpr Field k030[] = {U("code", 7), Fx()};
constexpr Field k040[] = {U("rho_m", 16, kNauticalMileM / 128), U("theta_deg", 16, kCircle16Deg)};
constexpr Field k042[] = {S("x_m", 16, kNauticalMileM / 64), S("y_m", 16, kNauticalMileM / 64)};
constexpr Field k050[] = {B("v"), B("g"), B("l"), Spare(1), Octal("mode_2")};
constexpr Field kQuality[] = {Spare(4), U("pulse_quality", 12)};
constexpr Field k070[] = {B("v"), B("g"), B("l"), Spare(1), Octal("mode_3a")};
constexpr Field k090[] = {B("v"), B("g"), S("flight_level", 14, 0.25)};
constexpr Field k100[] = {
    B("v"), B("g"), Spare(2), U("mode_c_gray", 12), Spare(4), U("pulse_quality", 12)};
// 2^(f - 14) NM/s, where f is agreed upon: 6 unless said otherwise.
constexpr Field k120[] = {S("doppler_mps", 8, kNauticalMileM / 256)};
constexpr Field k130[] = {U("indicator", 7), Fx()};
constexpr Field k131[] = {S("power_dbm", 8, 1)};
// Counts on over 512 s: I002/030 or the receive time says which.
constexpr Field k141[] = {U("truncated_time_of_day_s", 16, kTickS)};
constexpr Field k150[] = {B("xa"), Spare(1), B("xc"), Spare(2), B("x2"), Spare(2)};
constexpr Field k161[] = {U("track_number", 16)};
constexpr Field k170[] = {B("con"), B("rad"), B("man"), B("dou"), B("rdpc"), Spare(1),
                          B("gho"), Fx(),     B("tre"), Spare(6), Fx()};
constexpr Field k200[] = {U("ground_speed_mps", 16, kSpeed14Mps),
                          U("heading_deg", 16, kCircle16Deg)};
constexpr Field k210[] = {U("quality", 7), Fx()};

constexpr Layout kI010 = Fixed("I001/010", k010);
constexpr Layout kI020 = Of("I001/020", Rule::kExtended, k020);
constexpr Layout kI030 = Of("I001/030", Rule::kRepeatedFx, k030);
constexpr Layout kI040 = Fixed("I001/040", k040);
constexpr Layout kI050 = Fixed("I001/050", k050);
constexpr Layout kI060 = Fixed("I001/060", kQuality);
constexpr Layout kI070 = Fixed("I001/070", k070);
constexpr Layout kI080 = Fixed("I001/080", kQuality);
constexpr Layout kI090 = Fixed("I001/090", k090);
constexpr Layout kI100 = Fixed("I001/100", k100);
constexpr Layout kI120 = Fixed("I001/120", k120);
constexpr Layout kI130 = Of("I001/130", Rule::kRepeatedFx, k130);
constexpr Layout kI131 = Fixed("I001/131", k131);
constexpr Layout kI141 = Fixed("I001/141", k141);
constexpr Layout kI150 = Fixed("I001/150", k150);

// FRN 21 is the random field sequence, in which items come by number: nobody sends it.
constexpr Layout kPlot[] = {kI010,        kI020,        kI040,        kI070,
                            kI090,        kI130,        kI141,        kI050,
                            kI120,        kI131,        kI080,        kI100,
                            kI060,        kI030,        kI150,        Unassigned(),
                            Unassigned(), Unassigned(), Unassigned(), Explicit("I001/SP"),
                            Unassigned()};
constexpr Layout kTrack[] = {kI010,
                             kI020,
                             Fixed("I001/161", k161),
                             kI040,
                             Fixed("I001/042", k042),
                             Fixed("I001/200", k200),
                             kI070,
                             kI090,
                             kI141,
                             kI130,
                             kI131,
                             kI120,
                             Of("I001/170", Rule::kExtended, k170),
                             Of("I001/210", Rule::kRepeatedFx, k210),
                             kI050,
                             kI080,
                             kI100,
                             kI060,
                             kI030,
                             Explicit("I001/SP"),
                             Unassigned(),
                             kI150};

}  // namespace

const Category kCat001 = {1, "I001/010", {}, ProfileOf(kPlot), ProfileOf(kTrack)};

}  // namespace trucewatch::asterix::internal
