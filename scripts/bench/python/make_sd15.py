"""Stable Diffusion 1.5 in full size with random weights: a diffusers folder in float16, and torch.onnx exports of the same weights.

    python make_sd15.py <folder>

Writes <folder>/diffusers (fp16 safetensors, what the checkpoint door and diffusers open) and <folder>/onnx (float32, the layout and names that
optimum writes; exported from the weights after their rounding to float16). The sizes are those of the published configs.
"""

import json
import shutil
import sys
from pathlib import Path

import onnx
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

sys.path.insert(0, str(Path(__file__).parents[3] / "test/golden"))
from onnx_parts import TextEncoder, UNet, VaeDecoder, VaeEncoder  # noqa: E402

OPSET = 17


def config_of_text_encoder() -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
        hidden_act="quick_gelu", projection_dim=768, bos_token_id=49406, eos_token_id=49407,
    )  # fmt: skip


def make_parts() -> dict[str, torch.nn.Module]:
    torch.manual_seed(0)
    return {
        "unet": UNet2DConditionModel(
            sample_size=64, cross_attention_dim=768, attention_head_dim=8, block_out_channels=(320, 640, 1280, 1280)
        ),
        "vae": AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=(128, 256, 512, 512), layers_per_block=2, latent_channels=4, sample_size=512,
        ),
        "text_encoder": CLIPTextModel(config_of_text_encoder()),
    }  # fmt: skip


def export(module: torch.nn.Module, inputs: dict, outputs: dict, path: Path) -> None:
    """inputs: name -> (example, dynamic axes); outputs: name -> dynamic axes. Large weights go into model.onnx_data."""
    raw = path.parent / "raw"
    raw.mkdir(parents=True)
    named = {name: axes for name, (_, axes) in inputs.items() if axes} | outputs
    torch.onnx.export(
        module.eval(), tuple(example for example, _ in inputs.values()), str(raw / "model.onnx"), input_names=list(inputs),
        output_names=list(outputs), dynamic_axes=named, opset_version=OPSET, dynamo=False,
    )  # fmt: skip
    model = onnx.load(raw / "model.onnx")
    shutil.rmtree(raw)
    onnx.save(model, path, save_as_external_data=True, location="model.onnx_data", size_threshold=1024)


def picture(prefix: str) -> dict[int, str]:
    return {0: "batch_size", 2: f"{prefix}height", 3: f"{prefix}width"}


@torch.no_grad()
def main(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    source, target = folder / "diffusers", folder / "onnx"
    parts = make_parts()
    for name, part in parts.items():
        part.half().save_pretrained(source / name)
        parts[name] = part.float()
    schedule = {
        "_class_name": "DDIMScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
        "num_train_timesteps": 1000, "set_alpha_to_one": False, "steps_offset": 1, "clip_sample": False,
        "prediction_type": "epsilon",
    }  # fmt: skip
    index = {
        "_class_name": "StableDiffusionPipeline", "scheduler": ["diffusers", "DDIMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
    }  # fmt: skip
    sequence = {0: "batch_size", 1: "sequence_length"}
    ids = torch.randint(0, 49000, (1, 77))
    exports = {
        "text_encoder": (
            TextEncoder(parts["text_encoder"]), {"input_ids": (ids, sequence)},
            {"last_hidden_state": sequence, "pooler_output": {0: "batch_size"}},
        ),
        "unet": (
            UNet(parts["unet"]),
            {
                "sample": (torch.randn(2, 4, 64, 64), picture("")),
                "timestep": (torch.tensor(981.0), None),
                "encoder_hidden_states": (torch.randn(2, 77, 768), sequence),
            },
            {"out_sample": picture("")},
        ),
        "vae_encoder": (
            VaeEncoder(parts["vae"]), {"sample": (torch.randn(1, 3, 256, 256), picture(""))},
            {"latent_parameters": picture("latent_")},
        ),
        "vae_decoder": (
            VaeDecoder(parts["vae"]), {"latent_sample": (torch.randn(1, 4, 32, 32), picture("latent_"))},
            {"sample": picture("")},
        ),
    }  # fmt: skip
    for name, (module, inputs, outputs) in exports.items():
        export(module, inputs, outputs, target / name / "model.onnx")
        shutil.copy(source / ("vae" if name.startswith("vae") else name) / "config.json", target / name)
        print(f"exported {name}", flush=True)
    for root, kinds in ((source, {"vae": ["diffusers", "AutoencoderKL"]}),
                        (target, {"vae_encoder": ["diffusers", "OnnxRuntimeModel"], "vae_decoder": ["diffusers", "OnnxRuntimeModel"]})):  # fmt: skip
        (root / "scheduler").mkdir()
        (root / "scheduler/scheduler_config.json").write_text(json.dumps(schedule, indent=2))
        (root / "model_index.json").write_text(json.dumps(index | kinds, indent=2))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
