"""Tiny LoRA files for the tiny models in the namings that people have, and what diffusers computes with them at several strengths."""

import re
from pathlib import Path

import torch
from diffusers import DDIMScheduler, StableDiffusionImg2ImgPipeline, StableDiffusionXLImg2ImgPipeline
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from PIL import Image
from safetensors.torch import save_file

from golden_cases import plain
from golden_flux import load_flux
from golden_models import load_pipeline, write_json

STRENGTHS = [0, 0.5, 1, -0.5]
COMMON = {"prompt": "a photo of a cat", "seed": 5, "strength": 0.6, "steps": 5, "input": "input-64x64.png"}
REQUESTS = {
    "sd1": COMMON | {"negativePrompt": "blurry", "guidance": 7.5, "scheduler": "ddim"},
    "sdxl": COMMON | {"negativePrompt": "blurry", "guidance": 5, "scheduler": "ddim"},
    "flux-schnell": COMMON | {"negativePrompt": "", "guidance": 0, "scheduler": "flow-match-euler"},
}

UNET_LINEAR = ["to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2", "proj_in", "proj_out", "time_emb_proj"]
UNET_CONV = ["conv1", "conv2", "conv_shortcut", "downsamplers.0.conv", "upsamplers.0.conv"]
TEXT = ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]

# case -> model, (file, weight as a multiple of the strength) ...
CASES = {
    "kohya": ("sd1", [("kohya", 1)]),
    "peft": ("sd1", [("peft", 1)]),
    "text": ("sd1", [("text", 1)]),
    "two": ("sd1", [("kohya", 1), ("peft", -0.6)]),
    "sdxl": ("sdxl", [("sdxl", 1)]),
    "flux": ("flux-schnell", [("flux", 1)]),
}

# diffusers' blocks of the tiny SDXL in the numbering of the original code, which kohya's SDXL files use.
SGM = [
    (r"down_blocks\.0\.resnets\.0", "input_blocks.1.0"), (r"down_blocks\.0\.downsamplers\.0\.conv", "input_blocks.2.0.op"),
    (r"down_blocks\.1\.resnets\.0", "input_blocks.3.0"), (r"down_blocks\.1\.attentions\.0", "input_blocks.3.1"),
    (r"mid_block\.resnets\.0", "middle_block.0"), (r"mid_block\.attentions\.0", "middle_block.1"),
    (r"mid_block\.resnets\.1", "middle_block.2"), (r"up_blocks\.0\.resnets\.(\d)", r"output_blocks.\1.0"),
    (r"up_blocks\.0\.attentions\.(\d)", r"output_blocks.\1.1"), (r"up_blocks\.0\.upsamplers\.0", "output_blocks.1.2"),
    (r"up_blocks\.1\.resnets\.0", "output_blocks.2.0"), (r"up_blocks\.1\.resnets\.1", "output_blocks.3.0"),
    (r"\.conv1$", ".in_layers.2"), (r"\.conv2$", ".out_layers.3"), (r"\.time_emb_proj$", ".emb_layers.1"),
    (r"\.conv_shortcut$", ".skip_connection"),
]  # fmt: skip

