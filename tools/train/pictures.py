# SPDX-License-Identifier: Apache-2.0
"""Training pictures with boxes, read from the published data sets and kept as arrays. NumPy, Pillow or OpenCV; no PyTorch."""
import dataclasses
import json
import pathlib

import cv2
import numpy as np


@dataclasses.dataclass
class Picture:
    """pixels uint8 [H, W] (grey) or [H, W, 3] (RGB); boxes float32 [n, 4] x1 y1 x2 y2 pixels; labels int64 [n];
    ignored float32 [m, 4]: areas in which a detection is neither right nor wrong; group: what may not be split."""

    name: str
    pixels: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray
    ignored: np.ndarray
    group: str = ""


THERMAL_CLASSES = ("person", "car", "bicycle", "other_vehicle")
_HIT_UAV_NAMES = {"Person": 0, "Car": 1, "Bicycle": 2, "OtherVehicle": 3}


def _boxes(rows):
    return np.asarray(rows, np.float32).reshape(-1, 4)


def hit_uav(folder, part):
    """HIT-UAV (Suo et al. 2023, doi 10.1038/s41597-023-02066-6) in COCO form; DontCare boxes become ignored areas."""
    folder = pathlib.Path(folder)
    with open(folder / f"{part}.json", encoding="utf-8") as file:
        truth = json.load(file)
    names = {c["id"]: c["name"] for c in truth["categories"]}
    by_image = {}
    for row in truth.get("annotation", truth.get("annotations", [])):
        by_image.setdefault(row["image_id"], []).append(row)
    pictures = []
    for image in truth["images"]:
        name = image.get("filename", image.get("file_name"))
        pixels = cv2.imread(str(folder / part / name), cv2.IMREAD_GRAYSCALE)
        if pixels is None:
            raise SystemExit(f"{folder / part / name}: not a readable image")
        boxes, labels, ignored = [], [], []
        for row in by_image.get(image["id"], []):
            x, y, w, h = row["bbox"]
            label = _HIT_UAV_NAMES.get(names[row["category_id"]])
            if label is None:
                ignored.append((x, y, x + w, y + h))
            else:
                boxes.append((x, y, x + w, y + h))
                labels.append(label)
        pictures.append(Picture(name, pixels, _boxes(boxes), np.asarray(labels, np.int64), _boxes(ignored), name.split("_")[0]))
    return pictures


RGB_CLASSES = ("car", "truck", "bus")
# aerial-cars: car, truck, bus, minibus, cyclist. A minibus (van of up to about 6 m) counts as a car: seen from above and
# by its length it is the light vehicle that DOMAIN's "car/light vehicle" means. Cyclists are too few to learn: ignored areas.
_AERIAL_LABELS = {0: 0, 1: 1, 2: 2, 3: 0}


def aerial_groups():
    """(prefix of file name -> group, names of the held-back groups), see aerial_cars_split.json."""
    with open(pathlib.Path(__file__).with_name("aerial_cars_split.json"), encoding="utf-8") as file:
        split = json.load(file)
    return {prefix: name for name, prefixes in split["groups"].items() for prefix in prefixes}, set(split["held_back"])


def aerial_cars(folder, part):
    """aerial-cars (jekhor; KIT AIS and Minsk) in YOLO form; part: train, val (the held-back groups)."""
    groups, held_back = aerial_groups()
    pictures = []
    for path in sorted(pathlib.Path(folder).glob("*.jpg")):
        found = [prefix for prefix in groups if path.name.startswith(prefix)]
        if len(found) != 1:
            raise SystemExit(f"{path.name}: in {len(found)} groups of aerial_cars_split.json, must be in one")
        group = groups[found[0]]
        if (group in held_back) != (part == "val"):
            continue
        pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if pixels is None:
            raise SystemExit(f"{path}: not a readable image")
        pixels = np.ascontiguousarray(pixels[..., ::-1])
        rows, columns = pixels.shape[:2]
        boxes, labels, ignored = [], [], []
        for line in path.with_suffix(".txt").read_text(encoding="utf-8").splitlines():
            if not line.split():
                continue
            label, x, y, w, h = (float(v) for v in line.split())
            box = ((x - w / 2) * columns, (y - h / 2) * rows, (x + w / 2) * columns, (y + h / 2) * rows)
            if int(label) in _AERIAL_LABELS:
                boxes.append(box)
                labels.append(_AERIAL_LABELS[int(label)])
            else:
                ignored.append(box)
        pictures.append(Picture(path.name, pixels, _boxes(boxes), np.asarray(labels, np.int64), _boxes(ignored), group))
    return pictures
