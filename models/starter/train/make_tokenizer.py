"""Writes tokenizer/ (CLIP's byte-pair vocabulary) from the merges file in the open-clip-torch wheel (MIT)."""
import gzip
import json
import os
import sys
import zipfile
from common import OUT

WHEEL = sys.argv[1] if len(sys.argv) > 1 else None


def merges_text():
    if WHEEL:
        with zipfile.ZipFile(WHEEL) as z:
            raw = z.read("open_clip/bpe_simple_vocab_16e6.txt.gz")
    else:
        import importlib.util
        d = os.path.dirname(importlib.util.find_spec("open_clip").origin)
        raw = open(os.path.join(d, "bpe_simple_vocab_16e6.txt.gz"), "rb").read()
    return gzip.decompress(raw).decode("utf-8")


lines = merges_text().split("\n")[1:48895]
# printable stand-ins for the 256 byte values, printable bytes first
keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
table = [chr(b) for b in keep]
extra = [chr(256 + i) for i in range(256 - len(keep))]
vocab = table + extra
vocab = vocab + [v + "</w>" for v in vocab] + ["".join(l.split()) for l in lines] + ["<|startoftext|>", "<|endoftext|>"]
assert len(vocab) == 49408 and len(set(vocab)) == 49408
d = os.path.join(OUT, "tokenizer")
os.makedirs(d, exist_ok=True)
json.dump({v: i for i, v in enumerate(vocab)}, open(os.path.join(d, "vocab.json"), "w", encoding="utf-8"), ensure_ascii=False, separators=(",", ":"))
open(os.path.join(d, "merges.txt"), "w", encoding="utf-8").write("#version: 0.2\n" + "\n".join(lines) + "\n")
tok = lambda s: dict(content=s, lstrip=False, normalized=True, rstrip=False, single_word=False)
json.dump(dict(bos_token=tok("<|startoftext|>"), eos_token=tok("<|endoftext|>"), unk_token=tok("<|endoftext|>"), pad_token="<|endoftext|>"),
          open(os.path.join(d, "special_tokens_map.json"), "w"), indent=2)
t2 = lambda s: dict(__type="AddedToken", **tok(s))
json.dump(dict(tokenizer_class="CLIPTokenizer", model_max_length=77, do_lower_case=True, errors="replace", add_prefix_space=False,
               bos_token=t2("<|startoftext|>"), eos_token=t2("<|endoftext|>"), unk_token=t2("<|endoftext|>"), pad_token="<|endoftext|>"),
          open(os.path.join(d, "tokenizer_config.json"), "w"), indent=2)
print("tokenizer written,", sum(os.path.getsize(os.path.join(d, f)) for f in os.listdir(d)), "bytes")
