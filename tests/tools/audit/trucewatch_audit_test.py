#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/audit/trucewatch_audit.py against published vectors and hand-made bad input. Needs nothing but Python."""
import base64
import hashlib
import importlib.util
import json
import os
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
SHARED = pathlib.Path(os.environ.get("TRUCEWATCH_SAMPLES", ROOT / "../shared/data"))  # as tests/support/shared_data.h
sys.dont_write_bytecode = True
_spec = importlib.util.spec_from_file_location("trucewatch_audit", ROOT / "tools/audit/trucewatch_audit.py")
audit = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(audit)

# RELIABILITY.md 2.A: entries event-0 ... event-69999, log seed 00..1f, witness seed 20..3f, time 1700000000.
LOG_VKEY = "trucewatch.example/log1+90337229+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
WITNESS_VKEY = "witness.example/w1+20324abe+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X"
TEXT = "trucewatch.example/log1\n70000\ny2wNxBh56AbfiUbZZIqfJXjUkUiRPhOkjjx4lEEDb2U=\n"
LOG_LINE = ("\u2014 trucewatch.example/log1 "
            "kDNyKeg3XMMIxEvB6SfKjGlDhaxbhFo9QBXRtbR5SJOGPkD/QM9Y+tzTw8YrRdS22CbBIxLNXPHmOuSz2/pAMT4aMQI=\n")
WITNESS_LINE = ("\u2014 witness.example/w1 IDJKvgAAAABlU/EAeLqgMu2JDllBLvsl0g8FLqwAFX5ajjcdTq6KlrJC+WHsYOafIpsbCTI3LlH2q"
                "HJpzcaPkY/IBymnGaima5B/AQ==\n")


def note(*lines):
    return (TEXT + "\n" + "".join(lines)).encode()


def policy(*lines):
    return audit.Policy("".join(line + "\n" for line in lines).encode())


