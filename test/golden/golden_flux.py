"""Tiny FLUX.1 models (schnell and dev) in diffusers' exact architecture, each part's own input and output, and whole img2img runs.

`models/flux-schnell` is whole; `models/flux-dev` holds only what differs from it: transformer, scheduler and model_index.json.
"""

import shutil
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, FluxImg2ImgPipeline, FluxTransformer2DModel
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer, T5Config, T5EncoderModel, T5TokenizerFast

from golden_models import FIT_PROMPTS, fit_last_conv, picture, picture_tensor, write_json
from golden_sdxl import randomise
from golden_t5_tokenizer import make_t5_tokenizer, make_t5_tokens
from golden_tokenizer import EOS, TINY_MERGES, build_tokenizer, clip_merges, save_tokenizer

SCALING, SHIFT, CHANNELS = 0.3611, 0.1159, 16
TEXT, POOLED, HEADS, HEAD = 24, 16, 2, 12
LENGTHS = {"schnell": 256, "dev": 512}
FLOW = {"base_image_seq_len": 256, "base_shift": 0.5, "max_image_seq_len": 4096, "max_shift": 1.15, "num_train_timesteps": 1000}
SCHEDULERS = {
    "schnell": {**FLOW, "shift": 1.0, "use_dynamic_shifting": False},
    "dev": {**FLOW, "shift": 3.0, "use_dynamic_shifting": True},
}
# model, tag, prompt, seed, strength, steps, guidance, (width, height)
CASES = [
    ("schnell", "", "a photo of a cat", 3, 0.6, 4, 0.0, (64, 64)),
    ("schnell", "wide", "日本のcafé — a lighthouse at dusk 🙂 <extra_id_0>", 2**32 + 9, 0.9, 4, 0.0, (96, 64)),
    ("dev", "", "An oil painting of the sea, highly detailed", 5, 0.7, 6, 3.5, (64, 64)),
    ("dev", "tall", ", ".join(["a very long prompt about a castle on a hill"] * 60), 6, 1.0, 3, 7.0, (64, 128)),
]


def build_vae() -> AutoencoderKL:
    """16 channels, no quantisation convolutions; latents of unit scale, and a decoder that roughly inverts the encoder."""
    vae = AutoencoderKL(
        down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4, norm_num_groups=4,
        block_out_channels=[4, 4, 8, 12], layers_per_block=1, latent_channels=CHANNELS, sample_size=64,
        scaling_factor=SCALING, shift_factor=SHIFT, use_quant_conv=False, use_post_quant_conv=False,
    ).eval()  # fmt: skip
    for key, weight in vae.named_parameters():
        if "conv2" in key or "to_out" in key:
            weight.mul_(0.3)  # let the picture through
    images = [picture_tensor([picture(64, 64, 1000 + 8 * n + k) for k in range(8)]) for n in range(8)]

    def moments(image: torch.Tensor) -> torch.Tensor:
        """Wanted encoder output [B, 32, h, w]: means of quarter blocks, the whole block's spread, a constant log variance."""
        quarters = F.pixel_unshuffle(F.avg_pool2d(image, 4), 2)  # [B, 12, h, w]
        mean = F.avg_pool2d(image, 8)
        spread = F.avg_pool2d(image.square(), 8).mean(1, keepdim=True) - mean.square().mean(1, keepdim=True)
        means = torch.cat([quarters * 5, mean * 5, spread * 20 - 1], 1)
        return torch.cat([means + SHIFT, torch.full_like(means, -5)], 1)

    fit_last_conv(vae.encoder.conv_out, [(lambda i=i: vae.encode(i), moments(i)) for i in images])
    latents = [vae.encode(i).latent_dist.mode() for i in images]
    fit_last_conv(vae.decoder.conv_out, [(lambda z=z: vae.decode(z), i) for z, i in zip(latents, images, strict=True)])
    decoded = torch.cat([vae.decode(z).sample for z in latents])
    vae.decoder.conv_out.weight.mul_(torch.cat(images).std() / decoded.std())  # a fit shrinks the contrast
    return vae


