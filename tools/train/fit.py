# SPDX-License-Identifier: Apache-2.0
"""The training loop: crops, loss, AdamW with a cosine schedule, averaged weights, checkpoints, evaluation on val."""
import copy
import json
import math
import pathlib
import time

import cv2
import numpy as np
import torch

import assignment
import average_precision
import boxes as boxes_module
import crops
import network


def centre_form(boxes):
    boxes = torch.as_tensor(np.ascontiguousarray(boxes), dtype=torch.float32).reshape(-1, 4)
    return torch.cat([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], 1)


def as_tensor(pixels):
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))


class Crops(torch.utils.data.Dataset):
    """An epoch of crops. draw(epoch, index, rng) -> crop, see crops.crop."""

    def __init__(self, draw, length, seed):
        self.draw, self.length, self.seed, self.epoch = draw, length, seed, 0

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        rng = np.random.default_rng((self.seed, self.epoch, index))
        pixels, boxes, labels, ignored = self.draw(self.epoch, index, rng)
        return as_tensor(pixels), centre_form(boxes), torch.as_tensor(labels, dtype=torch.int64), centre_form(ignored)


def collate(items):
    return torch.stack([i[0] for i in items]), [i[1:] for i in items]


def one_thread(_):
    cv2.setNumThreads(1)
    torch.set_num_threads(1)


class Averaged:
    """Exponential moving average of weights and statistics; starts short so that early evaluations mean something."""

    def __init__(self, net, decay):
        self.net, self.decay, self.updates = copy.deepcopy(net).eval(), decay, 0
        for p in self.net.parameters():
            p.requires_grad_(False)

    @torch.no_grad()
    def update(self, net):
        self.updates += 1
        decay = self.decay * (1 - math.exp(-self.updates / 300))
        for mine, its in zip(self.net.state_dict().values(), net.state_dict().values()):
            if mine.dtype.is_floating_point:
                mine.mul_(decay).add_(its.detach(), alpha=1 - decay)
            else:
                mine.copy_(its)


