"""Stage 6: the figures of the card, in PyTorch (npm run bench -- starter measures the same pairs in the app's own engine).

python evaluate.py attributes [--kind own|other] [--pairs N]     # does the result show what was asked?
python evaluate.py strength [--pairs N]                          # how far the result moves away from the sketch
python evaluate.py vae [FOLDER with photos]                      # what the autoencoder keeps
python evaluate.py sheet                                         # ../samples.jpg
Results are added to figures.json.
"""
import argparse
import json
import os
import numpy as np
import onnxruntime as ort
import torch
from PIL import Image, ImageDraw
import scenes as S
from classifier import HEADS, SIDE
from common import OUT
from pipeline import Pipe, load_folder, load_run

HERE = os.path.dirname(os.path.abspath(__file__))
CARD = json.load(open(os.path.join(OUT, "starter.json")))
JUDGED_STRENGTH = 0.8
STRENGTHS = (0.2, 0.3, 0.4, 0.6, 0.8, 0.9, 1.0)


def load_pairs(base):
    rows = json.load(open(base + ".json"))
    sheet = np.asarray(Image.open(base + ".webp").convert("RGB"))
    wide = sheet.shape[1] // 256
    return rows, np.stack([sheet[i // wide * 256:i // wide * 256 + 256, i % wide * 256:i % wide * 256 + 256] for i in range(len(rows))])


def asked_indices(rows, kind):
    """The asked value of every attribute as an index into HEADS, [N, 5]."""
    return np.array([[values.index(value) for values, value in zip(HEADS.values(), r[kind]["asked"])] for r in rows])


class Reader:
    """The judge's reading of pictures: the index of the most likely value of each attribute, [N, 5]."""

    def __init__(self):
        self.net = ort.InferenceSession(os.path.join(HERE, "classifier.onnx"), providers=["CPUExecutionProvider"])

    def __call__(self, ims):
        small = ims.astype(np.float32).reshape(len(ims), SIDE, 2, SIDE, 2, 3).mean((2, 4))
        out = self.net.run(None, {"picture": (small / 127.5 - 1).transpose(0, 3, 1, 2)})[0]
        cuts = np.cumsum([len(v) for v in HEADS.values()])[:-1]
        return np.stack([o.argmax(1) for o in np.split(out, cuts, 1)], 1)


def edges(im):
    """Sobel gradient length of the brightness at 32x32, the resolution of the latents."""
    g = (im.astype(np.float64) @ np.array([0.2126, 0.7152, 0.0722])).reshape(32, 8, 32, 8).mean((1, 3))
    p = np.pad(g, 1, mode="edge")
    row = lambda d: p[d:d + 32, :-2] + 2 * p[d:d + 32, 1:-1] + p[d:d + 32, 2:]
    colm = lambda d: p[:-2, d:d + 32] + 2 * p[1:-1, d:d + 32] + p[2:, d:d + 32]
    return np.hypot(row(2) - row(0), colm(2) - colm(0)).ravel()


def edge_correlation(a, b):
    return float(np.corrcoef(edges(a), edges(b))[0, 1])


def psnr(a, b):
    return float(10 * np.log10(255 ** 2 / np.mean((a.astype(np.float64) - b) ** 2)))


def paint(pipe, sketches, rows, kind, guidance, strength, steps):
    out = []
    for k in range(0, len(rows), 10):
        r = rows[k:k + 10]
        out.append(pipe(sketches[k:k + 10], [x[kind]["prompt"] for x in r], [x["seed"] for x in r], strength=strength, steps=steps, guidance=guidance))
        print(f"{k + len(r)}/{len(rows)}", flush=True)
    return np.concatenate(out)


def attributes(pipe, rows, sketches, a):
    read = Reader()
    got = read(paint(pipe, sketches, rows, a.kind, a.guidance, JUDGED_STRENGTH, a.steps))
    asked = asked_indices(rows, a.kind)
    before = read(sketches)
    res = {}
    for j, (name, values) in enumerate(HEADS.items()):
        res[name] = dict(right=round(100 * float((got[:, j] == asked[:, j]).mean()), 1), chance=round(100 / len(values), 1), sketch=round(100 * float((before[:, j] == asked[:, j]).mean()), 1))
    return {f"attributes_{a.kind}_{len(rows)}": res}


def strength(pipe, rows, sketches, a):
    read, res = Reader(), {}
    asked = asked_indices(rows, "other")
    shown = {1: np.array([S.TERRAINS.index(r["terrain"]) for r in rows]), 3: np.array([S.OBJECTS.index(r["object"]) for r in rows])}
    for s in STRENGTHS:
        out = paint(pipe, sketches, rows, "other", a.guidance, s, a.steps)
        got = read(out)
        row = dict(edge_correlation=round(float(np.mean([edge_correlation(x, y) for x, y in zip(out, sketches)])), 3),
                   difference=round(float(np.abs(out.astype(float) - sketches).mean()), 2))
        for j, name in ((1, "terrain"), (3, "object")):
            differs = asked[:, j] != shown[j]
            row[name] = dict(asked=round(100 * float((got[differs, j] == asked[differs, j]).mean()), 1), drawn=round(100 * float((got[differs, j] == shown[j][differs]).mean()), 1))
        res[str(s)] = row
        print(s, row, flush=True)
    return {f"strength_{len(rows)}": res}


def vae(pipe, a):
    res, held = {}, {}
    for i in range(a.renders):
        r = np.random.default_rng([8001, i])
        s = S.layout(r)
        pictures = dict(sketch=S.sketch(s, int(r.integers(1 << 30))), **{st: S.paint(s, {**S.look(r), "style": st}) for st in S.STYLES})
        for name, im in pictures.items():
            held.setdefault(name, []).append(psnr(im, pipe.decode(pipe.encode(im[None]))[0]))
    res["renders"] = {k: round(float(np.mean(v)), 2) for k, v in held.items()}
    res["renders"]["all styles"] = round(float(np.mean([held[st] for st in S.STYLES])), 2)
    if a.folder:
        for size in (256, 512):
            each = {}
            for f in sorted(os.listdir(a.folder)):
                im = Image.open(os.path.join(a.folder, f)).convert("RGB")
                k = min(im.size)
                x, y = (im.width - k) // 2, (im.height - k) // 2
                q = np.asarray(im.crop((x, y, x + k, y + k)).resize((size, size), Image.LANCZOS))
                each[f] = round(psnr(q, pipe.decode(pipe.encode(q[None]))[0]), 2)
            res[f"photos_{size}"] = dict(mean=round(float(np.mean(list(each.values()))), 2), count=len(each), each=each)
    return {"vae_psnr_db": res}


def sheet(pipe, rows, sketches, a):
    """Six held-out sketches (not picked) and their results at rising strengths, for the first prompt; and the demo's sketch."""
    demo = np.asarray(Image.open(os.path.join(OUT, "sketch.png")).convert("RGB").resize((256, 256), Image.LANCZOS))
    todo = [(demo, f"a red house by a lake in the mountains, {t}, {w}, {st}", 7) for t, w, st in (("day", "clear", "flat"), ("sunset", "clear", "watercolour"), ("night", "clear", "flat"), ("day", "snow", "ink"))]
    todo += [(sketches[i], rows[i]["own"]["prompt"], rows[i]["seed"]) for i in range(6)]
    ims, prompts, seeds = np.stack([t[0] for t in todo]), [t[1] for t in todo], [t[2] for t in todo]
    cols = [ims] + [pipe(ims, prompts, seeds, strength=s, steps=a.steps, guidance=a.guidance) for s in (0.4, 0.6, 0.8)]
    lines = []
    for i, p in enumerate(prompts):
        line = Image.new("RGB", (192 * len(cols), 206), "white")
        for k, c in enumerate(cols):
            line.paste(Image.fromarray(c[i]).resize((192, 192), Image.LANCZOS), (192 * k, 14))
        ImageDraw.Draw(line).text((3, 1), p, fill="black")
        lines.append(np.asarray(line))
    Image.fromarray(np.concatenate(lines)).save(os.path.join(OUT, "samples.jpg"), quality=85)


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("what", choices=["attributes", "strength", "vae", "sheet"])
    ap.add_argument("folder", nargs="?")
    ap.add_argument("--kind", choices=["own", "other"], default="own")
    ap.add_argument("--pairs", type=int, default=300)
    ap.add_argument("--renders", type=int, default=24)
    ap.add_argument("--base", default=os.path.join(HERE, "pairs"), help="other pairs, without the ending")
    ap.add_argument("--guidance", type=float, default=CARD["guidance"])
    ap.add_argument("--steps", type=int, default=CARD["steps"])
    ap.add_argument("--run", nargs=2, metavar=("UNET", "VAE"), help="weights of a running training instead of the exported folder")
    ap.add_argument("--dry", action="store_true", help="print only")
    a = ap.parse_args()
    pipe = Pipe(*(load_run(*a.run) if a.run else load_folder(OUT)))
    if a.what == "vae":
        found = vae(pipe, a)
    else:
        rows, sketches = load_pairs(a.base)
        rows, sketches = rows[:a.pairs], sketches[:a.pairs]
        found = {"attributes": attributes, "strength": strength, "sheet": sheet}[a.what](pipe, rows, sketches, a)
    if found:
        print(json.dumps(found, indent=1))
        file = os.path.join(HERE, "figures.json")
        if not a.dry:
            old = json.load(open(file)) if os.path.exists(file) else {}
            json.dump({**old, **found, "guidance": a.guidance, "steps": a.steps}, open(file, "w"), indent=1)
