#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks a trucewatch ledger offline, with the policy file alone.

An independent checker: written from docs/formats/ledger.md and the C2SP specifications it names, it shares no code
with trucewatch and needs nothing but Python 3.11. It may be read, copied and run by either party.

    trucewatch_audit.py LEDGER --policy FILE [--seen CHECKPOINT] [--json]
    trucewatch_audit.py --proof FILE --leaf FILE --policy FILE [--json]

Exit codes: 0 good, 2 usage, 3 an input could not be read, 4 refused; the sentence names the first bad entry, tile or
line.
"""
import argparse
import base64
import datetime
import hashlib
import json
import os
import re
import stat
import struct
import sys

TILE = 256  # hashes in a full tile, entries in a full bundle
HASH = 32
MAX_ENTRY = 2 + 65535  # bytes of an entry in its bundle, length and leaf
MAX_NOTE = 256 * 1024  # bytes of a checkpoint
LEAF_TAG = b"trucewatch/leaf/v1\n"
PARTY_TAG = b"trucewatch/party-leaf/v1\n"

class Refused(Exception):
    """The evidence does not fit: exit code 4."""

class BadInput(Exception):
    """An input that says nothing about the evidence, such as a policy that cannot be read: exit code 3."""

# == Ed25519 verification, RFC 8032 section 5.1.7, with the strict rules of libsodium: S below the group order, the key
# canonical and a point, neither key nor R of small order, R compared byte for byte (cofactorless).

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
SIGN_BIT = 1 << 255
NEUTRAL = (0, 1, 1, 0)  # extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z, x*y = T/Z

def _point(encoded):
    """The point of 32 bytes, or None when there is none (RFC 8032 section 5.1.3) or its y is not below P."""
    number = int.from_bytes(encoded, "little")
    y = number & (SIGN_BIT - 1)
    if y >= P:
        return None
    u = (y * y - 1) % P
    v = (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P != u:
        if v * x * x % P != P - u:
            return None
        x = x * SQRT_M1 % P
    if x == 0 and number & SIGN_BIT:
        return None
    if (x & 1) != number >> 255:
        x = P - x
    return x, y, 1, x * y % P

def _cached(point):
    x, y, z, t = point
    return (y - x) % P, (y + x) % P, 2 * D * t % P, 2 * z % P

def _add(point, cached):
    x, y, z, t = point
    a = (y - x) * cached[0] % P
    b = (y + x) * cached[1] % P
    c = t * cached[2] % P
    d = z * cached[3] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P

def _double(point):
    x, y, z, _ = point
    a = x * x % P
    b = y * y % P
    h = a + b
    e = h - (x + y) * (x + y) % P
    g = a - b
    f = 2 * z * z % P + g
    return e * f % P, g * h % P, f * g % P, e * h % P

BASE = _point(bytes([0x58]) + bytes([0x66]) * 31)

def _is_small_order(point):
    for _ in range(3):
        point = _double(point)
    return point[0] == 0 and point[1] == point[2]

def ed25519_good(public_key, message, signature):
    if len(public_key) != 32 or len(signature) != 64:
        return False
    s = int.from_bytes(signature[32:], "little")
    key = _point(public_key)
    commitment = _point(signature[:32])
    if s >= ORDER or key is None or commitment is None or _is_small_order(key) or _is_small_order(commitment):
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    h = int.from_bytes(digest, "little") % ORDER
    x, y, z, t = key
    minus_key = _cached((P - x, y, z, P - t))  # R = s B - h A, two bits of s and h at a time
    sums = [NEUTRAL]
    for _ in range(3):
        sums.append(_add(sums[-1], _cached(BASE)))
    for i in range(12):
        sums.append(_add(sums[i], minus_key))
    sums = [_cached(point) for point in sums]
    point = NEUTRAL
    for shift in range(252, -1, -2):
        point = _double(_double(point))
        choice = (s >> shift & 3) | (h >> shift & 3) << 2
        if choice:
            point = _add(point, sums[choice])
    inverse = pow(point[2], -1, P)
    encoded = point[1] * inverse % P | (point[0] * inverse % P & 1) << 255
    return encoded.to_bytes(32, "little") == signature[:32]

# == Hashes and trees, RFC 9162 section 2.1

def leaf_hash(leaf):
    return hashlib.sha256(b"\x00" + leaf).digest()

def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()

def _perfect_root(hashes):
    """Root over 2^k hashes."""
    sha256 = hashlib.sha256
    while len(hashes) > 1:
        hashes = [sha256(b"\x01" + hashes[i] + hashes[i + 1]).digest() for i in range(0, len(hashes), 2)]
    return hashes[0]

def tree_root(levels, size):
    """Root of the tree over the first `size` leaves. levels[0]: leaf hashes; levels[k]: roots of 256^k leaves each."""
    if size == 0:
        return hashlib.sha256(b"").digest()
    perfect = []  # roots of perfect subtrees, from the right, that is the smallest first
    for level, hashes in enumerate(levels):
        end = size // TILE**level
        rest = end % TILE
        for bit in range(8):
            if rest >> bit & 1:
                perfect.append(_perfect_root(hashes[end - (1 << bit) : end]))
                end -= 1 << bit
    root = perfect[0]
    for left in perfect[1:]:
        root = node_hash(left, root)
    return root

def _climb(fn, sn, hashes, old, new):
    """The loop that RFC 9162 sections 2.1.3.2 and 2.1.4.2 share: (root of the old tree, root of the new), or None."""
    for c in hashes:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            old, new = node_hash(c, old), node_hash(c, new)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = node_hash(new, c)
        fn, sn = fn >> 1, sn >> 1
    return (old, new) if sn == 0 else None

def inclusion_holds(index, size, leaf, proof, root):
    """RFC 9162 section 2.1.3.2. `leaf` is the leaf's hash."""
    if index >= size or any(len(h) != HASH for h in [leaf, *proof]):
        return False
    roots = _climb(index, size - 1, proof, leaf, leaf)
    return roots is not None and roots[1] == root

