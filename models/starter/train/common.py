"""Shared settings: folders, model shapes, timing."""
import os
import time
import torch

WORK = os.environ.get("STARTER_WORK", os.path.join(os.path.expanduser("~"), ".cache", "starter-work"))
OUT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
os.makedirs(WORK, exist_ok=True)
torch.set_num_threads(int(os.environ.get("STARTER_THREADS", os.cpu_count() or 2)))



def _has_amx():
    """bfloat16 is worth it only where the CPU multiplies it itself; elsewhere it is several times slower than float32."""
    try:
        return "amx_bf16" in open("/proc/cpuinfo").read()
    except OSError:
        return False


BF16 = _has_amx()
TEXT_WIDTH = 64
SCALING = 0.18215
# the first half of Stable Diffusion's schedule: img2img always starts from a picture, and a small network can only repaint what it can still see
TIMESTEPS = 480
BETAS = (0.00085, (0.00085 ** 0.5 + (0.012 ** 0.5 - 0.00085 ** 0.5) * (TIMESTEPS - 1) / 999) ** 2)
STEPS = 8
VAE = dict(
    in_channels=3, out_channels=3, latent_channels=4, sample_size=256,
    block_out_channels=(32, 48, 64, 96), layers_per_block=1, norm_num_groups=1,
    down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
    mid_block_add_attention=False,
)
UNET = dict(
    sample_size=32, in_channels=4, out_channels=4, block_out_channels=(48, 96, 144),
    layers_per_block=1, cross_attention_dim=TEXT_WIDTH, attention_head_dim=2, norm_num_groups=16,
    down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
)
TEXT = dict(
    vocab_size=49408, hidden_size=TEXT_WIDTH, intermediate_size=4 * TEXT_WIDTH, projection_dim=TEXT_WIDTH,
    num_hidden_layers=4, num_attention_heads=4, max_position_embeddings=77, hidden_act="quick_gelu",
    bos_token_id=49406, eos_token_id=49407, pad_token_id=49407,
)


def path(name):
    return os.path.join(WORK, name)


def vae():
    from diffusers import AutoencoderKL
    return AutoencoderKL(**VAE)


def unet():
    from diffusers import UNet2DConditionModel
    return UNet2DConditionModel(**UNET)


@torch.no_grad()
def quiet_start(u):
    """Residual branches and the output start at zero, shortcuts keep what they can."""
    for n, q in u.named_modules():
        if n.endswith(("conv2", "to_out.0", "ff.net.2", "proj_out")) or n == "conv_out":
            q.weight.zero_()
            q.bias.zero_()


def text_encoder():
    from transformers import CLIPTextConfig, CLIPTextModel
    return CLIPTextModel(CLIPTextConfig(**TEXT))


def alphas():
    b = torch.linspace(BETAS[0] ** 0.5, BETAS[1] ** 0.5, TIMESTEPS, dtype=torch.float64) ** 2
    return torch.cumprod(1 - b, 0).float()


class Clock:
    """Time left in a stage with a wall-clock budget that survives restarts."""

    def __init__(self, minutes, used=0.0):
        self.t0, self.total, self.used = time.time(), minutes * 60, used

    def spent(self):
        return self.used + time.time() - self.t0

    def part(self):
        return min(1.0, self.spent() / self.total)

    def left(self):
        return max(0.0, self.total - self.spent())


def save(obj, name):
    torch.save(obj, path(name + ".tmp"))
    os.replace(path(name + ".tmp"), path(name))
