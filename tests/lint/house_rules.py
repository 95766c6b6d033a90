#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The repository's own rules as a test: include edges, rooms of third-party headers, size, names.

Prints each breach as file:line: sentence and exits 1 if there is one. `--self-test` shows that each rule can fail.
"""
import pathlib
import re
import sys

LAYER = {"core": 1, "ingest": 2, "detect": 2, "fusion": 2, "verify": 2, "evidence": 2, "tools": 3, "tests": 4}
STAGES = {name for name, layer in LAYER.items() if layer == 2}
MAX_LINES = 500

# Header -> the only folders that may include it (DESIGN.md section 2: a third-party header has one room).
ROOMS = [
    (re.compile(r"zmq(_addon)?\.h"), ("core/bus",)),
    (re.compile(r"libav|libsw"), ("core/media",)),
    (re.compile(r"gdal|ogr_|cpl_"), ("core/raster",)),
    (re.compile(r"sqlite3\.h"), ("core/journal",)),
    (re.compile(r"sodium\.h|openssl/"), ("core/crypto",)),
    (re.compile(r"opencv2/"), ("detect", "tools/simulate")),
    (re.compile(r"spdlog/"), ("core/log",)),
    (re.compile(r"prometheus/"), ("core/metrics",)),
    (re.compile(r"GeographicLib/"), ("core/geo",)),
    (re.compile(r"CLI/"), ("tools",)),
    (re.compile(r"httplib"), ("tools/trucewatch/http",)),
    (re.compile(r"nlohmann/"), ("core/json",)),
    (re.compile(r"pugi"), ("core/xml",)),
    (re.compile(r"zlib\.h"), ("core/archive",)),
]
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')
# Words that only the mission may use (DOMAIN.md word list).
FORBIDDEN_WORDS = re.compile(r'"[^"]*\b(hostile|enemy)\b[^"]*"', re.IGNORECASE)


def check_file(path, text):
    """Yields (line number, sentence) for one source file; `path` is relative to the root, with slashes."""
    top = path.split("/")[0]
    lines = text.splitlines()
    if not lines or "SPDX-License-Identifier: Apache-2.0" not in "".join(lines[:2]):
        yield 1, "no SPDX line"
    if len(lines) > MAX_LINES:
        yield len(lines), f"{len(lines)} lines; split it (at most {MAX_LINES})"
    if path.endswith(".h") and "#pragma once" not in text:
        yield 1, "a header without #pragma once"
    for number, line in enumerate(lines, 1):
        if re.search(r"\bTODO\b(?!\(#\d+\))", line):
            yield number, "TODO without an issue number"
        if re.search(r"\busing namespace std\b", line):
            yield number, "using namespace std"
        match = INCLUDE.match(line)
        if not match:
            continue
        header = match.group(2)
        folder = header.split("/")[0]
        if match.group(1) == '"' and folder in LAYER and top in LAYER:
            if LAYER[folder] > LAYER[top]:
                yield number, f"{top} includes {header}, which lies above it"
            if folder in STAGES and top in STAGES and folder != top:
                yield number, f"stages meet only as messages: {top} includes {header}"
        for pattern, rooms in ROOMS:
            if not pattern.match(header) or top == "tests":
                continue
            if not any(path.startswith(room + "/") for room in rooms):
                yield number, f"{header} belongs only into {', '.join(rooms)}"
            if path.endswith(".h") and top == "core" and "internal" not in path:
                yield number, f"{header} in a public header: keep it in the .cc"


# Two messages of one package with one name link only where nobody uses both; two types of one name in one namespace make
# one program of two meanings, and nobody says so.
MESSAGES = (r"^package ([\w.]+);", r"^(?:message|enum) (\w+)")
TYPES = (r"^namespace ([\w:]+) \{", r"^(?:struct|class|enum class) (\w+)(?: final)?(?: :[^;{]*)? \{")


def same_names(files, space_pattern, name_pattern):
    seen = {}
    for path, text in files.items():
        space = re.search(space_pattern, text, re.M)
        for match in re.finditer(name_pattern, text, re.M):
            key = (space.group(1) if space else "", match.group(1))
            if key in seen:
                yield f"{path}: '{match.group(1)}' is a name in {seen[key]} too"
            seen.setdefault(key, path)


def breaches(root):
    for folder in LAYER:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".h", ".cc") or not path.is_file():
                continue
            name = path.relative_to(root).as_posix()
            text = path.read_text(encoding="utf-8")
            for number, sentence in check_file(name, text):
                yield f"{name}:{number}: {sentence}"
    texts = lambda paths: {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in sorted(paths)}
    yield from same_names(texts(p for folder in LAYER for p in (root / folder).rglob("*.h")), *TYPES)
    yield from same_names(texts((root / "proto").rglob("*.proto")), *MESSAGES)
    for path in sorted((root / "verify").rglob("*.cc")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if FORBIDDEN_WORDS.search(line):
                yield f"{path.relative_to(root)}:{number}: a word the software never says"


def self_test():
    spdx = "// SPDX-License-Identifier: Apache-2.0\n"
    cases = [
        ("detect/a.cc", spdx + '#include "fusion/tracker.h"\n', "stages meet only"),
        ("core/geo/a.cc", spdx + '#include "verify/x.h"\n', "lies above"),
        ("fusion/a.cc", spdx + "#include <zmq.h>\n", "belongs only into core/bus"),
        ("core/bus/a.h", spdx + "#pragma once\n#include <zmq.hpp>\n", "keep it in the .cc"),
        ("core/a.h", spdx, "#pragma once"),
        ("core/a.cc", "int x;\n", "SPDX"),
        ("core/a.cc", spdx + "\n" * MAX_LINES, "split it"),
        ("core/a.cc", spdx + "// TO" + "DO later\n", "issue number"),
    ]
    for path, text, expected in cases:
        found = [sentence for _, sentence in check_file(path, text)]
        if not any(expected in sentence for sentence in found):
            print(f"self-test: {path!r} should give {expected!r}, gave {found}")
            return 1
    types = {"a/x.h": "namespace p {\nstruct M {\n};\n", "b/y.h": "namespace p {\nclass M final : public N {\n};\n"}
    if len(list(same_names(types, *TYPES))) != 1:
        print("self-test: a type's name used twice in a namespace was not found")
        return 1
    twice = {"a.proto": "package p;\nmessage M {\n}\n", "b.proto": "package p;\nenum M {\n}\n"}
    if len(list(same_names(twice, *MESSAGES))) != 1:
        print("self-test: a name used twice in a package was not found")
        return 1
    return 0


def main():
    if self_test():
        return 1
    found = list(breaches(pathlib.Path(".")))
    print("\n".join(found) if found else "house rules: clean")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
