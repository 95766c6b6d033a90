#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Both checkers on ledgers of the real writer, good and changed. usage: both_checkers_test.py TW_AUDIT_PEER TRUCEWATCH.
tools/bench/tampering is the long form; TRUCEWATCH_MUTATIONS sets how many this one tries."""
import base64
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.dont_write_bytecode = True
_loader = importlib.machinery.SourceFileLoader("tampering", str(ROOT / "tools/bench/tampering"))
tampering = importlib.util.module_from_spec(importlib.util.spec_from_loader("tampering", _loader))
_loader.exec_module(tampering)
checker = tampering.checker
PEER, TRUCEWATCH = (pathlib.Path(sys.argv.pop(1)).resolve() for _ in range(2))
CHECKER = ROOT / "tools/audit/trucewatch_audit.py"


class BothCheckers(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="trucewatch-test-"))
        self.peer = None

    def tearDown(self):
        if self.peer:
            self.peer.close()
        shutil.rmtree(self.folder)

    def write(self, entries, sizes):
        if self.peer:
            self.peer.close()
        tampering.write_ledger(PEER, self.folder, entries, sizes)
        self.peer = tampering.Peer(PEER)
        self.entries = entries

    def expect(self, wanted, seen=None, python=None, cpp=None):
        """Both say `wanted`, and in words what the patterns say."""
        ledger, policy = self.folder / "ledger", self.folder / "policy.txt"
        seen = self.folder / f"checkpoint.{seen or self.entries}"
        self.peer.ask([ledger], policy, seen)
        code, sentence = self.peer.verdict()
        python_code, python_sentence = tampering.python_verdict(ledger, policy, seen)
        self.assertEqual((code, python_code), (wanted, wanted), (sentence, python_sentence))
        self.assertRegex(sentence, cpp or ".")
        self.assertRegex(python_sentence, python or cpp or ".")

    def test_random_mutations_get_one_verdict(self):
        count = int(os.environ.get("TRUCEWATCH_MUTATIONS", "80"))
        for entries, sizes in ((256, [85, 192]), (300, [200, 270, 290])):
            folder = self.folder / str(entries)
            folder.mkdir()
            tampering.write_ledger(PEER, folder, entries, sizes, cosigned=entries == 300)
            said = []
            result, kinds = tampering.run(PEER, folder, entries, count, 7, out=lambda line, **_: said.append(line))
            self.assertEqual((result["missed"], result["differ"]), (0, 0), "\n".join(said[:5]))
            self.assertEqual(result["mutations"], count)
            self.assertGreaterEqual(len(kinds), 13)

    def test_ledgers_of_any_size_are_good(self):
        for entries, sizes in ((1, []), (255, [7]), (257, [200, 256]), (513, [512])):
            with self.subTest(entries=entries):
                shutil.rmtree(self.folder)
                self.folder.mkdir()
                self.write(entries, sizes)
                for seen in sizes + [entries]:
                    self.expect(0, seen)

    def test_a_ledger_cut_back_and_a_replaced_one_are_found_with_a_checkpoint_that_was_seen(self):
        self.write(40, [30])
        shutil.copy(self.folder / "checkpoint.30", self.folder / "ledger/checkpoint")
        self.expect(0, seen=30)
        self.expect(4, seen=40, cpp="the ledger was cut back")
        fork = self.folder / "fork"
        fork.mkdir()
        tampering.write_ledger(PEER, fork, 40, [30], "fork")
        shutil.rmtree(self.folder / "ledger")
        shutil.copytree(fork / "ledger", self.folder / "ledger")
        self.expect(4, seen=30, cpp="history was replaced")
        self.expect(4, seen=40, cpp="history was replaced")

    def test_an_older_partial_file_may_be_missing_but_never_say_another_thing(self):
        self.write(40, [30])
        for name in ("tile/0/000.p/30", "tile/entries/000.p/30"):
            path = self.folder / "ledger" / name
            data = path.read_bytes()
            path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
            self.expect(4, cpp=name)
            path.unlink()
            self.expect(0)

    def test_leftovers_of_a_writer_that_died_are_not_judged_and_other_files_are_refused(self):
        self.write(40, [])
        ledger = self.folder / "ledger"
        for name in ("checkpoint.tmp", "tile/0/000.p/41", "tile/0/000", "tile/1/000.p/1", "tile/entries/001.p/9"):
            (ledger / name).parent.mkdir(parents=True, exist_ok=True)
            (ledger / name).write_bytes(b"torn")
        (ledger / "tile/2").mkdir()
        self.expect(0)
        for name in ("README", "tile/README", "tile/0/000.p/0", "tile/entries/0", "tile/2/x"):
            (ledger / name).write_bytes(b"")
            self.expect(4, cpp=f"{name}: a ledger has no such file")
            (ledger / name).unlink()
        (ledger / "tile/0/001").symlink_to(ledger / "checkpoint")
        self.expect(4, cpp="tile/0/001: is no plain file")

    def test_a_parties_ledger_is_checked_as_well(self):
        tampering.write_ledger(PEER, self.folder, 300, [270], "parties")
        self.peer, self.entries = tampering.Peer(PEER), 300
        self.expect(0, seen=270)
        report = checker.audit(str(self.folder / "ledger"), checker.Policy((self.folder / "policy.txt").read_bytes()))
        self.assertEqual(report["kinds"], {"commitment": 263, "statement_event": 37})
        said = []
        result, _ = tampering.run(PEER, self.folder, 300, 60, 5, out=lambda line, **_: said.append(line))
        self.assertEqual((result["missed"], result["differ"]), (0, 0), "\n".join(said[:5]))

    def test_what_is_not_there_is_said(self):
        self.write(40, [])
        (self.folder / "ledger/checkpoint").unlink()
        self.expect(4, cpp="checkpoint: is missing")
        shutil.rmtree(self.folder / "ledger")
        self.expect(3, cpp="no such folder")

    def expect_proof(self, wanted, proof, leaf):
        """Both give this verdict on these bytes."""
        names = [self.folder / "p.tlog-proof", self.folder / "p.leaf", self.folder / "policy.txt"]
        names[0].write_bytes(proof)
        names[1].write_bytes(leaf)
        self.peer.ask(["proof"], names[0], f"{names[1]}\t{names[2]}")
        code, sentence = self.peer.verdict()
        try:
            checker.audit_proof(proof, leaf, checker.Policy(names[2].read_bytes()))
            python_code, python_sentence = 0, "good"
        except checker.Refused as refusal:
            python_code, python_sentence = 4, str(refusal)
        self.assertEqual((code, python_code), (wanted, wanted), (sentence, python_sentence, proof, leaf))

    def test_a_proof_holds_for_its_leaf_and_for_nothing_else(self):
        self.write(70, [])
        chosen = [0, 1, 63, 64, 68, 69]
        subprocess.run([PEER, "prove", self.folder, *map(str, chosen)], check=True)
        pairs = [[(self.folder / f"{n}{ending}").read_bytes() for ending in (".tlog-proof", ".leaf")] for n in chosen]
        for proof, leaf in pairs:
            self.assertLess(len(proof), 4096)
            self.expect_proof(0, proof, leaf)
            self.expect_proof(0, proof.replace(b"\nindex", b"\nextra AAAA\nindex"), leaf)
        proof, leaf = pairs[2]
        self.expect_proof(4, proof, pairs[3][1])
        source = random.Random(3)
        for data in range(2):
            for at in range(0, len(pairs[2][data]), 11):
                changed = [bytearray(proof), bytearray(leaf)]
                changed[data][at] ^= 1 << source.randrange(8)
                self.expect_proof(4, *map(bytes, changed))
        lines = proof.split(b"\n")
        for changed in (b"", proof[:100], proof[:-1], proof + b"\n", proof.replace(b"index 63", b"index 063"),
                        proof.replace(b"index 63", b"index 64"), proof.replace(b"index 63", b"index 18446744073709551679"),
                        proof.replace(b"\nindex", b"\nextra AA\nindex"), proof.replace(b"\nindex", b"\nextra\nindex"),
                        proof.replace(b"\n", b"\r\n"), b"\n".join(lines[:3] + lines[2:]), b"\n".join(lines[:2] + lines[3:]),
                        b"\n".join(lines[:2] + lines[2:3] * 64 + lines[2:]), b"\n".join([lines[0], lines[1], b""] + lines[2:])):
            self.expect_proof(4, changed, leaf)

    def test_leaves_say_the_same_to_both(self):
        """Leaves that a log with the key may sign and that are none: each in a tree of one, proved by a checkpoint of its own."""
        party, mark = checker.PARTY_TAG, b'"status":"EXERCISE"'
        self.write(1, [])
        good = b'{"statement":"event",' + mark + b',"x":1}'
        cases = [(0, party + b"\x01" + bytes(32)), (4, party + b"\x01" + bytes(31)), (4, party + b"\x01" + bytes(33)), (4, party),
                 (4, party[:-1]), (4, party + b"\x03" + bytes(32)), (0, party + b"\x02" + good), (4, party + b"\x02" + good[:-1]),
                 (4, party + b"\x02" + good.replace(b"EXERCISE", b"OPERATIONAL")), (4, party + b"\x02" + good.replace(b"event", b"")),
                 (4, party + b"\x02" + good.replace(b"event", b"Event")), (4, party + b"\x02{}"), (4, party + b"\x02" + good[:20]),
                 (4, party + b"\x02" + b'{"statement":"event",' + mark + b"}"), (4, party + b"\x02"), (4, b""),
                 (0, checker.LEAF_TAG + b"\x02\x3a\x00"), (4, checker.LEAF_TAG + b"\x00\x3a\x00"), (4, checker.LEAF_TAG + b"\x01"),
                 (4, checker.LEAF_TAG + b"\x01\x3a\x01"), (4, checker.LEAF_TAG + b"\x01\x12\x00"), (4, checker.LEAF_TAG + b"\x01\x0a\x00"),
                 (0, checker.LEAF_TAG + b"\x01\x0a\x02\x10\x01"), (0, checker.LEAF_TAG + b"\x01\x0a\x02\x10\x01\xa2\x06\x01x"),
                 (0, checker.LEAF_TAG + b"\x01\x0a\x00\x0a\x02\x10\x01"), (4, checker.LEAF_TAG + b"\x01\x0a\x02\x10\x01\x4a\x00"),
                 (4, checker.LEAF_TAG + b"\x01\x0a\x02\x10\x01\x4b"), (4, checker.LEAF_TAG + b"\x01\x0a\x04\x10\x01\x0a\x01"),
                 (4, checker.LEAF_TAG + b"\x01\x0a\x05\x10\x01\x0a\x01\xff"), (4, checker.LEAF_TAG + b"\x01\x02\x00")]
        for wanted, leaf in cases:
            root = base64.b64encode(checker.leaf_hash(leaf)).decode()
            self.peer.ask(["sign"], self.folder, root)
            self.assertEqual(self.peer.verdict()[0], 0)
            note = (self.folder / "signed.note").read_bytes()
            with self.subTest(leaf=leaf):
                self.expect_proof(wanted, b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + note, leaf)

    def test_changed_policies_and_checkpoints_get_one_verdict(self):
        """Grammar at its edges: lines out of order, repeated, with odd white space; names that signed-note forbids."""
        tampering.write_ledger(PEER, self.folder, 1, [], cosigned=True)
        self.peer = tampering.Peer(PEER)
        ledger, policy, seen = (self.folder / name for name in ("ledger", "policy.txt", "checkpoint.1"))
        good_policy, good_note = policy.read_bytes(), (ledger / "checkpoint").read_bytes()
        source = random.Random(4)
        lines = [b"# c", b"", b"quorum none", b"quorum N1", b"group g 1 N1 N2", b"group h any N1", b"group g 3 N1 N2", b"group none any N1",
                 b"quorum g", b"witness N1 x", b"log x", b"group i all g N1", b"group j 01 N1", b"group k +1 N1", b"foo", b"log"]
        pieces = [b"\n", b" ", b"\t", b"\r", b"\x00", b"\x7f", b"+", b"=", b"A", b"\xe2\x80\x94", b"\xc2\xa0", b"\xe2\x80\x83", b"\xc2\x85",
                  b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x80\x94 other.example/x AAAAAAAA\n"]

        def changed(data, extra):
            parts = data.split(b"\n")
            i, j = source.randrange(len(parts)), source.randrange(len(parts))
            what = source.randrange(5)
            if what == 0:
                parts[i], parts[j] = parts[j], parts[i]
            elif what == 1:
                parts.insert(i, parts[j])
            elif what == 2:
                parts.insert(i, source.choice(extra))
            data = bytearray(b"\n".join(parts))
            at = source.randrange(len(data))
            if what == 3:
                data[at] ^= 1 << source.randrange(8)
            elif what == 4:
                data[at:at] = source.choice(pieces)
            return bytes(data)

        codes = {0: 0, 3: 0, 4: 0}
        for round_number in range(200):
            of_policy = round_number % 2 == 0
            changed_policy = changed(changed(good_policy, lines), lines) if of_policy else good_policy
            changed_note = good_note if of_policy else changed(changed(good_note, pieces), pieces)
            policy.write_bytes(changed_policy)
            (ledger / "checkpoint").write_bytes(changed_note)
            self.peer.ask([ledger], policy, seen)
            cpp, python = self.peer.verdict(), tampering.python_verdict(ledger, policy, seen)
            self.assertEqual(cpp[0], python[0], (cpp, python, changed_policy if of_policy else changed_note))
            codes[cpp[0]] += 1
        self.assertGreater(min(codes.values()), 0, codes)

    def run_program(self, *words):
        return subprocess.run(words, capture_output=True, text=True, check=False, cwd=self.folder)

    def test_the_programs_export_and_check_a_proof_and_say_what_is_wrong(self):
        self.write(31, [])
        made = self.run_program(TRUCEWATCH, "export", "proof", ".", "30", "--out", "e.tlog-proof", "--leaf", "e.leaf")
        self.assertEqual(made.returncode, 0, made.stderr)
        beyond = self.run_program(TRUCEWATCH, "export", "proof", ".", "31", "--out", "f.tlog-proof")
        self.assertEqual((beyond.returncode, (self.folder / "f.tlog-proof").exists()), (2, False))
        self.assertIn("entry 31: the ledger has 31 entries, 0 to 30", beyond.stderr)
        self.assertEqual(self.run_program(TRUCEWATCH, "export", ".", "--out", "x").returncode, 2)  # no --format
        for program in ([TRUCEWATCH, "audit"], [sys.executable, CHECKER]):
            with self.subTest(program=program):
                proof = ["--proof", "e.tlog-proof", "--leaf", "e.leaf", "--policy", "policy.txt"]
                good = self.run_program(*program, *proof)
                self.assertEqual(good.returncode, 0, good.stderr)
                self.assertIn("event_transition verified", good.stdout)
                self.assertIn("verdict: good; the leaf is entry 30 of the ledger\n", good.stdout)
                (self.folder / "other.leaf").write_bytes((self.folder / "e.leaf").read_bytes() + b"x")
                proof[3] = "other.leaf"
                self.assertEqual(self.run_program(*program, *proof).returncode, 4)
                for code, words in [(0, ["ledger", "--policy", "policy.txt"]), (3, ["none", "--policy", "policy.txt"]),
                                    (3, ["ledger", "--policy", "none"]), (2, ["ledger"]), (2, ["--policy", "policy.txt"]),
                                    (0, ["ledger", "--policy=policy.txt", "--seen", "ledger/checkpoint"]),
                                    (2, [*proof, "--seen", "ledger/checkpoint"]), (2, ["ledger", "ledger", "--policy", "policy.txt"]),
                                    (2, ["ledger", "--policy"]), (2, ["ledger", "--policy", "policy.txt", "--sen", "x"]),
                                    (2, ["ledger", *proof]), (2, ["--policy", "policy.txt", "--proof", "e.tlog-proof"])]:
                    done = self.run_program(*program, *words)
                    self.assertEqual(done.returncode, code, (words, done.stdout, done.stderr))
        done = self.run_program(sys.executable, CHECKER, "ledger", "--policy", "policy.txt", "--json")
        report = json.loads(done.stdout)
        self.assertEqual((report["verdict"], report["status"], report["size"]), ("good", "EXERCISE", 31))
        self.assertEqual([said["entry"] for said in report["entries"]], [10, 20, 30])


if __name__ == "__main__":
    unittest.main()
