"""Reference tables: token ids, random numbers, scheduler grids and traces, each component's input and output."""

import json
from pathlib import Path

import diffusers
import torch
from safetensors.torch import save_file
from transformers import CLIPTokenizer

from golden_models import BETAS, load_pipeline, picture, picture_tensor
from golden_tokenizer import build_tokenizer, clip_merges

STRINGS = [
    "",
    "a photo of a cat",
    "a photo of an astronaut riding a horse on mars",
    "A  Photo\nof a CAT!!! 123 it's",
    "日本 café 🙂",
    "masterpiece,best quality",
    "1girl",
    "it's we're they've I'm you'll he'd don't cat's",
    "IT'S WE'RE don’t “quoted” — dash… ½ ² Ⅷ ①",
    "cafe\u0301 vs caf\u00e9, \ufb01sh, \uac00 \u1100\u1161",  # decomposed and composed forms, a ligature
    "multiple   spaces\t\ttabs \u00a0nbsp\u3000ideographic \u200bzero-width",
    "👩‍👩‍👧‍👦 family, 👍🏽 thumb, 🇫🇷 flag, ❤️ heart",
    "Привет, мир! Ελληνικά γλώσσα שלום مرحبا हिन्दी ไทย 한국어",
    "İstanbul STRASSE straße ΣΊΣΥΦΟΣ ǅ",  # lower-casing beyond ASCII
    "8k, 4096x2160, f/1.8, 3.14159, 1,000,000",
    "snake_case camelCase kebab-case http://example.com/?q=a&b=c#d user@example.com",
    "(masterpiece:1.2), [blurry], {curly} <lora:x:0.8> \\(escaped\\)",
    "... !!! ??? ,,, ;;; ''' \"\"\" ``` ~~~ ^^^ $$$ %%%",
    "<b>html</b> &amp; &lt;tag&gt; &#39;",
    "   leading and trailing   ",
    "supercalifragilisticexpialidocious antidisestablishmentarianism",
    "'s 't 're 've 'm 'll 'd 'S 'LL '",
    "\U0001f9ff\U00010348 \u0000x\u0007y \ufffd",
    "a <|startoftext|>b<|endoftext|> c",
    "trending on artstation, volumetric lighting, by greg rutkowski, highly detailed, sharp focus",
    ", ".join(["one two three four five"] * 14),  # more than 77 tokens
]
SEEDS = [0, 1, 42, 1234, 2**32 + 5]
SIZES = [1, 5, 15, 16, 17, 20, 31, 100, 256, 4 * 13 * 13, 16384]
BASE = BETAS | {"steps_offset": 1, "set_alpha_to_one": False, "clip_sample": False, "skip_prk_steps": True}
DPM = "DPMSolverMultistepScheduler"
VARIANTS = {  # name -> class, flags, prediction types that the class supports
    "ddim": ("DDIMScheduler", {}, "epsilon v_prediction sample"),
    "ddim-zerosnr": ("DDIMScheduler", {"rescale_betas_zero_snr": True}, "v_prediction"),
    "pndm": ("PNDMScheduler", {}, "epsilon v_prediction"),
    "euler": ("EulerDiscreteScheduler", {}, "epsilon v_prediction sample"),
    "euler-karras": ("EulerDiscreteScheduler", {"use_karras_sigmas": True}, "epsilon v_prediction"),
    "euler-zerosnr": ("EulerDiscreteScheduler", {"rescale_betas_zero_snr": True}, "v_prediction"),
    "euler-ancestral": ("EulerAncestralDiscreteScheduler", {}, "epsilon v_prediction"),
    "dpmpp-2m": (DPM, {}, "epsilon v_prediction sample"),
    "dpmpp-2m-heun": (DPM, {"solver_type": "heun"}, "epsilon v_prediction"),
    "dpmpp-2m-karras": (DPM, {"use_karras_sigmas": True}, "epsilon v_prediction sample"),
    "dpmpp-2m-sde": (DPM, {"algorithm_type": "sde-dpmsolver++"}, "epsilon v_prediction sample"),
    "dpmpp-2m-sde-heun": (DPM, {"algorithm_type": "sde-dpmsolver++", "solver_type": "heun"}, "epsilon"),
    "dpmpp-2m-sde-karras": (
        DPM,
        {"algorithm_type": "sde-dpmsolver++", "use_karras_sigmas": True},
        "epsilon v_prediction",
    ),  # fmt: skip
    "unipc": ("UniPCMultistepScheduler", {}, "epsilon v_prediction sample"),
    "unipc-karras": ("UniPCMultistepScheduler", {"use_karras_sigmas": True}, "epsilon v_prediction"),
    "lcm": ("LCMScheduler", {}, "epsilon v_prediction sample"),
}
SPACINGS, STEPS, STRENGTH = ("leading", "linspace", "trailing"), (4, 10, 16, 20), 0.8


def write_compact(path: Path, value) -> None:
    """JSON with one line per innermost record."""
    text = ",\n".join(
        f"{json.dumps(k)}: " + (
            "[\n" + ",\n".join(json.dumps(r, ensure_ascii=False, allow_nan=False) for r in v) + "\n]"
            if isinstance(v, list) else json.dumps(v, ensure_ascii=False)
        )
        for k, v in value.items()
    )  # fmt: skip
    path.write_text("{\n" + text + "\n}\n", encoding="utf-8")


