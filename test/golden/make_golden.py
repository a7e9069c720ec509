"""Builds this folder: `python test/golden/make_golden.py [models] [onnx] [cases] [tables] [sdxl] [variants] [flux] [lora] [tiny] [half] [inpaint]` (default: all)."""

import sys
from pathlib import Path

import diffusers
import torch
import transformers

from golden_cases import make_cases
from golden_flux import make_flux
from golden_half import make_half
from golden_inpaint import make_inpaint
from golden_lora import make_lora
from golden_models import make_model
from golden_onnx import make_onnx
from golden_sdxl import make_sdxl
from golden_tables import make_tables
from golden_tiny import make_tiny
from golden_variants import make_variants

ROOT = Path(__file__).resolve().parent
MODELS = ROOT / "models"


def main() -> None:
    diffusers.logging.set_verbosity_error()
    diffusers.logging.disable_progress_bar()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    stages = {
        "models": lambda: [make_model(name, MODELS / name) for name in ("sd1", "sd2")],
        "onnx": lambda: make_onnx(MODELS),
        "cases": lambda: make_cases(ROOT),
        "tables": lambda: make_tables(ROOT),
        "sdxl": lambda: make_sdxl(ROOT),
        "variants": lambda: make_variants(ROOT),
        "flux": lambda: make_flux(ROOT),
        "lora": lambda: make_lora(ROOT),
        "tiny": lambda: make_tiny(ROOT),
        "half": lambda: make_half(ROOT),
        "inpaint": lambda: make_inpaint(ROOT),
    }
    for name in sys.argv[1:] or stages:
        stages[name]()


if __name__ == "__main__":
    main()