def consistency_holds(size1, size2, root1, root2, proof):
    """RFC 9162 section 2.1.4.2: the tree of size2 begins with the tree of size1."""
    if size1 == 0 or size1 >= size2:  # an empty tree is no statement to be consistent with
        return 0 < size1 == size2 and not proof and root1 == root2
    path = list(proof) if size1 & (size1 - 1) else [root1, *proof]  # the root of a perfect tree is left out
    fn, sn = size1 - 1, size2 - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    return bool(path) and _climb(fn, sn, path[1:], path[0], path[0]) == (root1, root2)

# == Signed notes, keys, policy, checkpoint

def strict_base64(text):
    """Bytes, or None: one text only stands for given bytes, so that no bit of it can change unseen."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return data if base64.b64encode(data).decode() == text else None

def is_key_name(name):
    return name != "" and "+" not in name and not any(c.isspace() for c in name)

class Key:
    """A verifier's key from `name+hex8+base64(type || public key)`."""

    def __init__(self, vkey, wanted_type):
        name, hex_id, encoded = (vkey.split("+", 2) + ["", ""])[:3]
        data = strict_base64(encoded)
        if not is_key_name(name) or data is None or len(data) != 33:
            raise ValueError("no key of the form name+hex8+base64")
        if data[0] != wanted_type:
            raise ValueError(f"key of type {data[0]:02x}, type {wanted_type:02x} expected")
        self.name, self.type, self.public = name, data[0], data[1:]
        self.id = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
        if hex_id.lower() != self.id.hex():
            raise ValueError(f"the key id is {self.id.hex()}, not {hex_id}")
        point = _point(self.public)
        if point is None or _is_small_order(point):
            raise ValueError("the public key is no good point of the curve")

    def signed(self, text, signature):
        """Whether the bytes after the key id are this key's signature over the note's text."""
        if self.type == 1:
            return ed25519_good(self.public, text, signature)
        if len(signature) != 72:
            return False
        time = int.from_bytes(signature[:8], "big")
        return ed25519_good(self.public, b"cosignature/v1\ntime %d\n" % time + text, signature[8:])