def make_tokens(root: Path) -> None:
    """`ids`: start, tokens, end, untruncated; `padded`: the 77 ids a pipeline feeds, for some strings only."""
    tokenizers = {name: CLIPTokenizer.from_pretrained(root / f"models/{name}/tokenizer") for name in ("sd1", "sd2")}
    tokenizers["clip"] = build_tokenizer(clip_merges())
    tokenizers["clip-pad-exclamation"] = build_tokenizer(clip_merges(), "!")
    table = {}
    for name, tokenizer in tokenizers.items():
        rows = [{"text": text, "ids": tokenizer(text).input_ids} for text in STRINGS]
        for row in [*rows[:4], rows[-1]]:
            row["padded"] = tokenizer(row["text"], padding="max_length", truncation=True, max_length=77).input_ids
        table[name] = rows
    write_compact(root / "tokens.json", table)


def make_noise(root: Path) -> None:
    """CPU torch.randn: `seed<S>_n<N>`, and three consecutive calls `seed<S>_call<K>` of 5, 20, 5 values."""
    tensors = {}
    for seed in SEEDS:
        for size in SIZES:
            tensors[f"seed{seed}_n{size}"] = torch.randn(size, generator=torch.Generator().manual_seed(seed))
        generator = torch.Generator().manual_seed(seed)
        for call, size in enumerate((5, 20, 5)):
            tensors[f"seed{seed}_call{call}"] = torch.randn(size, generator=generator)
    save_file(tensors, root / "noise.safetensors")


def digits(values) -> list[float]:
    return [float(f"{float(v):.9g}") for v in values]


def trace(scheduler, steps: int, strength: float) -> torch.Tensor:
    """The img2img loop with model(x, t) = x t / (t + 1) on diffusers' scheduler-test sample [4, 3, 8, 8]; seed 0."""
    ramp = torch.arange(768).reshape(3, 8, 8, 4) / 768
    sample, noise = ramp.permute(3, 0, 1, 2), ramp.flatten().flip(0).reshape(3, 8, 8, 4).permute(3, 0, 1, 2)
    scheduler.set_timesteps(steps)
    start = max(steps - min(int(steps * strength), steps), 0)
    timesteps = scheduler.timesteps[start:]
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(start)
    sample = scheduler.add_noise(sample, noise, timesteps[:1].repeat(4))
    seeded = {"generator": torch.Generator().manual_seed(0)} if takes_generator(scheduler) else {}
    for t in timesteps:
        scaled = scheduler.scale_model_input(sample, t)
        sample = scheduler.step(scaled * t / (t + 1), t, sample, **seeded, return_dict=False)[0]
    return sample


def takes_generator(scheduler) -> bool:
    return "generator" in scheduler.step.__func__.__code__.co_varnames[: scheduler.step.__func__.__code__.co_argcount]


def make_schedulers(root: Path) -> None:
    grids, traces, variants = [], [], {}
    for name, (class_name, flags, predictions) in VARIANTS.items():
        kind = getattr(diffusers, class_name)
        variants[name] = {"class": class_name, "config": BASE | flags}
        for spacing in SPACINGS:
            config = BASE | flags | {"timestep_spacing": spacing}
            for steps in STEPS:
                scheduler = kind.from_config(config)
                scheduler.set_timesteps(steps)
                row = {"scheduler": name, "spacing": spacing, "steps": steps, "timesteps": digits(scheduler.timesteps)}
                if hasattr(scheduler, "sigmas"):
                    row["sigmas"] = digits(scheduler.sigmas)
                grids.append(row)
                for prediction in predictions.split():
                    x = trace(kind.from_config(config | {"prediction_type": prediction}), steps, STRENGTH)
                    traces.append({
                        "scheduler": name, "spacing": spacing, "prediction": prediction, "steps": steps,
                        "strength": STRENGTH, "absSum": digits([x.double().abs().sum()])[0],
                        "sum": digits([x.double().sum()])[0], "first": digits(x[0, 0, 0, :3]),
                        "last": digits(x[3, 2, 7, 7:])[0],
                    })  # fmt: skip
    write_compact(root / "schedulers.json", {"variants": variants, "grids": grids, "traces": traces})


@torch.no_grad()
def make_components(root: Path) -> None:
    """components/<model>.safetensors: every part's own input and output in float32."""
    (root / "components").mkdir(exist_ok=True)
    for name in ("sd1", "sd2"):
        pipe = load_pipeline(root / "models" / name)
        torch.manual_seed(13)
        ids = pipe.tokenizer(STRINGS[1:3], padding="max_length", truncation=True, return_tensors="pt").input_ids
        text = pipe.text_encoder(ids, output_hidden_states=True)
        latent, timestep = torch.randn(2, 4, 8, 12), torch.tensor(481.0)
        image = picture_tensor([picture(96, 64, 50)])
        tensors = {
            "text_encoder.input_ids": ids.int(), "text_encoder.last_hidden_state": text.last_hidden_state,
            "text_encoder.pooler_output": text.pooler_output,
            "text_encoder.hidden_states.penultimate": text.hidden_states[-2],
            "unet.sample": latent, "unet.timestep": timestep,  # its third input is text_encoder.last_hidden_state
            "unet.out_sample": pipe.unet(latent, timestep, text.last_hidden_state).sample,
            "vae_encoder.sample": image,
            "vae_encoder.latent_parameters": pipe.vae.encode(image).latent_dist.parameters,
            "vae_decoder.latent_sample": latent[:1] / pipe.vae.config.scaling_factor,
        }  # fmt: skip
        tensors["vae_decoder.sample"] = pipe.vae.decode(tensors["vae_decoder.latent_sample"]).sample
        save_file({k: v.contiguous() for k, v in tensors.items()}, root / f"components/{name}.safetensors")


def make_tables(root: Path) -> None:
    make_tokens(root)
    make_noise(root)
    make_schedulers(root)
    make_components(root)
