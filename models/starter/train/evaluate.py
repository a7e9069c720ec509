"""Stage 6: figures and a sheet of samples from the exported ONNX files."""
import argparse
import json
import os
import time
import numpy as np
from PIL import Image, ImageDraw
import scenes as S
from common import OUT, path
from pipeline import Pipe

ap = argparse.ArgumentParser()
ap.add_argument("--seeds", type=int, default=6)
ap.add_argument("--sketches", type=int, default=4)
ap.add_argument("--strength", type=float, default=None)
ap.add_argument("--steps", type=int, default=None)
ap.add_argument("--guidance", type=float, default=None)
ap.add_argument("--sheet", default=os.path.join(OUT, "samples.jpg"))
ap.add_argument("--quick", action="store_true", help="sheet only")
a = ap.parse_args()
conf = json.load(open(os.path.join(OUT, "starter.json")))
ST, N, G = a.strength or conf["strength"], a.steps or conf["steps"], a.guidance or conf["guidance"]
pipe = Pipe()
lum = lambda im: float((im.astype(np.float32) @ np.array([0.2126, 0.7152, 0.0722], np.float32)).mean())
psnr = lambda x, y: float(10 * np.log10(255 ** 2 / np.mean((x.astype(np.float64) - y) ** 2)))
demo = np.asarray(Image.open(os.path.join(OUT, "sketch.png")).convert("RGB").resize((256, 256), Image.LANCZOS))
res = dict(strength=ST, steps=N, guidance=G)


def held(i):
    """Scenes outside the training seed."""
    r = np.random.default_rng([999, i])
    s = S.layout(r)
    return s, S.sketch(s, int(r.integers(1 << 30))), r


if not a.quick:
    rec = {}
    for i in range(24):
        s, sk, r = held(i)
        rec.setdefault("sketch", []).append(psnr(sk, pipe.decode(pipe.encode(sk))))
        for st in S.STYLES:
            lk = {**S.look(r), "style": st}
            im = S.paint(s, lk)
            rec.setdefault(st, []).append(psnr(im, pipe.decode(pipe.encode(im))))
        im = S.oddity(r)
        rec.setdefault("unrelated shapes and textures", []).append(psnr(im, pipe.decode(pipe.encode(im))))
    rec["demo sketch"] = [psnr(demo, pipe.decode(pipe.encode(demo)))]
    res["reconstruction_psnr_db"] = {k: round(float(np.mean(v)), 2) for k, v in rec.items()}
    print(json.dumps(res["reconstruction_psnr_db"], indent=1), flush=True)

    pics = [("demo", demo, "a house in the mountains")]
    for i in range(a.sketches - 1):
        s, sk, _ = held(100 + i)
        pics.append((f"held {i}", sk, s["terrain"]))
    out = {k: [] for k in ("day", "sunset", "night", "snow")}
    keep, t0, n = [], time.time(), 0
    for name, im, base in pics:
        for seed in range(a.seeds):
            for k, extra in (("day", ", day"), ("sunset", ", sunset"), ("night", ", night"), ("snow", ", day, snow")):
                y = pipe(im, base + extra, strength=ST, steps=N, guidance=G, seed=seed)
                out[k].append((lum(y), float(y.astype(np.float32).std((0, 1)).mean()), y.astype(np.float32).max(-1).mean() - y.astype(np.float32).min(-1).mean()))
                g = lambda q: np.asarray(Image.fromarray(q).convert("L").resize((32, 32), Image.BOX), np.float64).ravel()
                if k == "day":
                    keep.append(np.corrcoef(g(im), g(y))[0, 1])
                n += 1
    o = {k: np.array(v) for k, v in out.items()}
    res["mean_luminance"] = {k: round(float(v[:, 0].mean()), 1) for k, v in o.items()}
    res["night_darker_than_day"] = f"{int((o['night'][:, 0] < o['day'][:, 0]).sum())} of {len(o['day'])}"
    res["night_minus_day_worst"] = round(float((o["night"][:, 0] - o["day"][:, 0]).max()), 1)
    res["snow_lighter_than_day"] = f"{int((o['snow'][:, 0] > o['day'][:, 0]).sum())} of {len(o['day'])}"
    res["snow_less_colourful_than_day"] = f"{int((o['snow'][:, 2] < o['day'][:, 2]).sum())} of {len(o['day'])}"
    res["mean_contrast_std"] = {k: round(float(v[:, 1].mean()), 1) for k, v in o.items()}
    res["sketch_correlation_day"] = round(float(np.mean(keep)), 3)
    res["seconds_per_picture_here"] = round((time.time() - t0) / n, 3)
    json.dump(res, open(os.path.join(OUT, "train", "figures.json"), "w"), indent=2)
    print(json.dumps(res, indent=1), flush=True)

P = [("day", "a red house by a lake in the mountains, day, {}"), ("sunset", "a red house by a lake in the mountains, sunset, {}"),
     ("night", "a red house by a lake in the mountains, night, {}"), ("snow", "a red house by a lake in the mountains, snow, day, {}"), ("rain", "a red house by a lake in the mountains, rain, {}")]
W = 192
rows = []
srcs = [("flat", demo, None)] + [(st, demo, None) for st in ("watercolour", "pixel art", "ink")]
for i in range(2):
    s, sk, _ = held(200 + i)
    srcs.append(("watercolour" if i else "flat", sk, ("a %s %s, " % (s["colour"], s["obj"]) if s["obj"] != "none" else "") + s["terrain"] + ", {}, {}"))
for j, (st, im, base) in enumerate(srcs):
    row = [("sketch", im)]
    for k, (n, p) in enumerate(P):
        t = p.format(st) if base is None else base.format(n, st)
        row.append((f"{n}, {st}", pipe(im, t, strength=ST, steps=N, guidance=G, seed=j)))
    tiles = []
    for n, y in row:
        t = Image.new("RGB", (W, W + 14), "white")
        t.paste(Image.fromarray(y).resize((W, W), Image.LANCZOS), (0, 14))
        ImageDraw.Draw(t).text((3, 1), n, fill="black")
        tiles.append(np.asarray(t))
    rows.append(np.concatenate(tiles, 1))
q = 86
while True:
    Image.fromarray(np.concatenate(rows)).save(a.sheet, quality=q)
    if os.path.getsize(a.sheet) < 390_000:
        break
    q -= 6
    assert q > 20, "too large; use a .jpg name"
print(a.sheet, os.path.getsize(a.sheet), "bytes")
