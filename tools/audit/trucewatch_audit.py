#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks a trucewatch ledger, one proof or a case bundle offline, with the policy file alone.

An independent checker: written from docs/formats/ledger.md, bundle.md and the C2SP specifications it names, it shares no code
with trucewatch and needs nothing but Python 3.11. It may be read, copied and run by either party.
    trucewatch_audit.py LEDGER --policy FILE [--seen CHECKPOINT] [--json]
    trucewatch_audit.py --proof FILE --leaf FILE --policy FILE [--json]
    trucewatch_audit.py --bundle FOLDER --policy FILE --signer VKEYFILE [--json]

--policy: the log's key and the witnesses you trust; --seen: a checkpoint you were given before, finds truncation and rollback;
--proof: C2SP tlog-proof that --leaf is in a ledger; --signer: vkeys, one a line, of those who may have signed --bundle; --json:
one JSON object. As `python3 -I -S trucewatch_audit.py ...` it runs without anything else that is installed for Python.
Exit codes: 0 good, 2 usage, 3 an input could not be read, 4 refused; the sentence names the first bad entry, tile or line.
"""
import binascii, hashlib, json, os, re, stat, struct, sys, time

TILE = 256  # hashes in a full tile, entries in a full bundle
HASH = 32
MAX_ENTRY = 2 + 65535  # bytes of an entry in its bundle, length and leaf
MAX_NOTE = 256 * 1024  # bytes of a checkpoint
MAX_CASE = 1000000  # bytes of case.txt
BLOCK = 1 << 16  # bytes read at a time: what was just read is still in the cache when it is hashed
LEAF_TAG = b"trucewatch/leaf/v1\n"
PARTY_TAG = b"trucewatch/party-leaf/v1\n"

class Refused(Exception): """The evidence does not fit: exit code 4."""
class BadInput(Exception): """An input that says nothing about the evidence, such as a policy that cannot be read: exit code 3."""
def refuse(where, line, sentence): refuse_if(True, sentence, where, line)
def refuse_if(bad, sentence, where=None, line=None):
    if bad:
        raise Refused(sentence if where is None else f"{where}: line {line}: {sentence}")
def wrong_if(bad, sentence):
    if bad:
        raise ValueError(sentence)

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
    y, odd = number & (SIGN_BIT - 1), number >> 255
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x - u) % P:
        x = x * SQRT_M1 % P
    if y >= P or (v * x * x - u) % P or (x == 0 and odd):
        return None
    x = P - x if (x ^ odd) & 1 else x
    return x, y, 1, x * y % P
def _add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * D * p[3] % P * q[3] % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P
BASE = _point(bytes([0x58]) + bytes([0x66]) * 31)
def _is_small_order(point):
    for _ in range(3):
        point = _add(point, point)
    return point[0] == 0 and point[1] == point[2]
def ed25519_good(public_key, message, signature):
    if len(public_key) != 32 or len(signature) != 64:
        return False
    s = int.from_bytes(signature[32:], "little")
    key, commitment = _point(public_key), _point(signature[:32])
    if s >= ORDER or key is None or commitment is None or _is_small_order(key) or _is_small_order(commitment):
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % ORDER
    x, y, z, t = key
    sums = [NEUTRAL]  # R = s B - h A, two bits of s and h at a time
    for i in range(1, 16):
        sums.append(_add(sums[i - 1], BASE) if i & 3 else _add(sums[i - 4], (P - x, y, z, P - t)))
    point = NEUTRAL
    for shift in range(252, -1, -2):
        point = _add(point, point)
        point = _add(_add(point, point), sums[s >> shift & 3 | (h >> shift & 3) << 2])
    inverse = pow(point[2], -1, P)
    encoded = point[1] * inverse % P | (point[0] * inverse % P & 1) << 255
    return encoded.to_bytes(32, "little") == signature[:32]
# == Hashes and trees, RFC 9162 section 2.1
def leaf_hash(leaf): return hashlib.sha256(b"\x00" + leaf).digest()
def node_hash(left, right): return hashlib.sha256(b"\x01" + left + right).digest()
def _perfect_root(hashes):  # Root over 2^k hashes.
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
def inclusion_holds(index, size, leaf, proof, root):
    """RFC 9162 section 2.1.3.2. `leaf` is the leaf's hash."""
    fn, sn = index, size - 1
    if index >= size or any(len(h) != HASH for h in [leaf, *proof]):
        return False
    for sibling in proof:
        if sn == 0:
            return False
        leaf = node_hash(sibling, leaf) if fn & 1 or fn == sn else node_hash(leaf, sibling)
        while fn == sn and fn and not fn & 1:  # a last node that has no sibling is its parent
            fn, sn = fn >> 1, sn >> 1
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and leaf == root
# == Signed notes, keys, policy, checkpoint
def strict_base64(text):
    """Bytes, or None: one text only stands for given bytes, so that no bit of it can change unseen."""
    try:
        data = binascii.a2b_base64(text)
    except ValueError:
        return None
    return data if binascii.b2a_base64(data, newline=False).decode() == text else None
def is_key_name(name): return name != "" and "+" not in name and not any(c.isspace() for c in name)