def build_transformer(name: str, vae: AutoencoderKL, prompts: tuple[torch.Tensor, torch.Tensor]) -> FluxTransformer2DModel:
    """Random but for its last layer, which is solved for: it predicts the velocity, noise minus picture, and a shift by the prompt."""
    transformer = FluxTransformer2DModel(
        in_channels=4 * CHANNELS, num_layers=2 if name == "schnell" else 1, num_single_layers=2, attention_head_dim=HEAD, num_attention_heads=HEADS,
        joint_attention_dim=TEXT, pooled_projection_dim=POOLED, guidance_embeds=name == "dev", axes_dims_rope=(4, 4, 4),
    )  # fmt: skip
    randomise(transformer, {"schnell": 11, "dev": 12}[name])
    for key, weight in transformer.named_parameters():
        if "norm" in key and "linear" in key and key.endswith("weight"):
            weight.mul_(0.5)
    seen = []
    hook = transformer.proj_out.register_forward_pre_hook(lambda _module, args: seen.append(args[0]))
    gram, moment = 0, 0
    hidden, pooled = prompts
    shift = 0.5 * torch.tanh(pooled @ torch.randn(POOLED, 4 * CHANNELS))
    for n in range(24):
        images = picture_tensor([picture(64, 64, 3000 + 4 * n + k) for k in range(4)])
        z = pack((vae.encode(images).latent_dist.mode() - SHIFT) * SCALING)  # [4, 16, 64]
        noise, sigma, which = torch.randn(z.shape), torch.rand(4), torch.randint(0, len(hidden), (4,))
        noisy = (1 - sigma)[:, None, None] * z + sigma[:, None, None] * noise
        guidance = torch.full((4,), 3.5) if name == "dev" else None
        transformer(
            hidden_states=noisy, timestep=sigma, guidance=guidance, pooled_projections=pooled[which],
            encoder_hidden_states=hidden[which], txt_ids=torch.zeros(hidden.shape[1], 3), img_ids=image_ids(4, 4),
        )  # fmt: skip
        rows = seen.pop().double().flatten(0, 1)
        rows = torch.cat([rows, torch.ones(len(rows), 1, dtype=torch.float64)], 1)
        target = (noise - z + shift[which][:, None]).double().flatten(0, 1)
        gram, moment = gram + rows.T @ rows, moment + rows.T @ target
    hook.remove()
    gram.diagonal().add_(1e-4 * gram.diagonal().mean())
    solution = torch.linalg.solve(gram, moment)
    transformer.proj_out.weight.copy_(solution[:-1].T)
    transformer.proj_out.bias.copy_(solution[-1])
    return transformer


def pack(latents: torch.Tensor) -> torch.Tensor:
    batch, channels, height, width = latents.shape
    return FluxImg2ImgPipeline._pack_latents(latents, batch, channels, height, width)


def image_ids(height: int, width: int) -> torch.Tensor:
    return FluxImg2ImgPipeline._prepare_latent_image_ids(1, height, width, "cpu", torch.float32)