class Policy:
    """C2SP tlog-policy. Bad lines are BadInput: the reader must mend the file."""

    def __init__(self, data):
        self.logs, self.witnesses, self.groups, self.quorum = {}, {}, {}, None
        control = re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", data)
        if control:
            number = data.count(b"\n", 0, control.start()) + 1
            raise BadInput(f"policy line {number}: holds a control character; lines end in a newline alone")
        for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), 1):
            words = [word for word in re.split("[ \t]+", line) if word]
            if not words or words[0].startswith("#"):
                continue
            try:
                self._line(words)
            except ValueError as error:
                raise BadInput(f"policy line {number}: {error}") from None
        if not self.logs:
            raise BadInput("policy: no 'log' line")
        if self.quorum is None:
            raise BadInput("policy: no 'quorum' line")

    def _line(self, words):
        kind, *rest = words
        if kind == "log" and len(rest) in (1, 2):
            self._add(self.logs, len(self.logs), Key(rest[0], 1))
        elif kind == "witness" and len(rest) in (2, 3):
            self._new_name(rest[0])
            self._add(self.witnesses, rest[0], Key(rest[1], 4))
        elif kind == "group" and len(rest) >= 3:
            name, threshold, *members = rest
            self._new_name(name)
            for member in members:
                self._known(member)
            if len(set(members)) != len(members):
                raise ValueError("a member is named twice")
            needed = {"any": "1", "all": str(len(members))}.get(threshold, threshold)
            if not re.fullmatch("[1-9][0-9]{0,5}", needed) or int(needed) > len(members):
                raise ValueError(f"'{threshold}' is neither all, any nor a number from 1 to {len(members)}")
            self.groups[name] = (int(needed), members)
        elif kind == "quorum" and len(rest) == 1:
            if self.quorum is not None:
                raise ValueError("a second quorum")
            if rest[0] != "none":
                self._known(rest[0])
            self.quorum = rest[0]
        else:
            raise ValueError("'log <vkey>', 'witness <name> <vkey>', 'group <name> all|any|<k> <members>' or "
                             "'quorum <name>|none' expected")  # fmt: skip

    def _add(self, keys, name, key):
        if any(key.public == other.public for other in keys.values()):
            raise ValueError("this key is there already")
        keys[name] = key

    def _known(self, name):
        if name not in self.witnesses and name not in self.groups:
            raise ValueError(f"'{name}' is not defined above")

    def _new_name(self, name):
        if name == "none" or name in self.witnesses or name in self.groups:
            raise ValueError(f"'{name}' is taken")

    def is_satisfied(self, cosigners, name=None):
        name = self.quorum if name is None else name
        if name == "none" or name in cosigners:
            return True
        needed, members = self.groups.get(name, (1, []))
        return sum(self.is_satisfied(cosigners, member) for member in members) >= needed

class Checkpoint:
    """A signed note whose text is origin, size and root. Refused when a key of the policy signed it badly."""

    def __init__(self, data, logs, witnesses, where):
        def refuse(line, sentence):
            raise Refused(f"{where}: line {line}: {sentence}")

        if len(data) > MAX_NOTE:
            raise Refused(f"{where}: has more than {MAX_NOTE} bytes")
        control = re.search(rb"[\x00-\x09\x0b-\x1f]", data)
        if control:
            refuse(data.count(b"\n", 0, control.start()) + 1, "holds a control character")
        try:
            note = data.decode("utf-8")
        except UnicodeDecodeError as error:
            refuse(data.count(b"\n", 0, error.start) + 1, "is not UTF-8")
        blank = note.rfind("\n\n")
        if blank <= 0 or not note.endswith("\n") or blank + 2 == len(note):
            refuse(note.count("\n") + 1, "text, a blank line and signature lines, each ended by a newline, expected")
        text = note[: blank + 1]
        lines = text[:-1].split("\n")
        if len(lines) != 3 or lines[0] == "":
            refuse(min(len(lines), 4), "origin, size and root expected, no more")
        if not re.fullmatch("0|[1-9][0-9]{0,18}", lines[1]):
            refuse(2, "is no size")
        root = strict_base64(lines[2])
        if root is None or len(root) != HASH:
            refuse(3, "is no root of 32 bytes in base64")
        self.origin, self.size, self.root = lines[0], int(lines[1]), root
        self.log = None
        self.cosigners = set()
        signed = text.encode()
        for number, line in enumerate(note[blank + 2 : -1].split("\n"), 5):
            parts = line.split(" ")
            signature = strict_base64(parts[2]) if len(parts) == 3 else None
            if parts[0] != "\u2014" or signature is None or not is_key_name(parts[1]) or len(signature) < 5:
                refuse(number, "is no signature line")
            for name, key in [(None, key) for key in logs.values()] + list(witnesses.items()):
                if (key.name, key.id) != (parts[1], signature[:4]):
                    continue
                if not key.signed(signed, signature[4:]):
                    refuse(number, f"the signature of {key.name} is not good")
                if name is not None:
                    self.cosigners.add(name)
                elif key.name == self.origin:
                    self.log = key
        if self.log is None:
            raise Refused(f"{where}: is not signed by a log of the policy whose name is its origin, '{self.origin}'")

    def require_quorum(self, policy, where):
        if not policy.is_satisfied(self.cosigners):
            names = ", ".join(sorted(self.cosigners)) or "nobody"
            raise Refused(f"{where}: cosigned by {names}, which is not the policy's quorum '{policy.quorum}'")

