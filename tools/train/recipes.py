# SPDX-License-Identifier: Apache-2.0
"""What each model is trained on: pictures, crops, classes."""
import pathlib
import time

import cv2
import torch

import cars_from_above
import crops
import fit
import network
import pictures
from boxes import area


def start_from(net, path):
    """Copies every weight whose shape fits; a grey stem is spread over three channels. Heads for other classes stay new."""
    loaded = torch.load(path, map_location="cpu")["net"]
    own = net.state_dict()
    taken = 0
    for name, value in loaded.items():
        if name == "stem.0.weight" and value.shape[1] == 1 and own[name].shape[1] == 3:
            value = value.repeat(1, 3, 1, 1) / 3
        if name in own and own[name].shape == value.shape:
            own[name].copy_(value)
            taken += 1
    print(f"{taken} of {len(own)} tensors from {path}", flush=True)


def train(net, draw, per_epoch, val, classes, options, important, size):
    gflop, parameters = network.cost(net, *size)
    print(f"{parameters} parameters, {gflop:.2f} GFLOP at {size[1]}x{size[0]}, {per_epoch} crops an epoch, {len(val)} val pictures", flush=True)
    started = time.process_time()
    _, state = fit.fit(net, draw, per_epoch, val, classes, options, options.work, important)
    print(f"{state['epoch']} epochs, {state['step']} steps of {options.batch}, {state['seconds']:.0f} s, "
          f"{time.process_time() - started:.0f} CPU s in this run; best mean AP50 of {', '.join(important)}: {state['best']:.3f}")
    return 0


def thermal(options):
    chosen = pictures.hit_uav(options.data, "train")[: options.limit]
    val = pictures.hit_uav(options.data, "val")[: options.limit]
    rule = crops.CropRule(size=options.crop, scales=(0.85, 1.25), invert=0.03, strength=0.5)
    # File names are day/night_altitude_angle_...: looking straight down, nothing tells up from down.
    nadir = lambda picture: picture.name.split("_")[2] == "90"

    # A favoured class: a third of the crops come from pictures that have it, and those are laid about one of its objects.
    favoured = [i for i, p in enumerate(chosen) if options.favour and (p.labels == pictures.THERMAL_CLASSES.index(options.favour)).any()]
    if favoured:
        rule.favour = pictures.THERMAL_CLASSES.index(options.favour)

    def draw(_, index, rng):
        if favoured and rng.random() < 1 / 3:
            index = favoured[int(rng.integers(len(favoured)))]
        return crops.crop(chosen, index, rng, rule, nadir)

    net = network.Detector(1, len(pictures.THERMAL_CLASSES))
    if options.start:
        start_from(net, options.start)
    return train(net, draw, len(chosen), val, pictures.THERMAL_CLASSES, options, ("person", "car"), (512, 640))


RENDERED_SHARE = 0.35  # of the crops


def rgb(options):
    chosen = pictures.aerial_cars(options.data, "train")[: options.limit]
    val = pictures.aerial_cars(options.data, "val")[: options.limit]
    rule = crops.CropRule(size=options.crop, scales=(0.55, 1.5), turn=True, jpeg=0.3, colour=0.12)
    # Few places, many frames of each: a place's share grows with the root of its frames, which are nearly the same.
    groups = sorted({p.group for p in chosen})
    members = [[i for i, p in enumerate(chosen) if p.group == g] for g in groups]

    def draw(_, index, rng):
        if rng.random() < RENDERED_SHARE:
            pixels, boxes, labels, ignored = cars_from_above.scene(rng, options.crop)
            large = area(boxes) >= 12.0
            return crops.lit(pixels, rng, rule), boxes[large], labels[large], ignored
        mine = members[int(rng.choice(len(groups), p=shares))]
        return crops.crop(chosen, mine[int(rng.integers(len(mine)))], rng, rule)

    weights = [len(m) ** 0.5 for m in members]
    shares = [w / sum(weights) for w in weights]
    net = network.Detector(3, len(pictures.RGB_CLASSES))
    if options.start:
        start_from(net, options.start)
    return train(net, draw, 1600, val, pictures.RGB_CLASSES, options, ("car",), (640, 640))


def main(options):
    if options.crop % 32:
        raise SystemExit("--crop: a multiple of 32")
    if options.device == "auto":
        options.device = "cuda" if torch.cuda.is_available() else "cpu"
    if options.batch is None:
        options.batch = 64 if options.device == "cuda" else 16
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    pathlib.Path(options.work).mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    # For the model's card: without the paths of this machine.
    length = f"--epochs {options.epochs}" if options.epochs else f"--hours {options.hours:g}"
    start = f" --start {pathlib.Path(options.start).name}" if options.start else ""
    if getattr(options, "favour", None):
        start += f" --favour {options.favour}"
    options.command_line = (f"tools/train/run {options.command} --data DIR --work DIR {length} --batch {options.batch} --crop {options.crop} "
                            f"--lr {options.lr:g} --seed {options.seed}{start}")
    return {"thermal": thermal, "rgb": rgb}[options.command](options)