# Layers of the original Flux code -> the layers of diffusers that they hold, in order.
FLUX = {
    "double_blocks.{}.img_attn.qkv": ["transformer_blocks.{}.attn.to_q", "transformer_blocks.{}.attn.to_k", "transformer_blocks.{}.attn.to_v"],
    "double_blocks.{}.txt_attn.qkv": [f"transformer_blocks.{{}}.attn.add_{x}_proj" for x in "qkv"],
    "double_blocks.{}.img_attn.proj": ["transformer_blocks.{}.attn.to_out.0"],
    "double_blocks.{}.txt_attn.proj": ["transformer_blocks.{}.attn.to_add_out"],
    "double_blocks.{}.img_mlp.0": ["transformer_blocks.{}.ff.net.0.proj"],
    "double_blocks.{}.txt_mlp.2": ["transformer_blocks.{}.ff_context.net.2"],
    "double_blocks.{}.img_mod.lin": ["transformer_blocks.{}.norm1.linear"],
    "double_blocks.{}.txt_mod.lin": ["transformer_blocks.{}.norm1_context.linear"],
    "single_blocks.{}.linear1": [*(f"single_transformer_blocks.{{}}.attn.to_{x}" for x in "qkv"), "single_transformer_blocks.{}.proj_mlp"],
    "single_blocks.{}.linear2": ["single_transformer_blocks.{}.proj_out"],
    "single_blocks.{}.modulation.lin": ["single_transformer_blocks.{}.norm.linear"],
}  # fmt: skip
FLUX_OUTSIDE = {
    "img_in": "x_embedder", "txt_in": "context_embedder", "time_in.in_layer": "time_text_embed.timestep_embedder.linear_1",
    "vector_in.out_layer": "time_text_embed.text_embedder.linear_2", "final_layer.linear": "proj_out",
    "final_layer.adaLN_modulation.1": "norm_out.linear",
}  # fmt: skip


def matrices(model: torch.nn.Module, targets: list[str], rank: int, amplitude: float) -> dict:
    """Layer name -> (down, up) for every layer whose name ends in a target."""
    found = {}
    for name, module in model.named_modules():
        if not any(name == t or name.endswith("." + t) for t in targets) or not hasattr(module, "weight"):
            continue
        weight = module.weight
        down = torch.randn(rank, *weight.shape[1:]) / weight[0].numel() ** 0.5
        up = torch.randn(weight.shape[0], rank, *[1] * (weight.ndim - 2)) * amplitude / rank**0.5
        found[name] = (down, up)
    return found


def kohya(prefix: str, layers: dict, alpha: float) -> dict:
    tensors = {}
    for name, (down, up) in layers.items():
        key = prefix + name.replace(".", "_")
        tensors[f"{key}.lora_down.weight"] = down
        tensors[f"{key}.lora_up.weight"] = up
        tensors[f"{key}.alpha"] = torch.tensor(float(alpha))
    return tensors


def save_kohya(path: Path, tensors: dict, dtype: torch.dtype, metadata: dict) -> None:
    save_file({k: v.to(dtype).contiguous() for k, v in tensors.items()}, path, metadata)


def adapter(model: torch.nn.Module, targets: list[str], rank: int, alpha: float, amplitude: float) -> tuple[dict, dict]:
    """State dict and configuration of a PEFT adapter with random weights."""
    model.add_adapter(LoraConfig(r=rank, lora_alpha=alpha, target_modules=targets), adapter_name="made")
    for name, weight in model.named_parameters():
        if "lora_A" in name:
            weight.copy_(torch.randn(weight.shape) / weight[0].numel() ** 0.5)
        elif "lora_B" in name:
            weight.copy_(torch.randn(weight.shape) * amplitude / rank**0.5)
    state = get_peft_model_state_dict(model, adapter_name="made")
    config = model.peft_config["made"].to_dict() | {"base_model_name_or_path": None}  # a folder of this machine
    model.delete_adapters("made") if hasattr(model, "delete_adapters") else model.delete_adapter("made")
    return {k: v.clone() for k, v in state.items()}, config


def text_layers(encoder: torch.nn.Module, rank: int, amplitude: float) -> dict:
    """With the names of transformers up to 4, which every file has."""
    return {f"text_model.{k.removeprefix('text_model.')}": v for k, v in matrices(encoder, TEXT, rank, amplitude).items()}


