#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Both checkers on case bundles, good and changed. usage: bundle_checkers_test.py TW_AUDIT_PEER.
TRUCEWATCH_MUTATIONS sets how many random changes it tries; tools/bench/tampering --bundle is the long form."""
import hashlib
import importlib.machinery
import importlib.util
import os
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.dont_write_bytecode = True
_loader = importlib.machinery.SourceFileLoader("tampering", str(ROOT / "tools/bench/tampering"))
tampering = importlib.util.module_from_spec(importlib.util.spec_from_loader("tampering", _loader))
_loader.exec_module(tampering)
PEER = pathlib.Path(sys.argv.pop(1)).resolve()
CHIEF, OTHER = 0x40, 0x60  # keys


class Bundles(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="trucewatch-test-"))
        self.case = self.folder / "case"
        self.peer = tampering.Peer(PEER)
        self.write("officers")

    def tearDown(self):
        self.peer.close()
        shutil.rmtree(self.folder)

    def write(self, audience):
        for item in self.folder.iterdir():
            shutil.rmtree(item) if item.is_dir() else item.unlink()
        tampering.write_case(PEER, self.folder, audience, 150000)
        self.good = {str(p.relative_to(self.case)): p.read_bytes() for p in self.case.rglob("*") if p.is_file()}

    def expect(self, wanted, what="."):
        cpp, python = tampering.bundle_verdicts(self.peer, self.case, self.folder)
        self.assertEqual((cpp[0], python[0]), (wanted, wanted), (cpp, python))
        self.assertRegex(cpp[1], what)
        self.assertRegex(python[1], what)

    def sign(self, text, key=CHIEF):
        """case.txt becomes the text, signed."""
        (self.case / "case.txt").write_bytes(tampering.sign_case(self.peer, self.folder, text, key))

    def text(self):
        return self.good["case.txt"].rpartition(b"\n\n")[0] + b"\n"

    def put(self, **changes):
        """Files get other bytes (None: go), and the officer signs that. Names with _ for / and . as given in NAMES."""
        lines = {line.split(b" ")[3].decode(): line for line in self.text().split(b"\n") if line.startswith(b"file ")}
        for name, data in changes["files"].items():
            path = self.case / name
            path.parent.mkdir(exist_ok=True)
            if data is None:
                path.unlink()
                del lines[name]
            else:
                path.write_bytes(data)
                plain = name in lines and lines[name].startswith(b"file -")
                digest = b"-" if plain else hashlib.sha256(data).hexdigest().encode()
                lines[name] = b"file %s %d %s" % (digest, len(data), name.encode())
        heading = b"\n".join(self.text().split(b"\n")[:5]) + b"\n"
        self.sign(heading + b"".join(lines[name] + b"\n" for name in sorted(lines)))

    def fault(self, what, files):
        """With these files, signed by the officer, it is refused; and it is good again without."""
        self.put(files=files)
        self.expect(4, what)
        for name in files:
            (self.case / name).unlink(missing_ok=True)
        for name in ["case.txt", *files]:
            if name in self.good:
                (self.case / name).write_bytes(self.good[name])

    def test_bundles_of_officers_and_parties_are_good(self):
        self.expect(0)
        report = tampering.checker.audit_bundle(str(self.case), tampering.policy_of(self.folder), (self.folder / "signer.vkey").read_bytes())
        self.assertEqual((report["raw"], report["signed_by"]), ("3 of 4 are in the bundle", ["chief"]))
        self.assertEqual([said["kind"] for said in report["entries"]], ["event_transition", "event_transition", "challenge", "release"])
        self.put(files={"note.txt": b"what an officer adds is signed too\n"})
        self.expect(0)
        self.write("parties")
        self.expect(0)
        self.write("recordings")
        self.expect(0)
        report = tampering.checker.audit_bundle(str(self.case), tampering.policy_of(self.folder), (self.folder / "signer.vkey").read_bytes())
        self.assertEqual((report["raw"], report["opened"], len(report["entries"])), ("3 of 4 are in the bundle", 3, 2))

    def test_1_a_list_that_is_not_as_described_or_not_signed_is_refused(self):
        text = self.text()
        lines = text.split(b"\n")
        for number, line in ((1, b"trucewatch case bundle v2"), (2, b"event C160032c95e496db45210a706c2ece5b"), (2, b"event x"),
                             (3, b"status OPERATIONAL"), (3, b"status exercise"), (4, b"audience public"), (5, b"ledger x"),
                             (5, lines[4].replace(b" 9", b" 09")), (6, b"file"), (6, lines[5] + b"/../x"), (6, lines[5].replace(b" ", b"  ", 1)),
                             (6, lines[5] + b"//x"), (6, lines[5].upper()), (7, lines[5]), (6, b"file - 38 agreement.txtpb"),
                             (6, b"file " + b"a" * 64 + b" 1 case.txt"), (7, b"")):
            with self.subTest(line=line):
                self.sign(b"\n".join(lines[: number - 1] + [line] + lines[number:]))
                self.expect(4, f"^case.txt: line {number}:")
        self.sign(b"\n".join(lines[:5]) + b"\n")
        self.expect(4, "^case.txt")
        self.sign(text, OTHER)
        self.expect(4, "signed by")
        (self.case / "case.txt").write_bytes(self.good["case.txt"].replace(b"officers", b"parties"))
        self.expect(4, "signature of chief")
        (self.case / "case.txt").unlink()
        self.expect(4, "^case.txt: is missing")
        (self.folder / "signer.vkey").write_text("chief\n")
        self.expect(3, "signer")

    def test_2_a_file_missing_added_changed_or_linked_is_refused(self):
        page = self.case / "index.html"
        page.write_bytes(self.good["index.html"] + b"x")
        self.expect(4, "^index.html")
        page.write_bytes(self.good["index.html"].replace(b"Case", b"case"))
        self.expect(4, "^index.html")
        page.unlink()
        self.expect(4, "^index.html: is missing")
        page.symlink_to("mission.txtpb")
        self.expect(4, "^index.html: is no plain file")
        page.unlink()
        page.write_bytes(self.good["index.html"])
        (self.case / "empty").mkdir()
        self.expect(0)
        (self.case / "empty/x").write_bytes(b"")
        self.expect(4, "^empty/x: is not in case.txt")

    def test_3_a_leaf_without_its_proof_and_a_proof_of_another_are_refused(self):
        good = self.good
        self.fault("leaves/5.tlog-proof", {"leaves/5.tlog-proof": None})
        self.fault("leaves/5.leaf", {"leaves/5.leaf": None})
        self.fault("leaves/5.tlog-proof", {"leaves/5.leaf": good["leaves/3.leaf"]})
        self.fault("leaves/5.tlog-proof", {"leaves/5.leaf": good["leaves/3.leaf"], "leaves/5.tlog-proof": good["leaves/3.tlog-proof"]})
        self.fault("leaves/05", {"leaves/05.leaf": good["leaves/5.leaf"], "leaves/05.tlog-proof": good["leaves/5.tlog-proof"]})
        self.fault("leaves/x", {"leaves/x": b""})
        for old, new in ((b" 9\n", b" 8\n"), (b"/test 9", b"/tess 9")):
            self.sign(self.text().replace(b"/test" + old if old[:1] == b" " else old, b"/test" + new if new[:1] == b" " else new))
            self.expect(4, "^leaves/0.tlog-proof")
        self.sign(self.text().replace(b"audience officers", b"audience parties"))
        self.expect(4, "^leaves/0.tlog-proof")

    def test_4_statements_that_do_not_say_what_the_leaves_say_are_refused(self):
        events = self.good["events.jsonl"]
        for old, new in ((b"VERIFIED", b"CONFIRMED"), (b'"count_max":11', b'"count_max":12'), (b'"count_max":11', b'"count_max":11.0'),
                         (b"no_convoys", b"other"), (b'"zone":"buffer"', b'"zone":"Buffer"'), (b'"ledger_index":3', b'"ledger_index":5'),
                         (b'"ledger_index":3', b'"ledger_index":4'), (b'"ledger_index":3', b'"ledger_index":"3"'), (b"EXERCISE", b"OPERATIONAL"),
                         (b'"event_id":"c1', b'"event_id":"d1'), (b'"count_max":11', b'"count_max":true'), (b'"count_max":11,', b""),
                         (b'"count_min":7', b'"count_min":7,"count_min":7'), (b"0.5e0", b"NaN"), (b"0.5e0", b"0.5e"), (b"0.5e0", b"05"),
                         (b"[]", b"[1,]"), (b"[]", b"[" * 2000), (b"\\ud83d", b"\\ud83"), (b"Zone", b"Zo\xffne"), (b"Zone", b"Zo\tne"), (b"}\n", b"}x\n"),
                         (b"}\n", b"\n"), (b"}\n", b"}\n\n")):
            with self.subTest(new=new):
                self.fault("^events.jsonl: line [1-5]:", {"events.jsonl": events.replace(old, new)})
        lines = events.split(b"\n")
        self.fault("leaf 7", {"events.jsonl": b"\n".join(lines[:3]) + b"\n"})
        self.fault("^events.jsonl", {"events.jsonl": b"\n".join([lines[1], lines[0], *lines[2:]])})
        self.fault("^events.jsonl", {"events.jsonl": events[:-1]})
        self.fault("^events.jsonl", {"events.jsonl": b""})
        self.fault("events.jsonl", {"events.jsonl": None})
        for old, new in ((b"Zone", b"\\\"Z\\u006fne\\ud83d"), (b"0.5e0", b"-1.25E+3"), (b"[]", b" [ [ ] , { } , null ] "), (b"\\u00e9", b"\xc3\xa9"),
                         (b'"count_min":7', b'"coun\\u0074_min":7'), (b"VERIFIED", b"VERIF\\u0049ED"), (b"0.5e0", b"9" * 4000)):
            self.put(files={"events.jsonl": events.replace(old, new)})
            self.expect(0)
        self.write("parties")
        events = self.good["events.jsonl"]
        for old, new in ((b"candidate", b"verified"), (b'"state"', b' "state"'), (b'"ledger_index":71', b'"ledger_index":73'), (b",", b", ")):
            self.fault("^events.jsonl: line 1:", {"events.jsonl": events.replace(old, new, 1)})
        self.fault("leaf 73", {"events.jsonl": events.split(b"\n")[0] + b"\n"})

    def test_5_other_texts_than_those_of_the_mission_header_are_refused(self):
        for name in ("agreement.txtpb", "mission.txtpb"):
            self.fault(f"^{name}", {name: self.good[name] + b"\n"})
            self.fault(name, {name: None})
        self.fault("mission header", {"leaves/0.leaf": None, "leaves/0.tlog-proof": None})

    def test_6_records_that_do_not_fill_their_files_or_have_other_bytes_are_refused(self):
        records, where = self.good["raw/records.jsonl"], "^raw/records.jsonl: line [0-9]+:"
        lines = records.split(b"\n")
        swapped = b"\n".join([lines[1], lines[0], *lines[2:]])
        for new in (records.replace(b'"offset":65424', b'"offset":65423'), records.replace(b'"length":65424', b'"length":165424'), swapped,
                    records.replace(b'"length":100', b'"length":-100'), records.replace(b'"drone1.bin"', b'"drone2.bin"', 1), records + b"x\n",
                    re.sub(rb'"sha256":"(.)', lambda m: b'"sha256":"' + (b"1" if m[1] == b"0" else b"0"), records, count=1),
                    records.replace(b'"offset":0', b'"offset":-0.0'), b"\n".join(lines[1:]), records.replace(b'"offset":0', b'"offset":false')):
            self.fault(where, {"raw/records.jsonl": new})
        self.fault("^raw/gsr1.bin", {"raw/records.jsonl": b"\n".join(lines[:-2]) + b"\n"})
        self.fault("records.jsonl", {"raw/records.jsonl": None})
        for name in ("raw/drone1.bin", "raw/gsr1.bin"):
            self.fault("raw/", {name: self.good[name][:-1]})
            self.fault("^raw/", {name: self.good[name] + b"x"})
            for data in (self.good[name][:-1], self.good[name] + b"x", self.good[name][:1000] + b"x" + self.good[name][1001:]):
                (self.case / name).write_bytes(data)  # and nobody signed it
                self.expect(4, "^raw/")
            (self.case / name).write_bytes(self.good[name])
            self.expect(0)

    def test_7_an_entry_that_is_not_what_its_commitment_commits_to_opens_nothing(self):
        self.write("recordings")
        good = self.good
        leaf, salt = good["opened/13.leaf"], good["opened/13.salt"]
        self.fault("^opened/13", {"opened/13.leaf": leaf[:-1]})
        self.fault("^opened/13", {"opened/13.salt": salt[:-1] + bytes([salt[-1] ^ 1])})
        self.fault("^opened/13", {"opened/13.salt": salt + b"x"})
        self.fault("^opened/13", {"opened/13.salt": b""})
        self.fault("opened/13", {"opened/13.salt": None})
        self.fault("opened/13", {"opened/13.leaf": None})
        self.fault("^opened/1", {"opened/13.leaf": good["opened/17.leaf"], "opened/17.leaf": leaf})
        # Of an entry that is a statement, or that is not here.
        for name in ("opened/71", "opened/12"):
            self.fault(f"^{name}", {f"{name}.leaf": leaf, f"{name}.salt": salt})
        for name in ("opened/013.leaf", "opened/13.leaf2", "opened/x/13.leaf", "opened/README"):
            with self.subTest(name=name):
                self.put(files={name: leaf})
                self.expect(4, "^opened/")
                (self.case / name).unlink()
                shutil.rmtree(self.case / "opened/x", ignore_errors=True)
        self.fault("leaf 13|leaves/13", {"leaves/13.leaf": None, "leaves/13.tlog-proof": None})
        records = good["raw/records.jsonl"]
        self.fault("^raw/records.jsonl: line 1:", {"raw/records.jsonl": records.replace(b'"offset":0', b'"offset":1', 1)})

    def test_7_recordings_that_no_opened_entry_releases_are_refused(self):
        self.write("recordings")
        gone = {"opened/17.leaf": None, "opened/17.salt": None}
        self.fault("^raw/.*releases", gone)
        without_raw = {name: None for name in self.good if name.startswith("raw/")}
        self.put(files=gone | without_raw)  # an entry alone may be opened
        self.expect(0)
        self.write("parties")
        for name in ("raw/x.bin", "raw/records.jsonl", "video/x.ts"):
            self.fault(f"^{name}: .*releases", {name: b""})

    def test_random_mutations_get_one_verdict(self):
        count = int(os.environ.get("TRUCEWATCH_MUTATIONS", "120"))
        for audience in ("officers", "parties", "recordings"):
            self.write(audience)
            said = []
            result, kinds = tampering.run_bundle(PEER, self.folder, count, 7, out=lambda line, **_: said.append(line))
            self.assertEqual((result["missed"], result["differ"], result["mutations"]), (0, 0, count), "\n".join(said[:5]))
            self.assertGreaterEqual(len(kinds), 8)


if __name__ == "__main__":
    unittest.main()
