#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cv::dnn runs the shipped models, and they find what their descriptions say, on a part of val where the pictures are there."""
import json
import os
import pathlib
import unittest

import packages

packages.need("numpy", "cv2")
import average_precision  # noqa: E402
import cv2  # noqa: E402
import numpy as np  # noqa: E402
import pictures  # noqa: E402
import tiles  # noqa: E402

MODELS = sorted((packages.ROOT / "configs" / "models").glob("*.onnx"))
TRAINING = pathlib.Path(os.environ.get("TRUCEWATCH_SAMPLES", packages.ROOT / "../shared/data")) / "training"  # as tests/support/shared_data.h
SOURCES = {"ir": (TRAINING / "hit-uav", pictures.hit_uav, 6), "rgb": (TRAINING / "aerial-cars", pictures.aerial_cars, 4)}


def load(path):
    cv2.setNumThreads(1)
    return json.loads(path.with_suffix(".json").read_text(encoding="utf-8")), cv2.dnn.readNetFromONNX(str(path))


class ShippedModels(unittest.TestCase):
    def test_give_one_row_a_cell_with_probabilities_and_boxes_of_sane_size(self):
        self.assertTrue(MODELS)
        for path in MODELS:
            about, engine = load(path)
            width, height = about["input_width_px"], about["input_height_px"]
            engine.setInput(np.random.default_rng(1).random((1, about["channels"], height, width), np.float32))
            output = engine.forward()
            cells = sum((width // s) * (height // s) for s in (4, 8, 16))
            self.assertEqual(output.reshape(1, cells, -1).shape, (1, cells, 5 + len(about["classes"])), path.name)
            rows = output.reshape(cells, -1)
            self.assertTrue(np.isfinite(rows).all())
            self.assertTrue((rows[:, 4:] >= 0).all() and (rows[:, 4:] <= 1).all())
            self.assertTrue((rows[:, 2:4] >= 0).all() and (rows[:, 2:4] <= 4 * 96).all())

    def test_find_on_a_part_of_val_what_the_description_says(self):
        for path in MODELS:
            about, engine = load(path)
            folder, reader, every = SOURCES[about["modality"]]
            if not folder.is_dir():
                self.assertNotEqual(os.environ.get("CI"), "true", f"{folder.name} is required when CI=true")
                print(f"{path.name}: no pictures in {folder.name}, not measured")
                continue
            chosen = reader(folder, "val")[::every]

            def forward(part):
                x = part[None, None] if part.ndim == 2 else part.transpose(2, 0, 1)[None]
                engine.setInput(np.ascontiguousarray(x, np.float32) * np.float32(about["scale"]))
                return engine.forward().reshape(-1, 5 + len(about["classes"]))

            size = about["input_width_px"], about["input_height_px"]
            results = [(tiles.detect(p.pixels, forward, size, len(about["classes"])), p) for p in chosen]
            report = average_precision.evaluate(results, about["classes"])
            for name in ("person", "car"):
                if name in report:
                    # A part differs from the whole by chance: 0.1 is more than the difference of any sixth of val.
                    self.assertGreater(report[name]["ap50"], about["metrics"]["classes"][name]["ap50"] - 0.1, f"{path.name} {name}")


if __name__ == "__main__":
    unittest.main()
