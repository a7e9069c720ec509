"""Stable Diffusion XL, tiny: two text encoders, a UNet with added conditioning, whole runs; and the refiner's kind of UNet."""

import json
import shutil
from pathlib import Path

import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionXLImg2ImgPipeline, UNet2DConditionModel
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from golden_cases import LONG, TRAILING, UNICODE, plain, recorded_run, scheduler_for, write_case
from golden_models import BETAS, FIT_PROMPTS, fit_unet, write_json
from golden_onnx import axes, export
from golden_tokenizer import EOS, TINY_MERGES, build_tokenizer, clip_merges, save_tokenizer

WIDTH, WIDTH_2, POOLED, TIME_DIM = 16, 24, 20, 8
SCALING = 0.13025
SCHEDULER = {
    "_class_name": "EulerDiscreteScheduler", "_diffusers_version": "0.19.0", **BETAS, "interpolation_type": "linear",
    "prediction_type": "epsilon", "steps_offset": 1, "timestep_spacing": "leading", "use_karras_sigmas": False,
    "sample_max_value": 1.0, "set_alpha_to_one": False, "skip_prk_steps": True, "clip_sample": False,
}  # fmt: skip

# model, scheduler, flags, tag, prompt, negative prompt (None: not given), seed, strength, steps, guidance, (width, height)
CASES = [
    ("sdxl", "euler", {}, "", "a photo of a cat", None, 31, 0.6, 8, 5, (64, 64)),
    ("sdxl", "dpmpp-2m-karras", {}, "negative", "an oil painting of the sea", "blurry, ugly", 32, 0.5, 10, 7.5, (96, 64)),
    ("sdxl", "euler-ancestral", TRAILING, "turbo", "a castle on a hill!", None, 33, 0.5, 4, 0, (64, 64)),
    ("sdxl", "ddim", {}, "long", LONG, UNICODE, 34, 0.4, 10, 6, (64, 128)),
    ("refiner", "euler", {}, "", "portrait, soft light", None, 35, 0.3, 12, 5, (64, 64)),
    ("refiner", "unipc", {}, "negative", "a red apple", "low quality", 36, 0.5, 6, 7.5, (96, 64)),
]  # fmt: skip


def randomise(module: torch.nn.Module, seed: int) -> torch.nn.Module:
    """Every weight, norms included, differs from its neutral value, so that each one is seen in the output."""
    generator = torch.Generator().manual_seed(seed)
    for name, weight in module.named_parameters():
        fan_in = weight[0].numel() if weight.ndim > 1 else 1
        noise = torch.randn(weight.shape, generator=generator)
        scaled = noise / fan_in**0.5 if weight.ndim > 1 else 0.1 * noise
        weight.data.copy_(1 + scaled if "norm" in name and name.endswith("weight") else scaled)
    return module.eval()


def text_config(width: int, act: str, layers: int) -> CLIPTextConfig:
    vocabulary = 512 + TINY_MERGES + 2
    return CLIPTextConfig(
        vocab_size=vocabulary, hidden_size=width, intermediate_size=2 * width, num_hidden_layers=layers,
        num_attention_heads=4, hidden_act=act, projection_dim=POOLED, bos_token_id=vocabulary - 2, eos_token_id=2,
    )  # fmt: skip


def build_unet(context: int, numbers: int, **changes) -> UNet2DConditionModel:
    settings = {
        "sample_size": 8, "block_out_channels": (8, 16), "layers_per_block": 1, "norm_num_groups": 4,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"), "cross_attention_dim": context,
        "attention_head_dim": (2, 4), "transformer_layers_per_block": (1, 2), "use_linear_projection": True,
        "addition_embed_type": "text_time", "addition_time_embed_dim": TIME_DIM,
        "projection_class_embeddings_input_dim": POOLED + numbers * TIME_DIM,
    }  # fmt: skip
    return UNet2DConditionModel(**settings | changes)


