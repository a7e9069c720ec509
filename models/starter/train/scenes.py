"""Procedural picture book: scene parameters -> picture, sketch and caption.

Everything is drawn with skia from random parameters; no outside pictures are used.
A scene is a layout (terrain, horizon, ridges, object) and a look (time of day,
weather, style). The same layout can be drawn in several looks and also as a rough
crayon sketch, which is what teaches the model to repaint sketches.
"""
import math
import numpy as np
import skia

TERRAINS = ["mountains", "hills", "sea", "desert", "forest"]
TIMES = ["day", "sunset", "night"]
WEATHERS = ["clear", "snow", "fog", "rain"]
STYLES = ["flat", "watercolour", "pixel art", "ink"]
OBJECTS = ["house", "tree", "boat", "windmill", "none"]
COLOURS = {
    "red": (0.82, 0.18, 0.15), "blue": (0.20, 0.38, 0.80), "yellow": (0.95, 0.80, 0.20),
    "white": (0.95, 0.94, 0.92), "green": (0.20, 0.58, 0.28), "purple": (0.50, 0.28, 0.65),
    "orange": (0.94, 0.52, 0.14), "pink": (0.94, 0.56, 0.68),
}


def mix(a, b, t):
    return tuple(x + (y - x) * t for x, y in zip(a, b))


def mul(a, b):
    return tuple(min(1.0, x * y) for x, y in zip(a, b))


def jit(rng, c, s=0.05):
    d = rng.normal(0, s * 0.6)
    return tuple(float(np.clip(x + d + rng.normal(0, s * 0.5), 0, 1)) for x in c)


def col(c, a=1.0):
    return skia.Color4f(float(c[0]), float(c[1]), float(c[2]), float(a))


def poly(pts):
    p = skia.Path()
    p.addPoly([skia.Point(float(x), float(y)) for x, y in pts], True)
    return p


def circle(x, y, r):
    p = skia.Path()
    p.addCircle(float(x), float(y), float(r))
    return p


def rect(x, y, w, h):
    return poly([(x, y), (x + w, y), (x + w, y + h), (x, y + h)])


# ---------------------------------------------------------------- layout


def _colour(rng, obj):
    if obj == "tree":
        return ["green", "green", "green", "red", "orange", "yellow", "pink"][rng.integers(7)]
    return list(COLOURS)[rng.integers(len(COLOURS))]


def layout(rng):
    """Random layout: what is where, independent of time, weather and style. Terrain and object are drawn evenly and independently."""
    s = dict(seed=int(rng.integers(1 << 31)), shore=bool(rng.random() < 0.3))
    s["horizon"] = float(rng.uniform(0.38, 0.56))
    s["ox"] = float(rng.uniform(0.22, 0.78))
    s["osize"] = float(rng.uniform(1.3, 2.0))
    s["sunx"] = float(rng.uniform(0.12, 0.88))
    s["suny"] = float(rng.uniform(0.08, 0.26))
    s["sunr"] = float(rng.uniform(12, 24))
    s["sun"] = bool(rng.random() < 0.8)
    return variant(rng, s)


def variant(rng, s):
    """The same layout with another terrain and object: where things are stays, what they are changes."""
    t, obj = TERRAINS[rng.integers(5)], OBJECTS[rng.integers(5)]
    lake = t != "sea" and (obj == "boat" or (t != "desert" and s["shore"]))
    return dict(s, terrain=t, obj=obj, colour=_colour(rng, obj), lake=bool(lake))


def look(rng):
    """Random time of day, weather and style, drawn evenly and independently."""
    return dict(
        time=TIMES[rng.integers(3)],
        weather=WEATHERS[rng.integers(4)],
        style=STYLES[rng.integers(4)],
        seed=int(rng.integers(1 << 31)),
    )


def ridge(rng, y, amp, n, sharp):
    """A skyline across the picture as points."""
    if sharp:
        xs = np.sort(rng.uniform(-20, 276, n))
        xs = np.concatenate([[-40], xs, [296]])
        ys = y - np.where(np.arange(len(xs)) % 2 == 1, rng.uniform(0.6, 1.0, len(xs)), rng.uniform(0, 0.3, len(xs))) * amp
        return list(zip(xs, ys))
    xs = np.linspace(-8, 264, 35)
    ys = np.zeros_like(xs)
    for k in range(1, 4):
        ys += np.sin(xs / 256 * math.pi * rng.uniform(0.5, 1.4) * k + rng.uniform(0, 6.28)) / k
    return list(zip(xs, y - ys * amp * 0.5))


def below(pts):
    return poly(list(pts) + [(300, 290), (-40, 290)])


def height_at(pts, x):
    return float(np.interp(x, [p[0] for p in pts], [p[1] for p in pts]))


# ---------------------------------------------------------------- picture list

class Ops(list):
    def put(self, path, colour, big=False, line=True, soft=0.0, alpha=1.0, light=False):
        self.append(dict(path=path, c=colour, big=big, line=line, soft=soft, a=alpha, light=light))


