"""Tiny LoRA files for the tiny SD1 model in the namings that people have, and what diffusers computes with them at several strengths."""

from pathlib import Path

import torch
from diffusers import DDIMScheduler, StableDiffusionImg2ImgPipeline
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from PIL import Image
from safetensors.torch import save_file

from golden_cases import plain
from golden_models import load_pipeline, write_json

STRENGTHS = [0, 0.5, 1, -0.5]
PROMPT, NEGATIVE, SEED, STRENGTH, STEPS, GUIDANCE = "a photo of a cat", "blurry", 5, 0.6, 5, 7.5

UNET_LINEAR = ["to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2", "proj_in", "proj_out", "time_emb_proj"]
UNET_CONV = ["conv1", "conv2", "conv_shortcut", "downsamplers.0.conv", "upsamplers.0.conv"]
TEXT = ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]

# case -> (file, weight as a multiple of the strength) ...
CASES = {
    "kohya": [("kohya", 1)],
    "peft": [("peft", 1)],
    "text": [("text", 1)],
    "two": [("kohya", 1), ("peft", -0.6)],
}


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
    config = model.peft_config["made"].to_dict()
    model.delete_adapters("made") if hasattr(model, "delete_adapters") else model.delete_adapter("made")
    return {k: v.clone() for k, v in state.items()}, config


def make_files(root: Path, folder: Path) -> None:
    pipe = load_pipeline(root / "models/sd1")
    torch.manual_seed(31)
    # The names of transformers up to 4, which every file has.
    text = {f"text_model.{k}": v for k, v in matrices(pipe.text_encoder, TEXT, 4, 0.5).items()}
    unet = matrices(pipe.unet, UNET_LINEAR + UNET_CONV, 4, 0.3)
    told = {"ss_base_model_version": "sd_v1", "ss_network_module": "networks.lora", "ss_network_dim": "4"}
    save_kohya(folder / "kohya.safetensors", kohya("lora_unet_", unet, 3) | kohya("lora_te_", text, 3), torch.float16, told)

    text_only = {f"text_model.{k}": v for k, v in matrices(pipe.text_encoder, TEXT, 2, 0.8).items()}
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


def run(pipe, image: Image.Image) -> dict:
    tensors = {}

    def record(_pipe, index, _timestep, values):
        tensors[f"latents_step_{index}"] = values["latents"].clone()
        return {}

    pipe(
        prompt=PROMPT, negative_prompt=NEGATIVE, image=image, strength=STRENGTH, num_inference_steps=STEPS,
        guidance_scale=GUIDANCE, generator=torch.Generator("cpu").manual_seed(SEED), output_type="latent",
        callback_on_step_end=record,
    )  # fmt: skip
    return tensors


@torch.no_grad()
def make_lora(root: Path) -> None:
    folder = root / "lora"
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    make_files(root, folder)
    image = Image.open(root / "input-64x64.png").convert("RGB")
    record = {}
    for case, files in CASES.items():
        pipe = load_pipeline(root / "models/sd1")
        pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
        plain_run = run(pipe, image)
        for name, _ in files:
            pipe.load_lora_weights(folder / f"{name}.safetensors", adapter_name=name)
        last = {}
        for strength in STRENGTHS:
            pipe.set_adapters([name for name, _ in files], [strength * factor for _, factor in files])
            latents = run(pipe, image)
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
            "prompt": PROMPT, "negativePrompt": NEGATIVE, "seed": SEED, "strength": STRENGTH, "steps": STEPS,
            "guidance": GUIDANCE, "input": "input-64x64.png", "scheduler": "ddim",
            "schedulerConfig": plain(pipe.scheduler.config), "strengths": STRENGTHS,
            "cases": {case: [{"file": f"{n}.safetensors", "factor": f} for n, f in files] for case, files in CASES.items()},
        },
    )  # fmt: skip
