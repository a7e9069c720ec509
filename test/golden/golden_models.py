"""Tiny Stable Diffusion models in diffusers' exact architectures, with random weights that give varied pictures.

Random features everywhere; only the last convolution of the encoder, decoder and UNet is solved for (ridge regression),
so that latents have unit scale, the decoder roughly inverts the encoder and the UNet roughly removes noise.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionImg2ImgPipeline, UNet2DConditionModel
from PIL import Image
from transformers import CLIPTextConfig, CLIPTextModel

from golden_tokenizer import EOS, TINY_MERGES, build_tokenizer, clip_merges, save_tokenizer

SCALING = 0.18215
BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000}
SCHEDULERS = {
    "sd1": {"_class_name": "PNDMScheduler", "_diffusers_version": "0.6.0", **BETAS, "set_alpha_to_one": False,
            "skip_prk_steps": True, "steps_offset": 1, "trained_betas": None, "clip_sample": False},
    "sd2": {"_class_name": "DDIMScheduler", "_diffusers_version": "0.8.0", **BETAS, "clip_sample": False,
            "prediction_type": "v_prediction", "set_alpha_to_one": False, "skip_prk_steps": True, "steps_offset": 1,
            "trained_betas": None},
}  # fmt: skip
PADS = {"sd1": EOS, "sd2": "!"}
WIDTHS = {"sd1": 32, "sd2": 48}
FIT_PROMPTS = ["", "a photo of a cat", "red", "an oil painting of the sea", "portrait, soft light", "4k", "a castle"]


def picture(width: int, height: int, seed: int) -> Image.Image:
    """A procedural RGB picture: gradients, two shapes and some noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    u, v = x / width, y / height
    weights = rng.uniform(-1, 1, (3, 2))
    rgb = np.stack([0.5 + 0.35 * (a * (u - 0.5) + b * (v - 0.5)) * 2 for a, b in weights], -1)
    disc = (u - rng.uniform(0.2, 0.8)) ** 2 + (v - rng.uniform(0.2, 0.8)) ** 2 < rng.uniform(0.02, 0.08)
    left, top = rng.uniform(0, 0.6, 2)
    box = (u > left) & (u < left + 0.35) & (v > top) & (v < top + 0.35)
    rgb[box] = rng.uniform(0, 1, 3)
    rgb[disc] = rng.uniform(0, 1, 3)
    rgb += rng.normal(0, 0.02, rgb.shape)
    return Image.fromarray((rgb.clip(0, 1) * 255).round().astype(np.uint8))


def picture_tensor(images: list[Image.Image]) -> torch.Tensor:
    """[B, 3, H, W] in [-1, 1]."""
    return torch.from_numpy(np.stack([np.asarray(i) for i in images])).permute(0, 3, 1, 2).float() / 127.5 - 1


def fit_last_conv(conv: torch.nn.Conv2d, examples, ridge: float = 1e-6) -> None:
    """Solves a 3x3 `conv` (weights and bias) so that its output meets the targets.

    `examples` yields (run, target [B, O, H, W]); run() executes the model up to and including `conv`.
    """
    seen = []
    hook = conv.register_forward_pre_hook(lambda _module, args: seen.append(args[0]))
    inputs = conv.in_channels * 9 + 1
    gram = torch.zeros(inputs, inputs, dtype=torch.float64)
    moment = torch.zeros(inputs, conv.out_channels, dtype=torch.float64)
    for run, target in examples:
        seen.clear()
        run()
        columns = F.unfold(seen[0].double(), 3, padding=1).transpose(1, 2).flatten(0, 1)  # [B*H*W, C*9]
        columns = torch.cat([columns, torch.ones(len(columns), 1, dtype=torch.float64)], 1)
        gram += columns.T @ columns
        moment += columns.T @ target.double().flatten(2).transpose(1, 2).flatten(0, 1)
    hook.remove()
    gram.diagonal().add_(ridge * gram.diagonal().mean())
    solution = torch.linalg.solve(gram, moment)
    conv.weight.copy_(solution[:-1].T.reshape(conv.weight.shape))
    conv.bias.copy_(solution[-1])


def build_vae() -> AutoencoderKL:
    vae = AutoencoderKL(
        down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4,
        block_out_channels=[8, 8, 16, 16], layers_per_block=1, norm_num_groups=4, latent_channels=4, sample_size=64,
    ).eval()  # fmt: skip
    for key, weight in vae.named_parameters():
        if "conv2" in key or "to_out" in key:
            weight.mul_(0.3)  # let the picture through
    images = [picture_tensor([picture(64, 64, 1000 + 8 * n + k) for k in range(8)]) for n in range(8)]
    vae.quant_conv.weight.copy_(torch.eye(8)[:, :, None, None] + 0.1 * torch.randn(8, 8, 1, 1))

    def moments(image: torch.Tensor) -> torch.Tensor:
        """Wanted encoder output [B, 8, h, w]: block means of R, G, B, their spread, a constant log-variance."""
        mean = F.avg_pool2d(image, 8)
        spread = F.avg_pool2d(image.square(), 8).mean(1, keepdim=True) - mean.square().mean(1, keepdim=True)
        return torch.cat([mean * 12, spread * 40 - 2, torch.full_like(mean[:, :1], -6).expand(-1, 4, -1, -1)], 1)

    fit_last_conv(vae.encoder.conv_out, [(lambda i=i: vae.encode(i), moments(i)) for i in images])
    latents = [vae.encode(i).latent_dist.mode() for i in images]
    fit_last_conv(vae.decoder.conv_out, [(lambda z=z: vae.decode(z), i) for z, i in zip(latents, images, strict=True)])
    decoded = torch.cat([vae.decode(z).sample for z in latents])
    vae.decoder.conv_out.weight.mul_((torch.cat(images).std() / decoded.std()).sqrt())  # a fit shrinks the contrast
    return vae


