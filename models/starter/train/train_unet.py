"""Stage 4: text encoder and UNet together, v-prediction, all noise levels.

A quarter of the samples is ordinary diffusion. In the others the noisy input starts from
another drawing of the same layout (the crayon sketch, or the other picture) the way img2img
starts: at level t0 the input is a0*z_source + s0*noise. Where the target shows another terrain
and object than the source, t0 lies high, so that the words win at high strengths only. Following the deterministic
sampler down to t, what is left of the source is a constant part of the noise direction,
eps + (z_source - z_target) / sigma(t0), so the same v-target applies.

Besides, two small networks (`latent_judge.py`) read the guess of the clean latents, x0 = a*x_t - s*v: where it does not show the time,
terrain, weather, object and style of the caption, the loss grows. The squared error alone averages over what the words decide.
"""
import argparse
import json
import math
import os
import time
import numpy as np
import torch
import torch.nn.functional as F
from diffusers.models.attention_processor import AttnProcessor
import ranks
from classifier import split
from common import BF16, SCALING, STEPS, TEXT, TIMESTEPS, Clock, alphas, path, quiet_start, save, unet
from latent_judge import all_labels, load_judges
from pairs import prompt
from muon import Muon
from words import Words

ap = argparse.ArgumentParser()
ap.add_argument("--minutes", type=float, default=45)
ap.add_argument("--batch", type=int, default=16, help="per worker")
ap.add_argument("--lr", type=float, default=9e-4)
ap.add_argument("--decay", type=float, default=0.45, help="start of the decay, as a part of the budget")
ap.add_argument("--warm", help="unet.pt of an earlier run: start from its weights instead of random ones")
ap.add_argument("--judge", type=float, default=0.1, help="weight of what the judges of latents say; 0: without them")
ap.add_argument("--guess-noise", type=float, default=0.3, help="largest deviation of the noise on the guess that the judges see")
ap.add_argument("--seed", type=int, default=3)


class Net(torch.nn.Module):
    def __init__(self, rows, lut):
        from transformers import CLIPTextConfig, CLIPTextModel
        super().__init__()
        self.unet = unet()
        self.text = CLIPTextModel(CLIPTextConfig(**{**TEXT, "vocab_size": rows, "eos_token_id": int(lut[49407]), "bos_token_id": int(lut[49406]), "pad_token_id": int(lut[49407])}))

    def emb(self):
        return self.text.get_input_embeddings()


# how much time, terrain, weather, object and style count with the judges: more where the network does worse
HEED = (0.4, 1.2, 0.8, 1.3, 2.2)


