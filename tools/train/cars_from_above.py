# SPDX-License-Identifier: Apache-2.0
"""Renders vehicles seen from above, every condition drawn at random, so that a detector does not learn one city's streets.

Domain randomisation after Tobin et al. 2017 (arXiv:1703.06907): ground, light and shadow, colours, size in pixels (altitude),
view angle, rows and scatter, trees that cover parts, things that are no vehicles, blur; noise, colour and compression
follow in crops.lit. A vehicle is a few shaded boxes: body, cabin with windows, and its shadow. NumPy and OpenCV only.
"""
import math

import cv2
import numpy as np

# (length, width, height) in metres, smallest and largest, of car, truck, bus.
SIZES = {0: ((3.5, 1.6, 1.4), (5.1, 2.0, 1.9)), 1: ((6.0, 2.2, 2.6), (13.0, 2.6, 3.9)), 2: ((9.0, 2.4, 2.8), (18.0, 2.6, 3.3))}
SHIFT = 4  # sub-pixel bits of the polygon filler


def texture(rng, size, octaves=5):
    """Smooth noise in -1..1, coarse to fine."""
    total = np.zeros((size, size), np.float32)
    for octave in range(octaves):
        cells = min(size, 3 * 2**octave + 1)
        total += cv2.resize(rng.standard_normal((cells, cells)).astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC) * 0.6**octave
    return total / 2.5


def polygon(image, points, colour):
    cv2.fillConvexPoly(image, np.round(points * 2**SHIFT).astype(np.int32), [float(c) for c in colour], cv2.LINE_AA, SHIFT)


def rotated(length, width, angle, centre):
    c, s = math.cos(angle), math.sin(angle)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64) * [length / 2, width / 2]
    return corners @ np.array([[c, s], [-s, c]]) + centre


def ground(rng, size):
    """float32 [size, size, 3] RGB: asphalt, concrete, grass, soil, sand or snow, with roads, marks, patches."""
    tones = np.array([(88, 88, 90), (125, 122, 118), (150, 148, 142), (78, 96, 55), (120, 95, 70), (190, 170, 130), (225, 228, 232), (60, 60, 62)], np.float32)
    base = tones[rng.integers(len(tones))] * rng.uniform(0.75, 1.2) + rng.normal(0, 6, 3)
    image = np.empty((size, size, 3), np.float32)
    image[:] = base
    for _ in range(int(rng.integers(0, 3))):  # roads and squares
        tone = tones[rng.integers(len(tones))] * rng.uniform(0.75, 1.15)
        angle, width = rng.uniform(0, math.pi), rng.uniform(0.15, 0.6) * size
        middle = rng.uniform(0, size, 2)
        polygon(image, rotated(3 * size, width, angle, middle), tone)
        side = np.array([-math.sin(angle), math.cos(angle)])
        along = np.array([math.cos(angle), math.sin(angle)])
        for lane in np.arange(-0.5, 0.51, 1 / rng.integers(1, 5)):
            if rng.random() < 0.6:  # marks, broken or whole
                step = rng.choice([size * 3.0, rng.uniform(12, 40)])
                for at in np.arange(-1.5 * size, 1.5 * size, step):
                    polygon(image, rotated(step * 0.5, rng.uniform(0.8, 2.5), angle, middle + side * lane * width + along * at), tone + rng.uniform(40, 110))
    for _ in range(int(rng.integers(0, 7))):  # roofs, kiosks, patches, containers: no vehicles
        long, short = rng.uniform(8, 0.6 * size), rng.uniform(3, 60)
        polygon(image, rotated(long, short, rng.uniform(0, math.pi), rng.uniform(0, size, 2)), rng.uniform(20, 235, 3) * 0.6 + rng.uniform(20, 90))
    image += texture(rng, size)[..., None] * rng.uniform(3, 26)
    image += rng.normal(0, rng.uniform(0.5, 6), (size, size, 1))
    return image


def car_colour(rng):
    if rng.random() < 0.75:  # most cars are white, grey or black
        return np.full(3, rng.choice([235, 215, 170, 120, 70, 35, 22]) + rng.normal(0, 8)) + rng.normal(0, 4, 3)
    return cv2.cvtColor(np.uint8([[[rng.integers(180), rng.integers(90, 240), rng.integers(60, 230)]]]), cv2.COLOR_HSV2RGB)[0, 0].astype(float)


