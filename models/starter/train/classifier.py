"""The judge: a small network that reads time, terrain, weather, object and style from a picture.

It is trained on renders of its own seed, never on pictures that the generator was trained on, and stored as classifier.onnx.

python classifier.py draw            # renders for the judge
python classifier.py train           # trains, prints the accuracy on held-out renders, writes classifier.onnx
"""
import argparse
import json
import math
import multiprocessing as mp
import os
import time
import numpy as np
import torch
import torch.nn.functional as F
import scenes as S
from common import Clock, path, save

SIDE = 128
SEED = 4001          # the generator's scenes have other seeds
HEADS = dict(time=S.TIMES, terrain=S.TERRAINS, weather=S.WEATHERS, object=S.OBJECTS, style=S.STYLES)
HARD = (1, 2, 1, 1.5, 1)      # weights in training: terrain and object are hardest to read
HERE = os.path.dirname(os.path.abspath(__file__))


def labels(s, lk):
    """Index of each attribute in HEADS' order."""
    return [S.TIMES.index(lk["time"]), S.TERRAINS.index(s["terrain"]), S.WEATHERS.index(lk["weather"]), S.OBJECTS.index(s["obj"]), S.STYLES.index(lk["style"])]


def draw_one(job):
    seed, i = job
    r = np.random.default_rng([seed, i])
    s = S.layout(r)
    lk = S.look(r)
    big = S.paint(s, lk, 256).astype(np.float32).reshape(SIDE, 2, SIDE, 2, 3).mean((1, 3))
    return i, big.astype(np.uint8), labels(s, lk)


def draw(count, seed, name, workers):
    x = np.lib.format.open_memmap(path(name + ".npy"), "w+", np.uint8, (count, SIDE, SIDE, 3))
    y = np.lib.format.open_memmap(path(name + "_labels.npy"), "w+", np.int64, (count, len(HEADS)))
    y[:] = -1
    t0 = time.time()
    with mp.Pool(workers) as pool:
        for n, (i, im, lab) in enumerate(pool.imap(draw_one, ((seed, i) for i in range(count)), 8)):
            x[i], y[i] = im, lab
            if n % 200 == 199:
                print(f"{name} {n + 1}/{count}, {(time.time() - t0) / (n + 1) * (count - n - 1):.0f} s left", flush=True)


class Residual(torch.nn.Module):
    """Two convolutions beside a shortcut, starting as the identity."""

    def __init__(self, c):
        super().__init__()
        self.a, self.b, self.norm_a, self.norm_b = torch.nn.Conv2d(c, c, 3, 1, 1, bias=False), torch.nn.Conv2d(c, c, 3, 1, 1, bias=False), torch.nn.BatchNorm2d(c), torch.nn.BatchNorm2d(c)
        torch.nn.init.zeros_(self.norm_b.weight)

    def forward(self, x):
        return F.relu(x + self.norm_b(self.b(F.relu(self.norm_a(self.a(x))))))