class Ed25519(unittest.TestCase):
    # RFC 8032 section 7.1, tests 1 to 3: public key, message, signature.
    VECTORS = [
        ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe246551"
         "41438e7a100b"),
        ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d"
         "291612bb0c00"),
        ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027"
         "beceea1ec40a"),
    ]

    def vectors(self):
        return [tuple(bytes.fromhex(part) for part in vector) for vector in self.VECTORS]

    def test_vectors_of_rfc_8032_are_good_and_changed_ones_are_not(self):
        for key, message, signature in self.vectors():
            self.assertTrue(audit.ed25519_good(key, message, signature))
            self.assertFalse(audit.ed25519_good(key, message + b"x", signature))
            for bit in range(0, 512, 7):
                changed = bytearray(signature)
                changed[bit // 8] ^= 1 << bit % 8
                self.assertFalse(audit.ed25519_good(key, message, bytes(changed)))

    def test_an_s_that_is_not_below_the_group_order_is_refused(self):
        key, message, signature = self.vectors()[1]
        s = int.from_bytes(signature[32:], "little") + audit.ORDER
        self.assertFalse(audit.ed25519_good(key, message, signature[:32] + s.to_bytes(32, "little")))

    def test_keys_and_commitments_of_small_order_are_refused(self):
        # y of the eight points of small order, and the same written with P added where it fits.
        y8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
        for y in (0, 1, y8, audit.P - y8, audit.P - 1, audit.P, audit.P + 1):
            for sign in (0, 1):
                encoded = (y | sign << 255).to_bytes(32, "little")
                for message in (b"", b"a", b"b"):  # with S = 0, R = key a lax verifier accepts some message
                    self.assertFalse(audit.ed25519_good(encoded, message, encoded + bytes(32)))
        self.assertTrue(audit._is_small_order(audit._point(y8.to_bytes(32, "little"))))

    def test_what_is_no_point_is_no_key(self):
        self.assertIsNone(audit._point((2).to_bytes(32, "little")))
        self.assertFalse(audit.ed25519_good((2).to_bytes(32, "little"), b"", bytes(64)))


class Merkle(unittest.TestCase):
    LEAVES = [bytes.fromhex(leaf) for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                                               "606162636465666768696a6b6c6d6e6f")]
    ROOTS = ["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
             "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
             "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
             "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
             "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
             "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
             "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
             "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
             "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"]

    def test_classic_roots(self):
        hashes = [audit.leaf_hash(leaf) for leaf in self.LEAVES]
        for size, root in enumerate(self.ROOTS):
            self.assertEqual(audit.tree_root([hashes], size).hex(), root)

    def test_public_vectors_give_the_wanted_verdict(self):
        folder = SHARED / "merkle"
        if not folder.is_dir():
            self.assertNotEqual(os.environ.get("CI"), "true", f"{folder} is required when CI=true")
            self.skipTest(f"{folder} not found")
        counts = {"inclusion": 0, "consistency": 0}
        for path in sorted(folder.rglob("*.json")):
            vector = json.loads(path.read_text())
            proof = [base64.b64decode(line) for line in vector["proof"] or []]
            if "leafIdx" in vector:
                counts["inclusion"] += 1
                leaf, root = (base64.b64decode(vector[key] or "") for key in ("leafHash", "root"))
                good = audit.inclusion_holds(vector["leafIdx"], vector["treeSize"], leaf, proof, root)
                self.assertEqual(good, not vector["wantErr"], path)
        # It is never given a consistency proof: with --seen it makes the older root from the entries themselves, which shows more.
        # The 98 vectors of those are for the ledger's and the witnesses' code (tests/evidence/merkle_test.cc).
        self.assertEqual(counts, {"inclusion": 98, "consistency": 0})

    def test_the_root_of_70000_entries_is_the_printed_one(self):
        level = [audit.leaf_hash(b"event-%d" % i) for i in range(70000)]
        levels = [level]
        while len(level) >= 256:
            level = [audit._perfect_root(level[i : i + 256]) for i in range(0, len(level) - 255, 256)]
            levels.append(level)
        root = audit.tree_root(levels, 70000)
        self.assertEqual(base64.b64encode(root).decode(), TEXT.split("\n")[2])
        # The same by plain recursion, where the tree is small enough for it.
        def mth(hashes):
            if len(hashes) == 1:
                return hashes[0]
            k = 1 << (len(hashes) - 1).bit_length() - 1
            return hashlib.sha256(b"\x01" + mth(hashes[:k]) + mth(hashes[k:])).digest()
        for size in (1, 255, 256, 257, 511, 700):
            self.assertEqual(audit.tree_root(levels, size), mth(levels[0][:size]))


class Notes(unittest.TestCase):
    def test_the_printed_note_and_key_are_good(self):
        key = audit.Key("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", 1)
        signature = audit.strict_base64(
            "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=")
        self.assertEqual(signature[:4], key.id)
        self.assertTrue(key.signed(b"This is an example message.\n", signature[4:]))
        self.assertFalse(key.signed(b"This is an example message\n", signature[4:]))

    def test_the_printed_checkpoint_and_cosignature_are_good(self):
        trusted = policy(f"log {LOG_VKEY}", f"witness W1 {WITNESS_VKEY}", "quorum W1")
        checkpoint = audit.Checkpoint(note(LOG_LINE, WITNESS_LINE), trusted.logs, trusted.witnesses, "checkpoint")
        self.assertEqual((checkpoint.size, checkpoint.cosigners), (70000, {"W1"}))
        trusted.checkpoint(note(LOG_LINE, WITNESS_LINE), "checkpoint")
        with self.assertRaisesRegex(audit.Refused, "quorum 'W1'"):
            trusted.checkpoint(note(LOG_LINE), "checkpoint")

    def refuse(self, data, sentence):
        trusted = policy(f"log {LOG_VKEY}", f"witness W1 {WITNESS_VKEY}", "quorum none")
        with self.assertRaisesRegex(audit.Refused, sentence):
            audit.Checkpoint(data, trusted.logs, trusted.witnesses, "checkpoint")

    def test_bad_notes_are_refused_by_line(self):
        good = note(LOG_LINE)
        self.refuse(good.replace(b"70000", b"70001"), "line 5: the signature of trucewatch.example/log1 is not good")
        self.refuse(note(LOG_LINE, WITNESS_LINE.replace("H2q", "H3q")), "line 6: the signature of witness.example/w1")
        self.refuse(good.replace(b"aMQI=", b"aMQJ="), "line 5: is no signature line")  # the same bytes, written otherwise
        self.refuse(good.replace(b"70000", b"070000"), "line 2: is no size")
        self.refuse(good.replace(b"b2U=", b"b2U"), "line 3: is no root")
        self.refuse(good.replace(b"\n\n", b"\nextension\n\n"), "origin, size and root expected")
        self.refuse(good.replace(b"\n", b"\r\n"), "line 1: holds a control character")
        self.refuse(good[:-1], "newline")
        self.refuse(good + b"\n", "signature lines")
        self.refuse(TEXT.encode(), "signature lines")
        self.refuse(b"\xff" + good, "line 1: is not UTF-8")
        self.refuse(note(WITNESS_LINE), "is not signed by a log of the policy")
        self.refuse(good + b"x" * audit.MAX_NOTE, "has more than")

    def test_signatures_of_unknown_keys_are_ignored(self):
        other = "\u2014 somebody.example/x AAAAAAAA\n"
        checkpoint = audit.Checkpoint(note(other, LOG_LINE, other), policy(f"log {LOG_VKEY}", "quorum none").logs, {},
                                      "checkpoint")
        self.assertEqual(checkpoint.size, 70000)


