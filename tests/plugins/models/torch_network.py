#!/usr/bin/env python3
"""The same network in PyTorch. Reads a JSON file with shape, layers, outputs, spectral, precision,
theta, x (one list per configuration), weights, and what is to be compared: energy, gradient and
parameter_gradient of f(x)[0] + precision |x|^2 / 2. Prints the largest differences; exit code 1
where one is above 1e-10 relative to max(1, the largest entry). Usage: torch_network.py FILE"""
import json
import sys

try:
    import torch
except ImportError:
    print("skipped: python3 has no module torch")
    sys.exit(0)

F = torch.nn.functional
FUNCTIONS = {"relu": F.relu, "elu": F.elu, "swish": F.silu, "tanh": torch.tanh,
             "softplus": lambda x: F.softplus(x, threshold=1000)}


def parts(text):
    depth, part = 0, ""
    for c in text:
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            yield part
            part = ""
        else:
            part += c
    yield part


class Net:
    def __init__(self, theta, spectral):
        self.theta, self.spectral, self.used = theta, spectral, 0

    def take(self, *shape):
        n = torch.Size(shape).numel()
        self.used += n
        return self.theta[self.used - n:self.used].reshape(shape)

    def weight(self, *shape):
        W = self.take(*shape)
        if self.spectral:
            W = W / torch.linalg.matrix_norm(W.reshape(shape[0], -1), 2)
        return W

    def dense(self, x, n):
        x = x.flatten(1)
        W = self.weight(n, x.shape[1])
        return F.linear(x, W, self.take(n))

    def layer(self, x, text):
        text = text.strip()
        if text.startswith("residual"):
            y = x
            for part in parts(text[text.index("(") + 1:text.rindex(")")]):
                y = self.layer(y, part)
            return x + y
        words = text.split()
        options = {w: int(v) for w, v in zip(words, words[1:]) if w in ("stride", "padding")}
        if words[0] == "dense":
            return self.dense(x, int(words[1]))
        if words[0] == "conv":
            rows, columns = map(int, words[2].split("x"))
            W = self.weight(int(words[1]), x.shape[1], rows, columns)
            return F.conv2d(x, W, self.take(int(words[1])), **options)
        if words[0] == "average_pool":
            return F.avg_pool2d(x, tuple(map(int, words[1].split("x"))), **options)
        return FUNCTIONS[words[0]](x)


def difference(ours, theirs):
    ours, theirs = torch.tensor(ours, dtype=torch.float64).flatten(), theirs.detach().flatten()
    return float((ours - theirs).abs().max() / max(1.0, float(theirs.abs().max())))


def main():
    with open(sys.argv[1]) as file:
        given = json.load(file)
    torch.set_default_dtype(torch.float64)
    theta = torch.tensor(given["theta"], requires_grad=True)
    x = torch.tensor(given["x"], requires_grad=True)
    net, y = Net(theta, given["spectral"]), x.reshape(-1, *given["shape"])
    for text in given["layers"]:
        y = net.layer(y, text)
    energy = net.dense(y, 1)[:, 0] + given["precision"] / 2 * (x ** 2).sum(1)
    assert net.used == len(theta), (net.used, len(theta))
    by_x, = torch.autograd.grad(energy.sum(), x, retain_graph=True)
    by_theta, = torch.autograd.grad((torch.tensor(given["weights"]) * energy).sum(), theta)
    found = {"energy": difference(given["energy"], energy),
             "gradient": difference(given["gradient"], by_x),
             "parameter_gradient": difference(given["parameter_gradient"], by_theta)}
    print(torch.__version__, len(theta), "parameters", found)
    return 1 if not max(found.values()) <= 1e-10 else 0


sys.exit(main())