def build_pipeline(models: Path) -> StableDiffusionXLImg2ImgPipeline:
    """The base model; its autoencoder is sd1's with other settings."""
    merges = clip_merges()[:TINY_MERGES]
    vae = AutoencoderKL.from_pretrained(models / "sd1/vae")
    vae.register_to_config(scaling_factor=SCALING, force_upcast=True, _name_or_path="")  # no folder of this machine
    return StableDiffusionXLImg2ImgPipeline(
        vae=vae,
        text_encoder=randomise(CLIPTextModel(text_config(WIDTH, "quick_gelu", 2)), 1),
        text_encoder_2=randomise(CLIPTextModelWithProjection(text_config(WIDTH_2, "gelu", 3)), 2),
        tokenizer=build_tokenizer(merges, EOS),
        tokenizer_2=build_tokenizer(merges, "!"),
        unet=randomise(build_unet(WIDTH + WIDTH_2, 6), 3),
        scheduler=EulerDiscreteScheduler.from_config(SCHEDULER),
        force_zeros_for_empty_prompt=True,
        add_watermarker=False,
    )


def refiner_of(pipe: StableDiffusionXLImg2ImgPipeline) -> StableDiffusionXLImg2ImgPipeline:
    """The refiner's kind: the second text encoder alone, and an aesthetic score in place of the target size."""
    unet = build_unet(
        WIDTH_2, 5, down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), transformer_layers_per_block=2,
    )  # fmt: skip
    return StableDiffusionXLImg2ImgPipeline(
        vae=pipe.vae, text_encoder=None, text_encoder_2=pipe.text_encoder_2, tokenizer=None,
        tokenizer_2=pipe.tokenizer_2, unet=randomise(unet, 5), scheduler=pipe.scheduler,
        requires_aesthetics_score=True, force_zeros_for_empty_prompt=False, add_watermarker=False,
    )  # fmt: skip


def fit(pipe: StableDiffusionXLImg2ImgPipeline, seed: int) -> None:
    """Makes the UNet remove noise (see golden_models.fit_unet)."""
    torch.manual_seed(seed)
    contexts, _, pooled, _ = pipe.encode_prompt(FIT_PROMPTS, do_classifier_free_guidance=False)
    numbers = [64.0, 64.0, 0.0, 0.0, *([6.0] if pipe.config.requires_aesthetics_score else [64.0, 64.0])]

    def added(which: torch.Tensor) -> dict:
        return {"text_embeds": pooled[which], "time_ids": torch.tensor(numbers).expand(len(which), -1)}

    fit_unet(pipe.unet, pipe.vae, contexts, v_prediction=False, scaling=SCALING, added=added)


def save(pipe: StableDiffusionXLImg2ImgPipeline, folder: Path) -> None:
    """Writes the parts that the pipeline has; the refiner's folder gets only what the base model has not."""
    shutil.rmtree(folder, ignore_errors=True)
    pipe.unet.save_pretrained(folder / "unet")
    is_refiner = pipe.text_encoder is None
    if not is_refiner:
        merges = clip_merges()[:TINY_MERGES]
        pipe.text_encoder.save_pretrained(folder / "text_encoder")
        pipe.text_encoder_2.save_pretrained(folder / "text_encoder_2")
        save_tokenizer(folder / "tokenizer", merges, EOS)
        save_tokenizer(folder / "tokenizer_2", merges, "!")
        pipe.vae.save_pretrained(folder / "vae")
        write_json(folder / "scheduler/scheduler_config.json", SCHEDULER)
    first = [None, None] if is_refiner else ["transformers", "CLIPTextModel"]
    write_json(
        folder / "model_index.json",
        {
            "_class_name": type(pipe).__name__ if is_refiner else "StableDiffusionXLPipeline",
            "_diffusers_version": "0.19.0.dev0",
            "force_zeros_for_empty_prompt": pipe.config.force_zeros_for_empty_prompt,
            **({"requires_aesthetics_score": True} if is_refiner else {}),
            "scheduler": ["diffusers", "EulerDiscreteScheduler"], "text_encoder": first,
            "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
            "tokenizer": [None, None] if is_refiner else ["transformers", "CLIPTokenizer"],
            "tokenizer_2": ["transformers", "CLIPTokenizer"], "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"],
        },
    )  # fmt: skip


