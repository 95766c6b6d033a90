// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "verify/agreement/internal/build.h"

namespace trucewatch::internal {

// How single fields are read; each says what is wrong and where.

std::string At(const char* list, int index);  // "zone[2]"
Side SideOf(v1::config::Party::Side side);

// An id is written into findings and compared, never shown to officers as a name.
void CheckId(const std::string& path, const std::string& id, std::set<std::string>& taken,
             Findings& findings);

// UTC, or counted from day D.
std::optional<Instant> Time(const std::string& path, const std::string& text, Findings& findings);
// For Time.
void BuildDayZero(const v1::config::Agreement& message, Findings& findings);

// drawn: a file says where they are drawn.
std::optional<std::vector<Geodetic>> Places(
    const std::string& path, const google::protobuf::RepeatedPtrField<v1::config::Point>& points,
    bool drawn, int least, Findings& findings);

std::vector<std::string> PhaseIds(const std::string& path,
                                  const google::protobuf::RepeatedPtrField<std::string>& ids,
                                  const std::vector<Phase>& phases, Findings& findings);

// people: whether PEOPLE is allowed.
std::vector<ObjectClass> Classes(const std::string& path,
                                 const google::protobuf::RepeatedField<int>& kinds, bool people,
                                 Findings& findings);

}  // namespace trucewatch::internal
