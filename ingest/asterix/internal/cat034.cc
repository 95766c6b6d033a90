// SPDX-License-Identifier: Apache-2.0
// CAT034 ed. 1.29, monoradar service messages.
#include "ingest/asterix/internal/spec.h"

namespace trucewatch::asterix::internal {
namespace {

constexpr Field k010[] = {U("sac", 8), U("sic", 8)};
constexpr Field k000[] = {U("message_type", 8)};
constexpr Field k030[] = {TimeOfDay()};
constexpr Field k020[] = {U("sector_deg", 8, 360.0 / 256)};
constexpr Field k041[] = {U("rotation_period_s", 16, kTickS)};

constexpr Field k050Com[] = {B("nogo"),   B("rdpc"), B("rdpr"), B("ovlrdp"),
                             B("ovlxmt"), B("msc"),  B("tsv"),  Spare(1)};
constexpr Field k050Radar[] = {B("ant"), U("ch_ab", 2), B("ovl"), B("msc"), Spare(3)};
constexpr Field k050Mds[] = {B("ant"), U("ch_ab", 2), B("ovlsur"), B("msc"), B("scf"),
                             B("dlf"), B("ovlscf"),   B("ovldlf"), Spare(7)};
constexpr Layout k050[] = {
    Fixed("com", k050Com),   Unassigned(),          Unassigned(), Fixed("psr", k050Radar),
    Fixed("ssr", k050Radar), Fixed("mds", k050Mds), Unassigned()};
constexpr Field k060Com[] = {Spare(1), U("redrdp", 3), U("redxmt", 3), Spare(1)};
constexpr Field k060Psr[] = {B("pol"), U("redrad", 3), U("stc", 2), Spare(2)};
constexpr Field k060Ssr[] = {U("redrad", 3), Spare(5)};
constexpr Field k060Mds[] = {U("redrad", 3), B("clu"), Spare(4)};
constexpr Layout k060[] = {Fixed("com", k060Com), Unassigned(),          Unassigned(),
                           Fixed("psr", k060Psr), Fixed("ssr", k060Ssr), Fixed("mds", k060Mds),
                           Unassigned()};
constexpr Field k070[] = {U("typ", 5), U("count", 11)};
constexpr double kRhoM = kNauticalMileM / 256;
constexpr Field k100[] = {U("rho_start_m", 16, kRhoM), U("rho_end_m", 16, kRhoM),
                          U("theta_start_deg", 16, kCircle16Deg),
                          U("theta_end_deg", 16, kCircle16Deg)};
constexpr Field k110[] = {U("data_filter", 8)};
constexpr Field k120[] = {S("height_m", 16, 1), S("lat_deg", 24, 180.0 / 8388608),
                          S("lon_deg", 24, 180.0 / 8388608)};
constexpr Field k090[] = {S("range_m", 8, kNauticalMileM / 128),
                          S("azimuth_deg", 8, 360.0 / 16384)};

constexpr Layout kItems[] = {
    Fixed("I034/010", k010),    Fixed("I034/000", k000),
    Fixed("I034/030", k030),    Fixed("I034/020", k020),
    Fixed("I034/041", k041),    Compound("I034/050", k050),
    Compound("I034/060", k060), Of("I034/070", Rule::kRepeated, k070),
    Fixed("I034/100", k100),    Fixed("I034/110", k110),
    Fixed("I034/120", k120),    Fixed("I034/090", k090),
    Explicit("I034/RE"),        Explicit("I034/SP"),
};

}  // namespace

const Category kCat034 = {34, "I034/010", {"I034/030"}, ProfileOf(kItems)};

}  // namespace trucewatch::asterix::internal
