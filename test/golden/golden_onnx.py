"""ONNX exports of the tiny models: optimum's current layout, and the deviations other publishers ship."""

import json
import logging
import shutil
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.transformers.float16 import convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

from golden_models import WIDTHS, load_pipeline, write_json
from onnx_parts import TextEncoder, UNet, VaeDecoder, VaeEncoder

OPSET = 17
PARTS = ("text_encoder", "unet", "vae_encoder", "vae_decoder")


def axes(prefix: str, spatial: tuple[str, str] | None) -> dict[int, str]:
    return {0: "batch_size", 2: prefix + spatial[0], 3: prefix + spatial[1]} if spatial else {0: "batch_size"}


def shorten_names(graph: onnx.GraphProto) -> None:
    """Renames everything but the graph's inputs and outputs to short names."""
    names = {value.name: value.name for value in [*graph.input, *graph.output]} | {"": ""}

    def short(name: str) -> str:
        return names.setdefault(name, f"v{len(names)}")

    del graph.value_info[:]
    for tensor in graph.initializer:
        tensor.name = short(tensor.name)
    for node in graph.node:
        node.name = ""
        node.input[:] = [short(name) for name in node.input]
        node.output[:] = [short(name) for name in node.output]


def export(
    module, inputs: dict, outputs: dict, path: Path, *, dynamic: bool = True, external: str | None = None,
    half: bool = False, compact: bool = False,
) -> None:  # fmt: skip
    """Exports `module` and checks it against torch. inputs: name -> (tensor, axes); outputs: name -> axes.

    half converts weights, inputs and outputs to float16; compact shortens the names inside (they outweigh the weights).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    names = {name: tensor for name, (tensor, _) in inputs.items()}
    named_axes = {name: spec for name, (_, spec) in inputs.items() if spec} | {k: v for k, v in outputs.items() if v}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module, tuple(names.values()), str(path), input_names=list(names), output_names=list(outputs),
            dynamic_axes=named_axes if dynamic else None, opset_version=OPSET, dynamo=False,
        )  # fmt: skip
    model = onnx.load(path)
    if half:
        wrapper = OnnxModel(convert_float_to_float16(model, keep_io_types=False))
        wrapper.topological_sort()  # the converter puts some casts after their users
        model = wrapper.model
    if compact:
        shorten_names(model.graph)
    onnx.checker.check_model(model)
    onnx.save(model, path, save_as_external_data=external is not None, location=external, size_threshold=1024)

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    compare(module, session, names, half)
    if dynamic:  # nothing of the example's shape may be baked in
        other = {k: v if v.dim() < 2 or v.shape[0] != 2 else v[:1] for k, v in names.items()}
        other = {k: torch.cat([v, v.flip(-1)], -1) if v.dim() == 4 else v for k, v in other.items()}
        other = {k: v[:1] if k == "timestep" and v.shape == (2,) else v for k, v in other.items()}
        compare(module, session, other, half)


def compare(module, session, tensors: dict[str, torch.Tensor], half: bool) -> None:
    """Asserts that onnxruntime and torch agree."""
    expected = module(*tensors.values())
    expected = expected if isinstance(expected, tuple) else (expected,)
    feeds = {k: (v.half() if half and v.is_floating_point() else v).numpy() for k, v in tensors.items()}
    for wanted, value in zip(expected, session.run(None, feeds), strict=True):
        assert value.dtype == (np.float16 if half else np.float32)
        if half:  # single elements round further off (sharp attention), the tensor as a whole must not
            assert np.linalg.norm(value - wanted.numpy()) < 1e-2 * np.linalg.norm(wanted.numpy())
        else:
            np.testing.assert_allclose(value, wanted.numpy(), rtol=1e-5, atol=1e-5)


def export_model(
    pipe, folder: Path, parts=PARTS, *, half=False, ids=torch.int64,
    timestep=None, unet_output="out_sample", mean_only=False, static=False, external=None, compact=True,
) -> None:  # fmt: skip
    """Exports the named parts; the defaults are what optimum writes today."""
    torch.manual_seed(0)
    width = pipe.unet.config.cross_attention_dim
    batch = 1 if static else 2
    timestep = torch.tensor(981.0) if timestep is None else timestep
    latent, image = (torch.randn(batch, c, h, w) for c, h, w in ((4, 8, 8), (3, 64, 64)))
    tokens = torch.randint(0, 990, (2, 77)).to(ids)
    tokens[:, 60:] = pipe.tokenizer.eos_token_id
    latent_axes, image_axes = axes("latent_", ("height", "width")), axes("", ("height", "width"))
    sequence = {0: "batch_size", 1: "sequence_length"}
    if "text_encoder" in parts:
        export(
            TextEncoder(pipe.text_encoder), {"input_ids": (tokens, sequence)},
            {"last_hidden_state": sequence, "pooler_output": {0: "batch_size"}},
            folder / "text_encoder/model.onnx", half=half, compact=compact,
        )  # fmt: skip
    if "unet" in parts:
        export(
            UNet(pipe.unet),
            {
                "sample": (latent, latent_axes),
                "timestep": (timestep, {0: "batch_size"} if timestep.shape == (2,) else None),
                "encoder_hidden_states": (torch.randn(batch, 77, width), sequence),
            },
            {unet_output: latent_axes}, folder / "unet/model.onnx", dynamic=not static, external=external, half=half,
            compact=compact,
        )  # fmt: skip
    if "vae_encoder" in parts:
        export(
            VaeEncoder(pipe.vae, mean_only), {"sample": (image, image_axes)},
            # as in old exports, only the result itself tells how many channels there are
            {"latent_sample": latent_axes | {1: "latent_channels"}} if mean_only
            else {"latent_parameters": latent_axes}, folder / "vae_encoder/model.onnx", half=half, compact=compact,
        )  # fmt: skip
    if "vae_decoder" in parts:
        export(
            VaeDecoder(pipe.vae), {"latent_sample": (latent, latent_axes)}, {"sample": image_axes},
            folder / "vae_decoder/model.onnx", half=half, compact=compact,
        )  # fmt: skip


def copy_common(source: Path, folder: Path, configs: bool = True, class_name: str | None = None) -> None:
    """Everything but the graphs: model_index.json, scheduler, tokenizer and, if wanted, each part's config.json."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for part in ("scheduler", "tokenizer"):
        shutil.copytree(source / part, folder / part)
    index = json.loads((source / "model_index.json").read_text())
    index |= {part: ["diffusers", "OnnxRuntimeModel"] for part in PARTS}
    index.pop("vae")
    index["_class_name"] = class_name or index["_class_name"]
    write_json(folder / "model_index.json", index)
    if configs:
        for part in PARTS:
            (folder / part).mkdir()
            shutil.copy(source / ("vae" if part.startswith("vae") else part) / "config.json", folder / part)