class Key:
    """A verifier's key from `name+hex8+base64(type || public key)`."""
    def __init__(self, vkey, wanted_type):
        name, hex_id, encoded = (vkey.split("+", 2) + ["", ""])[:3]
        data = strict_base64(encoded)
        wrong_if(not is_key_name(name) or data is None or len(data) != 33, "no key of the form name+hex8+base64")
        wrong_if(data[0] != wanted_type, f"key of type {data[0]:02x}, type {wanted_type:02x} expected")
        self.name, self.type, self.public = name, data[0], data[1:]
        self.id = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
        wrong_if(hex_id.lower() != self.id.hex(), f"the key id is {self.id.hex()}, not {hex_id}")
        point = _point(self.public)
        wrong_if(point is None or _is_small_order(point), "the public key is no good point of the curve")
    def signed(self, text, signature):  # Whether the bytes after the key id are this key's signature over the note's text.
        if self.type == 1:
            return ed25519_good(self.public, text, signature)
        timed = b"cosignature/v1\ntime %d\n" % int.from_bytes(signature[:8], "big") + text
        return len(signature) == 72 and ed25519_good(self.public, timed, signature[8:])

class Policy:
    """C2SP tlog-policy. Bad lines are BadInput: the reader must mend the file."""
    def __init__(self, data):
        self.logs, self.witnesses, self.groups, self.quorum, self.read = {}, {}, {}, None, {}
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
        if not self.logs or self.quorum is None:
            raise BadInput("policy: no 'quorum' line" if self.logs else "policy: no 'log' line")
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
            wrong_if(len(set(members)) != len(members), "a member is named twice")
            needed = {"any": "1", "all": str(len(members))}.get(threshold, threshold)
            wrong_if(not re.fullmatch("[1-9][0-9]{0,5}", needed) or int(needed) > len(members),
                     f"'{threshold}' is neither all, any nor a number from 1 to {len(members)}")  # fmt: skip
            self.groups[name] = (int(needed), members)
        elif kind == "quorum" and len(rest) == 1:
            wrong_if(self.quorum is not None, "a second quorum")
            if rest[0] != "none":
                self._known(rest[0])
            self.quorum = rest[0]
        else:
            raise ValueError("'log <vkey>', 'witness <name> <vkey>', 'group <name> all|any|<k> <members>' or 'quorum <name>|none' expected")
    def _add(self, keys, name, key):
        wrong_if(any(key.public == other.public for other in keys.values()), "this key is there already")
        keys[name] = key
    def _known(self, name): wrong_if(name not in self.witnesses and name not in self.groups, f"'{name}' is not defined above")
    def _new_name(self, name): wrong_if(name == "none" or name in self.witnesses or name in self.groups, f"'{name}' is taken")
    def is_satisfied(self, cosigners, name=None):
        name = self.quorum if name is None else name
        if name == "none" or name in cosigners:
            return True
        needed, members = self.groups.get(name, (1, []))
        return sum(self.is_satisfied(cosigners, member) for member in members) >= needed
    def checkpoint(self, note, where):
        """The checkpoint of a note that the policy accepts; read once, since all proofs of a bundle hold the same."""
        if note not in self.read:
            read = Checkpoint(note, self.logs, self.witnesses, where)
            names = ", ".join(sorted(read.cosigners)) or "nobody"
            refuse_if(not self.is_satisfied(read.cosigners),
                      f"{where}: cosigned by {names}, which is not the policy's quorum '{self.quorum}'")  # fmt: skip
            self.read[note] = read
        return self.read[note]
def plain_text(data, where):
    """The text of UTF-8 lines that each end in a newline and hold no control character."""
    at = re.search(rb"[\x00-\x09\x0b-\x1f]", data)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        refuse(where, data.count(b"\n", 0, error.start) + 1, "is not UTF-8")
    refuse_if(at, "holds a control character", where, data.count(b"\n", 0, at.start() if at else 0) + 1)
    refuse_if(text and not text.endswith("\n"), "does not end in a newline", where, text.count("\n") + 1)
    return text
def read_note(data, limit, where):
    """The text of a signed note and its signatures: (line, name, key id and signature)."""
    refuse_if(len(data) > limit, f"{where}: has more than {limit} bytes")
    note = plain_text(data, where)
    blank = note.rfind("\n\n")
    refuse_if(blank <= 0 or blank + 2 == len(note), "text, a blank line and signature lines expected", where, note.count("\n") + 1)
    text, signatures = note[: blank + 1], []
    for number, line in enumerate(note[blank + 2 : -1].split("\n"), text.count("\n") + 2):
        parts = line.split(" ")
        signature = strict_base64(parts[2]) if len(parts) == 3 else None
        if parts[0] != "\u2014" or signature is None or not is_key_name(parts[1]) or len(signature) < 5:
            refuse(where, number, "is no signature line")
        signatures.append((number, parts[1], signature))
    return text, signatures
def signed_by(keys, text, signatures, where):  # Which of the keys ({any name: Key}) signed the text. A bad signature of one of them refuses it.
    names = set()
    for number, signer, data in signatures:
        for name, key in keys.items():
            if (key.name, key.id) == (signer, data[:4]):
                refuse_if(not key.signed(text.encode(), data[4:]), f"the signature of {key.name} is not good", where, number)
                names.add(name)
    return names

