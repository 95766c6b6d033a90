#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Network, assignment and export; needs PyTorch and onnx, else the test is skipped."""
import math
import pathlib
import tempfile
import unittest

import packages

packages.need("numpy", "cv2", "torch", "onnx")
import assignment  # noqa: E402
import export  # noqa: E402
import network  # noqa: E402
import torch  # noqa: E402

torch.set_num_threads(1)


def raw_for(box, grid, classes, label, certainty=4.0):
    """Logits of a network that states `box` in the cell nearest its centre at each level, and is sure of it."""
    centres, strides, reaches = grid
    raw = torch.full((len(centres), 5 + classes), -certainty)
    raw[:, :2] = 0
    for stride, reach in zip(network.STRIDES, network.REACH):
        level = (strides == stride).nonzero()[:, 0]
        cell = level[((centres[level] - box[:2]) ** 2).sum(1).argmin()]
        for axis in range(2):
            share = ((box[axis] - centres[cell, axis]) / (1.5 * stride) + 1) / 2
            raw[cell, axis] = torch.logit(share.clamp(1e-4, 1 - 1e-4))
            raw[cell, 2 + axis] = torch.logit((torch.sqrt(box[2 + axis] / reach) / 2).clamp(1e-4, 1 - 1e-4))
        raw[cell, 4] = certainty
        raw[cell, 5 + label] = certainty
    return raw


class Decoding(unittest.TestCase):
    def test_states_boxes_in_pixels(self):
        grid = network.cell_grid(64, 96)
        box = torch.tensor([33.0, 21.0, 12.0, 18.0])
        decoded = network.decode(raw_for(box, grid, 2, 1), grid)
        self.assertLess((decoded - box).abs().sum(1).min().item(), 0.01)

    def test_an_exported_network_gives_the_same_as_decode_and_cv_dnn_agrees(self):
        torch.manual_seed(1)
        net = network.Detector(1, 2, (8, 8, 16, 16, 16))
        for head in net.heads:
            torch.nn.init.normal_(head.weight, std=0.2)
        for _ in range(20):
            net(torch.rand(4, 1, 64, 96))
        net.eval()
        x = torch.rand(1, 1, 64, 96)
        grid = network.cell_grid(64, 96)
        with torch.no_grad():
            raw = net(x)
            wanted = torch.cat([network.decode(raw, grid), raw[..., 4:].sigmoid()], 2)
            exported = network.Exported(export.fuse(net), 64, 96).eval()
            self.assertLess((exported(x) - wanted).abs().max().item(), 1e-2)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "small.onnx"
            torch.onnx.export(exported, x, str(path), opset_version=11)
            export.write_plain(path)
            boxes, probabilities = export.difference(path, exported, 1, 96, 64)
        self.assertLess(boxes, 1e-2)
        self.assertLess(probabilities, 1e-4)


class Assignment(unittest.TestCase):
    def setUp(self):
        self.grid = network.cell_grid(128, 128)

    def test_gives_each_of_two_neighbours_its_own_cells(self):
        truth = torch.tensor([[40.0, 40.0, 9.0, 16.0], [50.0, 40.0, 9.0, 16.0]])
        raw = torch.zeros(len(self.grid[0]), 7)
        cells, which = assignment.assign(raw, network.decode(raw, self.grid), self.grid, truth, torch.tensor([0, 1]))
        self.assertEqual(len(set(cells.tolist())), len(cells))
        self.assertEqual(set(which.tolist()), {0, 1})
        for cell, owner in zip(cells, which):
            self.assertLess((self.grid[0][cell] - truth[owner, :2]).abs().max().item(), 12)

    def test_a_box_smaller_than_a_cell_still_gets_one(self):
        truth = torch.tensor([[41.0, 43.0, 2.0, 3.0]])
        raw = torch.zeros(len(self.grid[0]), 7)
        cells, _ = assignment.assign(raw, network.decode(raw, self.grid), self.grid, truth, torch.tensor([0]))
        self.assertGreaterEqual(len(cells), 1)

    def test_the_loss_falls_when_the_network_states_the_truth(self):
        truth, labels, none = torch.tensor([[40.0, 60.0, 20.0, 24.0]]), torch.tensor([1]), torch.zeros(0, 4)
        right = raw_for(truth[0], self.grid, 2, 1)[None]
        wrong = raw_for(torch.tensor([90.0, 30.0, 20.0, 24.0]), self.grid, 2, 1)[None]
        values = [float(assignment.loss(r, self.grid, [(truth, labels, none)], network.decode)[0]) for r in (right, wrong)]
        self.assertLess(values[0], 0.6 * values[1])

    def test_cells_in_ignored_areas_are_not_taught(self):
        raw = torch.zeros(1, len(self.grid[0]), 7, requires_grad=True)
        everywhere = torch.tensor([[64.0, 64.0, 200.0, 200.0]])
        total, _ = assignment.loss(raw, self.grid, [(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64), everywhere)], network.decode)
        total.backward()
        self.assertEqual(float(raw.grad.abs().sum()), 0.0)

    def test_complete_iou_of_a_shifted_box_is_as_computed_by_hand(self):
        # 10 x 10 boxes 5 apart: IoU 50 / 150; centre distance 25 over the enclosing diagonal 15^2 + 10^2; equal shapes.
        overlap, value = assignment.complete_iou(torch.tensor([[0.0, 0.0, 10.0, 10.0]]), torch.tensor([[5.0, 0.0, 10.0, 10.0]]))
        self.assertAlmostEqual(overlap.item(), 1 / 3, places=5)
        self.assertTrue(math.isclose(value.item(), 1 - 1 / 3 + 25 / 325, rel_tol=1e-5))


if __name__ == "__main__":
    unittest.main()