# == Leaves: a minimal Protobuf reader, and what the fields of proto/trucewatch/v1 mean to a reader

def varint(data, at):
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("a number is cut off or too long")
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7

def fields(data):
    """(number, wire type, value) of each field; what is in a group is passed over."""
    at, groups = 0, []
    while at < len(data):
        tag, at = varint(data, at)
        number, wire, value = tag >> 3, tag & 7, None
        if not 0 < number < 1 << 29 or wire > 5:
            raise ValueError("a field's number or wire type is out of range")
        if wire == 0:
            value, at = varint(data, at)
        elif wire == 3:
            groups.append(number)
        elif wire == 4:
            if not groups or groups.pop() != number:
                raise ValueError("a group ends that did not begin")
        else:
            length, at = varint(data, at) if wire == 2 else (8 if wire == 1 else 4, at)
            value = data[at : at + length]
            at += length
            if at > len(data):
                raise ValueError("a field is cut off")
        if value is not None and not groups:
            yield number, wire, value
    if groups:
        raise ValueError("a group does not end")

# Wire type, value when absent, and how it is read.
TYPES = {
    "text": (2, "", lambda value: value.decode("utf-8")),
    "double": (1, 0.0, lambda value: struct.unpack("<d", value)[0]),
    "bool": (0, False, bool),
    "int": (0, 0, lambda value: value - (value >> 63 << 64)),
    "int32": (0, 0, lambda value: (value & 0xFFFFFFFF) - ((value >> 31 & 1) << 32)),
}

def message(data, schema):
    """The fields of `schema` ({number: (name, type)}); others are passed over. The last value of a field counts."""
    values = {name: TYPES[kind][1] for name, kind in schema.values()}
    for number, wire, value in fields(data):
        name, kind = schema.get(number, (None, None))
        if name is not None and wire == TYPES[kind][0]:
            values[name] = TYPES[kind][2](value)
    return values

PAYLOADS = range(1, 16)  # of Envelope; those that LEAVES does not name are no leaves
LEAVES = {
    1: ("mission_header", {1: ("mission", "text"), 2: ("exercise", "bool"), 3: ("time_us", "int")}),
    7: ("data_fault", {1: ("source", "text"), 2: ("time_us", "int"), 3: ("format", "text"), 5: ("reason", "text")}),
    9: ("finding", {
        1: ("kind", "int32"), 2: ("time_us", "int"), 3: ("event_id", "text"), 4: ("exercise", "bool"),
        5: ("state", "int32"), 6: ("rule", "text"), 7: ("zone", "text"), 8: ("notification", "text"),
        10: ("count_min", "int32"), 11: ("count_max", "int32"), 14: ("probability", "double"),
        22: ("amended", "bool"), 23: ("case_id", "text"), 24: ("record_id", "text"),
        27: ("challenge_id", "text"), 29: ("audience", "text"),
    }),
}  # fmt: skip
FINDING_KINDS = ["unspecified", "event_transition", "notified_movement", "heartbeat", "mission_header", "data_fault",
                 "source_status", "permitted_movement", "human_record", "case", "coverage", "challenge", "release"]  # fmt: skip
