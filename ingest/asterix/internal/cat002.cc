// SPDX-License-Identifier: Apache-2.0
// CAT002 ed. 1.1, service messages of the radars that send CAT001.
#include "ingest/asterix/internal/spec.h"

namespace trucewatch::asterix::internal {
namespace {

constexpr Field k010[] = {U("sac", 8), U("sic", 8)};
constexpr Field k000[] = {U("message_type", 8)};
constexpr Field k020[] = {U("sector_deg", 8, 360.0 / 256)};
constexpr Field k030[] = {TimeOfDay()};
constexpr Field k041[] = {U("rotation_period_s", 16, kTickS)};
constexpr Field k050[] = {U("configuration", 7), Fx()};
constexpr Field k060[] = {U("mode", 7), Fx()};
constexpr Field k070[] = {B("aerial"), U("ident", 5), U("count", 10)};
constexpr double kRhoM = kNauticalMileM / 128;
constexpr Field k100[] = {U("rho_start_m", 16, kRhoM), U("rho_end_m", 16, kRhoM),
                          U("theta_start_deg", 16, kCircle16Deg),
                          U("theta_end_deg", 16, kCircle16Deg)};
constexpr Field k090[] = {S("range_m", 8, kNauticalMileM / 128),
                          S("azimuth_deg", 8, 360.0 / 16384)};
constexpr Field k080[] = {U("code", 7), Fx()};

constexpr Layout kItems[] = {Fixed("I002/010", k010),
                             Fixed("I002/000", k000),
                             Fixed("I002/020", k020),
                             Fixed("I002/030", k030),
                             Fixed("I002/041", k041),
                             Of("I002/050", Rule::kRepeatedFx, k050),
                             Of("I002/060", Rule::kRepeatedFx, k060),
                             Of("I002/070", Rule::kRepeated, k070),
                             Fixed("I002/100", k100),
                             Fixed("I002/090", k090),
                             Of("I002/080", Rule::kRepeatedFx, k080),
                             Unassigned(),
                             Explicit("I002/SP"),
                             Unassigned()};

}  // namespace

const Category kCat002 = {2, "I002/010", {"I002/030"}, ProfileOf(kItems)};

}  // namespace trucewatch::asterix::internal