class Checkpoint:
    """A signed note whose text is origin, size and root. Refused when a key of the policy signed it badly."""
    def __init__(self, data, logs, witnesses, where):
        text, signatures = read_note(data, MAX_NOTE, where)
        lines = text[:-1].split("\n")
        refuse_if(len(lines) != 3 or lines[0] == "", "origin, size and root expected, no more", where, min(len(lines), 4))
        refuse_if(not re.fullmatch("0|[1-9][0-9]{0,18}", lines[1]), "is no size", where, 2)
        root = strict_base64(lines[2])
        refuse_if(root is None or len(root) != HASH, "is no root of 32 bytes in base64", where, 3)
        self.origin, self.size, self.root = lines[0], int(lines[1]), root
        self.log = next((logs[i] for i in signed_by(logs, text, signatures, where) if logs[i].name == self.origin), None)
        self.cosigners = signed_by(witnesses, text, signatures, where)
        refuse_if(self.log is None, f"{where}: is not signed by a log of the policy whose name is its origin, '{self.origin}'")

# == Leaves: a minimal Protobuf reader, and what the fields of proto/trucewatch/v1 mean to a reader
def varint(data, at):
    value = 0
    for count, byte in enumerate(data[at : at + 10]):
        value |= (byte & 127) << 7 * count
        if byte < 128:
            return value & 0xFFFFFFFFFFFFFFFF, at + count + 1
    raise ValueError("a number is cut off or too long")
def fields(data):
    """(number, wire type, value) of each field; what is in a group is passed over."""
    at, groups = 0, []
    while at < len(data):
        tag, at = varint(data, at)
        number, wire, value = tag >> 3, tag & 7, None
        wrong_if(not 0 < number < 1 << 29 or wire > 5, "a field's number or wire type is out of range")
        if wire == 0:
            value, at = varint(data, at)
        elif wire == 3:
            groups.append(number)
        elif wire == 4:
            wrong_if(not groups or groups.pop() != number, "a group ends that did not begin")
        else:
            length, at = varint(data, at) if wire == 2 else (8 if wire == 1 else 4, at)
            value = data[at : at + length]
            at += length
            wrong_if(at > len(data), "a field is cut off")
        if value is not None and not groups:
            yield number, wire, value
    wrong_if(groups, "a group does not end")
# Wire type, value when absent, and how it is read.
TYPES = {
    "text": (2, "", lambda value: value.decode("utf-8")),
    "double": (1, 0.0, lambda value: struct.unpack("<d", value)[0]),
    "bool": (0, False, bool),
    "int": (0, 0, lambda value: value - (value >> 63 << 64)),
    "int32": (0, 0, lambda value: (value & 0xFFFFFFFF) - ((value >> 31 & 1) << 32)),
    "message": (2, b"", bytes),
    "texts": (2, [], lambda value: [value.decode("utf-8")]),
    "supports": (2, [], lambda value: [data.hex() for number, wire, data in fields(value) if (number, wire) == (6, 2)]),
}
def message(data, schema):
    """The fields of `schema` ({number: (name, type)}); others are passed over. Of single ones the last value counts."""
    values = {name: TYPES[kind][1] for name, kind in schema.values()}
    for number, wire, value in fields(data):
        name, kind = schema.get(number, (None, None))
        if name is not None and wire == TYPES[kind][0]:
            read = TYPES[kind][2](value)
            values[name] = values[name] + read if kind in ("texts", "supports", "message") else read
    return values
PAYLOADS = range(1, 16)  # of Envelope; those that LEAVES does not name are no leaves
LEAVES = {
    1: ("mission_header", {1: ("mission", "text"), 2: ("exercise", "bool"), 3: ("time_us", "int"),
                            4: ("config_text", "text"), 5: ("agreement_text", "text"), 8: ("later_texts", "texts")}),
    7: ("data_fault", {1: ("source", "text"), 2: ("time_us", "int"), 3: ("format", "text"), 5: ("reason", "text")}),
    9: ("finding", {
        1: ("kind", "int32"), 2: ("time_us", "int"), 3: ("event_id", "text"), 4: ("exercise", "bool"),
        5: ("state", "int32"), 6: ("rule", "text"), 7: ("zone", "text"), 8: ("notification", "text"),
        10: ("count_min", "int32"), 11: ("count_max", "int32"), 14: ("probability", "double"),
        19: ("raw_sha256", "supports"), 21: ("agreement_hash", "text"), 22: ("amended", "bool"), 23: ("case_id", "text"),
        24: ("record_id", "text"), 25: ("decision", "message"), 27: ("challenge_id", "text"),
        28: ("challenge_state", "int32"), 29: ("audience", "text")}),
}  # fmt: skip
FINDING_KINDS = ["unspecified", "event_transition", "notified_movement", "heartbeat", "mission_header", "data_fault",
                 "source_status", "permitted_movement", "human_record", "case", "coverage", "challenge", "release", "key_set", "custody"]  # fmt: skip
