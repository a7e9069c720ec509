"""A plain img2img loop in PyTorch (DDIM, trailing timesteps, v-prediction), several pictures at a time."""
import numpy as np
import torch
from common import SCALING, STEPS, TIMESTEPS, alphas, text_encoder, unet, vae
from words import Words


def load_run(unet_file, vae_file):
    """Networks of a training run: the averaged weights of unet.pt, and an autoencoder's weights."""
    c = torch.load(unet_file, weights_only=False)
    u, t, v = unet(), text_encoder(), vae()
    u.load_state_dict({k[5:]: x for k, x in c["ema"].items() if k.startswith("unet.")})
    s = {k[5:]: x for k, x in c["ema"].items() if k.startswith("text.")}
    name = next(k for k in s if k.endswith("token_embedding.weight"))
    rows = s[name]
    s[name] = torch.zeros(49408, rows.shape[1])
    s[name][torch.from_numpy(c["used"])] = rows[1:]
    t.load_state_dict(s)
    w = torch.load(vae_file)
    v.load_state_dict(w.get("ema", w))
    return u, t, v


def load_folder(folder):
    """Networks of an exported folder, in float32."""
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextModel
    part = lambda c, n: c.from_pretrained(folder, subfolder=n, torch_dtype=torch.float32)
    return part(UNet2DConditionModel, "unet"), part(CLIPTextModel, "text_encoder"), part(AutoencoderKL, "vae")


class Pipe:
    def __init__(self, u, t, v):
        self.unet, self.text, self.vae = u.eval(), t.eval(), v.eval()
        self.ab, self.words = alphas().double(), Words()

    def embed(self, texts):
        return self.text(input_ids=torch.tensor([self.words(x) for x in texts])).last_hidden_state

    def encode(self, ims):
        """uint8 [N, H, W, 3] to scaled latents [N, 4, H/8, W/8] (the mean, not a sample)."""
        x = torch.from_numpy(np.ascontiguousarray(ims)).permute(0, 3, 1, 2).float() / 127.5 - 1
        return torch.cat([self.vae.encode(q[None]).latent_dist.mean for q in x]) * SCALING

    def decode(self, z):
        """Scaled latents to uint8 pictures."""
        y = torch.cat([self.vae.decode(q[None]).sample for q in z / SCALING])
        return ((y * 0.5 + 0.5).clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).numpy()

    @torch.inference_mode()
    def latents(self, z, prompts, seeds, strength=0.8, steps=STEPS, guidance=2.0, negative=""):
        """Latents of pictures repainted with prompts. Seeds are per picture, so that batches do not change results."""
        ts = (np.round(TIMESTEPS - np.arange(steps) * TIMESTEPS / steps) - 1).astype(int)[steps - min(int(steps * strength), steps):]
        n = torch.stack([torch.randn(z.shape[1:], generator=torch.Generator().manual_seed(int(s))) for s in seeds])
        c = self.embed(prompts)
        u = self.embed([negative]).expand_as(c)
        x = self.ab[ts[0]].sqrt() * z + (1 - self.ab[ts[0]]).sqrt() * n
        for t in ts:
            x32 = x.float()
            if guidance > 1:
                e, k = self.unet(torch.cat([x32, x32]), torch.tensor(int(t)), torch.cat([u, c])).sample.chunk(2)
                v = e + guidance * (k - e)
            else:
                v = self.unet(x32, torch.tensor(int(t)), c).sample
            a, s = self.ab[t].sqrt(), (1 - self.ab[t]).sqrt()
            x0, ep = a * x - s * v, s * x + a * v
            p = int(t) - TIMESTEPS // steps
            after = self.ab[max(p, 0)]
            x = after.sqrt() * x0 + (1 - after).sqrt() * ep
        return x.float()

    @torch.inference_mode()
    def __call__(self, ims, prompts, seeds, **how):
        return self.decode(self.latents(self.encode(ims), prompts, seeds, **how))
