"""NumPy: float32 throughout, in place, draws into kept buffers; HMC in float64."""
import numpy as np

import shared
import work


def sigmoid(z):
    np.negative(z, out=z)
    np.exp(z, out=z)
    z += 1
    return np.reciprocal(z, out=z)


class Numbers:
    """Fast generator of float32 draws into kept buffers."""

    def __init__(self, seed):
        self.random = np.random.Generator(np.random.SFC64(seed))
        self.buffers = {}

    def below(self, p):
        """0 or 1 with these probabilities."""
        u = self.buffers.setdefault(p.shape, np.empty(p.shape, np.float32))
        self.random.random(out=u, dtype=np.float32)
        return (u < p).astype(np.float32)


def rbm(s):
    X, (W, b, c), random = work.images(s.images), shared.start_weights(s), Numbers(2)
    particles = X[: s.batch].copy()
    rate = np.float32(s.rate / s.batch)

    def run(n):
        nonlocal W, b, c, particles
        count = dict(site_updates=0, parameter_gradient_evaluations=0)
        for k in range(n):
            first = k * s.batch % (len(X) - s.batch + 1)
            v = X[first : first + s.batch]
            p = sigmoid(v @ W + c)
            h = random.below(sigmoid(particles @ W + c) if s.persistent else p)
            w = random.below(sigmoid(h @ W.T + b))
            q = sigmoid(w @ W + c)
            if s.persistent:
                particles = w
            count["site_updates"] += h.size + w.size
            count["parameter_gradient_evaluations"] += len(v) + len(w)
            W += rate * (v.T @ p - w.T @ q)
            b += rate * (v.sum(0) - w.sum(0))
            c += rate * (p.sum(0) - q.sum(0))
        return count

    return run, lambda: work.reconstruction(vars(s), W, b, c)


def ais(s):
    W, b, c = s.W, s.b, s.c
    random, log_weights = Numbers(3), None

    def run(n):
        nonlocal log_weights
        log_weights = np.zeros(s.chains)
        v = random.below(np.full((s.chains, len(b)), 0.5, np.float32))
        for t in range(1, n + 1):
            old, new = np.float32((t - 1) / n), np.float32(t / n)
            field = v @ W + c
            log_weights += (new - old) * (v @ b) + (np.logaddexp(0, new * field) - np.logaddexp(0, old * field)).sum(1, dtype=float)
            if t < n:
                h = random.below(sigmoid(new * field))
                v = random.below(sigmoid(new * (h @ W.T + b)))
        return dict(chain_temperatures=n * s.chains)

    return run, lambda: shared.annealed(log_weights, *W.shape)


def block_gibbs(s):
    W, b, c, random = s.W, s.b, s.c, Numbers(4)
    v = random.below(np.full((s.chains, len(b)), 0.5, np.float32))

    def run(n):
        nonlocal v
        updates = 0
        for _ in range(n):
            h = random.below(sigmoid(v @ W + c))
            v = random.below(sigmoid(h @ W.T + b))
            updates += h.size + v.size
        return dict(site_updates=updates)

    return run, lambda: work.summary(shared.free_energy(v, W, b, c)[:, None])


def ising(s):
    random = np.random.Generator(np.random.SFC64(5))
    x = random.choice(np.array([-1, 1], np.int8), (s.side, s.side))
    colours = [np.add.outer(np.arange(s.side), np.arange(s.side)) % 2 == k for k in (0, 1)]
    table = (1 / (1 + np.exp(-2 * s.coupling * np.arange(-4, 5)))).astype(np.float32)

    def sweeps(n):
        for _ in range(n):
            for colour in colours:
                field = np.roll(x, 1, 0) + np.roll(x, -1, 0) + np.roll(x, 1, 1) + np.roll(x, -1, 1)
                up = random.random(x.shape, dtype=np.float32) < table[field + 4]
                np.copyto(x, np.where(up, np.int8(1), np.int8(-1)), where=colour)

    return shared.ising(s, sweeps, x)


def boltzmann(s):
    W, b = 2 * s.W, s.b
    random = np.random.Generator(np.random.SFC64(6))
    x = (random.random((s.chains, len(b)), dtype=np.float32) < 0.5).astype(np.float32)

    def run(n):
        updates = 0
        for _ in range(n):
            for i in range(len(b)):
                p = sigmoid(x @ W[i] + b[i])
                x[:, i] = random.random(s.chains, dtype=np.float32) < p
                updates += s.chains
        return dict(site_updates=updates)

    return run, lambda: work.summary((-np.einsum("ni,ij,nj->n", x, s.W, x, optimize=True) - x @ b)[:, None])


def hmc(s):
    P, mean = s.precision, s.mean

    def evaluate(x):
        g = (x - mean) @ P
        return (lambda: 0.5 * np.einsum("ni,ni->n", x - mean, g)), g

    return trajectories(s, len(mean), evaluate)


def hmc_logistic(s):
    data = np.loadtxt(s.data, delimiter=",")
    X, y = np.ascontiguousarray(data[:, :-1]), data[:, -1]
    XT = np.ascontiguousarray(X.T)

    def evaluate(w):
        eta = w @ XT
        energy = lambda: (np.logaddexp(0, eta) - y * eta).sum(-1) + 0.5 * np.einsum("ni,ni->n", w, w)
        return energy, (1 / (1 + np.exp(-eta)) - y) @ X + w

    return trajectories(s, X.shape[1], evaluate)


def trajectories(s, dim, evaluate):
    """`evaluate` gives the energy, as a function for where it is needed, and the gradient."""
    random = np.random.Generator(np.random.SFC64(7))
    x = random.standard_normal((s.chains, dim))
    kept = []

    def run(n):
        nonlocal x
        energy, gradient = evaluate(x)
        energy = energy()
        count = s.chains
        for _ in range(n):
            p = random.standard_normal(x.shape)
            before = energy + 0.5 * np.einsum("ni,ni->n", p, p)
            y, slope = x, gradient
            p -= 0.5 * s.step * slope
            for leap in range(s.leaps):
                y = y + s.step * p
                end, slope = evaluate(y)
                p -= (s.step if leap < s.leaps - 1 else 0.5 * s.step) * slope
                count += s.chains
            end = end()
            taken = np.log(random.random(s.chains)) < before - end - 0.5 * np.einsum("ni,ni->n", p, p)
            x = np.where(taken[:, None], y, x)
            energy, gradient = np.where(taken, end, energy), np.where(taken[:, None], slope, gradient)
            kept.append(energy)
        return dict(gradient_evaluations=count)

    return run, lambda: work.summary(np.array(kept[len(kept) // 2:]).T)