STATES = ["unspecified", "candidate", "corroborated", "verified", "confirmed", "not_confirmed", "inconclusive", "closed", "reopened"]  # fmt: skip
CHALLENGE_STATES = ["unspecified", "filed", "answered", "upheld", "rejected", "inconclusive", "escalated"]
PRINTED = ("event_transition", "notified_movement", "permitted_movement", "human_record", "case", "challenge", "release", "operation")
def word(words, number): return words[number] if 0 <= number < len(words) else str(number)
def read_party_leaf(body, exercise):
    """A commitment, which says nothing, or a statement, whose first two keys everybody can read (release.md)."""
    if body[:1] == b"\x01":
        wrong_if(len(body) != 33, "a commitment has 32 bytes")
        return {"kind": "commitment", "parties": True, "commitment": body[1:].hex()}
    begin = re.match(rb'\x02\{"statement":"([a-z_]+)","status":"([A-Z]+)",', body)
    wrong_if(begin is None or not body.endswith(b"}"), "is neither a commitment nor a statement")
    wrong_if(begin[2] != (b"EXERCISE" if exercise else b"OPERATIONAL"), "has not the mark of the ledger's origin")
    return {"kind": "statement_" + begin[1].decode(), "parties": True, "text": body[1:].decode("utf-8", "surrogateescape")}
def read_leaf(leaf, exercise):
    """What the leaf says. Raises ValueError when it is no leaf of a ledger with this status."""
    if leaf.startswith(PARTY_TAG):
        return read_party_leaf(leaf[len(PARTY_TAG) :], exercise)
    wrong_if(not leaf.startswith(LEAF_TAG), "does not begin with 'trucewatch/leaf/v1'")
    wrong_if(leaf[len(LEAF_TAG) : len(LEAF_TAG) + 1] not in (b"\x01", b"\x02"), "is neither a finding nor an operation")
    payload, content = None, b""
    for number, wire, value in fields(leaf[len(LEAF_TAG) + 1 :]):
        if wire == 2 and number in PAYLOADS:  # a payload given twice is merged, another one replaces it
            content = content + value if number == payload else value
            payload = number
    wrong_if(payload not in LEAVES, "holds neither a mission header, a finding nor a data fault")
    kind, schema = LEAVES[payload]
    said = message(content, schema)
    if kind == "finding":
        kind, said["state"] = word(FINDING_KINDS, said["kind"]), word(STATES, said["state"])
        decisions = [value.decode("utf-8") for number, wire, value in fields(said["decision"]) if (number, wire) == (23, 2)]
        said["decision"] = "".join(decisions[-1:])  # of the human record
    marked = "is marked as an exercise in another ledger" if said.get("exercise") else "lacks the exercise mark"
    wrong_if(said.get("exercise", exercise) != exercise, marked)
    return said | {"kind": "operation" if leaf[len(LEAF_TAG)] == 2 else kind}
def utc(time_us):
    seconds, rest = divmod(time_us, 1000000)
    if not -62135596800 <= seconds < 253402300800:  # years 1 to 9999
        return f"{time_us} us"
    return "%04d-%02d-%02dT%02d:%02d:%02d" % time.gmtime(seconds)[:6] + (f".{rest:06d}Z" if rest else "Z")

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
        refuse_if(not stat.S_ISREG(os.lstat(full).st_mode), f"{path}: is no plain file")
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
def tile_of(path):  # (level, index, width) of a tile's or a bundle's path, None for any other.
    match = TILE_NAME.fullmatch(path)
    if match is None:
        return None
    level, width = match[1] if match[1] == "entries" else int(match[1]), int(match[3] or TILE)
    index = int(match[2].replace("x", "").replace("/", ""))
    one = width <= TILE and index < 1 << 56 and tile_path(level, index, width) == path  # one name only stands for one tile
    return (level, index, width) if one else None
def split_bundle(data, count, path, first):
    """The `count` leaves of an entry bundle whose first has index `first`."""
    leaves, at = [], 0
    for number in range(first, first + count):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        refuse_if(at + 2 > len(data) or end > len(data), f"entry {number}: is cut off in {path}")
        leaves.append(data[at + 2 : end])
        at = end
    refuse_if(at != len(data), f"{path}: holds {len(data) - at} bytes after its last entry, {first + count - 1}")
    return leaves

class Ledger:  # Files of a ledger held against its checkpoint.
    def __init__(self, folder):
        self.folder, self.size, self.files, self.levels = folder, 0, list_files(folder), []  # levels: see tree_root
        self.checked, self.unjudged = 1, 0  # files read, the checkpoint among them, and files beyond it
    def read(self, path, limit):
        self.checked += 1
        return read_member(self.folder, path, limit)
    def check_leaves(self, size, on_leaf):  # Each bundle against its tile of level 0; on_leaf(index, leaf) for each entry that fits.
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
        refuse_if(len(data) != HASH * len(hashes), f"{path}: has not the {HASH * len(hashes)} bytes of its {len(hashes)} hashes")
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
            refuse_if(tile is None, f"{path}: a ledger has no such file")
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
                for number, leaf in enumerate(leaves, index * TILE):
                    refuse_if(leaf_hash(leaf) != expected[number % TILE], f"{path}: entry {number} is not the one the checkpoint commits to")
            else:
                self.check_tile(level, index, expected)

