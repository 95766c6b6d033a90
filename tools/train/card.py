# SPDX-License-Identifier: Apache-2.0
"""NAME.json (description, training, metrics) -> NAME.md for people and NAME.txtpb for `trucewatch detect`."""
import json
import pathlib

import average_precision

ABOUT = {
    "ir": {
        "what": "People and vehicles in thermal pictures from a drone 60-130 m up.",
        "data": "HIT-UAV train, 2,029 pictures of 640x512 (DontCare boxes neither trained nor scored); chosen by, and measured on, its val, 290 pictures. No test split was used.",
        "licence": "Weights: Apache-2.0. Data: CC BY 4.0.",
        "attribution": "Attribution: trained on HIT-UAV, Suo J., Wang T., Zhang X., Chen H., Zhou W., Shi W., HIT-UAV: A high-altitude infrared thermal dataset for Unmanned Aerial "
        "Vehicle-based object detection, Scientific Data 10, 227 (2023), doi 10.1038/s41597-023-02066-6, CC BY 4.0; pictures changed: recompressed as grey JPEG.",
        "limits": "One camera, one region and season; boxes are upright. Person boxes are 6-28 pixels wide: at a coarser scale people are missed. "
        "other_vehicle has 102 training boxes and 12 in val: its figure says little. People are for counting in groups only.",
        "objects": {"person": "PERSON", "car": "LIGHT_VEHICLE", "bicycle": "IGNORED", "other_vehicle": "UNKNOWN_VEHICLE"},
        "modality": "INFRARED",
        "order": "GRAY",
        "set": "HIT-UAV val",
    },
    "rgb": {
        "what": "Vehicles in colour pictures from the air, cars about 14-90 pixels long.",
        "data": "aerial-cars without the held-back places (94 pictures; tools/train/aerial_cars_split.json), and rendered scenes (tools/train/cars_from_above.py), 35 % of the crops. "
        "Chosen by, and measured on, the held-back places (28 pictures). Minibus counts as car; cyclists are ignored areas.",
        "licence": "Weights: CC BY-SA, because a part of the data is. Data: CC BY 3.0 (MOS*, Munich*), CC BY-SA (DJI*).",
        "attribution": "Attribution: trained on aerial-cars-dataset (github.com/jekhor/aerial-cars-dataset): DJI* by Yauhen Kharuzhy and Minsk OSM community, CC BY-SA; MOS* and Munich* from "
        "KIT AIS (Karlsruhe Institute of Technology), CC BY 3.0; pictures changed: resized to at most 2000 px, recompressed. Started from weights trained on HIT-UAV (Suo et al. 2023, doi 10.1038/s41597-023-02066-6), CC BY 4.0.",
        "limits": "Few places: two of Minsk, two of Munich; all by day. The held-back pictures are frames of two recordings, nearly the same picture, so the intervals are too narrow. Real trucks are four boxes in training and one in val, so truck stands on the renderer. Trams count as bus, as the data has it.",
        "objects": {"car": "LIGHT_VEHICLE", "truck": "TRUCK", "bus": "TRUCK"},
        "modality": "RGB",
        "order": "RGB_ORDER",
        "set": "aerial-cars, held-back places",
    },
}


def markdown(about, card, file):
    training, metrics = about["training"], about["metrics"]
    size = f"{about['input_width_px']} x {about['input_height_px']}"
    figures = average_precision.table(metrics["classes"])
    return f"""<!-- SPDX-License-Identifier: Apache-2.0 -->
# {about['name']}

{card['what']}

**Input.** {about['channels']} channel{'s (RGB)' if about['channels'] == 3 else ''}, {size} px, float32, value = grey level / 255. A larger picture is cut into overlapping tiles.
**Output.** One array [1, cells, 5 + {len(about['classes'])}]: centre x, y, width, height (input pixels), objectness, then {', '.join(about['classes'])} (all 0..1; score = objectness x class). Not suppressed.
**File.** `{file}.onnx`, {about['bytes']} bytes, ONNX opset 11, {about['parameters']} parameters, {about['gflop']:.2f} GFLOP an input (2 x multiply-add).
SHA-256 `{about['sha256']}`.

**Data.** {card['data']}
**Licence.** {card['licence']}
{card['attribution']}

**Training.** `{training['command']}`: {training['epochs']} epochs of {training['crops']} crops, {training['steps']} steps, {training['seconds'] / 60:.0f} minutes on {training['device']}, seed {training['seed']}. {training['note']}

**Figures** ({card['set']}, {metrics['pictures']} pictures; run by cv::dnn {metrics['opencv']}, one thread, {metrics['milliseconds']:.0f} CPU ms an input; 101-point interpolation; in brackets the
95 % interval when pictures are drawn anew {metrics['resamples']} times, which knows nothing of other places and cameras). Largest difference of cv::dnn to PyTorch: {about['difference_px']:.1e} px, {about['difference_probability']:.1e} in probability.
```
{figures}
```

**Limits.** {card['limits']}
"""


def text_proto(about, card, file):
    quote = lambda text: json.dumps(text, ensure_ascii=True)
    lines = [
        "# SPDX-License-Identifier: Apache-2.0",
        "# Written by tools/train/run card; the text for people is in the .md beside it.",
        f"name: {quote(about['name'])}",
        f"onnx_file: {quote(file + '.onnx')}",
        f"sha256: {quote(about['sha256'])}",
        f"modality: {card['modality']}",
        f"input_width_px: {about['input_width_px']}",
        f"input_height_px: {about['input_height_px']}",
        f"channels: {about['channels']}",
        f"colour_order: {card['order']}",
        f"scale: {about['scale']!r}",
        "layout: YOLOV5",
    ]
    lines += [f"class {{ name: {quote(name)} object: {card['objects'][name]} }}" for name in about["classes"]]
    lines += ["nms_iou: 0.5", f"working_score: {about['metrics']['working_score']}", f"description: {quote(card['what'])}", f"data: {quote(card['data'])}",
              f"licence: {quote(card['licence'])}", f"attribution: {quote(card['attribution'])}"]
    for name, entry in about["metrics"]["classes"].items():
        low, high = entry.get("ap50_interval", (0.0, 0.0))
        lines.append(f"metric {{ class: {quote(name)} set: {quote(card['set'])} ap50: {entry['ap50']:.4f} ap50_low: {low:.4f} ap50_high: {high:.4f} "
                     f"ap50_95: {entry['ap50_95']:.4f} images: {about['metrics']['pictures']} }}")
    lines.append(f"command: {quote(about['training']['command'])}")
    return "\n".join(lines) + "\n"


def main(options):
    path = pathlib.Path(options.model)
    about = json.loads(path.with_name(path.name + ".json").read_text(encoding="utf-8"))
    if "metrics" not in about:
        raise SystemExit(f"{path.name}.json has no metrics yet: tools/train/run evaluate --keep")
    card = ABOUT[about["modality"]]
    path.with_name(path.name + ".md").write_text(markdown(about, card, path.name), encoding="utf-8")
    path.with_name(path.name + ".txtpb").write_text(text_proto(about, card, path.name), encoding="utf-8")
    return 0
