"""Muon for matrices and convolutions, AdamW for everything else.

Muon (Jordan et al. 2024): the momentum of a matrix is replaced by its nearest orthogonal matrix (five Newton-Schulz iterations), so that every
direction moves equally far. Scaled by 0.2 * sqrt(larger side), its step has the size of AdamW's (Liu et al. 2025). The iterations are shared
between the workers of `ranks.py`.
"""
import torch
import torch.distributed as dist
import ranks

COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonal(m, steps=5):
    """The nearest orthogonal matrix, roughly: singular values end between 0.7 and 1.2."""
    a, b, c = COEFFICIENTS
    tall = m.shape[0] > m.shape[1]
    x = m.T if tall else m
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        s = x @ x.T
        x = a * x + (b * s + c * s @ s) @ x
    return x.T if tall else x


class Muon:
    def __init__(self, params, momentum=0.95, weight_decay=0.01):
        self.params, self.momentum, self.decay = list(params), momentum, weight_decay
        self.state = [torch.zeros_like(p) for p in self.params]
        # the widest matrices first, each to the worker with the least work
        self.mine, load = set(), [0.0] * ranks.N
        for i in sorted(range(len(self.params)), key=lambda i: -self.params[i].numel()):
            p = self.params[i].flatten(1)
            k = min(range(ranks.N), key=load.__getitem__)
            load[k] += min(p.shape) * p.numel()
            if k == (dist.get_rank() if dist.is_initialized() else 0):
                self.mine.add(i)

    @torch.no_grad()
    def step(self, lr):
        """One step; gradients must already be the average over the workers."""
        out = []
        for i, (p, m) in enumerate(zip(self.params, self.state)):
            m.lerp_(p.grad, 1 - self.momentum)
            if i in self.mine:
                g = p.grad.lerp(m, self.momentum).flatten(1)
                out.append((orthogonal(g) * 0.2 * max(g.shape) ** 0.5).reshape(-1))
            else:
                out.append(torch.zeros(p.numel()))
        flat = torch.cat(out)
        if dist.is_initialized():
            dist.all_reduce(flat)
        o = 0
        for p in self.params:
            p.mul_(1 - lr * self.decay).sub_(flat[o:o + p.numel()].view_as(p), alpha=lr)
            o += p.numel()