class TextEncoder(torch.nn.Module):
    """input_ids [B, S] -> what optimum exports: [text_embeds,] last_hidden_state, [pooler_output,] hidden_states.0 ..."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids):
        output = self.model(input_ids, output_hidden_states=True)
        if hasattr(output, "text_embeds"):
            return output.text_embeds, output.last_hidden_state, *output.hidden_states
        return output.last_hidden_state, output.pooler_output, *output.hidden_states


class UNet(torch.nn.Module):
    """With text_embeds [B, P] and time_ids [B, 6]."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, sample, timestep, encoder_hidden_states, text_embeds, time_ids):
        added = {"text_embeds": text_embeds, "time_ids": time_ids}
        return self.model(sample, timestep, encoder_hidden_states, added_cond_kwargs=added, return_dict=False)[0]


def export_onnx(pipe: StableDiffusionXLImg2ImgPipeline, source: Path, folder: Path) -> None:
    """Text encoders and UNet in optimum's layout. The autoencoder is sd1's, so that sd1-onnx has its graphs."""
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(0)
    sequence = {0: "batch_size", 1: "sequence_length"}
    for name in ("text_encoder", "text_encoder_2"):
        encoder, tokenizer = getattr(pipe, name), getattr(pipe, name.replace("text_encoder", "tokenizer"))
        ids = tokenizer(FIT_PROMPTS[3:5], padding="max_length", truncation=True, return_tensors="pt").input_ids
        states = {f"hidden_states.{i}": sequence for i in range(encoder.config.num_hidden_layers + 1)}
        one = {0: "batch_size"}
        first = {"text_embeds": one, "last_hidden_state": sequence} if name == "text_encoder_2" else {
            "last_hidden_state": sequence, "pooler_output": one}  # fmt: skip
        export(
            TextEncoder(encoder), {"input_ids": (ids, sequence)}, first | states, folder / name / "model.onnx",
            compact=True,
        )  # fmt: skip
    latent_axes = axes("latent_", ("height", "width"))
    export(
        UNet(pipe.unet),
        {
            "sample": (torch.randn(2, 4, 8, 8), latent_axes), "timestep": (torch.tensor(981.0), None),
            "encoder_hidden_states": (torch.randn(2, 77, WIDTH + WIDTH_2), sequence),
            "text_embeds": (torch.randn(2, POOLED), {0: "batch_size"}),
            "time_ids": (torch.full((2, 6), 64.0), {0: "batch_size"}),
        },
        {"out_sample": latent_axes}, folder / "unet/model.onnx", compact=True,
    )  # fmt: skip
    for part in ("text_encoder", "text_encoder_2", "unet"):
        shutil.copy(source / part / "config.json", folder / part)
    index = json.loads((source / "model_index.json").read_text())
    index |= {part: ["optimum.onnxruntime", "ORTModel"] for part in ("text_encoder", "text_encoder_2", "unet")}
    write_json(folder / "model_index.json", index)


def record_text(pipe: StableDiffusionXLImg2ImgPipeline) -> dict[str, torch.Tensor]:
    """Input and every output of both text encoders."""
    record = {}
    for name, tokenizer in (("text_encoder", pipe.tokenizer), ("text_encoder_2", pipe.tokenizer_2)):
        ids = tokenizer(FIT_PROMPTS[3:5], padding="max_length", truncation=True, return_tensors="pt").input_ids
        output = getattr(pipe, name)(ids, output_hidden_states=True)
        record[f"{name}.input_ids"] = ids.int()
        record |= {f"{name}.hidden_states.{i}": state for i, state in enumerate(output.hidden_states[:-1])}
        record[f"{name}.last_hidden_state"] = output.last_hidden_state
        if name == "text_encoder":
            record[f"{name}.pooler_output"] = output.pooler_output
        else:
            record[f"{name}.text_embeds"] = output.text_embeds
    return record