# == The audit
def audit(folder, policy, seen_data=None):  # What the ledger says, as a dictionary. Raises Refused or BadInput.
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
    checkpoint = policy.checkpoint(note, "checkpoint")
    ledger, exercise = Ledger(folder), checkpoint.origin.startswith("exercise.")
    kinds, told, latest, first = {}, [], None, {}
    def on_leaf(index, leaf):
        nonlocal latest
        said = read_leaf(leaf, exercise)
        mixed = first.setdefault("parties", "parties" in said) != ("parties" in said)
        wrong_if(mixed, "a parties' leaf and an officers' leaf in one ledger")
        kinds[said["kind"]] = kinds.get(said["kind"], 0) + 1
        latest = said.get("time_us", latest)
        if said["kind"] in PRINTED or "text" in said:
            told.append({"entry": index} | said)
    ledger.check_leaves(checkpoint.size, on_leaf)
    ledger.check_upper_tiles()
    refuse_if(tree_root(ledger.levels, checkpoint.size) != checkpoint.root, "is not the root of the tree that the entries make", "checkpoint", 3)
    ledger.check_names()
    if seen_data is not None:
        check_seen(seen_data, policy, checkpoint, ledger)
    report = report_of(checkpoint, latest, dict(sorted(kinds.items())), told)
    return report | {"files_checked": ledger.checked, "files_beyond_checkpoint": ledger.unjudged}
def report_of(checkpoint, latest, kinds, entries):
    return {"origin": checkpoint.origin, "status": "EXERCISE" if checkpoint.origin.startswith("exercise.") else "OPERATIONAL",
            "size": checkpoint.size, "latest_time_utc": None if latest is None else utc(latest), "kinds": kinds, "entries": entries,
            "root": binascii.b2a_base64(checkpoint.root, newline=False).decode(), "cosigners": sorted(checkpoint.cosigners)}  # fmt: skip
def check_seen(data, policy, checkpoint, ledger):
    seen = Checkpoint(data, policy.logs, {}, "--seen")  # witnesses may have cosigned it later, or not at all
    refuse_if(seen.origin != checkpoint.origin, f"--seen: is of the ledger '{seen.origin}', not of this one")
    refuse_if(seen.size > checkpoint.size, f"the ledger was cut back: {seen.size} entries were seen, it has {checkpoint.size}")
    replaced = tree_root(ledger.levels, seen.size) != seen.root
    refuse_if(replaced, f"history was replaced: the first {seen.size} entries are not those that were seen")
def audit_proof(data, leaf, policy):
    """What the leaf says that a C2SP tlog-proof shows to be in a ledger. Raises Refused."""
    checkpoint, number, said = proved(data, leaf, policy)
    return report_of(checkpoint, said.get("time_us"), {said["kind"]: 1}, [{"entry": number} | said])
def proved(data, leaf, policy):  # (checkpoint, index, what the leaf says) of a good proof.
    head, blank, note = data.partition(b"\n\n")
    lines = head.decode("latin-1").split("\n")
    extra = 1 if lines[1:] and lines[1].startswith("extra ") else 0  # signed by nobody: passed over
    refuse_if(lines[0] != "c2sp.org/tlog-proof@v1", "'c2sp.org/tlog-proof@v1' expected", "proof", 1)
    refuse_if(extra and strict_base64(lines[1][6:]) is None, "'extra' without base64", "proof", 2)
    index = re.fullmatch("index (0|[1-9][0-9]{0,18})", "".join(lines[1 + extra : 2 + extra]))
    refuse_if(index is None, "'index <n>' expected", "proof", 2 + extra)
    path = [strict_base64(line) for line in lines[2 + extra :]]
    for number, sibling in enumerate(path, 3 + extra):
        refuse_if(sibling is None or len(sibling) != HASH or number > 65 + extra, "is no hash of an inclusion proof", "proof", number)
    refuse_if(not blank, "a blank line and a checkpoint are missing", "proof", len(lines) + 1)
    checkpoint = policy.checkpoint(note, "proof: checkpoint")
    number = int(index[1])
    holds = inclusion_holds(number, checkpoint.size, leaf_hash(leaf), path, checkpoint.root)
    refuse_if(not holds, f"proof: the leaf is not entry {number} of the {checkpoint.size} that the checkpoint commits to")
    return checkpoint, number, leaf_at("leaf", leaf, checkpoint.origin)
def leaf_at(where, leaf, origin):  # What the leaf says in a ledger of this origin, or Refused.
    try:
        return read_leaf(leaf, origin.startswith("exercise."))
    except ValueError as error:
        raise Refused(f"{where}: {error}") from None

# == Case bundles, bundle.md
CASE_LINES = ["trucewatch case bundle v1", "event ([0-9a-f]{32})", "status (EXERCISE|OPERATIONAL)",
              "audience (officers|parties)", "ledger (.+) (0|[1-9][0-9]{0,17})",
              "file ([0-9a-f]{64}|-) (0|[1-9][0-9]{0,17}) ([A-Za-z0-9._/-]+)"]  # fmt: skip
