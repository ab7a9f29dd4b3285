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


class Energy(torch.nn.Module):
    """-ln Σ e^f of a classifier's outputs f, or the one output."""

    def forward(self, f):
        return -torch.logsumexp(f, 1) if f.shape[1] > 1 else f[:, 0]


def network(s):
    """Layers as gibbsite's texts name them, with the weights that it stored."""
    layers, number, flat = [torch.nn.Unflatten(1, tuple(s.shape))] if len(s.shape) == 3 else [], 0, len(s.shape) == 1
    for text in [*s.layers, f"dense {s.classes or 1}"]:
        kind, *words = text.split()
        if kind in ("swish", "elu"):
            layers.append(torch.nn.SiLU() if kind == "swish" else torch.nn.ELU())
            continue
        number += 1
        weight, bias = (torch.from_numpy(getattr(s, f"{name}_{number}")) for name in ("weight", "bias"))
        if kind == "dense":
            layers += [] if flat else [torch.nn.Flatten()]
            flat = True
            layers.append(torch.nn.Linear(weight.shape[1], weight.shape[0]))
        else:
            settings = dict(zip(words[2::2], map(int, words[3::2])))
            layers.append(torch.nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2:], **settings))
        layers[-1].load_state_dict({"weight": weight, "bias": bias})
    return torch.nn.Sequential(*layers, Energy())


def size(s):
    return int(torch.tensor(s.shape).prod())


class Langevin:
    """x - α ∇E + σ ξ in place, gradients and states cut where the settings say so."""

    def __init__(self, s, net):
        self.s, self.net, self.count = s, net, 0
        self.most, self.bounds = getattr(s, "gradient_clamp", None), getattr(s, "state_clamp", None)

    def slope(self, x):
        x.requires_grad_(True)
        self.energies = self.net(x)
        slope, = torch.autograd.grad(self.energies.sum(), x)
        x.requires_grad_(False)
        self.count += len(x)
        return slope

    def step(self, x, noise):
        slope = self.slope(x)
        if self.most:
            slope.clamp_(-self.most, self.most)
        x.add_(slope, alpha=-self.s.drift).add_(noise.normal_(), alpha=self.s.noise)
        if self.bounds:
            x.clamp_(*self.bounds)


def langevin(s):
    kernel = Langevin(s, network(s).requires_grad_(False))
    x = torch.randn(s.chains, size(s))
    noise = torch.empty_like(x)

    def run(n):
        kernel.count = 0
        for _ in range(n):
            kernel.step(x, noise)
        kernel.slope(x)
        return dict(gradient_evaluations=kernel.count)

    return run, lambda: work.summary(kernel.energies.detach().numpy())


def training(s):
    X, net = torch.from_numpy(work.images(s.images)), network(s)
    kernel, optimizer = Langevin(s, net), torch.optim.Adam(net.parameters(), s.rate)
    noise, gaps = torch.empty(s.batch, size(s)), []

    def run(n):
        count = dict(parameter_gradient_evaluations=0)
        for k in range(n):
            x = torch.rand(s.batch, size(s)).mul_(2).sub_(1)
            net.requires_grad_(False)
            for _ in range(s.steps):
                kernel.step(x, noise)
            net.requires_grad_(True)
            first = k * s.batch % (len(X) - s.batch + 1)
            both = torch.cat([X[first : first + s.batch], x])
            optimizer.zero_grad()
            data, particles = net(both).chunk(2)
            gap = data.mean() - particles.mean()
            gap.backward()
            optimizer.step()
            gaps.append(gap.item())
            count["parameter_gradient_evaluations"] += len(both)
        return count

    return run, lambda: work.mean(gaps[-s.amount:])
