"""Draws sketch.png, the bundled demo input: a child's crayon drawing."""
import os
import numpy as np
import skia
from PIL import Image
from common import OUT
from scenes import _grain, circle, col, poly, rect

r = np.random.default_rng(11)
N = 512
surf = skia.Surface(N, N)
c = surf.getCanvas()
c.scale(2, 2)
c.clear(col((0.985, 0.98, 0.955)))


def scribble(path, colour, step=4.5, slant=20, width=4.0, base=0.55):
    c.drawPath(path, skia.Paint(Color4f=col(colour, base), AntiAlias=True, PathEffect=skia.DiscretePathEffect.Make(12, 2, int(r.integers(1 << 30)))))
    b = path.getBounds()
    c.save()
    c.clipPath(path, doAntiAlias=True)
    top, btm = b.top() - 4, b.bottom() + 4
    x = b.left() - abs(slant) - 6
    while x < b.right() + abs(slant):
        k = colour if r.random() < 0.7 else tuple(v * 0.93 for v in colour)
        p = skia.Paint(Color4f=col(k, r.uniform(0.55, 0.9)), AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeWidth=float(width * r.uniform(0.8, 1.2)), StrokeCap=skia.Paint.kRound_Cap,
                       PathEffect=skia.DiscretePathEffect.Make(14, 1.6, int(r.integers(1 << 30))))
        c.drawLine(float(x + r.normal(0, 1)), top, float(x + slant + r.normal(0, 2)), btm, p)
        x += step
    c.restore()


def line(path, colour, width=2.6, wob=1.3):
    c.drawPath(path, skia.Paint(Color4f=col(colour, 0.92), AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeWidth=width, StrokeCap=skia.Paint.kRound_Cap, StrokeJoin=skia.Paint.kRound_Join,
                                PathEffect=skia.DiscretePathEffect.Make(9, wob, int(r.integers(1 << 30)))))


def curve(pts, close=False):
    p = skia.Path()
    p.moveTo(*pts[0])
    for (x0, y0), (x1, y1) in zip(pts[:-1], pts[1:]):
        p.quadTo(x0, y0, (x0 + x1) / 2, (y0 + y1) / 2)
    p.lineTo(*pts[-1])
    if close:
        p.close()
    return p


blue, sun, grey, grey2 = (0.52, 0.77, 0.96), (1.0, 0.82, 0.16), (0.55, 0.53, 0.68), (0.46, 0.47, 0.60)
green, lake, ink = (0.47, 0.73, 0.33), (0.25, 0.56, 0.86), (0.25, 0.22, 0.24)
scribble(rect(-6, -6, 268, 140), blue, 6, 34, 6.0, 0.42)
scribble(circle(52, 44, 21), sun, 4, 8, 4, 0.9)
line(circle(52, 44, 21), (0.95, 0.62, 0.10))
for k in range(11):
    a = k * 6.2832 / 11 + 0.2
    p = skia.Path()
    p.moveTo(52 + 27 * np.cos(a), 44 + 27 * np.sin(a))
    p.lineTo(52 + 39 * np.cos(a), 44 + 39 * np.sin(a))
    line(p, (0.97, 0.70, 0.12), 3)
for x, y, k in ((150, 34, 1.0), (214, 54, 0.75)):
    q = skia.Path()
    for dx, dy, rr in ((-16, 3, 9), (-4, -4, 12), (11, -1, 10), (20, 4, 7)):
        q = skia.Op(q, circle(x + dx * k, y + dy * k, rr * k), skia.PathOp.kUnion_PathOp)
    scribble(q, (0.99, 0.99, 1.0), 5, 4, 5, 0.95)
    line(q, (0.62, 0.72, 0.84), 2)
