# SPDX-License-Identifier: Apache-2.0
"""Random square crops of the training pictures: where, how large, turned, lit, blurred. NumPy and OpenCV only.

Every crop depends on (seed, epoch, index) alone, so a run repeats whatever the number of loading processes.
"""
import dataclasses

import cv2
import numpy as np

from boxes import area


@dataclasses.dataclass
class CropRule:
    size: int = 320
    scales: tuple = (0.75, 1.4)  # drawn log-uniformly; > 1 enlarges
    about_object: float = 0.85  # share of crops placed about an object; the others fall anywhere
    turn: bool = False  # quarter turns and vertical flips: only where nothing tells up from down
    invert: float = 0.0  # share with inverted grey (white-hot against black-hot)
    jpeg: float = 0.0  # share recompressed
    colour: float = 0.0  # strength of independent gains of the channels
    pair: float = 0.05  # share in which the halves are two crops
    favour: int = -1  # label about whose objects crops are laid where a picture has them
    strength: float = 1.0  # of gain, offset and gamma, and of the shares blurred and with noise


def visible(boxes, x, y, width, height):
    """Boxes cut to a window and the share of each that is left."""
    cut = boxes - np.array([x, y, x, y], np.float32)
    cut = np.clip(cut, 0, np.array([width, height, width, height], np.float32))
    return cut, area(cut) / np.maximum(area(boxes), 1e-6)


def cut_window(picture, x, y, width, height, scale):
    """A window of a picture, `scale` times enlarged: (pixels, boxes, labels, ignored). Objects of which less than 40 % is
    left become ignored areas: neither an example of the object nor of ground."""
    side_x, side_y = int(round(width / scale)), int(round(height / scale))
    rows, columns = picture.pixels.shape[:2]
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + side_x, columns), min(y + side_y, rows)
    part = picture.pixels[y0:y1, x0:x1]
    if part.shape[0] != side_y or part.shape[1] != side_x:
        fill = [int(v) for v in np.atleast_1d(part.reshape(-1, *picture.pixels.shape[2:])[:: 97].mean(0))]
        part = cv2.copyMakeBorder(part, y0 - y, y + side_y - y1, x0 - x, x + side_x - x1, cv2.BORDER_CONSTANT, value=fill)
    how = cv2.INTER_LINEAR if scale > 0.7 else cv2.INTER_AREA
    pixels = cv2.resize(part, (width, height), interpolation=how)
    factor = np.array([width / side_x, height / side_y] * 2, np.float32)
    boxes, left = visible(picture.boxes, x, y, side_x, side_y)
    ignored, seen = visible(picture.ignored, x, y, side_x, side_y)
    keep, part_left = left >= 0.4, (left > 0.02) & (left < 0.4)
    ignored = np.concatenate([ignored[seen > 0.02], boxes[part_left]])
    limit = np.array([width, height] * 2, np.float32)
    return pixels, np.minimum(boxes[keep] * factor, limit), picture.labels[keep], np.minimum(ignored * factor, limit)


def place(picture, rng, width, height, scale, about_object, favour=-1):
    """Upper left corner of a window of width/scale x height/scale in the picture."""
    rows, columns = picture.pixels.shape[:2]
    side_x, side_y = int(round(width / scale)), int(round(height / scale))
    if len(picture.boxes) and rng.random() < about_object:
        mine = np.flatnonzero(picture.labels == favour)
        box = picture.boxes[mine[rng.integers(len(mine))] if len(mine) and rng.random() < 0.5 else rng.integers(len(picture.boxes))]
        x = int((box[0] + box[2]) / 2 - rng.uniform(0.1, 0.9) * side_x)
        y = int((box[1] + box[3]) / 2 - rng.uniform(0.1, 0.9) * side_y)
    else:
        x = int(rng.integers(min(0, columns - side_x), max(1, columns - side_x + 1)))
        y = int(rng.integers(min(0, rows - side_y), max(1, rows - side_y + 1)))
    # Mostly inside the picture: borders are no ground, but objects at the border must be learned too.
    x = int(np.clip(x, min(0, columns - side_x), max(0, columns - side_x)))
    y = int(np.clip(y, min(0, rows - side_y), max(0, rows - side_y)))
    return x, y


