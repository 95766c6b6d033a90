# SPDX-License-Identifier: Apache-2.0
"""tools/train/motion_judge: its counts are those of tools/bench/moving, and its table judges as the fitted trees do."""
import argparse
import importlib.machinery
import importlib.util
import json
import pathlib
import sys
import tempfile
import unittest

import packages

packages.need("numpy", "sklearn")

import numpy as np  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[3]


def load(name, path):
    loader = importlib.machinery.SourceFileLoader(name, str(ROOT / path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    sys.modules[name] = module
    loader.exec_module(module)
    return module


judge = load("motion_judge", "tools/train/motion_judge")
moving = judge.moving
FRAMES, RATE = 60, 10


def scenes(rng):
    """Vehicles on straight ways, and detections of them: on them, beside them, twice, and where nothing is."""
    head = {"frames_per_second": RATE, "width_px": 1280, "height_px": 720, "working_gsd_m": 0.4}
    vehicles = [(rng.uniform(100, 900), rng.uniform(100, 600), rng.uniform(-6, 6), rng.uniform(-3, 3), bool(rng.integers(2))) for _ in range(6)]
    truth, lines = [json.dumps(head)], []
    for frame in range(FRAMES):
        things, detections = [], []
        for key, (x, y, u, v, epipolar) in enumerate(vehicles):
            box = [x + u * frame, y + v * frame, 20, 10]
            metres = 0.4 * RATE * np.hypot(u, v)
            things.append({"id": key, "kind": "car", "parked": False, "box_px": box, "visible": 1.0, "size_px": 22.0, "gsd_m": 0.4, "epipolar": epipolar,
                           "lat_deg": 45 - box[1] * 3.6e-6, "lon_deg": 10 + box[0] * 5e-6, "velocity_en_mps": [metres, 0.0]})
            for off in rng.choice([0, 0, 0, 6, 15, 40], size=rng.integers(0, 3)):
                detections.append([box[0] + off, box[1], 20, 10])
        if rng.random() < 0.3:
            detections.append([rng.uniform(0, 1200), rng.uniform(0, 700), 12, 12])
        truth.append(json.dumps({"frame": frame, "objects": things}))
        lines.append(json.dumps({"frame": frame, "detections": [
            {"box_px": box, "lat_deg": 45 - box[1] * 3.6e-6, "lon_deg": 10 + box[0] * 5e-6, "evidence": {"doubtful": 0, "other": float(rng.normal())}}
            for box in detections]}))
    return truth, lines


class Counts(unittest.TestCase):
    def test_are_those_of_the_benchmark(self):
        options = argparse.Namespace(raw=False, gsd=None, misses=False)
        for seed in range(5):
            with tempfile.TemporaryDirectory() as folder:
                file = pathlib.Path(folder) / "truth.jsonl"
                truth, lines = scenes(np.random.default_rng(seed))
                file.write_text("\n".join(truth) + "\n")
                benchmark = moving.score_clip("clip", file, lines, options, None)
                clip = judge.Clip("clip", file, lines)
            tally = judge.Tally()
            tally.add(clip, np.ones(len(clip.frame), bool))
            self.assertGreater(benchmark.false_tracks, 0)
            self.assertEqual(tally.counted, benchmark.counted[False])
            self.assertEqual(tally.found, benchmark.found[False])
            self.assertEqual(tally.false, benchmark.false_tracks)
            self.assertEqual(tally.alone, benchmark.false_alone)

    def test_a_doubtful_box_over_a_sure_one_is_left_out(self):
        clip = judge.Clip.__new__(judge.Clip)
        clip.names, clip.evidence = ["doubtful"], np.array([[0.0], [1.0], [1.0]])
        clip.frame, clip.middle, clip.side = [3, 3, 3], [(100, 100), (110, 104), (200, 100)], [(20, 10)] * 3
        self.assertEqual(clip.kept(np.array([0.9, 0.95, 0.95]), 0.8).tolist(), [True, False, True])
        self.assertEqual(clip.kept(np.array([0.7, 0.95, 0.95]), 0.8).tolist(), [False, True, True])


class Table(unittest.TestCase):
    def test_judges_as_the_fitted_trees_do(self):
        rng = np.random.default_rng(3)
        x = rng.normal(size=(4000, 5))
        y = x[:, 0] * x[:, 1] + x[:, 2] > 0.3
        model = judge.classifier(argparse.Namespace(trees=40, leaves=7, rate=0.2)).fit(x, y)
        table, roots = judge.nodes_of(model)
        prior = float(model._baseline_prediction.ravel()[0])
        wanted = model.predict_proba(x[:200])[:, 1]
        self.assertGreater(wanted.max() - wanted.min(), 0.9)
        for row, chance in zip(x[:200], wanted):
            self.assertAlmostEqual(judge.judged(table, roots, prior, row), chance, places=4)


if __name__ == "__main__":
    unittest.main()