m1 = poly([(-8, 150), (40, 84), (70, 112), (118, 52), (178, 150)])
m2 = poly([(120, 150), (186, 74), (214, 106), (232, 92), (266, 150)])
scribble(m2, grey2, 4.5, -26, 4.5, 0.75)
line(m2, ink, 2.4)
scribble(m1, grey, 4.5, 24, 4.5, 0.75)
line(m1, ink, 2.4)
for cap in (poly([(118, 53), (134, 79), (125, 74), (117, 84), (110, 73), (100, 76)]), poly([(186, 75), (198, 90), (190, 88), (184, 97), (178, 87), (173, 91)])):
    scribble(cap, (1, 1, 1), 3, 3, 4, 1.0)
    line(cap, (0.6, 0.62, 0.72), 1.6)
scribble(curve([(-8, 146), (60, 136), (150, 146), (264, 134), (270, 150), (270, 270), (-10, 270), (-10, 150)], True), green, 5, 26, 5.2, 0.7)
lk = curve([(128, 176), (160, 160), (230, 158), (274, 172), (274, 216), (200, 222), (140, 208), (120, 190), (128, 176)], True)
scribble(lk, lake, 4.5, -46, 4.6, 0.8)
line(lk, (0.16, 0.36, 0.66), 2.4)
for x, y in ((168, 178), (212, 190), (182, 204), (236, 206)):
    p = skia.Path()
    p.moveTo(x - 12, y); p.quadTo(x - 6, y - 5, x, y); p.quadTo(x + 6, y + 5, x + 12, y)
    line(p, (0.85, 0.94, 1.0), 2.4, 0.6)
wall = rect(46, 158, 54, 42)
scribble(wall, (0.86, 0.24, 0.18), 4, 6, 4.2, 0.85)
line(wall, ink)
roof = poly([(37, 160), (73, 126), (109, 160)])
scribble(roof, (0.48, 0.28, 0.20), 4, -8, 4.2, 0.9)
line(roof, ink)
for q, k in ((rect(68, 178, 13, 22), (0.34, 0.22, 0.16)), (rect(52, 166, 12, 12), (0.98, 0.90, 0.50)), (rect(84, 166, 12, 12), (0.98, 0.90, 0.50))):
    scribble(q, k, 3, 2, 4, 0.95)
    line(q, ink, 1.8, 0.8)
for x, y, k in ((20, 212, 1.0), (118, 158, 0.62)):
    scribble(rect(x - 3 * k, y - 22 * k, 6 * k, 24 * k), (0.45, 0.29, 0.17), 3, 1, 3.4, 0.9)
    q = poly([(x - 17 * k, y - 18 * k), (x, y - 62 * k), (x + 17 * k, y - 18 * k)])
    scribble(q, (0.13, 0.45, 0.24), 3.6, 5, 4, 0.85)
    line(q, (0.07, 0.27, 0.15), 2.0)
for _ in range(16):
    x, y = r.uniform(6, 250), r.uniform(226, 250)
    p = skia.Path()
    for d in (-3, 0, 3):
        p.moveTo(x + d, y); p.lineTo(x + d * 1.6, y - r.uniform(5, 9))
    line(p, (0.22, 0.50, 0.20), 1.8, 0.5)
for _ in range(9):
    x, y = r.uniform(10, 246), r.uniform(222, 250)
    c.drawPath(circle(x, y, 2.6), skia.Paint(Color4f=col([(0.95, 0.35, 0.4), (0.98, 0.8, 0.2), (0.75, 0.4, 0.8)][r.integers(3)]), AntiAlias=True))
im = surf.toarray(colorType=skia.ColorType.kRGBA_8888_ColorType)[..., :3].astype(np.float32)
im = np.clip(im * (1 + 0.045 * _grain(r, N, 0.45, -1, 1, 1)[..., None]), 0, 255).astype(np.uint8)
Image.fromarray(im).quantize(96, dither=0).save(os.path.join(OUT, "sketch.png"), optimize=True)
print(os.path.getsize(os.path.join(OUT, "sketch.png")), "bytes")
