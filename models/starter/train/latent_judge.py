"""Stage 4a: two small networks that read time, terrain, weather, object and style from latents.

The training of the UNet asks them whether its guess of the clean picture shows what the caption says (`train_unet.py`).
They see the generator's own training renders; the judge of the figures (`classifier.py`) is another network, for pictures, with renders of its own.
"""
import argparse
import json
import math
import os
import numpy as np
import torch
import torch.nn.functional as F
from classifier import HEADS, labels, split
from common import SCALING, Clock, path, save

NOISE = 0.5          # largest deviation of the noise that is added to latents of unit variance
WIDTHS = ((48, 96, 128), (64, 80, 112))


class LatentJudge(torch.nn.Module):
    """[N, 4, 32, 32] scaled latents to [N, 21]: the scores of all attributes side by side."""

    def __init__(self, widths):
        super().__init__()
        a, b, c = widths
        block = lambda i, o, s: [torch.nn.Conv2d(i, o, 3, s, 1), torch.nn.GroupNorm(8, o), torch.nn.SiLU()]
        self.body = torch.nn.Sequential(*block(4, a, 1), *block(a, b, 2), *block(b, c, 2), *block(c, c, 1))
        self.head = torch.nn.Linear(2 * c, sum(map(len, HEADS.values())))

    def forward(self, z):
        h = self.body(z)
        return self.head(torch.cat([h.mean((2, 3)), h.amax((2, 3))], 1))


def load_judges():
    judges = torch.nn.ModuleList(LatentJudge(w) for w in WIDTHS)
    judges.load_state_dict(torch.load(path("latent_judges.pt")))
    return judges.eval().requires_grad_(False)


def all_labels(meta):
    """[scenes, looks, attributes]"""
    return np.array([[labels(look["scene"], look["look"]) for look in scene["looks"]] for scene in meta])


def disturbed(z):
    """Softened in part and with noise, as a guess of the clean picture is in the middle of the way."""
    soft = F.interpolate(F.avg_pool2d(z, 2), scale_factor=2, mode="bilinear")
    n = len(z)
    z = z + torch.rand(n, 1, 1, 1) * (torch.rand(n, 1, 1, 1) < 0.5) * (soft - z)
    return z + NOISE * torch.rand(n, 1, 1, 1) * torch.randn_like(z)


def main(minutes, lr):
    torch.manual_seed(11)
    rng = np.random.default_rng(11)
    Z = np.load(path("latents.npy"))[:, 1:, 0]
    Y = all_labels(json.load(open(path("scenes.json")))[: len(Z)])
    held = len(Z) // 20
    judges = torch.nn.ModuleList(LatentJudge(w) for w in WIDTHS)
    if os.path.exists(path("latent_judges.pt")):
        judges.load_state_dict(torch.load(path("latent_judges.pt")))
    opt = torch.optim.AdamW(judges.parameters(), lr=lr, weight_decay=0.05)
    clock, step = Clock(minutes), 0
    z_held, y_held = torch.from_numpy(Z[:held]).float().flatten(0, 1) * SCALING, torch.from_numpy(Y[:held]).flatten(0, 1)
    while clock.part() < 1:
        for g in opt.param_groups:
            g["lr"] = lr * min(1, (step + 1) / 50) * (0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * clock.part())))
        i, k = rng.integers(held, len(Z), 64), rng.integers(Z.shape[1], size=64)
        z, y = disturbed(torch.from_numpy(Z[i, k]).float() * SCALING), torch.from_numpy(Y[i, k])
        loss = sum(F.cross_entropy(o, y[:, j], label_smoothing=0.05) for m in judges for j, o in enumerate(split(m(z))))
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
        step += 1
        if step % 200 == 0:
            with torch.no_grad():
                right = [[round(100 * (o.argmax(1) == y_held[:, j]).float().mean().item(), 1) for j, o in enumerate(split(m(disturbed(z_held))))] for m in judges]
            print(f"step {step} loss {loss.item():.3f} held {right} left {clock.left():.0f} s", flush=True)
    save(judges.state_dict(), "latent_judges.pt")


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--minutes", type=float, default=4)
    ap.add_argument("--lr", type=float, default=2e-3)
    a = ap.parse_args()
    main(a.minutes, a.lr)
