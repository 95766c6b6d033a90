#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares `inspect` lines of KWIVER's test clips with KWIVER's own decode of them, field by field.

usage: kwiver_conformance.py EXPECTED.json.zz LINES.jsonl
Prints "<n> fields of <m> packets compared, <k> differ" and each difference; exit code 1 when any differs.
A number agrees within 1e-9 of itself: both are the standard's formula in doubles.
"""
import base64
import json
import sys
import zlib

compared = 0
differences = []

KINDS = ["none", "managed", "virtual", "physical"]
# KWIVER's names inside packs -> ours, where they differ by more than a hyphen.
NAMES = {
    "latitude": "lat_deg", "longitude": "lon_deg", "altitude": "height_hae_m", "string": "command",
    "timestamp": "time_us", "min": "min_nm", "max": "max_nm", "take-off-location": "take_off",
    "recovery-location": "recovery", "station-id": "station", "hardpoint-id": "hardpoint",
    "carriage-id": "carriage", "store-id": "store", "engagement-status": "engagement_status_bits",
    "weapon-type": "type", "info": "info_bits", "start": "start_deg", "range": "range_deg",
    "x0": "x0_percent", "y0": "y0_percent", "x1": "x1_percent", "y1": "y1_percent",
    "sigma": "sigmas", "rho": "correlations", "uncertainty": "uncertainties",
    "sensor-id-type": "sensor_id_kind", "platform-id-type": "platform_id_kind", "index": "first_pixel",
}
# How the pack was written, which a reader of its values need not know.
WIRE_ONLY = {
    "semi-length", "sigma-length", "rho-length", "sigma-uses-imap", "rho-uses-imap", "long-parse-control",
    "sparse", "element-size", "apa", "apa-params-length", "imap-params", "members",
}
# ST 0903: what stands in fields of its own.
VMTI = {3: "system_name", 4: "version", 5: "targets_in_frame", 6: "targets_reported", 7: "frame_number",
        8: "frame_width_px", 9: "frame_height_px", 10: "source_sensor", 11: "horizontal_fov_deg",
        12: "vertical_fov_deg", 2: "time_us"}
TARGET = {4: "priority", 5: "confidence_percent", 6: "history_frames", 7: "target_pixels_percent", 8: "color_rgb",
          9: "intensity", 10: "latitude_offset_deg", 11: "longitude_offset_deg", 12: "height_hae_m",
          13: "box_top_left_latitude_offset_deg", 14: "box_top_left_longitude_offset_deg",
          15: "box_bottom_right_latitude_offset_deg", 16: "box_bottom_right_longitude_offset_deg",
          22: "algorithm_id"}
PIXELS = {2: "box_top_left_px", 3: "box_bottom_right_px"}


def check(where, want, got):
    global compared
    compared += 1
    numbers = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in (want, got))
    if numbers and isinstance(want, float):
        same = abs(want - got) <= 1e-9 * max(1.0, abs(want))
    else:
        same = want == got
    if not same:
        differences.append(f"{where}: KWIVER {want!r}, ours {got!r}")


def plain(want):
    """KWIVER's wrappers of a value -> the value."""
    if isinstance(want, dict) and set(want) == {"length", "value"}:
        return want["value"]
    if isinstance(want, dict) and set(want) == {"integer", "string"}:
        return want["integer"]
    if isinstance(want, dict) and set(want) == {"bytes", "hex"}:
        return want["hex"].replace("-", "")
    return want


def check_pack(where, want, got):
    want = plain(want)
    if isinstance(want, list):
        if not isinstance(got, list) or len(want) != len(got):
            return check(where, want, got)
        if not want:
            return check(where, want, got)
        for i, pair in enumerate(zip(want, got)):
            check_pack(f"{where}[{i}]", *pair)
    elif isinstance(want, dict):
        if not isinstance(got, dict):
            return check(where, want, got)
        for key, value in want.items():
            if key in WIRE_ONLY:
                continue
            name = "pixels" if key == "length" else NAMES.get(key, key.replace("-", "_"))
            if key.endswith("-id-type"):
                value = KINDS[value["integer"]]
            if value is None:
                check(f"{where}.{key}", False, name in got)
            else:
                check_pack(f"{where}.{key}", value, got.get(name))
    else:
        check(where, want, got)