def build(s, lk):
    """List of shapes, back to front, with colours for the given look."""
    g = np.random.default_rng(s["seed"])      # layout randomness: equal for every look
    r = np.random.default_rng(lk["seed"])     # look randomness: colours, small things
    time, wx, ter = lk["time"], lk["weather"], s["terrain"]
    snow, fog, rain = wx == "snow", wx == "fog", wx == "rain"

    if time == "day":
        top, bot = jit(r, (0.33, 0.60, 0.90), 0.08), jit(r, (0.78, 0.90, 0.97), 0.05)
    elif time == "sunset":
        top, bot = jit(r, (0.42, 0.27, 0.52), 0.1), jit(r, (0.98, 0.60, 0.30), 0.06)
    else:
        top, bot = jit(r, (0.03, 0.04, 0.13), 0.03), jit(r, (0.10, 0.13, 0.30), 0.04)
    grey = {"day": (0.80, 0.82, 0.85), "sunset": (0.80, 0.66, 0.62), "night": (0.17, 0.18, 0.25)}[time]
    if snow:
        top, bot = mix(top, grey, 0.55), mix(bot, mix(grey, (1, 1, 1), 0.3 if time != "night" else 0.05), 0.55)
    if fog:
        top, bot = mix(top, grey, 0.8), mix(bot, grey, 0.95)
    if rain:
        dark = mul(grey, (0.68, 0.70, 0.75))
        top, bot = mix(top, dark, 0.8), mix(bot, dark, 0.7)

    def shade(c, depth, lit=False):
        """Colour of a thing at depth 0 (near) .. 1 (far) in this light."""
        c = jit(r, c, 0.035)
        if time == "sunset":
            c = mix(mul(c, (0.86, 0.66, 0.60)), (0.55, 0.28, 0.28), 0.12)
        elif time == "night":
            c = mix(mul(c, (0.32, 0.36, 0.50)), (0.04, 0.06, 0.16), 0.15)
        if rain:
            l = sum(c) / 3
            c = mul(mix(c, (l, l, l * 1.08), 0.45), (0.82, 0.84, 0.88))
        return mix(c, bot, depth * (0.6 if fog else 0.45) + (0.38 if fog else 0))

    def ground(c, depth):
        if snow:
            c = mix(c, (0.95, 0.97, 1.0), 0.6 if ter == "desert" else 0.85)
        return shade(c, depth)

    def leaf(c, depth):
        if snow:
            c = mix(c, (0.95, 0.97, 1.0), 0.55)
        return shade(c, depth)

    o = Ops()
    o.sky = (top, bot)
    hz = s["horizon"] * 256
    # sun or moon, clouds, stars
    sx, sy, sr = s["sunx"] * 256, s["suny"] * 256, s["sunr"]
    if time == "sunset":
        sy = hz - g.uniform(4, 50)
        sr *= 1.35
    else:
        g.uniform()
    veil = 0.75 if (fog or rain) else 0.35 if snow else 0.0
    if s["sun"]:
        sc = {"day": (1.0, 0.88, 0.35), "sunset": (1.0, 0.80, 0.42), "night": (0.94, 0.94, 0.84)}[time]
        o.put(circle(sx, sy, sr * 1.9), mix(sc, bot, 0.72), soft=sr * 0.6, line=False, alpha=0.6)
        o.put(circle(sx, sy, sr), mix(sc, bot, veil), light=True, line=not fog)
        if time == "night" and r.random() < 0.6:
            o.put(circle(sx + sr * 0.45, sy - sr * 0.15, sr * 0.85), mix(top, bot, sy / 256), line=False)
    if time == "night" and not (fog or rain):
        for _ in range(int(r.integers(14, 45))):
            o.put(circle(r.uniform(0, 256), r.uniform(0, hz * 0.95), r.uniform(0.6, 1.7)),
                  mix((0.95, 0.95, 0.9), top, r.uniform(0, 0.5)), line=False, light=True)
    for _ in range(int(g.integers(0, 4)) + (1 if rain else 0)):
        cx, cy, cw = g.uniform(0, 256), g.uniform(15, max(30, hz * 0.6)), g.uniform(22, 45)
        cc = {"day": (1, 1, 1), "sunset": (0.98, 0.66, 0.56), "night": (0.16, 0.18, 0.30)}[time]
        cc = mix(cc, mul(bot, (0.85, 0.85, 0.88)), 0.6 if rain else 0.15)
        p = skia.Path()
        for k in range(4):
            p = skia.Op(p, circle(cx + (k - 1.5) * cw * 0.42, cy - (4 if k in (1, 2) else 0) * cw / 30, cw * (0.33 if k in (1, 2) else 0.22)), skia.PathOp.kUnion_PathOp)
        o.put(p, cc, big=True, line=True)

    seabase = {"day": (0.16, 0.45, 0.72), "sunset": (0.50, 0.36, 0.52), "night": (0.10, 0.16, 0.34)}[time]
    near = None
    green = jit(g, (0.42, 0.62, 0.28), 0.1)
    water_top = None
    if ter == "mountains":
        n = int(g.integers(2, 4))
        for k in range(n):
            d = 1 - k / n
            pts = ridge(g, hz + 26 * k, g.uniform(75, 125) * (1 - 0.28 * k), int(g.integers(3, 8)), True)
            base = mix((0.42, 0.42, 0.56), (0.36, 0.44, 0.38), k / max(1, n - 1) * g.uniform(0.4, 1))
            o.put(below(pts), ground(base, d * 0.8), big=True)
            cap = 16 * (1 - 0.25 * k)
            for i in range(1, len(pts) - 1):
                if pts[i][1] < min(pts[i - 1][1], pts[i + 1][1]) - 12 and k < 2:
                    (x0, y0), (x, y), (x1, y1) = pts[i - 1:i + 2]
                    f0, f1 = cap / max(cap + 1, y0 - y), cap / max(cap + 1, y1 - y)
                    o.put(poly([(x, y), (x + (x1 - x) * f1, y + (y1 - y) * f1), (x + (x1 - x) * f1 * 0.3, y + cap * 0.7),
                                (x + (x0 - x) * f0 * 0.2, y + cap), (x + (x0 - x) * f0, y + (y0 - y) * f0)]),
                          shade((0.96, 0.97, 1.0), d * 0.5))
        near = ridge(g, g.uniform(0.68, 0.8) * 256, 16, 0, False)
    elif ter == "hills":
        n = int(g.integers(2, 5))
        for k in range(n):
            pts = ridge(g, hz + 10 + k * (0.72 * 256 - hz) / n, g.uniform(18, 42), 0, False)
            o.put(below(pts), ground(mix(mul(green, (0.85, 0.95, 1.1)), green, k / n), 0.85 * (1 - k / n)), big=True)
        near = ridge(g, g.uniform(0.7, 0.82) * 256, 18, 0, False)
    elif ter == "forest":
        for k in range(3):
            y = hz + 8 + k * 24
            pts = ridge(g, y + 10, 12, 0, False)
            d = 0.85 * (1 - k / 3)
            tc = mix((0.13, 0.36, 0.24), green, g.uniform(0, 0.4))
            p = below(pts)
            for x in np.arange(-6, 264, g.uniform(13, 22) + 3 * k):
                x += g.uniform(-5, 5)
                h, w = g.uniform(22, 42) + 8 * k, g.uniform(7, 12) + 2 * k
                yb = height_at(pts, x) + 4
                p = skia.Op(p, poly([(x - w, yb), (x, yb - h), (x + w, yb)]), skia.PathOp.kUnion_PathOp)
            o.put(p, leaf(tc, d), big=True)
        near = ridge(g, g.uniform(0.72, 0.84) * 256, 14, 0, False)
    elif ter == "desert":
        sand = jit(g, (0.90, 0.72, 0.44), 0.06)
        n = int(g.integers(2, 4))
        for k in range(n):
            pts = ridge(g, hz + 8 + k * 30, g.uniform(16, 36), 0, False)
            o.put(below(pts), ground(mix(mul(sand, (0.95, 0.82, 0.78)), sand, k / n), 0.8 * (1 - k / n)), big=True)
        near = ridge(g, g.uniform(0.7, 0.82) * 256, 20, 0, False)
        green = mix(sand, (0.98, 0.86, 0.6), 0.3)
    else:
        water_top = hz
        if g.random() < 0.5:
            pts = ridge(g, hz + 4, g.uniform(14, 40), 4, bool(g.random() < 0.5))
            o.put(below(pts), ground((0.40, 0.48, 0.46), 0.6), big=True)
        sea = rect(-10, hz, 280, 280)
        o.put(sea, mix(shade((0.16, 0.45, 0.72), 0.12), seabase, 0.3), big=True)
        if g.random() < 0.75 or s["obj"] in ("house", "tree", "windmill"):
            y = g.uniform(0.74, 0.86) * 256
            side = g.integers(3)
            near = ridge(g, y, 10, 0, False)
            if side < 2 and s["obj"] in ("none", "boat"):
                near = [(x, yy + 60 * ((x / 256) if side == 0 else (1 - x / 256))) for x, yy in near]
            green = jit(g, (0.88, 0.78, 0.54), 0.05) if g.random() < 0.6 else green
    if s["lake"]:
        y0 = max(hz + 30, near[0][1] - 36) if near else hz
        y0 = min(y0, 0.72 * 256)
        # a flat strip of water between the far land and the near shore
        o.put(rect(-10, y0, 280, 280), mix(shade((0.24, 0.52, 0.74), 0.12), seabase, 0.3), big=True)
        water_top = y0
        near = [(x, max(yy, y0 + 24)) for x, yy in ridge(g, g.uniform(0.8, 0.88) * 256, 10, 0, False)]
    if water_top is not None:
        wc = mix(shade((0.24, 0.52, 0.74), 0.0), (0.95, 0.95, 1.0), 0.3 if time != "night" else 0.12)
        for _ in range(int(g.integers(6, 16))):
            y = water_top + 5 + (256 - water_top) * g.random() ** 1.3
            w = 5 + (y - water_top) * 0.18 * g.uniform(0.5, 1.5)
            x = g.uniform(0, 256)
            o.put(poly([(x - w, y), (x, y - 1.2), (x + w, y), (x, y + 1.2)]), wc, line=False)
        if s["sun"] and not (fog or rain) and r.random() < 0.8:
            gl = {"day": (1, 0.97, 0.8), "sunset": (1, 0.78, 0.45), "night": (0.75, 0.78, 0.8)}[time]
            for _ in range(9):
                y = water_top + 3 + r.random() * 60
                w = r.uniform(4, 14)
                o.put(poly([(sx - w, y), (sx, y - 1.5), (sx + w, y), (sx, y + 1.5)]), mix(gl, wc, 0.3), line=False, light=True)
    if near is not None:
        o.put(below(near), ground(green, 0.0), big=True)
        for _ in range(int(g.integers(0, 14))):
            x = g.uniform(0, 256)
            y = height_at(near, x) + g.uniform(6, 60)
            w = g.uniform(2, 7)
            o.put(poly([(x - w, y), (x, y - 2), (x + w, y)]), ground(mul(green, (0.82, 0.85, 0.8)), 0), line=False)

    # the object
    x, k, cn = s["ox"] * 256, s["osize"], COLOURS[s["colour"]]
    gy = height_at(near, x) + 8 if near else 200
    dark = shade((0.28, 0.18, 0.14), 0)
    ob = s["obj"]
    if ob == "house":
        w, h = 30 * k, 24 * k
        wall = shade(cn, 0)
        roofc = (0.58, 0.26, 0.18) if s["colour"] not in ("red", "orange") else (0.36, 0.30, 0.34)
        if snow:
            roofc = mix(roofc, (0.96, 0.97, 1), 0.85)
        o.put(rect(x - w / 2, gy - h, w, h), wall, big=True)
        if g.random() < 0.6:
            o.put(rect(x + w * 0.2, gy - h - 14 * k, 4 * k, 10 * k), dark)
        o.put(poly([(x - w * 0.62, gy - h), (x, gy - h - 17 * k), (x + w * 0.62, gy - h)]), shade(roofc, 0), big=True)
        o.put(rect(x - 3.2 * k, gy - 11 * k, 6.4 * k, 11 * k), dark)
        lit = time == "night" or (time == "sunset" and r.random() < 0.5)
        win = (1.0, 0.85, 0.42) if lit else shade((0.70, 0.85, 0.95), 0)
        for dx in (-0.33, 0.33):
            o.put(rect(x + dx * w - 3 * k, gy - h * 0.78, 6 * k, 6 * k), win, light=lit)
    elif ob == "tree":
        h = 52 * k
        o.put(poly([(x - 3.5 * k, gy), (x - 2 * k, gy - h * 0.6), (x + 2 * k, gy - h * 0.6), (x + 3.5 * k, gy)]), shade((0.40, 0.26, 0.16), 0), big=True)
        lc = leaf(mix(cn, (0.25, 0.5, 0.2), 0.15), 0)
        p = skia.Path()
        for _ in range(6):
            p = skia.Op(p, circle(x + g.normal(0, 8) * k, gy - h * 0.78 + g.normal(0, 7) * k, g.uniform(9, 14) * k), skia.PathOp.kUnion_PathOp)
        o.put(p, lc, big=True)
        o.put(circle(x - 5 * k, gy - h * 0.9, 6 * k), mix(lc, (1, 1, 0.9), 0.12), line=False)
    elif ob == "boat" and water_top is not None:
        lo = water_top + 14
        by = lo + (0.42 if near else 0.6) * (256 - lo) * g.uniform(0.2, 0.8)
        w = 24 * k
        o.put(rect(x - 0.8 * k, by - 38 * k, 1.6 * k, 38 * k), dark)
        sail = shade((0.96, 0.94, 0.88), 0) if s["colour"] != "white" else shade((0.85, 0.35, 0.25), 0)
        o.put(poly([(x + 2 * k, by - 37 * k), (x + 2 * k, by - 5 * k), (x + 19 * k, by - 5 * k)]), sail, big=True)
        if g.random() < 0.6:
            o.put(poly([(x - 2 * k, by - 32 * k), (x - 2 * k, by - 5 * k), (x - 13 * k, by - 5 * k)]), sail, big=True)
        o.put(poly([(x - w, by - 3 * k), (x + w, by - 3 * k), (x + w * 0.7, by + 7 * k), (x - w * 0.7, by + 7 * k)]), shade(cn, 0), big=True)
    elif ob == "windmill":
        k *= 0.85
        h = 46 * k
        o.put(poly([(x - 10 * k, gy), (x - 6 * k, gy - h), (x + 6 * k, gy - h), (x + 10 * k, gy)]), shade(cn, 0), big=True)
        roofc = mix((0.45, 0.24, 0.18), (0.96, 0.97, 1), 0.8) if snow else (0.45, 0.24, 0.18)
        o.put(poly([(x - 8 * k, gy - h), (x, gy - h - 11 * k), (x + 8 * k, gy - h)]), shade(roofc, 0), big=True)
        o.put(rect(x - 2.5 * k, gy - 9 * k, 5 * k, 9 * k), dark)
        a0 = g.uniform(0, math.pi / 2)
        bc = shade((0.92, 0.90, 0.84), 0)
        for j in range(4):
            a = a0 + j * math.pi / 2
            ux, uy = math.cos(a), math.sin(a)
            cx, cy = x, gy - h + 1
            L, W = 29 * k, 6 * k
            o.put(poly([(cx, cy), (cx + ux * L, cy + uy * L), (cx + ux * L - uy * W, cy + uy * L + ux * W), (cx + ux * 8 * k - uy * W, cy + uy * 8 * k + ux * W)]), bc)
        o.put(circle(x, gy - h + 1, 2.4 * k), dark)
    if ter == "desert" and g.random() < 0.45:
        for _ in range(int(g.integers(1, 4))):
            x = g.uniform(10, 246)
            y = height_at(near, x) + g.uniform(5, 30)
            z = g.uniform(0.6, 1.3)
            cg = shade((0.22, 0.48, 0.28), 0)
            o.put(rect(x - 2 * z, y - 26 * z, 4 * z, 26 * z), cg)
            o.put(rect(x + 2 * z, y - 16 * z, 6 * z, 3 * z), cg)
            o.put(rect(x + 6 * z, y - 23 * z, 3 * z, 10 * z), cg)
    if ter in ("hills", "mountains") and g.random() < 0.5:
        for _ in range(int(g.integers(1, 6))):
            x = g.uniform(5, 250)
            y = height_at(near, x) + g.uniform(2, 20)
            z = g.uniform(0.6, 1.4)
            o.put(poly([(x - 7 * z, y), (x, y - 24 * z), (x + 7 * z, y)]), leaf((0.16, 0.40, 0.24), 0), big=True)
    if fog:
        for _ in range(4):
            y = r.uniform(hz - 20, 230)
            p = skia.Path()
            p.addOval(skia.Rect.MakeXYWH(r.uniform(-80, 120), y, r.uniform(140, 260), r.uniform(14, 30)))
            o.put(p, bot, line=False, soft=9, alpha=0.75)
    if snow:
        wc = (1, 1, 1) if time != "night" else (0.80, 0.84, 0.95)
        for _ in range(int(r.integers(60, 120))):
            o.put(circle(r.uniform(0, 256), r.uniform(0, 256), r.uniform(1.5, 3.6)), wc, line=False, light=True, alpha=0.9)
    if rain:
        rc = mix(bot, (1, 1, 1) if time != "night" else (0.5, 0.55, 0.7), 0.4)
        sl = r.uniform(4, 9)
        for _ in range(int(r.integers(70, 120))):
            x, y, L = r.uniform(-5, 261), r.uniform(-10, 256), r.uniform(14, 28)
            o.put(poly([(x, y), (x + sl, y + L), (x + sl + 1.6, y + L), (x + 1.6, y)]), rc, line=False, alpha=0.8)
    return o


