"""Stage 4: text encoder and UNet together, v-prediction, all noise levels.

Half of the samples are ordinary diffusion. In the others the noisy input starts from
another drawing of the same layout (the crayon sketch, or another look) the way img2img
starts: at level t0 the input is a0*z_source + s0*noise. Following the deterministic
sampler down to t, what is left of the source is a constant part of the noise direction,
eps + (z_source - z_target) / sigma(t0), so the same v-target applies.
"""
import argparse
import json
import os
import time
import numpy as np
import torch
from common import Clock, TEXT, alphas, path, save, unet
from words import Words

ap = argparse.ArgumentParser()
ap.add_argument("--minutes", type=float, default=45)
ap.add_argument("--batch", type=int, default=32)
ap.add_argument("--lr", type=float, default=1.2e-3)
ap.add_argument("--decay", type=float, default=0.5, help="start of the linear decay, as a part of the budget")
ap.add_argument("--seed", type=int, default=3)
a = ap.parse_args()
torch.manual_seed(a.seed)
rng = np.random.default_rng([a.seed, int(time.time()) if os.path.exists(path("unet.pt")) else 0])

Z = np.load(path("latents.npy"))
sf = float(np.load(path("latents_meta.npz"))["scaling_factor"])
meta = json.load(open(path("scenes.json")))[: len(Z)]
words = Words()
ids = np.array([[[words(c) for c in l["captions"]] for l in m["looks"]] for m in meta])   # scene, look, caption, 77
empty = np.array(words(""))
used = np.unique(np.concatenate([ids.ravel(), empty]))
lut = np.zeros(49408, np.int64)       # 0: words that no caption uses, an all-zero row
lut[used] = np.arange(1, len(used) + 1)
unused = np.setdiff1d(np.arange(49406), used)


def text_model(rows):
    from transformers import CLIPTextConfig, CLIPTextModel
    return CLIPTextModel(CLIPTextConfig(**{**TEXT, "vocab_size": rows, "eos_token_id": int(lut[49407]), "bos_token_id": int(lut[49406])}))


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.unet, self.text = unet(), text_model(len(used) + 1)

    def emb(self):
        return self.text.get_input_embeddings()


net, ema = Net(), Net()
from diffusers.models.attention_processor import AttnProcessor
net.unet.set_attn_processor(AttnProcessor())
ema.requires_grad_(False)
with torch.no_grad():
    net.emb().weight.normal_(0, 0.15)
    net.emb().weight[0] = 0
opt = torch.optim.AdamW(net.parameters(), lr=a.lr, betas=(0.9, 0.98), weight_decay=0.01)
step, spent = 0, 0.0
if os.path.exists(path("unet.pt")):
    c = torch.load(path("unet.pt"), weights_only=False)
    net.load_state_dict(c["model"]); ema.load_state_dict(c["ema"]); opt.load_state_dict(c["opt"])
    step, spent = c["step"], c["spent"]
else:
    ema.load_state_dict(net.state_dict())

AB = alphas()
SA, SS = AB.sqrt(), (1 - AB).sqrt()
SIG = SS / SA


def noise_words(row):
    """Sprinkle unknown words into a caption."""
    k = int(rng.integers(1, 5))
    out = [t for t in row[1:] if t != 49407]
    for _ in range(k):
        out.insert(int(rng.integers(len(out) + 1)), int(rng.choice(unused)))
    return [49406] + out[:75] + [49407] * (76 - min(75, len(out)))


def batch(n):
    i = rng.integers(len(Z), size=n)
    L = Z.shape[1] - 1
    k = rng.integers(L, size=n)
    f = rng.integers(Z.shape[2], size=n)
    tgt = Z[i, 1 + k, f]
    other = np.where(rng.random(n) < 0.65, 0, 1 + (k + 1) % L)
    src = Z[i, other, f]
    cap = ids[i, k, rng.integers(ids.shape[2], size=n)].copy()
    for j in range(n):
        u = rng.random()
        if u < 0.1:
            cap[j] = empty
        elif u < 0.22:
            cap[j] = noise_words(cap[j].tolist())
    t = np.where(rng.random(n) < 0.7, rng.integers(0, 1000, n), rng.integers(250, 1000, n))
    t0 = np.maximum(t, 430) + (rng.random(n) * (1000 - np.maximum(t, 430))).astype(int)
    use = rng.random(n) < 0.55
    T = torch.from_numpy
    return T(tgt).float() * sf, T(src).float() * sf, T(lut[cap]), T(t), T(t0), T(use)


clock = Clock(a.minutes, spent)
last, avg, n0, tt = time.time(), {}, step, time.time()
net.train()
while clock.left() > 0:
    p = clock.part()
    lr = a.lr * min(1, (step + 1) / 150) * (1 if p < a.decay else max(0.02, (1 - p) / (1 - a.decay)))
    for g in opt.param_groups:
        g["lr"] = lr
    x0, xs, cap, t, t0, use = batch(a.batch)
    sh = (-1, 1, 1, 1)
    eps = torch.randn_like(x0) + use.view(sh) * (xs - x0) / SIG[t0].view(sh)
    al, sg = SA[t].view(sh), SS[t].view(sh)
    xt = al * x0 + sg * eps
    v = al * eps - sg * x0
    with torch.autocast("cpu", torch.bfloat16):
        h = net.text(input_ids=cap).last_hidden_state
        out = net.unet(xt, t, h).sample.float()
    # a large source difference makes a large v; weigh by its size so that it cannot dominate
    per = ((out - v) ** 2).mean((1, 2, 3))
    w = 1 / (1 + ((eps ** 2).mean((1, 2, 3)) - 1).clamp(min=0))
    loss = (per * w).mean()
    opt.zero_grad(set_to_none=True)
    loss.backward()
    net.emb().weight.grad[0] = 0
    torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    opt.step()
    step += 1
    with torch.no_grad():
        net.emb().weight[0] = 0
        d = min(0.9985, (1 + step) / (15 + step))
        torch._foreach_lerp_(list(ema.parameters()), list(net.parameters()), 1 - d)
    for kk, vv in (("loss", loss), ("plain", per[~use].mean() if (~use).any() else loss), ("hi", per[t > 500].mean() if (t > 500).any() else loss)):
        avg[kk] = 0.98 * avg.get(kk, vv.item()) + 0.02 * vv.item()
    if time.time() - last > 45:
        last = time.time()
        print(f"step {step} " + " ".join(f"{k} {v:.4f}" for k, v in avg.items()) + f" lr {lr:.5f} {a.batch * (step - n0) / (time.time() - tt):.1f} img/s left {clock.left():.0f} s", flush=True)
        save(dict(model=net.state_dict(), ema=ema.state_dict(), opt=opt.state_dict(), step=step, spent=clock.spent(), used=used, sf=sf), "unet.pt")
save(dict(model=net.state_dict(), ema=ema.state_dict(), opt=opt.state_dict(), step=step, spent=clock.spent(), used=used, sf=sf), "unet.pt")
print("done", step)
