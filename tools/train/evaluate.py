# SPDX-License-Identifier: Apache-2.0
"""AP of an exported model on val, run by cv::dnn with one thread, with time a picture and a bootstrap interval. No PyTorch."""
import json
import pathlib
import time

import cv2
import numpy as np

import average_precision
import pictures
import tiles


def main(options):
    cv2.setNumThreads(1)
    path = pathlib.Path(options.model)
    description = json.loads(path.with_name(path.name + ".json").read_text(encoding="utf-8"))
    engine = cv2.dnn.readNetFromONNX(str(path.with_name(path.name + ".onnx")))
    classes = description["classes"]
    if description["channels"] == 1:
        chosen = pictures.hit_uav(options.data, options.part)
    else:
        chosen = pictures.aerial_cars(options.data, options.part)
    spent, runs = 0.0, 0

    def forward(part):
        nonlocal spent, runs
        x = part[None, None] if part.ndim == 2 else part.transpose(2, 0, 1)[None]
        started = time.process_time()
        engine.setInput(np.ascontiguousarray(x, np.float32) * np.float32(description["scale"]))
        output = engine.forward()
        spent += time.process_time() - started
        runs += 1
        return output.reshape(-1, 5 + len(classes))

    size = description["input_width_px"], description["input_height_px"]
    results = [(tiles.detect(p.pixels, forward, size, len(classes)), p) for p in chosen]
    report = average_precision.evaluate(results, classes, options.resamples)
    print(f"{path.name} on {options.part}: {len(chosen)} pictures, {runs} inputs of {size[0]}x{size[1]}, {1e3 * spent / runs:.1f} CPU ms an input (cv::dnn {cv2.__version__}, one thread)")
    print("101-point interpolation; intervals: 95 %, pictures drawn anew " + f"{options.resamples} times")
    print(average_precision.table(report))
    return 0