# ---------------------------------------------------------------- painters

def _surface(n):
    s = skia.Surface(n, n)
    c = s.getCanvas()
    c.scale(n / 256, n / 256)
    return s, c


def _rgb(s):
    return np.ascontiguousarray(s.toarray(colorType=skia.ColorType.kRGBA_8888_ColorType)[..., :3])


def _sky(c, sky, wash=None):
    a, b = sky
    if wash:
        a, b = mix(a, wash[0], wash[1]), mix(b, wash[0], wash[1])
    sh = skia.GradientShader.MakeLinear([skia.Point(0, 0), skia.Point(0, 190)], [skia.Color4f(*a, 1).toColor(), skia.Color4f(*b, 1).toColor()])
    c.drawRect(skia.Rect(0, 0, 256, 256), skia.Paint(Shader=sh))


def _grain(rng, n, freq, lo, hi, octaves=3):
    """Cheap fractal value noise, n x n."""
    from PIL import Image
    out = np.zeros((n, n), np.float32)
    amp = 1.0
    for _ in range(octaves):
        m = max(2, int(n * freq))
        k = Image.fromarray(rng.random((m, m), dtype=np.float32), "F").resize((n, n), Image.BICUBIC)
        out += amp * (np.asarray(k) - 0.5)
        amp *= 0.6
        freq = min(1.0, freq * 2.1)
    out = (out - out.min()) / (np.ptp(out) + 1e-6)
    return lo + (hi - lo) * out