def main(rank):
    a = ap.parse_args()
    Z = np.load(path("latents.npy"))
    Z = Z[: next((i for i, z in enumerate(Z) if not z.any()), len(Z))]      # what is encoded so far
    meta = json.load(open(path("scenes.json")))      # captions of all scenes define the vocabulary
    words = Words()
    rngp = np.random.default_rng(a.seed)
    captions = lambda look: look["captions"] + [prompt(rngp, look["scene"], look["look"]) for _ in range(3)]
    ids = np.array([[[words(c) for c in captions(l)] for l in m["looks"]] for m in meta], np.int32)   # scene, look, caption, 77
    Y = all_labels(meta)
    judges = load_judges() if a.judge else None
    empty = np.array(words(""))
    used = np.unique(np.concatenate([ids.ravel(), empty]))
    warm = torch.load(a.warm, weights_only=False) if a.warm else None
    if warm:
        used = np.union1d(used, warm["used"])
    lut = np.zeros(49408, np.int64)       # 0: words that no caption uses, an all-zero row
    lut[used] = np.arange(1, len(used) + 1)
    unused = np.setdiff1d(np.arange(49406), used)
    torch.manual_seed(a.seed)
    net = Net(len(used) + 1, lut)
    ema = Net(len(used) + 1, lut).requires_grad_(False)
    quiet_start(net.unet)
    net.unet.set_attn_processor(AttnProcessor())      # faster than the fused kernel in the backward pass on CPUs
    with torch.no_grad():
        net.emb().weight.normal_(0, 0.15)
        net.emb().weight[0] = 0
    named = list(net.named_parameters())
    kind = lambda n: 2 if "token_embedding" in n else 1 if n.startswith("text.") or "attn2" in n else 0
    is_matrix = lambda n, q: q.ndim > 1 and not any(k in n for k in ("embedding", "conv_in", "conv_out"))
    # single words (rare) learn fastest
    opt = torch.optim.AdamW([dict(params=[q for n, q in named if kind(n) == k and not is_matrix(n, q)], k=f) for k, f in enumerate((1.0, 2.0, 5.0))], lr=a.lr, betas=(0.9, 0.98), weight_decay=0.01)
    muon = Muon(q for n, q in named if is_matrix(n, q))
    step, spent, before = 0, 0.0, 0
    if os.path.exists(path("unet.pt")):
        c = torch.load(path("unet.pt"), weights_only=False)
        net.load_state_dict(c["model"]); ema.load_state_dict(c["ema"])
        for n, q in named:
            if n in c["opt"]:
                opt.state[q] = c["opt"][n]
        muon.state = c["muon"]
        step, spent, before = c["step"], c["spent"], c.get("before", 0)
    else:
        if warm:
            before = warm["step"]
            mine, rows = net.state_dict(), {int(t): i + 1 for i, t in enumerate(warm["used"])}
            for k, v in warm["ema"].items():
                if k.endswith("token_embedding.weight"):      # the vocabularies may differ
                    for i, t in enumerate(used):
                        if int(t) in rows:
                            mine[k][i + 1] = v[rows[int(t)]]
                else:
                    mine[k] = v
            net.load_state_dict(mine)
        ema.load_state_dict(net.state_dict())
    rng = np.random.default_rng([a.seed, rank, step])
    torch.manual_seed(a.seed + 100 * rank + 1000 * step)
    params = list(net.parameters())
    AB = alphas()
    SA, SS = AB.sqrt(), (1 - AB).sqrt()
    SIG = SS / SA

    def noise_words(row):
        """Sprinkle unknown words into a caption."""
        out = [t for t in row[1:] if t != 49407]
        for _ in range(int(rng.integers(1, 5))):
            out.insert(int(rng.integers(len(out) + 1)), int(rng.choice(unused)))
        return [49406] + out[:75] + [49407] * (76 - min(75, len(out)))

    stride = TIMESTEPS // STEPS
    grid = np.arange(STEPS) * stride + stride - 1      # the trailing timesteps of the default number of steps: where the model will be used

    # the words decide early: from where strength 0.8 starts
    LIKELY = np.array([2, 2, 2, 2, 3, 4, 3, 2]) / 20

    def batch(n):
        i, k = rng.integers(len(Z), size=n), rng.integers(Z.shape[1] - 1, size=n)
        tgt = Z[i, 1 + k, 0]
        other = np.where(rng.random(n) < 0.8, 0, 2 - k)
        src = Z[i, other, 0]
        cap = ids[i, k, rng.integers(ids.shape[2], size=n)].copy()
        for j in range(n):
            u = rng.random()
            if u < 0.1:
                cap[j] = empty
            elif u < 0.14:
                cap[j] = noise_words(cap[j].tolist())
        told = (cap != empty).any(1)
        use = rng.random(n) < 0.85
        same = (k == 0) & (other == 0)
        on = rng.random(n) < 0.7
        t = np.where(on, grid[rng.choice(STEPS, n, p=LIKELY)], rng.integers(0, TIMESTEPS, n))
        lo = np.maximum(t, np.where(same, 0.4 * TIMESTEPS, 0.6 * TIMESTEPS).astype(int))
        first = np.minimum(STEPS - 1, np.ceil((lo - stride + 1) / stride).astype(int))
        start = np.where(rng.random(n) < 0.5, np.maximum(first, round(0.8 * STEPS) - 1), rng.integers(first, STEPS))
        t0 = np.where(on, grid[start], lo + (rng.random(n) * (TIMESTEPS - lo)).astype(int))
        T = torch.from_numpy
        return T(tgt).float() * SCALING, T(src).float() * SCALING, T(lut[cap]), T(t), T(t0), T(use), T(Y[i, k]), T(told)

    def store():
        if rank == 0:
            save(dict(model=net.state_dict(), ema=ema.state_dict(), opt={n: opt.state[q] for n, q in named if q in opt.state}, muon=muon.state, step=step, before=before, spent=clock.spent(), used=used), "unet.pt")

    clock = Clock(a.minutes, spent)
    last, avg, n0, tt, p = time.time(), {}, step, time.time(), clock.part()
    net.train()
    sh = (-1, 1, 1, 1)
    while p < 1:
        lr = a.lr * min(1, (step + 1) / 60) * (1 if p < a.decay else 0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * (p - a.decay) / (1 - a.decay))))
        for g in opt.param_groups:
            g["lr"] = lr * g["k"]
        x0, xs, cap, t, t0, use, y, told = batch(a.batch)
        eps = torch.randn_like(x0) + use.view(sh) * (xs - x0) / SIG[t0].view(sh)
        al, sg = SA[t].view(sh), SS[t].view(sh)
        xt = al * x0 + sg * eps
        v = al * eps - sg * x0
        with torch.autocast("cpu", torch.bfloat16, enabled=BF16):
            h = net.text(input_ids=cap).last_hidden_state
            out = net.unet(xt, t, h).sample.float()
        # a large source difference makes a large v; weigh by its size so that it cannot dominate
        per = ((out - v) ** 2).mean((1, 2, 3))
        w = 1 / (1 + ((eps ** 2).mean((1, 2, 3)) - 1).clamp(min=0))
        low = (F.avg_pool2d(out - v, 4) ** 2).mean((1, 2, 3))      # large soft areas: light and ground colour
        loss = ((per + 4 * low) * w).mean()
        said = torch.zeros(())
        if judges is not None:
            guess = al * xt - sg * out
            guess = guess + a.guess_noise * torch.rand(len(x0), 1, 1, 1) * torch.randn_like(x0)
            said = sum(HEED[j] * (F.cross_entropy(o, y[:, j], reduction="none") * told).mean() for m in judges for j, o in enumerate(split(m(guess)))) / len(judges)
            loss = loss + a.judge * said
        opt.zero_grad(set_to_none=True)
        loss.backward()
        f = lambda m: per[m].mean().item() if m.any() else loss.item()
        p, l1, l2, l3, l4 = ranks.average(params, [clock.part(), per.mean().item(), f(~use), low.mean().item(), said.item()])
        net.emb().weight.grad[0] = 0
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        opt.step()
        muon.step(lr)
        step += 1
        with torch.no_grad():
            net.emb().weight[0] = 0
            if rank == 0:
                d = min(0.998, (1 + step) / (15 + step))
                torch._foreach_lerp_(list(ema.parameters()), params, 1 - d)
        for kk, vv in (("loss", l1), ("plain", l2), ("low", l3), ("judged", l4)):
            avg[kk] = 0.98 * avg.get(kk, vv) + 0.02 * vv
        if rank == 0 and time.time() - last > 45:
            last = time.time()
            print(f"step {step} " + " ".join(f"{k} {v:.4f}" for k, v in avg.items()) + f" lr {lr:.5f} {ranks.N * a.batch * (step - n0) / (time.time() - tt):.1f} img/s left {clock.left():.0f} s", flush=True)
            store()
    store()
    if rank == 0:
        print("done", step, flush=True)


if __name__ == "__main__":
    ranks.launch(main, path("unet.sync"))
