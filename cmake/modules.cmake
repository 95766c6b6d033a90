# SPDX-License-Identifier: Apache-2.0
# tw_module, tw_test, and the layer rule: proto(0) <- core(1) <- ingest detect fusion verify evidence(2) <- tools(3).
# Stages (layer 2) never depend on one another: they meet only as messages.
include(GNUInstallDirs)

set(TW_LAYER_proto 0)
set(TW_LAYER_core 1)
foreach(stage ingest detect fusion verify evidence)
  set(TW_LAYER_${stage} 2)
endforeach()
set(TW_LAYER_tools 3)

# Modules whose lines tools/coverage counts: those that read what a sensor or an operator sends. The others are built as
# ever, so that a count needs no second build of everything.
set(TW_COVERED_MODULES core/archive core/config core/media core/xml ingest/asterix ingest/klv ingest/radar ingest/satellite
    ingest/video)

# Joined builds (the release, bench and fuzz presets): a target's files are compiled together, which reads their common headers
# and makes their common templates once (docs/decisions/0017). Files then share one anonymous namespace, so a local name occurs
# once in a target (tests/lint/joined_files.py tells); a file that must keep its own stands under SEPARATE and is compiled alone.
option(TRUCEWATCH_JOINED "Compile a target's files a few together" OFF)
function(tw_joined target)
  cmake_parse_arguments(ARG "" "" "SEPARATE" ${ARGN})
  if(TRUCEWATCH_JOINED)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 30)
    # An included .cc counts as a header for this warning.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
    if(ARG_SEPARATE)
      set_source_files_properties(${ARG_SEPARATE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
  endif()
endfunction()

# tw_module(core/time SOURCES a.cc ... DEPS core/base ... [EXTERNAL fmt::fmt ...] [EXTERNAL_PRIVATE ...])
# makes the library target tw_core_time. Headers are found through the sources' folder; EXTERNAL is for
# third-party targets whose headers appear in ours, EXTERNAL_PRIVATE for those that do not.
function(tw_module path)
  cmake_parse_arguments(ARG "" "" "SOURCES;SEPARATE;DEPS;EXTERNAL;EXTERNAL_PRIVATE" ${ARGN})
  tw_target_name(${path} target)
  add_library(${target} STATIC ${ARG_SOURCES} ${ARG_SEPARATE})
  tw_joined(${target} SEPARATE ${ARG_SEPARATE})
  target_link_libraries(${target} PUBLIC tw_flags ${ARG_EXTERNAL} PRIVATE ${ARG_EXTERNAL_PRIVATE})
  tw_precompiled(${target} tw_pch)
  foreach(dep ${ARG_DEPS})
    tw_target_name(${dep} dep_target)
    target_link_libraries(${target} PUBLIC ${dep_target})
  endforeach()
  if(TRUCEWATCH_COVERAGE AND path IN_LIST TW_COVERED_MODULES)
    target_compile_options(${target} PRIVATE --coverage -O0)
    target_link_options(${target} INTERFACE --coverage)
  endif()
  set_property(GLOBAL APPEND PROPERTY TW_MODULES ${path})
  set_property(GLOBAL PROPERTY TW_DEPS_${path} "${ARG_DEPS}")
endfunction()

# tw_test(core/time instant_test.cc ... [DEPS ...] [EXTERNAL ...] [LABEL unit])
# makes the program core_time_test from tests/core/time/*.cc and one ctest entry per case.
function(tw_test path)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT;COST" "SOURCES;SEPARATE;DEPS;EXTERNAL" ${ARGN})
  string(REPLACE "/" "_" name ${path})
  set(target ${name}_test)
  add_executable(${target} ${ARG_SOURCES} ${ARG_SEPARATE})
  tw_joined(${target} SEPARATE ${ARG_SEPARATE})
  target_link_libraries(${target} PRIVATE tw_flags tw_tests_support GTest::gmock GTest::gtest_main ${ARG_EXTERNAL})
  # What is tested is built as it ships; the tests themselves need no -O3, which costs a quarter of the whole build.
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  tw_precompiled(${target} tw_test_pch)
  foreach(dep ${ARG_DEPS})
    tw_target_name(${dep} dep_target)
    target_link_libraries(${target} PRIVATE ${dep_target})
  endforeach()
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  # One ctest entry a program: starting a process per case costs more than the unit tests themselves.
  add_test(NAME ${target} COMMAND ${target} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${target} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
  # About how many seconds it takes, of the long ones: ctest begins with these, so that none runs alone at the end.
  if(ARG_COST)
    set_tests_properties(${target} PROPERTIES COST ${ARG_COST})
  endif()
endfunction()

function(tw_target_name path out)
  string(REPLACE "/" "_" name ${path})
  set(${out} tw_${name} PARENT_SCOPE)
endfunction()

function(tw_check_layers)
  get_property(modules GLOBAL PROPERTY TW_MODULES)
  foreach(module ${modules})
    string(REGEX MATCH "^[^/]+" folder ${module})
    get_property(deps GLOBAL PROPERTY TW_DEPS_${module})
    foreach(dep ${deps})
      string(REGEX MATCH "^[^/]+" dep_folder ${dep})
      if(NOT DEFINED TW_LAYER_${folder} OR NOT DEFINED TW_LAYER_${dep_folder})
        message(FATAL_ERROR "${module} -> ${dep}: a folder without a layer (cmake/modules.cmake)")
      endif()
      if(TW_LAYER_${dep_folder} GREATER TW_LAYER_${folder})
        message(FATAL_ERROR "Layering: ${module} may not depend on ${dep}, which lies above it")
      endif()
      if(TW_LAYER_${folder} EQUAL 2 AND TW_LAYER_${dep_folder} EQUAL 2 AND NOT folder STREQUAL dep_folder)
        message(FATAL_ERROR "Layering: stages meet only as messages; ${module} may not depend on ${dep}")
      endif()
    endforeach()
  endforeach()
endfunction()