LEAF_FILE = re.compile(r"leaves/(0|[1-9][0-9]{0,17})\.(leaf|tlog-proof)")
OPENED_FILE = re.compile(r"opened/(0|[1-9][0-9]{0,17})\.(leaf|salt)")
RAW_FILE = re.compile(r"raw/[^/]+\.bin")  # may have - for its hash: its records have theirs
SAME = ("event_id", "status", "state", "rule", "zone", "count_min", "count_max", "agreement_hash")  # in the line and in the leaf
def once(pairs):
    wrong_if(len(words := dict(pairs)) < len(pairs), "a key twice")
    return words
DECODER = json.JSONDecoder(object_pairs_hook=once, parse_constant=int)  # int refuses NaN and Infinity
def json_lines(data, where):  # (line number, line, object) of each.
    for number, line in enumerate(plain_text(data, where).split("\n")[:-1], 1):
        try:
            value = DECODER.decode(line)
        except (ValueError, RecursionError):
            value = None
        yield (number, line, value) if isinstance(value, dict) else refuse(where, number, "is no JSON object")
def state_of(said):
    """What events.jsonl calls the state of a statement on an event; None of what is none."""
    challenge = "CHALLENGE_" + word(CHALLENGE_STATES, said.get("challenge_state", 0)).upper()
    return {"event_transition": said.get("state", "").upper(), "challenge": challenge, "release": "RELEASED"}.get(said["kind"])

