"""Starting weights for the autoencoder: average colour of each 8x8 block, passed straight through.

Six carrier channels hold +R -R +G -G +B -B. silu(a) - silu(-a) = a, so a +/- pair passes
the nonlinearity before the last convolution unchanged, and constant channels keep the one
normalisation on that path nearly constant. Every residual branch starts at zero. Training
therefore starts from a blurred but correct picture instead of from grey.
"""
import torch

K = 6


def _eye(conv, kernel, own):
    """own: keep the default weights (scaled) for non-carrier rows."""
    w = conv.weight
    o, i, kh, kw = w.shape
    w[:K] = 0
    w[K:] *= own
    w[K:, :K] *= 0.5
    for c in range(min(o, i)):
        w[c, c] += kernel
    conv.bias[:K] = 0


@torch.no_grad()
def init(m, x):
    one = torch.zeros(3, 3); one[1, 1] = 1
    pool = torch.zeros(3, 3); pool[:2, :2] = 0.25
    tent = torch.outer(torch.tensor([0.25, 0.5, 0.25]), torch.tensor([0.25, 0.5, 0.25]))
    for n, q in m.named_modules():
        if n.endswith("conv2"):
            q.weight.zero_(); q.bias.zero_()
        elif n.endswith("conv_shortcut"):
            _eye(q, torch.ones(1, 1), 0.7)
        elif n.endswith("downsamplers.0.conv"):
            _eye(q, pool, 0.5)
        elif n.endswith("upsamplers.0.conv"):
            _eye(q, tent, 0.5)
    for part, src in ((m.encoder, 3), (m.decoder, 3)):
        c = part.conv_in
        c.weight[:K] = 0
        for i in range(src):
            c.weight[2 * i, i, 1, 1], c.weight[2 * i + 1, i, 1, 1] = 1, -1
        c.bias[:K] = 0
        n = c.bias.numel() - K
        c.bias[K:] = torch.where(torch.arange(n) % 2 == 0, 1.5, -1.5)
        o = part.conv_out
        o.weight[:3] = 0
        for i in range(3):
            o.weight[i, 2 * i, 1, 1], o.weight[i, 2 * i + 1, 1, 1] = 1, -1
        o.bias[:3] = 0
    m.encoder.conv_out.weight[4:] *= 0.1
    m.encoder.conv_out.bias[4:] = -6
    for q in (m.quant_conv, m.post_quant_conv):
        q.weight.zero_(); q.bias.zero_()
        for i in range(q.weight.shape[0]):
            q.weight[i, i] = 1
    fit = lambda a, b: float((a * b).mean() / (a * a).mean())
    for _ in range(2):
        z = m.encode(x).latent_dist.mean
        b = torch.nn.functional.avg_pool2d(x, 8)
        for i in range(3):
            m.encoder.conv_out.weight[i] *= fit(z[:, i], b[:, i] * 2)
        m.encoder.conv_out.weight[3] *= 0.7 / z[:, 3].std()
    y = m.decode(m.encode(x).latent_dist.mean).sample
    for i in range(3):
        m.decoder.conv_out.weight[i] *= fit(y[:, i], x[:, i])
    y = m.decode(m.encode(x).latent_dist.mean).sample
    return 10 * torch.log10(4 / ((y - x) ** 2).mean()).item()