def is_set(value):
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) and "key" in v for v in value)


def check_item(where, entry, got):
    want = entry["value"]
    if got is None:
        return check(where, want, got)
    if "value-unparsed-bytes" in entry:
        check(where, base64.b64decode(entry["value-unparsed-bytes"]).hex(), got.get("raw"))
    elif want is None:
        check(where, "unknown", got.get("special"))
    elif "targets" in got:
        check_vmti(where, want, got)
    elif is_set(want):
        check_set(where, want, got["tags"])
    elif "sets" in got:
        check(where, len(want), len(got["sets"]))
        for i, (w, g) in enumerate(zip(want, got["sets"])):
            check_set(f"{where}[{i}]", w, g["tags"])
    elif where.endswith("48/13"):  # UTF-16BE on the wire, as KWIVER leaves it
        check(where, want.encode("latin-1").decode("utf-16-be"), got["value"])
    elif "bits" in got:
        check_pack(where, want, got["bits"])
    elif "applies_to" in got:
        check_pack(where + "/applies_to", want["members"], got["applies_to"])
        check_pack(where, want, got["value"])
    elif got["value"] is None and "raw" in got and isinstance(want, str):
        check(where, base64.b64decode(want).hex(), got["raw"])
    elif where.endswith("73/11/1"):
        check_pack(where, {"type": want["type"], "id": want["id"]}, got["value"])
    else:
        check_pack(where, want, got["value"])


def check_set(where, want, got):
    """Every item KWIVER has we have, and no other; the checksum is not in its list."""
    numbers = [entry["key"]["integer"] for entry in want]
    check(f"{where} items", sorted(set(numbers)), sorted(int(k) for k in got if k != "1" or 1 in numbers))
    for entry in want:
        number = entry["key"]["integer"]
        check_item(f"{where}/{number}", entry, got.get(str(number)))


def check_vmti(where, want, got):
    for entry in want:
        number = entry["key"]["integer"]
        if number in VMTI:
            check(f"{where}/{number}", plain(entry["value"]), got.get(VMTI[number]))
        elif number == 101:
            check(f"{where}/targets", len(entry["value"]), len(got["targets"]))
            for target, ours in zip(entry["value"], got["targets"]):
                check_target(f"{where}/101[{target['id']}]", target, ours, got["frame_width_px"])
        else:
            check_item(f"{where}/{number}", entry, got["tags"].get(str(number)))


def pixel(number, width):
    return {"row": 1 + (number - 1) // width, "column": 1 + (number - 1) % width}


def check_target(where, want, got, width):
    check(f"{where} id", want["id"], got["id"])
    items = {entry["key"]["integer"]: entry for entry in want["set"]}
    for number, entry in items.items():
        at = f"{where}/{number}"
        value = plain(entry["value"])
        if number == 1 and not {19, 20} <= set(items):
            check(at, pixel(value, width), got.get("centroid_px"))
        elif number in (19, 20):
            check(at, value, got["centroid_px"]["row" if number == 19 else "column"])
        elif number in PIXELS:
            check(at, pixel(value, width), got.get(PIXELS[number]))
        elif number in TARGET:
            check(at, value, got.get(TARGET[number]))
        else:
            check_item(at, entry, got["tags"].get(str(number)))


def main():
    with open(sys.argv[1], "rb") as expected:
        packets = json.loads(zlib.decompress(expected.read()))
    with open(sys.argv[2], encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    by_stream = {}
    for record in records:
        by_stream.setdefault(record["stream"], []).append(record)
    wanted = {}
    for packet in packets:
        wanted.setdefault(packet["stream-index"], []).append(packet)
    check("streams with packets", sorted(wanted), sorted(by_stream))
    for stream, expected in sorted(wanted.items()):
        found = by_stream.get(stream, [])
        check(f"packets of stream {stream}", len(expected), len(found))
        for i, (want, got) in enumerate(zip(expected, found)):
            where = f"stream {stream} packet {i}"
            check(f"{where} checksum", True, got.get("checksum_ok"))
            check_set(where, want["value"], got["tags"])
    for difference in differences[:40]:
        print(difference)
    print(f"{compared} fields of {len(packets)} packets compared, {len(differences)} differ")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
