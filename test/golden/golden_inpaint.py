"""Masked runs by diffusers' inpainting pipelines: UNets with 4 channels (the loop keeps what is outside), with 9 channels, and Flux.

Prompts' embeddings are compared in the other cases; only what a mask changes is stored.
"""

from pathlib import Path

import numpy as np
import torch
from diffusers import FluxInpaintPipeline, StableDiffusionInpaintPipeline, StableDiffusionXLInpaintPipeline, UNet2DConditionModel
from PIL import Image, ImageDraw
from safetensors.torch import load_file, save_file

from golden_cases import plain, scheduler_for, write_case
from golden_flux import SCHEDULERS as FLOW_SCHEDULERS
from golden_flux import load_flux
from golden_models import load_pipeline
from golden_sdxl import build_pipeline
from golden_variants import NO_CHECKER, variant_of

# file -> size, and what is drawn white: not along the grid of the latents; the last has grey parts
MASKS = {
    "mask-round-96x64.png": ((96, 64), lambda draw: draw.ellipse((29, 11, 66, 50), fill=255)),
    "mask-box-64x64.png": ((64, 64), lambda draw: draw.rectangle((13, 21, 42, 47), fill=255)),
    "mask-soft-96x64.png": (
        (96, 64),
        lambda draw: [draw.rectangle((30 + n, 20 + n, 57 - n, 43 - n), fill=60 * n + 15) for n in range(5)],
    ),
}
ROUND, BOX, SOFT = MASKS

# model, scheduler, tag, prompt, negative prompt, seed, strength, steps, guidance, mask, padding (None: the whole picture), (width, height)
CASES = [
    ("sd1", "euler-ancestral", "", "a photo of a cat", "", 51, 0.6, 5, 5, ROUND, None, (96, 64)),
    ("sd1", "dpmpp-2m", "max", "a castle", "blurry", 52, 1.0, 3, 5, BOX, None, (64, 64)),
    ("sd1", "ddim", "area", "a red apple", "", 53, 0.7, 4, 5, SOFT, 4, (64, 64)),
    ("sd2", "unipc", "", "a photo of a horse", "", 54, 0.6, 5, 5, ROUND, None, (96, 64)),
    ("inpaint", "euler-ancestral", "", "a photo of a dog", "", 55, 0.6, 5, 3, ROUND, None, (96, 64)),
    ("inpaint", "ddim", "max", "a lighthouse", "ugly", 56, 1.0, 2, 2, BOX, None, (64, 64)),
    ("sdxl", "euler-ancestral", "", "an oil painting of the sea", None, 57, 0.6, 5, 5, ROUND, None, (96, 64)),
    ("sdxl-inpaint", "euler", "", "a castle on a hill", "blurry", 58, 0.7, 4, 3, BOX, None, (64, 64)),
]
FLUX_CASES = [
    ("flux-schnell", "", "a photo of a cat", 59, 0.6, 4, 0.0, BOX, None, (64, 64)),
    ("flux-dev", "max", "a lighthouse at dusk", 60, 1.0, 2, 3.5, BOX, None, (64, 64)),
]


def make_masks(root: Path) -> None:
    for name, (size, paint) in MASKS.items():
        mask = Image.new("L", size)
        paint(ImageDraw.Draw(mask))
        mask.save(root / name, optimize=True)


def input_of(mask: Image.Image) -> str:
    return f"input-{mask.width}x{mask.height}.png"


def masked_run(pipe, mix: str, image: Image.Image, mask: Image.Image, seed: int, unpack=lambda packed: packed, **call):
    """Runs a pipeline; answers the tensors on the way and the pixels [H, W, 3] with the original outside the mask, as diffusers overlays it."""
    tensors, timesteps = {}, []
    add_noise = getattr(pipe.scheduler, mix)

    def record_mix(latent, *others):
        mixed = add_noise(latent, *others)
        noise = next(other for other in others if other.numel() == latent.numel())
        if "noise" not in tensors:
            tensors["encoded_latent"], tensors["noise"] = unpack(latent), unpack(noise)
            if not timesteps and call["strength"] < 1:
                tensors["latents_start"] = unpack(mixed)
        return mixed

    def record_step(_pipe, index, timestep, values):
        tensors[f"latents_step_{index}"] = unpack(values["latents"])
        timesteps.append(float(timestep))
        return {}

    setattr(pipe.scheduler, mix, record_mix)
    result = pipe(
        image=image, mask_image=mask, generator=torch.Generator("cpu").manual_seed(seed), output_type="pil",
        callback_on_step_end=record_step, **call,
    ).images[0]  # fmt: skip
    delattr(pipe.scheduler, mix)
    if call.get("padding_mask_crop") is None:  # else the pipeline has done it
        result = pipe.image_processor.apply_overlay(mask, image, result)
    tensors["timesteps"] = torch.tensor(timesteps, dtype=torch.float32)
    return tensors, np.asarray(result) / 255


def request_of(model, prompt, negative, seed, strength, steps, guidance, mask_file, padding, size, input_file) -> dict:
    return {
        "model": model, "prompt": prompt, "negativePrompt": negative or "", "seed": seed, "strength": strength, "steps": steps,
        "guidance": guidance, "width": size[0], "height": size[1], "input": input_file, "mask": mask_file, "maskPadding": padding,
    }  # fmt: skip


