# SPDX-License-Identifier: Apache-2.0
"""Boxes as float arrays [n, 4] x1 y1 x2 y2 in pixels: overlap, suppression, and the reading of a model's output. NumPy only."""
import numpy as np


def intersection(a, b):
    """Areas of intersection [n, m] of boxes [n, 4] and [m, 4] as x1 y1 x2 y2."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    return np.prod(np.clip(high - low, 0, None), -1)


def area(boxes):
    return np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), -1)


def iou(a, b):
    common = intersection(a, b)
    return common / np.maximum(area(a)[:, None] + area(b)[None] - common, 1e-9)


def suppress(boxes, scores, threshold, limit):
    """Greedy non-maximum suppression of one class: indices kept, best first."""
    order = np.argsort(-scores, kind="stable")
    keep = []
    while order.size and len(keep) < limit:
        best, rest = order[0], order[1:]
        keep.append(best)
        order = rest[iou(boxes[best : best + 1], boxes[rest])[0] <= threshold]
    return np.asarray(keep, np.int64)


def detections(output, classes, minimum=0.01, overlap=0.5, limit=300):
    """One model output [cells, 5 + classes] -> (boxes x1 y1 x2 y2, scores, labels), each class suppressed by itself."""
    boxes_all, scores_all, labels_all = [], [], []
    centre, half = output[:, :2], output[:, 2:4] / 2
    corners = np.concatenate([centre - half, centre + half], 1)
    for label in range(classes):
        scores = output[:, 4] * output[:, 5 + label]
        at = np.flatnonzero(scores >= minimum)
        at = at[np.argsort(-scores[at], kind="stable")][:1000]
        kept = at[suppress(corners[at], scores[at], overlap, limit)]
        boxes_all.append(corners[kept])
        scores_all.append(scores[kept])
        labels_all.append(np.full(len(kept), label))
    return np.concatenate(boxes_all), np.concatenate(scores_all), np.concatenate(labels_all)
