# SPDX-License-Identifier: Apache-2.0
"""Rules of tools/bench/moving on truths and detections made by hand."""
import argparse
import importlib.machinery
import importlib.util
import json
import pathlib
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]


def load():
    loader = importlib.machinery.SourceFileLoader("moving", str(ROOT / "tools/bench/moving"))
    spec = importlib.util.spec_from_loader("moving", loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


moving = load()
FRAMES = 40
RATE = 10


def vehicle(frame, **changes):
    """A car that drives east with 10 m/s, 4 pixels a picture; changes overwrite its fields."""
    thing = {"id": 1, "kind": "car", "parked": False, "box_px": [100 + 4 * frame, 200, 20, 10], "visible": 1.0, "size_px": 22.0,
             "gsd_m": 0.25, "lat_deg": 45.0, "lon_deg": 10.0 + 1e-5 * frame, "velocity_en_mps": [10.0, 0.0], "epipolar": False}
    thing.update(changes)
    return thing


def seen(thing, east_px=0.0, north_m=0.0, cov=(100.0, 0.0, 100.0)):
    x, y, w, h = thing["box_px"]
    return {"class": "vehicle", "score": 1, "box_px": [x + east_px, y, w, h], "lat_deg": thing["lat_deg"] + north_m / 111_132.0,
            "lon_deg": thing["lon_deg"], "cov_m2": list(cov)}


def score(truth, detections, raw=False, gsd=None, frames=FRAMES):
    """truth and detections: functions of the frame that give lists."""
    head = {"frames_per_second": RATE, "width_px": 1280, "height_px": 720, "working_gsd_m": 0.3}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "truth.jsonl"
        lines = [json.dumps(head)] + [json.dumps({"frame": k, "objects": truth(k)}) for k in range(frames)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        looks = [json.dumps({"frame": k, "detections": detections(k)}) for k in range(frames)]
        options = argparse.Namespace(raw=raw, gsd=gsd, misses=False)
        return moving.score_clip("clip", path, looks, options, print)


class Moving(unittest.TestCase):
    def test_every_picture_found_is_recall_one_and_nothing_false(self):
        f = score(lambda k: [vehicle(k)], lambda k: [seen(vehicle(k))]).figures()
        self.assertEqual((f["recall"], f["counted"], f["false_tracks"], f["doubles"]), (1.0, FRAMES, 0, 0))

    def test_half_of_the_pictures_found_is_recall_one_half(self):
        f = score(lambda k: [vehicle(k)], lambda k: [seen(vehicle(k))] if k % 2 else []).figures()
        self.assertEqual(f["recall"], 0.5)

    def test_two_seconds_after_the_first_match_are_reported_when_one_picture_has_it(self):
        # Found in the first span; in the second in its last picture alone; in the third never; the fourth has one second.
        def detections(k):
            span, place = divmod(k, 2 * RATE)
            return [seen(vehicle(k))] if span == 0 or (span == 1 and place == 2 * RATE - 1) else []

        f = score(lambda k: [vehicle(k)], detections, frames=7 * RATE).figures()
        self.assertEqual((f["spans_of_2_s"], f["spans_reported"]), (2, 1 / 2))
        never = score(lambda k: [vehicle(k)], lambda k: [], frames=7 * RATE).figures()
        self.assertEqual((never["spans_of_2_s"], never["spans_reported"]), (0, None))

    def test_small_slow_hidden_and_parked_vehicles_are_not_counted(self):
        for changes in ({"size_px": 11.9}, {"velocity_en_mps": [1.4, 0.0]}, {"visible": 0.49}, {"parked": True},
                        {"box_px": [-1, 200, 20, 10]}):
            self.assertEqual(score(lambda k: [vehicle(k, **changes)], lambda k: []).figures()["counted"], 0, changes)

    def test_sizes_are_those_at_the_working_ground_sample_distance(self):
        # 22 pixels of 0.25 m are 18 of 0.3 m and 11 of 0.5 m.
        self.assertEqual(score(lambda k: [vehicle(k)], lambda k: []).figures()["counted"], FRAMES)
        self.assertEqual(score(lambda k: [vehicle(k)], lambda k: [], gsd=0.5).figures()["counted"], 0)

    def test_half_a_second_about_a_stop_is_not_counted_unless_raw(self):
        def truth(k):
            return [vehicle(k, velocity_en_mps=[10.0 if k < 20 else 0.0, 0.0])]
        self.assertEqual(score(truth, lambda k: []).figures()["counted"], 15)
        self.assertEqual(score(truth, lambda k: [], raw=True).figures()["counted"], 20)

    def test_motion_along_the_epipolar_line_is_a_figure_of_its_own(self):
        f = score(lambda k: [vehicle(k, epipolar=True)], lambda k: []).figures()
        self.assertEqual((f["counted"], f["epipolar_counted"], f["epipolar_recall"]), (0, FRAMES, 0.0))

    def test_beyond_the_matching_distance_is_a_miss_and_false(self):
        # The gate is 0.6 of 20 pixels; what lies within one and a half of it is explained.
        self.assertEqual(score(lambda k: [vehicle(k)], lambda k: [seen(vehicle(k), 11.9)]).figures()["recall"], 1.0)
        near = score(lambda k: [vehicle(k)], lambda k: [seen(vehicle(k), 12.1)]).figures()
        self.assertEqual((near["recall"], near["false_detections"]), (0.0, 0))
        far = score(lambda k: [vehicle(k)], lambda k: [seen(vehicle(k), 18.1)]).figures()
        self.assertEqual((far["recall"], far["false_detections"], far["false_tracks"]), (0.0, FRAMES, 1))

    def test_a_parked_vehicle_explains_nothing(self):
        f = score(lambda k: [vehicle(0, parked=True, velocity_en_mps=[0.0, 0.0])], lambda k: [seen(vehicle(0))]).figures()
        self.assertEqual((f["false_tracks"], f["false_tracks_per_minute"]), (1, 60 / (FRAMES / 10)))

    def test_false_detections_far_apart_or_after_a_pause_are_tracks_of_their_own(self):
        apart = score(lambda k: [], lambda k: [seen(vehicle(0)), seen(vehicle(50))]).figures()
        self.assertEqual(apart["false_tracks"], 2)
        again = score(lambda k: [], lambda k: [seen(vehicle(0))] if k < 5 or k > 30 else []).figures()
        self.assertEqual(again["false_tracks"], 2)

    def test_a_second_detection_on_a_vehicle_is_a_double_and_not_false(self):
        f = score(lambda k: [vehicle(k)], lambda k: [seen(vehicle(k)), seen(vehicle(k), 3)]).figures()
        self.assertEqual((f["recall"], f["doubles"], f["false_tracks"]), (1.0, FRAMES, 0))

    def test_the_shadow_that_a_vehicle_throws_is_a_double_and_that_of_nothing_false(self):
        def truth(k):
            return [vehicle(k, shadow_box_px=[100 + 4 * k, 200, 60, 10])]
        on_shadow = score(truth, lambda k: [seen(vehicle(k)), seen(vehicle(k), 40)]).figures()
        self.assertEqual((on_shadow["doubles"], on_shadow["false_tracks"]), (FRAMES, 0))
        beyond = score(truth, lambda k: [seen(vehicle(k)), seen(vehicle(k), 60)]).figures()
        self.assertEqual((beyond["doubles"], beyond["false_tracks"]), (0, 1))

    def test_the_ellipse_is_that_of_95_percent(self):
        # sqrt(5.991) sigma: 24.48 m at 10 m.
        inside = score(lambda k: [vehicle(k)], lambda k: [seen(vehicle(k), 0, 24.3)]).figures()
        self.assertEqual(inside["inside"], 1.0)
        self.assertAlmostEqual(inside["error_median_m"], 24.3, delta=0.05)
        outside = score(lambda k: [vehicle(k)], lambda k: [seen(vehicle(k), 0, 24.7)]).figures()
        self.assertEqual(outside["inside"], 0.0)
        # A long ellipse to the north holds it, the same to the east does not.
        self.assertEqual(score(lambda k: [vehicle(k)], lambda k: [seen(vehicle(k), 0, 24.7, (25.0, 0.0, 400.0))]).figures()["inside"], 1.0)


if __name__ == "__main__":
    unittest.main()
