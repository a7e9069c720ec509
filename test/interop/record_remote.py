"""Runs diffusers' own remote_encode and remote_decode, unchanged, against `underpaint serve`, and records what went over the wire.

usage: python record_remote.py sd1|sdxl|flux http://127.0.0.1:8765 traffic/<name>.json

Every branch that a client of an image model can take (hybrid-inference.md 4.4, 5.1) is called; the results are checked for type and size, and
where two branches must agree, for value. test/pipeline/remote/interop.test.ts replays the traffic.
"""
import base64
import json
import sys
import warnings

import numpy as np
import requests
import torch
from diffusers.image_processor import VaeImageProcessor
from diffusers.utils.remote_utils import remote_decode, remote_encode
from PIL import Image

# Latent channels, scaling and shift, dtype as diffusers' tests send it.
MODELS = {
    "sd1": (4, 0.18215, None, torch.float16),
    "sdxl": (4, 0.13025, None, torch.float16),
    "flux": (16, 0.3611, 0.1159, torch.bfloat16),
}
HEIGHT, WIDTH = 32, 48

name, url, out = sys.argv[1:]
channels, scaling, shift, dtype = MODELS[name]
records = []
real_send = requests.Session.send


def send(session, request, **kwargs):
    """Looks on; changes nothing."""
    response = real_send(session, request, **kwargs)
    records.append(
        {
            "request": {
                "method": request.method,
                "path": request.path_url,
                "headers": {k.lower(): v for k, v in request.headers.items()},
                "body": base64.b64encode(request.body).decode(),
            },
            "reply": {
                "status": response.status_code,
                "headers": {k: response.headers.get(k) for k in ("content-type", "shape", "dtype")},
                "body": base64.b64encode(response.content).decode(),
            },
        }
    )
    return response


requests.Session.send = send
factors = {"scaling_factor": scaling, **({} if shift is None else {"shift_factor": shift})}
generator = torch.Generator().manual_seed(13)
latent = torch.randn([1, channels, HEIGHT // 8, WIDTH // 8], generator=generator, dtype=torch.float32).to(dtype)
processor = VaeImageProcessor()


def decode(tensor=latent, **options):
    return remote_decode(endpoint=url, tensor=tensor, **{**factors, **options})


def is_image(image, count=1):
    images = image if isinstance(image, list) else [image]
    assert len(images) == count and all(i.size == (WIDTH, HEIGHT) and i.mode == "RGB" for i in images), image
    return np.asarray(images[0]).astype(int)


# pil, no processor: a picture file.
jpeg = decode()
assert jpeg.format == "jpeg"
is_image(jpeg)
png = decode(image_format="png")
assert png.format == "png"
exact = is_image(png)
# pil with processor: a tensor in [0, 1], as list of images or as it is.
assert np.abs(is_image(decode(processor=processor)) - exact).max() <= 1
unit = decode(processor=processor, return_type="pt")
assert unit.shape == (1, 3, HEIGHT, WIDTH) and unit.min() >= 0 and unit.max() <= 1
# pt, whole: through the processor, or as it is.
assert np.abs(is_image(decode(output_type="pt", processor=processor)) - exact).max() <= 1
raw = decode(output_type="pt", return_type="pt")
assert raw.shape == (1, 3, HEIGHT, WIDTH) and raw.dtype == torch.float16
# pt, bytes: equal to the recipe applied to the floats (12.3).
partial = decode(output_type="pt", partial_postprocess=True, return_type="pt")
assert partial.shape == (1, HEIGHT, WIDTH, 3) and partial.dtype == torch.uint8
recipe = ((raw * 0.5 + 0.5).clamp(0, 1).float() * 255).round().to(torch.uint8).permute(0, 2, 3, 1)
assert torch.equal(partial, recipe)
assert np.abs(is_image(decode(output_type="pt", partial_postprocess=True)) - exact).max() == 0
# Scaling by the client, by the server's own config, and not at all.
unscaled = latent.float() / scaling + (shift or 0)
own = decode(unscaled, do_scaling=False, output_type="pt", partial_postprocess=True, return_type="pt", scaling_factor=None)
assert (own.int() - partial.int()).abs().max() <= 1
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    config = decode(scaling_factor=None, shift_factor=None, output_type="pt", partial_postprocess=True, return_type="pt")
    assert torch.equal(config, partial)
    decode(input_tensor_type="base64", output_tensor_type="base64", output_type="pt", partial_postprocess=True)
if name == "flux":
    h, w = HEIGHT // 8, WIDTH // 8
    packed = latent.view(1, channels, h // 2, 2, w // 2, 2).permute(0, 2, 4, 1, 3, 5).reshape(1, h * w // 4, 64)
    both = decode(packed, height=HEIGHT, width=WIDTH, output_type="pt", partial_postprocess=True, return_type="pt")
    assert torch.equal(both, partial)
# Encode: a picture, one whose sides are no multiples of 8, one with alpha, and pixels as a tensor.
y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
pixels = np.stack([x * 5, y * 7, (x + y) * 3], -1).astype(np.uint8)
image = Image.fromarray(pixels)
encoded = remote_encode(endpoint=url, image=image, **factors)
assert encoded.shape == (1, channels, HEIGHT // 8, WIDTH // 8), encoded.shape
odd = remote_encode(endpoint=url, image=image.resize((WIDTH + 5, HEIGHT + 3)), **factors)
assert odd.shape == encoded.shape
assert remote_encode(endpoint=url, image=image.convert("RGBA"), **factors).equal(encoded)
# Contiguous beforehand: remote_encode drops its own contiguous copy before it reads the bytes (use after free, diffusers 0.42.1).
planes = torch.from_numpy(pixels).permute(2, 0, 1)[None].contiguous().float()
for tensor in (planes / 255, planes / 127.5 - 1, (planes / 255).half()):
    difference = (remote_encode(endpoint=url, image=tensor, **factors).float() - encoded.float()).abs().max().item()
    assert difference < 2e-2, (difference, encoded.abs().max())
assert decode(encoded, image_format="png").size == (WIDTH, HEIGHT)
# What cannot be right comes back as a RuntimeError with the server's words.
for bad in (lambda: decode(latent[:, :1]), lambda: decode(latent[0][None, 0], height=HEIGHT, width=WIDTH)):
    try:
        bad()
    except RuntimeError as error:
        assert "error" in error.args[0], error.args
    else:
        raise AssertionError("a wrong shape was answered")

with open(out, "w") as file:
    json.dump({"model": name, "calls": records}, file, indent=1)
    file.write("\n")
print(f"{name}: {len(records)} calls recorded")
