"""The parts of Stable Diffusion XL that the other models do not have, tiny and random, each with its own input and output.

Not a whole pipeline: text encoders without a tokenizer, and a UNet with added conditioning.
"""

from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

WIDTH, WIDTH_2, POOLED, VOCABULARY = 16, 24, 20, 60
START, END = VOCABULARY - 2, VOCABULARY - 1


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
    return CLIPTextConfig(
        vocab_size=VOCABULARY, hidden_size=width, intermediate_size=2 * width, num_hidden_layers=layers,
        num_attention_heads=4, hidden_act=act, projection_dim=POOLED, bos_token_id=START, eos_token_id=2,
    )  # fmt: skip


@torch.no_grad()
def make_sdxl(root: Path) -> None:
    folder = root / "models" / "sdxl"
    unet = UNet2DConditionModel(
        sample_size=8, block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=WIDTH + WIDTH_2, attention_head_dim=(2, 4), transformer_layers_per_block=(1, 2),
        use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=POOLED + 6 * 8,
    )  # fmt: skip
    parts = {
        "text_encoder": randomise(CLIPTextModel(text_config(WIDTH, "quick_gelu", 2)), 1),
        "text_encoder_2": randomise(CLIPTextModelWithProjection(text_config(WIDTH_2, "gelu", 3)), 2),
        "unet": randomise(unet, 3),
    }
    for name, part in parts.items():
        part.save_pretrained(folder / name)

    generator = torch.Generator().manual_seed(4)
    ids = torch.randint(1, START, (2, 77), generator=generator)
    ids[:, 0] = START
    ids[0, 9:], ids[1, 30:] = END, END
    first = parts["text_encoder"](ids, output_hidden_states=True)
    second = parts["text_encoder_2"](ids, output_hidden_states=True)
    record = {"text_encoder.input_ids": ids.int(), "text_encoder_2.input_ids": ids.int()}
    record |= {f"text_encoder.hidden_states.{i}": state for i, state in enumerate(first.hidden_states[:-1])}
    record |= {f"text_encoder_2.hidden_states.{i}": state for i, state in enumerate(second.hidden_states[:-1])}
    record["text_encoder.last_hidden_state"] = first.last_hidden_state
    record["text_encoder.pooler_output"] = first.pooler_output
    record["text_encoder_2.last_hidden_state"] = second.last_hidden_state
    record["text_encoder_2.text_embeds"] = second.text_embeds

    inputs = {
        "sample": torch.randn(2, 4, 8, 12, generator=generator),
        "timestep": torch.tensor(341.0),
        "encoder_hidden_states": torch.cat([first.hidden_states[-2], second.hidden_states[-2]], -1),
        "text_embeds": second.text_embeds,
        "time_ids": torch.tensor([[64.0, 96.0, 0.0, 8.0, 64.0, 96.0], [1024.0, 768.0, 16.0, 0.0, 512.0, 512.0]]),
    }
    added = {"text_embeds": inputs["text_embeds"], "time_ids": inputs["time_ids"]}
    output = unet(inputs["sample"], inputs["timestep"], inputs["encoder_hidden_states"], added_cond_kwargs=added).sample
    record |= {f"unet.{name}": value for name, value in inputs.items()} | {"unet.out_sample": output}
    save_file({name: value.contiguous().clone() for name, value in record.items()}, root / "components" / "sdxl.safetensors")
