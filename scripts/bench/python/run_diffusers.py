"""Denoising steps of a Stable Diffusion 1 folder in diffusers on torch's CPU: what `underpaint bench steps` measures, on the other side.

    python run_diffusers.py <diffusers folder> <float32|bfloat16> <side in pixels> <steps>

Prints one JSON object: seconds from the start of the process, and resident bytes.
"""

import time


import json
import os
import re
import sys
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from transformers import CLIPTextModel


def started_at() -> float:
    """When this process was started, before the interpreter ran."""
    ticks = float(Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19])
    return time.time() - (float(Path("/proc/uptime").read_text().split()[0]) - ticks / os.sysconf("SC_CLK_TCK"))


def peak_bytes() -> int:
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024


@torch.no_grad()
def main(folder: Path, dtype: torch.dtype, side: int, steps: int) -> None:
    start = started_at()
    text_encoder = CLIPTextModel.from_pretrained(folder / "text_encoder", torch_dtype=dtype)
    ids = torch.full((1, 77), 49407)
    text = text_encoder(ids)[0]
    del text_encoder
    opening = time.time()
    unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=dtype).eval()
    opened = time.time()
    open_peak = peak_bytes()
    Path("/proc/self/clear_refs").write_text("5")
    latents = torch.randn(1, 4, side // 8, side // 8, generator=torch.Generator().manual_seed(0)).to(dtype)
    times = []
    for _ in range(steps):
        before = time.time()
        unet(latents, 501, encoder_hidden_states=text)
        times.append(time.time() - before)
    print(json.dumps({
        "firstStepAtMs": 1000 * (opened - start + times[0]), "openMs": 1000 * (opened - opening),
        "stepMs": [1000 * t for t in times], "openPeakBytes": open_peak, "stepPeakBytes": peak_bytes(),
    }))  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), getattr(torch, sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
