#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Average precision after COCO's definition, written apart from tools/score and as slowly as it reads: the test compares both.

Reads lines  picture class kind score x y width height  (kind: truth, region, found) and prints  class ap50 ap50_95.
Follows pycocotools' evaluateImg and accumulate for area "all", maxDets 100; regions are crowds of every class."""
import sys

THRESHOLDS = [0.5 + i * ((0.95 - 0.5) / 9) for i in range(9)] + [0.95]
RECALLS = [0.01 * i for i in range(100)] + [1.0]


def overlap(found, truth, crowd):
    (ax, ay, aw, ah), (bx, by, bw, bh) = found, truth
    w = min(ax + aw, bx + bw) - max(ax, bx)
    h = min(ay + ah, by + bh) - max(ay, by)
    if w <= 0 or h <= 0:
        return 0.0
    return w * h / (aw * ah if crowd else aw * ah + bw * bh - w * h)


def evaluate_picture(truths, regions, found, threshold):
    """[(score, matched, ignored)] of the best hundred."""
    found = sorted(found, key=lambda f: -f[0])[:100]
    gts = [(t, False) for t in truths] + [(r, True) for r in regions]
    gt_match = [False] * len(gts)
    out = []
    for score, box in found:
        iou, match = min(threshold, 1 - 1e-10), -1
        for g, (truth, crowd) in enumerate(gts):
            if gt_match[g] and not crowd:
                continue
            if match > -1 and not gts[match][1] and crowd:
                break
            this = overlap(box, truth, crowd)
            if this < iou:
                continue
            iou, match = this, g
        if match == -1:
            out.append((score, False, False))
        else:
            gt_match[match] = True
            out.append((score, True, gts[match][1]))
    return out


def average_precision(pictures, name, threshold):
    results, positives = [], 0
    for truths, regions, found in pictures:
        positives += len(truths.get(name, []))
        results += evaluate_picture(truths.get(name, []), regions, found.get(name, []), threshold)
    results.sort(key=lambda r: -r[0])
    tp = fp = 0
    recall, precision = [], []
    for _, matched, ignored in results:
        if not ignored:
            tp, fp = tp + matched, fp + (not matched)
        recall.append(tp / positives)
        precision.append(tp / (tp + fp) if tp + fp else 0.0)
    for i in range(len(precision) - 1, 0, -1):
        precision[i - 1] = max(precision[i - 1], precision[i])
    total = 0.0
    for point in RECALLS:
        at = next((i for i, r in enumerate(recall) if r >= point), None)
        total += precision[at] if at is not None else 0.0
    return total / len(RECALLS)


def main():
    pictures, classes = {}, set()
    for line in open(sys.argv[1], encoding="utf-8"):
        picture, name, kind, score, *box = line.split()
        truths, regions, found = pictures.setdefault(int(picture), ({}, [], {}))
        box = tuple(float(v) for v in box)
        if kind == "truth":
            truths.setdefault(name, []).append(box)
            classes.add(name)
        elif kind == "region":
            regions.append(box)
        else:
            found.setdefault(name, []).append((float(score), box))
    everything = [pictures[p] for p in sorted(pictures)]
    for name in sorted(classes):
        aps = [average_precision(everything, name, t) for t in THRESHOLDS]
        print(name, repr(aps[0]), repr(sum(aps) / len(aps)))


main()
