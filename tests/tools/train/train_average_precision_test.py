#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Average precision against cases whose result can be written down by hand."""
import types
import unittest

import packages

packages.need("numpy")
import average_precision as ap  # noqa: E402
import boxes as geometry  # noqa: E402
import numpy as np  # noqa: E402


def picture(boxes, labels, ignored=()):
    return types.SimpleNamespace(boxes=np.array(boxes, float).reshape(-1, 4), labels=np.array(labels), ignored=np.array(ignored, float).reshape(-1, 4))


def found(boxes, scores, labels):
    return np.array(boxes, float).reshape(-1, 4), np.array(scores, float), np.array(labels)


def at(x, width=10):
    return [x, 0, x + width, 10]


class AveragePrecision(unittest.TestCase):
    def ap50(self, results):
        return ap.evaluate(results, ["car"])["car"]["ap50"]

    def test_is_one_when_every_box_is_found_and_nothing_else(self):
        result = ap.evaluate([(found([at(0), at(20)], [0.9, 0.8], [0, 0]), picture([at(0), at(20)], [0, 0]))], ["car"])["car"]
        self.assertAlmostEqual(result["ap50"], 1.0)
        self.assertAlmostEqual(result["ap50_95"], 1.0)

    def test_of_right_wrong_right_out_of_two_is_51_ones_and_50_two_thirds(self):
        # Precision after each detection: 1, 1/2, 2/3 at recalls 1/2, 1/2, 1. Made non-increasing: 1 up to recall 0.5
        # (51 of the 101 points), 2/3 beyond (50 points).
        result = self.ap50([(found([at(0), at(50), at(20)], [0.9, 0.8, 0.7], [0, 0, 0]), picture([at(0), at(20)], [0, 0]))])
        self.assertAlmostEqual(result, (51 + 50 * 2 / 3) / 101)

    def test_counts_recall_that_is_never_reached_as_zero(self):
        result = self.ap50([(found([at(0)], [0.9], [0]), picture([at(0), at(20)], [0, 0]))])
        self.assertAlmostEqual(result, 51 / 101)

    def test_counts_a_second_detection_of_the_same_object_as_wrong(self):
        once = self.ap50([(found([at(0), at(20)], [0.9, 0.5], [0, 0]), picture([at(0), at(20)], [0, 0]))])
        doubled = self.ap50([(found([at(0), at(0), at(20)], [0.9, 0.8, 0.5], [0, 0, 0]), picture([at(0), at(20)], [0, 0]))])
        self.assertAlmostEqual(once, 1.0)
        self.assertAlmostEqual(doubled, (51 + 50 * 2 / 3) / 101)

    def test_demands_the_overlap_of_each_threshold(self):
        # 10 x 10 against 8 x 10 in it: IoU 0.8, so right at 0.50 to 0.80 (7 of 10 thresholds), wrong at 0.85 to 0.95.
        result = ap.evaluate([(found([at(0, 8)], [0.9], [0]), picture([at(0)], [0]))], ["car"])["car"]
        self.assertAlmostEqual(result["ap50"], 1.0)
        self.assertAlmostEqual(result["ap50_95"], 0.7)

    def test_does_not_match_another_class_or_another_picture(self):
        results = [(found([at(0)], [0.9], [1]), picture([at(0)], [0])), (found([at(0)], [0.9], [0]), picture([], []))]
        self.assertAlmostEqual(ap.evaluate(results, ["car", "bus"])["car"]["ap50"], 0.0)

    def test_excuses_detections_in_ignored_areas_only(self):
        truth = picture([at(0)], [0], ignored=[[40, 0, 80, 10]])
        excused = self.ap50([(found([at(45), at(0)], [0.9, 0.8], [0, 0]), truth)])
        blamed = self.ap50([(found([at(30), at(0)], [0.9, 0.8], [0, 0]), truth)])
        self.assertAlmostEqual(excused, 1.0)
        self.assertAlmostEqual(blamed, 0.5)

    def test_interval_holds_the_value_and_shrinks_with_more_pictures(self):
        def sample(count):
            rng = np.random.default_rng(7)
            results = []
            for _ in range(count):
                right = rng.random() < 0.7
                results.append((found([at(0 if right else 50)], [rng.random()], [0]), picture([at(0)], [0])))
            return ap.evaluate(results, ["car"], resamples=200)["car"]

        few, many = sample(20), sample(200)
        for result in (few, many):
            self.assertLessEqual(result["ap50_interval"][0], result["ap50"])
            self.assertGreaterEqual(result["ap50_interval"][1], result["ap50"])
        width = lambda r: r["ap50_interval"][1] - r["ap50_interval"][0]
        self.assertLess(width(many), 0.6 * width(few))

    def test_without_truth_is_not_a_number(self):
        self.assertTrue(np.isnan(self.ap50([(found([], [], []), picture([], []))])))


class Suppression(unittest.TestCase):
    def test_keeps_the_best_of_boxes_that_overlap_and_all_that_do_not(self):
        kept = geometry.suppress(np.array([at(0), at(1), at(30)], float), np.array([0.5, 0.9, 0.3]), 0.6, 10)
        self.assertEqual(kept.tolist(), [1, 2])

    def test_reads_a_models_output_as_centre_size_objectness_classes(self):
        boxes, scores, labels = geometry.detections(np.array([[50, 40, 20, 10, 0.5, 0.1, 0.8]]), 2, minimum=0.2)
        self.assertEqual(boxes.tolist(), [[40, 35, 60, 45]])
        self.assertAlmostEqual(scores[0], 0.4)
        self.assertEqual(labels.tolist(), [1])


if __name__ == "__main__":
    unittest.main()