def run_unet_case(pipe, case: tuple, root: Path) -> None:
    model, name, tag, prompt, negative, seed, strength, steps, guidance, mask_file, padding, size = case
    stock = pipe.scheduler
    pipe.scheduler = scheduler_for(pipe, name, {})
    mask = Image.open(root / mask_file)
    image = Image.open(root / input_of(mask)).convert("RGB")
    tensors, result = masked_run(
        pipe, "add_noise", image, mask, seed, prompt=prompt, negative_prompt=negative, strength=strength, width=size[0], height=size[1],
        num_inference_steps=steps, guidance_scale=guidance, padding_mask_crop=padding,
    )  # fmt: skip
    request = request_of(model, prompt, negative, seed, strength, steps, guidance, mask_file, padding, size, input_of(mask))
    request |= {"scheduler": name, "schedulerConfig": plain(pipe.scheduler.config)}
    pipe.scheduler = stock
    write_case(root, "-".join(filter(None, ("masked", model, name, tag))), request, tensors, result)


def run_flux_case(pipe: FluxInpaintPipeline, case: tuple, root: Path) -> None:
    model, tag, prompt, seed, strength, steps, guidance, mask_file, padding, size = case
    mask = Image.open(root / mask_file)
    image = Image.open(root / input_of(mask)).convert("RGB")
    name = model.removeprefix("flux-")

    def unpack(latents: torch.Tensor) -> torch.Tensor:
        return latents if latents.ndim == 4 else pipe._unpack_latents(latents, size[1], size[0], 8)

    tensors, result = masked_run(
        pipe, "scale_noise", image, mask, seed, unpack, prompt=prompt, strength=strength, width=size[0], height=size[1],
        num_inference_steps=steps, guidance_scale=guidance, max_sequence_length={"schnell": 256, "dev": 512}[name],
    )  # fmt: skip
    request = request_of(model, prompt, "", seed, strength, steps, guidance, mask_file, padding, size, input_of(mask))
    config = {"_class_name": "FlowMatchEulerDiscreteScheduler", **FLOW_SCHEDULERS[name]}
    request |= {"scheduler": "flow-match-euler", "schedulerConfig": config}
    write_case(root, "-".join(filter(None, ("masked", model, tag))), request, tensors, result)


def inpainting_xl(unet: UNet2DConditionModel, root: Path) -> UNet2DConditionModel:
    """SDXL's UNet with 9 input channels; only its first convolution is stored (models/sdxl-inpaint.safetensors)."""
    conv = unet.conv_in.weight
    more = 0.01 * torch.randn(conv.shape[0], 5, 3, 3, generator=torch.Generator().manual_seed(15))
    own = {"conv_in.weight": torch.cat([conv, more], 1)}
    save_file(own, root / "models/sdxl-inpaint.safetensors")
    inpaint = UNet2DConditionModel.from_config({**unet.config, "in_channels": 9}).eval()
    inpaint.load_state_dict(unet.state_dict() | own)
    return inpaint


@torch.no_grad()
def make_inpaint(root: Path) -> None:
    for path in (root / "cases").glob("masked-*"):
        path.unlink()
    make_masks(root)
    pipes = {}
    for name in ("sd1", "sd2"):
        base = load_pipeline(root / "models" / name)
        parts = {part: getattr(base, part) for part in ("vae", "text_encoder", "tokenizer", "unet", "scheduler")}
        pipes[name] = StableDiffusionInpaintPipeline(**parts, **NO_CHECKER)
        if name == "sd1":
            unet = variant_of(base.unet, "inpaint", load_file(root / "models/sd1-variants.safetensors"))
            pipes["inpaint"] = StableDiffusionInpaintPipeline(**parts | {"unet": unet}, **NO_CHECKER)
    xl = build_pipeline(root / "models")
    xl.unet = UNet2DConditionModel.from_pretrained(root / "models/sdxl/unet").eval()  # after its fit
    names = ("vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "unet", "scheduler")
    parts = {part: getattr(xl, part) for part in names}
    settings = {"force_zeros_for_empty_prompt": True, "add_watermarker": False}
    pipes["sdxl"] = StableDiffusionXLInpaintPipeline(**parts, **settings)
    pipes["sdxl-inpaint"] = StableDiffusionXLInpaintPipeline(**parts | {"unet": inpainting_xl(xl.unet, root)}, **settings)
    for name in ("schnell", "dev"):
        flux = load_flux(root, name)
        parts = ("scheduler", "vae", "text_encoder", "tokenizer", "text_encoder_2", "tokenizer_2", "transformer")
        pipes[f"flux-{name}"] = FluxInpaintPipeline(**{part: getattr(flux, part) for part in parts})
    for pipe in pipes.values():
        pipe.set_progress_bar_config(disable=True)
    for case in CASES:
        run_unet_case(pipes[case[0]], case, root)
    for case in FLUX_CASES:
        run_flux_case(pipes[case[0]], case, root)