class Policies(unittest.TestCase):
    def test_groups_count_their_members(self):
        trusted = policy(f"log {LOG_VKEY}", f"witness A {WITNESS_VKEY}", "group one any A", "group g 1 one", "quorum g")
        self.assertTrue(trusted.is_satisfied({"A"}))
        self.assertFalse(trusted.is_satisfied(set()))

    def test_bad_policies_name_their_line(self):
        log, witness = f"log {LOG_VKEY}", f"witness A {WITNESS_VKEY}"
        for lines, sentence in [
            ([], "no 'log' line"), ([log], "no 'quorum' line"), ([log, "quorum A"], "line 2: 'A' is not defined"),
            ([log, log, "quorum none"], "line 2: this key is there already"),
            ([log, "quorum none", "quorum none"], "line 3: a second quorum"),
            ([log, witness, "group g 2 A", "quorum g"], "line 3: '2' is neither"),
            ([log, witness, "group g 0 A", "quorum g"], "line 3: '0' is neither"),
            ([log, witness, "group g all A A", "quorum g"], "line 3: a member is named twice"),
            ([log, witness, "group A all A", "quorum A"], "line 3: 'A' is taken"),
            ([log, "group none all A", "quorum none"], "line 2: 'none' is taken"),
            ([f"log {WITNESS_VKEY}", "quorum none"], "line 1: key of type 04"),
            ([log.replace("9033", "9034"), "quorum none"], "line 1: the key id is 90337229"),
            ([log, "quorum none # but"], "line 2: 'log <vkey>'"), ([log + "\r", "quorum none"], "control character"),
            (["log x+00000000+AQ==", "quorum none"], "line 1: no key of the form"),
        ]:
            with self.assertRaisesRegex(audit.BadInput, sentence):
                policy(*lines)
        policy("# whom we trust", "", "\t" + log + "  https://log.example/", "quorum none")


