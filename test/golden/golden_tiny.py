"""AutoencoderTiny (the TAESD family), tiny: one with 4 latent channels that can stand in for sd1's autoencoder, one with 16; and a case with the first."""

from pathlib import Path

import torch
from diffusers import AutoencoderTiny
from safetensors.torch import save_file

from golden_cases import run_case
from golden_models import SCALING, fit_last_conv, load_pipeline, picture, picture_tensor
from golden_sdxl import randomise

CASE = ("sd1", "dpmpp-2m", {}, "taesd", "a watercolour of a river", "blurry", 31, 0.5, 8, 3, (64, 64))


def build(latent_channels: int) -> AutoencoderTiny:
    return AutoencoderTiny(
        latent_channels=latent_channels, encoder_block_out_channels=(6, 6, 6, 6), num_encoder_blocks=(1, 2, 1, 1),
        decoder_block_out_channels=(6, 6, 6, 6), num_decoder_blocks=(1, 1, 2, 1),
    ).eval()  # fmt: skip


def fit(vae: AutoencoderTiny, teacher) -> None:
    """Encoder and decoder learn their last convolution: latents in the loop's scale, and pictures in [0, 1]."""
    images = [picture_tensor([picture(64, 64, 1000 + 8 * n + k) for k in range(8)]) for n in range(8)]
    wanted = [teacher.encode(i).latent_dist.mode() * SCALING for i in images]
    fit_last_conv(vae.encoder.layers[-1], [(lambda i=i: vae.encode(i), z) for i, z in zip(images, wanted, strict=True)])
    latents = [vae.encode(i).latents for i in images]
    examples = [(lambda z=z: vae.decode(z), (i + 1) / 2) for z, i in zip(latents, images, strict=True)]
    fit_last_conv(vae.decoder.layers[-1], examples)


@torch.no_grad()
def make_tiny(root: Path) -> None:
    pipe = load_pipeline(root / "models/sd1")
    torch.manual_seed(5)
    vaes = {"taesd": build(4), "taef1": randomise(build(16), 6)}
    fit(vaes["taesd"], pipe.vae)
    for name, vae in vaes.items():
        vae.save_pretrained(root / "models" / name)
        torch.manual_seed(14)
        image, latent = picture_tensor([picture(48, 32, 51)]), torch.randn(1, vae.config.latent_channels, 4, 6) * 2
        record = {
            "vae_encoder.sample": image, "vae_encoder.latents": vae.encode(image).latents,
            "vae_decoder.latent_sample": latent, "vae_decoder.sample": vae.decode(latent).sample,
        }  # fmt: skip
        save_file({k: v.contiguous() for k, v in record.items()}, root / f"components/{name}.safetensors")
    pipe.vae = vaes["taesd"]
    run_case(pipe, CASE, root, vae="taesd")