def make_xl(root: Path, folder: Path) -> None:
    pipe = load_xl(root)
    torch.manual_seed(32)
    unet = {}
    for name, pair in matrices(pipe.unet, UNET_LINEAR + UNET_CONV, 4, 0.2).items():
        for pattern, to in SGM:
            name = re.sub(pattern, to, name)
        unet[name] = pair
    save_kohya(
        folder / "sdxl.safetensors",
        kohya("lora_unet_", unet, 2) | kohya("lora_te1_", text_layers(pipe.text_encoder, 4, 0.4), 2)
        | kohya("lora_te2_", text_layers(pipe.text_encoder_2, 4, 0.4), 2),
        torch.float16, {"ss_base_model_version": "sdxl_base_v1-0"},
    )  # fmt: skip


def make_flux_file(root: Path, folder: Path) -> dict:
    """Writes a file in kohya's naming, and answers the same in diffusers' own, split by hand (its conversion knows the full size only)."""
    pipe = load_flux(root, "schnell")
    torch.manual_seed(33)
    modules = dict(pipe.transformer.named_modules())
    rank, alpha, kohya_layers, split = 4, 3, {}, {}

    def add(name: str, parts: list[str]) -> None:
        weights = [modules[part].weight for part in parts]
        down = (torch.randn(rank, weights[0].shape[1]) / weights[0].shape[1] ** 0.5).half()
        up = (torch.randn(sum(len(w) for w in weights), rank) * 0.3 / rank**0.5).half()
        kohya_layers[name] = (down, up)
        if name == "final_layer.adaLN_modulation.1":  # shift and scale stand the other way round
            up = torch.cat(up.chunk(2)[::-1])
        for part, rows in zip(parts, up.split([len(w) for w in weights]), strict=True):
            split[f"transformer.{part}.lora_A.weight"] = down.float()
            split[f"transformer.{part}.lora_B.weight"] = rows.float() * (alpha / rank)

    for name, parts in FLUX.items():
        for i in range(2):
            add(name.format(i), [part.format(i) for part in parts])
    for name, part in FLUX_OUTSIDE.items():
        add(name, [part])
    text = text_layers(pipe.text_encoder, rank, 0.5)
    for name, (down, up) in text.items():
        layer = name if any(k.startswith("text_model.") for k, _ in pipe.text_encoder.named_modules()) else name.removeprefix("text_model.")
        split[f"text_encoder.{layer}.lora_A.weight"] = down.half().float()
        split[f"text_encoder.{layer}.lora_B.weight"] = up.half().float() * (alpha / rank)
    save_kohya(
        folder / "flux.safetensors", kohya("lora_unet_", kohya_layers, alpha) | kohya("lora_te1_", text, alpha), torch.float16,
        {"modelspec.architecture": "flux-1-schnell/lora"},
    )  # fmt: skip
    return split


def load_xl(root: Path) -> StableDiffusionXLImg2ImgPipeline:
    pipe = StableDiffusionXLImg2ImgPipeline.from_pretrained(root / "models/sdxl", local_files_only=True, add_watermarker=False)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def make_files(root: Path, folder: Path) -> None:
    pipe = load_pipeline(root / "models/sd1")
    torch.manual_seed(31)
    text = text_layers(pipe.text_encoder, 4, 0.5)
    unet = matrices(pipe.unet, UNET_LINEAR + UNET_CONV, 4, 0.3)
    told = {"ss_base_model_version": "sd_v1", "ss_network_module": "networks.lora", "ss_network_dim": "4"}
    save_kohya(folder / "kohya.safetensors", kohya("lora_unet_", unet, 3) | kohya("lora_te_", text, 3), torch.float16, told)

    text_only = text_layers(pipe.text_encoder, 2, 0.8)
    save_kohya(folder / "text.safetensors", kohya("lora_te_", text_only, 1), torch.bfloat16, {})

    unet_state, unet_config = adapter(pipe.unet, UNET_LINEAR, 3, 6, 0.3)
    text_state, text_config = adapter(pipe.text_encoder, TEXT[:4], 2, 2, 0.5)
    StableDiffusionImg2ImgPipeline.save_lora_weights(
        folder, unet_lora_layers=unet_state, text_encoder_lora_layers=text_state, weight_name="peft.safetensors",
        unet_lora_adapter_metadata=unet_config, text_encoder_lora_adapter_metadata=text_config,
    )  # fmt: skip

    # A LoRA of Stable Diffusion XL in the naming of its original code.
    xl = {}
    for key, size in {
        "lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q": 640,
        "lora_unet_input_blocks_4_1_transformer_blocks_1_attn1_to_q": 640,
        "lora_te1_text_model_encoder_layers_0_self_attn_q_proj": 768,
        "lora_te2_text_model_encoder_layers_0_self_attn_q_proj": 1280,
    }.items():
        xl |= {f"{key}.lora_down.weight": torch.randn(1, size), f"{key}.lora_up.weight": torch.randn(size, 1),
               f"{key}.alpha": torch.tensor(1.0)}  # fmt: skip
    save_kohya(folder / "xl.safetensors", xl, torch.float16, {"modelspec.architecture": "stable-diffusion-xl-v1-base/lora"})


