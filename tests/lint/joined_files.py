#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A target's files are compiled a few together (cmake/modules.cmake, tw_joined) and then share one anonymous namespace.

Two of them with the same local name may still compile, and call the wrong one. So a local name occurs in one file of a
target's SOURCES, and no other of them has it from elsewhere (`using testing::Name;`); a file that wants to keep its own goes under SEPARATE. Prints each breach and exits 1 if there is one.
`--self-test` alone shows that it finds one.
"""
import collections
import pathlib
import re
import sys

CALL = re.compile(r"\btw_(?:module|test)\(([^)]*)\)", re.DOTALL)
KEYWORDS = {"SOURCES", "SEPARATE", "DEPS", "EXTERNAL", "EXTERNAL_PRIVATE", "LABEL", "TIMEOUT"}
NOT_A_NAME = re.compile(r"(TEST|TEST_F|TEST_P|INSTANTIATE_\w+|MATCHER\w*)\(|namespace|template|using (namespace |enum |[\w:]+;)|return|\w+: |[}/#]")
TYPE = re.compile(r"(?:struct|class|enum class|enum|using)\s+(\w+)")
USED = re.compile(r"^using [\w:]+::(\w+);", re.MULTILINE)
FURTHER = re.compile(r",\s*(k[A-Z]\w*)\s*=")  # constexpr double kA = 1, kB = 2;
VALUE = re.compile(r"[A-Za-z_][\w:<>,&*\s\[\]]*?[\s*&](\w+)\s*(?:[(={\[;]|$)")


def local_names(text):
    """Names declared at the first column inside `namespace {` ... `}  // namespace`."""
    inside, names = False, set()
    for line in text.splitlines():
        if line == "namespace {":
            inside = True
        elif line == "}  // namespace":
            inside = False
        elif inside and not NOT_A_NAME.match(line):
            match = TYPE.match(line) or VALUE.match(line)
            if match:
                names.add(match.group(1))
            if line.startswith("constexpr "):
                names.update(FURTHER.findall(line))
    return names


def calls(text):
    """(target, its joined sources) of every tw_module and tw_test in a CMakeLists.txt."""
    for call in CALL.finditer(text):
        words = call.group(1).split()
        keyword, sources = None, []
        for word in words[1:]:
            if word in KEYWORDS:
                keyword = word
            elif keyword == "SOURCES":
                sources.append(word)
        yield words[0], sources


def breaches(target, texts):
    """`texts`: file name -> text of one target's joined sources."""
    owners, users = collections.defaultdict(list), collections.defaultdict(list)
    for name, text in texts.items():
        for local in local_names(text):
            owners[local].append(name)
        for used in USED.findall(text):
            users[used].append(name)
    for local, files in sorted(owners.items()):
        files = files + [user for user in users[local] if user not in files]
        if len(files) > 1:
            yield f"{target}: {local} is local to {' and '.join(files)}: rename it, or list all but one under SEPARATE"


def self_test():
    one = "namespace {\nint Twice(int x) { return 2 * x; }\nconstexpr double kLeast = 0, kLimit = 1;\n}  // namespace\n"
    two = "namespace {\nusing testing::Eq;\nlong Twice(\n    long x);\nstruct Row {\n};\n}  // namespace\n"
    three = "namespace {\nusing testing::kLimit;\n}  // namespace\n"
    found = list(breaches("t", {"one.cc": one, "two.cc": two, "three.cc": three}))
    return [] if len(found) == 2 and "Twice" in found[0] and "kLimit" in found[1] else [f"self-test: {found}"]


def main():
    found = self_test()
    root = pathlib.Path(".")
    for lists in [] if sys.argv[1:] == ["--self-test"] else sorted(root.glob("*/**/CMakeLists.txt")):
        if lists.parts[0] == "build":
            continue
        for target, sources in calls(lists.read_text(encoding="utf-8")):
            paths = {source: lists.parent / source for source in sources}
            texts = {source: path.read_text(encoding="utf-8") for source, path in paths.items() if path.is_file()}
            found += breaches(f"{lists}: {target}", texts)
    print("\n".join(found) if found else "joined files: clean")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
