"""Two or more single-threaded workers that average gradients once per step.

On a machine shared with other work this is much faster than threads inside each operation,
which wait for one another hundreds of times per step.
"""
import os
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

N = int(os.environ.get("STARTER_WORKERS", os.cpu_count() or 2))


def _go(rank, fn, file):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method="file://" + file, rank=rank, world_size=N)
    fn(rank)
    dist.barrier()
    dist.destroy_process_group()


def launch(fn, file):
    if os.path.exists(file):
        os.remove(file)
    mp.spawn(_go, (fn, file), nprocs=N)


def average(params, extra):
    """Average gradients in place; returns the averages of the extra numbers."""
    ps = [p for p in params if p.grad is not None]
    flat = torch.cat([p.grad.reshape(-1) for p in ps] + [torch.tensor(extra, dtype=torch.float32)])
    dist.all_reduce(flat)
    flat /= N
    o = 0
    for p in ps:
        k = p.numel()
        p.grad.copy_(flat[o:o + k].view_as(p))
        o += k
    return flat[o:].tolist()
