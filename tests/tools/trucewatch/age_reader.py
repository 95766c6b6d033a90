#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens a file in the age format (https://age-encryption.org/v1) for one X25519 identity, with Python alone and from the specification alone,
and prints what the tar in it holds, one "<SHA-256> <path>" a line. usage: age_reader.py IDENTITY FILE. Exit code 1, with a sentence, when
it does not open. Slow, and not safe against anybody who can measure it: for tests."""
import base64
import hashlib
import hmac
import io
import struct
import sys
import tarfile

CHUNK = 64 << 10
P25519 = 2**255 - 19


class Refused(Exception):
    pass


def x25519(scalar, point):  # RFC 7748 section 5
    k = int.from_bytes(scalar, "little") & ~7 & ~(1 << 255) | (1 << 254)
    u = int.from_bytes(point, "little") & ~(1 << 255)
    x2, z2, x3, z3 = 1, 0, u, 1
    for t in reversed(range(255)):
        if swap := (k >> t) & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb, aa, bb = d * a % P25519, c * b % P25519, a * a % P25519, b * b % P25519
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P25519, u * (da - cb) ** 2 % P25519
        x2, z2 = aa * bb % P25519, e * (aa + 121665 * e) % P25519
        if swap:
            x2, z2, x3, z3 = x3, z3, x2, z2
    return (x2 * pow(z2, P25519 - 2, P25519) % P25519).to_bytes(32, "little")


def hkdf(key, salt, info):  # RFC 5869, SHA-256, 32 bytes
    extracted = hmac.digest(salt or bytes(32), key, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


def chacha20_block(key, counter, nonce):  # RFC 8439 section 2.3
    start = (0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *struct.unpack("<8L", key), counter, *struct.unpack("<3L", nonce))
    x = list(start)
    rounds = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15), (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))
    for _ in range(10):
        for a, b, c, d in rounds:
            for i, j, k, shift in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                x[i] = (x[i] + x[j]) & 0xFFFFFFFF
                word = x[k] ^ x[i]
                x[k] = (word << shift | word >> (32 - shift)) & 0xFFFFFFFF
    return struct.pack("<16L", *((a + b) & 0xFFFFFFFF for a, b in zip(x, start)))


def poly1305(key, message):  # RFC 8439 section 2.5
    r, s, total = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF, int.from_bytes(key[16:], "little"), 0
    for i in range(0, len(message), 16):
        total = (total + int.from_bytes(message[i : i + 16] + b"\x01", "little")) * r % (2**130 - 5)
    return ((total + s) % 2**128).to_bytes(16, "little")


def decrypt(key, nonce, sealed, what):  # RFC 8439 section 2.8, no associated data
    text, tag = sealed[:-16], sealed[-16:]
    padded = text + bytes(-len(text) % 16) + struct.pack("<QQ", 0, len(text))
    if not hmac.compare_digest(poly1305(chacha20_block(key, 0, nonce)[:32], padded), tag):
        raise Refused(f"{what} was changed, or is for somebody else")
    stream = b"".join(chacha20_block(key, 1 + i, nonce) for i in range((len(text) + 63) // 64))
    return (int.from_bytes(text, "little") ^ int.from_bytes(stream[: len(text)], "little")).to_bytes(len(text), "little")


def secret_of(identity):  # BIP 173, whose checksum is age's own business
    letters = identity.lower().rpartition("1")[2][:-6]
    bits = 0
    for letter in letters:
        bits = bits << 5 | "qpzry9x8gf2tvdw0s3jn54khce6mua7l".index(letter)
    return (bits >> (5 * len(letters) - 256)).to_bytes(32, "big")


def plain(text):
    return base64.b64decode(text + b"=" * (-len(text) % 4))


def open_age(identity, data):
    secret = secret_of(identity)
    header, _, rest = data.partition(b"\n--- ")
    mac, _, payload = rest.partition(b"\n")
    lines = header.split(b"\n")
    if lines[0] != b"age-encryption.org/v1":
        raise Refused("is no age file")
    file_key = None
    for stanza, body in zip(lines[1:], lines[2:]):
        words = stanza.split(b" ")
        if words[:2] != [b"->", b"X25519"]:
            continue
        share = plain(words[2])
        wrap = hkdf(x25519(secret, share), share + x25519(secret, b"\x09" + bytes(31)), b"age-encryption.org/v1/X25519")
        try:
            file_key = decrypt(wrap, bytes(12), plain(body), "the file's key")
        except Refused:
            continue
    if file_key is None:
        raise Refused("is for somebody else")
    if not hmac.compare_digest(hmac.digest(hkdf(file_key, b"", b"header"), header + b"\n---", "sha256"), plain(mac)):
        raise Refused("the header was changed")
    key, sealed, out = hkdf(file_key, payload[:16], b"payload"), payload[16:], b""
    pieces = [sealed[i : i + CHUNK + 16] for i in range(0, len(sealed), CHUNK + 16)]
    for i, piece in enumerate(pieces):
        nonce = i.to_bytes(11, "big") + bytes([i + 1 == len(pieces)])
        out += decrypt(key, nonce, piece, f"chunk {i}")
    return out


def main():
    identity = next(line for line in open(sys.argv[1], encoding="utf-8").read().split("\n") if line.startswith("AGE-SECRET-KEY-1"))
    try:
        text = open_age(identity, open(sys.argv[2], "rb").read())
    except Refused as refused:
        sys.exit(str(refused))
    with tarfile.open(fileobj=io.BytesIO(text)) as tar:
        for item in tar:
            if item.isfile():
                print(hashlib.sha256(tar.extractfile(item).read()).hexdigest(), item.name)


if __name__ == "__main__":
    main()
