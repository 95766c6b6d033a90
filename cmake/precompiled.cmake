# SPDX-License-Identifier: Apache-2.0
# Headers that nearly every file reads, compiled once: without them a quarter of a clean build is spent reading the
# same text again. Only general ones: a third-party header that has a room (tests/lint/house_rules.py) stays out.
# Every file still includes what it uses; the other presets build without precompiled headers and would tell.
option(TRUCEWATCH_PCH "Use precompiled headers (the release, bench and fuzz presets do)" OFF)

set(TW_PCH_HEADERS
    <algorithm> <array> <cmath> <cstdint> <deque> <filesystem> <fstream> <functional> <map> <memory> <mutex> <optional>
    <random> <set> <span> <sstream> <string> <string_view> <thread> <variant> <vector>
    <Eigen/Core> <Eigen/Geometry> <fmt/format.h> <fmt/ranges.h> <tl/expected.hpp>)

if(TRUCEWATCH_PCH)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 no longer sees that the standard library is a system header once it is precompiled, and reports the false
    # positives inside std::string that it keeps to itself otherwise (GCC bug 105651). The other presets keep all three.
    target_compile_options(tw_flags INTERFACE -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds)
  endif()
  file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/precompiled.cc CONTENT "// Carries the precompiled header.\nint main() {}\n")
  # Libraries are position independent code, programs position independent executables: one header each.
  add_library(tw_pch STATIC ${PROJECT_BINARY_DIR}/precompiled.cc)
  target_link_libraries(tw_pch PUBLIC tw_flags fmt::fmt Eigen3::Eigen tl::expected)
  target_precompile_headers(tw_pch PRIVATE ${TW_PCH_HEADERS})
  if(TRUCEWATCH_TESTS)
    add_executable(tw_test_pch ${PROJECT_BINARY_DIR}/precompiled.cc)
    target_link_libraries(tw_test_pch PRIVATE tw_flags fmt::fmt Eigen3::Eigen tl::expected GTest::gmock)
    target_compile_options(tw_test_pch PRIVATE $<$<CONFIG:Release>:-O1>)
    target_precompile_headers(tw_test_pch PRIVATE ${TW_PCH_HEADERS} <gmock/gmock.h> <gtest/gtest.h>)
  endif()
endif()

# tw_precompiled(target tw_pch|tw_test_pch)
function(tw_precompiled target from)
  if(TRUCEWATCH_PCH)
    target_precompile_headers(${target} REUSE_FROM ${from})
  endif()
endfunction()