def paint(s, lk, n=256):
    o = build(s, lk)
    r = np.random.default_rng(lk["seed"] ^ 0x5EED)
    st = lk["style"]
    if st == "pixel art":
        m = int([32, 32, 64][r.integers(3)])
        surf, c = _surface(m * 2)
        _sky(c, o.sky)
        for q in o:
            c.drawPath(q["path"], skia.Paint(Color4f=col(q["c"], 1 if not q["soft"] else 0.3), AntiAlias=True))
        im = _rgb(surf).astype(np.float32).reshape(m, 2, m, 2, 3).mean((1, 3))
        lum = im.mean(-1, keepdims=True)
        im = np.clip(lum + (im - lum) * 1.25, 0, 255)
        lv = 8.0
        bayer = np.array([[0, 2], [3, 1]]) / 4 - 0.375
        d = np.tile(bayer, (m // 2, m // 2))[..., None]
        im = np.clip(np.round(im / 255 * lv + d * 0.18) / lv, 0, 1) * 255
        idx = (np.arange(n) * m) // n
        return im[idx][:, idx].astype(np.uint8)
    surf, c = _surface(n)
    if st == "flat":
        _sky(c, o.sky)
        for q in o:
            p = skia.Paint(Color4f=col(q["c"], q["a"]), AntiAlias=True)
            if q["soft"]:
                p.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, q["soft"]))
            c.drawPath(q["path"], p)
        return _rgb(surf)
    if st == "watercolour":
        paper = (0.97, 0.96, 0.93)
        night = lk["time"] == "night"
        _sky(c, o.sky, (paper, 0.05 if night else 0.2))
        for i, q in enumerate(o):
            cc = mix(q["c"], paper, 0.03 if night else 0.13)
            p = skia.Paint(Color4f=col(cc, 0.93 * q["a"]), AntiAlias=True)
            if q["big"]:
                p.setPathEffect(skia.DiscretePathEffect.Make(7, 2.0, int(r.integers(1 << 30))))
            p.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, q["soft"] or (1.1 if q["big"] else 0.6)))
            c.drawPath(q["path"], p)
            if q["big"] and q["line"]:
                e = skia.Paint(Color4f=col(mul(cc, (0.72, 0.72, 0.74)), 0.5), AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeWidth=1.6)
                e.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, 0.9))
                c.drawPath(q["path"], e)
        im = _rgb(surf).astype(np.float32)
        blot = _grain(r, n, 0.03, -1, 1)[..., None]
        fine = _grain(r, n, 0.5, -1, 1, 1)[..., None]
        im = im * (1 + 0.13 * blot + 0.035 * fine) + (255 * 0.05 * np.maximum(blot, 0) if not night else 0)
        # the wash stops short of the edge of the paper, unevenly
        ax = np.minimum(np.arange(n), np.arange(n)[::-1]) * (256 / n)
        edge = np.minimum(ax[:, None], ax[None]) + _grain(r, n, 0.04, -9, 9)
        bare = np.clip((r.uniform(11, 17) - edge) / 2.5, 0, 1)[..., None]
        im = im * (1 - bare) + 255 * np.array(paper) * bare
        return np.clip(im, 0, 255).astype(np.uint8)
    # ink: paper, pale washes, dark lines and hatching
    night = lk["time"] == "night"
    paper = (0.95, 0.93, 0.87)
    wash = 0.12 if night else 0.48
    _sky(c, tuple(mix(q, (sum(q) / 3,) * 3, 0.6) for q in o.sky), (paper, wash + 0.12 if not night else wash))
    ink = (0.08, 0.08, 0.10)
    lw = r.uniform(1.1, 1.9)
    for q in o:
        grey = (sum(q["c"]) / 3,) * 3
        cc = mix(mix(q["c"], grey, 0.6), paper, 0.1 if q["light"] else wash)
        p = skia.Paint(Color4f=col(cc, q["a"]), AntiAlias=True)
        if q["soft"]:
            p.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, q["soft"]))
        c.drawPath(q["path"], p)
        if q["big"] and sum(q["c"]) < (1.45 if not night else 0.5):
            c.save()
            c.clipPath(q["path"], doAntiAlias=True)
            b = q["path"].getBounds()
            h = skia.Paint(Color4f=col(ink, 0.45), AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeWidth=0.8)
            step = r.uniform(5, 8)
            x = max(-20, b.left()) - 60
            while x < min(276, b.right()):
                c.drawLine(x, max(0, b.top()), x + 60, min(256, max(0, b.top()) + 90), h)
                x += step
            c.restore()
        if q["line"] and not q["soft"]:
            e = skia.Paint(Color4f=col(ink, 0.92), AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeWidth=lw if q["big"] else lw * 0.7)
            e.setPathEffect(skia.DiscretePathEffect.Make(6, 0.8, int(r.integers(1 << 30))))
            c.drawPath(q["path"], e)
    im = _rgb(surf).astype(np.float32) * (1 + 0.03 * _grain(r, n, 0.5, -1, 1, 1)[..., None])
    return np.clip(im, 0, 255).astype(np.uint8)


