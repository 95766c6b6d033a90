#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Scores the program with tools/bench/real_video on the real clip with floors, and shows that the scorer can fail.

usage: real_video_test.py TRUCEWATCH      exit 77: the clip is not here (a failure when CI=true)
"""
import importlib.machinery
import importlib.util
import os
import pathlib
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
SCORER = ROOT / "tools/bench/real_video"
SAMPLE = "klv/osh-vmti-h264.ts"
# Measured: recall 0.663, precision 0.984 (docs/benchmarks.md). A little less must fail.
FLOORS = (0.67, 0.97)
RADIUS_PX = 6


def scorer():
    loader = importlib.machinery.SourceFileLoader("real_video", str(SCORER))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("real_video", loader))
    loader.exec_module(module)
    return module


def check(condition, what):
    if not condition:
        sys.exit(f"real_video_test: {what}")


def check_scorer(tool):
    """What a detector that sees everything, nothing, or things that are not there would be told."""
    check(tool.pairs([(0, 0), (4, 0)], [(3, 0)], 6) == [(1, 0, 1.0)], "the nearer of two takes a detection")
    check(tool.pairs([(0, 0)], [(7, 0)], 6) == [], "nothing beyond the radius is paired")
    truth = {1: [(1, (10, 10), "moving"), (2, (50, 50), "unclear")], 2: [(1, (11, 10), "moving")]}
    perfect = tool.Score(truth, {1: [(10, 10)], 2: [(11, 10)]}, 6)
    check((perfect.recall, perfect.precision) == (1, 1), "all found, nothing else: 1 and 1")
    half = tool.Score(truth, {1: [(10, 11), (50, 51), (90, 90)], 2: []}, 6)
    check((half.recall, half.precision, half.unclear) == (0.5, 0.5, 1), "one of two found, one false, one left out")
    nothing = tool.Score(truth, {}, 6)
    check((nothing.recall, nothing.false) == (0, 0), "a blind detector finds nothing")


def check_truth(tool):
    truth = tool.read_truth(tool.TRUTH)
    check(len(truth) >= 200, "at least 200 frames are marked")
    for frame, marks in truth.items():
        check(len({m[0] for m in marks}) == len(marks), f"frame {frame}: a vehicle twice")
        check(all(0 <= x < 640 and 0 <= y < 480 for _, (x, y), _ in marks), f"frame {frame}: outside of the picture")
    # The camera carries all of them along; over the ground none moves more than a few pixels a frame.
    for frame, marks in truth.items():
        now, then = ({m[0]: m[1] for m in truth.get(f, [])} for f in (frame, frame + 1))
        both = sorted(now.keys() & then.keys())
        for axis in (0, 1):
            step = {v: then[v][axis] - now[v][axis] for v in both}
            usual = statistics.median(step.values()) if step else 0
            for vehicle in both:
                check(abs(step[vehicle] - usual) < 8, f"frame {frame}: vehicle {vehicle} jumps")


def main():
    tool = scorer()
    check_scorer(tool)
    check_truth(tool)
    clip = pathlib.Path(os.environ.get("TRUCEWATCH_SAMPLES", "../shared/data")) / SAMPLE
    if not clip.exists():
        print(f"sample {SAMPLE} not found: put the samples into ../shared/data or name their folder in TRUCEWATCH_SAMPLES")
        return 1 if os.environ.get("CI") == "true" else 77
    truth = tool.read_truth(tool.TRUTH)
    places, times, degraded = tool.detections_of(sys.argv[1], str(clip))
    score = tool.Score(truth, places, RADIUS_PX)
    targets = tool.recorded_targets(sys.argv[1], str(clip))
    tool.report(truth, score, places, times, degraded, targets, RADIUS_PX)
    check(set(truth) <= set(times), "not every marked frame has a line")
    check(sum(map(len, targets.values())) > 100, "the recorded targets were not read")
    check(tool.passes(score, *FLOORS), f"below the floors: recall {FLOORS[0]}, precision {FLOORS[1]}")
    # The same detections against marks that were moved away must fail: the floors ask for something.
    moved = {f: [(v, (x, (y + 60) % 480), kind) for v, (x, y), kind in marks] for f, marks in truth.items()}
    check(not tool.passes(tool.Score(moved, places, RADIUS_PX), *FLOORS), "a wrong truth passes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
