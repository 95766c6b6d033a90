# SPDX-License-Identifier: Apache-2.0
"""Which cells answer for which box, and the loss.

Assignment after SimOTA (Ge et al. 2021, YOLOX, arXiv:2107.08430): each box takes the k cells that fit it best now, k from the
sum of the best overlaps. Level and number follow from the fit, so no size ranges have to be set per level.
"""
import math

import torch
import torch.nn.functional as F

CENTRE_RADIUS = 2.0  # cells about a box's centre that may answer for it, in strides
CANDIDATES = 10
BOX_WEIGHT = 5.0


def pair_iou(a, b):
    """IoU [n, m] of boxes (cx, cy, w, h)."""
    low = torch.maximum((a[:, :2] - a[:, 2:] / 2)[:, None], (b[:, :2] - b[:, 2:] / 2)[None])
    high = torch.minimum((a[:, :2] + a[:, 2:] / 2)[:, None], (b[:, :2] + b[:, 2:] / 2)[None])
    common = (high - low).clamp(min=0).prod(-1)
    return common / (a[:, 2:].prod(-1)[:, None] + b[:, 2:].prod(-1)[None] - common + 1e-6)


def complete_iou(a, b):
    """(IoU, CIoU loss) row by row (Zheng et al. 2020, arXiv:1911.08287)."""
    low = torch.maximum(a[:, :2] - a[:, 2:] / 2, b[:, :2] - b[:, 2:] / 2)
    high = torch.minimum(a[:, :2] + a[:, 2:] / 2, b[:, :2] + b[:, 2:] / 2)
    common = (high - low).clamp(min=0).prod(-1)
    overlap = common / (a[:, 2:].prod(-1) + b[:, 2:].prod(-1) - common + 1e-6)
    span = torch.maximum(a[:, :2] + a[:, 2:] / 2, b[:, :2] + b[:, 2:] / 2) - torch.minimum(a[:, :2] - a[:, 2:] / 2, b[:, :2] - b[:, 2:] / 2)
    distance = ((a[:, :2] - b[:, :2]) ** 2).sum(-1) / ((span**2).sum(-1) + 1e-6)
    shape = 4 / math.pi**2 * (torch.atan(b[:, 2] / (b[:, 3] + 1e-6)) - torch.atan(a[:, 2] / (a[:, 3] + 1e-6))) ** 2
    with torch.no_grad():
        weight = shape / (1 - overlap + shape + 1e-6)
    return overlap.detach(), 1 - overlap + distance + weight * shape


@torch.no_grad()
def assign(raw, boxes, grid, truth, labels):
    """One picture. raw [A, 5 + C], boxes [A, 4], truth [G, 4] cx cy w h, labels [G] -> (cells [n], truth index of each [n])."""
    centres, strides, _ = grid
    offset = (centres[None] - truth[:, None, :2]).abs()
    inside = (offset < truth[:, None, 2:] / 2).all(-1)
    near = (offset < CENTRE_RADIUS * strides[None, :, None]).all(-1)
    candidates = (inside | near).any(0).nonzero()[:, 0]
    both = (inside & near)[:, candidates]
    overlap = pair_iou(truth, boxes[candidates])
    share = (raw[candidates, 4:5].sigmoid() * raw[candidates, 5:].sigmoid()).sqrt().clamp(1e-6, 1 - 1e-6)
    # Binary cross-entropy of a one-hot label = sum of all "no" terms, with the true class's exchanged.
    nothing = -torch.log1p(-share)
    class_cost = nothing.sum(-1)[None] + (-share.log() - nothing).t()[labels]
    cost = class_cost - 3.0 * (overlap + 1e-8).log() + 1e5 * (~both)
    count = min(CANDIDATES, len(candidates))
    take = overlap.topk(count, 1).values.sum(1).int().clamp(min=1)
    chosen = torch.zeros_like(cost, dtype=torch.bool)
    best = cost.topk(count, 1, largest=False).indices
    rank = torch.arange(count, device=cost.device)[None] < take[:, None]
    chosen.scatter_(1, best, rank)
    # A cell that two boxes want goes to the one it fits better.
    contested = chosen.sum(0) > 1
    if contested.any():
        owner = cost[:, contested].argmin(0)
        chosen[:, contested] = False
        chosen[owner, contested.nonzero()[:, 0]] = True
    which, cell = chosen.nonzero(as_tuple=True)
    return candidates[cell], which


def loss(raw, grid, targets, decode):
    """raw [B, A, 5 + C]; targets: per picture (truth [G, 4] cx cy w h, labels [G], ignored [K, 4] cx cy w h).
    Returns (total, parts for the progress line): objectness + class + box, each by number of answering cells."""
    raw = raw.float()
    boxes = decode(raw, grid)
    picked, wanted, classes = [], [], []
    objectness = torch.zeros_like(raw[..., 4])
    weight = torch.ones_like(objectness)
    for index, (truth, labels, ignored) in enumerate(targets):
        if len(ignored):
            offset = (grid[0][None] - ignored[:, None, :2]).abs()
            weight[index, (offset < ignored[:, None, 2:] / 2).all(-1).any(0)] = 0
        if not len(truth):
            continue
        cells, which = assign(raw[index].detach(), boxes[index].detach(), grid, truth, labels)
        objectness[index, cells] = 1
        weight[index, cells] = 1
        picked.append(index * raw.shape[1] + cells)
        wanted.append(truth[which])
        classes.append(labels[which])
    object_loss = F.binary_cross_entropy_with_logits(raw[..., 4], objectness, weight, reduction="sum")
    if not picked:
        return object_loss / len(targets), {"obj": float(object_loss) / len(targets), "cls": 0.0, "box": 0.0, "iou": 0.0}
    picked, wanted, classes = torch.cat(picked), torch.cat(wanted), torch.cat(classes)
    count = max(len(picked), 1)
    overlap, box_loss = complete_iou(boxes.reshape(-1, 4)[picked], wanted)
    logits = raw.reshape(-1, raw.shape[-1])[picked, 5:]
    target = F.one_hot(classes, logits.shape[1]).float() * overlap.clamp(min=0)[:, None]
    class_loss = F.binary_cross_entropy_with_logits(logits, target, reduction="sum")
    parts = (object_loss / count, class_loss / count, BOX_WEIGHT * box_loss.sum() / count)
    return sum(parts), {"obj": float(parts[0]), "cls": float(parts[1]), "box": float(parts[2]), "iou": float(overlap.mean())}