def sketch(s, seed, n=256, look_=None):
    """A child's drawing of the same layout: blobs and thick strokes on paper."""
    r = np.random.default_rng(seed)
    lk = look_ or dict(time="day" if r.random() < 0.85 else TIMES[r.integers(3)], weather="clear" if r.random() < 0.9 else "snow", style="flat", seed=int(r.integers(1 << 30)))
    o = build(s, lk)
    surf, c = _surface(n)
    v = r.uniform(0.93, 1.0)
    paper = (v, v, v * r.uniform(0.94, 1))
    c.clear(col(paper))
    mode = r.random()          # crayon scribble, flat felt pen, or plain blobs
    leave_sky = r.random() < 0.25
    if not leave_sky:
        _sky(c, (mix(o.sky[0], o.sky[1], r.uniform(0, 0.6)), mix(o.sky[0], o.sky[1], r.uniform(0.4, 1))), (paper, r.uniform(0, 0.35)))
    keep = r.uniform(0.1, 0.7)
    for q in o:
        if q["soft"]:
            continue
        b = q["path"].getBounds()
        small = max(b.width(), b.height()) < 14
        if small and r.random() > keep:
            continue
        cc = jit(r, q["c"], 0.08)
        sat = r.uniform(0, 0.35)
        l = sum(cc) / 3
        cc = tuple(float(np.clip(x + (x - l) * sat, 0, 1)) for x in cc)
        c.save()
        if not (b.width() > 200):
            c.translate(r.normal(0, 1.5), r.normal(0, 1.5))
        pe = skia.DiscretePathEffect.Make(float(r.uniform(8, 18)), float(r.uniform(1, 4)), int(r.integers(1 << 30)))
        if mode < 0.4:
            p = skia.Paint(Color4f=col(cc, 0.55), AntiAlias=True, PathEffect=pe)
            c.drawPath(q["path"], p)
            c.save()
            c.clipPath(q["path"], doAntiAlias=True)
            h = skia.Paint(Color4f=col(cc, 0.9), AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeWidth=float(r.uniform(2.5, 5)), StrokeCap=skia.Paint.kRound_Cap)
            h.setPathEffect(skia.DiscretePathEffect.Make(12, 2.0, int(r.integers(1 << 30))))
            step, sl = r.uniform(4, 8), r.uniform(-40, 40)
            top, btm = max(-5, b.top()), min(261, b.bottom())
            x = max(-45, b.left() - 45)
            while x < min(300, b.right() + 45):
                c.drawLine(x, top, x + sl, btm, h)
                x += step
            c.restore()
        else:
            c.drawPath(q["path"], skia.Paint(Color4f=col(cc), AntiAlias=True, PathEffect=pe))
        if q["line"] and q["big"] and (mode < 0.4 or mode > 0.75):
            e = skia.Paint(Color4f=col(mul(cc, (0.6, 0.6, 0.6)), 0.9), AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeWidth=float(r.uniform(2, 4)), StrokeCap=skia.Paint.kRound_Cap)
            e.setPathEffect(skia.DiscretePathEffect.Make(10, 1.8, int(r.integers(1 << 30))))
            c.drawPath(q["path"], e)
        c.restore()
    im = _rgb(surf).astype(np.float32)
    if r.random() < 0.5:
        im *= 1 + r.uniform(0.02, 0.08) * _grain(r, n, 0.7, -1, 1, 1)[..., None]
    return np.clip(im, 0, 255).astype(np.uint8)