class Bundle:  # A case bundle's folder, held against case.txt.
    def __init__(self, folder, signers):
        text, signatures = read_note(read_member(folder, "case.txt", MAX_CASE), MAX_CASE, "case.txt")
        found, last, self.folder, self.files, self.data, self.leaves = [], "", folder, {}, {}, {}
        for number, line in enumerate(text.split("\n")[:-1], 1):
            match = re.fullmatch(CASE_LINES[min(number, 6) - 1], line)
            found += match.groups() if match else refuse("case.txt", number, f"'{CASE_LINES[min(number, 6) - 1]}' expected")
        self.event, self.status, self.audience, self.origin, size, *files = found + [""] * (5 - len(found))
        for number, (digest, length, path) in enumerate(zip(files[0::3], files[1::3], files[2::3]), 6):
            bad = path <= last or path == "case.txt" or {"", ".", ".."} & set(path.split("/"))
            bad = bad or digest == "-" and not RAW_FILE.fullmatch(path)
            refuse_if(bad, "has no path that may stand here, or no hash", "case.txt", number)
            self.files[path], last = (digest, int(length)), path
        self.signers = sorted(signers[name].name for name in signed_by(signers, text, signatures, "case.txt"))
        bad = len({signature[1:] for signature in signatures}) < len(signatures) or not self.signers or not files
        refuse_if(bad, "case.txt: is not signed by a key of --signer, holds a signature twice, or lists no file")
        self.size, self.officers, status = int(size), self.audience == "officers", self.status == "EXERCISE"
        refuse_if(status != self.origin.startswith("exercise."), "is not the status of the ledger's origin", "case.txt", 3)
    def check_files(self):  # All but raw bytes, which are read once, with their records.
        found = set(list_files(self.folder)) - {"case.txt"}
        for path in sorted(found ^ set(self.files)):
            raise Refused(f"{path}: " + ("is not in case.txt" if path in found else "is missing"))
        for path, (digest, size) in self.files.items():
            if not RAW_FILE.fullmatch(path):
                self.data[path] = read_member(self.folder, path, size)
                self.expect(path, len(self.data[path]), hashlib.sha256(self.data[path]))
    def expect(self, path, size, whole):
        other = size != self.files[path][1] or self.files[path][0] not in ("-", whole.hexdigest())
        refuse_if(other, f"{path}: has not the bytes and the SHA-256 of case.txt")
    def need(self, path):
        return self.data[path] if path in self.data else refuse("case.txt", len(self.files) + 6, f"a bundle needs '{path}'")
    def check_leaves(self, policy):
        roots = set()
        for path in [path for path in self.data if path.startswith("leaves/")]:
            match = LEAF_FILE.fullmatch(path) or refuse("case.txt", 6, f"{path} is neither a leaf nor a proof")
            leaf, proof = (self.need(f"leaves/{match[1]}{ending}") for ending in (".leaf", ".tlog-proof"))
            if match[2] == "leaf":
                continue
            try:
                checkpoint, index, said = proved(proof, leaf, policy)
            except Refused as refusal:
                raise Refused(f"{path}: {refusal}") from None
            roots.add(checkpoint.root)
            other = (str(index), checkpoint.origin, checkpoint.size) != (match[1], self.origin, self.size) or len(roots) > 1
            refuse_if(other, f"{path}: is of another entry or checkpoint than the bundle says")
            refuse_if(said.get("parties", False) == self.officers, f"{path}: is of another ledger than that of {self.audience}")
            self.leaves[index] = said
    def on_event(self, said):
        if self.officers:
            return state_of(said) is not None and said["event_id"] == self.event
        return f'"event":"{self.event}"' in said.get("text", "")
    def check_statements(self):
        told = []
        for number, line, words in json_lines(self.need("events.jsonl"), "events.jsonl"):
            index = words.get("ledger_index")
            bad = type(index) is not int or index not in self.leaves or told and index <= told[-1]
            refuse_if(bad, "has no 'ledger_index' of a leaf here that comes after the one before", "events.jsonl", number)
            said = self.leaves[index]
            if self.officers:
                leaf = said | {"status": self.status, "state": state_of(said)}
                same = dump(leaf) == dump(words)
            else:
                same = line == f'{{"ledger_index":{index},{said.get("text", "")[1:]}'
            bad = not same or not self.on_event(said)
            refuse_if(bad, f"does not say what leaf {index} says of the event", "events.jsonl", number)
            told.append(index)
        missing = [index for index in self.leaves if self.on_event(self.leaves[index]) and index not in told]
        refuse_if(missing or not told, f"events.jsonl: has no line for leaf {missing[0] if missing else 'or any'}")
        return [{"entry": index} | self.leaves[index] for index in told]
    def check_texts(self, told):
        headers = [said for said in self.leaves.values() if said["kind"] == "mission_header"]
        refuse_if(len(headers) != 1, f"leaves: {len(headers)} mission headers, one expected")
        versions = [headers[0]["agreement_text"], *headers[0]["later_texts"]]
        for path, texts in (("agreement.txtpb", versions), ("mission.txtpb", [headers[0]["config_text"]])):
            refuse_if(self.need(path) not in [text.encode() for text in texts], f"{path}: is not the text of the mission header")
        digest = hashlib.sha256(self.data["agreement.txtpb"]).hexdigest()
        for said in told:
            refuse_if(said["agreement_hash"] != digest, f"leaves/{said['entry']}.leaf: rests on another agreement than agreement.txtpb")
    def check_opened(self):
        """What is said by officers' entries that a party was given, each under a commitment that is one of the leaves."""
        opened = []
        for path in [path for path in self.data if path.startswith("opened/")]:
            match = OPENED_FILE.fullmatch(path)
            refuse_if(match is None, f"{path}: is neither an opened leaf nor its salt")
            leaf, salt = (self.need(f"opened/{match[1]}{ending}") for ending in (".leaf", ".salt"))
            committed = self.leaves.get(int(match[1]), {}).get("commitment")
            bad = len(salt) != 32 or hashlib.sha256(b"\x02" + salt + leaf).hexdigest() != committed
            refuse_if(bad, f"{path}: is not what leaf {match[1]} commits to")
            opened += [leaf_at(path, leaf, self.origin)] if match[2] == "leaf" else []
            refuse_if(opened and "parties" in opened[-1], f"{path}: is an entry of the parties' own ledger")
        return opened
    def check_raw(self):  # The digests of all records.
        where, digests = "raw/records.jsonl", set()
        records = {path: [] for path in self.files if RAW_FILE.fullmatch(path)}
        for number, _, words in json_lines(self.need(where), where):
            path, offset, length = f"raw/{words.get('file')}", words.get("offset"), words.get("length")
            bad = path not in records or type(offset) is not int or type(length) is not int or length < 0
            refuse_if(bad, "names no raw file of the bundle, offset and length", where, number)
            records[path].append((number, offset, length, words.get("sha256")))
            digests.add(words.get("sha256"))
        for path in records:
            self.check_records(path, records[path], where)
        return digests
    def check_records(self, path, parts, where):
        at, whole, buffer = 0, hashlib.sha256(), memoryview(bytearray(BLOCK))
        with open(os.path.join(self.folder, path), "rb", buffering=0) as file:
            for number, offset, length, wanted in parts:
                bad = offset != at or offset + length > self.files[path][1]
                refuse_if(bad, f"leaves a gap, lies upon another one or is not within {path}", where, number)
                part, at = hashlib.sha256(), offset + length
                while length:
                    got = file.readinto(buffer[: min(length, BLOCK)]) or refuse(where, number, f"lies beyond the end of {path}")
                    part.update(buffer[:got])
                    whole.update(buffer[: got if self.files[path][0] != "-" else 0])
                    length -= got
                refuse_if(part.hexdigest() != wanted, f"is not the SHA-256 of its bytes in {path}", where, number)
            self.expect(path, -1 if file.read(1) else at, whole)
