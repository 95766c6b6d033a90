# SPDX-License-Identifier: Apache-2.0
"""A picture larger than a model's input, in overlapping tiles, merged without doubles at the seams. NumPy only."""
import numpy as np

from boxes import detections, suppress

OVERLAP = 128  # pixels; more than the vehicles that the models know


def starts(length, tile):
    """First pixels of tiles that cover `length`, evenly spread, overlapping by OVERLAP or more."""
    if length <= tile:
        return [0]
    count = int(np.ceil((length - OVERLAP) / (tile - OVERLAP)))
    return [round(i * (length - tile) / (count - 1)) for i in range(count)]


def detect(pixels, forward, size, classes, minimum=0.01, overlap=0.5, limit=300):
    """forward(tile of `size` (width, height)) -> model output [cells, 5 + classes]. Returns (boxes, scores, labels)."""
    rows, columns = pixels.shape[:2]
    parts = []
    for top in starts(rows, size[1]):
        for left in starts(columns, size[0]):
            part = pixels[top : top + size[1], left : left + size[0]]
            missing = [(0, size[1] - part.shape[0]), (0, size[0] - part.shape[1])] + [(0, 0)] * (pixels.ndim - 2)
            boxes, scores, labels = detections(forward(np.pad(part, missing, constant_values=128)), classes, minimum, overlap, limit)
            # A box that ends at a seam is the half of something that the neighbour sees whole.
            cut = np.zeros(len(boxes), bool)
            cut |= (boxes[:, 0] < 2) & (left > 0)
            cut |= (boxes[:, 1] < 2) & (top > 0)
            cut |= (boxes[:, 2] > size[0] - 2) & (left + size[0] < columns)
            cut |= (boxes[:, 3] > size[1] - 2) & (top + size[1] < rows)
            middle = (boxes[:, :2] + boxes[:, 2:]) / 2 + [left, top]
            keep = ~cut & (middle[:, 0] < columns) & (middle[:, 1] < rows)
            boxes = np.clip(boxes + [left, top, left, top], 0, [columns, rows, columns, rows])
            parts.append((boxes[keep], scores[keep], labels[keep]))
    boxes, scores, labels = (np.concatenate(p) for p in zip(*parts))
    kept = []
    for label in range(classes):
        at = np.flatnonzero(labels == label)
        kept.append(at[suppress(boxes[at], scores[at], overlap, 4 * limit)])
    kept = np.concatenate(kept)
    return boxes[kept], scores[kept], labels[kept]