def make_flux_models(root: Path) -> None:
    torch.manual_seed(8)
    schnell, dev = (root / "models" / f"flux-{name}" for name in ("schnell", "dev"))
    for folder in (schnell, dev):
        shutil.rmtree(folder, ignore_errors=True)
    merges = clip_merges()[:TINY_MERGES]
    save_tokenizer(schnell / "tokenizer", merges, EOS)
    make_t5_tokenizer(schnell / "tokenizer_2")
    make_t5_tokens(schnell / "tokenizer_2", root / "tokens-t5.json")
    clip, t5_tokenizer = build_tokenizer(merges, EOS), T5TokenizerFast.from_pretrained(schnell / "tokenizer_2")

    text_encoder = randomise(CLIPTextModel(CLIPTextConfig(
        vocab_size=len(clip), hidden_size=POOLED, intermediate_size=2 * POOLED, num_hidden_layers=2, num_attention_heads=2,
        bos_token_id=len(clip) - 2, eos_token_id=2, pad_token_id=1,
    )), 9)  # fmt: skip
    t5 = randomise(T5EncoderModel(T5Config(
        vocab_size=416, d_model=TEXT, d_ff=32, d_kv=6, num_heads=4, num_layers=3, feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
    )), 10)  # fmt: skip
    for key, weight in text_encoder.named_parameters():
        if "token_embedding" in key:
            weight.mul_(3)
    t5.shared.weight.mul_(4)
    t5.encoder.block[0].layer[0].SelfAttention.relative_attention_bias.weight.mul_(4)
    vae = build_vae()
    ids = clip(FIT_PROMPTS, padding="max_length", truncation=True, return_tensors="pt").input_ids
    ids_2 = t5_tokenizer(FIT_PROMPTS, padding="max_length", max_length=256, truncation=True, return_tensors="pt").input_ids
    prompts = t5(ids_2)[0], text_encoder(ids).pooler_output

    text_encoder.save_pretrained(schnell / "text_encoder")
    t5.save_pretrained(schnell / "text_encoder_2")
    vae.save_pretrained(schnell / "vae")
    for folder, name in ((schnell, "schnell"), (dev, "dev")):
        shards = "150KB" if name == "schnell" else "10GB"  # schnell's transformer comes in several files, as the published one does
        build_transformer(name, vae, prompts).save_pretrained(folder / "transformer", max_shard_size=shards)
        scheduler = {"_class_name": "FlowMatchEulerDiscreteScheduler", "_diffusers_version": "0.30.0", **SCHEDULERS[name]}
        write_json(folder / "scheduler/scheduler_config.json", scheduler)
        write_json(folder / "model_index.json", {
            "_class_name": "FluxPipeline", "_diffusers_version": "0.30.0",
            "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"], "text_encoder": ["transformers", "CLIPTextModel"],
            "text_encoder_2": ["transformers", "T5EncoderModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
            "tokenizer_2": ["transformers", "T5TokenizerFast"], "transformer": ["diffusers", "FluxTransformer2DModel"],
            "vae": ["diffusers", "AutoencoderKL"],
        })  # fmt: skip


def load_flux(root: Path, name: str) -> FluxImg2ImgPipeline:
    shared, own = root / "models/flux-schnell", root / f"models/flux-{name}"
    pipe = FluxImg2ImgPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler.from_pretrained(own / "scheduler"),
        vae=AutoencoderKL.from_pretrained(shared / "vae"),
        text_encoder=CLIPTextModel.from_pretrained(shared / "text_encoder"),
        tokenizer=CLIPTokenizer.from_pretrained(shared / "tokenizer"),
        text_encoder_2=T5EncoderModel.from_pretrained(shared / "text_encoder_2"),
        tokenizer_2=T5TokenizerFast.from_pretrained(shared / "tokenizer_2"),
        transformer=FluxTransformer2DModel.from_pretrained(own / "transformer"),
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def make_flux_components(root: Path, pipes: dict[str, FluxImg2ImgPipeline]) -> None:
    """components/flux-<name>.safetensors, tensors named as in optimum's exports; dev has its transformer only."""
    schnell = pipes["schnell"]
    generator = torch.Generator().manual_seed(14)
    texts = ["a photo of a cat", ", ".join(["an oil painting of a lighthouse at dusk"] * 20)]
    ids = schnell.tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt").input_ids
    ids_2 = schnell.tokenizer_2(texts, padding="max_length", max_length=150, truncation=True, return_tensors="pt").input_ids
    text, text_2 = schnell.text_encoder(ids), schnell.text_encoder_2(ids_2)
    image, latent = picture_tensor([picture(96, 64, 51)]), torch.randn(1, CHANNELS, 8, 12, generator=generator) * 2
    record = {
        "text_encoder.input_ids": ids.int(), "text_encoder.last_hidden_state": text.last_hidden_state,
        "text_encoder.pooler_output": text.pooler_output, "text_encoder_2.input_ids": ids_2.int(),
        "text_encoder_2.last_hidden_state": text_2.last_hidden_state, "vae_encoder.sample": image,
        "vae_encoder.latent_parameters": schnell.vae.encode(image).latent_dist.parameters,
        "vae_decoder.latent_sample": latent, "vae_decoder.sample": schnell.vae.decode(latent).sample,
    }  # fmt: skip
    for name, pipe in pipes.items():
        inputs = {
            "hidden_states": torch.randn(2, 24, 4 * CHANNELS, generator=generator), "timestep": torch.tensor([0.75, 0.312]),
            "encoder_hidden_states": torch.randn(2, 20, TEXT, generator=generator), "txt_ids": torch.zeros(20, 3),
            "pooled_projections": torch.randn(2, POOLED, generator=generator), "img_ids": image_ids(4, 6),
        }  # fmt: skip
        inputs["img_ids"][:, 1:] += torch.tensor([100.0, 400.0])  # far from the corner, where angles are large
        if name == "dev":
            inputs["guidance"] = torch.tensor([3.5, 7.0])
        output = pipe.transformer(**inputs).sample
        record |= {f"transformer.{key}": value for key, value in inputs.items()} | {"transformer.out_hidden_states": output}
        save_file({key: value.contiguous() for key, value in record.items()}, root / f"components/flux-{name}.safetensors")
        record = {}


