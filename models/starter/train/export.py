"""Stage 5: the model as a diffusers folder (Stable Diffusion 1 layout) with float16 safetensors."""
import json
import os
import sys
import torch
from safetensors.torch import save_file
from common import BETAS, OUT, TIMESTEPS, path
from pipeline import load_run


def weights(module, folder, file, prefix=""):
    """Writes a module's parameters in float16."""
    os.makedirs(os.path.join(OUT, folder), exist_ok=True)
    half = {prefix + k: v.half().contiguous() for k, v in module.state_dict().items() if not k.endswith("position_ids")}
    assert all(torch.isfinite(v).all() for v in half.values()), folder
    save_file(half, os.path.join(OUT, folder, file), metadata={"format": "pt"})
    os.chmod(os.path.join(OUT, folder, file), 0o644)
    print(folder, os.path.getsize(os.path.join(OUT, folder, file)), "bytes")


def config(module, folder, **more):
    c = {k: v for k, v in dict(module.config).items() if not k.startswith("_")}
    with open(os.path.join(OUT, folder, "config.json"), "w") as f:
        json.dump(dict(_class_name=type(module).__name__, _diffusers_version="0.42.1", **c, **more), f, indent=2)


def text_config(t):
    keep = ("layer_norm_eps", "vocab_size", "hidden_size", "intermediate_size", "projection_dim", "num_hidden_layers", "num_attention_heads",
            "max_position_embeddings", "hidden_act", "bos_token_id", "eos_token_id", "pad_token_id")
    with open(os.path.join(OUT, "text_encoder", "config.json"), "w") as f:
        json.dump(dict(architectures=["CLIPTextModel"], model_type="clip_text_model", torch_dtype="float16", **{k: getattr(t.config, k) for k in keep}), f, indent=2)


if __name__ == "__main__":
    vae_file = sys.argv[1] if len(sys.argv) > 1 else path("vae_decoder.pt" if os.path.exists(path("vae_decoder.pt")) else "vae_final.pt")
    u, t, v = load_run(path("unet.pt"), vae_file)
    for module, folder, file in ((u, "unet", "diffusion_pytorch_model.safetensors"), (v, "vae", "diffusion_pytorch_model.safetensors")):
        weights(module, folder, file)
        config(module, folder)
    weights(t, "text_encoder", "model.safetensors", "" if any(k.startswith("text_model.") for k in t.state_dict()) else "text_model.")
    text_config(t)
    os.makedirs(os.path.join(OUT, "scheduler"), exist_ok=True)
    scheduler = dict(_class_name="DDIMScheduler", _diffusers_version="0.42.1", num_train_timesteps=TIMESTEPS, beta_start=BETAS[0], beta_end=BETAS[1], beta_schedule="scaled_linear",
                     prediction_type="v_prediction", timestep_spacing="trailing", steps_offset=1, clip_sample=False, set_alpha_to_one=False, thresholding=False, rescale_betas_zero_snr=False)
    with open(os.path.join(OUT, "scheduler", "scheduler_config.json"), "w") as f:
        json.dump(scheduler, f, indent=2)
    index = dict(_class_name="StableDiffusionImg2ImgPipeline", _diffusers_version="0.42.1", feature_extractor=[None, None], image_encoder=[None, None], requires_safety_checker=False,
                 safety_checker=[None, None], scheduler=["diffusers", "DDIMScheduler"], text_encoder=["transformers", "CLIPTextModel"], tokenizer=["transformers", "CLIPTokenizer"],
                 unet=["diffusers", "UNet2DConditionModel"], vae=["diffusers", "AutoencoderKL"])
    with open(os.path.join(OUT, "model_index.json"), "w") as f:
        json.dump(index, f, indent=2)
    parts = ("tokenizer", "text_encoder", "unet", "vae", "scheduler")
    total = sum(os.path.getsize(os.path.join(r, f)) for p in parts for r, _, fs in os.walk(os.path.join(OUT, p)) for f in fs)
    print(f"total {total / 1e6:.2f} MB")
