"""Stage 3: run the frozen encoder over all pictures and their mirror images once."""
import argparse
import time
import numpy as np
import torch
from common import path, vae

ap = argparse.ArgumentParser()
ap.add_argument("--scenes", type=int, default=0, help="only the first N scenes")
ap.add_argument("--flip", type=int, default=1)
a = ap.parse_args()
m = vae()
m.load_state_dict(torch.load(path("vae.pt"))["ema"])
m.eval()
scn = np.load(path("scenes.npy"), mmap_mode="r")
n = a.scenes or len(scn)
z = np.zeros((n, scn.shape[1], 1 + a.flip, 4, 32, 32), np.float16)
t0 = time.time()
B = 6
with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
    for i in range(0, n, B):
        x = torch.from_numpy(np.ascontiguousarray(scn[i:min(n, i + B)])).flatten(0, 1).permute(0, 3, 1, 2).float() / 127.5 - 1
        if a.flip:
            x = torch.stack([x, x.flip(-1)], 1).flatten(0, 1)
        d = m.encode(x).latent_dist.mean.float().numpy()
        z[i:i + B] = d.reshape(-1, scn.shape[1], 1 + a.flip, 4, 32, 32)
        if i // B % 50 == 49:
            el = time.time() - t0
            print(f"{i + B}/{n}, {el / (i + B) * (n - i - B):.0f} s left", flush=True)
s = z[:: max(1, n // 500)].astype(np.float32)
print("mean", s.mean((0, 1, 2, 4, 5)), "std", s.std((0, 1, 2, 4, 5)))
np.savez(path("latents_meta.npz"), scaling_factor=np.float32(round(1 / float(s.std()), 5)))
np.save(path("latents.npy"), z)
print(f"scaling factor {1 / s.std():.5f}, {time.time() - t0:.0f} s")
