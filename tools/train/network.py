# SPDX-License-Identifier: Apache-2.0
"""The detector: plain 3x3 convolutions, three levels, one anchor-free prediction a cell, decoded inside the graph.

Plain convolutions because that is what both MKL-DNN and cv::dnn run fastest on a CPU: depthwise and 1x1 layers have
fewer operations and take longer. People are 6-20 pixels wide in thermal drone pictures, hence the level at stride 4.
"""
import torch
from torch import nn

STRIDES = (4, 8, 16)
# Largest box of a level is four times this (pixels): width = (2 sigmoid)^2 x REACH, bounded, so that nothing can overflow.
REACH = (16.0, 32.0, 96.0)


def conv(inputs, outputs, stride=1, kernel=3):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs, momentum=0.03),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):
    """x + f(x), f = `depth` 3x3 convolutions."""

    def __init__(self, channels, depth=2):
        super().__init__()
        self.body = nn.Sequential(*[conv(channels, channels) for _ in range(depth)])

    def forward(self, x):
        return x + self.body(x)


class Detector(nn.Module):
    """[B, channels, H, W] in 0..1 -> raw logits [B, cells, 5 + classes]; H and W multiples of 32."""

    def __init__(self, channels, classes, widths=(16, 24, 64, 96, 128)):
        super().__init__()
        w2, w4, w8, w16, w32 = widths
        self.channels, self.classes, self.widths = channels, classes, tuple(widths)
        self.stem = conv(channels, w2, 2)
        self.stage4 = nn.Sequential(conv(w2, w4, 2), Residual(w4, 1))
        self.stage8 = nn.Sequential(conv(w4, w8, 2), Residual(w8))
        self.stage16 = nn.Sequential(conv(w8, w16, 2), Residual(w16))
        self.stage32 = nn.Sequential(conv(w16, w32, 2), Residual(w32))
        self.down = nn.ModuleList([conv(w32, w16, 1, 1), conv(w16, w8, 1, 1), conv(w8, w4, 1, 1)])
        self.merge = nn.ModuleList([conv(w4, w4), conv(w8, w8), conv(w16, w8)])
        self.heads = nn.ModuleList([nn.Conv2d(w, 5 + classes, 1) for w in (w4, w8, w8)])
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        for head in self.heads:
            nn.init.normal_(head.weight, std=0.01)
            nn.init.zeros_(head.bias)
            # Nearly all cells are empty: start there, or the first steps only unlearn objectness.
            nn.init.constant_(head.bias[4:5], -5.0)

    def levels(self, x):
        c4 = self.stage4(self.stem(x))
        c8 = self.stage8(c4)
        c16 = self.stage16(c8)
        c32 = self.stage32(c16)
        p16 = c16 + self.up(self.down[0](c32))
        p8 = c8 + self.up(self.down[1](p16))
        p8 = self.merge[1](p8)
        p4 = self.merge[0](c4 + self.up(self.down[2](p8)))
        return [self.heads[0](p4), self.heads[1](p8), self.heads[2](self.merge[2](p16))]

    def forward(self, x):
        return torch.cat([y.flatten(2).transpose(1, 2) for y in self.levels(x)], 1)


def cell_grid(height, width, device="cpu"):
    """(centres [cells, 2] pixels, strides [cells], reaches [cells]) in the order of Detector's output."""
    centres, strides, reaches = [], [], []
    for stride, reach in zip(STRIDES, REACH):
        rows, columns = height // stride, width // stride
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        centres.append((torch.stack([x, y], -1).reshape(-1, 2).float() + 0.5) * stride)
        strides.append(torch.full((rows * columns,), float(stride)))
        reaches.append(torch.full((rows * columns,), reach))
    return tuple(torch.cat(part).to(device) for part in (centres, strides, reaches))


def decode(raw, grid):
    """Raw logits -> boxes [.., 4] as (cx, cy, w, h) pixels. The centre may lie one stride from the cell's."""
    centres, strides, reaches = grid
    part = raw[..., :4].sigmoid()
    middle = centres + (2 * part[..., :2] - 1) * (1.5 * strides[:, None])
    size = (2 * part[..., 2:4]) ** 2 * reaches[:, None]
    return torch.cat([middle, size], -1)


class Exported(nn.Module):
    """Detector for one input size whose output is [1, cells, 5 + classes]: cx, cy, w, h (pixels), objectness, classes."""

    def __init__(self, detector, height, width):
        super().__init__()
        self.detector = detector
        centres, strides, reaches = cell_grid(height, width)
        # Constants of the full shape: OpenCV 4.6 does not broadcast element-wise operands reliably.
        self.register_buffer("factor", (3 * strides)[None, :, None].repeat(1, 1, 2))
        self.register_buffer("offset", (centres - 1.5 * strides[:, None])[None])
        self.register_buffer("reach", (4 * reaches)[None, :, None].repeat(1, 1, 2))

    def forward(self, x):
        part = self.detector(x).sigmoid()
        size = part[:, :, 2:4]
        return torch.cat([part[:, :, :2] * self.factor + self.offset, size * size * self.reach, part[:, :, 4:]], 2)


def cost(detector, height, width):
    """(GFLOP a picture as 2 x multiply-add of the convolutions, parameters)."""
    total = [0]

    def count(module, _, output):
        weights = module.weight[0].numel()
        total[0] += 2 * weights * output.shape[1] * output.shape[2] * output.shape[3]

    hooks = [m.register_forward_hook(count) for m in detector.modules() if isinstance(m, nn.Conv2d)]
    training = detector.training
    detector.eval()
    with torch.no_grad():
        detector(torch.zeros(1, detector.channels, height, width, device=next(detector.parameters()).device))
    detector.train(training)
    for hook in hooks:
        hook.remove()
    return total[0] / 1e9, sum(p.numel() for p in detector.parameters())
