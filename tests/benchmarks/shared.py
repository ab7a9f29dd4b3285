"""What the peers' codes share."""
import numpy as np

import work

LN2 = float(np.log(2))


def start_weights(s):
    W = 0.01 * np.random.default_rng(1).standard_normal((s.D, s.M))
    return W.astype(np.float32), np.zeros(s.D, np.float32), np.zeros(s.M, np.float32)


def free_energy(v, W, b, c):
    v, W = np.asarray(v, float), np.asarray(W, float)
    return -(v @ b) - np.logaddexp(0, v @ W + c).sum(1)


def annealed(log_weights, D, M):
    weights = np.exp(log_weights - log_weights.max())
    error = weights.std(ddof=1) / weights.mean() / len(weights) ** 0.5
    return (D + M) * LN2 + log_weights.max() + float(np.log(weights.mean())), float(error)


def torus_energy(x, coupling):
    x = x.astype(int)
    return -coupling * float((x * (np.roll(x, 1, 0) + np.roll(x, 1, 1))).sum())


def ising(s, sweeps, x):
    def energies():
        run(s.amount)  # well past the start
        found = []
        for _ in range(200):
            run(1)
            found.append(torus_energy(x, s.coupling))
        return work.summary(found)

    def run(n):
        sweeps(n)
        return dict(site_updates=n * x.size)

    return run, energies
