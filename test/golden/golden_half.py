"""components/<model>-half.safetensors: what every part gives when its weights were rounded to float16 and bfloat16 by torch.

The weights are loaded from half precision and computed in float32, as the app does. Inputs are those of components/<model>.safetensors,
but for the decoder's, which is a corner of it and stands in the file, too.
"""

from pathlib import Path

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, FluxTransformer2DModel, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel, CLIPTextModelWithProjection, T5EncoderModel

DTYPES = {"F16": torch.float16, "BF16": torch.bfloat16}


def text_encoder(folder: Path, dtype, record: dict) -> dict:
    out = CLIPTextModel.from_pretrained(folder).to(dtype).float().eval()(record["input_ids"].long())
    return {"last_hidden_state": out.last_hidden_state, "pooler_output": out.pooler_output}


def text_encoder_2(folder: Path, dtype, record: dict) -> dict:
    out = CLIPTextModelWithProjection.from_pretrained(folder).to(dtype).float().eval()(record["input_ids"].long())
    return {"last_hidden_state": out.last_hidden_state, "text_embeds": out.text_embeds}


def t5(folder: Path, dtype, record: dict) -> dict:
    encoder = T5EncoderModel.from_pretrained(folder).to(dtype).float().eval()
    return {"last_hidden_state": encoder(record["input_ids"].long()).last_hidden_state}


def transformer(folder: Path, dtype, record: dict) -> dict:
    model = FluxTransformer2DModel.from_pretrained(folder).to(dtype).float().eval()
    return {"out_hidden_states": model(**{k: v for k, v in record.items() if k != "out_hidden_states"}).sample}


def unet(folder: Path, dtype, record: dict) -> dict:
    model = UNet2DConditionModel.from_pretrained(folder).to(dtype).float().eval()
    added = {name: record[name] for name in ("text_embeds", "time_ids") if name in record}
    inputs = record["sample"], record["timestep"], record["encoder_hidden_states"]
    return {"out_sample": model(*inputs, added_cond_kwargs=added or None).sample}


def vae_encoder(folder: Path, dtype, record: dict) -> dict:
    vae = AutoencoderKL.from_pretrained(folder).to(dtype).float().eval()
    return {"latent_parameters": vae.encode(record["sample"]).latent_dist.parameters}


def vae_decoder(folder: Path, dtype, record: dict) -> dict:
    vae = AutoencoderKL.from_pretrained(folder).to(dtype).float().eval()
    return {"sample": vae.decode(record["latent_sample"]).sample}


def tiny_encoder(folder: Path, dtype, record: dict) -> dict:
    return {"latents": AutoencoderTiny.from_pretrained(folder).to(dtype).float().eval().encode(record["sample"]).latents}


def tiny_decoder(folder: Path, dtype, record: dict) -> dict:
    vae = AutoencoderTiny.from_pretrained(folder).to(dtype).float().eval()
    return {"sample": vae.decode(record["latent_sample"]).sample}


SD = {
    "text_encoder": ("text_encoder", text_encoder), "unet": ("unet", unet),
    "vae_encoder": ("vae", vae_encoder), "vae_decoder": ("vae", vae_decoder),
}  # fmt: skip
TINY = {"vae_encoder": (".", tiny_encoder), "vae_decoder": (".", tiny_decoder)}
XL_UNET = {"unet": ("unet", unet)}
XL = {"text_encoder": ("text_encoder", text_encoder), "text_encoder_2": ("text_encoder_2", text_encoder_2), **XL_UNET}
FLUX = {
    "text_encoder": ("text_encoder", text_encoder), "text_encoder_2": ("text_encoder_2", t5),
    "transformer": ("transformer", transformer), "vae_encoder": ("vae", vae_encoder), "vae_decoder": ("vae", vae_decoder),
}  # fmt: skip
# record -> folder, parts
MODELS = {
    "sd1": ("sd1", SD), "sd2": ("sd2", SD), "taesd": ("taesd", TINY), "taef1": ("taef1", TINY), "sdxl": ("sdxl", XL),
    "refiner": ("sdxl-refiner", XL_UNET), "flux-schnell": ("flux-schnell", FLUX),
    "flux-dev": ("flux-dev", {"transformer": FLUX["transformer"]}),
}  # fmt: skip


@torch.no_grad()
def make_half(root: Path) -> None:
    for name, (model, parts) in MODELS.items():
        record = load_file(root / f"components/{name}.safetensors")
        half = {}
        if "vae_decoder.latent_sample" in record:
            half["vae_decoder.latent_sample"] = record["vae_decoder.latent_sample"][..., :4, :6].contiguous()
        for part, (folder, run) in parts.items():
            named = (record | half).items()
            own = {key.removeprefix(f"{part}."): value for key, value in named if key.startswith(f"{part}.")}
            if part == "unet" and "encoder_hidden_states" not in own:
                own["encoder_hidden_states"] = record["text_encoder.last_hidden_state"]
            for dtype, kind in DTYPES.items():
                for key, value in run(root / "models" / model / folder, kind, own).items():
                    half[f"{dtype}.{part}.{key}"] = value.contiguous()
        save_file(half, root / f"components/{name}-half.safetensors")
