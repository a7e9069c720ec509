"""Stage 2: the autoencoder (AutoencoderKL). Crops first, whole pictures last.

--decoder continues the decoder alone against the frozen encoder.
"""
import argparse
import os
import time
import numpy as np
import torch
import torch.nn.functional as F
import ranks
import vae_init
from common import BF16, SCALING, Clock, path, save, vae

ap = argparse.ArgumentParser()
ap.add_argument("--minutes", type=float, default=14)
ap.add_argument("--lr", type=float, default=1.5, help="factor on the base learning rates")
ap.add_argument("--decoder", action="store_true")
ap.add_argument("--seed", type=int, default=2)


def grad_l1(y, x):
    return (y.diff(dim=-1) - x.diff(dim=-1)).abs().mean() + (y.diff(dim=-2) - x.diff(dim=-2)).abs().mean()


def edge_energy(y, x):
    """Edges may be a little off, but there should be as much edge as in the original."""
    e = lambda q: F.avg_pool2d(q.diff(dim=-1).abs()[..., :-1, :] + q.diff(dim=-2).abs()[..., :, :-1], 4)
    return (e(y) - e(x)).abs().mean()


def main(rank):
    a = ap.parse_args()
    name = "vae_decoder.pt" if a.decoder else "vae.pt"
    rng = np.random.default_rng(a.seed)
    torch.manual_seed(a.seed)
    scn, odd = np.load(path("scenes.npy"), mmap_mode="r"), np.load(path("odd.npy"), mmap_mode="r")

    def batch(n, size):
        out = np.empty((n, size, size, 3), np.uint8)
        for i in range(n):
            u = rng.random()
            src = odd[rng.integers(len(odd))] if u < 0.2 else scn[rng.integers(len(scn)), 0 if u < 0.35 else rng.integers(1, scn.shape[1])]
            if size < 256:
                y, x = rng.integers(0, 257 - size, 2)
                src = src[y:y + size, x:x + size]
            if rng.random() < 0.5:
                src = src[:, ::-1]
            if rng.random() < 0.1:
                src = src[..., rng.permutation(3)]
            out[i] = src
        return torch.from_numpy(out).permute(0, 3, 1, 2).float() / 127.5 - 1

    if a.decoder:      # latents are known already: scenes from stage 3, odd pictures encoded here once
        Z = np.load(path("latents.npy"), mmap_mode="r")
        frozen = vae()
        frozen.load_state_dict(torch.load(path("vae_final.pt"))["ema"])
        oz = []
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=BF16):
            for i in range(rank * 160, rank * 160 + 160, 4):
                x = torch.from_numpy(np.ascontiguousarray(odd[i:i + 4])).permute(0, 3, 1, 2).float() / 127.5 - 1
                oz.append(frozen.encode(x).latent_dist.mean.float().numpy())
        oz = np.concatenate(oz)

    def pairs(n, size):
        """Matching crops of cached latents and pictures."""
        k = size // 8
        xs, zs = np.empty((n, size, size, 3), np.uint8), np.empty((n, 4, k, k), np.float32)
        for i in range(n):
            y, x = rng.integers(0, 33 - k, 2)
            u = rng.random()
            if u < 0.15:
                j = rng.integers(len(oz))
                im, z = odd[rank * 160 + j], oz[j]
            else:
                j, v = rng.integers(len(Z)), 0 if u < 0.27 else rng.integers(1, scn.shape[1])
                im, z = scn[j, v], Z[j, v, 0]
            xs[i] = im[8 * y:8 * y + size, 8 * x:8 * x + size]
            zs[i] = z[:, y:y + k, x:x + k]
        return torch.from_numpy(xs).permute(0, 3, 1, 2).float() / 127.5 - 1, torch.from_numpy(zs)

    def plan(p):
        """Crop size and batch per worker by progress."""
        if a.decoder:
            return (96, 6) if p < 0.4 else (128, 3) if p < 0.8 else (256, 1)
        return (96, 5) if p < 0.5 else (128, 3) if p < 0.85 else (256, 1)

    m, ema = vae(), vae()
    # the straight colour path (vae_init) moves slowly, the residual branches fast
    groups = {4e-5: [], 1.5e-4: [], 6e-4: []}
    for n, q in m.named_parameters():
        if a.decoder and not n.startswith(("decoder", "post_quant")):
            q.requires_grad_(False)
            continue
        groups[1.5e-4 if "conv2" in n else 6e-4 if "resnets" in n and "shortcut" not in n else 4e-5].append(q)
    opt = torch.optim.AdamW([dict(params=v, base=k * a.lr, lr=0.0) for k, v in groups.items()], betas=(0.9, 0.98), weight_decay=1e-4)
    step, used = 0, 0.0
    if os.path.exists(path(name)):
        c = torch.load(path(name))
        m.load_state_dict(c["model"]); ema.load_state_dict(c["ema"]); opt.load_state_dict(c["opt"])
        step, used = c["step"], c["used"]
    elif a.decoder:
        c = torch.load(path("vae_final.pt"))
        m.load_state_dict(c["ema"]); ema.load_state_dict(c["ema"])
    else:
        print("start psnr", vae_init.init(m, batch(16, 256)))
        ema.load_state_dict(m.state_dict())
    rng = np.random.default_rng([a.seed, rank, step])
    torch.manual_seed(a.seed + 100 * rank + 1000 * step)
    params = [p for p in m.parameters() if p.requires_grad]
    allp, alle = list(m.parameters()), list(ema.parameters())

    def store():
        if rank == 0:
            save(dict(model=m.state_dict(), ema=ema.state_dict(), opt=opt.state_dict(), step=step, used=clock.spent()), name)

    clock = Clock(a.minutes, used)
    last, avg, p = time.time(), {}, clock.part()
    while p < 1:
        lr = min(1, (step + 1) / 40) * min(1.0, max(0.03, (1 - p) / 0.6))
        for g in opt.param_groups:
            g["lr"] = g["base"] * lr
        size, n = plan(p)
        with torch.autocast("cpu", torch.bfloat16, enabled=BF16):
            if a.decoder:
                x, mean = pairs(n, size)
                z = mean
                if rng.random() < 0.5:
                    z = z + 0.06 * torch.rand(n, 1, 1, 1) * torch.randn_like(z) / SCALING
            else:
                x = batch(n, size)
                d = m.encode(x).latent_dist
                mean, lv = d.mean.float(), d.logvar.float()
                z = mean + torch.exp(0.5 * lv) * torch.randn_like(mean)
            y = m.decode(z).sample.float()
        rec = (y - x).abs().mean()
        mse = ((y - x) ** 2).mean()
        ml, y2, x2 = rec, y, x
        for _ in range(3):
            y2, x2 = F.avg_pool2d(y2, 2), F.avg_pool2d(x2, 2)
            ml = ml + 0.5 * (y2 - x2).abs().mean()
        gl = grad_l1(y, x)
        loss = ml + 0.7 * gl + 0.3 * mse
        kl = torch.zeros(())
        if a.decoder:
            loss = loss + 0.5 * edge_energy(y, x)
        if not a.decoder:
            kl = 0.5 * (mean ** 2 + lv.exp() - 1 - lv).mean()
            loss = loss + 2e-4 * kl
        opt.zero_grad(set_to_none=True)
        loss.backward()
        names = ("l1", "kl", "grad", "mse", "std")
        p, *vals = ranks.average(params, [clock.part(), rec.item(), kl.item(), gl.item(), mse.item(), mean.std().item()])
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        opt.step()
        step += 1
        if rank == 0:
            k = min(0.995, (1 + step) / (20 + step))
            with torch.no_grad():
                torch._foreach_lerp_(alle, allp, 1 - k)
        for kk, v in zip(names, vals):
            avg[kk] = 0.97 * avg.get(kk, v) + 0.03 * v
        if rank == 0 and time.time() - last > 30:
            last = time.time()
            psnr = 10 * np.log10(4 / avg["mse"])
            print(f"step {step} size {size} " + " ".join(f"{k} {v:.4f}" for k, v in avg.items()) + f" psnr {psnr:.2f} lr {lr:.3f} left {clock.left():.0f} s", flush=True)
            store()
    store()
    if rank == 0:
        print("done", step, flush=True)


if __name__ == "__main__":
    ranks.launch(main, path("vae.sync"))
