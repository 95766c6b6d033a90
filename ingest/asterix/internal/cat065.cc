// SPDX-License-Identifier: Apache-2.0
// CAT065 ed. 1.5, service messages of the trackers that send CAT062.
#include "ingest/asterix/internal/spec.h"

namespace trucewatch::asterix::internal {
namespace {

constexpr Field k010[] = {U("sac", 8), U("sic", 8)};
constexpr Field k000[] = {U("message_type", 8)};
constexpr Field k015[] = {U("service", 8)};
constexpr Field k030[] = {TimeOfDay()};
constexpr Field k020[] = {U("batch", 8)};
constexpr Field k040[] = {U("nogo", 2), B("ovl"), B("tsv"), U("pss", 2), B("sttn"), Spare(1)};
constexpr Field k050[] = {U("report", 8)};

constexpr Layout kItems[] = {Fixed("I065/010", k010),
                             Fixed("I065/000", k000),
                             Fixed("I065/015", k015),
                             Fixed("I065/030", k030),
                             Fixed("I065/020", k020),
                             Fixed("I065/040", k040),
                             Fixed("I065/050", k050),
                             Unassigned(),
                             Unassigned(),
                             Unassigned(),
                             Unassigned(),
                             Unassigned(),
                             Explicit("I065/RE"),
                             Explicit("I065/SP")};

}  // namespace

const Category kCat065 = {65, "I065/010", {"I065/030"}, ProfileOf(kItems)};

}  // namespace trucewatch::asterix::internal