def lifted(points, height, lean):
    """Where points at a height appear: `lean` is the pixel shift per metre of height."""
    return points + height * lean


def vehicle(image, rng, kind, centre, angle, scale, sun, lean, light):
    """Draws one vehicle, returns the box of its body (shadow left out). sun: shadow shift in pixels a metre of height."""
    low, high = np.array(SIZES[kind])
    length, width, height = rng.uniform(low, high)
    colour = car_colour(rng) if kind != 2 or rng.random() < 0.4 else rng.uniform(40, 240, 3)
    base = rotated(length * scale, width * scale, angle, centre)
    roof = lifted(base, height, lean)
    # Shade a side by its direction to the sun.
    hull = cv2.convexHull(np.concatenate([base, roof]).astype(np.float32))[:, 0]
    polygon(image, hull, colour * 0.5 * light)
    forward = np.array([math.cos(angle), math.sin(angle)]) * scale
    if kind == 0:
        hood = height * rng.uniform(0.5, 0.65)
        polygon(image, lifted(rotated(length * scale, width * scale * 0.97, angle, centre), hood, lean), colour * light)
        start, end = -length * rng.uniform(0.36, 0.48), length * rng.uniform(0.12, 0.28)
        glass = np.full(3, rng.uniform(15, 75)) + rng.normal(0, 4, 3)
        middle = centre + forward * (start + end) / 2
        polygon(image, lifted(rotated((end - start) * scale, width * scale * 0.86, angle, middle), (hood + height) / 2, lean), glass * light)
        shrink = rng.uniform(0.5, 0.72)
        polygon(image, lifted(rotated((end - start) * scale * shrink, width * scale * 0.76, angle, middle), height, lean), colour * rng.uniform(0.9, 1.08) * light)
        if rng.random() < 0.15:  # roof window
            polygon(image, lifted(rotated((end - start) * scale * 0.25, width * scale * 0.5, angle, middle), height, lean), glass * light)
    elif kind == 1:
        cab = rng.uniform(1.6, 2.4)
        load = rng.uniform(40, 240, 3) if rng.random() < 0.5 else np.full(3, rng.uniform(60, 240))
        body = length - cab - 0.3
        polygon(image, lifted(rotated(body * scale, width * scale, angle, centre - forward * (cab + 0.3) / 2), height, lean), load * light)
        front = centre + forward * (length - cab) / 2
        polygon(image, lifted(rotated(cab * scale, width * scale * 0.96, angle, front), height * 0.85, lean), colour * light)
        polygon(image, lifted(rotated(0.4 * scale, width * scale * 0.85, angle, front + forward * cab * 0.42), height * 0.7, lean), np.full(3, 40) * light)
    else:
        polygon(image, roof, colour * light)
        for at in rng.uniform(-0.4, 0.4, int(rng.integers(1, 5))):  # hatches and air conditioners
            polygon(image, lifted(rotated(rng.uniform(0.6, 2.5) * scale, width * 0.5 * scale, angle, centre + forward * length * at), height, lean), colour * rng.uniform(0.6, 1.1) * light)
    return np.concatenate([hull.min(0), hull.max(0)]), base, height