def dump(words): return json.dumps([words.get(key) for key in SAME])  # 1, 1.0 and true are equal, but not the same
def audit_bundle(folder, policy, signer_data):  # What the bundle says, as a dictionary. Raises Refused or BadInput.
    try:
        lines = [line.strip() for line in signer_data.decode("utf-8").split("\n")]
        signers = {line: Key(line, 1) for line in lines if line and not line.startswith("#")}
    except ValueError as error:
        raise BadInput(f"--signer: {error}") from None
    if not os.path.isdir(folder) or not signers:
        raise BadInput(f"{folder}: no such folder" if signers else "--signer: no key")
    bundle = Bundle(folder, signers)
    bundle.check_files()
    bundle.check_leaves(policy)
    told = bundle.check_statements()
    report = {"event": bundle.event, "status": bundle.status, "audience": bundle.audience, "signed_by": bundle.signers,
              "origin": bundle.origin, "size": bundle.size, "files_checked": 1 + len(bundle.files), "entries": told}  # fmt: skip
    if bundle.officers:
        bundle.check_texts(told)
    opened = told if bundle.officers else bundle.check_opened()
    may = [said["kind"] == "release" and (said["audience"], said["decision"]) == ("parties", "release_raw") for said in opened]
    if bundle.officers or any(may) and len({said.get("event_id", "") for said in opened}) == 1:
        named, there = {digest for said in opened for digest in said.get("raw_sha256", ())}, bundle.check_raw()
        report["raw"] = f"{len(named & there)} of {len(named)} are in the bundle"
    else:
        for path in [path for path in bundle.files if path.startswith(("raw/", "video/"))]:
            raise Refused(f"{path}: no entry that is opened here releases the event's recordings")
    return report | ({} if bundle.officers else {"opened": len(opened)})
def printable(text):  # What leaves and file names say is another's text: no escape sequence of it may reach the terminal.
    return "".join(c if c.isprintable() else "?" for c in text)
def print_report(report):
    if "event" in report:
        print(f"case: event {report['event']}, for {report['audience']}, signed by {', '.join(report['signed_by'])}")
    print(f"ledger: {printable(report['origin'])} ({report['status']})")
    if "root" in report:
        print(f"latest known: size {report['size']}, time {report['latest_time_utc'] or 'none'}\nroot: {report['root']}")
    for key, what in (("cosigners", "cosigned by"), ("files_checked", "files checked"), ("opened", "officers' entries opened"),
                      ("raw", "raw records named by the event"), ("files_beyond_checkpoint", "files beyond the checkpoint, not judged")):  # fmt: skip
        if report.get(key):
            print(f"{what}: {', '.join(report[key]) if key == 'cosigners' else report[key]}")
    for kind, count in report.get("kinds", {}).items():
        print(f"{kind}: {count}")
    for said in report["entries"]:
        words = [f"entry {said['entry']}:"] + ([utc(said["time_us"])] if "time_us" in said else []) + [said["kind"]]
        if said["kind"] == "event_transition":
            words.append(said["state"] + (" amended" if said["amended"] else ""))
        for key in ("rule", "notification", "event_id", "zone", "case_id", "record_id", "challenge_id", "audience", "format",
                    "reason", "text"):  # fmt: skip
            words += [f"{key} {said[key]}"] if said.get(key) else []
        if "count_min" in said:
            words.append(f"count {said['count_min']}-{said['count_max']} probability {min(said['probability'], 0.999):.3f}")
        print(printable(" ".join(words)))
def read_file(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror or error}") from None
def options_of(words):
    """{name: value} of the command line. Raises ValueError where the words do not fit together."""
    given, words = {}, iter(words)
    for word in words:
        name, equals, value = word.partition("=")
        if word == "--json":
            given["json"] = True
        elif name in ("--policy", "--seen", "--proof", "--leaf", "--bundle", "--signer"):
            given[name[2:]] = value if equals else next(words, None)
        else:
            wrong_if(word.startswith("-") or "ledger" in given, f"'{word}' is not known, or one word too many")
            given["ledger"] = word
    what = {name for name in given if given[name] is not None and name != "json"}
    wanted = {"ledger"}, {"ledger", "seen"}, {"proof", "leaf"}, {"bundle", "signer"}
    wrong_if("policy" not in what or what - {"policy"} not in wanted,
             "--policy and a ledger folder (with --seen or not), --proof and --leaf, or --bundle and --signer, expected")  # fmt: skip
    return given
def main(words):
    if "-h" in words or "--help" in words:
        print(__doc__)
        return 0
    try:
        given = options_of(words)
    except ValueError as error:
        print(f"{__doc__}\ntrucewatch_audit: {printable(str(error))}", file=sys.stderr)
        return 2
    sys.stdout.reconfigure(errors="replace")
    code, sentence, report, good = 0, None, {}, "every byte the checkpoint commits to is there and unchanged"
    try:
        policy = Policy(read_file(given["policy"]))
        if "proof" in given:
            report = audit_proof(read_file(given["proof"]), read_file(given["leaf"]), policy)
            good = f"the leaf is entry {report['entries'][0]['entry']} of the ledger"
        elif "bundle" in given:
            report = audit_bundle(given["bundle"], policy, read_file(given["signer"]))
            good = "all that the officer signed is there and unchanged, and its statements are in the ledger"
        else:
            report = audit(given["ledger"], policy, read_file(given["seen"]) if "seen" in given else None)
    except Refused as refusal:
        code, sentence = 4, str(refusal)
    except BadInput as error:
        code, sentence = 3, str(error)
    if "json" in given:
        print(json.dumps({"verdict": {0: "good", 3: "bad input", 4: "refused"}[code], "reason": sentence} | report))
    elif code == 0:
        print_report(report)
        print(f"verdict: good; {good}")
    if code:
        print(f"trucewatch_audit: {printable(sentence)}", file=sys.stderr)
    return code

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
