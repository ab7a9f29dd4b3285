"""PyTorch."""
import torch

import shared
import work


def rbm(s):
    X = torch.from_numpy(work.images(s.images))
    W, b, c = map(torch.from_numpy, shared.start_weights(s))
    h = torch.zeros(s.batch, s.M)
    uh, uv = torch.empty(s.batch, s.M), torch.empty(s.batch, s.D)
    rate = s.rate / s.batch

    def run(n):
        nonlocal h
        count = dict(site_updates=0, parameter_gradient_evaluations=0)
        for k in range(n):
            first = k * s.batch % (len(X) - s.batch + 1)
            v = X[first : first + s.batch]
            p = torch.addmm(c, v, W).sigmoid_()
            if not s.persistent:
                h = uh.uniform_().lt(p).float()
            w = uv.uniform_().lt(torch.addmm(b, h, W.T).sigmoid_()).float()
            q = torch.addmm(c, w, W).sigmoid_()
            if s.persistent:
                h = uh.uniform_().lt(q).float()
            count["site_updates"] += h.numel() + w.numel()
            count["parameter_gradient_evaluations"] += len(v) + len(w)
            W.addmm_(v.T, p, alpha=rate).addmm_(w.T, q, alpha=-rate)
            b.add_(v.sum(0) - w.sum(0), alpha=rate)
            c.add_(p.sum(0) - q.sum(0), alpha=rate)
        return count

    return run, lambda: work.reconstruction(vars(s), W.numpy(), b.numpy(), c.numpy())


def ais(s):
    W, b, c = map(torch.from_numpy, (s.W, s.b, s.c))
    uh, uv = torch.empty(s.chains, len(c)), torch.empty(s.chains, len(b))
    softplus, log_weights = torch.nn.functional.softplus, None

    def run(n):
        nonlocal log_weights
        log_weights = torch.zeros(s.chains, dtype=torch.float64)
        v = uv.uniform_().lt(0.5).float()
        for t in range(1, n + 1):
            old, new = (t - 1) / n, t / n
            field = torch.addmm(c, v, W)
            log_weights += (new - old) * (v @ b) + (softplus(new * field) - softplus(old * field)).sum(1)
            if t < n:
                h = uh.uniform_().lt(field.mul_(new).sigmoid_()).float()
                v = uv.uniform_().lt(torch.addmm(b, h, W.T).mul_(new).sigmoid_()).float()
        return dict(chain_temperatures=n * s.chains)

    return run, lambda: shared.annealed(log_weights.numpy(), *s.W.shape)


def block_gibbs(s):
    W, b, c = map(torch.from_numpy, (s.W, s.b, s.c))
    uh, uv = torch.empty(s.chains, len(c)), torch.empty(s.chains, len(b))
    v = uv.uniform_().lt(0.5).float()

    def run(n):
        nonlocal v
        updates = 0
        for _ in range(n):
            h = uh.uniform_().lt(torch.addmm(c, v, W).sigmoid_()).float()
            v = uv.uniform_().lt(torch.addmm(b, h, W.T).sigmoid_()).float()
            updates += h.numel() + v.numel()
        return dict(site_updates=updates)

    return run, lambda: work.summary(shared.free_energy(v.numpy(), s.W, s.b, s.c)[:, None])


def langevin(s):
    layers = []
    for k in range(1, 1 + sum(name.startswith("weight_") for name in vars(s))):
        weight, bias = getattr(s, f"weight_{k}"), getattr(s, f"bias_{k}")
        layer = torch.nn.Linear(weight.shape[1], weight.shape[0])
        layer.load_state_dict({"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)})
        layers += [layer, torch.nn.SiLU()]
    net = torch.nn.Sequential(*layers[:-1]).requires_grad_(False)
    x = torch.randn(s.chains, s.weight_1.shape[1])
    noise, energies = torch.empty_like(x), None

    def evaluate():
        nonlocal energies
        x.requires_grad_(True)
        energies = net(x)
        slope, = torch.autograd.grad(energies.sum(), x)
        x.requires_grad_(False)
        return slope

    def run(n):
        count = 0
        for _ in range(n):
            slope = evaluate()
            x.add_(slope, alpha=-s.drift).add_(noise.normal_(), alpha=s.noise)
            count += len(x)
        evaluate()
        return dict(gradient_evaluations=count + len(x))

    return run, lambda: work.summary(energies.detach().numpy())