def run_flux_case(pipe: FluxImg2ImgPipeline, case: tuple, root: Path) -> np.ndarray:
    model, tag, prompt, seed, strength, steps, guidance, (width, height) = case
    input_file = f"input-{width}x{height}.png"
    image = Image.open(root / input_file).convert("RGB")
    tensors, timesteps = {}, []
    unpack = lambda packed: pipe._unpack_latents(packed, height, width, 8)  # noqa: E731
    scale_noise = FlowMatchEulerDiscreteScheduler.scale_noise

    def record_start(latent, timestep, noise):
        tensors["encoded_latent"], tensors["noise"] = latent, noise
        tensors["latents_start"] = scale_noise(pipe.scheduler, latent, timestep, noise)
        return tensors["latents_start"]

    def record_step(_pipe, index, timestep, values):
        tensors[f"latents_step_{index}"] = unpack(values["latents"])
        timesteps.append(float(timestep))
        return {}

    pipe.scheduler.scale_noise = record_start
    length = LENGTHS[model]
    tensors["prompt_embeds"], tensors["pooled_prompt_embeds"], _ = pipe.encode_prompt(prompt, None, max_sequence_length=length)
    result = pipe(
        prompt=prompt, image=image, height=height, width=width, strength=strength, num_inference_steps=steps,
        guidance_scale=guidance, generator=torch.Generator("cpu").manual_seed(seed), max_sequence_length=length,
        output_type="np", callback_on_step_end=record_step,
    ).images[0]  # fmt: skip
    del pipe.scheduler.scale_noise
    tensors["timesteps"] = torch.tensor(timesteps, dtype=torch.float32)
    pixels = (result * 255).round().astype(np.uint8)
    tensors["image"] = torch.from_numpy(pixels)

    name = "-".join(filter(None, ("flux", model, tag)))
    save_file({key: value.contiguous() for key, value in tensors.items()}, root / f"cases/{name}.safetensors")
    config = {"_class_name": "FlowMatchEulerDiscreteScheduler", **SCHEDULERS[model]}
    write_json(
        root / f"cases/{name}.json",
        {
            "model": f"flux-{model}", "prompt": prompt, "negativePrompt": "", "seed": seed, "strength": strength,
            "steps": steps, "guidance": guidance, "width": width, "height": height, "input": input_file,
            "scheduler": "flow-match-euler", "schedulerConfig": config, "timesteps": timesteps,
        },
    )  # fmt: skip
    saturated = np.isin(pixels, (0, 255)).mean()
    print(f"{name}: std {pixels.std():.1f}, saturated {saturated:.3f}, timesteps {timesteps}")
    assert np.isfinite(result).all() and pixels.std() > 5 and saturated < 0.5, name
    return pixels


@torch.no_grad()
def make_flux(root: Path) -> None:
    make_flux_models(root)
    pipes = {name: load_flux(root, name) for name in ("schnell", "dev")}
    make_flux_components(root, pipes)
    for path in (root / "cases").glob("flux-*"):
        path.unlink()
    for case in CASES:
        run_flux_case(pipes[case[0]], case, root)
    for name, pipe in pipes.items():
        run = lambda prompt: np.asarray(pipe(  # noqa: E731
            prompt=prompt, image=Image.open(root / "input-64x64.png"), height=64, width=64, num_inference_steps=4, strength=0.8,
            generator=torch.Generator().manual_seed(0),
        ).images[0]).astype(int)  # fmt: skip
        cat, *others = (run(prompt) for prompt in ("a photo of a cat", "a castle", "red"))
        differences = [float(np.abs(cat - other).mean()) for other in others]
        print(f"flux-{name}: mean pixel difference between prompts {differences}")
        assert min(differences) > 1, name
