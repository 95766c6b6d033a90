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


def working_score(results, classes):
    """The threshold, in steps of 0.05, at which 2 right / (detections + truth) of all classes together is largest at IoU 0.5."""
    best, chosen = -1.0, 0.5
    parts = []
    for (boxes, scores, labels), picture in results:
        for label in range(classes):
            mine = labels == label
            parts.append(average_precision.match(boxes[mine], scores[mine], picture.boxes[picture.labels == label], picture.ignored, [0.5]))
    for threshold in np.arange(0.05, 0.96, 0.05):
        right = sum(int((hit[0] & (scores >= threshold)).sum()) for scores, hit, _, _ in parts)
        stated = sum(int((counted[0] & (scores >= threshold)).sum()) for scores, _, counted, _ in parts)
        quality = 2 * right / max(stated + sum(p[3] for p in parts), 1)
        if quality > best:
            best, chosen = quality, float(threshold)
    return round(chosen, 2)


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
    threshold = working_score(results, len(classes))
    print(f"score with the best F1 over all classes: {threshold:.2f}")
    if options.keep:
        description["metrics"] = {
            "part": options.part,
            "pictures": len(chosen),
            "resamples": options.resamples,
            "opencv": cv2.__version__,
            "milliseconds": round(1e3 * spent / runs, 1),
            "working_score": threshold,
            "classes": report,
        }
        path.with_name(path.name + ".json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    return 0
