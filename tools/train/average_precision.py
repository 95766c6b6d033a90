# SPDX-License-Identifier: Apache-2.0
"""Average precision of detections, with a bootstrap interval over pictures. NumPy only.

The COCO rule: detections of all pictures sorted by score; each takes the free truth box of its picture and class with
the largest IoU, if at least the threshold; precision made non-increasing, read at the 101 recalls 0, 0.01, ... 1 and
averaged (0 beyond the recall reached). A detection without truth that lies at least half in an ignored area counts neither way.
"""
import numpy as np

from boxes import area, intersection, iou

THRESHOLDS = np.round(np.arange(0.5, 0.96, 0.05), 2)


def match(boxes, scores, truth, ignored, thresholds=THRESHOLDS):
    """One picture, one class: (scores sorted, hit [thresholds, n] bool, counted [thresholds, n] bool, number of truth boxes)."""
    order = np.argsort(-scores, kind="stable")
    boxes, scores = boxes[order], scores[order]
    hit = np.zeros((len(thresholds), len(boxes)), bool)
    overlap = iou(boxes, truth) if len(truth) else np.zeros((len(boxes), 0))
    for row, threshold in enumerate(thresholds):
        free = np.ones(len(truth), bool)
        for column in np.flatnonzero(overlap.max(1, initial=-1.0) >= threshold):
            candidates = np.where(free, overlap[column], -1.0)
            if candidates.max() >= threshold:
                free[candidates.argmax()] = False
                hit[row, column] = True
    excused = np.zeros(len(boxes), bool)
    if len(ignored):
        excused = (intersection(boxes, ignored) / np.maximum(area(boxes), 1e-9)[:, None]).max(1, initial=0) >= 0.5
    return scores, hit, hit | ~excused, len(truth)


def interpolated(hit, weights, truths):
    """101-point average precision of detections sorted by falling score; weights: how often each counts. nan without truth."""
    if truths == 0:
        return float("nan")
    right, all_so_far = np.cumsum(hit * weights), np.cumsum(weights)
    precision = np.maximum.accumulate((right / np.maximum(all_so_far, 1))[::-1])[::-1]
    at = np.searchsorted(right / truths, np.linspace(0, 1, 101) - 1e-12)
    return float(np.append(precision, 0.0)[np.minimum(at, len(precision))].mean())


class Pool:
    """The detections of one class of all pictures in one order, so that drawing pictures anew is only a change of weights."""

    def __init__(self, parts):
        self.truths = np.array([p[3] for p in parts], np.int64)
        scores = np.concatenate([p[0] for p in parts])
        order = np.argsort(-scores, kind="stable")
        self.picture = np.repeat(np.arange(len(parts)), [len(p[0]) for p in parts])[order]
        self.hit = np.concatenate([p[1] for p in parts], 1)[:, order]
        self.counted = np.concatenate([p[2] for p in parts], 1)[:, order]

    def figures(self, times):
        """(AP50, AP50-95) when picture i is there times[i] times."""
        weights, truths = times[self.picture], int((self.truths * times).sum())
        values = [interpolated(h[c], weights[c], truths) for h, c in zip(self.hit, self.counted)]
        return values[0], float(np.mean(values))


def evaluate(results, classes, resamples=0, seed=1):
    """results: a list of (detections (boxes, scores, labels), Picture). Per class name: truth count, AP50, AP50-95 and,
    with `resamples`, the 95 % percentile interval of both when the pictures are drawn anew with replacement."""
    report = {}
    rng = np.random.default_rng(seed)
    draws = [np.bincount(rng.integers(0, len(results), len(results)), minlength=len(results)) for _ in range(resamples)]
    for label, name in enumerate(classes):
        parts = []
        for (boxes, scores, labels), picture in results:
            mine = labels == label
            parts.append(match(boxes[mine], scores[mine], picture.boxes[picture.labels == label], picture.ignored))
        pool = Pool(parts)
        ap50, ap = pool.figures(np.ones(len(results), np.int64))
        entry = {"truth": int(pool.truths.sum()), "ap50": ap50, "ap50_95": ap}
        if resamples and entry["truth"]:
            drawn = np.array([pool.figures(times) for times in draws])
            drawn = drawn[~np.isnan(drawn).any(1)]
            low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
            entry["ap50_interval"] = [float(low[0]), float(high[0])]
            entry["ap50_95_interval"] = [float(low[1]), float(high[1])]
        report[name] = entry
    return report


def table(report):
    lines = []
    for name, entry in report.items():
        spans = [f" [{entry[k][0]:.3f}, {entry[k][1]:.3f}]" if k in entry else "" for k in ("ap50_interval", "ap50_95_interval")]
        lines.append(f"{name:14s} {entry['truth']:5d} boxes  AP50 {entry['ap50']:.3f}{spans[0]}  AP50-95 {entry['ap50_95']:.3f}{spans[1]}")
    return "\n".join(lines)