STATES = ["unspecified", "candidate", "corroborated", "verified", "confirmed", "not_confirmed", "inconclusive", "closed",
          "reopened"]  # fmt: skip
TOLD = ("event_transition", "notified_movement", "permitted_movement", "human_record", "case", "challenge", "release",
        "operation")  # each of them is printed

def word(words, number):
    return words[number] if 0 <= number < len(words) else str(number)

def read_party_leaf(body, exercise):
    """A commitment, which says nothing, or a statement, whose first two keys everybody can read (release.md)."""
    if body[:1] == b"\x01":
        if len(body) != 33:
            raise ValueError("a commitment has 32 bytes")
        return {"kind": "commitment", "parties": True}
    mark = b"EXERCISE" if exercise else b"OPERATIONAL"
    begin = re.match(rb'\x02\{"statement":"([a-z_]+)","status":"([A-Z]+)",', body)
    if begin is None or not body.endswith(b"}"):
        raise ValueError("is neither a commitment nor a statement")
    if begin[2] != mark:
        raise ValueError("has not the mark of the ledger's origin")
    return {"kind": "statement_" + begin[1].decode(), "parties": True, "text": body[1:].decode("utf-8", "replace")}

def read_leaf(leaf, exercise):
    """What the leaf says. Raises ValueError when it is no leaf of a ledger with this status."""
    if leaf.startswith(PARTY_TAG):
        return read_party_leaf(leaf[len(PARTY_TAG) :], exercise)
    if not leaf.startswith(LEAF_TAG):
        raise ValueError("does not begin with 'trucewatch/leaf/v1'")
    if leaf[len(LEAF_TAG) : len(LEAF_TAG) + 1] not in (b"\x01", b"\x02"):
        raise ValueError("is neither a finding nor an operation")
    payload, content = None, b""
    for number, wire, value in fields(leaf[len(LEAF_TAG) + 1 :]):
        if wire == 2 and number in PAYLOADS:  # a payload given twice is merged, another one replaces it
            content = content + value if number == payload else value
            payload = number
    if payload not in LEAVES:
        raise ValueError("holds neither a mission header, a finding nor a data fault")
    kind, schema = LEAVES[payload]
    said = message(content, schema)
    if kind == "finding":
        kind, said["state"] = word(FINDING_KINDS, said["kind"]), word(STATES, said["state"])
    if said.get("exercise", exercise) != exercise:
        raise ValueError("is marked as an exercise in another ledger" if said["exercise"] else "lacks the exercise mark")
    return said | {"kind": "operation" if leaf[len(LEAF_TAG)] == 2 else kind}

def utc(time_us):
    try:
        return (datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=time_us)).isoformat() + "Z"
    except OverflowError:
        return f"{time_us} us"

# == The ledger's folder

def list_files(folder):
    """Relative paths of all files. A ledger has plain files only: a link could show each reader another file."""
    names, prefixes = [], [""]
    while prefixes:
        prefix = prefixes.pop()
        try:
            entries = list(os.scandir(os.path.join(folder, prefix)))
        except OSError:
            raise Refused(f"{prefix}: cannot be read") from None
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                prefixes.append(prefix + entry.name + "/")
            elif entry.is_file(follow_symlinks=False):
                names.append(prefix + entry.name)
            else:
                raise Refused(f"{prefix}{entry.name}: is no plain file")
    return sorted(names)

def read_member(folder, path, limit):
    """A file's bytes, and one more than `limit` where it is longer."""
    full = os.path.join(folder, path)
    try:
        if not stat.S_ISREG(os.lstat(full).st_mode):
            raise Refused(f"{path}: is no plain file")
        with open(full, "rb") as file:
            return file.read(limit + 1)
    except OSError:
        raise Refused(f"{path}: is missing or cannot be read") from None

def tile_path(level, index, width):
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03d}")
    return f"tile/{level}/{'/'.join(groups)}" + (f".p/{width}" if width < TILE else "")

TILE_NAME = re.compile(r"tile/(entries|[0-7])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")

