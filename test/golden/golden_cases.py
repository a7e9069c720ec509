"""Whole img2img runs by diffusers' own pipeline (CPU, float32), with every intermediate tensor."""

from pathlib import Path

import diffusers
import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

from golden_models import load_pipeline, picture, write_json

DPM = {"algorithm_type": "dpmsolver++"}
SDE = {"algorithm_type": "sde-dpmsolver++"}
KARRAS = {"use_karras_sigmas": True}
SCHEDULERS = {  # our name -> diffusers class and flags
    "ddim": ("DDIMScheduler", {}),
    "pndm": ("PNDMScheduler", {"skip_prk_steps": True}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler-ancestral": ("EulerAncestralDiscreteScheduler", {}),
    "dpmpp-2m": ("DPMSolverMultistepScheduler", DPM),
    "dpmpp-2m-karras": ("DPMSolverMultistepScheduler", DPM | KARRAS),
    "dpmpp-2m-sde": ("DPMSolverMultistepScheduler", SDE),
    "dpmpp-2m-sde-karras": ("DPMSolverMultistepScheduler", SDE | KARRAS),
    "unipc": ("UniPCMultistepScheduler", {}),
    "lcm": ("LCMScheduler", {}),
}
INPUTS = [(64, 64), (96, 64), (64, 128)]
TRAILING, LEADING, LINSPACE = ({"timestep_spacing": s} for s in ("trailing", "leading", "linspace"))
LONG = ", ".join(["a very long prompt that does not fit into seventy-seven tokens"] * 6)
UNICODE = "日本のcafé — naïve Ångström's 🙂 it’s 100% <b>bold</b>"

# model, scheduler, flags, tag, prompt, negative prompt, seed, strength, steps, guidance, (width, height)
CASES = [
    ("sd1", "ddim", {}, "", "a photo of a cat", "", 0, 0.5, 10, 7.5, (64, 64)),
    ("sd1", "ddim", TRAILING, "long", LONG, "", 7, 0.3, 12, 5, (96, 64)),
    ("sd1", "ddim", LINSPACE, "unicode", UNICODE, "¿qué?", 2**32 + 5, 0.6, 5, 7.5, (64, 64)),
    ("sd1", "pndm", {}, "", "an oil painting of a lighthouse at dusk", "blurry, ugly", 42, 0.8, 10, 7.5, (64, 64)),
    ("sd1", "pndm", {}, "full", "a castle on a hill", "", 3, 1.0, 6, 5, (96, 64)),
    ("sd1", "euler", {}, "", "A  Photo\nof a CAT!!! 123 it's", "", 1234, 0.6, 8, 7.5, (64, 128)),
    ("sd1", "euler", TRAILING, "nocfg", "a red apple on a table", "", 5, 0.5, 4, 1, (64, 64)),
    ("sd1", "euler-ancestral", {}, "", "masterpiece,best quality; (sun:1.2) [sea]", "ugly", 42, 0.6, 6, 7.5, (96, 64)),
    ("sd1", "dpmpp-2m", {}, "", "a photo of a dog", "", 1, 0.8, 12, 7.5, (64, 64)),
    ("sd1", "dpmpp-2m", LEADING, "full", "a photo of a dog", "cat", 1, 1.0, 5, 5, (64, 128)),
    ("sd1", "dpmpp-2m-karras", {}, "", "a photo of an astronaut riding a horse on mars", "", 0, 0.5, 10, 7.5, (64, 64)),
    ("sd1", "dpmpp-2m-sde", LEADING, "", "a photo of a cat", "blurry", 11, 0.8, 6, 5, (64, 64)),
    ("sd1", "dpmpp-2m-sde-karras", {}, "", "portrait of a queen", "", 12, 0.6, 8, 7.5, (96, 64)),
    ("sd1", "unipc", {}, "", "a watercolour of a river", "", 13, 0.8, 8, 7.5, (64, 64)),
    ("sd1", "lcm", {}, "", "a photo of a cat", "", 14, 0.8, 4, 1.5, (64, 64)),
    ("sd2", "ddim", {}, "", "a photo of a cat", "", 0, 0.6, 10, 7.5, (64, 64)),
    ("sd2", "ddim", TRAILING | {"rescale_betas_zero_snr": True}, "zerosnr", "a castle", "sky", 21, 1.0, 5, 5, (64, 64)),
    ("sd2", "pndm", {}, "", "an oil painting of a lighthouse", "", 22, 0.8, 6, 7.5, (64, 64)),
    ("sd2", "euler", LEADING, "", "red", "blue", 23, 0.6, 8, 7.5, (96, 64)),
    ("sd2", "euler-ancestral", TRAILING, "", UNICODE, "", 24, 0.5, 8, 5, (64, 64)),
    ("sd2", "dpmpp-2m-karras", TRAILING, "", "a photo of a dog", "", 25, 0.8, 8, 7.5, (64, 128)),
    ("sd2", "dpmpp-2m-sde", {}, "", "a photo of a dog", "", 26, 0.6, 6, 1, (64, 64)),
    ("sd2", "unipc", TRAILING, "", "a photo of a horse", "low quality", 27, 0.6, 10, 7.5, (64, 64)),
    ("sd2", "lcm", {}, "", "a photo of a horse", "", 28, 1.0, 4, 1.5, (64, 64)),
]


def plain(config: dict) -> dict:
    """The JSON-safe part of a resolved scheduler configuration."""
    kinds = (str, int, float, bool, type(None))
    return {k: v for k, v in config.items() if not k.startswith("_") and isinstance(v, kinds)}


def scheduler_for(pipe, name: str, flags: dict):
    """The scheduler of this name, set up from the pipeline's own configuration."""
    class_name, preset = SCHEDULERS[name]
    return getattr(diffusers, class_name).from_config(pipe.scheduler.config, **preset, **flags)


def recorded_run(pipe, image: Image.Image, seed: int, **call) -> tuple[dict[str, torch.Tensor], np.ndarray]:
    """Runs a pipeline; answers every intermediate tensor and the pixels [H, W, 3] in 0..1."""
    tensors, timesteps = {}, []
    add_noise = pipe.scheduler.add_noise

    def record_start(latent, noise, timestep):
        tensors["encoded_latent"], tensors["noise"] = latent, noise
        tensors["latents_start"] = add_noise(latent, noise, timestep)
        return tensors["latents_start"]

    def record_step(_pipe, index, timestep, values):
        tensors[f"latents_step_{index}"] = values["latents"]
        timesteps.append(float(timestep))
        return {}

    pipe.scheduler.add_noise = record_start
    result = pipe(
        image=image, generator=torch.Generator("cpu").manual_seed(seed), output_type="np",
        callback_on_step_end=record_step, **call,
    ).images[0]  # fmt: skip

    tensors["timesteps"] = torch.tensor(timesteps, dtype=torch.float32)
    if "noise" not in tensors:  # inpainting with strength 1 begins with noise alone
        return tensors, result

    # The first draw of the request is the posterior's, where there is one: recompute it, to name it and to prove the order.
    encoded = pipe.vae.encode(pipe.image_processor.preprocess(image))
    generator = torch.Generator("cpu").manual_seed(seed)
    if hasattr(encoded, "latent_dist"):
        posterior = encoded.latent_dist
        drawn = torch.randn(posterior.mean.shape, generator=generator)
        sampled = (posterior.mean + posterior.std * drawn) * pipe.vae.config.scaling_factor
        tensors["posterior_noise"] = drawn
    else:
        sampled = encoded.latents
    assert torch.equal(torch.randn(sampled.shape, generator=generator), tensors["noise"])
    torch.testing.assert_close(sampled, tensors["encoded_latent"])
    return tensors, result


def write_case(root: Path, name: str, request: dict, tensors: dict[str, torch.Tensor], result: np.ndarray) -> np.ndarray:
    """Writes both files of a case; answers the picture [H, W, 3] uint8."""
    pixels = (result * 255).round().astype(np.uint8)
    tensors["image"] = torch.from_numpy(pixels)
    timesteps = tensors["timesteps"].tolist()
    save_file({k: v.contiguous() for k, v in tensors.items()}, root / f"cases/{name}.safetensors")
    write_json(root / f"cases/{name}.json", request | {"timesteps": timesteps})
    saturated = np.isin(pixels, (0, 255)).mean()
    print(f"{name}: std {pixels.std():.1f}, saturated {saturated:.3f}, {len(timesteps)} calls")
    assert np.isfinite(result).all() and pixels.std() > 5 and saturated < 0.5, name
    return pixels


@torch.no_grad()
def run_case(pipe, case: tuple, root: Path, **more) -> None:
    """Runs and writes one case; `more` goes into its request."""
    model, name, flags, tag, prompt, negative, seed, strength, steps, guidance, (width, height) = case
    stock = pipe.scheduler
    pipe.scheduler = scheduler_for(pipe, name, flags)
    input_file = f"input-{width}x{height}.png"
    image = Image.open(root / input_file).convert("RGB")
    embeds = pipe.encode_prompt(prompt, "cpu", 1, True, negative)
    tensors, result = recorded_run(
        pipe, image, seed, prompt=prompt, negative_prompt=negative, strength=strength, num_inference_steps=steps,
        guidance_scale=guidance,
    )  # fmt: skip
    tensors["prompt_embeds"], tensors["negative_prompt_embeds"] = embeds
    config, pipe.scheduler = plain(pipe.scheduler.config), stock
    request = {
        "model": model, "prompt": prompt, "negativePrompt": negative, "seed": seed, "strength": strength,
        "steps": steps, "guidance": guidance, "width": width, "height": height, "input": input_file,
        "scheduler": name, "schedulerClass": SCHEDULERS[name][0], "schedulerConfig": config, **more,
    }  # fmt: skip
    write_case(root, "-".join(filter(None, (model, name, tag))), request, tensors, result)


def make_cases(root: Path) -> None:
    (root / "cases").mkdir(exist_ok=True)
    for path in (root / "cases").glob("sd[12]-*"):
        path.unlink()
    for number, (width, height) in enumerate(INPUTS):
        picture(width, height, 7 + number).save(root / f"input-{width}x{height}.png")
    pipes = {name: load_pipeline(root / "models" / name) for name in ("sd1", "sd2")}
    for case in CASES:
        run_case(pipes[case[0]], case, root)
    check_prompts_matter(pipes, root)


def check_prompts_matter(pipes: dict, root: Path) -> None:
    image = Image.open(root / "input-64x64.png")

    def run(pipe, prompt):
        generator = torch.Generator("cpu").manual_seed(0)
        out = pipe(prompt=prompt, image=image, strength=0.5, num_inference_steps=10, generator=generator)
        return np.asarray(out.images[0]).astype(int)

    for name, pipe in pipes.items():
        cat, *others = (run(pipe, p) for p in ("a photo of a cat", "a photo of a dog", "", "red"))
        differences = [float(np.abs(cat - other).mean()) for other in others]
        print(f"{name}: mean pixel difference between prompts {differences}")
        assert min(differences) > 3, name
