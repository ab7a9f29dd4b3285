#!/usr/bin/env python3
"""Writes TorchScript files for tests into a folder, and what PyTorch itself computes with one of
them. Usage: torchscript_files.py FOLDER"""
import json
import pathlib
import sys

try:
    import torch
except ImportError:
    print("skipped: python3 has no module torch")
    sys.exit(0)

nn = torch.nn


class Mlp(nn.Module):
    """The model mlp with two hidden layers."""

    def __init__(self, units, hidden, precision: float = 1.0):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(units, hidden), nn.SiLU(), nn.Linear(hidden, hidden),
                                 nn.SiLU(), nn.Linear(hidden, 1))
        self.precision = precision

    def forward(self, x):
        return self.net(x) + 0.5 * self.precision * (x * x).sum(1, keepdim=True)


class Mixed(nn.Module):
    """Everything a file may hold besides weights to learn: a scalar, tied and frozen parameters,
    integers, numbers of single precision, layers that differ in training, and a batch of one that
    loses its shape."""

    def __init__(self, units):
        super().__init__()
        self.tied, self.again = nn.Linear(units, 3), nn.Linear(units, 3, bias=False)
        self.again.weight = self.tied.weight
        self.scale = nn.Parameter(torch.tensor(0.7))
        self.frozen = nn.Parameter(torch.linspace(0.3, -0.2, units), requires_grad=False)
        self.unused = nn.Parameter(torch.ones(2, 2))
        self.register_buffer("order", torch.arange(units).flip(0))
        self.norm, self.drop = nn.BatchNorm1d(3), nn.Dropout(0.5)

    def forward(self, x):
        y = torch.tanh(self.drop(self.norm(self.tied(x)))) + torch.sin(self.again(x[:, self.order]))
        return (self.scale * y.sum(1) + (x * x) @ (1 + self.frozen)).squeeze()


class Flat(nn.Module):
    """No slope anywhere."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2))

    def forward(self, x):
        return ((x * self.weight) > 0).sum(1).to(x.dtype)


class Refused(nn.Module):
    """What is no energy, by name."""

    def __init__(self, how: str):
        super().__init__()
        self.how = how

    def forward(self, x):
        if self.how == "total":
            return x.sum()
        if self.how == "vector":
            return torch.cat([x, x], 1)
        if self.how == "noise":
            return x.sum(1) + torch.rand(x.size(0))
        if self.how == "dropout":
            return nn.functional.dropout(x, 0.5, True).sum(1)
        if self.how == "centred":
            return (x - x.mean(0)).pow(2).sum(1)
        assert self.how == "pair"
        return torch.zeros(2)


class Two(nn.Module):
    def forward(self, x, y):
        return x.sum(1) + y


def truth(net, x, weights):
    """Energies and both gradients by PyTorch in double precision."""
    x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    energy = net(x).reshape(-1)
    by_x, = torch.autograd.grad(energy.sum(), x, retain_graph=True)
    theta = [p for p in net.parameters() if p.requires_grad]
    by_theta = torch.autograd.grad((torch.tensor(weights, dtype=torch.float64) * energy).sum(), theta,
                                   allow_unused=True)
    by_theta = [torch.zeros_like(p) if g is None else g for p, g in zip(theta, by_theta)]
    flat = lambda tensors: torch.cat([t.detach().flatten() for t in tensors]).tolist()
    return {"energy": energy.tolist(), "gradient": flat([by_x]), "theta": flat(theta),
            "parameter_gradient": flat(by_theta),
            "names": [n for n, p in net.named_parameters() if p.requires_grad]}


def main():
    folder = pathlib.Path(sys.argv[1])
    torch.manual_seed(1)
    save = lambda module, name: torch.jit.save(module, str(folder / name))
    mlp, mixed, example = Mlp(2, 16), Mixed(2).train(), torch.ones(3, 2)
    mixed(torch.randn(50, 2))  # moves the running mean and variance
    save(torch.jit.script(mlp), "mlp.pt")
    save(torch.jit.script(mixed), "mixed.pt")
    save(torch.jit.script(Mlp(3, 8)), "mlp_of_three.pt")
    save(torch.jit.script(Mixed(3)), "mixed_of_three.pt")
    save(torch.jit.trace(mlp, example), "traced.pt")
    save(torch.jit.script(Mlp(2, 64)), "wide.pt")
    save(torch.jit.script(Mlp(5, 4, 0.0)), "discrete.pt")
    save(torch.jit.script(Mlp(2, 4).requires_grad_(False)), "no_parameters.pt")
    save(torch.jit.freeze(torch.jit.script(mlp.eval())), "constants.pt")
    save(torch.jit.script(Flat()), "flat.pt")
    for how in ("total", "vector", "noise", "dropout", "centred", "pair"):
        save(torch.jit.script(Refused(how)), how + ".pt")
    save(torch.jit.script(Two()), "two.pt")
    torch.save(mlp.state_dict(), folder / "weights.pt")
    x, weights = [[0.3, -1.2], [2.0, 0.4], [-0.7, -0.1]], [1.0, -0.4, 2.5]
    found = {name: truth(net.double().eval(), x, weights)
             for name, net in (("mlp", mlp), ("mixed", mixed))}
    (folder / "truth.json").write_text(json.dumps(found))


main()
