"""Stable Diffusion XL base in full size with random weights: a diffusers folder in float16 (6.9 GB), as published in its structure.

    python make_sdxl.py <folder>

Writes <folder>/diffusers without its tokenizers.
"""

import json
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

SCHEDULER = {
    "_class_name": "EulerDiscreteScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
    "interpolation_type": "linear", "num_train_timesteps": 1000, "prediction_type": "epsilon", "steps_offset": 1,
    "timestep_spacing": "leading", "use_karras_sigmas": False,
}  # fmt: skip
UNET = {
    "sample_size": 128, "block_out_channels": (320, 640, 1280), "cross_attention_dim": 2048, "attention_head_dim": (5, 10, 20),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), "transformer_layers_per_block": (1, 2, 10),
    "use_linear_projection": True, "addition_embed_type": "text_time", "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}  # fmt: skip
VAE = {
    "down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4, "layers_per_block": 2,
    "block_out_channels": (128, 256, 512, 512), "latent_channels": 4, "sample_size": 1024, "scaling_factor": 0.13025,
}  # fmt: skip


def text_config(width: int, layers: int, act: str) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=49408, hidden_size=width, intermediate_size=4 * width, num_hidden_layers=layers, hidden_act=act,
        num_attention_heads=width // 64, projection_dim=width, bos_token_id=49406, eos_token_id=49407,
    )  # fmt: skip


# One part after the other, so that only one is in memory.
PARTS = {
    "unet": lambda: UNet2DConditionModel(**UNET),
    "vae": lambda: AutoencoderKL(**VAE),
    "text_encoder": lambda: CLIPTextModel(text_config(768, 12, "quick_gelu")),
    "text_encoder_2": lambda: CLIPTextModelWithProjection(text_config(1280, 32, "gelu")),
}


def in_half(make) -> torch.nn.Module:
    """Float16 all along: matrices of unit gain, norms 1, biases 0."""
    with torch.device("meta"):
        module = make().half()
    module = module.to_empty(device="cpu")
    for name, weight in module.named_parameters():
        if weight.ndim > 1:
            weight.data.copy_(torch.randn(weight.shape) / weight[0].numel() ** 0.5)
        else:
            weight.data.fill_(1.0 if "norm" in name and name.endswith("weight") else 0.0)
    for name, buffer in module.named_buffers():
        if name.endswith("position_ids"):
            buffer.copy_(torch.arange(buffer.shape[-1]).expand(buffer.shape))
    return module


@torch.no_grad()
def main(folder: Path) -> None:
    torch.manual_seed(0)
    target = folder / "diffusers"
    for name, make in PARTS.items():
        in_half(make).save_pretrained(target / name)
        print(f"wrote {name}", flush=True)
    (target / "scheduler").mkdir()
    (target / "scheduler/scheduler_config.json").write_text(json.dumps(SCHEDULER, indent=2))
    index = {
        "_class_name": "StableDiffusionXLPipeline", "force_zeros_for_empty_prompt": True,
        "scheduler": ["diffusers", "EulerDiscreteScheduler"], "text_encoder": ["transformers", "CLIPTextModel"],
        "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"], "tokenizer": ["transformers", "CLIPTokenizer"],
        "tokenizer_2": ["transformers", "CLIPTokenizer"], "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }  # fmt: skip
    (target / "model_index.json").write_text(json.dumps(index, indent=2))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