@torch.no_grad()
def make_onnx(models: Path) -> None:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    for name in ("sd1", "sd2"):
        copy_common(models / name, models / f"{name}-onnx")
        export_model(load_pipeline(models / name), models / f"{name}-onnx", compact=name != "sd1")

    pipe = load_pipeline(models / "sd1")
    half = models / "sd1-fp16-onnx"
    copy_common(models / "sd1", half, class_name="OnnxStableDiffusionPipeline")
    export_model(pipe, half, half=True, timestep=torch.tensor([981.0, 981.0]))

    mixed = models / "sd1-mixed-onnx"
    copy_common(models / "sd1", mixed, configs=False, class_name="OnnxStableDiffusionPipeline")
    export_model(
        pipe, mixed, ids=torch.int32, timestep=torch.tensor([981]), unet_output="noise_pred", mean_only=True,
        external="model.onnx_data",
    )  # fmt: skip

    static = models / "sd1-static-onnx"
    copy_common(models / "sd1", static)
    export_model(pipe, static, parts=["unet"], static=True)
    for part in ("text_encoder", "vae_encoder", "vae_decoder"):
        shutil.copy(models / "sd1-onnx" / part / "model.onnx", static / part / "model.onnx")

    make_unloadable(models / "sd1", models / "bf16-onnx", bfloat16=True)
    make_unloadable(models / "sd1", models / "cuda-fused-onnx", bfloat16=False)


