# SPDX-License-Identifier: Apache-2.0
# One INTERFACE target carries every flag, so a module cannot forget them.
find_program(CCACHE ccache)
if(CCACHE)
  # A precompiled header is part of what ccache hashes only when it is told so.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()

add_library(tw_flags INTERFACE)
target_include_directories(tw_flags INTERFACE ${PROJECT_SOURCE_DIR})
# -ffp-contract=off: a brain must give the same doubles whatever the compiler would fuse (DESIGN rule 2).
target_compile_options(tw_flags INTERFACE -ffp-contract=off)
target_compile_options(tw_flags INTERFACE -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor)
if(TRUCEWATCH_WERROR)
  target_compile_options(tw_flags INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports false positives of these two inside libstdc++ at -O2 (GCC bugs 105329 and 105562).
  target_compile_options(tw_flags INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
  # Sixty programs are linked in a build; gold (part of binutils) takes a fifth of the time of the default linker.
  target_link_options(tw_flags INTERFACE -fuse-ld=gold)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # clang's -Wconversion brings -Wsign-conversion; GCC's, for C++, does not, and it only restates `unsigned & int`.
  target_compile_options(tw_flags INTERFACE -Wno-sign-conversion)
endif()
if(TRUCEWATCH_SANITIZE)
  target_compile_options(tw_flags INTERFACE -fsanitize=${TRUCEWATCH_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(tw_flags INTERFACE -fsanitize=${TRUCEWATCH_SANITIZE})
endif()
if(TRUCEWATCH_FUZZERS)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "TRUCEWATCH_FUZZERS needs clang: cmake --preset fuzz")
  endif()
  # Coverage feedback in every library of ours; the programs add libFuzzer itself (tests/fuzz/CMakeLists.txt).
  # UBSan only prints by default; a fuzzer must stop at the input that did it.
  set(TW_FUZZ_FLAGS -fsanitize=fuzzer-no-link -fno-sanitize-recover=all)
  target_compile_options(tw_flags INTERFACE ${TW_FUZZ_FLAGS})
  target_link_options(tw_flags INTERFACE ${TW_FUZZ_FLAGS})
endif()
