#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a report page with Python's own HTML parser and names what is wrong with it."""
import html.parser
import sys

VOID = {"meta", "br", "img", "link", "input"}
SVG_LEAVES = {"path", "rect", "circle", "ellipse"}


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.links, self.problems, self.cell = [], set(), [], [], None

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag not in VOID:
            self.open.append(tag)
        self.look(tag, values)
        if tag == "td" and values.get("class") == "n":
            self.cell = ["", False]
        if tag == "a" and self.cell is not None:
            self.cell[1] = True

    def handle_startendtag(self, tag, attributes):
        self.look(tag, dict(attributes))

    def look(self, tag, values):
        if "id" in values:
            if values["id"] in self.ids:
                self.problems.append(f"id {values['id']} twice")
            self.ids.add(values["id"])
        if tag in ("script", "link", "iframe", "object", "embed", "form", "base"):
            self.problems.append(f"line {self.getpos()[0]}: <{tag}>")
        for name, value in values.items():
            if name.startswith("on"):
                self.problems.append(f"line {self.getpos()[0]}: {name}")
            if name in ("src", "href", "action", "data", "xlink:href"):
                if not value.startswith("#"):
                    self.problems.append(f"line {self.getpos()[0]}: {name}={value}")
                self.links.append(value[1:])
            if "url(" in (value or "") and "url(#" not in value:
                self.problems.append(f"line {self.getpos()[0]}: {value}")
            if "url(#" in (value or ""):
                self.links.append(value.split("url(#")[1].split(")")[0])

    def handle_data(self, data):
        if self.cell is not None:
            self.cell[0] += data
        if self.open and self.open[-1] == "style" and any(w in data for w in ("@import", "url(", "http")):
            self.problems.append("the style sheet loads something")

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.problems.append(f"line {self.getpos()[0]}: </{tag}> ends {self.open[-1:] or 'nothing'}")
            return
        self.open.pop()
        if tag == "td" and self.cell is not None:
            if any(c.isdigit() for c in self.cell[0]) and not self.cell[1]:
                self.problems.append(f"line {self.getpos()[0]}: figure {self.cell[0]!r} without a link")
            self.cell = None


page = Page()
page.feed(open(sys.argv[1], encoding="utf-8").read())
page.close()
if page.open:
    page.problems.append(f"not closed: {page.open}")
page.problems += [f"no target #{link}" for link in page.links if link not in page.ids]
for problem in page.problems:
    print(problem)
print(len(page.links), "links checked")
sys.exit(1 if page.problems or not page.links else 0)