def make_unloadable(source: Path, folder: Path, bfloat16: bool) -> None:
    """A complete folder whose UNet alone cannot run: bfloat16 inputs, or a node only the CUDA provider knows."""
    copy_common(source, folder)
    width, kind = WIDTHS["sd1"], TensorProto.BFLOAT16 if bfloat16 else TensorProto.FLOAT
    B, h, w = "batch_size", "latent_height", "latent_width"

    def save(part, nodes, inputs, outputs, constants=()):
        def info(name, dtype, shape):
            return helper.make_tensor_value_info(name, dtype, shape)

        graph = helper.make_graph(nodes, part, [info(*i) for i in inputs], [info(*o) for o in outputs],
                                  [numpy_helper.from_array(v, k) for k, v in constants])  # fmt: skip
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="underpaint-golden")
        onnx.save(model, folder / part / "model.onnx")

    if bfloat16:
        unet = [helper.make_node("Identity", ["sample"], ["out_sample"])]
        constants = []
    else:
        unet = [
            helper.make_node("Transpose", ["sample"], ["nhwc"], perm=[0, 2, 3, 1]),
            helper.make_node("NhwcConv", ["nhwc", "weight"], ["conv"], domain="com.microsoft", pads=[1, 1, 1, 1]),
            helper.make_node("Transpose", ["conv"], ["out_sample"], perm=[0, 3, 1, 2]),
        ]
        constants = [("weight", np.full((4, 3, 3, 4), 0.01, np.float32))]
    latent, image = [B, 4, h, w], [B, 3, "height", "width"]
    save("unet", unet, [("sample", kind, latent), ("timestep", kind, [B]),
                        ("encoder_hidden_states", kind, [B, "sequence_length", width])],
         [("out_sample", kind, latent)], constants)  # fmt: skip

    real = TensorProto.FLOAT
    save("text_encoder", [helper.make_node("Gather", ["table", "input_ids"], ["value"]),
                          helper.make_node("Mul", ["value", "ones"], ["last_hidden_state"])],
         [("input_ids", TensorProto.INT64, [B, "sequence_length"])],
         [("last_hidden_state", real, [B, "sequence_length", width])],
         [("table", np.linspace(-1, 1, 1000, dtype=np.float32)[:, None]),
          ("ones", np.ones(width, np.float32))])  # fmt: skip
    save("vae_encoder", [helper.make_node("Conv", ["sample", "weight"], ["latent_parameters"], strides=[8, 8])],
         [("sample", real, image)], [("latent_parameters", real, [B, 8, h, w])],
         [("weight", np.full((8, 3, 8, 8), 1 / 192, np.float32))])  # fmt: skip
    save("vae_decoder", [helper.make_node("ConvTranspose", ["latent_sample", "weight"], ["sample"], strides=[8, 8])],
         [("latent_sample", real, latent)], [("sample", real, image)],
         [("weight", np.full((4, 3, 8, 8), 0.25, np.float32))])  # fmt: skip
    for part in ("text_encoder", "vae_encoder", "vae_decoder"):
        onnxruntime.InferenceSession(folder / part / "model.onnx", providers=["CPUExecutionProvider"])
    try:
        onnxruntime.InferenceSession(folder / "unet/model.onnx", providers=["CPUExecutionProvider"])
    except Exception as error:  # the NhwcConv graph; Python's runtime does take bfloat16 inputs, Node's does not
        print(f"{folder.name}: {str(error)[:120]}")