# ---------------------------------------------------------------- words

W_TIME = {"day": ["day", "daytime", "at noon", "a sunny day", "in daylight", "midday", "morning"],
          "sunset": ["sunset", "at sunset", "dusk", "golden hour", "in the evening", "sunrise", "at dawn"],
          "night": ["night", "at night", "by moonlight", "midnight", "a starry night", "dark night"]}
W_WX = {"clear": ["clear", "clear sky", "clear weather", "summer"],
        "snow": ["snow", "snowy", "winter", "snowfall", "covered in snow", "in winter"],
        "fog": ["fog", "foggy", "mist", "misty", "haze"],
        "rain": ["rain", "rainy", "storm", "raining", "stormy weather"]}
W_ST = {"flat": ["flat", "flat illustration", "flat design", "vector art", "minimal poster", "flat colours"],
        "watercolour": ["watercolour", "watercolor", "watercolour painting", "watercolor painting", "aquarelle"],
        "pixel art": ["pixel art", "pixel", "pixelated", "8-bit pixel art", "retro game pixel art"],
        "ink": ["ink", "ink drawing", "pen and ink", "line drawing", "ink sketch", "comic ink"]}
W_TER = {"mountains": ["mountains", "mountain landscape", "mountain range", "alps"],
         "hills": ["hills", "rolling hills", "green hills", "countryside", "meadow"],
         "sea": ["sea", "ocean", "seaside", "coast", "beach"],
         "desert": ["desert", "sand dunes", "dunes", "desert landscape"],
         "forest": ["forest", "woods", "pine forest", "woodland"]}
