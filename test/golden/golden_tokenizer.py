"""CLIP tokenizers: OpenAI's full vocabulary and a cut-down one that follows exactly the same rules."""

import gzip
import importlib.util
import json
from pathlib import Path

from transformers import CLIPTokenizer

BOS, EOS = "<|startoftext|>", "<|endoftext|>"
FULL_MERGES = 49152 - 256 - 2  # 48,894, as CLIP itself slices the list
TINY_MERGES = 486  # 256 bytes + 256 bytes with </w> + 486 merges + 2 special tokens = 1000 ids


def clip_merges() -> list[str]:
    """CLIP's BPE merges, best rank first (MIT; shipped in the open-clip-torch package, which is not imported)."""
    package = importlib.util.find_spec("open_clip").submodule_search_locations[0]
    text = gzip.decompress((Path(package) / "bpe_simple_vocab_16e6.txt.gz").read_bytes()).decode("utf-8")
    return text.split("\n")[1 : FULL_MERGES + 1]


def byte_symbols() -> list[str]:
    """GPT-2's printable stand-ins for the 256 bytes, in vocabulary order ("!" is id 0)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = 256 - len(printable)
    return [chr(byte) for byte in printable] + [chr(256 + n) for n in range(others)]


def vocabulary(merges: list[str]) -> dict[str, int]:
    symbols = byte_symbols()
    tokens = symbols + [s + "</w>" for s in symbols] + ["".join(m.split()) for m in merges] + [BOS, EOS]
    return {token: index for index, token in enumerate(tokens)}


def build_tokenizer(merges: list[str], pad: str = EOS) -> CLIPTokenizer:
    pairs = [tuple(merge.split()) for merge in merges]
    return CLIPTokenizer(vocab=vocabulary(merges), merges=pairs, pad_token=pad, model_max_length=77)


def save_tokenizer(folder: Path, merges: list[str], pad: str) -> None:
    """Writes the four files Stable Diffusion repositories carry (no tokenizer.json)."""
    folder.mkdir(parents=True, exist_ok=True)

    def special(token: str) -> dict:
        return {"content": token, "lstrip": False, "normalized": True, "rstrip": False, "single_word": False}

    def write(name: str, value: dict) -> None:
        (folder / name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    (folder / "vocab.json").write_text(json.dumps(vocabulary(merges), ensure_ascii=False), encoding="utf-8")
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n", encoding="utf-8")
    write(
        "special_tokens_map.json",
        {"bos_token": special(BOS), "eos_token": special(EOS), "pad_token": pad, "unk_token": special(EOS)},
    )
    write(
        "tokenizer_config.json",
        {
            "add_prefix_space": False,
            "bos_token": {"__type": "AddedToken", **special(BOS)},
            "do_lower_case": True,
            "eos_token": {"__type": "AddedToken", **special(EOS)},
            "errors": "replace",
            "model_max_length": 77,
            "pad_token": pad,
            "tokenizer_class": "CLIPTokenizer",
            "unk_token": {"__type": "AddedToken", **special(EOS)},
        },
    )
