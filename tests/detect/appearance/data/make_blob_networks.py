#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the networks of the tests, whose answers can be told beforehand (needs python3-onnx; the files are committed).

blobs_v5.onnx, blobs_v8.onnx: input 48 x 40 grey, find squares of 8 x 8 pixels, evenly bright, on black. For each place of a window of
8 x 8: m its mean and p its largest grey level, from 0 to 1; found = sigmoid(400 (m - 0.85 p - 0.02)), near 1 where the window
lies on a square, 0.88 where it is one pixel beside it; class 0 (bright, p about 1) = sigmoid(60 (p - 0.8)), class 1 (dim) the
rest. blobs_v5 gives rows x, y, w, h, found, class 0, class 1; blobs_v8 columns of x, y, w, h, found * class 0, found * class 1.
einsum.onnx uses an operator that OpenCV 4.6 lacks.
Each has a card beside it, with its digest."""
import hashlib
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WIDTH, HEIGHT, SIDE = 48, 40, 8
HERE = pathlib.Path(__file__).parent

CARD = """# SPDX-License-Identifier: Apache-2.0
# Made by make_blob_networks.py.
name: "{name}"
onnx_file: "{name}.onnx"
sha256: "{digest}"
modality: INFRARED
input_width_px: {width}
input_height_px: {height}
channels: 1
colour_order: GRAY
scale: 0.00392156862745098
layout: {layout}
class {{ name: "bright" object: LIGHT_VEHICLE }}
class {{ name: "dim" object: PERSON }}
nms_iou: 0.5
working_score: 0.5
"""


def save(name, nodes, constants, output, shape, layout):
    graph = helper.make_graph(
        nodes, name,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, HEIGHT, WIDTH])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(value, key) for key, value in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], producer_name="make_blob_networks")
    model.ir_version = 6
    onnx.checker.check_model(model)
    data = model.SerializeToString()
    (HERE / f"{name}.onnx").write_bytes(data)
    (HERE / f"{name}.txtpb").write_text(CARD.format(
        name=name, digest=hashlib.sha256(data).hexdigest(), width=WIDTH, height=HEIGHT, layout=layout))


def blobs():
    rows, columns = HEIGHT - SIDE + 1, WIDTH - SIDE + 1
    places = rows * columns
    y, x = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    box = np.stack([x + SIDE / 2, y + SIDE / 2, 0 * x + SIDE, 0 * x + SIDE]).reshape(1, 4, places).astype(np.float32)

    def kernel(value, size):
        return np.full((1, 1, size, size), value, np.float32)

    constants = {
        "box": box, "flat": np.array([1, 1, places], np.int64),
        "mean_w": kernel(400 / SIDE**2, SIDE), "peak_w": kernel(-400 * 0.85, 1), "peak_b": np.array([-8], np.float32),
        "bright_w": kernel(60, 1), "bright_b": np.array([-48], np.float32),
        "dim_w": kernel(-60, 1), "dim_b": np.array([48], np.float32)}
    node = helper.make_node
    nodes = [
        node("Conv", ["image", "mean_w"], ["mean"], kernel_shape=[SIDE, SIDE]),
        node("MaxPool", ["image"], ["peak"], kernel_shape=[SIDE, SIDE], strides=[1, 1]),
        node("Conv", ["peak", "peak_w", "peak_b"], ["level"], kernel_shape=[1, 1]),
        node("Add", ["mean", "level"], ["sum"]), node("Sigmoid", ["sum"], ["found"]),
        node("Conv", ["peak", "bright_w", "bright_b"], ["b"], kernel_shape=[1, 1]), node("Sigmoid", ["b"], ["bright"]),
        node("Conv", ["peak", "dim_w", "dim_b"], ["d"], kernel_shape=[1, 1]), node("Sigmoid", ["d"], ["dim"])]
    v5 = nodes + [node("Reshape", [n, "flat"], [n + "_f"]) for n in ("found", "bright", "dim")] + [
        node("Concat", ["box", "found_f", "bright_f", "dim_f"], ["all"], axis=1),
        node("Transpose", ["all"], ["boxes"], perm=[0, 2, 1])]
    save("blobs_v5", v5, constants, "boxes", [1, places, 7], "YOLOV5")
    v8 = nodes + [
        node("Mul", ["found", "bright"], ["fb"]), node("Mul", ["found", "dim"], ["fd"]),
        node("Reshape", ["fb", "flat"], ["fb_f"]), node("Reshape", ["fd", "flat"], ["fd_f"]),
        node("Concat", ["box", "fb_f", "fd_f"], ["boxes"], axis=1)]
    save("blobs_v8", v8, constants, "boxes", [1, 6, places], "YOLOV8")


def einsum():
    nodes = [helper.make_node("Einsum", ["image", "image"], ["boxes"], name="attention", equation="abcd,abcd->abcd")]
    graph = helper.make_graph(
        nodes, "einsum", [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, HEIGHT, WIDTH])],
        [helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, 1, HEIGHT, WIDTH])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], producer_name="make_blob_networks")
    model.ir_version = 7
    data = model.SerializeToString()
    (HERE / "einsum.onnx").write_bytes(data)
    (HERE / "einsum.txtpb").write_text(CARD.format(
        name="einsum", digest=hashlib.sha256(data).hexdigest(), width=WIDTH, height=HEIGHT, layout="YOLOV5"))


blobs()
einsum()