W_OBJ = {"house": ["house", "cottage", "cabin", "home"], "tree": ["tree", "big tree", "lonely tree"],
         "boat": ["boat", "sailing boat", "sailboat", "ship"], "windmill": ["windmill", "mill"]}
W_LAKE = ["lake", "by a lake", "with a lake", "water"]
FILL = ["a picture of", "a painting of", "beautiful", "illustration", "landscape", "scenery", "detailed", "a", "an image of", "cute", "masterpiece", "art", "a drawing of", "colourful", "with", "and", "in the", "of", "the"]


def caption(rng, s, lk):
    pick = lambda a: a[rng.integers(len(a))]
    p = []
    ter = pick(W_TER[s["terrain"]])
    obj = None
    if s["obj"] != "none":
        cn = s["colour"]
        name = pick(W_OBJ[s["obj"]])
        show = rng.random() < (0.75 if not (s["obj"] == "tree" and cn == "green") else 0.3)
        obj = f"{'an' if cn == 'orange' else 'a'} {cn} {name}" if show else f"a {name}"
    time, wx, st = pick(W_TIME[lk["time"]]), pick(W_WX[lk["weather"]]), pick(W_ST[lk["style"]])
    use_t = rng.random() < 0.95
    use_w = rng.random() < (0.97 if lk["weather"] != "clear" else 0.5)
    use_s = rng.random() < 0.95
    lake = s["lake"] and rng.random() < 0.8
    if rng.random() < 0.5:
        sub = ter if obj is None or rng.random() < 0.02 else f"{obj} {pick(['in', 'near', 'and', 'with', 'by', 'in front of'])} {pick(['the ', ''])}{ter}"
        p = [sub]
        if lake:
            p.append(pick(W_LAKE))
        if use_t:
            p.append(time)
        if use_w:
            p.append(wx)
        if use_s:
            p.insert(0 if rng.random() < 0.4 else len(p), st)
        sep = pick([", ", " "])
        t = sep.join(p)
    else:
        p = [x for x, u in ((ter, rng.random() < 0.97), (obj, obj and rng.random() < 0.98), (time, use_t), (wx, use_w), (st, use_s), (pick(W_LAKE), lake)) if u]
        rng.shuffle(p)
        t = pick([", ", ", ", " "]).join(p)
    if rng.random() < 0.3:
        t = f"{pick(FILL)} {t}"
    if rng.random() < 0.15:
        t = f"{t}, {pick(FILL)}"
    return t


