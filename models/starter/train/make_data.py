"""Stage 1: draw the pictures. Each scene gives one sketch and two pictures with captions: of the sketched scene, and of
another terrain and object in the same layout, so that the words can win over the drawing."""
import argparse
import json
import multiprocessing as mp
import os
import time
import numpy as np
import scenes as S
from common import path

LOOKS = 2


def one(args):
    seed, i = args
    r = np.random.default_rng([seed, i])
    s = S.layout(r)
    ims = [S.sketch(s, int(r.integers(1 << 30)))]
    meta = []
    for other in (s, S.variant(r, s)):
        lk = S.look(r)
        ims.append(S.paint(other, lk))
        meta.append(dict(scene=other, look=lk, captions=[S.caption(r, other, lk) for _ in range(6)]))
    return i, np.stack(ims), dict(scene=s, looks=meta)


def odd(args):
    seed, i = args
    return i, S.oddity(np.random.default_rng([seed, 7, i]))


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--scenes", type=int, default=4000)
    ap.add_argument("--oddities", type=int, default=1500)
    ap.add_argument("--seed", type=int, default=1)
    a = ap.parse_args()
    t0 = time.time()
    im = np.lib.format.open_memmap(path("scenes.npy"), "w+", np.uint8, (a.scenes, 1 + LOOKS, 256, 256, 3))
    meta = [None] * a.scenes
    with mp.Pool(os.cpu_count()) as pool:
        for n, (i, x, m) in enumerate(pool.imap_unordered(one, ((a.seed, i) for i in range(a.scenes)), 16)):
            im[i], meta[i] = x, m
            if n % 500 == 499:
                el = time.time() - t0
                print(f"scene {n + 1}/{a.scenes}, {el / (n + 1) * (a.scenes - n - 1):.0f} s left", flush=True)
        od = np.lib.format.open_memmap(path("odd.npy"), "w+", np.uint8, (a.oddities, 256, 256, 3))
        for n, (i, x) in enumerate(pool.imap_unordered(odd, ((a.seed, i) for i in range(a.oddities)), 16)):
            od[i] = x
    json.dump(meta, open(path("scenes.json"), "w"))
    print(f"done in {time.time() - t0:.0f} s")