def turned(pixels, boxes, ignored, rng, everything):
    size_y, size_x = pixels.shape[:2]

    def mirror(b):
        return np.stack([size_x - b[:, 2], b[:, 1], size_x - b[:, 0], b[:, 3]], 1)

    if rng.random() < 0.5:
        pixels, boxes, ignored = pixels[:, ::-1], mirror(boxes), mirror(ignored)
    if everything:
        if rng.random() < 0.5:
            flip = lambda b: np.stack([b[:, 0], size_y - b[:, 3], b[:, 2], size_y - b[:, 1]], 1)
            pixels, boxes, ignored = pixels[::-1], flip(boxes), flip(ignored)
        if size_x == size_y and rng.random() < 0.5:
            pixels, boxes, ignored = np.swapaxes(pixels, 0, 1), boxes[:, [1, 0, 3, 2]], ignored[:, [1, 0, 3, 2]]
    return pixels, boxes, ignored


def lit(pixels, rng, rule):
    """Gain, offset, gamma, blur, noise, compression: uint8 -> uint8."""
    if rng.random() < rule.jpeg:
        quality = int(rng.integers(25, 90))
        coded = cv2.imencode(".jpg", np.ascontiguousarray(pixels), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        pixels = cv2.imdecode(coded, cv2.IMREAD_UNCHANGED)
    if rng.random() < 0.15 * rule.strength:
        pixels = cv2.GaussianBlur(np.ascontiguousarray(pixels), (0, 0), rng.uniform(0.4, 1.1))
    level = np.arange(256, dtype=np.float32) / 255
    if rng.random() < 0.5:
        level = level ** np.exp(rule.strength * rng.uniform(-0.35, 0.35))
    level = 0.5 + (level - 0.5) * np.exp(rule.strength * rng.uniform(-0.4, 0.3)) + rule.strength * rng.uniform(-0.15, 0.15)
    if rng.random() < rule.invert:
        level = 1 - level
    if pixels.ndim == 3 and rule.colour:
        gains = np.exp(rng.uniform(-rule.colour, rule.colour, 3)).astype(np.float32)
        table = np.clip(level[:, None] * gains * 255, 0, 255).astype(np.uint8)
        pixels = cv2.LUT(np.ascontiguousarray(pixels), table[None])
        if rng.random() < 0.1:
            pixels = np.repeat(pixels.mean(2, keepdims=True), 3, 2).astype(np.uint8)
    else:
        pixels = cv2.LUT(np.ascontiguousarray(pixels), np.clip(level * 255, 0, 255).astype(np.uint8))
    if rng.random() < 0.25 * rule.strength:
        noise = rng.normal(0, rng.uniform(1, 6), pixels.shape)
        pixels = np.clip(pixels + noise, 0, 255).astype(np.uint8)
    return pixels


def crop(pictures, index, rng, rule, nadir=None):
    """One training crop: (pixels uint8 [size, size(, 3)], boxes, labels, ignored). nadir(picture): may be turned any way."""
    size = rule.size
    picture = pictures[index]
    scale = float(np.exp(rng.uniform(*np.log(rule.scales))))
    if rng.random() < rule.pair:
        other = pictures[int(rng.integers(len(pictures)))]
        second_scale = float(np.exp(rng.uniform(*np.log(rule.scales))))
        half = size // 2
        one = cut_window(picture, *place(picture, rng, half, size, scale, 1.0), half, size, scale)
        two = cut_window(other, *place(other, rng, half, size, second_scale, 1.0), half, size, second_scale)
        shift = np.array([half, 0, half, 0], np.float32)
        pixels = np.concatenate([one[0], two[0]], 1)
        boxes, labels = np.concatenate([one[1], two[1] + shift]), np.concatenate([one[2], two[2]])
        ignored = np.concatenate([one[3], two[3] + shift])
    else:
        x, y = place(picture, rng, size, size, scale, rule.about_object, rule.favour)
        pixels, boxes, labels, ignored = cut_window(picture, x, y, size, size, scale)
    free = rule.turn or (nadir is not None and nadir(picture))
    pixels, boxes, ignored = turned(pixels, boxes, ignored, rng, free)
    large = area(boxes) >= 12.0  # smaller than about 3 x 4 pixels: nothing that could be learned
    ignored = np.concatenate([ignored, boxes[~large]])
    return lit(pixels, rng, rule), boxes[large], labels[large], ignored
