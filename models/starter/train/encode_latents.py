"""Stage 3: fix the latent scale, then run the frozen encoder over the pictures once.

Shift and scale of every latent channel are folded into quant_conv and post_quant_conv so
that the customary scaling factor 0.18215 gives zero mean and unit variance.
"""
import argparse
import multiprocessing as mp
import os
import time
import numpy as np
import torch
import ranks
from common import BF16, SCALING, path, vae

ap = argparse.ArgumentParser()
ap.add_argument("--scenes", type=int, default=2500, help="only the first N scenes")
ap.add_argument("--batch", type=int, default=6)
a = ap.parse_args()
scn = np.load(path("scenes.npy"), mmap_mode="r")
m = vae()
to = lambda x: torch.from_numpy(np.ascontiguousarray(x)).flatten(0, -4).permute(0, 3, 1, 2).float() / 127.5 - 1


@torch.no_grad()
def fold():
    m.load_state_dict(torch.load(path("vae.pt"))["ema"])
    x = to(scn[:: max(1, len(scn) // 64)][:64])
    z = torch.cat([m.encode(x[i:i + 8]).latent_dist.mean for i in range(0, len(x), 8)])
    mu, sd = z.mean((0, 2, 3)), z.std((0, 2, 3))
    print("latent mean", mu.tolist(), "std", sd.tolist())
    k = 1 / (sd * SCALING)
    q, p = m.quant_conv, m.post_quant_conv
    q.weight[:4] *= k.view(4, 1, 1, 1)
    q.bias[:4] = (q.bias[:4] - mu) * k
    q.bias[4:] += 2 * k.log()
    p.bias += (p.weight[:, :, 0, 0] @ mu)
    p.weight /= k.view(1, 4, 1, 1)
    torch.save(dict(ema=m.state_dict()), path("vae_final.pt"))


if not os.path.exists(path("vae_final.pt")):
    fold()
m.load_state_dict(torch.load(path("vae_final.pt"))["ema"])
m.eval().to(memory_format=torch.channels_last)      # faster on CPUs


def work(rank):
    """Encode every N-th batch."""
    torch.set_num_threads(1)
    t0, todo = time.time(), list(range(first, a.scenes, a.batch))[rank::ranks.N]
    res = []
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=BF16):
        for k, i in enumerate(todo):
            d = m.encode(to(scn[i:min(a.scenes, i + a.batch)])).latent_dist.mean.float().numpy()
            res.append((i, d.reshape(-1, scn.shape[1], 1, 4, 32, 32).astype(np.float16)))
            if rank == 0 and k % 20 == 19:
                print(f"{k + 1}/{len(todo)}, {(time.time() - t0) / (k + 1) * (len(todo) - k - 1):.0f} s left", flush=True)
    return res


z = np.zeros((a.scenes, scn.shape[1], 1, 4, 32, 32), np.float16)
first = 0
if os.path.exists(path("latents.npy")):
    old = np.load(path("latents.npy"))
    first = min(len(old), a.scenes)
    z[:first] = old[:first]
t0 = time.time()
torch.set_num_threads(1)
with mp.Pool(ranks.N) as pool:
    for r in pool.imap_unordered(work, range(ranks.N)):
        for i, d in r:
            z[i:i + len(d)] = d
s = z[:: max(1, a.scenes // 500)].astype(np.float32) * SCALING
print("mean", s.mean((0, 1, 2, 4, 5)), "std", s.std((0, 1, 2, 4, 5)))
np.save(path("latents.tmp.npy"), z)
os.replace(path("latents.tmp.npy"), path("latents.npy"))
print(f"{time.time() - t0:.0f} s")