class Judge(torch.nn.Module):
    """[N, 3, 128, 128] in -1 .. 1 to [N, 21]: the scores of all attributes side by side."""

    def __init__(self):
        super().__init__()
        c = (3, 24, 48, 96, 128)
        block = lambda i, o, k, s: [torch.nn.Conv2d(i, o, k, s, k // 2, bias=False), torch.nn.BatchNorm2d(o), torch.nn.ReLU()]
        layers = block(3, c[1], 5, 2)
        for i, o in zip(c[1:], c[2:]):
            layers += block(i, o, 3, 2)
            if o == 96:
                layers.append(Residual(o))
        layers += block(c[-1], 160, 3, 1)
        layers.append(Residual(160))
        self.body = torch.nn.Sequential(*layers)
        self.head = torch.nn.Linear(320, sum(map(len, HEADS.values())))

    def forward(self, x):
        h = self.body(x)
        return self.head(torch.cat([h.mean((2, 3)), h.amax((2, 3))], 1))


def split(out):
    """Scores per attribute, in HEADS' order."""
    return out.split([len(v) for v in HEADS.values()], 1)


def batches(x, y, n, rng):
    """Random pictures with the blur, noise and colour shifts that a picture takes on its way through an autoencoder."""
    have = int((y[:, 0] >= 0).sum())
    i = rng.integers(have, size=n)
    b = torch.from_numpy(x[np.sort(i)]).permute(0, 3, 1, 2).float() / 127.5 - 1
    lab = torch.from_numpy(y[np.sort(i)])
    b = torch.where(torch.rand(n, 1, 1, 1) < 0.5, b.flip(-1), b)
    soft = F.interpolate(F.avg_pool2d(b, 2), scale_factor=2, mode="bilinear")
    b = b + torch.rand(n, 1, 1, 1) * (torch.rand(n, 1, 1, 1) < 0.5) * (soft - b)
    k = 4 * 2 ** int(rng.integers(3))
    b = b + 0.12 * torch.rand(n, 1, 1, 1) * (torch.rand(n, 1, 1, 1) < 0.5) * F.interpolate(torch.randn(n, 3, SIDE // k, SIDE // k), scale_factor=k, mode="bilinear")
    return (b * (1 + 0.06 * torch.randn(n, 1, 1, 1)) + 0.04 * torch.randn(n, 3, 1, 1)).clamp(-1, 1), lab


@torch.no_grad()
def accuracy(m, x, y):
    m.eval()
    right = np.zeros(len(HEADS))
    for k in range(0, len(x), 50):
        out = split(m(torch.from_numpy(x[k:k + 50]).permute(0, 3, 1, 2).float() / 127.5 - 1))
        right += [(o.argmax(1).numpy() == y[k:k + 50, j]).sum() for j, o in enumerate(out)]
    m.train()
    return {name: round(float(100 * r / len(x)), 1) for name, r in zip(HEADS, right)}


def train(minutes, lr):
    torch.manual_seed(SEED)
    x, y = np.load(path("judge.npy"), mmap_mode="r"), np.load(path("judge_labels.npy"), mmap_mode="r")
    vx, vy = np.load(path("judge_held.npy")), np.load(path("judge_held_labels.npy"))
    m = Judge()
    ema = Judge().requires_grad_(False)
    opt = torch.optim.AdamW(m.parameters(), lr=lr, weight_decay=0.02)
    step, spent = 0, 0.0
    if os.path.exists(path("judge.pt")):
        c = torch.load(path("judge.pt"))
        m.load_state_dict(c["model"]); ema.load_state_dict(c["ema"]); opt.load_state_dict(c["opt"])
        step, spent = c["step"], c["spent"]
    clock, last, avg = Clock(minutes, spent), time.time(), None
    rng = np.random.default_rng([SEED, step])
    while clock.part() < 1:
        p = clock.part()
        for g in opt.param_groups:
            g["lr"] = lr * min(1, (step + 1) / 50) * (0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * p)))
        b, lab = batches(x, y, 48, rng)
        losses = [F.cross_entropy(o, lab[:, j], label_smoothing=0.02) for j, o in enumerate(split(m(b)))]
        opt.zero_grad(set_to_none=True)
        sum(k * v for k, v in zip(HARD, losses)).backward()
        opt.step()
        step += 1
        with torch.no_grad():
            d = min(0.99, (1 + step) / (10 + step))
            for a, q in zip(ema.state_dict().values(), m.state_dict().values()):
                a.copy_(q) if a.dtype == torch.int64 else a.lerp_(q, 1 - d)
        now = [v.item() for v in losses]
        avg = now if avg is None else [0.97 * a + 0.03 * b for a, b in zip(avg, now)]
        if time.time() - last > 60:
            last = time.time()
            print(f"step {step} " + " ".join(f"{k} {v:.3f}" for k, v in zip(HEADS, avg)) + f" held {list(accuracy(ema, vx[:200], vy[:200]).values())} left {clock.left():.0f} s", flush=True)
            save(dict(model=m.state_dict(), ema=ema.state_dict(), opt=opt.state_dict(), step=step, spent=clock.spent()), "judge.pt")
    save(dict(model=m.state_dict(), ema=ema.state_dict(), opt=opt.state_dict(), step=step, spent=clock.spent()), "judge.pt")
    export(ema, accuracy(ema, vx, vy), len(vx))


def export(m, right, count):
    """classifier.onnx (weights float32) and classifier.json (attributes, values, accuracy on held-out renders)."""
    m.eval()
    torch.onnx.export(m, (torch.zeros(1, 3, SIDE, SIDE),), os.path.join(HERE, "classifier.onnx"), input_names=["picture"], output_names=["scores"],
                      dynamic_axes={"picture": {0: "n"}, "scores": {0: "n"}}, opset_version=17, dynamo=False)
    json.dump(dict(side=SIDE, attributes=HEADS, held_out_renders=count, accuracy_percent=right), open(os.path.join(HERE, "classifier.json"), "w"), indent=2)
    print("accuracy on", count, "held-out renders:", right)


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("stage", choices=["draw", "train"])
    ap.add_argument("--count", type=int, default=6000)
    ap.add_argument("--held", type=int, default=1000)
    ap.add_argument("--minutes", type=float, default=15)
    ap.add_argument("--lr", type=float, default=3e-3)
    ap.add_argument("--workers", type=int, default=os.cpu_count())
    a = ap.parse_args()
    if a.stage == "draw":
        draw(a.held, SEED + 1, "judge_held", a.workers)
        draw(a.count, SEED, "judge", a.workers)
    else:
        train(a.minutes, a.lr)
