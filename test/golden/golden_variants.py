"""UNets of sd1's kind with other inputs: inpainting (9 channels), instruct-pix2pix (8 channels), and one that is told its guidance (LCM).

Only the tensors that differ from sd1's UNet are stored (models/sd1-variants.safetensors, names `<variant>.<tensor>`).
"""

from pathlib import Path

import torch
from diffusers import (
    LatentConsistencyModelImg2ImgPipeline,
    LCMScheduler,
    StableDiffusionInpaintPipeline,
    UNet2DConditionModel,
)
from PIL import Image
from safetensors.torch import save_file

from golden_cases import plain, recorded_run, scheduler_for, write_case
from golden_models import BETAS, FIT_PROMPTS, load_pipeline

CHANGES = {"inpaint": {"in_channels": 9}, "pix2pix": {"in_channels": 8}, "lcm": {"time_cond_proj_dim": 16}}
NO_CHECKER = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}

# tag, scheduler, prompt, negative prompt, seed, strength, steps, guidance, (width, height)
INPAINT_CASES = [
    ("", "euler", "a photo of a cat", "", 41, 0.5, 8, 3, (64, 64)),
    ("max", "ddim", "a castle", "blurry", 42, 1.0, 2, 2, (96, 64)),
]
LCM_CASES = [("", "a photo of a cat", 43, 0.5, 4, 8.5, (64, 64))]


def own_tensors(unet: UNet2DConditionModel) -> dict[str, torch.Tensor]:
    """Wider first convolutions that begin as sd1's, and the projection of the guidance.

    The added channels count little: what a flat grey picture is encoded to differs by 2e-4 between torch and ONNX Runtime
    (group norms of almost constant values), and an untrained UNet makes hundred times that of it.
    """
    generator = torch.Generator().manual_seed(9)
    conv = unet.conv_in.weight
    tensors = {}
    for name, channels in (("inpaint", 9), ("pix2pix", 8)):
        more = 0.01 * torch.randn(conv.shape[0], channels - 4, 3, 3, generator=generator)
        tensors[f"{name}.conv_in.weight"] = torch.cat([conv, more], 1)
    tensors["lcm.time_embedding.cond_proj.weight"] = 0.3 * torch.randn(conv.shape[0], 16, generator=generator)
    return tensors


def variant_of(unet: UNet2DConditionModel, name: str, tensors: dict[str, torch.Tensor]) -> UNet2DConditionModel:
    variant = UNet2DConditionModel.from_config({**unet.config, **CHANGES[name]}).eval()
    own = {key.removeprefix(f"{name}."): value for key, value in tensors.items() if key.startswith(f"{name}.")}
    variant.load_state_dict(unet.state_dict() | own)
    return variant


def write_record(root: Path, name: str, unet: UNet2DConditionModel, context: torch.Tensor) -> None:
    """Input and output of two rows."""
    generator = torch.Generator().manual_seed(10)
    inputs = {
        "sample": torch.randn(2, unet.config.in_channels, 8, 12, generator=generator),
        "timestep": torch.tensor(481.0),
        "encoder_hidden_states": context,
    }
    if unet.config.time_cond_proj_dim is not None:
        inputs["timestep_cond"] = 0.3 * torch.randn(2, unet.config.time_cond_proj_dim, generator=generator)
    output = unet(**inputs).sample
    record = {f"unet.{key}": value for key, value in inputs.items()} | {"unet.out_sample": output}
    save_file({k: v.contiguous() for k, v in record.items()}, root / f"components/{name}.safetensors")


def run_inpaint(pipe: StableDiffusionInpaintPipeline, case: tuple, root: Path) -> None:
    """With a mask that is white all over: everything is painted anew."""
    tag, name, prompt, negative, seed, strength, steps, guidance, (width, height) = case
    pipe.scheduler = scheduler_for(pipe, name, {})
    input_file = f"input-{width}x{height}.png"
    image = Image.open(root / input_file).convert("RGB")
    embeds = pipe.encode_prompt(prompt, "cpu", 1, True, negative)
    tensors, result = recorded_run(
        pipe, image, seed, prompt=prompt, negative_prompt=negative, strength=strength, num_inference_steps=steps,
        guidance_scale=guidance, mask_image=Image.new("L", (width, height), 255), width=width, height=height,
    )  # fmt: skip
    tensors["prompt_embeds"], tensors["negative_prompt_embeds"] = embeds
    request = {
        "model": "inpaint", "prompt": prompt, "negativePrompt": negative, "seed": seed, "strength": strength,
        "steps": steps, "guidance": guidance, "width": width, "height": height, "input": input_file,
        "scheduler": name, "schedulerConfig": plain(pipe.scheduler.config),
    }  # fmt: skip
    write_case(root, "-".join(filter(None, ("inpaint", name, tag))), request, tensors, result)


def run_lcm(pipe: LatentConsistencyModelImg2ImgPipeline, case: tuple, root: Path) -> None:
    tag, prompt, seed, strength, steps, guidance, (width, height) = case
    input_file = f"input-{width}x{height}.png"
    image = Image.open(root / input_file).convert("RGB")
    embeds, _ = pipe.encode_prompt(prompt, "cpu", 1, False)
    tensors, result = recorded_run(
        pipe, image, seed, prompt=prompt, strength=strength, num_inference_steps=steps, guidance_scale=guidance
    )
    tensors["prompt_embeds"] = embeds
    request = {
        "model": "lcm", "prompt": prompt, "negativePrompt": "", "seed": seed, "strength": strength,
        "steps": steps, "guidance": guidance, "width": width, "height": height, "input": input_file,
        "scheduler": "lcm", "schedulerConfig": plain(pipe.scheduler.config),
    }  # fmt: skip
    write_case(root, "-".join(filter(None, ("lcm", tag or "plain"))), request, tensors, result)


@torch.no_grad()
def make_variants(root: Path) -> None:
    base = load_pipeline(root / "models/sd1")
    tensors = own_tensors(base.unet)
    save_file(tensors, root / "models/sd1-variants.safetensors")
    unets = {name: variant_of(base.unet, name, tensors) for name in CHANGES}
    ids = base.tokenizer(FIT_PROMPTS[3:5], padding="max_length", truncation=True, return_tensors="pt").input_ids
    context = base.text_encoder(ids).last_hidden_state[:, :16]
    for name, unet in unets.items():
        write_record(root, name, unet, context)
    for pattern in ("inpaint-*", "lcm-*"):
        for path in (root / "cases").glob(pattern):
            path.unlink()

    parts = {"vae": base.vae, "text_encoder": base.text_encoder, "tokenizer": base.tokenizer}
    inpaint = StableDiffusionInpaintPipeline(**parts, unet=unets["inpaint"], scheduler=base.scheduler, **NO_CHECKER)
    scheduler = LCMScheduler.from_config({**BETAS, "original_inference_steps": 50, "timestep_scaling": 10.0})
    lcm = LatentConsistencyModelImg2ImgPipeline(**parts, unet=unets["lcm"], scheduler=scheduler, **NO_CHECKER)
    for pipe in (inpaint, lcm):
        pipe.set_progress_bar_config(disable=True)
    for case in INPAINT_CASES:
        run_inpaint(inpaint, case, root)
    for case in LCM_CASES:
        run_lcm(lcm, case, root)
