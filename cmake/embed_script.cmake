# SPDX-License-Identifier: Apache-2.0
# Writes a text file as a C++ array of characters; hexadecimal, so that any content survives.
file(READ ${IN} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
string(REGEX REPLACE "(('\\\\x[0-9a-f][0-9a-f]',)+)" "\\1" bytes "${bytes}")
file(WRITE ${OUT} "// Made by cmake/embed_script.cmake.\nnamespace trucewatch {\nextern const char ${VARIABLE}[];\nconst char ${VARIABLE}[] = {${bytes}'\\0'};\n}  // namespace trucewatch\n")