class Leaves(unittest.TestCase):
    FINDING = b"\x08\x01\x10\x80\x80\x40\x1a\x02e1\x20\x01\x28\x03"  # transition, time 2^20 us, e1, exercise, verified

    def leaf(self, envelope, kind=b"\x01"):
        return audit.LEAF_TAG + kind + envelope

    def field(self, number, data):
        return bytes([number << 3 | 2, len(data)]) + data

    def test_a_finding_says_what_it_is(self):
        said = audit.read_leaf(self.leaf(self.field(9, self.FINDING)), True)
        self.assertEqual((said["kind"], said["time_us"], said["event_id"], said["state"]),
                         ("event_transition", 1 << 20, "e1", "verified"))

    def test_unknown_fields_and_groups_are_passed_over(self):
        extra = b"\xa0\x06\x01" + b"\xa3\x06\x08\x05\xa4\x06" + b"\xa5\x06abcd" + b"\xa1\x06abcdefgh"  # field 100
        said = audit.read_leaf(self.leaf(extra + self.field(9, self.FINDING + extra)), True)
        self.assertEqual(said["kind"], "event_transition")

    def test_a_payload_that_comes_twice_is_merged_and_another_replaces_it(self):
        said = audit.read_leaf(self.leaf(self.field(9, self.FINDING) + self.field(9, b"\x28\x01")), True)
        self.assertEqual((said["event_id"], said["state"]), ("e1", "candidate"))
        refusal = audit.read_leaf(self.leaf(self.field(7, b"\x1a\x07witness\x2a\x02no"), b"\x02"), True)
        self.assertEqual((refusal["kind"], refusal["format"], refusal["reason"]), ("operation", "witness", "no"))
        said = audit.read_leaf(self.leaf(self.field(9, self.FINDING) + self.field(7, b"")), True)
        self.assertEqual(said["kind"], "data_fault")

    def test_what_is_no_leaf_is_refused(self):
        for leaf, sentence in [
            (b"event-0", "does not begin"), (self.leaf(b"", b""), "neither a finding nor an operation"),
            (self.leaf(self.field(9, self.FINDING), b"\x03"), "neither a finding nor an operation"),
            (self.leaf(b""), "holds neither"), (self.leaf(self.field(2, b"")), "holds neither"),
            (self.leaf(b"\x4a\x05"), "cut off"), (self.leaf(b"\x4f"), "out of range"), (self.leaf(b"\xa4\x06"), "group"),
            (self.leaf(b"\xff" * 11), "too long"), (self.leaf(b"\x02\x00"), "out of range"),
            (self.leaf(self.field(9, b"\x1a\x01\xff")), "utf-8"),
            (self.leaf(self.field(9, b"\x08\x01")), "lacks the exercise mark"),
            (self.leaf(self.field(1, b"")), "lacks the exercise mark"),
        ]:
            with self.assertRaisesRegex(ValueError, sentence):
                audit.read_leaf(leaf, True)

    def test_times_are_utc_with_microseconds(self):
        self.assertEqual(audit.utc(1_772_366_400_000_000), "2026-03-01T12:00:00Z")
        self.assertEqual(audit.utc(1_772_366_400_900_000), "2026-03-01T12:00:00.900000Z")
        self.assertEqual(audit.utc(-(1 << 63)), f"{-(1 << 63)} us")


class Names(unittest.TestCase):
    def test_one_name_stands_for_one_tile(self):
        for tile, path in [((0, 273, 256), "tile/0/273"), (("entries", 1234067, 17), "tile/entries/x001/x234/067.p/17"),
                           ((7, 0, 1), "tile/7/000.p/1"), ((1, 1000, 255), "tile/1/x001/000.p/255")]:
            self.assertEqual(audit.tile_path(*tile), path)
            self.assertEqual(audit.tile_of(path), tile)
        for path in ("tile/0/00", "tile/0/0000", "tile/0/x000/001", "tile/8/000", "tile/00/000", "tile/0/000.p/0",
                     "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p", "tile/entries/README", "tile/0/001/002",
                     "tile/0/000/1", "checkpoint", "/tile/0/000", "tile/0/000\n", "tile/0/x001/x002"):
            self.assertIsNone(audit.tile_of(path), path)

    def test_bundles_end_with_their_last_entry(self):
        bundle = b"\x00\x01a\x00\x00\x00\x02bc"
        self.assertEqual(audit.split_bundle(bundle, 3, "b", 0), [b"a", b"", b"bc"])
        for data, sentence in [(bundle[:-1], "entry 6: is cut off"), (bundle + b"x", "holds 1 bytes after"),
                               (bundle + b"\x00\x00", "holds 2 bytes after"), (b"\x00", "entry 4: is cut off")]:
            with self.assertRaisesRegex(audit.Refused, sentence):
                audit.split_bundle(data, 3, "b", 4)


if __name__ == "__main__":
    unittest.main()
