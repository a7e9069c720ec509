"""The 300 held-out sketches and prompts on which the model is judged: pairs.json and pairs.webp (a sheet of 256x256 tiles, 20 a row).

Every sketch has two prompts. "own" names the terrain and the object that the sketch shows; time, weather and style are drawn at random.
"other" names a terrain and an object drawn at random, too, so that it mostly contradicts the sketch. All attributes are drawn evenly.

python pairs.py                  # the pairs that are judged
python pairs.py --dev            # other pairs, for choosing settings, into the work folder
"""
import argparse
import json
import os
import numpy as np
from PIL import Image
import scenes as S
from classifier import HEADS, labels
from common import path

HERE = os.path.dirname(os.path.abspath(__file__))
COUNT, COLUMNS, SEED, DEV_SEED = 300, 20, 9001, 9002


def prompt(rng, s, lk):
    """Names every attribute, in a random order and in random words of the captions' vocabulary."""
    pick = lambda a: a[rng.integers(len(a))]
    words = [pick(S.W_TER[s["terrain"]]), pick(S.W_TIME[lk["time"]]), pick(S.W_WX[lk["weather"]]), pick(S.W_ST[lk["style"]])]
    if s["obj"] != "none":
        words.append(f"{'an' if s['colour'] == 'orange' else 'a'} {s['colour']} {pick(S.W_OBJ[s['obj']])}")
    rng.shuffle(words)
    return ", ".join(words)


def pair(seed, i):
    """Sketch, and for each kind of prompt its text and the asked value of every attribute."""
    r = np.random.default_rng([seed, i])
    s = S.layout(r)
    sketch = S.sketch(s, int(r.integers(1 << 30)))
    asked = {}
    for kind, scene in (("own", s), ("other", S.variant(r, s))):
        lk = S.look(r)
        asked[kind] = dict(prompt=prompt(r, scene, lk), asked=[v[k] for v, k in zip(HEADS.values(), labels(scene, lk))])
    return sketch, dict(seed=1000 + i, terrain=s["terrain"], object=s["obj"], **asked)


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--dev", action="store_true")
    ap.add_argument("--count", type=int, default=COUNT)
    a = ap.parse_args()
    tile = lambda i: (slice(i // COLUMNS * 256, i // COLUMNS * 256 + 256), slice(i % COLUMNS * 256, i % COLUMNS * 256 + 256))
    sheet = np.zeros((-(-a.count // COLUMNS) * 256, COLUMNS * 256, 3), np.uint8)
    rows = []
    for i in range(a.count):
        sheet[tile(i)], row = pair(DEV_SEED if a.dev else SEED, i)
        rows.append(row)
    base = path("dev") if a.dev else os.path.join(HERE, "pairs")
    Image.fromarray(sheet).save(base + ".webp", quality=85, method=6)
    with open(base + ".json", "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]\n")
    print(base, os.path.getsize(base + ".webp"), "bytes")
