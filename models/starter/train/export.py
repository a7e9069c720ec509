"""Stage 5: ONNX folder layout with float16 weights and float32 inputs, outputs and arithmetic."""
import json
import os
import warnings
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from common import OUT, SCALING, TEXT, TEXT_WIDTH, UNET, VAE, path, text_encoder, unet, vae

warnings.filterwarnings("ignore")
OPSET = 17


def half_weights(model):
    """Store float initializers as float16 followed by a Cast; onnxruntime folds the Cast at load."""
    g, out, casts = model.graph, [], []
    for t in g.initializer:
        a = numpy_helper.to_array(t)
        if t.data_type == TensorProto.FLOAT and a.size > 1:
            h = a.astype(np.float16)
            assert np.isfinite(h).all(), t.name
            out.append(numpy_helper.from_array(h, t.name + "_f16"))
            casts.append(helper.make_node("Cast", [t.name + "_f16"], [t.name], to=TensorProto.FLOAT, name="cast_" + t.name))
        else:
            out.append(t)
    del g.initializer[:]
    g.initializer.extend(out)
    nodes = list(g.node)
    del g.node[:]
    g.node.extend(casts + nodes)
    return model


def write(module, args, folder, ins, outs, dyn, config):
    d = os.path.join(OUT, folder)
    os.makedirs(d, exist_ok=True)
    tmp = path(folder + ".onnx")
    module.eval()
    with torch.no_grad():
        torch.onnx.export(module, args, tmp, input_names=ins, output_names=outs, dynamic_axes=dyn, opset_version=OPSET, dynamo=False, do_constant_folding=True)
    m = onnx.load(tmp)
    for n in m.graph.node:          # no source paths in the file
        n.doc_string = ""
        del n.metadata_props[:]
    m.producer_name, m.producer_version, m.doc_string = "underpaint-starter", "1", ""
    onnx.checker.check_model(m)
    onnx.save(half_weights(m), os.path.join(d, "model.onnx"))
    json.dump(config, open(os.path.join(d, "config.json"), "w"), indent=2)
    print(folder, os.path.getsize(os.path.join(d, "model.onnx")), "bytes")


class Encode(torch.nn.Module):
    def __init__(self, v):
        super().__init__()
        self.v = v

    def forward(self, sample):
        return self.v.encode(sample).latent_dist.parameters


class Decode(torch.nn.Module):
    def __init__(self, v):
        super().__init__()
        self.v = v

    def forward(self, latent_sample):
        return self.v.decode(latent_sample).sample


class Text(torch.nn.Module):
    def __init__(self, t):
        super().__init__()
        self.t = t

    def forward(self, input_ids):
        o = self.t(input_ids=input_ids)
        return o.last_hidden_state, o.pooler_output


class Denoise(torch.nn.Module):
    def __init__(self, u):
        super().__init__()
        self.u = u

    def forward(self, sample, timestep, encoder_hidden_states):
        return self.u(sample, timestep, encoder_hidden_states, return_dict=False)[0]


def load_vae():
    v = vae()
    v.load_state_dict(torch.load(path("vae_decoder.pt" if os.path.exists(path("vae_decoder.pt")) else "vae_final.pt"))["ema"])
    return v


def load_text_unet():
    c = torch.load(path("unet.pt"), weights_only=False)
    u, t = unet(), text_encoder()
    u.load_state_dict({k[5:]: v for k, v in c["ema"].items() if k.startswith("unet.")})
    s = {k[5:]: v for k, v in c["ema"].items() if k.startswith("text.")}
    k = next(k for k in s if k.endswith("token_embedding.weight"))
    w = torch.zeros(49408, TEXT_WIDTH)
    w[torch.from_numpy(c["used"])] = s[k][1:]
    s[k] = w
    t.load_state_dict(s)
    return t, u


if __name__ == "__main__":
    v = load_vae()
    t, u = load_text_unet()
    try:
        t.config._attn_implementation = "eager"
        t.set_attn_implementation("eager")
    except Exception:
        pass
    from diffusers.models.attention_processor import AttnProcessor
    u.set_attn_processor(AttnProcessor())
    vc = dict(_class_name="AutoencoderKL", **VAE, act_fn="silu", scaling_factor=SCALING, force_upcast=False, use_quant_conv=True, use_post_quant_conv=True)
    write(Encode(v), (torch.randn(2, 3, 64, 64),), "vae_encoder", ["sample"], ["latent_parameters"],
          {"sample": {0: "batch_size", 2: "sample_height", 3: "sample_width"}, "latent_parameters": {0: "batch_size", 2: "latent_height", 3: "latent_width"}}, vc)
    write(Decode(v), (torch.randn(2, 4, 8, 8),), "vae_decoder", ["latent_sample"], ["sample"],
          {"latent_sample": {0: "batch_size", 2: "latent_height", 3: "latent_width"}, "sample": {0: "batch_size", 2: "sample_height", 3: "sample_width"}}, vc)
    write(Text(t), (torch.randint(0, 49408, (2, 77)),), "text_encoder", ["input_ids"], ["last_hidden_state", "pooler_output"],
          {"input_ids": {0: "batch_size", 1: "sequence_length"}, "last_hidden_state": {0: "batch_size", 1: "sequence_length"}, "pooler_output": {0: "batch_size"}},
          dict(architectures=["CLIPTextModel"], model_type="clip_text_model", layer_norm_eps=1e-5, **TEXT))
    write(Denoise(u), (torch.randn(2, 4, 32, 32), torch.tensor(500.0), torch.randn(2, 77, TEXT_WIDTH)), "unet", ["sample", "timestep", "encoder_hidden_states"], ["out_sample"],
          {"sample": {0: "batch_size", 2: "height", 3: "width"}, "encoder_hidden_states": {0: "batch_size", 1: "sequence_length"}, "out_sample": {0: "batch_size", 2: "height", 3: "width"}},
          dict(_class_name="UNet2DConditionModel", **UNET, act_fn="silu", center_input_sample=False, flip_sin_to_cos=True, freq_shift=0, downsample_padding=1,
               mid_block_scale_factor=1, mid_block_type="UNetMidBlock2DCrossAttn", norm_eps=1e-5, time_cond_proj_dim=None, addition_embed_type=None, class_embed_type=None))
    os.makedirs(os.path.join(OUT, "scheduler"), exist_ok=True)
    json.dump(dict(_class_name="DDIMScheduler", num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type="v_prediction",
                   timestep_spacing="trailing", steps_offset=1, clip_sample=False, set_alpha_to_one=False, thresholding=False, rescale_betas_zero_snr=False),
              open(os.path.join(OUT, "scheduler", "scheduler_config.json"), "w"), indent=2)
    json.dump({"_class_name": "StableDiffusionImg2ImgPipeline", "feature_extractor": [None, None], "image_encoder": [None, None], "requires_safety_checker": False,
               "safety_checker": [None, None], "scheduler": ["diffusers", "DDIMScheduler"], "text_encoder": ["diffusers", "OnnxRuntimeModel"],
               "tokenizer": ["transformers", "CLIPTokenizer"], "unet": ["diffusers", "OnnxRuntimeModel"], "vae_decoder": ["diffusers", "OnnxRuntimeModel"],
               "vae_encoder": ["diffusers", "OnnxRuntimeModel"]}, open(os.path.join(OUT, "model_index.json"), "w"), indent=2)
    total = sum(os.path.getsize(os.path.join(r, f)) for r, _, fs in os.walk(OUT) for f in fs if "__pycache__" not in r)
    print(f"total {total / 1e6:.2f} MB")