def load(root: Path, model: str):
    if model == "flux-schnell":
        return load_flux(root, "schnell")
    pipe = load_xl(root) if model == "sdxl" else load_pipeline(root / f"models/{model}")
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
    return pipe


def run(pipe, request: dict, image: Image.Image) -> dict:
    tensors = {}
    is_flux = hasattr(pipe, "transformer")

    def record(_pipe, index, _timestep, values):
        latents = values["latents"]
        tensors[f"latents_step_{index}"] = pipe._unpack_latents(latents, 64, 64, 8) if is_flux else latents.clone()
        return {}

    more = {"height": 64, "width": 64} if is_flux else {"negative_prompt": request["negativePrompt"]}
    if is_flux:
        more["max_sequence_length"] = 256
    pipe(
        prompt=request["prompt"], image=image, strength=request["strength"], num_inference_steps=request["steps"],
        guidance_scale=request["guidance"], generator=torch.Generator("cpu").manual_seed(request["seed"]),
        output_type="latent", callback_on_step_end=record, **more,
    )  # fmt: skip
    return tensors


@torch.no_grad()
def make_lora(root: Path) -> None:
    folder = root / "lora"
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    make_files(root, folder)
    make_xl(root, folder)
    split = make_flux_file(root, folder)
    record, configs = {}, {}
    for case, (model, files) in CASES.items():
        request = REQUESTS[model]
        image = Image.open(root / request["input"]).convert("RGB")
        pipe = load(root, model)
        configs[model] = {"_class_name": type(pipe.scheduler).__name__} | plain(pipe.scheduler.config)
        plain_run = run(pipe, request, image)
        for name, _ in files:
            pipe.load_lora_weights(split if case == "flux" else folder / f"{name}.safetensors", adapter_name=name)
        last = {}
        for strength in STRENGTHS:
            pipe.set_adapters([name for name, _ in files], [strength * factor for _, factor in files])
            latents = run(pipe, request, image)
            last[strength] = list(latents.values())[-1]
            record |= {f"{case}/{strength}/{key}": value for key, value in latents.items()}
        unchanged = (last[0] - list(plain_run.values())[-1]).abs().max()
        moved = {s: float((last[s] - last[0]).abs().max()) for s in STRENGTHS}
        print(f"{case}: strength 0 differs from none by {unchanged:.1e}, changes {moved}")
        assert unchanged < 1e-4 and min(moved[s] for s in STRENGTHS[1:]) > 0.1, case
    save_file({k: v.contiguous() for k, v in record.items()}, folder / "latents.safetensors")
    write_json(
        folder / "cases.json",
        {
            "strengths": STRENGTHS,
            "requests": {model: request | {"schedulerConfig": configs[model]} for model, request in REQUESTS.items()},
            "cases": {
                case: {"model": model, "files": [{"file": f"{n}.safetensors", "factor": f} for n, f in files]}
                for case, (model, files) in CASES.items()
            },
        },
    )  # fmt: skip
