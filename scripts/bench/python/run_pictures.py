"""Whole pictures of a Stable Diffusion 1 folder in diffusers or in optimum's ONNX pipeline: what the app's engine does, on the other side.

    python run_pictures.py <diffusers | optimum> <model folder> <float32 | bfloat16> <picture> <side in pixels> <steps> <guidance>

The first picture takes one step and loads everything, the second takes all steps. Prints one JSON object: milliseconds and resident bytes.
"""

import json
import sys
import time
from pathlib import Path

import torch
from PIL import Image

from run_diffusers import peak_bytes, started_at


def open_pipeline(kind: str, folder: Path, dtype: str):
    if kind == "optimum":
        from optimum.onnxruntime import ORTStableDiffusionImg2ImgPipeline

        return ORTStableDiffusionImg2ImgPipeline.from_pretrained(folder, provider="CPUExecutionProvider")
    from diffusers import AutoPipelineForImage2Image

    return AutoPipelineForImage2Image.from_pretrained(folder, torch_dtype=getattr(torch, dtype))


def main(kind: str, folder: Path, dtype: str, picture: Path, side: int, steps: int, guidance: float) -> None:
    start = started_at()
    pipeline = open_pipeline(kind, folder, dtype)
    pipeline.set_progress_bar_config(disable=True)
    image = Image.open(picture).convert("RGB").resize((side, side))

    def paint(prompt: str, steps: int) -> float:
        before = time.time()
        asked = {"strength": 1.0, "num_inference_steps": steps, "guidance_scale": guidance}
        result = pipeline(prompt, image=image, generator=torch.Generator().manual_seed(7), **asked)
        result.images[0].save(picture.parent / "theirs.png")
        return 1000 * (time.time() - before)

    paint("a red house by a lake", 1)
    first = 1000 * (time.time() - start)
    whole = paint("a blue boat on the sea", steps)
    print(json.dumps({"firstMs": first, "pictureMs": whole, "peakBytes": peak_bytes()}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]), *map(int, sys.argv[5:7]), float(sys.argv[7]))