def scene(rng, size, pixels=(14.0, 64.0)):
    """(uint8 [size, size, 3] RGB, boxes [n, 4], labels [n], ignored [m, 4]). pixels: range of a car's length."""
    image = ground(rng, size)
    scale = math.exp(rng.uniform(*np.log(pixels))) / 4.4
    sun = rng.uniform(0, 2 * math.pi)
    sun = np.array([math.cos(sun), math.sin(sun)]) * rng.uniform(0.1, 1.6) * scale
    tilt = rng.uniform(0, 2 * math.pi)
    lean = np.array([math.cos(tilt), math.sin(tilt)]) * scale * rng.choice([0.0, rng.uniform(0, 0.6)])
    shadow_depth = rng.choice([0.0, rng.uniform(0.25, 0.7)])
    light = rng.uniform(0.75, 1.1)
    plans = []
    direction = rng.uniform(0, 2 * math.pi)
    for _ in range(int(rng.integers(1, 5))):
        kind = int(rng.choice(3, p=(0.78, 0.12, 0.10)))
        at, angle = rng.uniform(0, size, 2), direction + rng.choice([0, math.pi / 2, rng.uniform(0, math.pi)])
        count = int(rng.choice([1, 1, 2, rng.integers(3, 10)]))
        beside = rng.random() < 0.5
        for number in range(count):  # a row: one behind or beside another, some places empty
            if rng.random() < 0.15 and count > 1:
                continue
            pitch = (2.7 + rng.uniform(0, 0.4)) if beside else (SIZES[kind][1][0] + rng.uniform(0.6, 4))
            step = angle + (math.pi / 2 if beside else 0)
            place = at + number * pitch * scale * np.array([math.cos(step), math.sin(step)]) + rng.normal(0, 0.15 * scale, 2)
            plans.append((kind, place, angle + rng.normal(0, 0.04) + math.pi * rng.integers(2)))
    plans = [p for p in plans if (p[1] > -20).all() and (p[1] < size + 20).all()]
    boxes, labels, taken = [], [], np.zeros((size, size), np.uint8)
    for kind, place, angle in plans:
        footprint = np.zeros((size, size), np.uint8)
        cv2.fillConvexPoly(footprint, np.round(rotated(SIZES[kind][1][0] * scale, 2.2 * scale, angle, place)).astype(np.int32), 1)
        if not footprint.any() or (taken & footprint).sum() > 0.05 * footprint.sum():
            continue
        taken |= footprint
        state = rng.bit_generator.state
        box, base, height = vehicle(np.zeros((4, 4, 3), np.float32), rng, kind, place, angle, scale, sun, lean, light)
        rng.bit_generator.state = state
        if shadow_depth:
            mask = np.zeros((size, size), np.float32)
            polygon_points = cv2.convexHull(np.concatenate([base, base + sun * height]).astype(np.float32))[:, 0]
            cv2.fillConvexPoly(mask, np.round(polygon_points * 2**SHIFT).astype(np.int32), 1.0, cv2.LINE_AA, SHIFT)
            image *= 1 - shadow_depth * mask[..., None]
        vehicle(image, rng, kind, place, angle, scale, sun, lean, light)
        boxes.append(box)
        labels.append(kind)
    cover = np.zeros((size, size), np.float32)
    for _ in range(int(rng.choice([0, 0, 1, rng.integers(1, 5)]))):  # trees: many leaves, some over vehicles
        middle, radius = rng.uniform(0, size, 2), rng.uniform(1.0, 3.5) * scale
        tone = np.array([70, 95, 50]) * rng.uniform(0.4, 1.3) + rng.normal(0, 8, 3)
        for _ in range(60):
            at = middle + rng.normal(0, radius * 0.45, 2)
            leaf = max(1, int(radius * rng.uniform(0.1, 0.3)))
            centre = tuple(int(v) for v in np.round(at))
            cv2.circle(image, centre, leaf, [float(v) for v in tone * rng.uniform(0.6, 1.3)], -1, cv2.LINE_AA)
            cv2.circle(cover, centre, leaf, 1.0, -1)
    if rng.random() < 0.35:  # a building's or a cloud's shadow
        mask = np.zeros((size, size), np.float32)
        polygon(mask, rotated(rng.uniform(0.3, 2) * size, rng.uniform(0.1, 0.8) * size, rng.uniform(0, math.pi), rng.uniform(0, size, 2)), (1.0,))
        image *= 1 - rng.uniform(0.2, 0.6) * cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.3, 12))[..., None]
    image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.35, 1.3))
    if rng.random() < 0.2:  # haze
        share = rng.uniform(0.1, 0.45)
        image = image * (1 - share) + share * rng.uniform(170, 230)
    kept, kept_labels, ignored = [], [], []
    for box, label in zip(boxes, labels):
        cut = np.clip(box, 0, size)
        whole, left = np.prod(box[2:] - box[:2]), np.prod(np.maximum(cut[2:] - cut[:2], 0))
        (x0, y0), (x1, y1) = np.floor(cut[:2]).astype(int), np.ceil(cut[2:]).astype(int)
        hidden = cover[y0:y1, x0:x1].mean() if left >= 1 else 1.0
        if left >= 0.4 * whole and hidden < 0.6:
            kept.append(cut)
            kept_labels.append(label)
        elif left > 0:
            ignored.append(cut)
    form = lambda rows: np.asarray(rows, np.float32).reshape(-1, 4)
    return np.clip(image, 0, 255).astype(np.uint8), form(kept), np.asarray(kept_labels, np.int64), form(ignored)