def record_unet(unet: UNet2DConditionModel, context: torch.Tensor, pooled: torch.Tensor) -> dict[str, torch.Tensor]:
    """Input and output of a UNet with added conditioning, for two different rows."""
    generator = torch.Generator().manual_seed(4)
    numbers = [[64.0, 96.0, 0.0, 8.0, 64.0, 96.0], [1024.0, 768.0, 16.0, 0.0, 512.0, 512.0]]
    if unet.config.projection_class_embeddings_input_dim == POOLED + 5 * TIME_DIM:
        numbers = [[64.0, 96.0, 0.0, 8.0, 6.0], [1024.0, 768.0, 16.0, 0.0, 2.5]]
    inputs = {
        "sample": torch.randn(2, 4, 8, 12, generator=generator), "timestep": torch.tensor(341.0),
        "encoder_hidden_states": context, "text_embeds": pooled, "time_ids": torch.tensor(numbers),
    }  # fmt: skip
    added = {"text_embeds": pooled, "time_ids": inputs["time_ids"]}
    output = unet(inputs["sample"], inputs["timestep"], context, added_cond_kwargs=added).sample
    return {f"unet.{name}": value for name, value in inputs.items()} | {"unet.out_sample": output}


def write_record(root: Path, name: str, record: dict[str, torch.Tensor]) -> None:
    save_file({k: v.contiguous().clone() for k, v in record.items()}, root / f"components/{name}.safetensors")


def run_case(pipe: StableDiffusionXLImg2ImgPipeline, case: tuple, root: Path) -> None:
    model, name, flags, tag, prompt, negative, seed, strength, steps, guidance, (width, height) = case
    stock = pipe.scheduler
    pipe.scheduler = scheduler_for(pipe, name, flags)
    input_file = f"input-{width}x{height}.png"
    image = Image.open(root / input_file).convert("RGB")
    embeds = pipe.encode_prompt(prompt, device="cpu", negative_prompt=negative)
    names = ("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds", "pooled_negative_prompt_embeds")
    tensors, result = recorded_run(
        pipe, image, seed, prompt=prompt, negative_prompt=negative, strength=strength, num_inference_steps=steps,
        guidance_scale=guidance,
    )  # fmt: skip
    tensors |= dict(zip(names, embeds, strict=True))
    config, pipe.scheduler = plain(pipe.scheduler.config), stock
    request = {
        "model": model, "prompt": prompt, "negativePrompt": negative or "", "seed": seed, "strength": strength,
        "steps": steps, "guidance": guidance, "width": width, "height": height, "input": input_file,
        "scheduler": name, "schedulerConfig": config,
    }  # fmt: skip
    write_case(root, "-".join(filter(None, (model, name, tag))), request, tensors, result)


@torch.no_grad()
def make_sdxl(root: Path) -> None:
    base = build_pipeline(root / "models")
    pipes = {"sdxl": base, "refiner": refiner_of(base)}
    for seed, (name, pipe) in enumerate(pipes.items(), start=6):
        pipe.set_progress_bar_config(disable=True)
        fit(pipe, seed)
        save(pipe, root / "models" / ("sdxl" if name == "sdxl" else "sdxl-refiner"))
    text = record_text(base)
    first, second = text["text_encoder.hidden_states.1"], text["text_encoder_2.hidden_states.2"]
    pooled = text["text_encoder_2.text_embeds"]
    write_record(root, "sdxl", text | record_unet(base.unet, torch.cat([first, second], -1), pooled))
    write_record(root, "refiner", record_unet(pipes["refiner"].unet, second, pooled))
    for pattern in ("sdxl-*", "refiner-*"):
        for path in (root / "cases").glob(pattern):
            path.unlink()
    for case in CASES:
        run_case(pipes[case[0]], case, root)
    export_onnx(base, root / "models/sdxl", root / "models/sdxl-onnx")
