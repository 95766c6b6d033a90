# SPDX-License-Identifier: Apache-2.0
"""Checkpoint -> ONNX (opset 11) and JSON description; the file is run by cv::dnn and compared with PyTorch before it counts."""
import hashlib
import json
import pathlib

import cv2
import numpy as np
import onnx
import torch

import network

MAX_BYTES = 12_000_000
TOLERANCE = 1e-3  # of boxes in pixels and of probabilities, times the size of the value where that is above 1
INPUT = {1: (640, 512), 3: (640, 640)}


def fuse(net):
    """Folds every BatchNorm into the convolution before it: fewer operators for cv::dnn to import, same function."""
    for module in net.modules():
        if isinstance(module, torch.nn.Sequential) and len(module) == 3 and isinstance(module[1], torch.nn.BatchNorm2d):
            module[0] = torch.nn.utils.fusion.fuse_conv_bn_eval(module[0], module[1])
            module[1] = torch.nn.Identity()
    return net


def load(path):
    state = torch.load(path, map_location="cpu")
    net = network.Detector(state["channels"], len(state["classes"]), state["widths"])
    net.load_state_dict(state["net"])
    return net.eval(), state


def write_plain(model_path):
    """Equal constants are exported once and referred to by Identity nodes, which OpenCV 4.6 cannot import: written out."""
    model = onnx.load(str(model_path))
    constants = {c.name: c for c in model.graph.initializer}
    for node in [n for n in model.graph.node if n.op_type == "Identity" and n.input[0] in constants]:
        copy = onnx.TensorProto()
        copy.CopyFrom(constants[node.input[0]])
        copy.name = node.output[0]
        model.graph.initializer.append(copy)
        model.graph.node.remove(node)
    onnx.checker.check_model(model)
    onnx.save(model, str(model_path))


def difference(model_path, exported, channels, width, height, pictures=4, seed=1):
    """Largest |cv::dnn - PyTorch| over random pictures: (of boxes [pixels], of probabilities)."""
    engine = cv2.dnn.readNetFromONNX(str(model_path))
    rng = np.random.default_rng(seed)
    worst = np.zeros(2)
    for _ in range(pictures):
        coarse = rng.uniform(0, 1, (channels, height // 16, width // 16)).astype(np.float32)
        x = np.stack([cv2.resize(c, (width, height)) for c in coarse])[None]
        engine.setInput(x)
        theirs = engine.forward().reshape(-1, exported.detector.classes + 5)
        with torch.no_grad():
            ours = exported(torch.from_numpy(x))[0].numpy()
        gap = np.abs(theirs - ours)
        worst = np.maximum(worst, (gap[:, :4].max(), gap[:, 4:].max()))
    return worst


def main(options):
    out = pathlib.Path(options.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    net, state = load(pathlib.Path(options.work) / "best.pt")
    width, height = INPUT[net.channels]
    gflop, parameters = network.cost(net, height, width)
    exported = network.Exported(fuse(net), height, width).eval()
    model_path = out.with_name(out.name + ".onnx")
    torch.onnx.export(exported, torch.zeros(1, net.channels, height, width), str(model_path), opset_version=11,
                      input_names=["image"], output_names=["detections"], do_constant_folding=True)
    write_plain(model_path)
    data = model_path.read_bytes()
    if len(data) > MAX_BYTES:
        raise SystemExit(f"{model_path}: {len(data)} bytes, at most {MAX_BYTES}")
    boxes, probabilities = difference(model_path, exported, net.channels, width, height)
    print(f"{model_path}: {len(data)} bytes, {parameters} parameters, {gflop:.2f} GFLOP; cv::dnn {cv2.__version__} differs by at most "
          f"{boxes:.2e} px and {probabilities:.2e} in probability")
    if boxes > TOLERANCE * max(width, height) or probabilities > TOLERANCE:
        raise SystemExit("cv::dnn computes something else: not exported")
    description = {
        "name": f"{out.name}-{options.version}",
        "input_width_px": width,
        "input_height_px": height,
        "channels": net.channels,
        "colour_order": "gray" if net.channels == 1 else "rgb",
        "scale": 1 / 255,
        "layout": "yolov5",
        "classes": list(state["classes"]),
        "modality": "ir" if net.channels == 1 else "rgb",
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "parameters": parameters,
        "gflop": round(gflop, 3),
        "difference_px": float(boxes),
        "difference_probability": float(probabilities),
        "training": {
            "command": state["command"],
            "epochs": state["state"]["epoch"],
            "crops": state["crops"],
            "steps": state["state"]["step"],
            "seconds": round(state["state"]["seconds"]),
            "device": state["device"],
            "seed": state["seed"],
            "note": options.note,
        },
    }
    out.with_name(out.name + ".json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    return 0