def build_text_encoder(name: str, vocab_size: int) -> CLIPTextModel:
    width = WIDTHS[name]
    # SD 1.x files carry the old, wrong eos_token_id 2 (pooling takes the highest id); SD 2.x here the real one.
    config = CLIPTextConfig(
        vocab_size=vocab_size, hidden_size=width, intermediate_size=2 * width, num_attention_heads=4,
        num_hidden_layers=3 if name == "sd1" else 2, hidden_act="quick_gelu" if name == "sd1" else "gelu",
        max_position_embeddings=77, bos_token_id=vocab_size - 2, eos_token_id=2 if name == "sd1" else vocab_size - 1,
        pad_token_id=1,
    )  # fmt: skip
    encoder = CLIPTextModel(config).eval()
    for key, weight in encoder.named_parameters():
        if "embedding" in key:
            weight.copy_(torch.randn(weight.shape) * (0.5 if "token" in key else 0.2))
        elif "self_attn" in key and key.endswith("weight"):
            weight.mul_(4)  # words influence one another
        elif "layer_norm" in key:
            weight.add_(0.1 * torch.randn(weight.shape))
    return encoder


def build_unet(name: str) -> UNet2DConditionModel:
    sd2 = name == "sd2"
    unet = UNet2DConditionModel(
        sample_size=8, block_out_channels=[8, 16], layers_per_block=1, norm_num_groups=4,
        down_block_types=["CrossAttnDownBlock2D", "DownBlock2D"], up_block_types=["UpBlock2D", "CrossAttnUpBlock2D"],
        cross_attention_dim=WIDTHS[name], attention_head_dim=[2, 4] if sd2 else 2, use_linear_projection=sd2,
    ).eval()  # fmt: skip
    for key, weight in unet.named_parameters():
        if "attn2" in key and key.endswith("weight"):
            weight.mul_(3)  # the prompt matters
    return unet


def fit_unet(
    unet: UNet2DConditionModel, vae: AutoencoderKL, contexts: torch.Tensor, v_prediction: bool, scaling=SCALING, added=None
) -> None:  # fmt: skip
    """Fits the output convolution to the noise (or velocity) plus a small shift that depends on the prompt.

    contexts [P, 77, D] are encoded prompts; added(which) gives what SDXL is told besides, for rows of prompts.
    """
    abar = DDIMScheduler(**BETAS).alphas_cumprod
    shift = contexts.mean(1) @ torch.randn(contexts.shape[-1], 4)
    shift = 0.3 * (shift - shift.mean(0)) / shift.std()
    examples = []
    for n in range(48):
        images = picture_tensor([picture(64, 64, 2000 + 8 * n + k) for k in range(8)])
        z = vae.encode(images).latent_dist.mode() * scaling  # [8, 4, 8, 8]
        t, which, noise = torch.randint(0, 1000, (8,)), torch.randint(0, len(contexts), (8,)), torch.randn(z.shape)
        signal, sigma = abar[t].sqrt()[:, None, None, None], (1 - abar[t]).sqrt()[:, None, None, None]
        target = (signal * noise - sigma * z if v_prediction else noise) + shift[which][:, :, None, None]
        noisy = signal * z + sigma * noise
        more = {} if added is None else {"added_cond_kwargs": added(which)}
        examples.append((lambda x=noisy, t=t, c=contexts[which], m=more: unet(x, t, c, **m), target))
    fit_last_conv(unet.conv_out, examples)


def write_json(path: Path, value) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


@torch.no_grad()
def make_model(name: str, folder: Path) -> None:
    """Writes one diffusers folder with float32 safetensors."""
    torch.manual_seed({"sd1": 1, "sd2": 2}[name])
    shutil.rmtree(folder, ignore_errors=True)
    merges = clip_merges()[:TINY_MERGES]
    tokenizer = build_tokenizer(merges, PADS[name])
    vae, text_encoder, unet = build_vae(), build_text_encoder(name, len(tokenizer)), build_unet(name)
    ids = tokenizer(FIT_PROMPTS, padding="max_length", truncation=True, return_tensors="pt").input_ids
    fit_unet(unet, vae, text_encoder(ids)[0], v_prediction=name == "sd2")

    unet.save_pretrained(folder / "unet")
    vae.save_pretrained(folder / "vae")
    text_encoder.save_pretrained(folder / "text_encoder")
    save_tokenizer(folder / "tokenizer", merges, PADS[name])
    write_json(folder / "scheduler/scheduler_config.json", SCHEDULERS[name])
    scheduler = SCHEDULERS[name]["_class_name"]
    write_json(folder / "model_index.json", model_index("diffusers", "transformers", scheduler))
    if name == "sd1":  # as in SD 1.5's own file: the class default applies
        config = json.loads((folder / "vae/config.json").read_text())
        del config["scaling_factor"]
        write_json(folder / "vae/config.json", config)


def model_index(diffusers: str, transformers: str, scheduler: str) -> dict:
    return {
        "_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.42.1",
        "feature_extractor": [None, None], "requires_safety_checker": False, "safety_checker": [None, None],
        "scheduler": ["diffusers", scheduler], "text_encoder": [transformers, "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"], "unet": [diffusers, "UNet2DConditionModel"],
        "vae": [diffusers, "AutoencoderKL"],
    }  # fmt: skip


def load_pipeline(folder: Path) -> StableDiffusionImg2ImgPipeline:
    pipe = StableDiffusionImg2ImgPipeline.from_pretrained(folder, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    return pipe
