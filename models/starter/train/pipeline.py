"""A plain numpy + onnxruntime img2img loop over the exported folder (DDIM or Euler, v-prediction)."""
import json
import os
import numpy as np
import onnxruntime as ort
from common import OUT
from words import Words


class Pipe:
    def __init__(self, folder=OUT, threads=0):
        o = ort.SessionOptions()
        o.intra_op_num_threads = threads
        o.log_severity_level = 3
        s = lambda n: ort.InferenceSession(os.path.join(folder, n, "model.onnx"), o, providers=["CPUExecutionProvider"])
        self.enc, self.dec, self.txt, self.unet = s("vae_encoder"), s("vae_decoder"), s("text_encoder"), s("unet")
        self.sf = json.load(open(os.path.join(folder, "vae_encoder", "config.json")))["scaling_factor"]
        c = json.load(open(os.path.join(folder, "scheduler", "scheduler_config.json")))
        b = np.linspace(c["beta_start"] ** 0.5, c["beta_end"] ** 0.5, 1000) ** 2
        self.ab = np.cumprod(1 - b)
        self.words = Words()

    def embed(self, text):
        return self.txt.run(["last_hidden_state"], {"input_ids": np.array([self.words(text)], np.int64)})[0]

    def encode(self, im, rng=None):
        x = im.astype(np.float32).transpose(2, 0, 1)[None] / 127.5 - 1
        p = self.enc.run(["latent_parameters"], {"sample": x})[0]
        m, lv = np.split(p, 2, 1)
        if rng is not None:
            m = m + np.exp(0.5 * np.clip(lv, -30, 20)) * rng.standard_normal(m.shape)
        return (m * self.sf).astype(np.float32)

    def decode(self, z):
        y = self.dec.run(["sample"], {"latent_sample": (z / self.sf).astype(np.float32)})[0][0]
        return np.round(np.clip(y * 0.5 + 0.5, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)

    def __call__(self, im, prompt, negative="", strength=0.6, steps=8, guidance=2.0, seed=0, sampler="ddim"):
        rng = np.random.default_rng(seed)
        z = self.encode(im, rng)
        ts = np.round(1000 - np.arange(steps) * 1000 / steps).astype(int) - 1
        ts = ts[max(steps - min(int(steps * strength), steps), 0):]
        c, u = self.embed(prompt), self.embed(negative)
        n = rng.standard_normal(z.shape)
        x = np.sqrt(self.ab[ts[0]]) * z + np.sqrt(1 - self.ab[ts[0]]) * n     # variance preserving; Euler with trailing steps is the same path
        for i, t in enumerate(ts):
            x32 = x.astype(np.float32)
            if guidance > 1:
                e = self.unet.run(None, {"sample": np.concatenate([x32, x32]), "timestep": np.array(t, np.float32), "encoder_hidden_states": np.concatenate([u, c])})[0]
                v = e[:1] + guidance * (e[1:] - e[:1])
            else:
                v = self.unet.run(None, {"sample": x32, "timestep": np.array(t, np.float32), "encoder_hidden_states": c})[0]
            a, s = np.sqrt(self.ab[t]), np.sqrt(1 - self.ab[t])
            x0, ep = a * x - s * v, s * x + a * v
            if sampler == "euler":
                ap = self.ab[ts[i + 1]] if i + 1 < len(ts) else 1.0
            else:
                p = t - 1000 // steps
                ap = self.ab[p] if p >= 0 else self.ab[0]
            x = np.sqrt(ap) * x0 + np.sqrt(1 - ap) * ep
        return self.decode(x)
