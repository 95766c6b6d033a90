# SPDX-License-Identifier: Apache-2.0
# tw_embed(target file variable): makes the text of `file` available as `extern const char variable[]` in trucewatch::.
function(tw_embed target file variable)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${variable}.cc)
  set(script ${PROJECT_SOURCE_DIR}/cmake/embed_script.cmake)
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DIN=${CMAKE_CURRENT_SOURCE_DIR}/${file} -DOUT=${out} -DVARIABLE=${variable} -P ${script}
    DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${file} ${script}
    VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()