# ---------------------------------------------------------------- odd pictures for the autoencoder

def oddity(rng, n=256):
    """Gradients, textures, glyphs, shapes, noise: anything a user might load."""
    k = rng.integers(5)
    surf, c = _surface(n)
    rc = lambda: tuple(rng.random(3))
    _sky(c, (rc(), rc()))
    if k in (0, 1, 2):
        for _ in range(int(rng.integers(4, 40))):
            sz = float(rng.uniform(4, 90))
            x, y = rng.uniform(0, 256, 2)
            m = rng.integers(4)
            p = skia.Paint(Color4f=col(rc(), rng.uniform(0.4, 1)), AntiAlias=True)
            if rng.random() < 0.35:
                p.setStyle(skia.Paint.kStroke_Style)
                p.setStrokeWidth(float(rng.uniform(0.8, 9)))
            if rng.random() < 0.2:
                p.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, float(rng.uniform(0.5, 8))))
            if m == 0:
                c.drawPath(circle(x, y, sz / 2), p)
            elif m == 1:
                c.drawPath(rect(x, y, sz, float(rng.uniform(4, 90))), p)
            elif m == 2:
                c.drawPath(poly([(x + rng.normal(0, sz), y + rng.normal(0, sz)) for _ in range(int(rng.integers(3, 7)))]), p)
            else:
                f = skia.Font(skia.Typeface(""), float(rng.uniform(10, 60)))
                t = "".join(chr(rng.integers(33, 126)) for _ in range(int(rng.integers(1, 8))))
                c.drawString(t, float(x), float(y), f, p)
    im = _rgb(surf).astype(np.float32)
    if k == 3:
        ch = np.stack([_grain(rng, n, float(10 ** rng.uniform(-2, -0.3)), 0, 255) for _ in range(3)], -1)
        im = ch if rng.random() < 0.5 else im * ch[..., :1] / 255
    if k == 4:
        a = _grain(rng, n, float(10 ** rng.uniform(-2, -0.8)), 0, 1)[..., None]
        im = im * a + np.array(rc()) * 255 * (1 - a)
    if rng.random() < 0.25:
        im += rng.normal(0, rng.uniform(1, 14), im.shape)
    return np.clip(im, 0, 255).astype(np.uint8)