def tile_of(path):
    """(level, index, width) of a tile's or a bundle's path, None for any other."""
    match = TILE_NAME.fullmatch(path)
    if match is None:
        return None
    level = match[1] if match[1] == "entries" else int(match[1])
    index = int(match[2].replace("x", "").replace("/", ""))
    width = int(match[3] or TILE)
    # One name only stands for one tile.
    if width > TILE or index >= 1 << 56 or tile_path(level, index, width) != path:
        return None
    return level, index, width

def split_bundle(data, count, path, first):
    """The `count` leaves of an entry bundle whose first has index `first`."""
    leaves, at = [], 0
    for number in range(first, first + count):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data):
            raise Refused(f"entry {number}: is cut off in {path}")
        leaves.append(data[at + 2 : end])
        at = end
    if at != len(data):
        raise Refused(f"{path}: holds {len(data) - at} bytes after its last entry, {first + count - 1}")
    return leaves

class Ledger:
    """Files of a ledger held against its checkpoint."""

    def __init__(self, folder):
        self.folder, self.size = folder, 0
        self.files = list_files(folder)
        self.checked = 1  # files read, the checkpoint among them
        self.levels = []  # see tree_root
        self.unjudged = 0  # files beyond the checkpoint

    def read(self, path, limit):
        self.checked += 1
        return read_member(self.folder, path, limit)

    def check_leaves(self, size, on_leaf):
        """Each bundle against its tile of level 0; on_leaf(index, leaf) for each entry that fits."""
        self.size, hashes = size, []
        self.levels = [hashes]
        for first in range(0, self.size, TILE):
            width = min(TILE, self.size - first)
            path = tile_path("entries", first // TILE, width)
            leaves = split_bundle(self.read(path, width * MAX_ENTRY), width, path, first)
            computed = [leaf_hash(leaf) for leaf in leaves]
            self.check_tile(0, first // TILE, computed)
            for number, leaf in enumerate(leaves, first):
                try:
                    on_leaf(number, leaf)
                except ValueError as error:
                    raise Refused(f"entry {number}: {error}") from None
            hashes += computed

    def check_tile(self, level, index, hashes):
        path = tile_path(level, index, len(hashes))
        data = self.read(path, HASH * len(hashes))
        if data == b"".join(hashes):
            return
        if len(data) != HASH * len(hashes):
            raise Refused(f"{path}: has not the {HASH * len(hashes)} bytes of its {len(hashes)} hashes")
        for number, wanted in enumerate(hashes):
            if data[HASH * number : HASH * (number + 1)] != wanted:
                what = f"entry {index * TILE + number}" if level == 0 else f"hash {number}"
                raise Refused(f"{path}: {what} has another hash than what it stands for")

    def check_upper_tiles(self):
        level = 1
        while self.size >> 8 * level:
            below = self.levels[-1]
            roots = [_perfect_root(below[i : i + TILE]) for i in range(0, len(below) - TILE + 1, TILE)]
            for first in range(0, len(roots), TILE):
                self.check_tile(level, first // TILE, roots[first : first + TILE])
            self.levels.append(roots)
            level += 1

    def check_names(self):
        """Nothing may lie in the folder that the format does not know, and older partial files must say the same."""
        for path in self.files:
            if path in ("checkpoint", "checkpoint.tmp"):
                continue
            tile = tile_of(path)
            if tile is None:
                raise Refused(f"{path}: a ledger has no such file")
            level, index, width = tile
            depth = 0 if level == "entries" else level
            hashes = self.levels[depth][index * TILE : (index + 1) * TILE] if depth < len(self.levels) else []
            expected = hashes[:width]
            if len(expected) < width:
                self.unjudged += 1  # holds leaves that no checkpoint covers: the writer writes it anew
            elif width == len(hashes):
                continue  # the checkpoint's own: checked already
            elif level == "entries":
                leaves = split_bundle(self.read(path, width * MAX_ENTRY), width, path, index * TILE)
                for number, leaf in enumerate(leaves):
                    if leaf_hash(leaf) != expected[number]:
                        raise Refused(f"{path}: entry {index * TILE + number} is not the one the checkpoint commits to")
            else:
                self.check_tile(level, index, expected)

# == The audit

def audit(folder, policy_data, seen_data=None):
    """What the ledger says, as a dictionary. Raises Refused or BadInput."""
    policy = Policy(policy_data)
    if not os.path.isdir(folder):
        raise BadInput(f"{folder}: no such folder")
    for attempt in range(5):
        note = read_member(folder, "checkpoint", MAX_NOTE)
        try:
            return audit_once(folder, policy, note, seen_data)
        except Refused:
            # A writer at work takes outgrown partial files away: what failed meanwhile is looked at again.
            if attempt == 4 or read_member(folder, "checkpoint", MAX_NOTE) == note:
                raise

def audit_once(folder, policy, note, seen_data):
    checkpoint = Checkpoint(note, policy.logs, policy.witnesses, "checkpoint")
    checkpoint.require_quorum(policy, "checkpoint")
    exercise = checkpoint.origin.startswith("exercise.")
    ledger = Ledger(folder)
    kinds, told, latest, first = {}, [], None, {}

    def on_leaf(index, leaf):
        nonlocal latest
        said = read_leaf(leaf, exercise)
        if first.setdefault("parties", "parties" in said) != ("parties" in said):
            raise ValueError("a parties' leaf and an officers' leaf in one ledger")
        kinds[said["kind"]] = kinds.get(said["kind"], 0) + 1
        latest = said.get("time_us", latest)
        if said["kind"] in TOLD or "text" in said:
            told.append({"entry": index} | said)

    ledger.check_leaves(checkpoint.size, on_leaf)
    ledger.check_upper_tiles()
    if tree_root(ledger.levels, checkpoint.size) != checkpoint.root:
        raise Refused("checkpoint: line 3: is not the root of the tree that the entries make")
    ledger.check_names()
    if seen_data is not None:
        check_seen(seen_data, policy, checkpoint, ledger)
    report = report_of(checkpoint, latest, dict(sorted(kinds.items())), told)
    return report | {"files_checked": ledger.checked, "files_beyond_checkpoint": ledger.unjudged}

def report_of(checkpoint, latest, kinds, entries):
    return {
        "origin": checkpoint.origin,
        "status": "EXERCISE" if checkpoint.origin.startswith("exercise.") else "OPERATIONAL",
        "size": checkpoint.size,
        "latest_time_utc": None if latest is None else utc(latest),
        "root": base64.b64encode(checkpoint.root).decode(),
        "cosigners": sorted(checkpoint.cosigners),
        "kinds": kinds,
        "entries": entries,
    }

def check_seen(data, policy, checkpoint, ledger):
    seen = Checkpoint(data, policy.logs, {}, "--seen")  # witnesses may have cosigned it later, or not at all
    if seen.origin != checkpoint.origin:
        raise Refused(f"--seen: is of the ledger '{seen.origin}', not of this one")
    if seen.size > checkpoint.size:
        raise Refused(f"the ledger was cut back: {seen.size} entries were seen, it has {checkpoint.size}")
    if tree_root(ledger.levels, seen.size) != seen.root:
        raise Refused(f"history was replaced: the first {seen.size} entries are not those that were seen")

def audit_proof(data, leaf, policy_data):
    """What the leaf says that a C2SP tlog-proof shows to be in a ledger. Raises Refused or BadInput."""
    policy = Policy(policy_data)
    head, blank, note = data.partition(b"\n\n")
    lines = head.decode("latin-1").split("\n")
    extra = 1 if lines[1:] and lines[1].startswith("extra ") else 0  # signed by nobody: passed over

    def refuse(line, sentence):
        raise Refused(f"proof: line {line}: {sentence}")

    if lines[0] != "c2sp.org/tlog-proof@v1":
        refuse(1, "'c2sp.org/tlog-proof@v1' expected")
    if extra and strict_base64(lines[1][6:]) is None:
        refuse(2, "'extra' without base64")
    index = re.fullmatch("index (0|[1-9][0-9]{0,18})", "".join(lines[1 + extra : 2 + extra]))
    if index is None:
        refuse(2 + extra, "'index <n>' expected")
    path = [strict_base64(line) for line in lines[2 + extra :]]
    for number, sibling in enumerate(path, 3 + extra):
        if sibling is None or len(sibling) != HASH or number > 65 + extra:
            refuse(number, "is no hash of an inclusion proof")
    if not blank:
        refuse(len(lines) + 1, "a blank line and a checkpoint are missing")
    checkpoint = Checkpoint(note, policy.logs, policy.witnesses, "proof: checkpoint")
    checkpoint.require_quorum(policy, "proof: checkpoint")
    number = int(index[1])
    if not inclusion_holds(number, checkpoint.size, leaf_hash(leaf), path, checkpoint.root):
        raise Refused(f"proof: the leaf is not entry {number} of the {checkpoint.size} that the checkpoint commits to")
    try:
        said = read_leaf(leaf, checkpoint.origin.startswith("exercise."))
    except ValueError as error:
        raise Refused(f"leaf: {error}") from None
    return report_of(checkpoint, said.get("time_us"), {said["kind"]: 1}, [{"entry": number} | said])

def printable(text):
    """What leaves and file names say is another's text: no escape sequence of it may reach the terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)

def print_report(report):
    print(f"ledger: {printable(report['origin'])} ({report['status']})")
    print(f"latest known: size {report['size']}, time {report['latest_time_utc'] or 'none'}")
    print(f"root: {report['root']}")
    if report["cosigners"]:
        print(f"cosigned by: {', '.join(report['cosigners'])}")
    if "files_checked" in report:
        print(f"files checked: {report['files_checked']}")
    if report.get("files_beyond_checkpoint"):
        print(f"files beyond the checkpoint, not judged: {report['files_beyond_checkpoint']}")
    for kind, count in report["kinds"].items():
        print(f"{kind}: {count}")
    for said in report["entries"]:
        time = utc(said["time_us"]) + " " if "time_us" in said else ""
        words = [f"entry {said['entry']}: {time}{said['kind']}"]
        if said["kind"] == "event_transition":
            words.append(said["state"] + (" amended" if said["amended"] else ""))
        for key in ("rule", "notification", "event_id", "zone", "case_id", "record_id", "challenge_id", "audience", "format",
                    "reason", "text"):  # fmt: skip
            if said.get(key):
                words.append(f"{key} {said[key]}")
        if "count_min" in said:
            words.append(f"count {said['count_min']}-{said['count_max']} probability {said['probability']:.3f}")
        print(printable(" ".join(words)))

def read_file(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror or error}") from None

def main(arguments=None):
    parser = argparse.ArgumentParser(description="Check every byte of a trucewatch ledger, offline, with the policy file alone.")
    parser.add_argument("ledger", nargs="?", help="ledger folder")
    parser.add_argument("--proof", help="instead of a ledger: a C2SP tlog-proof that one leaf is in it")
    parser.add_argument("--leaf", help="the leaf that --proof is about")
    parser.add_argument("--policy", required=True, help="policy file: the log's key and the witnesses you trust")
    parser.add_argument("--seen", help="a checkpoint you were given before: finds truncation and rollback")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    options = parser.parse_args(arguments)  # exits with 2 for usage
    sys.stdout.reconfigure(errors="replace")
    if (options.proof is None) == (options.ledger is None) or (options.proof is None) != (options.leaf is None):
        parser.error("a ledger folder, or --proof and --leaf, expected")
    code, sentence, report = 0, None, {}
    try:
        policy = read_file(options.policy)
        if options.proof is not None:
            report = audit_proof(read_file(options.proof), read_file(options.leaf), policy)
        else:
            report = audit(options.ledger, policy, read_file(options.seen) if options.seen else None)
    except Refused as refusal:
        code, sentence = 4, str(refusal)
    except BadInput as error:
        code, sentence = 3, str(error)
    if options.json:
        verdict = {0: "good", 3: "bad input", 4: "refused"}[code]
        print(json.dumps({"verdict": verdict, "reason": sentence} | report))
    elif code == 0:
        print_report(report)
        print("verdict: good; " + ("every byte the checkpoint commits to is there and unchanged" if options.proof is None
                                   else f"the leaf is entry {report['entries'][0]['entry']} of the ledger"))  # fmt: skip
    if code:
        print(f"trucewatch_audit: {printable(sentence)}", file=sys.stderr)
    return code

if __name__ == "__main__":
    sys.exit(main())
