#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A second reader of STANAG 4607, written from the standard's tables and not from our C++ tables.

usage: second_reading.py FILE   One line a segment: its type, then ID=RAW for every field in wire order, RAW being the
integer on the wire (two's complement where the type is signed) or text in hexadecimal. Each existence bit counts for
itself, which Wireshark's dissector does not do.
"""
import struct
import sys

# ID, struct code: B H I unsigned, b h i signed, N s text. BA and SA angles are plain integers here, B16 is H.
DWELL = ("D2 H,D3 H,D4 B,D5 H,D6 I,D7 i,D8 I,D9 i,D10 i,D11 I,D12 I,D13 I,D14 H,D15 H,D16 I,D17 b,D18 B,D19 H,D20 H,"
         "D21 H,D22 h,D23 h,D24 i,D25 I,D26 H,D27 H,D28 H,D29 h,D30 h,D31 B")
TARGET = ("D32.1 H,D32.2 i,D32.3 I,D32.4 h,D32.5 h,D32.6 h,D32.7 h,D32.8 H,D32.9 b,D32.10 B,D32.11 B,D32.12 H,D32.13 H,"
          "D32.14 B,D32.15 H,D32.16 B,D32.17 I,D32.18 b")
MISSION = "M1 12s,M2 12s,M3 B,M4 10s,M5 H,M6 B,M7 B"
JOB = ("J1 I,J2 B,J3 6s,J4 B,J5 B,J6 i,J7 I,J8 i,J9 I,J10 i,J11 I,J12 i,J13 I,J14 B,J15 H,J16 H,J17 H,J18 H,J19 B,J20 H,"
       "J21 H,J22 H,J23 H,J24 B,J25 B,J26 B,J27 B,J28 B")
TEXT = "F1 10s,F2 10s"
STATUS = "T1 I,T2 H,T3 H,T4 I,T5 B,T6 B"
HISTORY = "C2 2s,C3 10s,C4 I,C5 I"
RECORD = "C6.1 B,C6.2 2s,C6.3 10s,C6.4 I,C6.5 I,C6.6 H"
LOCATION = "L1 I,L2 i,L3 I,L4 i,L5 H,L6 I,L7 b"
HEADER = "P1 2s,P2 I,P3 2s,P4 B,P5 2s,P6 H,P7 B,P8 10s,P9 I,P10 I"
FIXED = {1: MISSION, 5: JOB, 10: STATUS, 13: LOCATION}


def fields(table):
    return [tuple(entry.split()) for entry in table.split(",")]


class Reader:
    def __init__(self, data):
        self.data, self.at, self.out = data, 0, []

    def take(self, name, code):
        size = struct.calcsize(">" + code)
        value = struct.unpack(">" + code, self.data[self.at:self.at + size])[0]
        self.at += size
        self.out.append(f"{name}={value.hex() if isinstance(value, bytes) else value}")
        return value

    def table(self, table):
        for name, code in fields(table):
            self.take(name, code)

    def rest(self):
        value, self.at = self.data[self.at:], len(self.data)
        return value.hex()


def dwell(reader):
    mask = int.from_bytes(reader.data[:8], "big")
    reader.at = 8
    # Bit 63 is D2, bit 62 D3 ... bit 34 D31, then D32.1 at bit 33 down to D32.18 at bit 16.
    count = 0
    for index, (name, code) in enumerate(fields(DWELL)):
        if mask >> (63 - index) & 1:
            value = reader.take(name, code)
            count = value if name == "D5" else count
    for _ in range(count):
        for index, (name, code) in enumerate(fields(TARGET)):
            if mask >> (33 - index) & 1:
                reader.take(name, code)


def segment(kind, data):
    reader = Reader(data)
    if kind == 2:
        dwell(reader)
    elif kind in FIXED:
        reader.table(FIXED[kind])
    elif kind == 6:
        reader.table(TEXT)
        reader.out.append(f"F3={reader.rest()}")
    elif kind == 12:
        count = data[0]
        reader.at = 1
        reader.table(HISTORY)
        for _ in range(count):
            reader.table(RECORD)
    else:
        reader.out.append(f"raw={reader.rest()}")
    if reader.at != len(data):
        sys.exit(f"segment of type {kind}: {len(data) - reader.at} bytes left")
    return reader.out


def main():
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    at = 0
    while at < len(data):
        header = Reader(data[at:at + 32])
        header.table(HEADER)
        end = at + int.from_bytes(data[at + 2:at + 6], "big")
        print("packet", *header.out)
        at += 32
        while at < end:
            kind, size = struct.unpack(">BI", data[at:at + 5])
            print(kind, *segment(kind, data[at + 5:at + size]))
            at += size
        if at != end:
            sys.exit(f"packet ends at {end}, its segments at {at}")


if __name__ == "__main__":
    main()