@torch.no_grad()
def infer(net, pixels, device, grids):
    """One picture of any size -> model output [cells, 5 + classes] as NumPy; padded to a multiple of 32 with grey."""
    rows, columns = pixels.shape[:2]
    high, wide = -(-rows // 32) * 32, -(-columns // 32) * 32
    x = as_tensor(pixels).float()[None].to(device) / 255
    x = torch.nn.functional.pad(x, (0, wide - columns, 0, high - rows), value=0.5)
    if (high, wide) not in grids:
        grids[high, wide] = network.cell_grid(high, wide, device)
    raw = net(x)[0].float()
    return torch.cat([network.decode(raw, grids[high, wide]), raw[:, 4:].sigmoid()], 1).cpu().numpy()


def run_on(net, chosen, device):
    """[(detections, picture)] of whole pictures, for average_precision.evaluate."""
    net.eval()
    grids = {}
    return [(boxes_module.detections(infer(net, p.pixels, device, grids), net.classes), p) for p in chosen]


def save(path, **state):
    temporary = path.with_suffix(".partial")
    torch.save(state, temporary)
    temporary.replace(path)


def fit(net, draw, per_epoch, val, classes, options, work, important):
    """Trains `net`; returns the averaged network that did best on val by the mean AP50 of the `important` classes.
    options: epochs, hours, batch, lr, seed, device, workers, evaluate_every (seconds), val_every, resume."""
    work = pathlib.Path(work)
    work.mkdir(parents=True, exist_ok=True)
    device = torch.device(options.device)
    torch.manual_seed(options.seed)
    net.to(device)
    averaged = Averaged(net, 0.998)
    decayed = [p for p in net.parameters() if p.ndim > 1]
    plain = [p for p in net.parameters() if p.ndim <= 1]
    optimiser = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.02}, {"params": plain, "weight_decay": 0.0}], lr=options.lr)
    scaler = torch.cuda.amp.GradScaler(enabled=device.type == "cuda")
    state = {"epoch": 0, "step": 0, "seconds": 0.0, "best": -1.0, "history": []}
    latest, best_path = work / "latest.pt", work / "best.pt"
    if options.resume and latest.exists():
        loaded = torch.load(latest, map_location=device)
        net.load_state_dict(loaded["net"])
        averaged.net.load_state_dict(loaded["averaged"])
        optimiser.load_state_dict(loaded["optimiser"])
        scaler.load_state_dict(loaded["scaler"])
        state, averaged.updates = loaded["state"], loaded["updates"]
        print(f"resumed at epoch {state['epoch']}, {state['seconds']:.0f} s", flush=True)
    data = Crops(draw, per_epoch, options.seed)
    steps_per_epoch = per_epoch // options.batch
    grid = None
    started = time.monotonic() - state["seconds"]

    def progress():
        if options.hours:
            return min(1.0, (time.monotonic() - started) / (options.hours * 3600))
        return state["step"] / (options.epochs * steps_per_epoch)

    def checkpoint():
        state["seconds"] = time.monotonic() - started
        save(latest, net=net.state_dict(), averaged=averaged.net.state_dict(), optimiser=optimiser.state_dict(),
             scaler=scaler.state_dict(), state=state, updates=averaged.updates)

    last_check = time.monotonic()
    while progress() < 1.0:
        data.epoch = state["epoch"]
        order = torch.Generator().manual_seed(options.seed * 1000 + state["epoch"])
        loader = torch.utils.data.DataLoader(data, options.batch, shuffle=True, drop_last=True, num_workers=options.workers,
                                             collate_fn=collate, generator=order, worker_init_fn=one_thread)
        net.train()
        sums, count = {}, 0
        for images, targets in loader:
            done = progress()
            if done >= 1.0:
                break
            rate = options.lr * min(1.0, (state["step"] + 1) / 200) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
            for group in optimiser.param_groups:
                group["lr"] = rate
            x = images.to(device).float() / 255
            targets = [tuple(t.to(device) for t in target) for target in targets]
            if grid is None:
                grid = network.cell_grid(*x.shape[2:], device)
            with torch.autocast(device.type, enabled=device.type == "cuda"):
                raw = net(x)
            total, parts = assignment.loss(raw, grid, targets, network.decode)
            optimiser.zero_grad(set_to_none=True)
            scaler.scale(total).backward()
            scaler.unscale_(optimiser)
            torch.nn.utils.clip_grad_norm_(net.parameters(), 10.0)
            scaler.step(optimiser)
            scaler.update()
            averaged.update(net)
            state["step"] += 1
            count += 1
            for name, value in parts.items():
                sums[name] = sums.get(name, 0.0) + value
            if count % 50 == 0:
                means = "  ".join(f"{k} {v / count:.3f}" for k, v in sums.items())
                print(f"epoch {state['epoch']} step {state['step']}  {100 * progress():.1f} %  lr {rate:.5f}  {means}", flush=True)
        state["epoch"] += 1
        checkpoint()
        finished = progress() >= 1.0
        if finished or time.monotonic() - last_check >= options.evaluate_every:
            chosen = val if finished else val[:: options.val_every]
            report = average_precision.evaluate(run_on(averaged.net, chosen, device), classes)
            score = float(np.mean([report[c]["ap50"] for c in important]))
            state["history"].append({"epoch": state["epoch"], "seconds": state["seconds"], "pictures": len(chosen), "report": report})
            print(f"--- epoch {state['epoch']}, {state['seconds']:.0f} s, {len(chosen)} val pictures\n{average_precision.table(report)}", flush=True)
            if finished or score > state["best"]:
                state["best"] = max(score, state["best"])
                save(best_path, net=averaged.net.state_dict(), widths=net.widths, channels=net.channels, classes=list(classes),
                     state=dict(state), seed=options.seed, command=options.command_line, crops=per_epoch,
                     device=f"{torch.get_num_threads()} CPU core(s)" if device.type == "cpu" else torch.cuda.get_device_name())
            (work / "history.json").write_text(json.dumps(state["history"], indent=1))
            last_check = time.monotonic()
        if finished:
            break
    return averaged.net, state
