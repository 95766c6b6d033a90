#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Crops, tiles and rendered scenes: boxes stay on their objects."""
import json
import unittest

import packages

packages.need("numpy", "cv2")
import cars_from_above  # noqa: E402
import crops  # noqa: E402
import numpy as np  # noqa: E402
import pictures  # noqa: E402
import tiles  # noqa: E402


def marked(seed, size=(300, 400), count=12):
    """Dark ground with bright rectangles that do not touch: the truth can be seen in the pixels."""
    rng = np.random.default_rng(seed)
    pixels, boxes = np.full(size, 40, np.uint8), []
    while len(boxes) < count:
        w, h = rng.integers(8, 30, 2)
        x, y = rng.integers(0, size[1] - w), rng.integers(0, size[0] - h)
        if pixels[max(0, y - 4) : y + h + 4, max(0, x - 4) : x + w + 4].max() > 40:
            continue
        pixels[y : y + h, x : x + w] = 220
        boxes.append((x, y, x + w, y + h))
    return pictures.Picture(f"marked {seed}", pixels, np.array(boxes, np.float32), np.zeros(count, np.int64), np.zeros((0, 4), np.float32))


class Crops(unittest.TestCase):
    def test_boxes_stay_on_their_objects_however_a_crop_is_scaled_and_turned(self):
        sources = [marked(seed) for seed in range(4)]
        rule = crops.CropRule(size=160, turn=True, pair=0.3)
        objects = 0
        for index in range(200):
            rng = np.random.default_rng((5, index))
            pixels, boxes, labels, _ = crops.crop(sources, index % 4, rng, rule)
            self.assertEqual(pixels.shape, (160, 160))
            self.assertEqual(len(boxes), len(labels))
            ground = np.median(pixels)
            for x0, y0, x1, y1 in boxes:
                self.assertTrue(0 <= x0 < x1 <= 160 and 0 <= y0 < y1 <= 160)
                inside = pixels[int(np.ceil(y0)) + 1 : int(y1) - 1, int(np.ceil(x0)) + 1 : int(x1) - 1]
                if inside.size >= 9:
                    objects += 1
                    self.assertGreater(float(np.median(inside)), float(ground) + 20)
        self.assertGreater(objects, 300)

    def test_an_object_mostly_outside_becomes_an_ignored_area(self):
        source = marked(1)
        source.boxes, source.labels = np.array([[100, 100, 120, 110]], np.float32), np.zeros(1, np.int64)
        _, boxes, _, ignored = crops.cut_window(source, 114, 96, 64, 64, 1.0)
        self.assertEqual(len(boxes), 0)
        self.assertEqual(ignored.tolist(), [[0, 4, 6, 14]])
        _, boxes, _, ignored = crops.cut_window(source, 110, 96, 64, 64, 1.0)
        self.assertEqual(boxes.tolist(), [[0, 4, 10, 14]])
        self.assertEqual(len(ignored), 0)

    def test_the_same_seed_gives_the_same_crop(self):
        sources = [marked(seed) for seed in range(2)]
        one, two, other = (crops.crop(sources, 0, np.random.default_rng((1, 0, seed)), crops.CropRule(size=96)) for seed in (3, 3, 4))
        self.assertTrue(np.array_equal(one[0], two[0]) and np.array_equal(one[1], two[1]))
        self.assertFalse(np.array_equal(one[0], other[0]))


class RenderedScenes(unittest.TestCase):
    def test_vehicles_of_every_class_are_drawn_within_the_picture(self):
        seen, sizes = {}, []
        for index in range(60):
            pixels, boxes, labels, _ = cars_from_above.scene(np.random.default_rng((2, index)), 192)
            self.assertEqual((pixels.shape, pixels.dtype), ((192, 192, 3), np.uint8))
            self.assertTrue((boxes >= 0).all() and (boxes <= 192).all() and (boxes[:, 2:] > boxes[:, :2]).all())
            for label in labels:
                seen[int(label)] = seen.get(int(label), 0) + 1
            sizes += (boxes[labels == 0, 2:] - boxes[labels == 0, :2]).max(1, initial=0).tolist()
        self.assertEqual(sorted(seen), [0, 1, 2])
        self.assertLess(np.percentile(sizes, 10), 20)
        self.assertGreater(np.percentile(sizes, 90), 40)

    def test_the_same_seed_draws_the_same_scene(self):
        one, two = (cars_from_above.scene(np.random.default_rng(9), 128) for _ in range(2))
        self.assertTrue(np.array_equal(one[0], two[0]) and np.array_equal(one[1], two[1]))


class Tiles(unittest.TestCase):
    def test_cover_every_pixel_and_overlap(self):
        for length in (100, 640, 641, 1080, 1920, 2000):
            begins = tiles.starts(length, 640)
            self.assertEqual(begins[0], 0)
            self.assertGreaterEqual(begins[-1] + 640, length)
            for one, next_one in zip(begins, begins[1:]):
                self.assertLessEqual(next_one, one + 640 - tiles.OVERLAP)

    def test_an_object_at_a_seam_is_reported_once(self):
        picture = np.full((300, 700), 40, np.uint8)
        truth = [(x, 100, x + 30, 120) for x in range(5, 660, 60)]
        for x0, y0, x1, y1 in truth:
            picture[y0:y1, x0:x1] = 220

        def forward(part):
            columns = np.flatnonzero(np.diff(np.concatenate([[0], (part.max(0) > 200).astype(int), [0]]))).reshape(-1, 2)
            return np.array([[(a + b) / 2, 110, b - a, 20, 1.0, 0.9] for a, b in columns]).reshape(-1, 6)

        boxes, _, _ = tiles.detect(picture, forward, (320, 320), 1)
        self.assertEqual(sorted(map(tuple, boxes.astype(int).tolist())), truth)


class Split(unittest.TestCase):
    def test_no_group_is_on_both_sides_and_every_prefix_in_one_group(self):
        with open(packages.ROOT / "tools/train/aerial_cars_split.json", encoding="utf-8") as file:
            split = json.load(file)
        prefixes = [p for group in split["groups"].values() for p in group]
        self.assertEqual(len(prefixes), len(set(prefixes)))
        for one in prefixes:
            self.assertFalse([other for other in prefixes if other != one and other.startswith(one)])
        self.assertTrue(set(split["held_back"]) < set(split["groups"]))


if __name__ == "__main__":
    unittest.main()
