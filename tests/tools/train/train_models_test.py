#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The shipped models are what their descriptions and cards say. Python's own library only."""
import hashlib
import json
import pathlib
import re
import unittest

MODELS = pathlib.Path(__file__).resolve().parents[3] / "configs" / "models"


class ShippedModels(unittest.TestCase):
    def setUp(self):
        self.models = sorted(MODELS.glob("*.onnx"))

    def test_there_is_a_description_and_a_card_for_each(self):
        self.assertTrue(self.models)
        for path in self.models:
            for suffix in (".json", ".md", ".txtpb"):
                self.assertTrue(path.with_suffix(suffix).is_file(), path.with_suffix(suffix).name)

    def test_the_hash_in_each_is_the_files(self):
        for path in self.models:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            self.assertEqual(json.loads(path.with_suffix(".json").read_text())["sha256"], digest, path.name)
            self.assertIn(digest, path.with_suffix(".md").read_text(), path.name)
            self.assertIn(f'sha256: "{digest}"', path.with_suffix(".txtpb").read_text(), path.name)

    def test_each_is_at_most_12_megabytes(self):
        for path in self.models:
            self.assertLessEqual(path.stat().st_size, 12_000_000, path.name)

    def test_the_description_is_complete(self):
        for path in self.models:
            about = json.loads(path.with_suffix(".json").read_text())
            self.assertEqual(about["layout"], "yolov5")
            self.assertEqual(about["colour_order"], {1: "gray", 3: "rgb"}[about["channels"]])
            self.assertIn(about["modality"], ("ir", "rgb"))
            self.assertEqual(about["input_width_px"] % 32 + about["input_height_px"] % 32, 0)
            self.assertAlmostEqual(about["scale"], 1 / 255, places=9)
            self.assertTrue(about["classes"] and len(set(about["classes"])) == len(about["classes"]))

    def test_the_card_names_licence_and_origin(self):
        for path in self.models:
            card = path.with_suffix(".md").read_text()
            self.assertTrue(re.search(r"CC[ -]BY", card), path.name)
            self.assertIn("Attribution", card, path.name)


if __name__ == "__main__":
    unittest.main()
